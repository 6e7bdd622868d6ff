//! Files with classic cross-reference tables: what is read, what is harmless, what is damaged.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use sealkeeper_pades::{Damage, Document, ReadError, XrefStyle};

/// A file with one page, built object by object so that the offsets are right by construction.
struct Seed {
    bytes: Vec<u8>,
    offsets: Vec<(u32, usize)>,
}

impl Seed {
    fn new() -> Seed {
        Seed { bytes: b"%PDF-1.7\n".to_vec(), offsets: Vec::new() }
    }

    fn object(mut self, number: u32, body: &str) -> Seed {
        self.offsets.push((number, self.bytes.len()));
        self.bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
        self
    }

    fn finish(self, trailer: &str) -> Vec<u8> {
        self.finish_with(trailer, "", "\r\n")
    }

    /// `before` goes before the keyword `xref`; `eol` ends each entry.
    fn finish_with(mut self, trailer: &str, before: &str, eol: &str) -> Vec<u8> {
        let startxref = self.bytes.len();
        let mut tail = format!("{before}xref\n0 1\n0000000000 65535 f{eol}");
        for (number, offset) in &self.offsets {
            tail.push_str(&format!("{number} 1\n{offset:010} 00000 n{eol}"));
        }
        tail.push_str(&format!("trailer\n{trailer}\nstartxref\n{startxref}\n%%EOF\n"));
        self.bytes.extend_from_slice(tail.as_bytes());
        self.bytes
    }
}

fn one_page() -> Seed {
    Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
        .object(3, "<</Type/Page/Parent 2 0 R/Rotate 90>>")
}

const TRAILER: &str = "<</Size 4/Root 1 0 R>>";

fn damage(bytes: &[u8]) -> Damage {
    match Document::open(bytes).map(|_| ()) {
        Err(ReadError::Damaged { what, .. }) => what,
        other => panic!("not damaged but {other:?}"),
    }
}

#[test]
fn a_sound_file_is_read() {
    let bytes = one_page().finish(TRAILER);
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.version(), (1, 7));
    assert_eq!(document.xref_style(), XrefStyle::Table);
    assert_eq!(document.next_free_number(), 4);
    assert_eq!(document.page_count().unwrap(), 1);
    let page = document.page(0).unwrap();
    assert_eq!(page.reference.number, 3);
    assert_eq!(page.geometry().unwrap().visible_size_um(), (297_039, 209_903));
    let revisions = document.revisions();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].end, bytes.len() as u64);
    assert_eq!(revisions[0].startxref, document.startxref());
}

#[test]
fn what_all_readers_take_alike_is_harmless() {
    let sound: Vec<(&str, Vec<u8>)> = vec![
        ("/Size too small", one_page().finish("<</Size 1/Root 1 0 R>>")),
        ("/Size too large", one_page().finish("<</Size 400/Root 1 0 R>>")),
        ("white space before xref", one_page().finish_with(TRAILER, "\n \r\n", "\r\n")),
        ("entries of 19 bytes", one_page().finish_with(TRAILER, "", "\n")),
        ("junk before the header", {
            let mut bytes = b"MIME-junk\r\n\r\n".to_vec();
            bytes.extend(one_page().finish(TRAILER));
            bytes
        }),
        ("junk after the end", {
            let mut bytes = one_page().finish(TRAILER);
            bytes.extend([0; 500]);
            bytes
        }),
    ];
    for (name, bytes) in sound {
        let document = Document::open(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(document.page_count().unwrap(), 1, "{name}");
        assert!(document.next_free_number() >= 4, "{name}");
    }
}

#[test]
fn what_readers_must_repair_is_damaged() {
    let text = String::from_utf8(one_page().finish(TRAILER)).unwrap();
    assert_eq!(damage(text.replace("startxref", "startyref").as_bytes()), Damage::NoStartxref);
    assert_eq!(damage(text.replace("\nxref\n", "\nxerf\n").as_bytes()), Damage::NoSection);
    assert_eq!(damage(text.replace("\n3 0 obj", "\n4 0 obj").as_bytes()), Damage::WrongOffset);
    assert_eq!(damage(text.replace("/Root 1", "/Rood 1").as_bytes()), Damage::Catalog);
    assert_eq!(damage(text.replace("/Size 4", "/Sise 4").as_bytes()), Damage::Trailer);
    assert_eq!(damage(text.replace("65535 f", "65535 g").as_bytes()), Damage::Table);
}

#[test]
fn no_header_no_pdf() {
    assert_eq!(Document::open(b"hello").map(|_| ()), Err(ReadError::NotPdf));
    assert_eq!(Document::open(b"").map(|_| ()), Err(ReadError::NotPdf));
}

#[test]
fn encrypted_and_hybrid_files_are_told_apart_from_damaged_ones() {
    let encrypted = one_page().finish("<</Size 4/Root 1 0 R/Encrypt 9 0 R>>");
    assert_eq!(Document::open(&encrypted).map(|_| ()), Err(ReadError::Encrypted));
    let hybrid = one_page().finish("<</Size 4/Root 1 0 R/XRefStm 15>>");
    assert_eq!(Document::open(&hybrid).map(|_| ()), Err(ReadError::Hybrid));
}
