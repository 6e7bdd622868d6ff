//! Unlocking and locking: one try of a PIN, so many uses, so long an idle time, and all of it on record.

use sealkeeper_journal::{LockCause, PinEntry, PinKind, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, No, Rpc, documents, eventually, header, run};
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
fn pins_that_no_token_takes_never_reach_it() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        for pin in ["", "with\nnewline", &"9".repeat(256)] {
            let no = rpc.try_unlock(&home.token, pin, 1, 0).await.unwrap_err();
            assert_eq!(no.reasons(), ["token-pin-unusable"]);
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
