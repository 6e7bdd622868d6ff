//! A person's own key on their own token: made there, registered, and signing acts; and every way in which it does not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use p256::ecdsa::VerifyingKey;
use p256::pkcs8::DecodePublicKey as _;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::jws::UnverifiedJws;
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::act::statement::NamedSeal;
use sealkeeper_fault_module::{CONTROL_VARIABLE, ControlFile, MODULE_VARIABLE, module_path, read_log};
use sealkeeper_journal::{PinKind, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_ses::SealObject;
use sealkeeper_tests::office::{SEAL, own_uid};
use sealkeeper_tests::{OfficeHome, Said, Seal, SoftToken, binary, documents, header, run, sha256};
use serde_json::json;
use tempfile::TempDir;

/// A person with their own token and nothing else.
struct Person {
    folder: TempDir,
    token: SoftToken,
    faults: Option<ControlFile>,
}

impl Person {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = SoftToken::of_a_person(folder.path().join("token"));
        let leave = json!({ "person": "li", "reason": "离职" });
        fs::write(folder.path().join("leave.json"), leave.to_string()).unwrap();
        Self { folder, token, faults: None }
    }

    /// The same with the module that misbehaves so before the token's own.
    fn with_faults(control: &str) -> Self {
        let person = Self::new();
        let file = ControlFile::at(person.folder.path().join("faults.toml"));
        let control = control.replace("{PIN}", person.token.pin());
        file.write(&format!("log = \"calls.log\"\n{control}")).unwrap();
        Self { faults: Some(file), ..person }
    }

    fn seal(&self) -> Seal {
        self.on_token(Seal::without_agent(self.folder.path()))
    }

    /// With the token's module in the environment.
    fn on_token(&self, seal: Seal) -> Seal {
        let seal = seal.with("SOFTHSM2_CONF", &self.token.settings());
        match &self.faults {
            Some(faults) => seal
                .with("SEALKEEPER_MODULE", &module_path().unwrap())
                .with(MODULE_VARIABLE, self.token.module())
                .with(CONTROL_VARIABLE, faults.path()),
            None => seal.with("SEALKEEPER_MODULE", self.token.module()),
        }
    }

    /// Signs an act with this key and PIN, and with nobody to file it.
    fn sign(&self, seal: &Seal, key: &str, pin: &str, more: &[&str]) -> Said {
        let act =
            ["act", "sign", "person-leave", "leave.json", "--person", "office", "--origin", "e2e.example/j"];
        seal.run_with(
            &format!("{pin}\n"),
            &[&act, &["--key", key, "--pin-fd", "0", "--json"][..], more].concat(),
        )
    }

    /// The act, verified.
    fn signed(&self, more: &[&str]) -> Said {
        let said = self.sign(&self.seal(), &self.token.key_uri(1), self.token.pin(), more);
        assert_eq!(said.code, 0, "{said:?}");
        let act = said.json_object()["act"].as_str().unwrap().to_owned();
        let key = ActKey::from_spki_der(&self.token.public_key(1)).unwrap();
        UnverifiedJws::parse(&act).unwrap().verify(&key).unwrap();
        said
    }

    /// Exit code, reason and details of an act that is not signed with the key of this id and this PIN.
    fn refused(&self, id: u8, pin: &str, more: &[&str]) -> (i32, String, String) {
        no(&self.sign(&self.seal(), &self.token.key_uri(id), pin, more))
    }

    fn calls(&self, function: &str) -> Vec<String> {
        let calls = read_log(&self.folder.path().join("calls.log")).unwrap().into_iter();
        calls.filter(|call| call.function == function).map(|call| call.outcome).collect()
    }
}

fn no(said: &Said) -> (i32, String, String) {
    let told = said.json_object();
    let [reason] = told["reasons"].as_array().unwrap().as_slice() else { panic!("{told}") };
    (said.code, reason["code"].as_str().unwrap().to_owned(), reason["details"].to_string())
}

fn code(refused: (i32, String, String)) -> (i32, String) {
    (refused.0, refused.1)
}

