//! What is found in a document before it is stamped: all of it ends, and a second look finds the same.

use sealkeeper_pades::validate::{changed_since, validate};
use sealkeeper_pades::{Document, hidden_layers, inspect, scan};

use crate::Reach;
use crate::pdf::{self, ENOUGH};

/// Bytes of an excerpt, at most.
const EXCERPT: usize = 1 << 20;

pub(crate) fn run(input: &[u8]) -> Reach {
    let file = pdf::file(input);
    let Ok(document) = Document::open(&file) else { return Reach::Refused };
    let again = Document::open(&file).expect("a file that opened opens");
    let facts = inspect(&document);
    assert_eq!(facts, inspect(&again), "facts are facts");
    let hazards = scan(&document);
    assert_eq!(hazards, scan(&again), "hazards are found in one order");
    assert_eq!(hidden_layers(&document), hidden_layers(&again), "layers are found in one order");
    let signatures = validate(&file);
    assert_eq!(signatures, validate(&file), "a verdict is a verdict");

    for found in hazards.iter().flatten() {
        assert!(
            !document.object(found.object).is_ok_and(|object| object.is_null()),
            "{found:?} is in no object"
        );
        if let (Some(page), Ok(count)) = (found.page, document.page_count()) {
            assert!(page < count, "{found:?} is on no page");
        }
    }
    let (Ok(facts), Ok(signatures)) = (facts, signatures) else { return Reach::Refused };
    assert_eq!(facts.pages, document.page_count().expect("facts count the pages"));
    excerpt(&document, facts.pages);
    for revision in document.revisions().iter().take(ENOUGH) {
        _ = changed_since(&document, revision.end);
    }
    for report in &signatures {
        if let (Some(_), Some([start, first, second, last])) = (report.coverage, report.byte_range) {
            assert!(start == 0 && first < second && second + last <= file.len() as u64, "{report:?}");
        }
    }
    Reach::Accepted
}

/// An excerpt is a document with these pages and no others, each as it was.
fn excerpt(document: &Document<'_>, pages: usize) {
    let pages = 0..pages.min(4);
    let Ok(bytes) = document.excerpt(pages.clone(), EXCERPT) else { return };
    assert!(bytes.len() <= EXCERPT, "an excerpt is no longer than it may be");
    let excerpt = Document::open(&bytes).expect("an excerpt is in order");
    assert_eq!(excerpt.page_count(), Ok(pages.len()), "and has these pages");
    for index in pages {
        let (Ok(old), Ok(new)) = (document.page(index), excerpt.page(index)) else { continue };
        // It is drawn by a reader that descends along /Kids; the page's own /Parent leads nowhere here.
        assert_eq!(
            (new.reference, new.dictionary.raw()),
            (old.reference, old.dictionary.raw()),
            "page {index}"
        );
    }
}
