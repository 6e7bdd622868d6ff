//! Keywords in the text as drawn.

use sealkeeper_view::find;

use crate::sheet::{Sheet, hex};

fn um(points: f64) -> i64 {
    (points * 25_400.0 / 72.0).round() as i64
}

#[test]
fn a_keyword_is_found_across_pieces_and_spaces() {
    let sheet = Sheet::new()
        .write(50.0, 500.0, 10.0, "甲")
        .write(90.0, 500.0, 10.0, "方：")
        .content(format!("BT /F2 10 Tf 50 400 Td [{} -300 {}] TJ ET", hex("甲"), hex("方（盖章）")));
    let hits = find(&sheet.look(), "甲方");
    let boxes: Vec<(i64, i64)> = hits.iter().map(|hit| (hit.area.x_um, hit.area.right_um())).collect();
    assert_eq!(boxes, [(um(50.0), um(100.0)), (um(50.0), um(73.0))]);
    assert!(hits[0].area.y_um < hits[1].area.y_um);
}

#[test]
fn widths_and_radicals_do_not_matter_and_case_does() {
    let sheet = Sheet::new().write(50.0, 500.0, 10.0, "Ｓｅａｌ（盖章）⽅");
    let look = sheet.look();
    assert_eq!(find(&look, "Seal(盖章)").len(), 1);
    assert_eq!(find(&look, "SEAL").len(), 0);
}

#[test]
fn a_radical_is_its_character() {
    let to_unicode = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n\
                      1 beginbfchar <61> <2F45> endbfchar endcmap end";
    let look = Sheet::new()
        .page("/Annots[<</Type/Annot/Subtype/FreeText/Rect[50 50 150 150]/AP<</N 22 0 R>>>>]")
        .object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 21 0 R>>")
        .stream("", to_unicode)
        .stream(
            "/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</Font<</T 20 0 R>>>>",
            "BT /T 20 Tf 10 10 Td (a) Tj ET",
        )
        .look();
    assert_eq!(find(&look, "方").len(), 1);
}

#[test]
fn hits_do_not_overlap_and_come_in_order() {
    let look = Sheet::new().write(50.0, 500.0, 10.0, "章章章章章").write(50.0, 520.0, 10.0, "章章").look();
    let hits: Vec<i64> = find(&look, "章章").iter().map(|hit| hit.area.x_um).collect();
    assert_eq!(hits, [um(50.0), um(50.0), um(70.0)]);
}

#[test]
fn a_turned_keyword_has_an_upright_box() {
    let look =
        Sheet::new().content(format!("BT /F2 10 Tf 0 1 -1 0 200 300 Tm {} Tj ET", hex("骑缝章"))).look();
    let hits = find(&look, "缝章");
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].angle, -90);
    assert_eq!((hits[0].area.y_um, hits[0].area.bottom_um()), (um(270.0), um(290.0)));
}

#[test]
fn nothing_is_not_found() {
    let look = Sheet::new().write(50.0, 500.0, 10.0, "甲方").look();
    for keyword in ["", " ", "乙方", "甲方甲方"] {
        assert_eq!(find(&look, keyword), [], "{keyword:?}");
    }
    // Not across columns
    let columns = Sheet::new().write(50.0, 500.0, 10.0, "甲").write(200.0, 500.0, 10.0, "方").look();
    assert_eq!(find(&columns, "甲方"), []);
}
