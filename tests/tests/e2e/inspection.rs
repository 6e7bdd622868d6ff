//! Inspections of a token with the seals on it (C3): what is found, that it is on record, and what follows from it.

use sealkeeper_fault_module::ControlFile;
use sealkeeper_journal::{KeyPurpose, RecordBody, Severity, TestSignature, TokenInspected, Verdict};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, No, Rpc, SEALS, documents, eventually, header, run};
use uuid::Uuid;

async fn try_inspect(rpc: &Rpc, home: &AgentHome, pin: &str) -> Result<v1::InspectTokenReply, No> {
    let token_serial = home.token.serial().to_owned();
    let request = v1::InspectTokenRequest { token_serial, pin: pin.as_bytes().to_vec(), final_try: false };
    Ok(rpc.tokens().inspect_token(request).await?.into_inner())
}

async fn inspect(rpc: &Rpc, home: &AgentHome, pin: &str) -> v1::InspectTokenReply {
    try_inspect(rpc, home, pin).await.unwrap()
}

/// Severity, reason and seal of each finding.
fn found(reply: &v1::InspectTokenReply) -> Vec<(&str, &str, &str)> {
    reply
        .findings
        .iter()
        .map(|finding| (finding.severity.as_str(), finding.reason.as_str(), finding.seal_id.as_str()))
        .collect()
}

/// The inspections on record.
fn inspections(journal: &Journal) -> Vec<TokenInspected> {
    let told = |body: &RecordBody| match body {
        RecordBody::TokenInspected(told) => Some(told.clone()),
        _ => None,
    };
    journal.records().filter_map(|record| told(&record.body)).collect()
}

/// Has the module misbehave otherwise from now on.
fn misbehave(home: &AgentHome, control: &str) {
    let file = ControlFile::at(home.scratch().join("faults.toml"));
    file.write(&format!("log = \"calls.log\"\n{control}")).unwrap();
}

#[test]
fn a_sound_token_passes_with_a_test_signature_of_each_key_and_all_of_it_on_record() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.seen(&home.token).await;
        let due_before = rpc.unlock(&home.token, 10).await.inspection_due_us;
        let reply = inspect(&rpc, &home, "").await;
        assert!(reply.passed);
        assert_eq!(found(&reply), []);
        let token = reply.token.unwrap();
        assert_eq!(token.uses_left, 7, "one use for each test signature");
        assert!(token.inspection_due_us > due_before, "it is due a whole interval from now");

        let journal = rpc.journal().await;
        journal.assert_sound();
        let types = journal.types();
        assert!(types.ends_with(&["token_unlocked", "key_used", "key_used", "key_used", "token_inspected"]));
        let entry = &journal.entries[usize::try_from(reply.journal_seq).unwrap()];
        let RecordBody::TokenInspected(told) = &entry.record.body else { panic!("not its record") };
        assert_eq!((told.verdict, told.test_signature), (Verdict::Passed, TestSignature::Verified));
        assert_eq!(told.token_serial.as_str(), home.token.serial());
        assert!(told.by.is_some() && told.firmware.is_some());
        assert_eq!(entry.list("seals", &told.seals), br#"["seal-1","seal-2","seal-3"]"#);
        for record in journal.records() {
            if let RecordBody::KeyUsed(used) = &record.body {
                assert_eq!((used.purpose, used.by.is_some()), (KeyPurpose::Inspection, true));
            }
        }
        let document = documents::page("after");
        rpc.stamped(&document, header(&document)).await;
    });
}

