//! Pages that draw the same over and over.

use sealkeeper_view::ViewError;

use crate::sheet::Sheet;

/// Streams from 20, each of which calls the next one ten times, and `last` in the end.
fn chain(call: &str, levels: usize, entries: impl Fn(usize) -> String, last: &str) -> Sheet {
    let sheet = (0..levels)
        .fold(Sheet::new().content(call), |sheet, level| sheet.stream(&entries(21 + level), call.repeat(10)));
    sheet.stream(&entries(0), last)
}

fn form(next: usize) -> String {
    format!("/Type/XObject/Subtype/Form/BBox[0 0 400 600]/Resources<</XObject<</X {next} 0 R>>>>")
}

#[test]
fn a_page_that_draws_without_end_is_not_drawn() {
    let forms = chain("/X Do ", 12, form, "0 0 9 9 re f").resources("/XObject<</X 20 0 R>>");
    let tile = |next: usize| {
        format!(
            "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<</Pattern<</X {next} 0 R>>>>"
        )
    };
    let tiles = chain("/Pattern cs /X scn 0 0 9 9 re f ", 12, tile, "").resources("/Pattern<</X 20 0 R>>");
    for sheet in [forms, tiles] {
        assert_eq!(sheet.document().look(0).err(), Some(ViewError::TooMuch));
    }
    assert_eq!(ViewError::TooMuch.code(), "document-too-hard-time");
}

#[test]
fn a_form_may_be_drawn_often_and_even_by_itself() {
    let often = chain("/X Do ", 3, form, "0 0 9 9 re f").resources("/XObject<</X 20 0 R>>");
    assert!(!often.look().blank);
    let itself = Sheet::new().content("/X Do ").resources("/XObject<</X 20 0 R>>");
    assert!(!itself.stream(&form(20), "0 0 9 9 re f /X Do /X Do").look().blank);
}
