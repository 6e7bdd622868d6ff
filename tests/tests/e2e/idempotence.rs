//! Nothing is signed twice: the same `use_id` gives the same outcome, whatever happened to its answer.

use sealkeeper_journal::RecordBody;
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, No, Rpc, documents, eventually, header, run, sha256};
use uuid::Uuid;

#[test]
fn the_same_use_told_again_is_the_same_to_the_byte() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::page("resend");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let use_id = Uuid::new_v4();
        let receipt = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        let fetched = rpc.fetch(use_id).await.unwrap();
        // The one use of the unlock is spent: whatever comes now cannot be a new signature.
        assert_eq!(rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap(), receipt);
        assert_eq!(rpc.stamp(&request_id, use_id, &[0; 32]).await.unwrap(), receipt, "told, not judged anew");
        assert_eq!(rpc.fetch(use_id).await.unwrap(), fetched);

        daemon.stop();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap(), receipt);
        assert_eq!(rpc.fetch(use_id).await.unwrap(), fetched);
        let journal = rpc.journal().await;
        assert_eq!((journal.count("intent"), journal.count("complete")), (1, 1));
        journal.assert_sound();
    });
}

#[test]
fn eight_at_once_with_one_use_id_sign_once() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 100).await;
        let document = documents::page("parallel");
        let asked = v1::SubmitHeader { copies: 8, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        let use_id = Uuid::new_v4();
        let mut calls = Vec::new();
        for _ in 0..8 {
            let other = Rpc::connect(&home.socket()).await;
            let (request_id, confirmed) = (request_id.clone(), prepared.prepared_sha256.clone());
            calls.push(tokio::spawn(
                async move { other.stamp(&request_id, use_id, &confirmed).await.unwrap() },
            ));
        }
        let mut receipts = Vec::new();
        for call in calls {
            receipts.push(call.await.unwrap());
        }
        receipts.dedup();
        assert_eq!(receipts.len(), 1, "one outcome");
        let journal = rpc.journal().await;
        journal.of_use(use_id);
        assert_eq!(journal.count("intent"), 1);
        assert_eq!(rpc.token(&home.token).await.uses_left, 99, "the token was asked once");
    });
}

#[test]
fn a_use_id_belongs_to_one_request() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let (first, second) = (documents::page("first"), documents::page("second"));
        let (request_id, prepared) = rpc.prepare(&first, header(&first)).await.unwrap();
        let use_id = Uuid::new_v4();
        rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        let (request_id, prepared) = rpc.prepare(&second, header(&second)).await.unwrap();
        let no = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["use-id-taken"]);
        let journal = rpc.journal().await;
        assert_eq!(journal.count("intent"), 1);
        let [refused] = journal.refusals()[..] else { panic!("one refusal") };
        assert_eq!(refused.use_id, Some(use_id));
        assert_eq!(refused.request_id.map(|id| id.to_string()), Some(request_id));
    });
}

#[test]
fn a_client_that_goes_away_finds_its_result_after_a_restart() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::page("lost answer");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        let use_id = Uuid::new_v4();
        let call = {
            let (rpc, request_id) = (Rpc::connect(&home.socket()).await, request_id.clone());
            let confirmed = prepared.prepared_sha256.clone();
            tokio::spawn(async move { rpc.stamp(&request_id, use_id, &confirmed).await })
        };
        // As soon as the use has begun its client goes away, connection and all.
        eventually("the intent", async || (rpc.journal().await.count("intent") == 1).then_some(())).await;
        call.abort();
        eventually("the outcome", async || (rpc.journal().await.count("complete") == 1).then_some(())).await;
        daemon.stop();

        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let (receipt, appended) = rpc.fetch(use_id).await.unwrap();
        assert_eq!(sha256(&[&document[..], &appended].concat()), receipt.output_sha256);
        assert_eq!(rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap(), receipt);

        // Once it is safe, the agent keeps it no longer, also over a restart; the receipt stays.
        rpc.acknowledge(use_id).await.unwrap();
        rpc.acknowledge(use_id).await.unwrap();
        assert_eq!(rpc.fetch(use_id).await.unwrap_err().reasons(), ["use-acknowledged"]);
        daemon.stop();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(rpc.fetch(use_id).await.unwrap_err().reasons(), ["use-acknowledged"]);
        assert_eq!(rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap(), receipt);
    });
}

#[test]
fn three_copies_are_three_uses_and_a_fourth_is_refused() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 10).await;
        let document = documents::page("copies");
        let asked = v1::SubmitHeader { copies: 3, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        assert_eq!((prepared.copies, prepared.copies_left), (3, 3));
        let mut outputs = Vec::new();
        for copy in 1..=3 {
            let use_id = Uuid::new_v4();
            let receipt = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
            assert_eq!((receipt.copy, receipt.copies), (copy, 3));
            outputs.push(receipt.output_sha256);
            let journal = rpc.journal().await;
            let (intent, _) = journal.of_use(use_id);
            let RecordBody::Intent(intent) = &intent.body else { panic!() };
            assert_eq!((intent.copy, intent.copies), (u64::from(copy), 3));
        }
        outputs.sort();
        outputs.dedup();
        assert_eq!(outputs.len(), 3, "each copy is signed by itself");
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["copies-used-up"]);
        let journal = rpc.journal().await;
        assert_eq!(journal.count("intent"), 3);
        assert_eq!(journal.refused_codes(), [["copies-used-up"]]);
        assert_eq!(rpc.token(&home.token).await.uses_left, 7);
    });
}

#[test]
fn what_was_not_confirmed_is_not_stamped() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let (shown, other) = (documents::page("shown"), documents::page("other"));
        let (request_id, prepared) = rpc.prepare(&shown, header(&shown)).await.unwrap();
        let (_, of_other) = rpc.prepare(&other, header(&other)).await.unwrap();
        assert_ne!(prepared.prepared_sha256, of_other.prepared_sha256);
        let use_id = Uuid::new_v4();
        let no = rpc.stamp(&request_id, use_id, &of_other.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["confirmation-mismatch"]);
        let journal = rpc.journal().await;
        assert_eq!(journal.count("intent"), 0);
        let [refused] = journal.refusals()[..] else { panic!("one refusal") };
        assert_eq!((refused.operation.as_str(), refused.stage.as_str()), ("stamp", "review"));
        assert_eq!(refused.violations[0].clause.as_ref().map(|clause| clause.as_str()), Some("U5"));
        // A refusal uses nothing up: neither the id nor the copy.
        rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
    });
}

#[test]
fn what_there_is_not_cannot_be_fetched() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let nobodys = Uuid::new_v4();
        assert_eq!(rpc.fetch(nobodys).await.unwrap_err().reasons(), ["use-unknown"]);
        assert_eq!(rpc.acknowledge(nobodys).await.unwrap_err().reasons(), ["use-unknown"]);
        let no = rpc.stamp(&nobodys.to_string(), Uuid::new_v4(), &[0; 32]).await.unwrap_err();
        assert_eq!(no.reasons(), ["request-unknown"]);
        let bad = v1::StampRequest {
            use_id: "7".into(),
            request_id: nobodys.to_string(),
            confirmed_sha256: vec![0; 32],
            pin: Vec::new(),
            final_try: false,
        };
        let no = No::from(rpc.uses().stamp(bad).await.unwrap_err());
        assert_eq!(no.reasons(), ["use-id-bad"]);
    });
}
