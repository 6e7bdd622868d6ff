//! Cross-reference tables, headers and trailers.

use crate::seed::{Seed, TRAILER, damage, one_page, read, refusal};
use sealkeeper_pades::{Damage, Document, Limit, Object, ReadError, Reference, XrefStyle};

fn text() -> String {
    String::from_utf8(one_page().table(TRAILER)).unwrap()
}

#[test]
fn a_sound_file_is_read() {
    let bytes = one_page().table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.version(), (1, 7));
    assert_eq!(document.xref_style(), XrefStyle::Table);
    assert_eq!(document.next_free_number(), 4);
    assert_eq!(document.offset_base(), 0);
    assert_eq!(document.page_count(), Ok(1));
    let page = document.page(0).unwrap();
    assert_eq!(page.reference, Reference { number: 3, generation: 0 });
    assert_eq!(page.geometry().unwrap().visible_size_um(), (297_039, 209_903));
}

#[test]
fn what_all_readers_take_alike_is_harmless() {
    let sound: Vec<(&str, Vec<u8>)> = vec![
        ("/Size too small", one_page().table("/Size 1/Root 1 0 R")),
        ("/Size too large", one_page().table("/Size 400/Root 1 0 R")),
        ("white space before xref", one_page().table_with(TRAILER, "\n \r\n", "\r\n")),
        ("entries of 19 bytes", one_page().table_with(TRAILER, "", "\n")),
        ("much space after table entries", one_page().table_with(TRAILER, "", "   \r\n\n")),
        ("junk after the end", [one_page().table(TRAILER), vec![0; 900]].concat()),
        ("no %%EOF", text().replace("%%EOF", "").into_bytes()),
        ("an odd version", text().replace("%PDF-1.7", "%PDF-x.y").into_bytes()),
        ("no endobj", text().replace("endobj", "      ").into_bytes()),
        ("obj and its value joined", text().replace("obj\n<<", "obj<< ").into_bytes()),
        ("an entry in use at 0", text().replace("0000000000 65535 f", "0000000000 00000 n").into_bytes()),
        ("no /Type", one_page_without_types().table(TRAILER)),
        ("comments in an object", one_page().raw("4 0 obj %x\n[%]\n] %").table(TRAILER)),
    ];
    for (name, bytes) in sound {
        let document = Document::open(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read(&bytes), Ok(1), "{name}");
        assert!(document.next_free_number() >= 4, "{name}");
    }
}

#[test]
fn offsets_count_from_the_header() {
    let bytes = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), one_page().table(TRAILER)].concat();
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.offset_base(), 19);
    assert_eq!(document.page_count(), Ok(1));
    let revision = document.revisions().pop().unwrap();
    assert_eq!((revision.startxref, revision.end), (document.startxref(), bytes.len() as u64));
    // Offsets that count from the first byte instead are damage, for no reader takes them without repair.
    let shifted =
        [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), replace(one_page().table(TRAILER), "%PDF-1.7\n", "")].concat();
    assert_eq!(refusal(&shifted), ReadError::NotPdf);
    let far = [vec![b' '; 1_020], one_page().table(TRAILER)].concat();
    assert_eq!(refusal(&far), ReadError::NotPdf);
}

