//! Incremental updates and linearized files.

use crate::seed::{STREAM_TRAILER, Seed, TRAILER, one_compressed_page, one_page, read};
use sealkeeper_pades::{Document, XrefStyle};

#[test]
fn later_revisions_replace_and_free_objects() {
    let first = one_page().object(4, "null").table("/Size 5/Root 1 0 R");
    let second =
        Seed::update(first.clone()).object(3, "<</Type/Page/Parent 2 0 R>>").table("/Size 5/Root 1 0 R");
    let third = Seed::update(second.clone()).object(7, "42").table("/Size 8/Root 1 0 R");
    let document = Document::open(&third).unwrap();
    let size = document.page(0).unwrap().geometry().unwrap().visible_size_um();
    assert!(size.0 < size.1, "the newer page is not turned");
    assert_eq!(document.next_free_number(), 8);
    let ends: Vec<u64> = document.revisions().iter().map(|revision| revision.end).collect();
    assert_eq!(ends, [first.len() as u64, second.len() as u64, third.len() as u64]);
    for end in ends {
        assert_eq!(read(&third[..end as usize]), Ok(1), "each revision is a file of its own");
    }
}

#[test]
fn both_styles_may_follow_each_other() {
    let first = one_compressed_page().xref_stream(5, STREAM_TRAILER);
    let second =
        Seed::update(first).object(3, "<</Type/Page/Parent 2 0 R>>").xref_stream(6, "/Size 7/Root 1 0 R");
    let document = Document::open(&second).unwrap();
    assert_eq!(document.revisions().len(), 2);
    assert_eq!(document.xref_style(), XrefStyle::Stream);
    assert_eq!(read(&second), Ok(1));
    // Here every entry names its section, so all readers agree.
    let mixed = Seed::update(one_page().table(TRAILER)).object(9, "1").xref_stream(10, "/Size 11/Root 1 0 R");
    assert_eq!(read(&mixed), Ok(1));
}

#[test]
fn the_first_part_of_a_linearized_file_is_no_revision() {
    // Annex F: the first-page section comes first and names the main one at the end; both are one revision.
    let head = "%PDF-1.4\n1 0 obj <</Linearized 1>> endobj\n";
    let main_objects =
        "2 0 obj <</Type/Catalog/Pages 3 0 R>> endobj\n3 0 obj <</Type/Pages/Kids[4 0 R]/Count 1>> endobj\n";
    let page = "4 0 obj <</Type/Page/Parent 3 0 R>> endobj\n";
    let first_section = head.len();
    let section = |page: usize, main: usize| {
        format!(
            "xref\n1 1\n0000000009 00000 n\r\n4 1\n{page:010} 00000 n\r\n\
             trailer\n<</Size 5/Root 2 0 R/Prev {main:05}>>\nstartxref\n0\n%%EOF\n"
        )
    };
    let page_at = first_section + section(0, 0).len();
    let objects_at = page_at + page.len();
    let main = objects_at + main_objects.len();
    let third = objects_at + main_objects.find("3 0 obj").unwrap();
    let text = format!(
        "{head}{}{page}{main_objects}xref\n0 1\n0000000000 65535 f\r\n2 2\n{objects_at:010} 00000 n\r\n{third:010} 00000 n\r\ntrailer\n<</Size 4>>\nstartxref\n{first_section}\n%%EOF\n",
        section(page_at, main)
    );
    let document = Document::open(text.as_bytes()).unwrap();
    assert_eq!(document.page_count(), Ok(1));
    assert_eq!(document.startxref(), first_section as u64);
    let revisions = document.revisions();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].end, text.len() as u64);
}

#[test]
fn a_marker_without_end_of_line_ends_its_revision() {
    let mut bytes = one_page().table(TRAILER);
    bytes.pop();
    let document = Document::open(&bytes).unwrap();
    let revision = document.revisions()[0];
    assert_eq!((revision.marker_end, revision.end), (bytes.len() as u64, bytes.len() as u64));
}
