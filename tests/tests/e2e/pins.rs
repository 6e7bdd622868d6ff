//! New PINs, PIN pads, and keys that ask for the PIN at each signature.

use sealkeeper_journal::{LockCause, PinChange, PinEntry, PinKind, PinTries, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, No, Rpc, documents, header, run};
use uuid::Uuid;

const NEW: &str = "e2e-NEW-PIN-5%";

async fn change(rpc: &Rpc, home: &AgentHome, old: &str, new: &str) -> Result<v1::Token, No> {
    let request = v1::ChangePinRequest {
        token_serial: home.token.serial().to_owned(),
        old_pin: old.as_bytes().to_vec(),
        new_pin: new.as_bytes().to_vec(),
        final_try: false,
    };
    Ok(rpc.tokens().change_pin(request).await?.into_inner().token.unwrap())
}

async fn set(rpc: &Rpc, home: &AgentHome, so_pin: &str, new: &str, final_try: bool) -> Result<v1::Token, No> {
    let request = v1::SetPinRequest {
        token_serial: home.token.serial().to_owned(),
        so_pin: so_pin.as_bytes().to_vec(),
        new_pin: new.as_bytes().to_vec(),
        final_try,
        one_time: false,
    };
    Ok(rpc.tokens().set_pin(request).await?.into_inner().token.unwrap())
}

fn wrong_pins(journal: &Journal) -> Vec<(PinKind, PinTries)> {
    let wrong = |body: &RecordBody| match body {
        RecordBody::WrongPin(wrong) => Some((wrong.pin, wrong.tries)),
        _ => None,
    };
    journal.records().filter_map(|record| wrong(&record.body)).collect()
}

fn changes(journal: &Journal) -> Vec<(PinChange, PinEntry)> {
    let changed = |body: &RecordBody| match body {
        RecordBody::PinChanged(changed) => Some((changed.how, changed.entry)),
        _ => None,
    };
    journal.records().filter_map(|record| changed(&record.body)).collect()
}

fn reason<T: std::fmt::Debug>(answer: Result<T, No>) -> String {
    answer.unwrap_err().reasons().join(" ")
}

#[test]
fn a_changed_pin_is_the_one_that_unlocks() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(reason(change(&rpc, &home, "not-the-PIN", NEW).await), "token-pin-wrong");
        assert_eq!(rpc.token(&home.token).await.wrong_pins, 1);
        assert_eq!(reason(change(&rpc, &home, home.token.pin(), "1").await), "token-pin-refused");
        for (old, new) in [("", NEW), (home.token.pin(), ""), ("a\nb", NEW)] {
            assert_eq!(reason(change(&rpc, &home, old, new).await), "token-pin-unusable");
        }
        let token = change(&rpc, &home, home.token.pin(), NEW).await.unwrap();
        assert_eq!((token.wrong_pins, token.pin_count_low), (0, false));
        assert_eq!(reason(rpc.try_unlock(&home.token, home.token.pin(), 1, 0).await), "token-pin-wrong");
        assert!(rpc.try_unlock(&home.token, NEW, 1, 0).await.unwrap().unlocked);

        let journal = rpc.journal().await;
        assert_eq!(wrong_pins(&journal), [(PinKind::User, PinTries::Low); 2]);
        assert_eq!(changes(&journal), [(PinChange::Changed, PinEntry::Caller)]);
    });
}

#[test]
fn an_unlock_outlives_a_change_of_its_pin() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;
        let token = change(&rpc, &home, home.token.pin(), NEW).await.unwrap();
        assert_eq!((token.unlocked, token.uses_left), (true, 2));
        let document = documents::page("changed");
        rpc.stamped(&document, header(&document)).await;
    });
}

