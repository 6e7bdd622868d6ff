//! New keys on the token: made there, certified by request, their certificate put beside them; and all of it on record.

use std::fs;

use sealkeeper_journal::{KeyPurpose, PinKind, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, No, Rpc, SealEntry, assert_judged_valid, documents, header, run, sha256};

const SUBJECT: &str = "CN=合同专用章,O=示例科技有限公司,C=CN";

async fn generate(
    rpc: &Rpc,
    home: &AgentHome,
    algorithm: &str,
    key_id: &[u8],
) -> Result<v1::GenerateKeyReply, No> {
    let request = v1::GenerateKeyRequest {
        token_serial: home.token.serial().to_owned(),
        algorithm: algorithm.to_owned(),
        label: "新章".to_owned(),
        key_id: key_id.to_vec(),
    };
    Ok(rpc.tokens().generate_key(request).await?.into_inner())
}

async fn request(rpc: &Rpc, key: &str, pin: &str) -> Result<v1::RequestCertificateReply, No> {
    let request = v1::RequestCertificateRequest {
        key_uri: key.to_owned(),
        subject: SUBJECT.to_owned(),
        pin: pin.as_bytes().to_vec(),
        final_try: false,
    };
    Ok(rpc.tokens().request_certificate(request).await?.into_inner())
}

async fn import(
    rpc: &Rpc,
    home: &AgentHome,
    der: &[u8],
    replace: bool,
) -> Result<v1::ImportCertificateReply, No> {
    let token_serial = home.token.serial().to_owned();
    let request = v1::ImportCertificateRequest { token_serial, certificate_der: der.to_vec(), replace };
    Ok(rpc.tokens().import_certificate(request).await?.into_inner())
}

#[test]
fn a_key_of_every_kind_comes_to_be_a_seal_whose_stamps_are_valid() {
    run(async {
        let mut home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 4).await;
        let mut seals = Vec::new();
        for (algorithm, key_id) in [("ec-p256", &[0x0a][..]), ("ec-p384", &[]), ("rsa-2048", &[0xff, 0x00])] {
            let made = generate(&rpc, &home, algorithm, key_id).await.unwrap();
            let requested = request(&rpc, &made.key_uri, "").await.unwrap();
            assert_eq!(home.token.read_request(&requested.request_der), SUBJECT, "{algorithm}");
            let certificate = home.token.issue(&requested.request_der, 365);
            let imported = import(&rpc, &home, &certificate, false).await.unwrap();
            assert_eq!((imported.key_uri.as_str(), imported.warnings.len()), (made.key_uri.as_str(), 0));
            let (id, name) = (algorithm.to_owned(), algorithm.to_owned());
            seals.push(SealEntry { id, name, key: made.key_uri, certificate: imported.certificate_uri });

            let journal = rpc.journal().await;
            let of = |seq: u64| &journal.entries[usize::try_from(seq).unwrap()].record.body;
            let RecordBody::KeyGenerated(generated) = of(made.journal_seq) else { panic!("no key") };
            assert_eq!(generated.algorithm.as_str(), algorithm);
            assert_eq!(generated.public_key_sha256.as_bytes()[..], sha256(&made.public_key_der));
            let RecordBody::KeyUsed(used) = of(requested.journal_seq) else { panic!("no use") };
            assert_eq!(
                (used.purpose, &used.key_id),
                (KeyPurpose::CertificateRequest, &Some(generated.key_id.clone()))
            );
            let RecordBody::CertificateImported(there) = of(imported.journal_seq) else {
                panic!("no import")
            };
            assert_eq!(there.certificate_sha256.as_bytes()[..], sha256(&certificate));
            assert_eq!(there.key_id, generated.key_id);
        }
        assert_eq!(
            rpc.token(&home.token).await.uses_left,
            1,
            "each request took a use, and nothing else did"
        );
        daemon.stop();

        home.seals = seals;
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 3).await;
        for seal in &home.seals {
            let document = documents::page(&seal.name);
            let asked = v1::SubmitHeader { seal: seal.name.clone(), ..header(&document) };
            let (_, stamped) = rpc.stamped(&document, asked).await;
            assert_judged_valid(&stamped, &document, 1, &home.token);
        }
        rpc.journal().await.assert_sound();
    });
}

