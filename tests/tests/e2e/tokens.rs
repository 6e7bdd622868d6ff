//! Unlocking and locking: one try of a PIN, so many uses, so long an idle time, and all of it on record.

use sealkeeper_journal::{LockCause, PinEntry, PinKind, PinTries, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, No, Rpc, Seal, documents, eventually, header, run};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// The causes of all `token_locked` records.
fn lock_causes(journal: &Journal) -> Vec<LockCause> {
    let cause = |body: &RecordBody| match body {
        RecordBody::TokenLocked(locked) => Some(locked.cause),
        _ => None,
    };
    journal.records().filter_map(|record| cause(&record.body)).collect()
}

async fn locked_again(rpc: &Rpc, causes: &[LockCause]) {
    let all = async || (lock_causes(&rpc.journal().await) == causes).then_some(());
    eventually("the record of the lock", all).await;
}

/// Reason and tries left of an unlock with this PIN, which must fail.
async fn refused_pin(rpc: &Rpc, home: &AgentHome, pin: &str, final_try: bool) -> (String, String) {
    let (token_serial, pin) = (home.token.serial().to_owned(), pin.as_bytes().to_vec());
    let request = v1::UnlockRequest { token_serial, pin, final_try, ..Default::default() };
    let status = rpc.tokens().unlock(request).await.unwrap_err();
    let mut info = status.get_details_error_info().unwrap();
    (info.reason, info.metadata.remove("tries-left").unwrap())
}

#[test]
fn a_wrong_pin_is_tried_once_told_once_and_on_record_once() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let no = rpc.try_unlock(&home.token, "not-the-PIN", 1, 0).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-pin-wrong"]);
        assert!(matches!(no, No::Status(tonic::Code::FailedPrecondition, _)));
        let journal = rpc.journal().await;
        assert_eq!(
            journal.count("wrong_pin"),
            1,
            "a retry would have left a second one: {:?}",
            journal.types()
        );
        let wrong = journal.records().find_map(|record| match &record.body {
            RecordBody::WrongPin(wrong) => Some(wrong),
            _ => None,
        });
        let wrong = wrong.unwrap();
        assert_eq!(wrong.token_serial.as_str(), home.token.serial());
        assert_eq!((wrong.pin, wrong.entry), (PinKind::User, PinEntry::Caller));
        // SoftHSM tells of one failed try by CKF_USER_PIN_COUNT_LOW and takes it back after a right one.
        assert!(rpc.token(&home.token).await.pin_count_low);
        rpc.unlock(&home.token, 1).await;
        assert!(!rpc.token(&home.token).await.pin_count_low);
        assert_eq!(rpc.journal().await.count("token_unlocked"), 1);
    });
}

#[test]
fn the_last_try_is_made_only_when_told() {
    run(async {
        let home = AgentHome::new().with_faults("[pin]\ntries = 3");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        for tries_left in ["few", "one"] {
            let told = refused_pin(&rpc, &home, "not-the-PIN", false).await;
            assert_eq!(told, ("token-pin-wrong".to_owned(), tries_left.to_owned()));
        }
        assert!(rpc.token(&home.token).await.pin_final_try);

        // The PIN is right, and is not tried, by the contract or by the command line.
        let told = refused_pin(&rpc, &home, home.token.pin(), false).await;
        assert_eq!(told, ("token-pin-final-try".to_owned(), "one".to_owned()));
        let said = Seal::new(&home).run_with(home.token.pin(), &["token", "unlock", "--pin-fd", "0"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains("--final-try"), "{said:?}");
        assert_eq!(home.calls("C_Login"), ["CKR_PIN_INCORRECT"; 2]);
        assert_eq!(rpc.journal().await.count("wrong_pin"), 2);

        let unlock = ["token", "unlock", "--final-try", "--pin-fd", "0"];
        let said = Seal::new(&home).run_with(home.token.pin(), &unlock);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.err.contains("one PIN try is left"), "{said:?}");
        assert_eq!(home.calls("C_Login"), ["CKR_PIN_INCORRECT", "CKR_PIN_INCORRECT", "CKR_OK"]);
        let token = rpc.token(&home.token).await;
        assert!(token.unlocked && !token.pin_final_try, "the right PIN gives the tries back");
    });
}

