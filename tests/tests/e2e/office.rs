//! The whole way of a seal and of a document in an office: asked for, approved, made, issued, granted; asked for, approved by two, reviewed, stamped,
//! fetched, judged.

use std::time::Duration;

use sealkeeper_domain::act::{
    Statement,
    statement::{Binding, EndedRequest},
};
use sealkeeper_journal::RecordBody;
use sealkeeper_pades::validate::validate;
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    Journal, OfficeHome, Rpc, assert_judged_valid, documents, header,
    office::{SEAL, SEAL_NAME, UNIT, with_text},
    run, sha256,
};
use serde_json::Value;
use uuid::Uuid;

/// An office with its seal in use and a grant for `applicant`.
async fn in_use(home: &OfficeHome, rpc: &Rpc) {
    home.found(rpc).await;
    home.activate(rpc).await;
    home.says(rpc, "office", Statement::Grant(home.terms("applicant"))).await;
}

/// A request for so many copies of an important document, filed by its applicant.
async fn filed(home: &OfficeHome, rpc: &Rpc, document: &[u8], copies: u32) -> (String, Binding) {
    let submitted = rpc
        .submit(
            document,
            v1::SubmitHeader {
                seal: SEAL.to_owned(),
                document_class: "important".to_owned(),
                applicant: "applicant".to_owned(),
                copies,
                ..header(document)
            },
        )
        .await
        .unwrap();
    assert_eq!((submitted.state.as_str(), submitted.tickets_needed), ("drafted", 2));
    let binding = home.files(rpc, &submitted, "applicant").await;
    (submitted.request_id, binding)
}

async fn approve(home: &OfficeHome, rpc: &Rpc, who: &str, binding: &Binding) -> String {
    home.says(rpc, who, Statement::RequestApprove(Box::new(binding.clone()))).await.act_id
}

async fn state(rpc: &Rpc, request_id: &str) -> String {
    rpc.show_request(request_id).await.unwrap().state
}

