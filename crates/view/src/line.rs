//! Glyphs joined to lines: by where they stand, not by the order or the pieces in which they are drawn.

use hayro::kurbo::Vec2;

use crate::area::Area;
use crate::drawn::DrawnGlyph;
use crate::look::{Cell, Layer, Line};

/// How far from its row's baseline a glyph may stand, in em of the smaller: indices and raised numbers stay in the row.
const BASELINE_EM: f64 = 0.35;

/// How much larger than another a glyph of the same row may be.
const SIZE_RATIO: f64 = 2.0;

/// Room for a space between two letters, in em.
const SPACE_EM: f64 = 0.18;

/// The same where a CJK character is on either side: these are often set wide.
const CJK_SPACE_EM: f64 = 0.45;

/// A gap that ends a line: columns stand at least two em apart.
const LINE_GAP_EM: f64 = 1.5;

/// A gap that ends a row. `甲    方` and `签      章` are written with up to four em between.
const ROW_GAP_EM: f64 = 6.0;

/// The same glyph drawn again this near, in em, makes it bold and is not another one.
const AGAIN_EM: f64 = 0.15;

/// How many of the last rows a glyph is compared with: rows at one height differ in size, which few do.
const OPEN_ROWS: usize = 48;

/// A glyph with its place in the directions of its writing.
struct Placed<'g> {
    glyph: &'g DrawnGlyph,
    /// Along the direction of writing.
    along: f64,
    /// Across it, downwards for upright text.
    across: f64,
}

/// What goes into the same rows: layer, vertical or not, direction in degrees.
type Kind = (Layer, bool, i16);

/// Lines in rows; `unit_um` is the length of one unit of user space in µm.
pub(crate) fn join(glyphs: &[DrawnGlyph], unit_um: f64) -> Vec<Line> {
    let mut sorted: Vec<(Kind, Placed<'_>)> = glyphs.iter().map(placed).collect();
    sorted.sort_by(|(kind, one), (other_kind, other)| {
        reading(*kind).cmp(&reading(*other_kind)).then(one.across.total_cmp(&other.across))
    });
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (kind, placed) in sorted {
        let fitting = rows.iter_mut().rev().take(OPEN_ROWS).find(|row| row.fits(kind, &placed));
        match fitting {
            Some(row) => row.glyphs.push(placed),
            None => rows.push(Row { kind, glyphs: vec![placed] }),
        }
    }
    let mut lines = Lines { unit_um, row: 0, lines: Vec::new() };
    for row in rows {
        lines.append(row);
    }
    lines.lines
}

/// Content before annotations and watermarks, upright text before turned text.
fn reading((layer, vertical, angle): Kind) -> (Layer, bool, u16, i16) {
    (layer, vertical, angle.unsigned_abs(), angle)
}

fn placed(glyph: &DrawnGlyph) -> (Kind, Placed<'_>) {
    // Within ±180.
    let degrees = glyph.along.atan2().to_degrees().round() as i16;
    let degrees = if degrees == -180 { 180 } else { degrees };
    let direction = Vec2::from_angle(f64::from(degrees).to_radians());
    let start = glyph.start.to_vec2();
    let (along, across) = (start.dot(direction), direction.cross(start));
    ((glyph.layer, glyph.vertical, degrees), Placed { glyph, along, across })
}

/// Glyphs on one baseline.
struct Row<'g> {
    kind: Kind,
    /// Never empty.
    glyphs: Vec<Placed<'g>>,
}

impl Row<'_> {
    fn fits(&self, kind: Kind, placed: &Placed<'_>) -> bool {
        self.kind == kind
            && self.glyphs.first().is_some_and(|first| {
                let (one, other) = (first.glyph.size, placed.glyph.size);
                let near = BASELINE_EM * one.min(other);
                (placed.across - first.across).abs() <= near && one.max(other) <= SIZE_RATIO * one.min(other)
            })
    }
}

/// Lines made so far.
struct Lines {
    unit_um: f64,
    row: u32,
    lines: Vec<Line>,
}