#[test]
fn the_security_officer_frees_a_locked_pin() {
    run(async {
        let home = AgentHome::new().with_faults("[pin]\ntries = 1\nso_tries = 3");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(
            reason(rpc.try_unlock(&home.token, "not-the-PIN", 1, 0).await),
            "token-pin-final-try",
            "one try in all"
        );
        let request = v1::UnlockRequest {
            token_serial: home.token.serial().to_owned(),
            pin: b"not-the-PIN".to_vec(),
            final_try: true,
            ..Default::default()
        };
        assert_eq!(No::from(rpc.tokens().unlock(request).await.unwrap_err()).reasons(), ["token-pin-wrong"]);
        assert!(rpc.token(&home.token).await.pin_locked);
        assert_eq!(reason(change(&rpc, &home, home.token.pin(), NEW).await), "token-pin-locked");

        let so_pin = home.token.so_pin();
        assert_eq!(reason(set(&rpc, &home, "not-the-PIN", NEW, false).await), "token-so-pin-wrong");
        let token = set(&rpc, &home, so_pin, NEW, false).await.unwrap();
        assert_eq!((token.unlocked, token.pin_locked, token.so_pin_count_low), (false, false, false));
        let unlock = v1::UnlockRequest {
            token_serial: home.token.serial().to_owned(),
            pin: NEW.as_bytes().to_vec(),
            final_try: true,
            ..Default::default()
        };
        assert!(rpc.tokens().unlock(unlock).await.unwrap().into_inner().token.unwrap().unlocked);
        let journal = rpc.journal().await;
        assert_eq!(
            wrong_pins(&journal),
            [(PinKind::User, PinTries::Locked), (PinKind::SecurityOfficer, PinTries::Low)]
        );
        assert_eq!(changes(&journal), [(PinChange::SetBySecurityOfficer, PinEntry::Caller)]);
    });
}

#[test]
fn the_last_try_of_the_officers_pin_is_made_only_when_told() {
    run(async {
        let home = AgentHome::new().with_faults("[pin]\nso_tries = 2");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(reason(set(&rpc, &home, "not-the-PIN", NEW, false).await), "token-so-pin-wrong");
        assert_eq!(reason(set(&rpc, &home, home.token.so_pin(), NEW, false).await), "token-pin-final-try");
        assert_eq!(home.calls("C_Login"), ["CKR_PIN_INCORRECT"], "the right one was not tried");
        assert_eq!(reason(set(&rpc, &home, "not-the-PIN", NEW, true).await), "token-so-pin-wrong");
        assert_eq!(reason(set(&rpc, &home, home.token.so_pin(), NEW, true).await), "token-so-pin-locked");
        assert_eq!(home.calls("C_Login").len(), 2);
        let journal = rpc.journal().await;
        let officer = PinKind::SecurityOfficer;
        assert_eq!(wrong_pins(&journal), [(officer, PinTries::Final), (officer, PinTries::Locked)]);
        assert!(rpc.token(&home.token).await.so_pin_locked);
    });
}

#[test]
fn a_pin_set_anew_ends_the_unlock_and_the_record_says_who() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let token = set(&rpc, &home, home.token.so_pin(), NEW, false).await.unwrap();
        assert!(!token.unlocked);
        let journal = rpc.journal().await;
        let locked = journal.records().find_map(|record| match &record.body {
            RecordBody::TokenLocked(locked) => Some((locked.cause, locked.by.is_some())),
            _ => None,
        });
        assert_eq!(locked, Some((LockCause::Request, true)));
        let mut types = journal.types();
        // That the token was seen is recorded in its own time.
        types.retain(|name| *name != "token_inserted");
        assert_eq!(types[types.len() - 3..], ["token_unlocked", "token_locked", "pin_changed"]);
        rpc.try_unlock(&home.token, NEW, 1, 0).await.unwrap();
        let document = documents::page("set");
        rpc.stamped(&document, header(&document)).await;
    });
}