#[test]
fn a_locked_token_and_an_unlock_for_too_few_uses_are_inspected_as_far_as_that_goes() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let due = eventually("the record of its first appearance", async || {
            Some(rpc.token(&home.token).await.inspection_due_us).filter(|due| *due > 0)
        })
        .await;
        let not_made = [("warn", "test-signature-not-made", "")];
        let reply = inspect(&rpc, &home, "").await;
        assert!(reply.passed);
        assert_eq!(found(&reply), not_made);
        rpc.unlock(&home.token, 2).await;
        let reply = inspect(&rpc, &home, "").await;
        assert_eq!(found(&reply), not_made);
        let details = &reply.findings[0].details;
        assert_eq!((details["uses-left"].as_str(), details["uses-needed"].as_str()), ("2", "3"));
        let token = reply.token.unwrap();
        assert_eq!(
            (token.uses_left, token.inspection_due_us),
            (2, due),
            "it cost nothing and counts for nothing"
        );
        let journal = rpc.journal().await;
        assert_eq!(journal.count("key_used"), 0);
        let made: Vec<_> = inspections(&journal).iter().map(|told| told.test_signature).collect();
        assert_eq!(made, [TestSignature::NotMade; 2]);
    });
}

#[test]
fn what_is_wrong_with_certificates_and_flags_is_found() {
    run(async {
        let mut home = AgentHome::new().with_faults("[[token]]\nset_flags = [\"CKF_USER_PIN_COUNT_LOW\"]");
        // A second, newer certificate of the first key; one that ends soon for the second; the third key's is another's.
        home.token.certify(1, 1, 400);
        home.token.certify(2, 0x12, 10);
        home.seals[1].certificate = home.token.certificate_uri(0x12);
        home.seals[2].certificate = home.token.certificate_uri(2);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 10).await;
        let reply = inspect(&rpc, &home, "").await;
        assert!(!reply.passed);
        let expected = [
            ("refuse", "certificate-mismatch", "seal-3"),
            ("warn", "token-pin-tries-few", ""),
            ("warn", "certificate-expires-soon", "seal-2"),
            ("note", "certificate-several", "seal-1"),
        ];
        assert_eq!(found(&reply), expected);
        let soon = &reply.findings[2];
        assert!(["9", "10"].contains(&soon.details["days-left"].as_str()), "{:?}", soon.details);
        assert!(!soon.text_zh.is_empty() && !soon.text_en.is_empty() && !soon.hint_zh.is_empty());
        let told = inspections(&rpc.journal().await).pop().unwrap();
        assert_eq!(told.verdict, Verdict::Failed);
        let severities: Vec<_> = told.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Refuse, Severity::Warn, Severity::Warn, Severity::Note]);
        assert_eq!(told.test_signature, TestSignature::NotMade, "not of every seal");
    });
}

#[test]
fn a_token_that_signs_wrong_is_refused_until_it_passes_and_the_next_unlock_sees_to_that() {
    run(async {
        let garbage = "[[fault]]\non = \"C_Sign\"\ndo = \"garble\"\nwith = \"other-data\"";
        let home = AgentHome::new().with_faults(garbage);
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("wrong");
        let (request_id, prepared) = rpc.prepare(&document, header(&document)).await.unwrap();
        rpc.unlock(&home.token, 10).await;
        let reply = inspect(&rpc, &home, "").await;
        assert!(!reply.passed);
        let wrong = ["seal-1", "seal-2", "seal-3"].map(|seal| ("refuse", "test-signature-wrong", seal));
        assert_eq!(found(&reply), wrong);

        // Submit, Review, Stamp: none goes on, and an unlock of the same token finds the same again.
        let failed = ["inspection-failed"];
        assert_eq!(rpc.submit(&document, header(&document)).await.unwrap_err().reasons(), failed);
        assert_eq!(rpc.review(&request_id).await.unwrap_err().reasons(), failed);
        let stamp = rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await;
        assert_eq!(stamp.unwrap_err().reasons(), failed);
        let seals = rpc.seals().list_seals(v1::ListSealsRequest {}).await.unwrap().into_inner().seals;
        assert!(seals.iter().all(|seal| seal.problems == failed));
        rpc.unlock(&home.token, 1).await;
        let last = inspections(&rpc.journal().await).pop().unwrap();
        assert_eq!((last.verdict, last.by.is_none()), (Verdict::Failed, true));

        // It outlives the agent; once its cause is gone, so is it, and the one use is still there.
        drop(rpc);
        daemon.stop();
        misbehave(&home, "");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(rpc.review(&request_id).await.unwrap_err().reasons(), failed);
        assert_eq!(rpc.unlock(&home.token, 1).await.uses_left, 1);
        let last = inspections(&rpc.journal().await).pop().unwrap();
        assert_eq!((last.verdict, last.test_signature), (Verdict::Passed, TestSignature::Verified));
        rpc.stamp(&request_id, Uuid::new_v4(), &prepared.prepared_sha256).await.unwrap();
        rpc.journal().await.assert_sound();
    });
}

