//! No bytes make the reader panic, hang, or take more than their share.

use crate::seed::{STREAM_TRAILER, Seed, TRAILER, one_compressed_page, one_page, read};
use proptest::prelude::*;
use sealkeeper_pades::{Document, Limit, Object, ReadError, Reference};

/// Reads everything there is to read; errors are fine.
fn exercise(bytes: &[u8]) {
    let Ok(document) = Document::open(bytes) else { return };
    _ = read(bytes);
    _ = document.revisions();
    _ = document.version();
    for index in 0..document.page_count().unwrap_or(0).min(8) {
        _ = document.page(index).map(|page| page.geometry());
    }
    for number in 0..document.next_free_number().min(32) {
        if let Ok(Object::Stream(stream)) = document.object(Reference { number, generation: 0 }) {
            _ = document.decode(&stream, 1 << 20);
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let form = Seed::new()
        .object(
            1,
            "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>/Metadata 6 0 R/Perms<</DocMDP 5 0 R>>>>",
        )
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
        .object(3, "<</Type/Page/Parent 2 0 R/CropBox[1.5 2 3e 4]/Rotate 90/UserUnit 2>>")
        .object(4, "<</T(a)/FT/Sig/V 5 0 R/Kids[<</Rect[0 0 1 1]/P 3 0 R>>]>>")
        .object(
            5,
            "<</Type/Sig/ByteRange[0 1 2 3]/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>]>>",
        )
        .stream(6, "/Filter/ASCIIHexDecode", b"3c782f3e>")
        .table("/Size 7/Root 1 0 R");
    let table = one_page().table(TRAILER);
    let updated = Seed::update(table.clone()).object(3, "<</Type/Page/Parent 2 0 R>>").table(TRAILER);
    let streams = one_compressed_page().xref_stream(5, STREAM_TRAILER);
    let plain_rows = one_compressed_page().rows(5).concat();
    let plain = one_compressed_page().xref_stream_of(5, STREAM_TRAILER, &plain_rows);
    vec![form, table, updated, streams, plain]
}

/// One change to a file.
#[derive(Debug, Clone)]
enum Mutation {
    Overwrite(prop::sample::Index, Vec<u8>),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Copy(prop::sample::Index, prop::sample::Index, usize),
}

fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let tokens: [&[u8]; 28] = [
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
        b")",
        b"%",
        b"/",
        b"1 0 R",
        b"2 0 R",
        b"3 0 R",
        b"4 0 R",
        b"5 0 R",
        b"obj",
        b"endobj",
        b"stream\n",
        b"endstream",
        b"xref\n",
        b"trailer",
        b"startxref\n",
        b"/Kids",
        b"/Prev 9",
        b"/Length",
        b"-1",
        b"4294967296",
        b"18446744073709551616",
        b"/XRefStm 9",
        b"/Count",
    ];
    prop_oneof![
        3 => prop::sample::select(tokens.to_vec()).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..6),
        2 => "[0-9]{1,4}".prop_map(String::into_bytes),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use prop::sample::Index;
    prop_oneof![
        4 => (any::<Index>(), fragment()).prop_map(|(at, with)| Mutation::Overwrite(at, with)),
        1 => (any::<Index>(), fragment()).prop_map(|(at, with)| Mutation::Insert(at, with)),
        1 => (any::<Index>(), 1..20usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (any::<Index>(), any::<Index>(), 1..60usize).prop_map(|(a, b, count)| Mutation::Copy(a, b, count)),
    ]
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    match mutation {
        Mutation::Overwrite(at, with) => {
            let at = at.index(bytes.len());
            let end = (at + with.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&with[..end - at]);
        }
        Mutation::Insert(at, with) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, with.iter().copied());
        }
        Mutation::Remove(at, count) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Mutation::Copy(from, to, count) => {
            let from = from.index(bytes.len());
            let piece = bytes[from..(from + count).min(bytes.len())].to_vec();
            let to = to.index(bytes.len());
            bytes.splice(to..to, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(which in 0..5usize, mutations in prop::collection::vec(mutation(), 1..5)) {
        let mut bytes = seeds().swap_remove(which);
        for mutation in &mutations {
            apply(&mut bytes, mutation);
        }
        exercise(&bytes);
    }

    #[test]
    fn mutated_object_bodies(body in prop::collection::vec(fragment(), 0..12)) {
        // The structure stays right, so that what is behind it is reached.
        let body = String::from_utf8_lossy(&body.concat()).into_owned();
        exercise(&one_page().object(4, &body).object(5, "1").table(TRAILER));
    }

    #[test]
    fn random_bytes(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise(&tail);
        exercise(&[b"%PDF-1.7 ", tail.as_slice(), b"startxref 9"].concat());
    }
}

#[test]
fn objects_hidden_in_each_other_do_not_multiply_the_work() {
    // 50,000 pages, each beginning in the comment of the one before and all ending together: read naively, 50,000 times 1.5 MB.
    let count = 50_000;
    let mut seed = Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>");
    let kids: String = (0..count).map(|page| format!("{} 0 R ", page + 3)).collect();
    seed = seed.object(2, &format!("<</Type/Pages/Count {count}/Kids[{kids}]>>"));
    for page in 0..count {
        seed.places.push((page + 3, crate::seed::Place::Offset(seed.bytes.len())));
        seed.bytes.extend_from_slice(format!("{} 0 obj<</Type/Page%", page + 3).as_bytes());
    }
    let bytes = seed.raw("\n>>endobj\n").table(TRAILER);
    let started = std::time::Instant::now();
    assert!(read(&bytes).is_err());
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

#[test]
fn one_large_object_named_often_is_read_once() {
    let large = format!("<</T(a)/X[{}]>>", "0 ".repeat(2_000_000));
    let seed = one_page().object(9, &large);
    let often = "9 0 R ".repeat(100_000);
    let form = Seed::new()
        .object(1, &format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{often}]>>>>"))
        .object(2, "<</Type/Pages/Kids[]/Count 0>>")
        .object(9, &large)
        .table(TRAILER);
    let pages = Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, &format!("<</Type/Pages/Kids[{often}]/Count 100000>>"))
        .object(9, &large)
        .table(TRAILER);
    let started = std::time::Instant::now();
    assert_eq!(read(&form), Ok(0));
    assert_eq!(crate::seed::damage(&pages), sealkeeper_pades::Damage::PageTree);
    assert_eq!(read(&seed.table(TRAILER)), Ok(1));
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

#[test]
fn many_bombs_do_not_add_up() {
    // 300 cross-reference streams in a chain, each with one entry and 60 kB more than it says.
    let rows = [crate::seed::deflate(&vec![0; 60_000])].concat();
    let mut bytes = one_page().xref_stream_of(5, &format!("{STREAM_TRAILER}/Filter/FlateDecode"), &{
        let plain = one_page().rows(5).concat();
        crate::seed::deflate(&plain)
    });
    for _ in 0..300 {
        let seed = Seed { places: Vec::new(), previous: Some(0), bytes };
        let previous = last_startxref(&seed.bytes);
        let seed = Seed { previous: Some(previous), ..seed };
        bytes = seed.xref_stream_of(6, &format!("{STREAM_TRAILER}/Filter/FlateDecode"), &rows);
    }
    let started = std::time::Instant::now();
    assert!(Document::open(&bytes).is_ok());
    assert!(started.elapsed().as_secs() < 10, "took {:?}", started.elapsed());
}

fn last_startxref(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&bytes[bytes.len() - 30..]).into_owned();
    text.split_whitespace().rev().nth(1).unwrap().parse().unwrap()
}

#[test]
fn coming_back_to_one_large_object_ends_at_a_limit() {
    let bytes = one_page().object(9, &format!("[{}]", "0 ".repeat(1_000_000))).table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    let reference = Reference { number: 9, generation: 0 };
    let started = std::time::Instant::now();
    let error = (0..200).find_map(|_| document.object(reference).err()).unwrap();
    assert!(matches!(error, ReadError::TooComplex { what: Limit::Work, .. }));
    assert!(started.elapsed().as_secs() < 60, "took {:?}", started.elapsed());
}
