//! Whose PIN a token has, and copies of the store.

use std::os::unix::fs::PermissionsExt;

use sealkeeper_journal::{Mode, PinChange, PinChanged, PinEntry, Record};

use super::{
    office::{act, made_office},
    *,
};
use crate::pipeline::{
    identify::Origin,
    ports::ledger::{FiledAct, TokenPin},
    scribe::{Scribe, id},
};

fn pin(person: &str, one_time: bool) -> TokenPin {
    TokenPin { serial: "1".parse().unwrap(), person: person.parse().unwrap(), one_time }
}

fn new_pin(person: &str, how: PinChange) -> Entry {
    let write = |draft: &mut crate::pipeline::scribe::Draft<'_>| {
        let person = draft.registered("by.person", &person.parse().unwrap(), "某")?;
        let by =
            sealkeeper_journal::Actor { person, from: draft.endpoint("by.from", Origin::Local { uid: 7 })? };
        Ok(RecordBody::PinChanged(PinChanged { token_serial: id("1")?, by, entry: PinEntry::Caller, how }))
    };
    Scribe::new("desk-7").entry(write).unwrap()
}

#[tokio::test]
async fn whose_pin_a_token_has_is_told_by_the_last_record_of_it_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let mut store = Store::open(&path, Arc::new(Epoch)).unwrap();
    assert_eq!(store.token_pins().await.unwrap(), []);
    let hand_over = |number, from: &str| FiledAct {
        left_behind: Some(pin(from, false)),
        ..act(number, "seal-hand-over", vec![])
    };
    store.record_act(hand_over(1, "p-1")).await.unwrap();
    assert_eq!(store.token_pins().await.unwrap(), [pin("p-1", false)], "it is the outgoing custodian's");
    store.append(new_pin("p-2", PinChange::SetOneTime)).await.unwrap();
    assert_eq!(store.token_pins().await.unwrap(), [pin("p-2", true)]);
    store.close();

    store = Store::open(&path, Arc::new(Epoch)).unwrap();
    // A one-time PIN that was set beforehand is still one after the next hand-over.
    store.record_act(hand_over(2, "p-3")).await.unwrap();
    assert_eq!(store.token_pins().await.unwrap(), [pin("p-2", true)]);
    store.append(new_pin("p-2", PinChange::Changed)).await.unwrap();
    assert_eq!(store.token_pins().await.unwrap(), [pin("p-2", false)]);
    store.append(new_pin("p-4", PinChange::SetBySecurityOfficer)).await.unwrap();
    assert_eq!(store.token_pins().await.unwrap(), [pin("p-4", false)]);
    store.close();
}

#[tokio::test]
async fn a_copy_holds_the_journal_as_of_one_moment_and_can_be_opened_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&made(directory.path()), Arc::new(Epoch)).unwrap();
    for _ in 0..3 {
        store.append(entry()).await.unwrap();
    }
    let before = store.head();
    let copy = directory.path().join("copy.db");
    assert_eq!(store.back_up(copy.clone()).await.unwrap(), before);
    store.append(entry()).await.unwrap();
    assert!(!copy.with_extension("db-wal").exists() && !copy.with_extension("db-shm").exists());
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o111, 0);
    assert!(store.back_up(copy.clone()).await.is_err(), "nothing is written over");
    assert!(store.is_open(), "a copy that fails takes nothing down");

    let restored = Store::open(&copy, Arc::new(Epoch)).unwrap();
    assert_eq!((restored.head(), restored.identity()), (before, store.identity()));
    let records = restored.records(0, 10, Vec::new()).await.unwrap();
    assert!(records.iter().all(|stored| Record::parse(&stored.bytes).unwrap().mode == Mode::Solo));
    restored.append(entry()).await.unwrap();
    assert_eq!(restored.head(), store.head(), "it goes on where it was");
    let connection = Connection::open(&copy).unwrap();
    assert!(connection.execute("DELETE FROM records", []).is_err(), "as well guarded as the original");
    restored.close();
    store.close();
}