#[test]
fn pins_of_a_token_with_a_pad_are_typed_there_and_nowhere_else() {
    run(async {
        let template = AgentHome::new();
        let pad = format!("[pin]\npad = {:?}\npad_new = {NEW:?}\npad_ms = 300", template.token.pin());
        let home = template.with_faults(&pad);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert!(rpc.token(&home.token).await.protected_authentication_path);
        let pin = home.token.pin();
        assert_eq!(reason(rpc.try_unlock(&home.token, pin, 1, 0).await), "token-pin-pad");
        assert_eq!(reason(change(&rpc, &home, pin, NEW).await), "token-pin-pad");
        assert_eq!(reason(set(&rpc, &home, pin, NEW, false).await), "token-pin-pad");
        assert_eq!((home.calls("C_Login").len(), home.calls("C_SetPIN").len()), (0, 0));

        assert!(rpc.try_unlock(&home.token, "", 1, 0).await.unwrap().unlocked);
        set(&rpc, &home, "", "", false).await.unwrap();
        assert_eq!(home.calls("C_InitPIN"), ["CKR_OK"]);
        // Somebody types the old PIN, which is none any more.
        assert_eq!(reason(change(&rpc, &home, "", "").await), "token-pin-wrong");
        let journal = rpc.journal().await;
        assert_eq!(changes(&journal), [(PinChange::SetBySecurityOfficer, PinEntry::PinPad)]);
        let entry = journal.records().find_map(|record| match &record.body {
            RecordBody::WrongPin(wrong) => Some(wrong.entry),
            _ => None,
        });
        assert_eq!(entry, Some(PinEntry::PinPad));
    });
}

#[test]
fn a_pin_changed_on_the_pad_is_on_record_as_typed_there() {
    run(async {
        let template = AgentHome::new();
        let pad = format!("[pin]\npad = {:?}\npad_new = {NEW:?}", template.token.pin());
        let home = template.with_faults(&pad);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        change(&rpc, &home, "", "").await.unwrap();
        assert_eq!(home.calls("C_SetPIN"), ["CKR_OK"]);
        assert_eq!(changes(&rpc.journal().await), [(PinChange::Changed, PinEntry::PinPad)]);
    });
}

#[test]
fn a_key_that_asks_for_the_pin_stamps_with_the_right_one_only() {
    run(async {
        for stays_open in [false, true] {
            let faults = format!("always_authenticate = true\nrefused_sign_stays_open = {stays_open}");
            let home = AgentHome::new().with_faults(&faults);
            let _daemon = home.start();
            let rpc = Rpc::connect(&home.socket()).await;
            let unlocked = rpc.unlock(&home.token, 5).await;
            assert_eq!(unlocked.seals_asking_pin, unlocked.seals, "known once it is unlocked");
            let document = documents::page("asking");
            let asked = v1::SubmitHeader { copies: 2, ..header(&document) };
            let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
            let stamp = async |use_id, pin| {
                rpc.stamp_with_pin(&request_id, use_id, &prepared.prepared_sha256, pin).await
            };
            assert_eq!(reason(stamp(Uuid::new_v4(), "").await), "token-pin-needed");
            assert_eq!(rpc.journal().await.count("intent"), 0);

            let wrong = Uuid::new_v4();
            let no = stamp(wrong, "not-the-PIN").await.unwrap_err();
            assert!(matches!(no, No::NotDone { abandoned: false, .. }), "{no:?}");
            assert_eq!(no.reasons(), ["token-pin-wrong"]);
            let journal = rpc.journal().await;
            let (_, outcome) = journal.of_use(wrong);
            assert!(
                matches!(&outcome.body, RecordBody::Failed(failed) if failed.code.as_str() == "token-pin-wrong")
            );
            assert_eq!(wrong_pins(&journal), [(PinKind::ContextSpecific, PinTries::NotTold)]);
            assert_eq!(
                reason(stamp(wrong, home.token.pin()).await),
                "token-pin-wrong",
                "the use has its outcome"
            );

            // Nothing is left over of the refused signature, and the unlock still stands.
            for _ in 0..2 {
                stamp(Uuid::new_v4(), home.token.pin()).await.unwrap();
            }
            assert_eq!(rpc.token(&home.token).await.uses_left, 2);
            assert_eq!(rpc.token(&home.token).await.wrong_pins, 0);
        }
    });
}

