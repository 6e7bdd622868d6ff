//! Cross-reference streams, object streams, and stream data.

use crate::seed::{
    Place, STREAM_TRAILER, Seed, TRAILER, damage, deflate, one_compressed_page, one_page, read, refusal,
};
use sealkeeper_pades::{Damage, Document, Limit, Object, ReadError, Reference, XrefStyle};

const FOUR: Reference = Reference { number: 4, generation: 0 };

#[test]
fn a_file_with_streams_is_read() {
    let bytes = one_compressed_page().xref_stream(5, STREAM_TRAILER);
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.xref_style(), XrefStyle::Stream);
    assert_eq!(document.next_free_number(), 6);
    assert_eq!(read(&bytes), Ok(1));
    let revisions = document.revisions();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].end, bytes.len() as u64);
}

#[test]
fn every_filter_that_structure_may_stand_behind() {
    let seed = one_compressed_page();
    let plain = seed.rows(5).concat();
    let hexadecimal: String =
        plain.iter().map(|byte| format!("{byte:02x}")).chain([">".to_owned()]).collect();
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&plain).unwrap();
    let runs: Vec<u8> =
        plain.chunks(128).flat_map(|run| [&[run.len() as u8 - 1], run].concat()).chain([128]).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("", plain.clone()),
        ("/Filter/FlateDecode", deflate(&plain)),
        ("/Filter[/ASCIIHexDecode]", hexadecimal.clone().into_bytes()),
        ("/Filter[/FlateDecode/ASCIIHexDecode]/DecodeParms[null null]", deflate(hexadecimal.as_bytes())),
        ("/Filter/LZWDecode", lzw),
        ("/Filter/RunLengthDecode", runs),
        // More data than entries: what follows is not read by anyone.
        ("/Filter/FlateDecode", deflate(&[plain.clone(), vec![0; 9]].concat())),
    ];
    for (filter, data) in cases {
        let bytes = seed.clone().xref_stream_of(5, &format!("{STREAM_TRAILER}{filter}"), &data);
        assert_eq!(read(&bytes), Ok(1), "{filter}");
    }
}

#[test]
fn malformed_cross_reference_streams() {
    let seed = one_compressed_page();
    let plain = seed.rows(5).concat();
    let with = |entries: &str, data: &[u8]| seed.clone().xref_stream_of(5, entries, data);
    let text = |from: &str, to: &str| {
        let bytes = with(STREAM_TRAILER, &plain);
        let at = bytes.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
        assert_eq!(from.len(), to.len());
        [&bytes[..at], to.as_bytes(), &bytes[at + to.len()..]].concat()
    };
    assert_eq!(damage(&with(STREAM_TRAILER, &plain[..plain.len() - 1])), Damage::XrefStream);
    assert_eq!(damage(&with(&format!("{STREAM_TRAILER}/Filter/FlateDecode"), &plain)), Damage::Filter);
    let unknown_type = [&plain[..plain.len() - 7], &[3, 0, 0, 0, 0, 0, 0][..]].concat();
    assert_eq!(damage(&with(STREAM_TRAILER, &unknown_type)), Damage::XrefStream);
    assert_eq!(damage(&with(&format!("{STREAM_TRAILER}/Filter/JPXDecode"), &plain)), Damage::Filter);
    assert_eq!(damage(&with("/Root 1 0 R", &plain)), Damage::Trailer);
    assert_eq!(damage(&text("/W[1 4 2]", "/W[0 0 0]")), Damage::XrefStream);
    assert_eq!(damage(&text("/W[1 4 2]", "/W[9 4 2]")), Damage::XrefStream);
    assert_eq!(damage(&text("/W[1 4 2]", "/W [1 42]")), Damage::XrefStream);
    assert_eq!(damage(&text("/Type/XRef", "/Type/XReg")), Damage::NoSection);
    assert_eq!(damage(&text("/Length", "/Lenght")), Damage::XrefStream);
    assert_eq!(damage(&text("endstream", "endstraem")), Damage::StreamLength);
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let rows = deflate(&vec![0; 80 << 20]);
    let bytes = one_page().xref_stream_of(5, &format!("{STREAM_TRAILER}/Filter/FlateDecode"), &rows);
    assert!(matches!(refusal(&bytes), ReadError::TooComplex { what: Limit::Decoded, .. }));
}