#[test]
fn a_last_try_that_is_wrong_is_told_as_the_lock_it_is() {
    run(async {
        let home = AgentHome::new().with_faults("[pin]\ntries = 1");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let told = refused_pin(&rpc, &home, "not-the-PIN", true).await;
        assert_eq!(told, ("token-pin-wrong".to_owned(), "none".to_owned()));
        let journal = rpc.journal().await;
        let tries = journal.records().find_map(|record| match &record.body {
            RecordBody::WrongPin(wrong) => Some(wrong.tries),
            _ => None,
        });
        assert_eq!(tries, Some(PinTries::Locked));
        // Being told to makes no difference to a PIN that is locked.
        let told = refused_pin(&rpc, &home, home.token.pin(), true).await;
        assert_eq!(told, ("token-pin-locked".to_owned(), "none".to_owned()));
        assert_eq!(home.calls("C_Login"), ["CKR_PIN_INCORRECT"]);
        assert_eq!(rpc.journal().await.count("wrong_pin"), 1);
    });
}

#[test]
fn pins_that_no_token_takes_never_reach_it() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let unusable = "token-pin-unusable";
        // None at all stands for a PIN that is typed on the token, which has no pad.
        let pins = [("", "token-pin-pad-missing"), ("with\nnewline", unusable), (&"9".repeat(256), unusable)];
        for (pin, reason) in pins {
            let no = rpc.try_unlock(&home.token, pin, 1, 0).await.unwrap_err();
            assert_eq!(no.reasons(), [reason]);
        }
        assert!(!rpc.token(&home.token).await.pin_count_low, "not a try");
        assert_eq!(rpc.journal().await.count("wrong_pin"), 0);
        let token_serial = "0000000000000000".to_owned();
        let request = v1::UnlockRequest { token_serial, pin: b"1234".to_vec(), ..Default::default() };
        assert_eq!(No::from(rpc.tokens().unlock(request).await.unwrap_err()).reasons(), ["token-absent"]);
    });
}

#[test]
fn an_unlock_beyond_the_policy_is_refused_and_unlocks_nothing() {
    run(async {
        let home = AgentHome::new();
        home.change_policy("max_uses = 10000", "max_uses = 3");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let hours = 2 * 60 * 60 * 1000;
        for (uses, idle_ms) in [(4, 0), (1, hours)] {
            let no = rpc.try_unlock(&home.token, home.token.pin(), uses, idle_ms).await.unwrap_err();
            assert_eq!(no.reasons(), ["unlock-beyond-policy"]);
        }
        assert!(!rpc.token(&home.token).await.unlocked);
        let unlocked = rpc.unlock(&home.token, 3).await;
        assert_eq!((unlocked.unlocked, unlocked.uses_left), (true, 3));
        let unlocked = rpc.unlock(&home.token, 0).await;
        assert_eq!((unlocked.unlocked, unlocked.uses_left), (true, 1), "one use unless told otherwise");
    });
}

