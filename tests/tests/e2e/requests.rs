//! A request between its calls: kept over restarts, judged anew each time, gone when its time is over.

use std::fs;

use rusqlite::Connection;
use sealkeeper_pades::validate::{Verdict, validate};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Rpc, documents, eventually, header, run};
use uuid::Uuid;

#[test]
fn a_request_outlives_the_agent() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("kept");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        daemon.stop();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        assert_eq!(
            rpc.review(&request_id).await.unwrap(),
            prepared,
            "what is confirmed does not change by itself"
        );
        rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap();
    });
}

#[test]
fn a_seal_that_changed_after_the_review_is_not_what_was_confirmed() {
    run(async {
        let mut home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("changed seal");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        daemon.stop();
        // The unit is renamed, and its seal with it; the key stays.
        home.seals[0].name = "旧公章".to_owned();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let now = rpc.review(&request_id).await.unwrap();
        assert_ne!(now.seal_object_sha256, prepared.seal_object_sha256, "it is another seal object");
        let listed = rpc.seals().list_seals(v1::ListSealsRequest {}).await.unwrap().into_inner().seals;
        assert_eq!(listed[0].object_sha256, now.seal_object_sha256);
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["confirmation-mismatch"]);
        assert_eq!(rpc.journal().await.count("intent"), 0);
    });
}

#[test]
fn a_key_that_changed_after_the_review_is_not_what_was_confirmed() {
    run(async {
        let mut home = AgentHome::new();
        // Two keys under the same subject: but for its certificate the revision is the same to the byte.
        let length = home.token.certify(1, 0x21, 30);
        let same_length = (0x30..0x50).find(|id| home.token.certify(3, *id, 30) == length).unwrap();
        home.seals.truncate(1);
        home.seals[0].certificate = home.token.certificate_uri(0x21);
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("changed key");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        daemon.stop();
        home.seals[0].key = home.token.key_uri(3);
        home.seals[0].certificate = home.token.certificate_uri(same_length);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["confirmation-mismatch"]);
        assert_eq!(rpc.journal().await.count("intent"), 0);
    });
}

#[test]
fn every_rule_runs_again_when_it_is_stamped() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("rules");
        let asked = v1::SubmitHeader { copies: 3, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        daemon.stop();
        home.change_policy("copies_per_request = 100", "copies_per_request = 2");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["copies-out-of-range"]);
        assert_eq!(rpc.journal().await.count("intent"), 0);
    });
}

#[test]
fn an_expired_request_is_refused_and_then_forgotten_with_its_document() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("expires");
        let submitted = rpc.submit(&document, header(&document)).await.unwrap();
        let prepared = rpc.review(&submitted.request_id).await.unwrap();
        let hours = 72;
        let created_us = submitted.expires_us - hours * 3_600_000_000;
        daemon.stop();
        // The policy counts in hours; so the kept request is made older, to end soon after the next start.
        let expires_us = now_us() + 3_000_000;
        assert!(created_us < expires_us);
        let connection = Connection::open(home.path().join("journal.db")).unwrap();
        let changed =
            connection.execute("UPDATE requests SET expires_us = ?1", [i64::try_from(expires_us).unwrap()]);
        assert_eq!(changed, Ok(1));
        connection.close().unwrap();

        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        eventually("the end of the request", async || (now_us() > expires_us).then_some(())).await;
        let no =
            rpc.stamp(&submitted.request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["request-expired"]);
        assert_eq!(rpc.journal().await.count("intent"), 0);
        daemon.stop();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(rpc.review(&submitted.request_id).await.unwrap_err().reasons(), ["request-unknown"]);
        assert_eq!(fs::read_dir(home.path().join("spool")).unwrap().count(), 0);
    });
}

fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}

#[test]
fn a_large_document_goes_up_and_only_the_seal_comes_back() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::page_with_attachment("large", 24 << 20);
        let (receipt, stamped) = rpc.stamped(&document, header(&document)).await;
        let appended = receipt.output_size - receipt.input_size;
        assert!(appended < 256 << 10, "{appended} bytes came back for {} sent", document.len());
        assert!(validate(&stamped).unwrap().iter().all(|signature| signature.verdict == Verdict::Intact));
    });
}
