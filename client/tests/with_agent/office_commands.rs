//! The commands by which people say to the office what it has to hear.

use std::fs;

use sealkeeper_client::read_public_key;
use sealkeeper_domain::act::jws::{UnverifiedJws, VerifiedJws};
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::act::{Claims, Statement};
use sealkeeper_domain::identity::Digest;
use sealkeeper_domain::office::Role;
use sealkeeper_domain::policy::Policy;
use sealkeeper_proto::v1;
use sealkeeper_ses::SealObject;

use crate::agent::{Trouble, office::ORIGIN};
use crate::bench::Bench;
use crate::commands::object;

/// What a command that signs is given.
pub(crate) const KEY: [&str; 4] = ["--key", "zhang.key", "--passphrase-file", "passphrase"];

/// Makes Zhang's key, registered with the agent.
pub(crate) async fn zhang(bench: &Bench) -> ActKey {
    fs::write(bench.folder.path().join("passphrase"), "open sesame 1\n").unwrap();
    let new = ["key", "new", "zhang.key", "--passphrase-file", "passphrase"];
    let (code, _, stderr) = bench.seal(&new, b"").await;
    assert_eq!(code, 0, "{stderr}");
    let key = read_public_key(&bench.folder.path().join("zhang.key.pub")).unwrap().unwrap();
    bench.agent.state().desk.told.people.push(v1::OfficePerson {
        person_id: "zhang".into(),
        name: "张三".into(),
        unit: "印章管理部门".into(),
        key_ids: vec![key.thumbprint().to_string()],
        ..Default::default()
    });
    key
}

/// The act that was filed last, verified, and what it says.
pub(crate) fn filed(bench: &Bench, key: &ActKey) -> (VerifiedJws, Claims) {
    let act = bench.agent.state().desk.filed.last().unwrap().act.clone();
    verified(&act, key)
}

pub(crate) fn verified(act: &str, key: &ActKey) -> (VerifiedJws, Claims) {
    let verified = UnverifiedJws::parse(act).unwrap().verify(key).unwrap();
    let claims = Claims::read(verified.typ(), verified.payload()).unwrap();
    (verified, claims)
}

fn seal() -> v1::OfficeSeal {
    v1::OfficeSeal {
        seal_id: "contract".into(),
        name: "合同专用章".into(),
        unit: "采购部".into(),
        kind: "contract".into(),
        state: "reviewed".into(),
        custodian: "zhang".into(),
        width_um: 40_000,
        height_um: 38_500,
        about: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_person_is_registered_whole() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/certificate.pem");
    let register = [
        "people",
        "register",
        "li",
        "--name",
        "李四",
        "--unit",
        "采购部",
        "--role",
        "applicant",
        "--role",
        "approver",
        "--public-key",
        "zhang.key.pub",
        "--uid",
        "1001",
        "--certificate",
        certificate,
        "--json",
    ];
    let (code, stdout, stderr) = bench.seal(&[&register[..], &KEY].concat(), b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(object(&stdout)["outcome"], "filed");
    let (_, claims) = filed(&bench, &key);
    assert_eq!((claims.issuer.as_str(), claims.audience.as_str()), ("zhang", ORIGIN));
    assert_eq!(claims.expires_s - claims.issued_s, 7 * 86_400);
    let Statement::PersonRegister(entry) = claims.statement else { panic!("{claims:?}") };
    assert_eq!((entry.person.as_str(), entry.name.as_str(), entry.uid), ("li", "李四", Some(1001)));
    assert_eq!(entry.roles, [Role::Applicant, Role::Approver].into());
    assert_eq!(entry.keys, [serde_json::to_value(&key).unwrap()]);
    let der = sealkeeper_client::certificate::read(certificate.as_ref()).unwrap();
    assert_eq!(entry.certificates, [Digest::of(&der)]);
}

#[tokio::test]
async fn the_certificates_of_a_person_are_listed() {
    let bench = Bench::new();
    zhang(&bench).await;
    bench.agent.state().desk.told.people[0].certificates_sha256 = vec![vec![0xab; 32]];
    let (code, stdout, _) = bench.seal(&["people", "list"], b"").await;
    assert_eq!(code, 0);
    let line = format!("  certificate SHA-256  {}", "ab".repeat(32));
    assert!(stdout.lines().any(|told| told == line), "{stdout}");
    let (_, stdout, _) = bench.seal(&["people", "list", "--json"], b"").await;
    assert_eq!(object(&stdout)["people"][0]["certificates_sha256"][0], "ab".repeat(32));
}

#[tokio::test]
async fn the_policy_file_is_shown_before_it_is_signed() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    let new = Policy::OFFICE_TOML.replace("max_uses = 10000", "max_uses = 20");
    fs::write(bench.folder.path().join("policy.toml"), &new).unwrap();
    let sha256 = Digest::of(new.as_bytes());
    bench.agent.state().desk.policy_toml = Policy::OFFICE_TOML.to_owned();
    bench.agent.state().desk.policy_file_sha256 = sha256.0.to_vec();
    let approve = [&["policy", "approve", "policy.toml"][..], &KEY].concat();
    let (code, _, stderr) = bench.seal(&approve, b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains(&format!("SHA-256      {sha256}\n")), "{stderr}");
    assert!(stderr.contains("changes      unlock.max_uses: 10000 → 20\n"), "{stderr}");
    assert_eq!(stderr.matches("changes ").count(), 1, "{stderr}");
    let (_, claims) = filed(&bench, &key);
    let Statement::Policy(policy) = claims.statement else { panic!("{claims:?}") };
    assert_eq!(policy.sha256, sha256);

    // Signed all the same, for the file may be put there afterwards; but not without a word.
    assert!(!stderr.contains("careful"), "{stderr}");
    bench.agent.state().desk.policy_file_sha256 = vec![0xab; 32];
    let (code, _, stderr) = bench.seal(&approve, b"").await;
    assert_eq!(code, 0, "{stderr}");
    let other =
        format!("careful: policy.toml in the agent's home is another one (SHA-256 {})", "ab".repeat(32));
    assert!(stderr.contains(&other), "{stderr}");
}

#[tokio::test]
async fn a_policy_that_the_agent_would_not_take_is_not_signed() {
    let bench = Bench::new();
    zhang(&bench).await;
    let wrong = Policy::OFFICE_TOML.replace("grace_days = 7", "grace_days = 367");
    fs::write(bench.folder.path().join("policy.toml"), wrong).unwrap();
    let (code, _, stderr) =
        bench.seal(&[&["policy", "approve", "policy.toml"][..], &KEY].concat(), b"").await;
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("[policy-invalid]") && stderr.contains("inspection.grace_days"), "{stderr}");
    let (code, _, stderr) = bench.seal(&[&["policy", "approve"][..], &KEY].concat(), b"").await;
    assert_eq!(code, 2);
    assert!(stderr.contains("<FILE>"), "{stderr}");
    assert!(bench.agent.state().desk.filed.is_empty());
}