#[test]
fn unlocks_at_once_end_in_the_one_that_came_last_and_a_lock_ends_it() {
    run(async {
        let home = AgentHome::new().with_faults("");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        for _ in 0..5 {
            let unlocks = [3, 5, 7, 9].map(|uses| {
                let (rpc, serial, pin) =
                    (rpc.clone(), home.token.serial().to_owned(), home.token.pin().as_bytes().to_vec());
                let request = v1::UnlockRequest { token_serial: serial, pin, uses, ..Default::default() };
                tokio::spawn(async move { rpc.tokens().unlock(request).await })
            });
            for unlock in unlocks {
                unlock.await.unwrap().unwrap();
            }
            let journal = rpc.journal().await;
            let last = journal.records().filter_map(|record| match &record.body {
                RecordBody::TokenUnlocked(unlocked) => unlocked.uses,
                _ => None,
            });
            assert_eq!(last.last(), Some(rpc.token(&home.token).await.uses_left.into()));
            assert!(rpc.lock(&home.token).await);
        }
        let both =
            home.all_calls().into_iter().filter(|call| ["C_Login", "C_Logout"].contains(&&*call.function));
        let both: Vec<_> = both.map(|call| call.function).collect();
        assert_eq!(both, ["C_Login", "C_Logout"].repeat(20), "no login is left behind");
    });
}

#[test]
fn a_locked_token_refuses_and_leaves_no_intent() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("locked");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let use_id = Uuid::new_v4();
        let no = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-locked"]);
        let journal = rpc.journal().await;
        assert_eq!(
            (journal.count("intent"), journal.refused_codes()),
            (0, vec![vec!["token-locked".to_owned()]])
        );
        // The same id may be sent again once the cause is gone.
        rpc.unlock(&home.token, 1).await;
        rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        rpc.journal().await.of_use(use_id);
    });
}

#[test]
fn spent_uses_lock_the_token_again() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;
        for copy in ["one", "two"] {
            let document = documents::page(copy);
            rpc.stamped(&document, header(&document)).await;
        }
        assert!(!rpc.token(&home.token).await.unlocked);
        locked_again(&rpc, &[LockCause::UsesSpent]).await;
        let document = documents::page("three");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-locked"]);
        assert_eq!(rpc.journal().await.count("intent"), 2);
    });
}

#[test]
fn an_idle_token_locks_by_itself() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let unlocked = rpc.try_unlock(&home.token, home.token.pin(), 10, 200).await.unwrap();
        assert!(unlocked.unlocked);
        locked_again(&rpc, &[LockCause::Idle]).await;
        assert!(!rpc.token(&home.token).await.unlocked);
        let unlock = rpc.journal().await;
        let limits = unlock.records().find_map(|record| match &record.body {
            RecordBody::TokenUnlocked(unlocked) => Some((unlocked.uses, unlocked.idle_us)),
            _ => None,
        });
        assert_eq!(limits, Some((Some(10), Some(200_000))));
    });
}

#[test]
fn locking_on_request_says_who_and_a_second_time_is_no_error() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert!(!rpc.lock(&home.token).await, "was locked already");
        rpc.unlock(&home.token, 10).await;
        assert!(rpc.lock(&home.token).await);
        assert!(!rpc.lock(&home.token).await);
        let journal = rpc.journal().await;
        let locked = journal.records().find_map(|record| match &record.body {
            RecordBody::TokenLocked(locked) => Some(locked),
            _ => None,
        });
        assert!(locked.unwrap().by.is_some());
        // What is unlocked when the agent ends is locked by its end.
        rpc.unlock(&home.token, 10).await;
        daemon.stop();
        let journal = Journal::on_disk(&home.path());
        assert_eq!(lock_causes(&journal), [LockCause::Request, LockCause::Shutdown]);
        assert_eq!(journal.types().last(), Some(&"agent_stopped"));
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert!(!rpc.token(&home.token).await.unlocked, "an unlock does not outlive the agent");
    });
}

#[test]
fn a_token_that_went_away_takes_its_unlock_with_it() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::contract();
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        rpc.unlock(&home.token, 5).await;
        std::fs::remove_dir_all(home.token.settings().with_file_name("tokens")).unwrap();
        rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        let journal = eventually("the end of the unlock", async || {
            let journal = rpc.journal().await;
            (journal.count("token_locked") == 1).then_some(journal)
        })
        .await;
        assert_eq!(lock_causes(&journal), [LockCause::Removed]);
    });
}
