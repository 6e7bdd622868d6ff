//! The journal after a day of mixed work, read by somebody who trusts nobody: every hash is computed anew.

use sealkeeper_journal::{Digest, Mode, RecordBody, leaf_hash};
use sealkeeper_pades::validate::validate;
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Journal, No, Rpc, SEALS, at, documents, header, run, sha256};
use uuid::Uuid;

/// A day: unlocks, a wrong PIN, refusals, uses with several seals, a restart. Gives the stamped documents.
async fn a_day(home: &AgentHome) -> Vec<(v1::Receipt, Vec<u8>)> {
    let mut stamped = Vec::new();
    for run in ["morning", "afternoon"] {
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.try_unlock(&home.token, "not-the-PIN", 1, 0).await.unwrap_err();
        rpc.unlock(&home.token, 10).await;
        for seal in SEALS {
            let document = documents::page(&format!("{run} {}", stamped.len()));
            let asked = v1::SubmitHeader {
                seal: seal.to_owned(),
                placements: vec![at("1", 60, 100)],
                ..header(&document)
            };
            stamped.push(rpc.stamped(&document, asked).await);
            rpc.submit(&document, v1::SubmitHeader { reason: String::new(), ..header(&document) })
                .await
                .unwrap_err();
        }
        let (_, again) = &stamped[0];
        let second = v1::SubmitHeader { placements: vec![at("1", 150, 100)], ..header(again) };
        let twice = rpc.stamped(again, second).await;
        stamped.push(twice);
        rpc.lock(&home.token).await;
        daemon.stop();
    }
    stamped
}

#[test]
fn a_days_journal_is_sound_and_every_stamped_file_is_its_witness() {
    run(async {
        let home = AgentHome::new();
        let stamped = a_day(&home).await;
        let on_disk = Journal::on_disk(&home.path());
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.seen(&home.token).await;
        let journal = rpc.journal().await;

        // What is told is what is on the disk, and all of it hashes to the head.
        let head = rpc.journal_service().show_head(v1::ShowHeadRequest {}).await.unwrap().into_inner();
        let report = journal.assert_sound();
        assert_eq!((report.size, report.root.as_bytes().to_vec()), (head.tree_size, head.root_hash));
        assert_eq!(report.origin.as_deref(), Some(head.origin.as_str()));
        assert!(head.origin.starts_with("e2e.example/seal-journal/") && head.solo, "{}", head.origin);
        for (told, kept) in journal.entries.iter().zip(&on_disk.entries) {
            assert_eq!(told.bytes, kept.bytes);
        }
        let since = ["agent_started", "policy_loaded", "token_inserted"];
        assert_eq!(journal.types_from(on_disk.entries.len()), since);
        let policy = Digest::of(&std::fs::read(home.path().join("policy.toml")).unwrap());
        let loaded = journal.records().filter_map(|record| match &record.body {
            RecordBody::PolicyLoaded(loaded) => Some(loaded.sha256),
            _ => None,
        });
        assert_eq!(loaded.collect::<Vec<_>>(), [policy; 3]);
        assert!(journal.records().all(|record| record.mode == Mode::Solo), "every record says so");
        assert!(journal.records().map(|record| record.time_us).is_sorted());

        // Every stamped file tells of the journal before its own use, under the key of its seal.
        let mut witnesses = 0;
        for (receipt, document) in &stamped {
            for signature in validate(document).unwrap() {
                let witness = signature.witness.unwrap();
                assert_eq!(witness.origin, head.origin);
                assert_eq!(Digest::from(witness.root), journal.root_of(witness.tree_size));
                let (intent, _) = journal.of_use(witness.use_id.as_str().parse().unwrap());
                assert!(witness.tree_size <= intent.seq, "it tells of what was durable before");
                witnesses += 1;
            }
            assert_eq!(journal.root_of(receipt.tree_size).as_bytes()[..], receipt.root_hash);
        }
        assert_eq!(witnesses, 10, "eight files, two of them with two signatures");
    });
}