#[test]
fn after_wrong_pins_at_signatures_none_is_tried_any_more() {
    run(async {
        let home = AgentHome::new().with_faults("always_authenticate = true\n[pin]\nflags = false");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 9).await;
        let document = documents::page("wrong");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        for _ in 0..3 {
            let no = rpc
                .stamp_with_pin(&request_id, Uuid::new_v4(), &prepared.prepared_sha256, "not-the-PIN")
                .await
                .unwrap_err();
            assert_eq!(no.reasons(), ["token-pin-wrong"]);
        }
        let again = rpc
            .stamp_with_pin(&request_id, Uuid::new_v4(), &prepared.prepared_sha256, home.token.pin())
            .await;
        assert_eq!(reason(again), "token-pin-wrong-repeatedly");
        assert_eq!(rpc.journal().await.count("intent"), 3);
    });
}

#[test]
fn the_pin_of_one_signature_is_typed_on_the_pad_where_there_is_one() {
    run(async {
        let template = AgentHome::new();
        let faults =
            format!("always_authenticate = true\n[pin]\npad = {:?}\npad_ms = 300", template.token.pin());
        let home = template.with_faults(&faults);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.try_unlock(&home.token, "", 3, 0).await.unwrap();
        let document = documents::page("pad");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let sent = rpc
            .stamp_with_pin(&request_id, Uuid::new_v4(), &prepared.prepared_sha256, home.token.pin())
            .await;
        assert_eq!(reason(sent), "token-pin-pad");
        rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap();
        assert_eq!(rpc.journal().await.types_from(2).iter().filter(|kind| **kind == "complete").count(), 1);
    });
}

#[test]
fn what_is_cancelled_on_the_pad_is_told_as_that_and_changes_nothing() {
    run(async {
        let template = AgentHome::new();
        let fault = |function: &str| {
            format!("[[fault]]\non = \"{function}\"\ndo = \"return\"\nrv = \"CKR_FUNCTION_CANCELED\"\n")
        };
        let pad = format!("[pin]\npad = {:?}\npad_new = {NEW:?}\n", template.token.pin());
        let home = template.with_faults(&(pad + &fault("C_SetPIN") + &fault("C_InitPIN")));
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(reason(change(&rpc, &home, "", "").await), "token-pin-pad-cancelled");
        assert_eq!(reason(set(&rpc, &home, "", "", false).await), "token-pin-pad-cancelled");
        let journal = rpc.journal().await;
        assert_eq!((journal.count("pin_changed"), journal.count("wrong_pin")), (0, 0));
        assert!(rpc.try_unlock(&home.token, "", 1, 0).await.unwrap().unlocked, "the PIN is the old one");
    });
}

/// What the agent holds for locked, the module must too: keys are made by whoever is logged in there.
#[test]
fn an_unlock_that_is_refused_leaves_no_earlier_one_behind() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let no = rpc.try_unlock(&home.token, "", 1, 0).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-pin-pad-missing"]);
        assert!(!rpc.token(&home.token).await.unlocked);
        let request = v1::GenerateKeyRequest {
            token_serial: home.token.serial().to_owned(),
            algorithm: "ec-p256".to_owned(),
            label: "新章".to_owned(),
            key_id: vec![0x42],
        };
        let no = No::from(rpc.tokens().generate_key(request).await.unwrap_err());
        assert_eq!(no.reasons(), ["token-locked"]);
        let journal = rpc.journal().await;
        assert_eq!((journal.count("token_unlocked"), journal.count("token_locked")), (1, 1));
    });
}
