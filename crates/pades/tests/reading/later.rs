//! Whether a later revision changed what the pages of an earlier one show.

use crate::seed::Seed;
use sealkeeper_pades::{Document, validate::changed_since};

const TRAILER: &str = "/Size 20/Root 1 0 R";

fn first() -> Vec<u8> {
    Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>")
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
        .object(
            3,
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R 7 0 R]>>",
        )
        .stream(4, "", b"BT /F 9 Tf (a) Tj ET")
        .object(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Widths 8 0 R>>")
        .object(6, "<</Subtype/Widget/FT/Tx/T(a)/Rect[0 0 9 9]>>")
        .object(7, "<</Subtype/Stamp/Rect[0 0 9 9]/P 3 0 R>>")
        .object(8, "[500 500]")
        .table(TRAILER)
}

/// Whether what `update` adds changes what the first revision shows.
fn changes(update: impl FnOnce(Seed) -> Seed) -> bool {
    let first = first();
    let end = first.len() as u64;
    let bytes = update(Seed::update(first)).table(TRAILER);
    changed_since(&Document::open(&bytes).unwrap(), end).unwrap()
}

#[test]
fn what_later_signers_do_changes_nothing() {
    assert!(!changes(|seed| seed), "nothing");
    assert!(!changes(|seed| seed.object(9, "(more)")), "an object that nothing leads to");
    assert!(
        !changes(|seed| seed.object(6, "<</Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 9 9]>>")),
        "a field filled in"
    );
    assert!(!changes(
        |seed| seed.object(1, "<</Type/Catalog/Pages 2 0 R/DSS<<>>/AcroForm<</Fields[6 0 R 9 0 R]>>>>")
    ));
    let signed = "<</Annots[6 0 R 7 0 R 9 0 R]/Type/Page/Parent 2 0 R/MediaBox[0.0 0 595 842]/Contents 4 0 R\
                  /Resources<< /Font << /F 5 0 R >> >> /LastModified(D:2024)>>";
    let widget = "<</Subtype/Widget/FT/Sig/T(b)/Rect[0 0 9 9]/P 3 0 R>>";
    assert!(
        !changes(|seed| seed.object(3, signed).object(9, widget)),
        "another field, the page written otherwise"
    );
    assert!(
        !changes(|seed| seed.stream(4, "", b"BT /F 9 Tf (a) Tj ET").object(8, "[ 500 500.0 ]")),
        "the same again"
    );
}

#[test]
fn what_pages_show_may_not_change() {
    let page = |entries: &str| {
        format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R 7 0 R]{entries}>>"
        )
    };
    assert!(changes(|seed| seed.stream(4, "", b"BT /F 9 Tf (b) Tj ET")), "content");
    assert!(changes(|seed| seed.object(8, "[900 500]")), "what a font leads to");
    assert!(changes(|seed| seed.object(3, &page("/Rotate 90"))), "rotation");
    assert!(
        changes(|seed| seed.object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 300]>>")),
        "inherited size"
    );
    assert!(changes(|seed| seed
        .object(2, "<</Type/Pages/Kids[9 0 R 3 0 R]/Count 2/MediaBox[0 0 595 842]>>")
        .object(9, "<</Type/Page/Parent 2 0 R>>")));
    assert!(changes(|seed| seed.object(7, "<</Subtype/Stamp/Rect[0 0 595 842]>>")), "an annotation");
    let annotated = page("").replace("7 0 R]", "7 0 R 9 0 R]");
    assert!(
        changes(|seed| seed.object(3, &annotated).object(9, "<</Subtype/Stamp/Rect[0 0 595 842]>>")),
        "one more"
    );
    assert!(changes(|seed| seed.object(3, &page("").replace(" 7 0 R]", "]"))), "one less");
    assert!(
        changes(|seed| seed
            .object(1, "<</Type/Catalog/Pages 2 0 R/OCProperties<<>>/AcroForm<</Fields[6 0 R]>>>>")),
        "layers"
    );
}

#[test]
fn what_could_not_be_read_before_either_is_no_change() {
    // Object 4 has no generation 1.
    let text = String::from_utf8(first()).unwrap().replace("/Widths 8 0 R", "/Widths 4 1 R");
    let end = text.len() as u64;
    let later = |update: &dyn Fn(Seed) -> Seed| {
        let bytes = update(Seed::update(text.clone().into_bytes())).table(TRAILER);
        changed_since(&Document::open(&bytes).unwrap(), end)
    };
    assert_eq!(later(&|seed: Seed| seed.object(9, "<<>>")), Ok(false));
    assert_eq!(later(&|seed: Seed| seed.stream(4, "", b"BT /F 9 Tf (b) Tj ET")), Ok(true));
    // Nor can it be told what kind of annotation this is, so it must stay.
    let page =
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R 7 1 R]>>";
    assert_eq!(later(&|seed: Seed| seed.object(3, page)), Ok(true));
}
