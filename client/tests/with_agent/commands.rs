//! The commands that tell of tokens and seals.

use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::agent::PIN;
use crate::bench::Bench;

pub(crate) fn object(stdout: &str) -> Value {
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(stdout).unwrap()
}

pub(crate) fn token(unlocked: bool) -> Value {
    json!({
        "serial": "00aa11", "label": "Test", "manufacturer": "", "model": "", "firmware": "",
        "module": "softhsm", "unlocked": unlocked, "uses_left": u32::from(unlocked),
        "locks_at_us": unlocked.then_some(1_800_000_000_000_000_u64),
        "expires_at_us": unlocked.then_some(1_800_000_600_000_000_u64),
        "pin_count_low": false, "pin_final_try": false, "pin_locked": false, "pin_initialized": true,
        "pin_to_be_changed": false, "pin_not_own": false, "wrong_pins": 0,
        "so_pin_count_low": false, "so_pin_final_try": false, "so_pin_locked": false,
        "protected_authentication_path": false, "seals": ["合同专用章"], "seals_asking_pin": [],
        "inspection_due_us": null,
    })
}

#[tokio::test]
async fn tokens_are_listed_and_locked() {
    let bench = Bench::new();
    let (code, stdout, _) = bench.seal(&["token", "list"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "00aa11  Test  softhsm  unlocked, 1 use left  合同专用章\n"));
    let (code, stdout, _) = bench.seal(&["token", "lock", "--lang", "zh"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "已锁定\n"));
    let (code, stdout, _) = bench.seal(&["token", "lock"], b"").await;
    assert_eq!((code, stdout.as_str()), (0, "was locked already\n"));
    let (code, _, stderr) = bench.seal(&["token", "lock", "other"], b"").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("token-absent"), "{stderr}");
}

#[tokio::test]
async fn seals_are_listed_and_shown() {
    let bench = Bench::new();
    let (code, stdout, _) = bench.seal(&["seals"], b"").await;
    let expected = "contract  合同专用章  示例科技有限公司  40×38.5 mm  ready\n\
                    finance  财务专用章    0×0 mm  the certificate has expired [certificate-expired]; \
                    [from-a-later-version]\n";
    assert_eq!((code, stdout.as_str()), (0, expected));
    let (code, stdout, _) = bench.seal(&["seals", "show", "contract"], b"").await;
    assert_eq!(code, 0);
    for row in ["name         合同专用章\n", "valid until  9999-12-31 23:59:59 UTC\n"] {
        assert!(stdout.contains(row), "{stdout}");
    }
}

