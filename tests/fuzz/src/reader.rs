//! The strict reader: whatever opens can be read to the end, and what it tells of itself agrees.

use sealkeeper_pades::{Attribute, Document, Object, Reference};

use crate::Reach;
use crate::pdf::{self, ENOUGH};

/// Decoded bytes of one stream, at most.
const DECODED: usize = 1 << 20;

pub(crate) fn run(input: &[u8]) -> Reach {
    let file = pdf::file(input);
    let Ok(document) = Document::open(&file) else { return Reach::Refused };
    let length = file.len() as u64;
    assert!(document.offset_base() <= 1024, "the header lies within the first 1,024 bytes");
    assert!(document.startxref() < length, "the newest section lies in the file");
    document.catalog().expect("a document that opens has a catalog");
    assert!(document.version() >= (0, 0) && !document.trailer().is_empty(), "it has a version and a trailer");

    revisions(&document);
    objects(&document);
    match pages(&document) {
        0 => Reach::Refused,
        _ => Reach::Accepted,
    }
}

fn revisions(document: &Document<'_>) {
    let bytes = document.bytes();
    let revisions = document.revisions();
    assert!(revisions.is_sorted_by_key(|revision| revision.end), "revisions come oldest first");
    for revision in revisions.iter().take(ENOUGH) {
        assert!(revision.marker_end <= revision.end, "a revision ends after its marker");
        let end = usize::try_from(revision.end).expect("an offset in the file");
        let earlier = bytes.get(..end).expect("a revision ends within the file");
        // That an earlier revision is in order is not said; that reading it ends is.
        if let Ok(earlier) = Document::open(earlier) {
            _ = earlier.page_count();
        }
    }
}

/// Reads every object, every value of dictionaries and arrays, and every stream.
fn objects(document: &Document<'_>) {
    let free = Reference { number: document.next_free_number(), generation: 0 };
    assert_eq!(document.object(free), Ok(Object::Null), "a number that is free names nothing");
    for number in 0..document.next_free_number().min(4 * ENOUGH as u32) {
        let Ok(object) = document.object(Reference { number, generation: 0 }) else { continue };
        assert_eq!(
            document.object(Reference { number, generation: 0 }).as_ref(),
            Ok(&object),
            "an object reads the same twice"
        );
        match &object {
            Object::Dictionary(dictionary) => {
                for (key, _) in dictionary.iter().filter(|(key, _)| key.is(&key.text())) {
                    assert!(dictionary.contains(&key.text()), "a key is found by its name");
                    _ = dictionary.get(&key.text());
                }
            }
            Object::Array(array) => {
                // It ends where an element is malformed.
                let whole = array.iter().all(|element| element.is_ok());
                assert!(
                    array.iter().count() <= array.len() + 1,
                    "an array has no more elements than it says"
                );
                assert!(!whole || array.iter().count() == array.len(), "and no fewer");
            }
            Object::Stream(stream) => {
                if let Ok(data) = document.decode(stream, DECODED) {
                    assert!(data.len() <= DECODED, "no more is decoded than was asked for");
                }
            }
            Object::Real(real) => assert!(real.value.is_finite(), "a number is finite"),
            _ => {}
        }
        _ = document.resolve(object);
    }
}

/// How many pages were looked at.
fn pages(document: &Document<'_>) -> usize {
    let pages = pdf::pages(document);
    for index in pages.clone() {
        let page = document.page(index).expect("a page that was counted is there");
        assert_eq!(page.index, index);
        assert_eq!(document.page_index(page.reference), Ok(Some(index)), "a page is found by its name");
        for attribute in Attribute::ALL {
            _ = page.attribute(attribute);
        }
        let Ok(geometry) = page.geometry() else { continue };
        let [left, bottom, right, top] = geometry.visible_box();
        assert!([left, bottom, right, top].iter().all(|edge| edge.is_finite()), "a box is finite");
        assert!(left < right && bottom < top, "a page that is seen has an area");
        let (width, height) = geometry.visible_size_um();
        assert!(width > 0 && height > 0, "and a size");
        assert_eq!(
            geometry.seen_um(geometry.visible_box()).map(|v| v.unsigned_abs()),
            [0, 0, u64::from(width), u64::from(height)]
        );
    }
    assert!(document.page(document.page_count().unwrap_or(0)).is_err(), "there is no page after the last");
    pages.len()
}
