//! Keys and certificates that a seal must not have: each a typed refusal, on record, and nothing signed (A3, U8).

use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Rpc, SEALS, SealEntry, documents, header, run};

/// Seals whose names are the reasons that stand against them, with the token unlocked.
fn bad_seals(home: &AgentHome) -> Vec<SealEntry> {
    let token = &home.token;
    let seal = |reason: &str, key: String, certificate: String| SealEntry {
        id: reason.to_owned(),
        name: reason.to_owned(),
        key,
        certificate,
    };
    // A certificate of key 02 that expired yesterday; a key made elsewhere; a key on another curve; one without a certificate.
    token.certify(2, 0x12, -1);
    token.import_key(4);
    token.certify(4, 4, 30);
    token.generate_p521_key(5);
    token.certify(5, 5, 30);
    token.generate_key("EC:prime256v1", 6);
    let elsewhere = "pkcs11:serial=0000000000000000;id=%01";
    vec![
        seal("token-absent", elsewhere.to_owned(), elsewhere.to_owned()),
        seal("key-absent", token.key_uri(7), token.certificate_uri(3)),
        seal("certificate-absent", token.key_uri(6), token.certificate_uri(6)),
        seal("certificate-mismatch", token.key_uri(1), token.certificate_uri(2)),
        seal("certificate-expired", token.key_uri(2), token.certificate_uri(0x12)),
        seal("key-unfit", token.key_uri(4), token.certificate_uri(4)),
        seal("key-algorithm-unsupported", token.key_uri(5), token.certificate_uri(5)),
    ]
}

#[test]
fn a_seal_whose_key_or_certificate_is_not_right_stamps_nothing() {
    run(async {
        let mut home = AgentHome::new();
        home.seals = bad_seals(&home);
        home.seals.push(SealEntry {
            id: "sound".into(),
            name: "合格".into(),
            key: home.token.key_uri(3),
            certificate: home.token.certificate_uri(3),
        });
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("keys");
        rpc.unlock(&home.token, 10).await;
        let wrong: Vec<_> =
            home.seals.iter().map(|seal| seal.name.clone()).filter(|name| name.is_ascii()).collect();
        for reason in &wrong {
            let asked = v1::SubmitHeader { seal: reason.clone(), ..header(&document) };
            // What the token holds is no matter of the document: it is found when the revision is prepared.
            let submitted = rpc.submit(&document, asked).await.unwrap();
            let no = rpc.review(&submitted.request_id).await.unwrap_err();
            assert_eq!(no.reasons(), [reason]);
            let use_id = uuid::Uuid::new_v4();
            let no = rpc.stamp(&submitted.request_id, use_id, &[0; 32]).await.unwrap_err();
            assert_eq!(no.reasons(), [reason]);
        }
        let journal = rpc.journal().await;
        assert_eq!(journal.count("intent"), 0);
        let refused = journal.refused_codes().concat();
        for reason in &wrong {
            assert_eq!(
                refused.iter().filter(|code| *code == reason).count(),
                2,
                "review and stamp: {reason}"
            );
        }
        assert!(journal.refusals().iter().all(|refusal| refusal.stage.as_str() == "prepare"));
        assert_eq!(rpc.token(&home.token).await.uses_left, 10, "the token was never asked to sign");

        // The seal beside them is none the worse.
        rpc.stamped(&document, v1::SubmitHeader { seal: "合格".into(), ..header(&document) }).await;
    });
}

#[test]
fn what_is_wrong_with_a_seal_shows_before_anybody_stamps() {
    run(async {
        let mut home = AgentHome::new();
        let sound = home.seals[2].clone();
        home.seals = bad_seals(&home);
        home.seals.push(sound);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        // Locked: what the certificate alone tells.
        let document = documents::page("locked");
        let asked = v1::SubmitHeader { seal: "key-algorithm-unsupported".into(), ..header(&document) };
        let no = rpc.prepare(&document, asked).await.unwrap_err();
        assert_eq!(no.reasons(), ["certificate-key-unsupported"]);
        let asked = v1::SubmitHeader { seal: "certificate-expired".into(), ..header(&document) };
        assert_eq!(rpc.prepare(&document, asked).await.unwrap_err().reasons(), ["certificate-expired"]);

        // Unlocked: the key too. One bad seal does not hide the others.
        rpc.unlock(&home.token, 1).await;
        let seals = rpc.seals().list_seals(v1::ListSealsRequest {}).await.unwrap().into_inner().seals;
        let mut listed = seals.iter();
        for seal in listed.by_ref().take(7) {
            assert_eq!(seal.problems, std::slice::from_ref(&seal.name));
        }
        let sound = listed.next().unwrap();
        assert_eq!((sound.problems.len(), sound.object_sha256.len()), (0, 32));
        assert!(sound.certificate_subject.contains("示例科技有限公司"), "{}", sound.certificate_subject);
        assert!(sound.not_before_s < sound.not_after_s);
    });
}

#[test]
fn of_several_certificates_for_one_key_the_newest_valid_one_counts() {
    run(async {
        let home = AgentHome::new();
        // Beside the one from the setup; the last is the newest and was never valid.
        for days in [90, -1] {
            std::thread::sleep(std::time::Duration::from_secs(1));
            home.token.certify(1, 1, days);
        }
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let listed = async || {
            let seals = rpc.seals().list_seals(v1::ListSealsRequest {}).await.unwrap().into_inner().seals;
            seals.into_iter().find(|seal| seal.name == SEALS[0]).unwrap()
        };
        for unlocked in [false, true] {
            if unlocked {
                rpc.unlock(&home.token, 1).await;
            }
            let seal = listed().await;
            assert_eq!(seal.problems, [""; 0], "unlocked: {unlocked}");
            assert_eq!(seal.not_after_s - seal.not_before_s, 90 * 24 * 60 * 60, "unlocked: {unlocked}");
        }
        let document = documents::page("newest");
        rpc.stamped(&document, header(&document)).await;
    });
}