#[tokio::test]
async fn a_step_names_the_act_it_follows() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    bench.agent.state().desk.told.seals.push(seal());
    let approve = ["seals", "approve", "合同专用章"];
    let (code, stdout, stderr) = bench.seal(&[&approve[..], &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("act id       0c7c9a0e-6c1f-4a52-9a52-1c3a0f0b7c11\n"), "{stdout}");
    let (_, claims) = filed(&bench, &key);
    let Statement::SealApprove(named) = claims.statement else { panic!("{claims:?}") };
    assert_eq!((named.seal.as_str(), named.about.to_string()), ("contract", seal().about));
    // What is not there cannot be received.
    let receive = ["seals", "receive", "contract"];
    let (code, _, stderr) = bench.seal(&[&receive[..], &KEY].concat(), b"").await;
    assert_eq!(code, 2);
    assert!(stderr.contains("not made yet"), "{stderr}");
    let (code, _, stderr) = bench.seal(&[&["seals", "revoke", "公章"][..], &KEY].concat(), b"").await;
    assert_eq!(code, 1);
    assert!(stderr.contains("[seal-unknown"), "{stderr}");
}

/// What the agent tells of a seal of an uncommon size.
fn uncommon() -> v1::Finding {
    v1::Finding {
        severity: "warn".into(),
        reason: "seal-size-uncommon".into(),
        text_zh: "印章的尺寸不是常用尺寸".into(),
        text_en: "the size is not one that seals usually have".into(),
        hint_en: "check the size".into(),
        seal_id: "contract".into(),
        details: [("size-mm".to_owned(), "40×38.5".to_owned())].into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_uncommon_size_is_told_before_the_office_signs_and_after_a_unit_applied() {
    let bench = Bench::new();
    zhang(&bench).await;
    bench.agent.state().desk.told.seals.push(v1::OfficeSeal { findings: vec![uncommon()], ..seal() });
    let review = ["seals", "review", "contract", "--physical", "none"];
    for (language, told) in [
        (
            "en",
            "careful      the size is not one that seals usually have (seal-size-uncommon)\nsize, mm     40×38.5\n",
        ),
        ("zh", "注意         印章的尺寸不是常用尺寸 (seal-size-uncommon)\n尺寸，毫米   40×38.5\n"),
    ] {
        for step in [&review[..], &["seals", "approve", "contract"]] {
            let (code, _, stderr) = bench.seal(&[step, &KEY, &["--lang", language]].concat(), b"").await;
            assert_eq!(code, 0, "{stderr}");
            assert!(stderr.contains(told), "{stderr}");
        }
    }

    bench.agent.state().desk.findings = vec![uncommon()];
    fs::write(bench.folder.path().join("seal.png"), b"\x89PNG\r\n\x1a\n a picture").unwrap();
    let apply = [
        "seals",
        "apply",
        "new",
        "--name",
        "公章",
        "--kind",
        "official",
        "--unit",
        "采购部",
        "--purpose",
        "用印",
        "--class",
        "ordinary",
        "--custodian",
        "zhang",
        "--picture",
        "seal.png",
        "--size",
        "40x38.5",
    ];
    let (code, stdout, stderr) = bench.seal(&[&apply[..], &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    let told = "warning  seal contract: the size is not one that seals usually have [seal-size-uncommon]\n";
    assert!(stdout.contains(told) && stdout.contains("size, mm: 40×38.5\n"), "{stdout}");
    let (_, stdout, _) = bench.seal(&[&apply[..], &KEY, &["--json"]].concat(), b"").await;
    assert_eq!(object(&stdout)["act"]["findings"][0]["reason"], "seal-size-uncommon");
}

#[tokio::test]
async fn whoever_receives_a_seal_is_told_to_type_the_pin_on_the_token() {
    for (is_known, language, request) in [
        (true, "en", "type the PIN on the PIN pad of token 00aa11 Test\n"),
        (false, "en", "if token 00aa11 Test asks for the PIN, type it on its PIN pad\n"),
        (true, "zh", "请在载体 00aa11 Test 的键盘上输入 PIN\n"),
    ] {
        let bench = Bench::with(&[Trouble::SlowFingers(3500)]);
        zhang(&bench).await;
        let issued = v1::OfficeSeal {
            object_sha256: vec![7; 32],
            key_uri: "pkcs11:serial=00aa11;id=%01;type=private".into(),
            ..seal()
        };
        {
            let mut state = bench.agent.state();
            state.desk.told.seals.push(issued);
            (state.has_pin_pad, state.key_asks_pin, state.tells_key_asks_pin) = (true, true, is_known);
        }
        let receive = ["seals", "receive", "contract", "--lang", language];
        let (code, _, stderr) = bench.seal(&[&receive[..], &KEY].concat(), b"").await;
        assert_eq!(code, 0, "{stderr}");
        let waiting =
            if language == "zh" { "仍在等待（3 秒）……\n" } else { "still waiting (3 s)…\n" };
        assert!(stderr.ends_with(&[request, waiting].concat()), "{stderr}");
        assert!(bench.agent.state().desk.filed[0].pin.is_empty());
    }
    // Where there is no pad nobody is told of one.
    let bench = Bench::new();
    zhang(&bench).await;
    let issued = v1::OfficeSeal {
        object_sha256: vec![7; 32],
        key_uri: "pkcs11:serial=00aa11;id=%01;type=private".into(),
        ..seal()
    };
    bench.agent.state().desk.told.seals.push(issued);
    let (code, _, stderr) = bench.seal(&[&["seals", "receive", "contract"][..], &KEY].concat(), b"").await;
    assert!(code == 0 && !stderr.contains("PIN pad"), "{stderr}");
}

#[tokio::test]
async fn a_key_on_a_token_has_a_pin_in_the_help_too() {
    let bench = Bench::new();
    let (code, stdout, _) = bench.seal(&["seals", "review", "--help"], b"").await;
    assert_eq!(code, 0);
    let told: String = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("Ask for the passphrase, or for the PIN of a key on a token, in a dialog"),
        "{told}"
    );
}

#[tokio::test]
async fn a_seal_is_made_of_the_picture_applied_for() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    let picture = b"\x89PNG\r\n\x1a\n a picture";
    fs::write(bench.folder.path().join("seal.png"), picture).unwrap();
    fs::write(bench.folder.path().join("other.png"), b"\x89PNG\r\n\x1a\n another").unwrap();
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/certificate.pem"),
        bench.folder.path().join("certificate.pem"),
    )
    .unwrap();
    let applied = v1::OfficeSeal { picture_sha256: Digest::of(picture).0.to_vec(), ..seal() };
    bench.agent.state().desk.told.seals.push(applied);
    let make = |picture: &'static str| {
        let (key, certificate) =
            ("pkcs11:serial=00aa11;id=%02;type=private", "pkcs11:serial=00aa11;id=%02;type=cert");
        let make = [
            "seals",
            "make",
            "contract",
            "--picture",
            picture,
            "--certificate",
            "certificate.pem",
            "--key-uri",
            key,
            "--certificate-uri",
            certificate,
            "--valid-until",
            "2099-12-31",
        ];
        [&make[..], &KEY].concat()
    };
    let (code, _, stderr) = bench.seal(&make("other.png"), b"").await;
    assert_eq!(code, 2);
    assert!(stderr.contains("not the one applied for"), "{stderr}");
    assert!(bench.agent.state().desk.filed.is_empty());

    let (code, _, stderr) = bench.seal(&make("seal.png"), b"").await;
    assert_eq!(code, 0, "{stderr}");
    let (_, claims) = filed(&bench, &key);
    let Statement::SealMake(made) = claims.statement else { panic!("{claims:?}") };
    let object = bench.agent.state().desk.filed.last().unwrap().attachment.clone();
    assert_eq!(made.object_sha256, Digest::of(&object));
    let point = p256::pkcs8::DecodePublicKey::from_public_key_der(&key.spki_der()).unwrap();
    let verified = SealObject::verify(&object, &point).unwrap();
    let properties = verified.properties();
    assert_eq!((properties.id.as_str(), properties.name.as_str()), ("contract", "合同专用章"));
    assert_eq!(properties.picture.data, picture);
    assert_eq!((properties.picture.size.width_um(), properties.picture.size.height_um()), (40_000, 38_500));
}
