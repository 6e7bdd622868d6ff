//! Objects: syntax, laziness, verbatim bytes.

use crate::seed::{TRAILER, one_page};
use sealkeeper_pades::{Damage, Document, Limit, Object, ReadError, Reference};

const FOUR: Reference = Reference { number: 4, generation: 0 };

/// What becomes of object 4 with this body.
fn with_object_4<T>(body: &str, look: impl FnOnce(Result<Object<'_>, ReadError>) -> T) -> T {
    let bytes = one_page().object(4, body).table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    look(document.object(FOUR))
}

fn damage_of(body: &str) -> Damage {
    with_object_4(body, |object| match object {
        Err(ReadError::Damaged { what, .. }) => what,
        other => panic!("{body}: {other:?}"),
    })
}

#[test]
fn every_kind_of_object() {
    with_object_4("true", |o| assert_eq!(o, Ok(Object::Boolean(true))));
    with_object_4("null", |o| assert_eq!(o, Ok(Object::Null)));
    with_object_4("-17", |o| assert_eq!(o, Ok(Object::Integer(-17))));
    with_object_4("+17", |o| assert_eq!(o, Ok(Object::Integer(17))));
    for (text, value) in [("-.5", -0.5), ("4.", 4.0), ("00.25", 0.25), ("99999999999999999999", 1e20)] {
        with_object_4(text, |o| match o {
            Ok(Object::Real(real)) => assert_eq!((real.value, real.raw), (value, text.as_bytes())),
            other => panic!("{other:?}"),
        });
    }
    with_object_4("5 0 R", |o| assert_eq!(o, Ok(Object::Reference(Reference { number: 5, generation: 0 }))));
    with_object_4("/A#42c", |o| {
        let name = o.unwrap().as_name().unwrap();
        assert!(name.is("ABc") && name.raw() == b"A#42c");
    });
    with_object_4("(a\\(b\\051\\101\\\r\n(c)\r\n)", |o| {
        assert_eq!(o.unwrap().as_string().unwrap().bytes().as_ref(), b"a(b)A(c)\n");
    });
    with_object_4("<48 656C6C6f 2>", |o| {
        let string = o.unwrap().as_string().unwrap();
        assert!(string.is_hexadecimal());
        assert_eq!(string.text(), "Hello ");
    });
    with_object_4("<FEFF76D67AE0>", |o| assert_eq!(o.unwrap().as_string().unwrap().text(), "盖章"));
    with_object_4("(\\200\\240x)", |o| assert_eq!(o.unwrap().as_string().unwrap().text(), "•€x"));
}

#[test]
fn untouched_entries_keep_their_bytes() {
    with_object_4("<</A [1 2  0 R %c\n(]) ] /B<</C<</D/E>>>>/A#43 3.10\n>>", |object| {
        let dictionary = object.unwrap();
        let dictionary = dictionary.as_dictionary().unwrap();
        assert_eq!(dictionary.get_raw("A"), Some(&b"[1 2  0 R %c\n(]) ]"[..]));
        assert_eq!(dictionary.get_raw("B"), Some(&b"<</C<</D/E>>>>"[..]));
        assert_eq!(dictionary.get_raw("AC"), Some(&b"3.10"[..]));
        let keys: Vec<_> = dictionary.iter().map(|(key, _)| key.raw()).collect();
        assert_eq!(keys, [&b"A"[..], b"B", b"A#43"]);
        let array = dictionary.get("A").unwrap().as_array().unwrap();
        let elements: Vec<_> = array.iter_raw().collect();
        assert_eq!(elements, [&b"1"[..], b"2  0 R", b"(])"]);
        assert_eq!(array.len(), 3);
    });
}

#[test]
fn a_key_that_comes_twice_counts_once_if_it_says_the_same() {
    with_object_4("<</A 1/B 2/A 1>>", |o| assert!(o.is_ok()));
    assert_eq!(damage_of("<</A 1/B 2/A 3>>"), Damage::DuplicateKey);
    assert_eq!(damage_of("<</A 1/#41 3>>"), Damage::DuplicateKey);
    // One level deeper it matters only to who looks there.
    with_object_4("<</B<</A 1/A 3>>>>", |o| {
        let outer = o.unwrap();
        assert!(outer.as_dictionary().unwrap().get("B").is_err());
    });
}

#[test]
fn malformed_objects() {
    for body in [
        "<</A>>",
        "<4x>",
        "<</A 1>]",
        "[1>>",
        "<<1 2>>",
        "<</A 1 2>>",
        "]",
        ">>",
        ")",
        "--5",
        "5-3",
        "1.2.3",
        ".",
        "nul",
        "<</A endobj>>",
        "<</A nul>>",
        "[True]",
        "[stream]",
        "[5 R]",
        "/A{b",
        "[{]",
        "99999999999 0 R",
        "1 99999 R",
        "",
        "<<[]/A>>",
    ] {
        assert_eq!(damage_of(body), Damage::Syntax, "{body}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    with_object_4(&deep(256), |o| assert!(o.is_ok()));
    with_object_4(&deep(257), |o| {
        assert!(matches!(o, Err(ReadError::TooComplex { what: Limit::Nesting, .. })));
    });
    with_object_4(&"<</A".repeat(100_000), |o| assert!(o.is_err()));
    with_object_4(&"(".repeat(100_000), |o| assert!(o.is_err()));
}

#[test]
fn an_object_ends_before_the_next_begins() {
    // Object 4 would swallow object 5: in a string, in a comment, in a dictionary.
    for head in ["(", "[ %", "<</A ("] {
        let bytes = one_page().raw("4 0 obj ").raw(head);
        let mut seed = bytes.clone();
        let offset = one_page().bytes.len();
        seed.places.push((4, crate::seed::Place::Offset(offset)));
        let seed = seed.object(5, "null").raw(")>>\n]");
        let file = seed.table(TRAILER);
        let document = Document::open(&file).unwrap();
        let error = document.object(FOUR).unwrap_err();
        assert!(matches!(error, ReadError::Damaged { what: Damage::Overlap, .. }), "{head}: {error}");
    }
}

#[test]
fn references_are_followed_to_an_end() {
    let bytes = one_page()
        .object(4, "5 0 R")
        .object(5, "6 0 R")
        .object(6, "42")
        .object(7, "8 0 R")
        .object(8, "7 0 R")
        .table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    let resolve = |number| document.resolve(Object::Reference(Reference { number, generation: 0 }));
    assert_eq!(resolve(4), Ok(Object::Integer(42)));
    assert!(matches!(resolve(7), Err(ReadError::Damaged { what: Damage::ReferenceLoop, .. })));
}
