//! Blank pages, and pages that only look so in the file.

use crate::sheet::{Sheet, texts};

const TEXT: &str = "BT /F1 12 Tf 72 500 Td (signed and sealed) Tj ET";

fn assert_blank(sheet: &Sheet) {
    let look = sheet.look();
    assert!(look.blank, "{look:?}");
    assert_eq!(look.lines, []);
}

fn assert_marked(sheet: &Sheet) {
    let look = sheet.look();
    assert!(!look.blank, "{look:?}");
}

/// A raw image of 8 bits of grey.
fn image(grey: impl Fn(usize, usize) -> u8, entries: &str) -> Sheet {
    let data: Vec<u8> = (0..200 * 300).map(|at| grey(at % 200, at / 200)).collect();
    Sheet::new().resources("/XObject<</X 20 0 R>>").stream(
        &format!("/Type/XObject/Subtype/Image/Width 200/Height 300/BitsPerComponent 8/ColorSpace/DeviceGray{entries}"),
        data,
    )
}

#[test]
fn a_page_without_content_is_blank() {
    assert_blank(&Sheet::new());
    assert_blank(&Sheet::new().content("q Q BT ET"));
}

#[test]
fn white_boxes_are_blank() {
    assert_blank(&Sheet::new().content("1 g 0 0 400 600 re f 1 1 1 RG 10 10 99 99 re S"));
}

#[test]
fn one_letter_is_a_mark() {
    let sheet = Sheet::new().content("BT /F1 8 Tf 200 20 Td (1) Tj ET");
    assert_marked(&sheet);
    assert_eq!(texts(&sheet.look()), ["1"]);
}

#[test]
fn a_line_is_a_mark() {
    assert_marked(&Sheet::new().content("0.5 w 72 300 m 328 300 l S"));
}

#[test]
fn a_speck_is_none() {
    assert_blank(&Sheet::new().content("0 g 100 100 1.5 1.5 re f"));
}

#[test]
fn invisible_text_is_blank() {
    for mode in [3, 7] {
        assert_blank(&Sheet::new().content(format!("{mode} Tr {TEXT}")));
    }
}

#[test]
fn white_text_on_white_is_blank() {
    assert_blank(&Sheet::new().content(format!("1 g {TEXT}")));
}

#[test]
fn transparent_text_is_blank() {
    let sheet = Sheet::new().resources("/ExtGState<</G <</ca 0/CA 0>>>>");
    assert_blank(&sheet.content(format!("/G gs {TEXT} 50 50 99 99 re f")));
}

#[test]
fn what_lies_off_the_page_is_blank() {
    assert_blank(&Sheet::new().content("BT /F1 12 Tf 500 500 Td (far out) Tj ET 0 -200 99 99 re f"));
    let cropped = Sheet::new().page("/CropBox[0 0 400 300]").content(TEXT);
    assert_blank(&cropped);
}

#[test]
fn clipped_text_is_blank() {
    assert_blank(&Sheet::new().content(format!("q 0 0 50 50 re W n {TEXT} Q")));
}

#[test]
fn covered_text_is_blank() {
    assert_blank(&Sheet::new().content(format!("{TEXT} 1 g 50 480 200 60 re f")));
}

#[test]
fn a_layer_that_is_off_is_blank() {
    let layer = |state: &str| {
        Sheet::new()
            .catalog(&format!("/OCProperties<</OCGs[20 0 R]/D<</{state}[20 0 R]>>>>"))
            .resources("/Properties<</L 20 0 R>>")
            .object("<</Type/OCG/Name(Text)>>")
            .content(format!("/OC /L BDC {TEXT} 50 50 99 99 re f EMC"))
    };
    assert_blank(&layer("OFF"));
    assert_marked(&layer("ON"));
}

#[test]
fn a_scan_is_marked_and_the_scan_of_an_empty_sheet_is_blank() {
    let draw = "q 400 0 0 600 0 0 cm /X Do Q";
    let grain = |x: usize, y: usize| 222 + ((x * 31 + y * 17) % 9) as u8;
    assert_blank(&image(grain, "").content(draw));
    let written = image(|x, y| if (40..42).contains(&y) && x < 100 { 60 } else { grain(x, y) }, "");
    assert_marked(&written.content(draw));
}

#[test]
fn text_under_a_scan_is_not_seen() {
    let draw = "q 400 0 0 600 0 0 cm /X Do Q";
    let stripes = |x: usize, _: usize| if x % 8 < 4 { 120 } else { 255 };
    let look = image(stripes, "").content(TEXT).content(draw).look();
    assert!(!look.blank);
    assert_eq!(texts(&look), [""; 0]);
    let look = image(stripes, "").content(draw).content(TEXT).look();
    assert_eq!(texts(&look), ["signed and sealed"]);
}

#[test]
fn an_annotation_is_marked_unless_it_is_hidden() {
    let annotation = |flags: u32| {
        Sheet::new()
            .page(&format!(
                "/Annots[<</Type/Annot/Subtype/Square/Rect[50 50 150 150]/F {flags}/AP<</N 20 0 R>>>>]"
            ))
            .stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]", "0 0 1 rg 0 0 100 100 re f")
    };
    assert_marked(&annotation(4));
    assert_blank(&annotation(2));
    assert_blank(&annotation(32));
}

#[test]
fn a_page_in_one_colour_is_blank() {
    assert_blank(&Sheet::new().content("0.9 0.85 0.7 rg 0 0 400 600 re f"));
}

#[test]
fn text_in_a_font_that_is_not_there_is_a_mark() {
    let sheet = Sheet::new().write(72.0, 500.0, 12.0, "合同");
    assert_marked(&sheet);
    let look = sheet.look();
    assert_eq!(texts(&look), ["合同"]);
    assert_eq!(look.missing_fonts, ["STSong-Light"]);
    assert!(look.ink_ppm > 100, "{}", look.ink_ppm);
}

#[test]
fn white_space_in_a_font_that_is_not_there_is_blank() {
    assert_blank(&Sheet::new().write(72.0, 500.0, 12.0, " \u{3000}\u{A0}"));
}

#[test]
fn hidden_text_in_a_font_that_is_not_there_is_blank() {
    let sheet = |before: &str, after: &str| {
        Sheet::new().content(before).write(72.0, 500.0, 12.0, "合同").content(after)
    };
    assert_blank(&sheet("1 g", ""));
    assert_blank(&sheet("3 Tr", ""));
    assert_blank(&sheet("", "1 g 0 0 400 600 re f"));
    assert_blank(&sheet("0 0 50 50 re W n", ""));
}

#[test]
fn an_annotation_that_each_reader_draws_as_it_likes_is_a_mark() {
    let annotation =
        |entries: &str| Sheet::new().page(&format!("/Annots[<</Type/Annot/Rect[50 50 150 150]{entries}>>]"));
    for entries in ["/Subtype/Square", "/Subtype/FreeText/Contents(x)", "/Subtype/Widget/FT/Tx/V(x)"] {
        assert_marked(&annotation(entries));
        assert_eq!(annotation(entries).look().undrawn, 1);
        assert_blank(&annotation(&format!("{entries}/F 2")));
    }
    for entries in [
        "/Subtype/Link",
        "/Subtype/Popup",
        "/Subtype/Widget/FT/Tx",
        "/Subtype/Widget/FT/Sig",
        "/Subtype/Widget/FT/Tx/V()",
    ] {
        assert_blank(&annotation(entries));
    }
}