#[test]
fn the_longest_keys_are_made_and_ask_for_their_certificate() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 2).await;
        let made = generate(&rpc, &home, "rsa-4096", &[0x40]).await.unwrap();
        let requested = request(&rpc, &made.key_uri, "").await.unwrap();
        assert_eq!(home.token.read_request(&requested.request_der), SUBJECT);
    });
}

#[test]
fn a_locked_token_makes_nothing_and_signs_nothing() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let ca = fs::read_to_string(home.token.ca()).unwrap();
        assert!(ca.contains("BEGIN CERTIFICATE"));
        assert_eq!(generate(&rpc, &home, "ec-p256", &[9]).await.unwrap_err().reasons(), ["token-locked"]);
        assert_eq!(request(&rpc, &home.token.key_uri(1), "").await.unwrap_err().reasons(), ["token-locked"]);
        let unreadable = import(&rpc, &home, ca.as_bytes(), false).await.unwrap_err();
        assert_eq!(unreadable.reasons(), ["certificate-unreadable"], "PEM is no DER");
        assert_eq!(rpc.journal().await.types_from(2).iter().filter(|kind| **kind == "refused").count(), 3);
    });
}

#[test]
fn what_the_contract_does_not_allow_is_told_and_not_on_record() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let token_serial = home.token.serial().to_owned();
        let sound = v1::GenerateKeyRequest {
            token_serial,
            algorithm: "ec-p256".into(),
            label: "章".into(),
            key_id: vec![1],
        };
        for wrong in [
            v1::GenerateKeyRequest { token_serial: String::new(), ..sound.clone() },
            v1::GenerateKeyRequest { algorithm: "ec-p521".into(), ..sound.clone() },
            v1::GenerateKeyRequest { label: "章".repeat(65), ..sound.clone() },
            v1::GenerateKeyRequest { label: "a\nb".into(), ..sound.clone() },
            v1::GenerateKeyRequest { key_id: vec![1; 65], ..sound.clone() },
        ] {
            assert_eq!(
                No::from(rpc.tokens().generate_key(wrong).await.unwrap_err()).reasons(),
                ["bad-argument"]
            );
        }
        for (key, subject) in [
            ("pkcs11:id=%01".to_owned(), SUBJECT),
            (home.token.certificate_uri(1), SUBJECT),
            (format!("{}?pin-value=1", home.token.key_uri(1)), SUBJECT),
            (home.token.key_uri(1), ""),
            (home.token.key_uri(1), "合同专用章"),
            (home.token.key_uri(1), "C=China"),
        ] {
            let (key_uri, subject) = (key, subject.to_owned());
            let request =
                v1::RequestCertificateRequest { key_uri, subject, pin: Vec::new(), final_try: false };
            let no = No::from(rpc.tokens().request_certificate(request).await.unwrap_err());
            assert_eq!(no.reasons(), ["bad-argument"]);
        }
        assert_eq!(rpc.journal().await.count("refused"), 0);
    });
}

#[test]
fn ids_and_certificates_that_are_taken_stand_against_it() {
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 9).await;
        assert_eq!(generate(&rpc, &home, "ec-p256", &[1]).await.unwrap_err().reasons(), ["key-exists"]);
        assert_eq!(request(&rpc, &home.token.key_uri(7), "").await.unwrap_err().reasons(), ["key-absent"]);

        let requested = request(&rpc, &home.token.key_uri(1), "").await.unwrap().request_der;
        let renewed = home.token.issue(&requested, 20);
        let no = import(&rpc, &home, &renewed, false).await.unwrap_err();
        assert!(matches!(no, No::Status(tonic::Code::AlreadyExists, _)), "{no:?}");
        assert_eq!(no.reasons(), ["certificate-exists"]);
        let imported = import(&rpc, &home, &renewed, true).await.unwrap();
        let warnings: Vec<_> =
            imported.warnings.iter().map(|found| (&*found.severity, &*found.reason)).collect();
        assert_eq!(warnings, [("warn", "certificate-expires-soon")]);
        let again = import(&rpc, &home, &renewed, true).await.unwrap_err();
        assert_eq!(again.reasons(), ["certificate-exists"], "the very same");
        let journal = rpc.journal().await;
        let imports: Vec<_> = journal
            .records()
            .filter_map(|record| match &record.body {
                RecordBody::CertificateImported(imported) => Some(imported),
                _ => None,
            })
            .collect();
        let [only] = imports[..] else { panic!("{imports:?}") };
        assert_eq!((only.key_id.as_str(), only.replaced_sha256.len()), ("01", 1));

        // The seal on that key stamps with what took the old one's place.
        let document = documents::page("renewed");
        let (receipt, stamped) = rpc.stamped(&document, header(&document)).await;
        assert_eq!(receipt.certificate_sha256, sha256(&renewed));
        assert_judged_valid(&stamped, &document, 1, &home.token);
    });
}

