//! The font for text whose own font is neither embedded nor known here, as SimSun or STSong-Light in Chinese documents often are not.
//!
//! A reader with that font sees the text, so a page with such text is not blank. No CJK font can come along (several MB each), and a
//! Latin one would draw nothing. This font of a few hundred bytes draws a box in place of each character, so that colour, transparency,
//! clipping and whatever is drawn over it have the effect on the box that they have on the text.

/// A TrueType font (ISO/IEC 14496-22) of three glyphs: a box for what is not known, nothing for white space, a box for all else.
pub(crate) fn font() -> Vec<u8> {
    let glyph = box_glyph();
    let contents: [(&[u8; 4], Vec<u8>); 7] = [
        (b"cmap", cmap()),
        (b"glyf", [glyph.clone(), glyph.clone()].concat()),
        (b"head", head()),
        (b"hhea", hhea()),
        // No advance width: the interpreter then takes the document's as they are instead of stretching the box to them.
        (b"hmtx", vec![0; 4 * usize::from(GLYPHS)]),
        (b"loca", loca(glyph.len())),
        (b"maxp", maxp()),
    ];
    // Version 1.0, seven tables, and what a binary search among them starts with.
    let mut font = words(&[1, 0, 7, 64, 2, 7 * 16 - 64]);
    let first = 12 + 16 * contents.len();
    let mut body = Vec::new();
    for (tag, content) in contents {
        font.extend_from_slice(tag);
        // Sums are not checked by anyone who draws.
        font.extend_from_slice(&[0; 4]);
        font.extend_from_slice(&long(first + body.len()));
        font.extend_from_slice(&long(content.len()));
        body.extend_from_slice(&content);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    font.extend_from_slice(&body);
    font
}

const GLYPHS: u16 = 3;
const EMPTY: u32 = 1;
const BOX: u32 = 2;

/// White space and what has no width (Unicode: Zs and U+200B to U+200F), first and last.
const SPACES: [(u32, u32); 5] =
    [(0x0009, 0x0020), (0x00A0, 0x00A0), (0x2000, 0x200F), (0x202F, 0x202F), (0x3000, 0x3000)];

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// The few hundred bytes of this font always fit.
fn long(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes()
}

/// Format 13, many to one: every character but white space is the box.
fn cmap() -> Vec<u8> {
    let mut groups = Vec::new();
    let mut next = 0x21;
    for (first, last) in SPACES {
        if next < first {
            groups.push([next, first - 1, BOX]);
        }
        groups.push([first, last, EMPTY]);
        next = next.max(last + 1);
    }
    groups.push([next, 0x10_FFFF, BOX]);
    let groups = groups.concat();
    let mut table = words(&[0, 1, 3, 10, 0, 12, 13, 0]);
    table.extend_from_slice(&long(16 + groups.len() * 4));
    table.extend_from_slice(&[0; 4]);
    table.extend_from_slice(&long(groups.len() / 3));
    table.extend(groups.iter().flat_map(|value| value.to_be_bytes()));
    table
}

/// A solid box within the em square, about as large as a Chinese character.
fn box_glyph() -> Vec<u8> {
    const LEFT: u16 = 60;
    const BOTTOM: u16 = (-80_i16) as u16;
    const RIGHT: u16 = 940;
    const TOP: u16 = 820;
    // One contour of four points, on the curve, with coordinates of two bytes.
    let mut glyph = words(&[1, LEFT, BOTTOM, RIGHT, TOP, 3, 0]);
    glyph.extend_from_slice(&[1; 4]);
    let side = RIGHT - LEFT;
    let height = 900_u16;
    glyph.extend(words(&[LEFT, 0, side, 0]));
    glyph.extend(words(&[BOTTOM, height, 0, height.wrapping_neg()]));
    glyph
}

fn head() -> Vec<u8> {
    let mut table = words(&[1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, 1000]);
    table.extend_from_slice(&[0; 16]);
    // Bounds, style, least size, direction, long offsets in `loca`, glyph format
    table.extend(words(&[60, (-80_i16) as u16, 940, 820, 0, 8, 2, 1, 0]));
    table
}

fn hhea() -> Vec<u8> {
    let mut table = words(&[1, 0, 880, (-120_i16) as u16, 0, 1000, 0, 0, 940]);
    table.extend_from_slice(&[0; 16]);
    table.extend(words(&[GLYPHS]));
    table
}

fn maxp() -> Vec<u8> {
    let mut table = words(&[1, 0, GLYPHS, 4, 1, 0, 0, 1]);
    table.extend_from_slice(&[0; 16]);
    table
}

fn loca(glyph: usize) -> Vec<u8> {
    [0, glyph, glyph, 2 * glyph].into_iter().flat_map(long).collect()
}
