//! Modules that take their process with them.

use std::os::unix::process::ExitStatusExt;

use crate::{
    client::{Client, sign},
    place::{Ended, Place, dies, in_turns},
};

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

fn signs_with(place: &Place, fault: &str) {
    let client = Client::new(place);
    let (session, key) = client.ready();
    place.set(&format!("[[fault]]\non = \"C_Sign\"\n{fault}"));
    sign(&session, key).unwrap();
}

#[track_caller]
fn assert_died(ended: &Ended, signal: Option<i32>, code: Option<i32>, function: &str, outcome: &str) {
    assert_eq!((ended.status.signal(), ended.status.code()), (signal, code), "{}", ended.output);
    let last = ended.last_call();
    assert_eq!((last.function.as_str(), last.outcome.as_str()), (function, outcome));
}

#[test]
fn aborts() {
    let ended = dies(|place| signs_with(place, "do = \"abort\""));
    assert_died(&ended, Some(SIGABRT), None, "C_Sign", "ABORTS");
}

#[test]
fn aborts_once_the_token_has_signed() {
    let ended = dies(|place| signs_with(place, "when = \"after\"\ndo = \"abort\""));
    assert_died(&ended, Some(SIGABRT), None, "C_Sign", "ABORTS");
}

#[test]
fn segfaults() {
    let ended = dies(|place| signs_with(place, "do = \"segfault\""));
    assert_died(&ended, Some(SIGSEGV), None, "C_Sign", "SEGFAULTS");
}

#[test]
fn exits() {
    let ended = dies(|place| signs_with(place, "do = \"exit\"\ncode = 42"));
    assert_died(&ended, None, Some(42), "C_Sign", "EXITS");
}

#[test]
fn dies_at_load() {
    let ended = dies(|place| {
        place.set("[[fault]]\non = \"C_GetFunctionList\"\ndo = \"abort\"");
        Client::not_initialized(place);
    });
    assert_died(&ended, Some(SIGABRT), None, "C_GetFunctionList", "ABORTS");
}

#[test]
fn dies_at_initialisation() {
    let ended = dies(|place| {
        place.set("[[fault]]\non = \"C_Initialize\"\ndo = \"segfault\"");
        Client::new(place);
    });
    assert_died(&ended, Some(SIGSEGV), None, "C_Initialize", "SEGFAULTS");
}

#[test]
fn dies_at_finalisation() {
    let ended = dies(|place| {
        place.set("[[fault]]\non = \"C_Finalize\"\ndo = \"exit\"\ncode = 43");
        Client::new(place).pkcs11.finalize().unwrap();
    });
    assert_died(&ended, None, Some(43), "C_Finalize", "EXITS");
}

#[test]
fn dies_on_a_later_call_only() {
    let ended = dies(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[fault]]\non = \"C_Sign\"\ncall = 3\ndo = \"abort\"");
        sign(&session, key).unwrap();
        sign(&session, key).unwrap();
        let _ = sign(&session, key);
    });
    assert_died(&ended, Some(SIGABRT), None, "C_Sign", "ABORTS");
}

#[test]
fn the_successor_of_one_that_died_lives() {
    in_turns(2, |place| {
        place.set("[[fault]]\non = \"C_Sign\"\ntimes = 1\ndo = \"exit\"\ncode = 0");
        let client = Client::new(place);
        let (session, key) = client.ready();
        let signature = sign(&session, key);
        assert_eq!(place.turn, 2, "the first process has ended in C_Sign");
        assert_eq!(signature.unwrap().len(), 64);
        assert_eq!(place.outcomes("C_Sign"), ["CKR_OK", "EXITS", "CKR_OK", "CKR_OK"]);
    });
}
