//! The disk as a crash leaves it, made by hand and so always the same. The crash run kills the daemon for real.

use rusqlite::{Connection, params};
use sealkeeper_journal::{AbandonCause, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, No, Rpc, documents, header, run};
use uuid::Uuid;

/// Takes back all that was written after the intent of this use, as if the power had gone right after its commit.
fn cut_off_after_intent(home: &AgentHome, use_id: Uuid) {
    let mut connection = Connection::open(home.path().join("journal.db")).unwrap();
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!triggers.is_empty(), "records are guarded");
    let transaction = connection.transaction().unwrap();
    let intent: i64 = transaction
        .query_row("SELECT intent_seq FROM uses WHERE use_id = ?1", [use_id.to_string()], |row| row.get(0))
        .unwrap();
    for (name, _) in &triggers {
        transaction.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let open = "UPDATE uses SET state = 'open', outcome_seq = NULL, reason = NULL, receipt = NULL, appended = NULL WHERE use_id = ?1";
    assert_eq!(transaction.execute(open, [use_id.to_string()]).unwrap(), 1);
    for table in ["disclosures", "lists", "records"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE seq > ?1"), params![intent]).unwrap();
    }
    for (_, sql) in &triggers {
        transaction.execute_batch(sql).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_use_that_a_crash_left_open_is_abandoned_and_nothing_of_it_is_released() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 10).await;
        let document = documents::page("crash");
        let asked = v1::SubmitHeader { copies: 2, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        let use_id = Uuid::new_v4();
        let told = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        daemon.stop();
        cut_off_after_intent(&home, use_id);

        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.seen(&home.token).await;
        let journal = rpc.journal().await;
        journal.assert_sound();
        let after = usize::try_from(told.intent_seq).unwrap() + 1;
        assert_eq!(
            journal.types_from(after),
            ["agent_started", "abandoned", "policy_loaded", "token_inserted"]
        );
        let (_, outcome) = journal.of_use(use_id);
        let RecordBody::Abandoned(abandoned) = &outcome.body else { panic!("{outcome:?}") };
        assert_eq!((abandoned.cause, abandoned.intent), (AbandonCause::Crash, told.intent_seq));

        // The same use told again is that outcome, for ever; its copy is gone, and its result is to be had by nobody.
        rpc.unlock(&home.token, 10).await;
        for _ in 0..2 {
            let no = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap_err();
            assert_eq!(no.reasons(), ["abandoned-crash"]);
            let No::NotDone { abandoned: true, report } = no else { panic!("{no:?}") };
            assert_eq!((report.intent_seq, report.outcome_seq), (told.intent_seq, outcome.seq));
        }
        assert_eq!(rpc.fetch(use_id).await.unwrap_err().reasons(), ["use-not-complete"]);
        let second = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap();
        assert_eq!(second.copy, 2);
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["copies-used-up"]);

        // Another start finds nothing more to close.
        daemon.stop();
        let _daemon = home.start();
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        assert_eq!(journal.count("abandoned"), 1);
        journal.assert_sound();
    });
}