/// The tickets that the intent of this use says it rests on.
fn tickets_of(journal: &Journal, use_id: Uuid) -> Vec<String> {
    let mut entries = journal.entries.iter();
    let found = entries.find_map(|entry| match &entry.record.body {
        RecordBody::Intent(intent) if intent.use_id == use_id => Some(entry.list("tickets", &intent.tickets)),
        _ => None,
    });
    let rows: Vec<Value> = serde_json::from_slice(found.unwrap()).unwrap();
    rows.iter().map(|row| row["act"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_contract_goes_the_whole_way_and_is_judged_valid() {
    run(async {
        let home = OfficeHome::new();
        let (daemon, rpc) = home.start().await;
        in_use(&home, &rpc).await;
        let seal = rpc.show_office().await.unwrap().seals.remove(0);
        let steps: Vec<_> =
            seal.history.iter().map(|step| (step.typ.as_str(), step.state.as_str())).collect();
        assert_eq!(
            steps,
            [
                ("seal-apply", "applied"),
                ("seal-approve", "approved"),
                ("seal-review", "reviewed"),
                ("seal-make", "made"),
                ("seal-issue", "issued"),
                ("seal-receive", "active"),
            ]
        );

        let document = documents::contract();
        let (request_id, binding) = filed(&home, &rpc, &document, 2).await;
        assert_eq!(state(&rpc, &request_id).await, "filed");
        assert_eq!(rpc.review(&request_id).await.unwrap_err().reasons(), ["tickets-missing"]);
        let first = approve(&home, &rpc, "first", &binding).await;
        assert_eq!(state(&rpc, &request_id).await, "filed", "one of two tickets");
        let second = approve(&home, &rpc, "second", &binding).await;
        assert_eq!(state(&rpc, &request_id).await, "approved");

        let prepared = rpc.review(&request_id).await.unwrap();
        assert_eq!(prepared.seal_object_sha256, seal.object_sha256);
        rpc.unlock(&home.home.token, 5).await;
        let use_ids = [Uuid::new_v4(), Uuid::new_v4()];
        for use_id in use_ids {
            let receipt = rpc.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
            assert!(!receipt.solo);
            let (told_again, appended) = rpc.fetch(use_id).await.unwrap();
            assert_eq!(told_again, receipt);
            let stamped = [&document[..], &appended].concat();
            assert_eq!(sha256(&stamped), receipt.output_sha256);
            assert_judged_valid(&stamped, &document, 1, &home.home.token);
            let signatures = validate(&stamped).unwrap();
            assert_eq!(signatures[0].name.as_deref(), Some(format!("{UNIT} {SEAL_NAME}").as_str()));
        }
        assert_eq!(state(&rpc, &request_id).await, "stamped");
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap_err();
        assert_eq!(no.reasons(), ["copies-used-up"], "two copies were approved");

        let journal = rpc.journal().await;
        for (copy, use_id) in (1..).zip(use_ids) {
            let intent = journal.intents().into_iter().find(|intent| intent.use_id == use_id).unwrap();
            assert_eq!((intent.copy, intent.copies, intent.class.as_str()), (copy, 2, "important"));
            assert_eq!((intent.applicant.id.as_str(), intent.seal.as_str()), ("applicant", SEAL));
            assert_eq!(tickets_of(&journal, use_id), [first.clone(), second.clone()]);
        }
        journal.assert_sound();
        daemon.stop();
        // All of it is there again.
        let (_daemon, rpc) = home.start().await;
        assert_eq!(rpc.show_office().await.unwrap().seals[0], seal);
        assert_eq!(state(&rpc, &request_id).await, "stamped");
    });
}

#[test]
fn a_request_that_was_taken_back_or_rejected_is_not_stamped() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        in_use(&home, &rpc).await;
        rpc.unlock(&home.home.token, 5).await;
        for (who, code) in [("applicant", "request-withdrawn"), ("third", "request-rejected")] {
            let document = documents::page(code);
            let (request_id, binding) = filed(&home, &rpc, &document, 1).await;
            approve(&home, &rpc, "first", &binding).await;
            approve(&home, &rpc, "second", &binding).await;
            let confirmed = rpc.review(&request_id).await.unwrap().prepared_sha256;
            let ended = EndedRequest { request: binding.request, reason: "不签了".to_owned() };
            let statement = match who {
                "applicant" => Statement::RequestWithdraw(ended),
                _ => Statement::RequestReject(ended),
            };
            home.says(&rpc, who, statement).await;
            let no = rpc.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap_err();
            assert_eq!(no.reasons(), [code]);
        }
        assert_eq!(rpc.journal().await.count("intent"), 0);
    });
}

#[test]
fn a_suspension_between_review_and_stamp_voids_what_was_approved() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        in_use(&home, &rpc).await;
        let document = documents::page("suspended");
        let (request_id, binding) = filed(&home, &rpc, &document, 1).await;
        approve(&home, &rpc, "first", &binding).await;
        approve(&home, &rpc, "second", &binding).await;
        let confirmed = rpc.review(&request_id).await.unwrap().prepared_sha256;
        rpc.unlock(&home.home.token, 20).await;

        home.says(&rpc, "head", Statement::SealSuspend(with_text())).await;
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap_err();
        assert_eq!(no.reasons(), ["seal-suspended"]);

        let about = home.about(&rpc).await;
        home.says(&rpc, "office", OfficeHome::resumption(about)).await;
        let no = home.says_with(&rpc, "head", (OfficeHome::resumption(about), Vec::new())).await.unwrap_err();
        assert_eq!(no.reasons(), ["inspection-needed"]);
        home.inspect(&rpc).await;
        home.says(&rpc, "head", OfficeHome::resumption(about)).await;
        rpc.unlock(&home.home.token, 5).await;
        let no = rpc.stamp(&request_id, Uuid::new_v4(), &confirmed).await.unwrap_err();
        assert_eq!(no.reasons(), ["tickets-missing"], "what was approved before counts no more");
        assert_eq!(state(&rpc, &request_id).await, "filed");

        // Tickets of the very second of the suspension are void too.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let anew =
            [approve(&home, &rpc, "second", &binding).await, approve(&home, &rpc, "third", &binding).await];
        let use_id = Uuid::new_v4();
        rpc.stamp(&request_id, use_id, &confirmed).await.unwrap();
        assert_eq!(tickets_of(&rpc.journal().await, use_id), anew, "the void one of `first` is none of them");
    });
}
