//! Pages cut out of a document.

use crate::seed::{Seed, TRAILER};
use sealkeeper_pades::{Attribute, Document, ExcerptError, Object, ReadError, Reference};

/// Three pages that inherit, share a font, lead to each other, to scripts and to files.
fn book() -> Vec<u8> {
    Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R/Names 20 0 R/OCProperties<</OCGs[15 0 R]/D 16 0 R>>>>")
        .object(2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 3/MediaBox[0 0 720 72]/Resources 5 0 R>>")
        .object(3, "<</Type/Pages/Parent 2 0 R/Kids[6 0 R 7 0 R]/Count 2/Rotate 90>>")
        .object(4, "<</Type/Pages/Parent 2 0 R/Kids[8 0 R]/Count 1>>")
        .object(5, "<</Font<</F 9 0 R>>>>")
        .object(6, "<</Type/Page/Parent 3 0 R/Contents 10 0 R/Annots[<</Subtype/Link/A 20 0 R/AP<</N 13 0 R>>/P 6 0 R>>]>>")
        .object(7, "<</Type/Page/Parent 3 0 R/Contents 11 0 R/AA 20 0 R/Thumb 20 0 R/Resources<</XObject<</A 14 0 R>>>>>>")
        .object(8, "<</Type/Page/Parent 4 0 R/MediaBox 12 0 R/Annots 17 0 R>>")
        .object(9, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>")
        .object(10, "<</Length 18 0 R>>\nstream\n(one) Tj\nendstream")
        .object(11, "<</Length 8>>\nstream\n(two) Tj\nendstream")
        .object(12, "[0 0 99 99]")
        .object(13, "<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/OC 15 0 R/Length 1>>\nstream\nn\nendstream")
        .object(14, "<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Length 1>>\nstream\nn\nendstream")
        .object(15, "<</Type/OCG/Name(layer)>>")
        .object(16, "<</OFF[15 0 R]>>")
        .object(17, "[19 0 R 7 0 R]")
        .object(18, "8")
        .object(19, "<</Subtype/Widget/Dest[6 0 R/Fit]/Parent<</Kids[21 0 R]/V 22 0 R>>>>")
        .object(20, "<</S/JavaScript/JS(0)>>")
        .object(21, "<</Subtype/Widget>>")
        .object(22, "(value)")
        .table(TRAILER)
}

/// Numbers of the objects that are there.
fn objects(document: &Document<'_>) -> Vec<u32> {
    let there =
        |number: &u32| !document.object(Reference { number: *number, generation: 0 }).unwrap().is_null();
    (1..=22).filter(there).collect()
}

#[test]
fn an_excerpt_holds_what_its_pages_show_and_nothing_they_lead_to() {
    let bytes = book();
    let whole = Document::open(&bytes).unwrap();
    for (pages, expected) in [
        (0..1, vec![5, 6, 9, 10, 13, 15, 16, 18]),
        // A resource may bear any name, also that of an action.
        (1..2, vec![7, 11, 14, 15, 16]),
        (2..3, vec![5, 8, 9, 12, 15, 16, 17, 19, 22]),
        (0..3, vec![5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22]),
    ] {
        let excerpt = whole.excerpt(pages.clone(), 10_000).unwrap();
        let cut = Document::open(&excerpt).unwrap();
        assert_eq!(cut.page_count(), Ok(pages.len()));
        assert_eq!(objects(&cut), expected, "{pages:?}");
        for (index, original) in pages.enumerate() {
            let (page, original) = (cut.page(index).unwrap(), whole.page(original).unwrap());
            assert_eq!(
                (page.reference, page.dictionary.raw()),
                (original.reference, original.dictionary.raw())
            );
        }
    }
}

#[test]
fn the_bytes_of_objects_stay_and_inheritance_too() {
    let bytes = book();
    let whole = Document::open(&bytes).unwrap();
    let excerpt = whole.excerpt(1..3, 10_000).unwrap();
    let stream = b"11 0 obj\n<</Length 8>>\nstream\n(two) Tj\nendstream\nendobj";
    assert!(excerpt.windows(stream.len()).any(|window| window == stream));
    // Whoever descends along /Kids, as those who draw do, finds what is inherited; /Parent leads out of the excerpt.
    let text = String::from_utf8_lossy(&excerpt);
    assert!(text.contains("/Count 1/Kids[7 0 R]/MediaBox [0 0 720 72]/Rotate 90>>"), "{text}");
    assert!(text.contains("/Count 1/Kids[8 0 R]/Resources 5 0 R>>"), "{text}");
    let page = whole.page(1).unwrap();
    assert_eq!(page.attribute(Attribute::Rotate), Ok(Object::Integer(90)));
}

#[test]
fn objects_of_object_streams_stand_alone_in_an_excerpt() {
    let seed = Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(4, "<</Length 1>>\nstream\nn\nendstream")
        .object_stream(
            9,
            &[
                (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>"),
                (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox 5 0 R>>"),
                (5, "[0 0 9 9]"),
            ],
        );
    let bytes = seed.xref_stream(10, TRAILER);
    let excerpt = Document::open(&bytes).unwrap().excerpt(0..1, 10_000).unwrap();
    let cut = Document::open(&excerpt).unwrap();
    // Catalog, tree and node of the excerpt have numbers beyond.
    assert_eq!(objects(&cut), [3, 4, 5, 11, 12, 13]);
    assert!(cut.page(0).unwrap().attribute(Attribute::MediaBox).unwrap().as_array().is_some());
}

#[test]
fn an_excerpt_is_no_longer_than_it_may_be() {
    let bytes = book();
    let whole = Document::open(&bytes).unwrap();
    let length = whole.excerpt(0..1, 10_000).unwrap().len();
    assert_eq!(whole.excerpt(0..1, 200), Err(ExcerptError::TooLong));
    assert!(length < bytes.len());
    let none = ReadError::NoSuchPage { index: 3, count: 3 };
    assert_eq!(whole.excerpt(2..4, 10_000), Err(none.into()));
}