impl Lines {
    fn append(&mut self, mut row: Row<'_>) {
        row.glyphs.sort_by(|one, other| one.along.total_cmp(&other.along));
        let mut line = Making::new(row.kind);
        let mut space = false;
        for placed in row.glyphs {
            if placed.glyph.is_space() {
                space = true;
                continue;
            }
            if line.has_again(&placed) {
                continue;
            }
            match line.gap_before(&placed) {
                Some(gap) if gap > LINE_GAP_EM => {
                    self.finish(&mut line);
                    if gap > ROW_GAP_EM {
                        self.row = self.row.saturating_add(1);
                    }
                }
                Some(gap) if space || gap > line.room_for_space(&placed) => line.text.push(' '),
                _ => {}
            }
            line.push(&placed, self.unit_um);
            space = false;
        }
        self.finish(&mut line);
        self.row = self.row.saturating_add(1);
    }

    fn finish(&mut self, line: &mut Making) {
        let empty = Making::new((line.layer, line.vertical, line.angle));
        let made = std::mem::replace(line, empty);
        if let Some(area) = made.area {
            self.lines.push(Line {
                text: made.text,
                area,
                size_um: (made.size * self.unit_um).round() as i64,
                angle: made.angle,
                layer: made.layer,
                row: self.row,
                cells: made.cells,
            });
        }
    }
}

/// A line in the making.
struct Making {
    layer: Layer,
    vertical: bool,
    angle: i16,
    text: String,
    area: Option<Area>,
    size: f64,
    cells: Vec<Cell>,
    /// How far it reaches along the direction of writing.
    end: f64,
    /// The last glyphs, for those drawn again: what they are and where they begin.
    last: [Option<(String, f64)>; 3],
}

impl Making {
    fn new((layer, vertical, angle): Kind) -> Making {
        let (text, cells) = (String::new(), Vec::new());
        Making {
            layer,
            vertical,
            angle,
            text,
            area: None,
            size: 0.0,
            cells,
            end: 0.0,
            last: [None, None, None],
        }
    }

    /// The gap between the line and a glyph in em; nothing at the line's beginning.
    fn gap_before(&self, placed: &Placed<'_>) -> Option<f64> {
        self.area.map(|_| (placed.along - self.end) / self.size.min(placed.glyph.size))
    }

    fn room_for_space(&self, placed: &Placed<'_>) -> f64 {
        let before = self.text.chars().next_back();
        let after = text_of(placed.glyph).chars().next();
        if before.is_some_and(is_cjk) || after.is_some_and(is_cjk) { CJK_SPACE_EM } else { SPACE_EM }
    }

    fn has_again(&self, placed: &Placed<'_>) -> bool {
        let near = AGAIN_EM * placed.glyph.size;
        let text = text_of(placed.glyph);
        self.last.iter().flatten().any(|(last, along)| last == text && (placed.along - along).abs() <= near)
    }

    fn push(&mut self, placed: &Placed<'_>, unit_um: f64) {
        let glyph = placed.glyph;
        let area = Area::of(glyph.area, unit_um);
        let start = self.text.len();
        self.text.extend(text_of(glyph).chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }));
        // Some 200,000 glyphs at most, of a few bytes each; a /ToUnicode entry has at most 512.
        let (start, end) = (start as u32, self.text.len() as u32);
        self.cells.push(Cell { start, end, area });
        self.end = match self.area {
            Some(_) => self.end.max(placed.along + glyph.advance),
            None => placed.along + glyph.advance,
        };
        self.area = Some(self.area.map_or(area, |whole| whole.union(area)));
        self.size = self.size.max(glyph.size);
        self.last.rotate_right(1);
        if let Some(first) = self.last.first_mut() {
            *first = Some((text_of(glyph).to_owned(), placed.along));
        }
    }
}

/// What a glyph stands for in a line.
fn text_of(glyph: &DrawnGlyph) -> &str {
    glyph.text.as_deref().unwrap_or("\u{FFFD}")
}

/// Characters that are set without spaces between them, with their punctuation (Unicode blocks).
pub(crate) fn is_cjk(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}