#[tokio::test]
async fn a_seal_that_was_revoked_is_shown_with_why_and_with_its_certificates_state() {
    let bench = Bench::new();
    bench.agent.state().shown = Some(v1::Seal {
        id: "contract".into(),
        name: "合同专用章".into(),
        object_sha256: vec![0xab; 32],
        problems: vec!["seal-revoked".into()],
        state: "revoked".into(),
        state_since_us: 1_800_000_000_000_000,
        state_reason: "custodian-left".into(),
        state_text: "未办理移交".into(),
        certificate_authority: "甲机构".into(),
        certificate_asked_us: 1_800_000_000_000_000,
        ..Default::default()
    });
    let (code, stdout, stderr) = bench.seal(&["seals", "show", "contract"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    for row in [
        "state        revoked (2027-01-15",
        "reason       未办理移交 (the custodian left without handing it over)\n",
        "authority    甲机构\n",
        "revocation   asked for 2027-01-15",
        "problem      the seal is revoked [seal-revoked]\n",
    ] {
        assert!(stdout.contains(row), "{row}: {stdout}");
    }
    let (_, stdout, _) = bench.seal(&["seals", "show", "contract", "--lang", "zh"], b"").await;
    assert!(stdout.contains("未办理移交 (保管人离职未移交)\n") && stdout.contains("尚未吊销"), "{stdout}");
    let (_, stdout, _) = bench.seal(&["seals", "show", "contract", "--json"], b"").await;
    let told = object(&stdout);
    assert_eq!(
        (&told["seal"]["state"], &told["seal"]["state_reason"]),
        (&json!("revoked"), &json!("custodian-left"))
    );
    assert_eq!(told["seal"]["certificate_revoked_us"], json!(null));
}

#[tokio::test]
async fn tokens_as_json() {
    let bench = Bench::new();
    let (code, stdout, stderr) = bench.seal(&["token", "list", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(object(&stdout), json!({ "outcome": "done", "tokens": [token(true)] }));
    for was_unlocked in [true, false] {
        let (code, stdout, _) = bench.seal(&["--json", "token", "lock"], b"").await;
        let told = json!({ "outcome": "done", "token_serial": "00aa11", "was_unlocked": was_unlocked });
        assert_eq!((code, object(&stdout)), (0, told));
    }
    let (_, stdout, _) = bench.seal(&["token", "--json", "list"], b"").await;
    assert_eq!(object(&stdout)["tokens"], json!([token(false)]));
    let unlock = ["token", "unlock", "--json", "--pin-fd", "0"];
    let (code, stdout, stderr) = bench.seal(&unlock, &[PIN, b"\n"].concat()).await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(object(&stdout), json!({ "outcome": "done", "token": token(true) }));
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_token_as_json() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let wrong = ["token", "unlock", "--json", "--pin-fd", "0"];
    for (arguments, stdin, code, class, reason) in [
        (&wrong[..], &b"246810\n"[..], 3, "availability", "token-pin-wrong"),
        (&wrong, b"\n", 2, "usage", "token-pin-unusable"),
        (&["token", "unlock", "--json"], b"", 2, "usage", "pin-unreadable"),
        (&["token", "unlock", "other", "--json"], b"", 3, "availability", "token-absent"),
    ] {
        let (exit, stdout, stderr) = bench.seal(arguments, stdin).await;
        assert_eq!((exit, stderr.as_str()), (code, ""), "{reason}");
        let told = object(&stdout);
        assert_eq!((&told["outcome"], &told["class"]), (&json!("error"), &json!(class)));
        assert_eq!(told["reasons"][0]["code"], reason);
    }
    assert_eq!(bench.agent.state().pins.len(), 1);
}

#[tokio::test]
async fn seals_as_json() {
    let bench = Bench::new();
    let contract = json!({
        "id": "contract", "name": "合同专用章", "unit": "示例科技有限公司", "width_um": 40_000, "height_um": 38_500,
        "key_uri": "pkcs11:serial=00aa11;id=%01", "certificate_uri": "pkcs11:serial=00aa11;object=contract",
        "certificate_subject": "CN=示例科技有限公司", "not_before_s": 1_700_000_000_i64,
        "not_after_s": 253_402_300_799_i64, "token_serial": "00aa11", "object_sha256": "ab".repeat(32),
        "problems": [], "state": null, "state_since_us": null, "state_reason": null, "state_text": null,
        "certificate_authority": null, "certificate_asked_us": null, "certificate_revoked_us": null,
    });
    let (code, stdout, stderr) = bench.seal(&["seals", "show", "contract", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(object(&stdout), json!({ "outcome": "done", "seal": contract }));
    let (code, stdout, _) = bench.seal(&["seals", "--json", "--lang", "zh"], b"").await;
    let told = object(&stdout);
    assert_eq!((code, &told["outcome"], &told["seals"][0]), (0, &json!("done"), &contract));
    let broken = &told["seals"][1];
    for unknown in ["certificate_subject", "not_before_s", "not_after_s", "object_sha256"] {
        assert_eq!(broken[unknown], Value::Null);
    }
    let problems = json!([
        { "code": "certificate-expired", "text": "证书已过期" },
        { "code": "from-a-later-version", "text": "from-a-later-version" },
    ]);
    assert_eq!(broken["problems"], problems);
}