#[test]
fn an_approver_approves_with_a_key_on_their_own_token() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.activate(&rpc).await;
        home.says(&rpc, "office", Statement::Grant(home.terms("applicant"))).await;

        let person = Person::new();
        let seal = person.on_token(Seal::new(&home.home));
        let pin = format!("{}\n", person.token.pin());
        let uri = format!("pkcs11:serial={};object=approver", person.token.serial());
        let made = seal.run_with(&pin, &["key", "new", "--token", &uri, "--pin-fd", "0", "--json"]);
        assert_eq!(made.code, 0, "{made:?}");
        let made = made.json_object();
        let shown = seal.run_with(&pin, &["key", "show", &uri, "--pin-fd", "0", "--json"]).json_object();
        assert_eq!(shown["jwk"], made["jwk"]);
        let mut entry = home.entry("first", None);
        entry.keys = vec![made["jwk"].clone()];
        home.says(&rpc, "office", Statement::PersonRegister(entry)).await;
        // With the key they had went what they sign in this very second (U2).
        tokio::time::sleep(Duration::from_millis(1100)).await;

        let document = documents::contract();
        let asked = v1::SubmitHeader {
            seal: SEAL.to_owned(),
            document_class: "important".to_owned(),
            applicant: "applicant".to_owned(),
            ..header(&document)
        };
        let submitted = rpc.submit(&document, asked).await.unwrap();
        let binding = home.files(&rpc, &submitted, "applicant").await;
        let id = &submitted.request_id;
        // Whose key it is the office knows.
        let key = made["key_uri"].as_str().unwrap();
        let approved = seal.run_with(&pin, &["approve", id, "--key", key, "--pin-fd", "0", "--json"]);
        assert_eq!(approved.code, 0, "{approved:?}");
        assert_eq!(approved.json_object()["act"]["signer"], "first");
        home.says(&rpc, "second", Statement::RequestApprove(Box::new(binding))).await;
        assert_eq!(rpc.show_request(id).await.unwrap().state, "approved");
    });
}

#[test]
fn a_custodian_receives_a_seal_whose_key_asks_for_the_pin_and_signs_for_it_with_another_token() {
    run(async {
        let mut home = OfficeHome::new();
        home.home = home.home.with_faults("always_authenticate = true");
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.hand_out(&rpc).await;
        let person = Person::new();
        let key = ActKey::from_spki_der(&person.token.public_key(1)).unwrap();
        let mut entry = home.entry("keeper", Some(own_uid()));
        entry.keys = vec![serde_json::to_value(&key).unwrap()];
        home.says(&rpc, "office", Statement::PersonRegister(entry)).await;
        rpc.unlock(&home.home.token, 5).await;

        let seal = person.on_token(Seal::new(&home.home));
        let uri = person.token.key_uri(1);
        let (own, seals) = (person.token.pin(), home.home.token.pin());
        let receive = ["seals", "receive", SEAL, "--key", &uri, "--pin-fd", "0", "--json"];
        let refused = |said: &Said| said.json_object()["reasons"][0]["code"].as_str().unwrap().to_owned();
        let said = seal.run_with(&format!("{own}\n"), &receive);
        assert_eq!(
            (said.code, refused(&said).as_str()),
            (3, "token-pin-needed"),
            "nobody there to be asked: {said:?}"
        );
        let with_pin = [&receive[..], &["--seal-pin-fd", "0"]].concat();
        let said = seal.run_with(&format!("{own}\nnot-the-PIN\n"), &with_pin);
        assert_eq!((said.code, refused(&said).as_str()), (3, "token-pin-wrong"));
        let said = seal.run_with(&format!("{own}\n{seals}\n"), &with_pin);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(rpc.show_office().await.unwrap().seals[0].state, "active");
        let journal = rpc.journal().await;
        let wrong = journal.records().filter_map(|record| match &record.body {
            RecordBody::WrongPin(wrong) => Some(wrong.pin),
            _ => None,
        });
        assert_eq!(wrong.collect::<Vec<_>>(), [PinKind::ContextSpecific]);
        journal.assert_sound();
    });
}

