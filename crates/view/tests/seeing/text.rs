//! Lines of text: where they stand, and what becomes of pieces.

use sealkeeper_pades::Document as Strict;
use sealkeeper_view::{Area, Layer};

use crate::sheet::{HEIGHT, Sheet, hex, texts};

#[test]
fn pieces_are_joined_by_where_they_stand() {
    let sheet = Sheet::new()
        .content("BT /F1 10 Tf 72 400 Td [(Sea) 15 (l) -10 (keeper)] TJ ET")
        .content("BT /F1 10 Tf 150 430 Td (second) Tj ET BT /F1 10 Tf 72 430 Td (f) Tj (irst) Tj ET")
        .content("BT /F1 10 Tf 72 380 Td (a) Tj 8.34 0 Td (b) Tj 5.56 0 Td (c) Tj ET");
    assert_eq!(texts(&sheet.look()), ["first", "second", "Sealkeeper", "a bc"]);
}

#[test]
fn chinese_has_no_spaces_between_its_characters() {
    let sheet = Sheet::new()
        .content(format!("q BT /F2 12 Tf 3 Tc 72 500 Td {} Tj ET Q", hex("甲方：某某公司")))
        .write(72.0, 470.0, 12.0, "乙方 No. 7");
    assert_eq!(texts(&sheet.look()), ["甲方：某某公司", "乙方 No. 7"]);
}

#[test]
fn columns_are_lines_of_their_own_in_one_row() {
    let look = Sheet::new().write(50.0, 500.0, 10.0, "甲方").write(110.0, 500.0, 10.0, "乙方").look();
    assert_eq!(texts(&look), ["甲方", "乙方"]);
    let rows: Vec<u32> = look.lines.iter().map(|line| line.row).collect();
    assert_eq!(rows, [0, 0]);
    let far = Sheet::new().write(50.0, 500.0, 10.0, "甲方").write(250.0, 500.0, 10.0, "乙方").look();
    assert_eq!(far.lines.iter().map(|line| line.row).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn text_drawn_twice_for_boldness_is_read_once() {
    let sheet = Sheet::new()
        .write(72.0, 500.0, 12.0, "合同")
        .write(72.4, 500.0, 12.0, "合同")
        .content("2 Tr BT /F1 12 Tf 72 450 Td (little) Tj ET");
    assert_eq!(texts(&sheet.look()), ["合同", "little"]);
}

#[test]
fn boxes_are_what_the_strict_reader_calls_seen() {
    for rotate in [0, 90, 180, 270] {
        for boxes in ["", "/CropBox[20 30 380 590]", "/UserUnit 2"] {
            let sheet =
                Sheet::new().page(&format!("/Rotate {rotate}{boxes}")).write(100.0, 300.0, 20.0, "印章");
            let look = sheet.look();
            assert_eq!(texts(&look), ["印章"], "/Rotate {rotate}{boxes}");
            let bytes = sheet.bytes();
            let strict = Strict::open(&bytes).unwrap();
            let geometry = strict.page(0).unwrap().geometry().unwrap();
            // 860 above and 200 below the baseline, of 1000
            let [x, y, width, height] = geometry.seen_um([100.0, 296.0, 140.0, 317.2]);
            let line = &look.lines[0];
            let near = |one: i64, other: i64| assert!((one - other).abs() <= 5, "{:?}", line.area);
            near(line.area.x_um, x);
            near(line.area.y_um, y);
            near(line.area.width_um, width);
            near(line.area.height_um, height);
            assert_eq!(i64::from(line.angle), [0, 90, 180, -90][rotate / 90]);
            let size = geometry.visible_size_um();
            near((look.width_pt * 25_400.0 / 72.0).round() as i64, size.0.into());
            near((look.height_pt * 25_400.0 / 72.0).round() as i64, size.1.into());
        }
    }
}

#[test]
fn cells_tell_where_each_glyph_stands() {
    let look = Sheet::new().write(72.0, 500.0, 10.0, "甲乙").look();
    let line = &look.lines[0];
    let cells: Vec<(&str, i64)> =
        line.cells.iter().map(|cell| (line.text_of(cell), cell.area.x_um)).collect();
    assert_eq!(cells, [("甲", 25_400), ("乙", 28_928)]);
    assert_eq!(line.size_um, 3_528);
}

#[test]
fn text_written_downwards_is_one_line() {
    let look = Sheet::new().content(format!("BT /F3 12 Tf 300 500 Td {} Tj ET", hex("合同专用章"))).look();
    assert_eq!(texts(&look), ["合同专用章"]);
    let line = &look.lines[0];
    assert_eq!(line.angle, 90);
    assert!(line.area.height_um > 4 * line.area.width_um, "{:?}", line.area);
}

#[test]
fn slanted_text_is_one_line() {
    let slanted =
        format!("q 0.7071 0.7071 -0.7071 0.7071 100 100 cm BT /F2 40 Tf {} Tj ET Q", hex("草稿勿传"));
    let look = Sheet::new().content(slanted).write(72.0, 200.0, 10.0, "正文").look();
    assert_eq!(texts(&look), ["正文", "草稿勿传"]);
    assert_eq!(look.lines[1].angle, -45);
}

#[test]
fn annotations_and_watermarks_are_told_apart() {
    let look = Sheet::new()
        .page(
            "/Annots[<</Type/Annot/Subtype/FreeText/Rect[50 50 150 70]/AP<</N 20 0 R>>>>\
               <</Type/Annot/Subtype/Stamp/Rect[50 150 150 170]/AP<</N 20 0 R>>>>]",
        )
        .stream("/Type/XObject/Subtype/Form/BBox[0 0 100 20]", "BT /F1 10 Tf 5 5 Td (note) Tj ET")
        .content(
            "/Artifact <</Subtype/Watermark/Type/Pagination>> BDC BT /F1 10 Tf 50 300 Td (mark) Tj ET EMC",
        )
        .write(50.0, 400.0, 10.0, "正文")
        .look();
    let layers: Vec<(&str, Layer)> = look.lines.iter().map(|line| (line.text.as_str(), line.layer)).collect();
    assert_eq!(
        layers,
        [
            ("正文", Layer::Content),
            ("note", Layer::Annotation),
            ("mark", Layer::Watermark),
            ("note", Layer::Watermark)
        ]
    );
}

#[test]
fn positions_count_from_the_top_left() {
    let look = Sheet::new().write(0.0, f64::from(HEIGHT) - 86.0, 100.0, "印").look();
    assert_eq!(look.lines[0].area, Area { x_um: 0, y_um: 0, width_um: 35_278, height_um: 37_394 });
}

#[test]
fn text_without_meaning_is_counted() {
    let font = "<</Type/Font/Subtype/Type3/FontBBox[0 0 100 100]/FontMatrix[0.01 0 0 0.01 0 0]/FirstChar 97/LastChar 97\
                /Widths[100]/CharProcs<</strange 21 0 R>>/Encoding<</Differences[97/strange]>>>>";
    let look = Sheet::new()
        .resources("/Dummy<<>>")
        .page("/Annots[<</Type/Annot/Subtype/Square/Rect[50 50 150 150]/AP<</N 22 0 R>>>>]")
        .object(font)
        .stream("", "100 0 0 0 100 100 d1 0 0 80 80 re f")
        .stream(
            "/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</Font<</T 20 0 R>>>>",
            "BT /T 20 Tf 10 10 Td (aa) Tj ET",
        )
        .look();
    assert_eq!(texts(&look), ["\u{FFFD}\u{FFFD}"]);
    assert_eq!(look.undecoded, 2);
    assert_eq!(look.missing_fonts, [""; 0]);
}