#[test]
fn what_readers_must_repair_is_damaged() {
    let cases: Vec<(Damage, Vec<u8>)> = vec![
        (Damage::NoStartxref, text().replace("startxref", "startyref").into_bytes()),
        (Damage::NoStartxref, [text().into_bytes(), vec![b' '; 1_020]].concat()),
        (Damage::NoSection, text().replace("\nxref\n", "\nxerf\n").into_bytes()),
        (Damage::WrongOffset, text().replace("\n3 0 obj", "\n4 0 obj").into_bytes()),
        (Damage::WrongOffset, text().replace("\n3 0 obj", "\n3 1 obj").into_bytes()),
        (Damage::WrongOffset, text().replace("\n3 0 obj\n", "\n3 0 objx").into_bytes()),
        (Damage::Catalog, text().replace("/Root 1", "/Rood 1").into_bytes()),
        (Damage::Catalog, one_page().object(4, "[]").table("/Size 5/Root 4 0 R")),
        (Damage::Trailer, text().replace("/Size 4", "/Sise 4").into_bytes()),
        (Damage::Trailer, text().replace("/Size 4", "/Size []").into_bytes()),
        (Damage::Trailer, text().replace("/Size 4", "/Prev 1.0/Size 4").into_bytes()),
        (Damage::Table, text().replace("65535 f", "65535 g").into_bytes()),
        (Damage::Table, text().replace("65535 f", "65535  f").into_bytes()),
        (Damage::Table, text().replace("65535 f", " 5535 f").into_bytes()),
        (Damage::Table, text().replace("0000000000 65535", "00000000000 65535").into_bytes()),
        (Damage::Table, one_page().table_with(TRAILER, "", "")),
        (Damage::Table, one_page().table_with(TRAILER, "", " # \r\n")),
        (Damage::Table, text().replace("xref\n0 1\n", "xref\n0 2\n").into_bytes()),
        (Damage::Table, text().replace("xref\n0 1\n", "xref\n0 x\n").into_bytes()),
        (Damage::Trailer, text().replace("trailer\n<<", "trailer\n[[").into_bytes()),
        (Damage::Unfinished, text().replace("/Size 4", "/Size (").into_bytes()),
        (Damage::DuplicateKey, text().replace("/Size 4", "/Size 4/Root 3 0 R").into_bytes()),
        (Damage::NoSection, one_page().table(&format!("{TRAILER}/Prev 0"))),
        (Damage::NoSection, one_page().table(&format!("{TRAILER}/Prev 99999999"))),
    ];
    for (index, (expected, bytes)) in cases.into_iter().enumerate() {
        assert_eq!(damage(&bytes), expected, "case {index}: {}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn an_entry_must_point_exactly_at_its_object() {
    // One byte early is white space, which everyone skips; one byte late is another number.
    let bytes = one_page().raw("      ").object(14, "null").raw("\n");
    for (shift, sound) in [(-1, true), (-5, true), (1, false), (2, false), (-9, false)] {
        let mut seed = bytes.clone();
        if let Some((_, crate::seed::Place::Offset(offset))) = seed.places.last_mut() {
            *offset = offset.checked_add_signed(shift).unwrap();
        }
        assert_eq!(Document::open(&seed.table(TRAILER)).is_ok(), sound, "{shift}");
    }
    // `4 0 obj` within `14 0 obj` is not object 4.
    let mut seed = bytes;
    let Some((number, crate::seed::Place::Offset(offset))) = seed.places.last_mut() else { panic!() };
    (*number, *offset) = (4, *offset + 1);
    assert_eq!(damage(&seed.table(TRAILER)), Damage::WrongOffset);
}

#[test]
fn two_entries_for_one_object_must_agree() {
    let seed = one_page();
    let mut same = seed.clone();
    same.places.push(seed.places[2]);
    assert_eq!(read(&same.table(TRAILER)), Ok(1));
    let mut other = seed.raw("3 0 obj null endobj\n");
    let offset = other.bytes.len() - 20;
    other.places.push((3, crate::seed::Place::Offset(offset)));
    assert_eq!(damage(&other.table(TRAILER)), Damage::DuplicateEntry);
}

#[test]
fn the_chain_of_sections_must_end() {
    let first = one_page().table(TRAILER);
    let startxref = Document::open(&first).unwrap().startxref();
    let looping = one_page().table(&format!("{TRAILER}/Prev {startxref:03}"));
    // Its own offset is where it was, for /Prev comes after it.
    assert_eq!(damage(&looping), Damage::PrevLoop);
}

#[test]
fn free_and_missing_objects_are_null() {
    let mut seed = one_page().object(4, "<</A 5 0 R/B 77 0 R/C 0 0 R>>");
    seed.places.push((5, crate::seed::Place::Offset(0)));
    let bytes = seed.table("/Size 6/Root 1 0 R");
    let document = Document::open(&bytes).unwrap();
    let Object::Dictionary(dictionary) = document.object(Reference { number: 4, generation: 0 }).unwrap()
    else {
        panic!()
    };
    for key in ["A", "B", "C", "D"] {
        assert_eq!(document.value(&dictionary, key), Ok(Object::Null), "{key}");
    }
}

#[test]
fn another_generation_is_damage_when_looked_at() {
    let bytes = one_page().object(4, "null").table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    let error = document.object(Reference { number: 4, generation: 1 }).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { what: Damage::Generation, .. }));
}

#[test]
fn no_header_no_pdf() {
    for bytes in [&b"hello"[..], b"", b"%PDX-1.4"] {
        assert_eq!(refusal(bytes), ReadError::NotPdf);
    }
}

#[test]
fn encrypted_files_are_told_apart_from_damaged_ones() {
    let encrypted = one_page().table("/Size 4/Root 1 0 R/Encrypt 9 0 R");
    assert_eq!(refusal(&encrypted), ReadError::Encrypted);
    assert_eq!(refusal(&encrypted).code(), "pdf-encrypted");
    assert_eq!(read(&one_page().table("/Size 4/Root 1 0 R/Encrypt null")), Ok(1));
    // Also where only an earlier revision is encrypted.
    let mut update = Seed { bytes: encrypted, places: Vec::new(), previous: None };
    update.previous = Some(one_page().bytes.len());
    assert_eq!(refusal(&update.object(9, "null").table(TRAILER)), ReadError::Encrypted);
}

#[test]
fn a_table_may_not_promise_more_than_the_limit() {
    let bytes = text().replace("xref\n0 1\n", "xref\n0 4000001\n").into_bytes();
    assert!(matches!(refusal(&bytes), ReadError::TooComplex { what: Limit::Entries, .. }));
    let bytes = text().replace("xref\n0 1\n", "xref\n0 18446744073709551615\n").into_bytes();
    assert!(matches!(refusal(&bytes), ReadError::TooComplex { what: Limit::Entries, .. }));
}

fn one_page_without_types() -> Seed {
    Seed::new()
        .object(1, "<</Pages 2 0 R>>")
        .object(2, "<</Kids[3 0 R]/Count 1>>")
        .object(3, "<</Parent 2 0 R/Type/Odd>>")
}

fn replace(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    String::from_utf8(bytes).unwrap().replacen(from, to, 1).into_bytes()
}

#[test]
fn object_numbers_stay_where_readers_know_them() {
    let bytes = one_page().object(8_388_608, "null").table(TRAILER);
    assert!(matches!(refusal(&bytes), ReadError::TooComplex { what: Limit::Numbers, .. }));
    // A /Size beyond all reason reserves nothing, a smaller one does.
    let next = |size: &str| {
        let bytes = one_page().table(&format!("/Size {size}/Root 1 0 R"));
        Document::open(&bytes).unwrap().next_free_number()
    };
    assert_eq!((next("4294967295"), next("99999999999"), next("-5"), next("17")), (4, 4, 4, 17));
}

#[test]
fn a_document_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let bytes = one_page().table(TRAILER);
    shared(&Document::open(&bytes).unwrap());
}