#[test]
fn keys_that_ask_for_the_pin_sign_with_it_and_a_wrong_one_is_tried_once() {
    run(async {
        let home = AgentHome::new().with_faults("always_authenticate = true");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 20).await;
        let without = inspect(&rpc, &home, "").await;
        let not_made = ["seal-1", "seal-2", "seal-3"].map(|seal| ("warn", "test-signature-not-made", seal));
        assert_eq!(found(&without), not_made);
        assert!(without.findings.iter().all(|finding| finding.details["cause"] == "token-pin-needed"));
        let before = home.calls("C_Login").len();
        let wrong = inspect(&rpc, &home, "not-the-PIN").await;
        assert!(found(&wrong).iter().filter(|finding| finding.1 == "test-signature-not-made").count() == 3);
        assert_eq!(
            home.calls("C_Login").len(),
            before + 1,
            "of three keys the first one's answer is the last"
        );
        assert_eq!(rpc.journal().await.count("wrong_pin"), 1);
        let right = inspect(&rpc, &home, home.token.pin()).await;
        assert!(right.passed);
        assert_eq!(inspections(&rpc.journal().await).pop().unwrap().test_signature, TestSignature::Verified);
    });
}

#[test]
fn a_token_that_hangs_or_is_gone_fails_and_what_no_seal_lies_on_is_no_inspection() {
    run(async {
        let mut home = AgentHome::new().with_faults("[[fault]]\non = \"C_Sign\"\ndo = \"hang\"");
        home.limits = "token_seconds = 2".to_owned();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 10).await;
        let reply = inspect(&rpc, &home, "").await;
        assert!(!reply.passed);
        assert_eq!(found(&reply)[0], ("refuse", "token-timeout", "seal-1"));

        misbehave(&home, "[[token]]\npresent = false");
        let reply = inspect(&rpc, &home, "").await;
        assert_eq!(found(&reply), [("refuse", "token-absent", "")]);
        assert!(reply.token.is_none());
        let token_serial = "0000000000000000".to_owned();
        let request = v1::InspectTokenRequest { token_serial, pin: Vec::new(), final_try: false };
        let no = No::from(rpc.tokens().inspect_token(request).await.unwrap_err());
        assert_eq!(no.reasons(), ["token-absent"]);
        assert_eq!(inspections(&rpc.journal().await).len(), 2);
    });
}

#[test]
fn a_policy_that_does_not_block_warns_with_each_use() {
    run(async {
        let home =
            AgentHome::new().with_faults("[[fault]]\non = \"C_Sign\"\ndo = \"garble\"\nwith = \"random\"");
        home.change_policy("block_overdue = true", "block_overdue = false");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 3).await;
        assert!(!inspect(&rpc, &home, "").await.passed);
        let document = documents::page("warned");
        let submitted = rpc.submit(&document, header(&document)).await.unwrap();
        let prepared = rpc.review(&submitted.request_id).await.unwrap();
        for findings in [&submitted.findings, &prepared.findings] {
            let [finding] = &findings[..] else { panic!("{findings:?}") };
            assert_eq!((finding.severity.as_str(), finding.reason.as_str()), ("warn", "inspection-failed"));
            assert_eq!(finding.seal_id, "seal-1", "{}", SEALS[0]);
        }
    });
}
