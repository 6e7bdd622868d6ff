//! Tables with a cross-reference stream beside them.

use crate::seed::{STREAM_TRAILER, Seed, TRAILER, one_compressed_page, one_page, read, refusal};
use sealkeeper_pades::{Document, Object, ReadError, Reference, XrefStyle};

/// A table of these entries, as text processors end their files: its stream, at `stream`, was written before it.
fn beside(bytes: Vec<u8>, stream: usize, entries: &str, trailer: &str) -> Vec<u8> {
    let startxref = bytes.len();
    let tail =
        format!("xref\n{entries}trailer\n<<{trailer}/XRefStm {stream}>>\nstartxref\n{startxref}\n%%EOF\n");
    [bytes, tail.into_bytes()].concat()
}

/// A file all of whose objects the stream names, and where that stream is.
fn streamed() -> (Vec<u8>, usize) {
    let bytes = one_compressed_page().xref_stream(5, STREAM_TRAILER);
    let at = Document::open(&bytes).unwrap().startxref() as usize;
    (bytes, at)
}

#[test]
fn what_the_table_leaves_to_the_stream_all_readers_find_there() {
    let (bytes, at) = streamed();
    let hybrid = beside(bytes, at, "0 0\n", "/Size 6/Root 1 0 R");
    assert_eq!(read(&hybrid), Ok(1));
    let document = Document::open(&hybrid).unwrap();
    assert_eq!(
        document.xref_style(),
        XrefStyle::Table,
        "a further revision is one that old readers understand"
    );
    let page = document.object(Reference { number: 3, generation: 0 }).unwrap();
    assert!(matches!(page, Object::Dictionary(page) if page.is_type("Page")));
    // An update of it is none of a hybrid file.
    let update = Seed::update(hybrid).object(7, "null").table("/Size 8/Root 1 0 R");
    assert_eq!(read(&update), Ok(1));
}

#[test]
fn a_table_that_says_the_same_as_the_stream_is_no_contradiction() {
    let (bytes, at) = streamed();
    let catalog = String::from_utf8_lossy(&bytes).find("1 0 obj").unwrap();
    let same = beside(bytes, at, &format!("1 1\n{catalog:010} 00000 n\r\n"), "/Size 6/Root 1 0 R");
    assert_eq!(read(&same), Ok(1));
}

#[test]
fn what_some_readers_hide_and_others_show_is_refused() {
    let (bytes, at) = streamed();
    let catalog = String::from_utf8_lossy(&bytes).find("1 0 obj").unwrap();
    let cases = [
        (
            "free in the table",
            format!(
                "0 4\n0000000002 65535 f\r\n{catalog:010} 00000 n\r\n{f}{f}",
                f = "0000000000 00001 f\r\n"
            ),
        ),
        ("elsewhere by the table", format!("3 1\n{catalog:010} 00000 n\r\n")),
    ];
    for (name, entries) in cases {
        assert_eq!(
            refusal(&beside(bytes.clone(), at, &entries, "/Size 6/Root 1 0 R")),
            ReadError::Hybrid,
            "{name}"
        );
    }
}

#[test]
fn a_stream_that_leads_elsewhere_than_its_table_is_refused() {
    let first = one_page().table(TRAILER);
    let previous = Document::open(&first).unwrap().startxref();
    let second = Seed::update(first).object(4, "null").xref_stream(5, STREAM_TRAILER);
    let at = Document::open(&second).unwrap().startxref() as usize;
    let alike = beside(second.clone(), at, "0 0\n", &format!("/Size 6/Root 1 0 R/Prev {previous}"));
    assert_eq!(read(&alike), Ok(1));
    let astray = beside(second, at, "0 0\n", "/Size 6/Root 1 0 R");
    assert_eq!(refusal(&astray), ReadError::Hybrid);
}

#[test]
fn a_stream_that_is_not_there_is_damage() {
    for trailer in
        ["/Size 4/Root 1 0 R/XRefStm 15", "/Size 4/Root 1 0 R/XRefStm(15)", "/Size 4/Root 1 0 R/XRefStm -1"]
    {
        assert!(matches!(refusal(&one_page().table(trailer)), ReadError::Damaged { .. }), "{trailer}");
    }
}