#[test]
fn a_receipt_that_needs_the_pin_says_so_and_can_be_filed_with_it() {
    run(async {
        let mut home = OfficeHome::new();
        home.home = home.home.with_faults("always_authenticate = true");
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        home.hand_out(&rpc).await;
        rpc.unlock(&home.home.token, 5).await;
        let act = home.act(&home.who("keeper"), home.receipt());
        assert_eq!(rpc.file(&act).await.unwrap_err().reasons(), ["token-pin-needed"]);
        assert_eq!(rpc.file_with_pin(&act, "a\nb").await.unwrap_err().reasons(), ["token-pin-unusable"]);
        // Carried by hand, as any other act.
        fs::write(home.home.scratch().join("receipt.act"), &act).unwrap();
        let seal = Seal::new(&home.home);
        let said = seal.run_with(
            &format!("{}\n", home.home.token.pin()),
            &["act", "file", "receipt.act", "--pin-fd", "0"],
        );
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(rpc.show_office().await.unwrap().seals[0].state, "active");
    });
}

#[test]
fn an_office_can_be_rooted_in_a_key_on_a_token() {
    let person = Person::new();
    let pin = format!("{}\n", person.token.pin());
    let shown = person.seal().run_with(&pin, &["key", "show", &person.token.key_uri(1), "--pin-fd", "0"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let public = person.folder.path().join("office.pub");
    fs::write(&public, shown.out).unwrap();
    let mut init = Command::new(binary("seal-agent"));
    init.args(["init", "--office-key"]).arg(&public).arg("--home").arg(person.folder.path().join("home"));
    let made = init.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let id = ActKey::from_spki_der(&person.token.public_key(1)).unwrap().thumbprint().to_string();
    assert!(String::from_utf8(made.stdout).unwrap().contains(&id));
}

#[test]
fn acts_are_signed_where_the_pin_is_typed_on_the_token_and_where_each_signature_asks_for_it() {
    let person = Person::with_faults("always_authenticate = true");
    person.signed(&[]);
    assert_eq!(person.calls("C_Login"), ["CKR_OK", "CKR_OK"], "one for the key, one for the signature");

    let person = Person::with_faults("always_authenticate = true\n[pin]\npad = \"{PIN}\"\npad_ms = 200");
    let said = person.signed(&[]);
    assert_eq!(person.calls("C_Login"), ["CKR_OK", "CKR_OK"]);
    assert_eq!(said.err.matches("type the PIN on the PIN pad of token").count(), 2, "{said:?}");
    person.faults.as_ref().unwrap().write("[pin]\npad = \"another\"").unwrap();
    assert_eq!(code(person.refused(1, "", &[])), (3, "token-pin-wrong".to_owned()));
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_last_try_only_if_told_so() {
    let person = Person::with_faults("[pin]\ntries = 2");
    let (exit, reason, details) = person.refused(1, "not-the-PIN", &[]);
    assert_eq!((exit, reason.as_str()), (3, "token-pin-wrong"));
    assert!(details.contains(r#""tries-left":"one""#), "{details}");
    assert!(details.contains(r#""return-value":"CKR_PIN_INCORRECT""#), "{details}");
    assert_eq!(person.calls("C_Login"), ["CKR_PIN_INCORRECT"]);
    let (exit, reason, _) = person.refused(1, person.token.pin(), &[]);
    assert_eq!((exit, reason.as_str(), person.calls("C_Login").len()), (3, "token-pin-final-try", 1));
    person.signed(&["--final-try"]);
    for _ in 0..2 {
        person.refused(1, "not-the-PIN", &["--final-try"]);
    }
    assert_eq!(
        code(person.refused(1, person.token.pin(), &["--final-try"])),
        (3, "token-pin-locked".to_owned())
    );
    // No secret is anywhere in what was said.
    let said = person.sign(&person.seal(), &person.token.key_uri(1), "not-the-PIN", &[]);
    assert!(!format!("{said:?}").contains("not-the-PIN"), "{said:?}");
}

#[test]
fn a_key_that_is_not_there_or_not_fit_signs_nothing() {
    let person = Person::new();
    let pin = person.token.pin();
    person.token.generate_key("rsa:2048", 0x31);
    person.token.generate_key("EC:secp384r1", 0x32);
    assert_eq!(code(person.refused(0x30, pin, &[])), (3, "own-key-absent".to_owned()));
    let (exit, reason, details) = person.refused(0x31, pin, &[]);
    assert_eq!((exit, reason.as_str()), (1, "own-key-unsupported"));
    assert!(details.contains("RSA"), "{details}");
    assert_eq!(code(person.refused(0x32, pin, &[])), (1, "own-key-unsupported".to_owned()));
    let refused = |key: &str| code(no(&person.sign(&person.seal(), key, pin, &[])));
    assert_eq!(refused("pkcs11:serial=0000;id=%01"), (3, "own-token-absent".to_owned()));
    assert_eq!(refused("pkcs11:serial=0000;id=%01?pin-value=1"), (2, "own-key-uri-bad".to_owned()));
    let uri = person.token.key_uri(1);
    let again = person
        .seal()
        .run_with(&format!("{pin}\n"), &["key", "new", "--token", &uri, "--pin-fd", "0", "--json"]);
    assert_eq!(code(no(&again)), (1, "key-exists".to_owned()));

    for (attribute, value) in [("CKA_EXTRACTABLE", true), ("CKA_SENSITIVE", false)] {
        let control = format!("[[attribute]]\ntype = \"{attribute}\"\nvalue = {value}");
        let person = Person::with_faults(&control);
        let (exit, reason, details) = person.refused(1, pin, &[]);
        assert_eq!((exit, reason.as_str()), (1, "own-key-unfit"));
        assert!(details.contains(attribute), "{details}");
        assert_eq!(person.calls("C_SignInit").len(), 0);
    }
}

#[test]
fn the_seal_office_makes_a_seal_with_a_key_on_its_own_token() {
    run(async {
        let home = OfficeHome::new();
        let (_daemon, rpc) = home.start().await;
        home.found(&rpc).await;
        let person = Person::new();
        let seal = person.on_token(Seal::new(&home.home));
        let pin = format!("{}\n", person.token.pin());
        let key = ActKey::from_spki_der(&person.token.public_key(1)).unwrap();
        let mut entry = home.entry("office2", None);
        entry.keys = vec![serde_json::from_str(&key.to_jwk()).unwrap()];
        home.says(&rpc, "office", Statement::PersonRegister(entry)).await;

        let (application, picture) = home.application();
        home.says_with(&rpc, "deputy", (application, picture.clone())).await.unwrap();
        let about = home.about(&rpc).await;
        let approval = NamedSeal { seal: sealkeeper_tests::office::seal(), about };
        home.says(&rpc, "head", Statement::SealApprove(approval)).await;
        let own = ["--key", &person.token.key_uri(1), "--pin-fd", "0", "--json"];
        let review = ["seals", "review", SEAL, "--physical", "none"];
        let reviewed = seal.run_with(&pin, &[&review[..], &own].concat());
        assert_eq!(reviewed.code, 0, "{reviewed:?}");

        let token = &home.home.token;
        fs::write(home.home.scratch().join("seal.png"), picture).unwrap();
        fs::write(home.home.scratch().join("seal.der"), token.certificate(1)).unwrap();
        let (key_uri, certificate_uri) = (token.key_uri(1), token.certificate_uri(1));
        let make = [
            "seals",
            "make",
            SEAL,
            "--picture",
            "seal.png",
            "--certificate",
            "seal.der",
            "--key-uri",
            &key_uri,
            "--certificate-uri",
            &certificate_uri,
            "--valid-until",
            "2035-12-31",
            "--object",
            "object.der",
        ];
        let wrong = seal.run_with("wrong-pin-1\n", &[&make[..], &own].concat());
        assert_eq!(no(&wrong).1, "token-pin-wrong", "{wrong:?}");
        let made = seal.run_with(&pin, &[&make[..], &own].concat());
        assert_eq!(made.code, 0, "{made:?}");
        let made = made.json_object();
        assert_eq!((&made["act"]["typ"], &made["act"]["signer"]), (&json!("seal-make"), &json!("office2")));

        // The token's key signed the object too: nobody else's verifies it, and what the agent keeps is that one.
        let object = fs::read(home.home.scratch().join("object.der")).unwrap();
        let point = |spki: &[u8]| VerifyingKey::from_public_key_der(spki).unwrap();
        let verified = SealObject::verify(&object, &point(&person.token.public_key(1))).unwrap();
        assert_eq!(verified.properties().id, SEAL);
        SealObject::verify(&object, &point(&token.public_key(1))).unwrap_err();
        let told = rpc.show_office().await.unwrap().seals.remove(0);
        assert_eq!((told.state.as_str(), told.object_sha256), ("made", sha256(&object)));
    });
}

#[test]
fn a_module_is_loaded_if_it_is_named_there_and_nobody_elses() {
    let person = Person::new();
    let (pin, uri) = (person.token.pin(), person.token.key_uri(1));
    let bare = Seal::without_agent(person.folder.path()).with("SOFTHSM2_CONF", &person.token.settings());
    let refused = |more: &[&str]| no(&person.sign(&bare, &uri, pin, more));
    assert_eq!(code(refused(&[])), (2, "own-module-missing".to_owned()));
    let (exit, reason, details) = refused(&["--module", "absent.so"]);
    assert_eq!((exit, reason.as_str()), (3, "own-module-unusable"));
    assert!(details.contains("absent.so: No such file"), "{details}");
    let copy = person.folder.path().join("module.so");
    fs::copy(person.token.module(), &copy).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
    let said = person.sign(&bare, &uri, pin, &["--module", "module.so"]);
    assert_eq!(said.code, 0, "{said:?}");
    fs::set_permissions(&copy, Permissions::from_mode(0o757)).unwrap();
    let (exit, reason, details) = refused(&["--module", "module.so"]);
    assert_eq!((exit, reason.as_str()), (2, "own-module-untrusted"));
    assert!(details.contains("module.so: may be written by others"), "{details}");
}

#[test]
fn a_module_that_crashes_hangs_or_lies_ends_in_an_error() {
    for (control, exit, reason, detail) in [
        ("on = \"C_Login\"\ndo = \"segfault\"", 4, "own-module-crashed", "signal 11"),
        ("on = \"C_Sign\"\ndo = \"exit\"\ncode = 3", 4, "own-module-crashed", "exit code 3"),
        ("on = \"C_Sign\"\ndo = \"garble\"\nwith = \"random\"", 4, "own-signature-wrong", "pkcs11:serial="),
        (
            "on = \"C_Sign\"\ndo = \"garble\"\nwith = \"other-data\"",
            4,
            "own-signature-wrong",
            "pkcs11:serial=",
        ),
        (
            "on = \"C_SignInit\"\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"",
            4,
            "token-device-error",
            "C_SignInit",
        ),
        (
            "on = \"C_Login\"\ndo = \"print\"\ntext = \"hello\"\n[[fault]]\non = \"C_Sign\"\ndo = \"return\"\nrv = \"CKR_DEVICE_REMOVED\"",
            3,
            "own-token-absent",
            "C_Sign",
        ),
    ] {
        let person = Person::with_faults(&format!("[[fault]]\n{control}"));
        let (told_exit, told, details) = person.refused(1, person.token.pin(), &[]);
        assert_eq!((told_exit, told.as_str()), (exit, reason), "{control}: {details}");
        assert!(details.contains(detail), "{control}: {details}");
    }
    let begun = Instant::now();
    let person = Person::with_faults("[[fault]]\non = \"C_Login\"\ndo = \"hang\"\nforever = true");
    assert_eq!(code(person.refused(1, person.token.pin(), &[])), (4, "own-token-timeout".to_owned()));
    assert!(begun.elapsed().as_secs() < 40, "{:?}", begun.elapsed());
}