#[test]
fn object_streams_must_tell_the_truth() {
    let broken = |change: fn(&mut Seed)| {
        let mut seed = one_compressed_page();
        change(&mut seed);
        damage(&seed.xref_stream(5, STREAM_TRAILER))
    };
    // The index of another object, an index too high, no such stream, a stream that is none.
    assert_eq!(broken(|seed| seed.places[1].1 = Place::Inside { stream: 4, index: 1 }), Damage::ObjectStream);
    assert_eq!(broken(|seed| seed.places[1].1 = Place::Inside { stream: 4, index: 7 }), Damage::ObjectStream);
    assert_eq!(
        broken(|seed| seed.places[1].1 = Place::Inside { stream: 77, index: 0 }),
        Damage::ObjectStream
    );
    assert_eq!(broken(|seed| seed.places[1].1 = Place::Inside { stream: 1, index: 0 }), Damage::ObjectStream);
    // A stream within itself.
    assert_eq!(broken(|seed| seed.places[3].1 = Place::Inside { stream: 4, index: 0 }), Damage::ObjectStream);
    // A malformed neighbour that nobody looks at.
    let neighbour =
        one_compressed_page().object_stream(6, &[(7, "<</Type/Pages/Kids[]/Count 0>>"), (8, "[nul]")]);
    let mut seed = neighbour.clone();
    seed.places[0].1 = Place::Offset(seed.bytes.len());
    let seed = seed.raw("1 0 obj <</Pages 7 0 R>> endobj\n");
    assert_eq!(damage(&seed.xref_stream(5, STREAM_TRAILER)), Damage::ObjectStream);
    // An object that goes on where its place ends.
    let two = [(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>"), (3, "<</Type/Page>> null")];
    let seed = Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>").object_stream(4, &two);
    assert_eq!(damage(&seed.xref_stream(5, STREAM_TRAILER)), Damage::ObjectStream);
}

#[test]
fn the_length_of_an_object_stream_is_not_in_an_object_stream() {
    let seed = Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>");
    let mut seed = seed.raw("");
    let at = seed.bytes.len();
    seed =
        seed.raw("4 0 obj\n<</Type/ObjStm/N 1/First 4/Length 2 0 R>>\nstream\n2 0 99\nendstream\nendobj\n");
    seed.places.extend([(4, Place::Offset(at)), (2, Place::Inside { stream: 4, index: 0 })]);
    assert_eq!(damage(&seed.xref_stream(5, STREAM_TRAILER)), Damage::ObjectStream);
}

#[test]
fn stream_data_must_end_where_the_length_says() {
    let decode = |dictionary: &str, body: &str| {
        let bytes = one_page().object(4, &format!("<<{dictionary}>>{body}")).object(5, "3").table(TRAILER);
        let document = Document::open(&bytes).unwrap();
        let Object::Stream(stream) = document.object(FOUR).unwrap() else { panic!("no stream") };
        document.decode(&stream, 1_000).map(|plain| plain.into_owned())
    };
    let good: [(&str, &str); 6] = [
        ("/Length 3", "stream\nabc\nendstream"),
        ("/Length 3", "stream\r\nabc\r\nendstream"),
        ("/Length 3", "stream\nabcendstream"),
        ("/Length 3", "\nstream  \nabc endstream"),
        ("/Length 5 0 R", "stream\nabc\nendstream"),
        ("/Length 6/Filter[/AHx]", "stream\n616263\nendstream"),
    ];
    for (dictionary, body) in good {
        assert_eq!(decode(dictionary, body).as_deref(), Ok(&b"abc"[..]), "{dictionary} {body}");
    }
    let wrong: [(&str, &str); 7] = [
        ("/Length 2", "stream\nabc\nendstream"),
        ("/Length 4", "stream\nabcendstream"),
        ("/Length 9999", "stream\nabc\nendstream"),
        ("/Length -1", "stream\nabc\nendstream"),
        ("/Length 3", "stream\rabc\nendstream"),
        ("/Length 3", "streamabc\nendstream"),
        ("", "stream\nabc\nendstream"),
    ];
    for (dictionary, body) in wrong {
        let error = decode(dictionary, body).unwrap_err();
        assert!(
            matches!(error, ReadError::Damaged { what: Damage::StreamLength, .. }),
            "{dictionary} {body}"
        );
    }
    let external = decode("/Length 3/F(elsewhere)", "stream\nabc\nendstream").unwrap_err();
    assert!(matches!(external, ReadError::Damaged { what: Damage::Filter, .. }));
}

#[test]
fn a_stream_may_not_reach_into_the_next_object() {
    let body = "<</Length 41>>stream\n";
    let bytes = one_page().object(4, body).object(5, "(endstream)").table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    let Object::Stream(stream) = document.object(FOUR).unwrap() else { panic!("no stream") };
    assert!(matches!(
        document.stream_data(&stream),
        Err(ReadError::Damaged { what: Damage::StreamLength, .. })
    ));
}

#[test]
fn a_wrong_entry_of_a_cross_reference_stream_for_itself_is_harmless() {
    let seed = one_compressed_page();
    let mut rows = seed.rows(5);
    // The last one is its own.
    if let Some(own) = rows.last_mut() {
        own[1..5].copy_from_slice(&3u32.to_be_bytes());
    }
    let bytes = seed.xref_stream_of(5, STREAM_TRAILER, &rows.concat());
    assert_eq!(read(&bytes), Ok(1));
    // Any other wrong one is not.
    let seed = one_compressed_page();
    let mut rows = seed.rows(5);
    rows[0][1..5].copy_from_slice(&3u32.to_be_bytes());
    assert_eq!(damage(&seed.xref_stream_of(5, STREAM_TRAILER, &rows.concat())), Damage::WrongOffset);
}