#[test]
fn a_certificate_of_another_key_is_not_put_on_the_token() {
    run(async {
        let (home, elsewhere) = (AgentHome::new(), AgentHome::new());
        let other = elsewhere.start();
        let rpc = Rpc::connect(&elsewhere.socket()).await;
        rpc.unlock(&elsewhere.token, 1).await;
        let made = generate(&rpc, &elsewhere, "ec-p256", &[]).await.unwrap();
        let requested = request(&rpc, &made.key_uri, "").await.unwrap();
        let certificate = elsewhere.token.issue(&requested.request_der, 30);
        other.stop();

        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let no = import(&rpc, &home, &certificate, true).await.unwrap_err();
        assert_eq!(no.reasons(), ["certificate-not-for-key"]);
        assert_eq!(rpc.journal().await.count("certificate_imported"), 0);
    });
}

#[test]
fn a_request_is_not_released_with_a_signature_that_is_not_the_keys() {
    run(async {
        let faults = "[[fault]]\non = \"C_Sign\"\ndo = \"garble\"\nwith = \"other-data\"\nwhen = \"before\"";
        let home = AgentHome::new().with_faults(faults);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 3).await;
        assert_eq!(request(&rpc, &home.token.key_uri(1), "").await.unwrap_err().reasons(), ["token-fault"]);
        let journal = rpc.journal().await;
        assert_eq!(
            (journal.count("key_used"), journal.refused_codes()),
            (1, vec![vec!["token-fault".to_owned()]])
        );
    });
}

#[test]
fn a_key_the_token_cannot_make_is_told_as_that() {
    run(async {
        let faults =
            "[[fault]]\non = \"C_GenerateKeyPair\"\ndo = \"return\"\nrv = \"CKR_CURVE_NOT_SUPPORTED\"";
        let home = AgentHome::new().with_faults(faults);
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let no = generate(&rpc, &home, "ec-p384", &[]).await.unwrap_err();
        assert_eq!(no.reasons(), ["token-mechanism-missing"]);
        assert_eq!(rpc.journal().await.count("key_generated"), 0);
    });
}

#[test]
fn a_key_that_asks_for_the_pin_asks_for_it_for_its_request_too() {
    run(async {
        let home = AgentHome::new().with_faults("always_authenticate = true");
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 5).await;
        let key = home.token.key_uri(1);
        assert_eq!(request(&rpc, &key, "").await.unwrap_err().reasons(), ["token-pin-needed"]);
        assert_eq!(rpc.journal().await.count("key_used"), 0);
        assert_eq!(request(&rpc, &key, "not-the-PIN").await.unwrap_err().reasons(), ["token-pin-wrong"]);
        let requested = request(&rpc, &key, home.token.pin()).await.unwrap();
        home.token.read_request(&requested.request_der);
        let journal = rpc.journal().await;
        let kinds: Vec<_> = journal
            .records()
            .filter_map(|record| match &record.body {
                RecordBody::WrongPin(wrong) => Some(wrong.pin),
                _ => None,
            })
            .collect();
        assert_eq!((kinds, journal.count("key_used")), (vec![PinKind::ContextSpecific], 2));
    });
}