#[test]
fn every_receipt_is_what_the_journal_says() {
    run(async {
        let home = AgentHome::new();
        let stamped = a_day(&home).await;
        let _daemon = home.start();
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        for (receipt, document) in &stamped {
            let use_id: Uuid = receipt.use_id.parse().unwrap();
            let (intent_record, outcome_record) = journal.of_use(use_id);
            let RecordBody::Intent(intent) = &intent_record.body else { panic!() };
            let RecordBody::Complete(complete) = &outcome_record.body else { panic!() };
            assert_eq!((intent_record.seq, outcome_record.seq), (receipt.intent_seq, receipt.outcome_seq));
            for (seq, leaf) in [
                (receipt.intent_seq, &receipt.intent_leaf_hash),
                (receipt.outcome_seq, &receipt.outcome_leaf_hash),
            ] {
                let bytes = &journal.entries[usize::try_from(seq).unwrap()].bytes;
                assert_eq!(leaf_hash(bytes).as_bytes()[..], leaf[..]);
            }
            assert_eq!(intent.request_id.to_string(), receipt.request_id);
            assert_eq!(intent.seal.as_str(), receipt.seal_id);
            assert_eq!(intent.document_sha256.as_bytes()[..], receipt.input_sha256);
            assert_eq!(intent.document_size, receipt.input_size);
            assert_eq!(intent.certificate_sha256.as_bytes()[..], receipt.certificate_sha256);
            assert_eq!(intent.token_serial.as_str(), receipt.token_serial);
            assert_eq!(
                (intent.journal.size, intent.journal.root.as_bytes().to_vec()),
                (receipt.tree_size, receipt.root_hash.clone())
            );
            assert_eq!(complete.output_sha256.as_bytes().to_vec(), sha256(document));
            assert_eq!(complete.output_size, document.len() as u64);
            assert_eq!(complete.signature_sha256.as_bytes()[..], receipt.signature_sha256);
            assert_eq!(outcome_record.time_us, receipt.time_us);
            // The intent's digest over the ByteRange is that of the file that came out.
            let newest = validate(document).unwrap().pop().unwrap();
            let [_, first, second, rest] = newest.byte_range.unwrap().map(|n| usize::try_from(n).unwrap());
            let covered = [&document[..first], &document[second..second + rest]].concat();
            assert_eq!(intent.byte_range_digest.to_string(), format!("sha-256:{}", Digest::of(&covered)));
            assert_eq!(Digest::of(&newest.signer.unwrap().der), intent.certificate_sha256);
        }
    });
}

#[test]
fn commitments_open_and_lists_have_their_digests() {
    run(async {
        let home = AgentHome::new();
        let stamped = a_day(&home).await;
        let _daemon = home.start();
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        let mut opened = 0;
        for entry in &journal.entries {
            opened += entry.disclosed().len();
            let text = String::from_utf8(entry.bytes.clone()).unwrap();
            for personal in ["王保管", "端到端测试", "合同.pdf"] {
                assert!(!text.contains(personal), "{personal} stands in the clear in {text}");
            }
        }
        assert!(opened > 50, "{opened}");

        let first = &journal.entries[usize::try_from(stamped[0].0.intent_seq).unwrap()];
        let disclosed = first.disclosed();
        for (field, value) in [
            ("reason", "端到端测试"),
            ("file_name", "合同.pdf"),
            ("applicant.name", "王保管"),
            ("custodian.person.name", "王保管"),
        ] {
            assert!(disclosed.contains(&(field.to_owned(), value.to_owned())), "{field}: {disclosed:?}");
        }
        let RecordBody::Intent(intent) = &first.record.body else { panic!() };
        assert_eq!(first.list("tickets", &intent.tickets), b"[]");
        // 60 and 100 mm less half of 40 mm.
        let place = br#"[{"height_um":40000,"kind":"seal","left_um":40000,"page":1,"top_um":80000,"width_um":40000}]"#;
        assert_eq!(first.list("placements", &intent.placements), place);
        assert_eq!((intent.placements.count, intent.tickets.count), (1, 0));
    });
}

#[test]
fn records_are_listed_as_asked() {
    run(async {
        let home = AgentHome::new();
        a_day(&home).await;
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.seen(&home.token).await;
        let all = rpc.journal().await;
        let listed = async |request: v1::ListRecordsRequest| {
            let mut stream = rpc.journal_service().list_records(request).await.unwrap().into_inner();
            let mut seqs = Vec::new();
            while let Some(record) = stream.message().await.unwrap() {
                seqs.push(record.seq);
            }
            seqs
        };
        let size = all.entries.len() as u64;
        let newest = v1::ListRecordsRequest { newest: true, limit: 3, ..Default::default() };
        assert_eq!(listed(newest).await, [size - 3, size - 2, size - 1]);
        let some = v1::ListRecordsRequest { from_seq: 2, limit: 2, ..Default::default() };
        assert_eq!(listed(some).await, [2, 3]);
        let types = vec!["complete".to_owned(), "wrong_pin".to_owned()];
        let kinds = v1::ListRecordsRequest { types: types.clone(), ..Default::default() };
        let wanted = all.records().filter(|record| types.iter().any(|name| name == record.body.type_name()));
        assert_eq!(listed(kinds).await, wanted.map(|record| record.seq).collect::<Vec<_>>());
        let beyond =
            rpc.journal_service().show_record(v1::ShowRecordRequest { seq: size }).await.unwrap_err();
        assert_eq!(No::from(beyond).reasons(), ["record-unknown"]);
        let one =
            rpc.journal_service().show_record(v1::ShowRecordRequest { seq: 4 }).await.unwrap().into_inner();
        assert_eq!(one, all.entries[4].beside);
    });
}
