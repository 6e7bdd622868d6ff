//! The commands that put a new key and its certificate on a token.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::agent::{PIN, REQUEST_PEM, SERIAL, Trouble};
use crate::bench::Bench;
use crate::commands::object;

const KEY: &str = "pkcs11:serial=00aa11;id=%02;type=private";
const SUBJECT: &str = "CN=合同专用章,O=示例科技有限公司,C=CN";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

#[tokio::test]
async fn a_key_is_generated() {
    let bench = Bench::new();
    let keygen =
        ["token", "keygen", SERIAL, "--algorithm", "rsa-3072", "--label", "合同 2026", "--id", "02fF"];
    let (code, stdout, stderr) = bench.seal(&keygen, b"").await;
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!((lines[0], lines[2]), (format!("key          {KEY}").as_str(), "journal      11"));
    assert!(lines[1].starts_with("public key   SHA-256 "), "{stdout}");
    assert_eq!(stderr, format!("next: seal token csr '{KEY}' --subject SUBJECT -o FILE\n"));
    let state = bench.agent.state();
    let sent = &state.keys[0];
    assert_eq!((sent.algorithm.as_str(), sent.label.as_str()), ("rsa-3072", "合同 2026"));
    assert_eq!((sent.token_serial.as_str(), &sent.key_id[..]), (SERIAL, &[2, 255][..]));
}

#[tokio::test]
async fn a_key_as_json() {
    let bench = Bench::new();
    let (code, stdout, stderr) = bench.seal(&["token", "keygen", "--label", "x", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let told = object(&stdout);
    assert_eq!(
        (&told["outcome"], &told["key_uri"], &told["journal_seq"]),
        (&json!("done"), &json!(KEY), &json!(11))
    );
    let pem = told["public_key_pem"].as_str().unwrap();
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"),
        "{pem}"
    );
    assert_eq!(told["public_key_sha256"].as_str().unwrap().len(), 64);
    let state = bench.agent.state();
    assert_eq!((state.keys[0].algorithm.as_str(), state.keys[0].key_id.len()), ("ec-p256", 0));
}

#[tokio::test]
async fn a_certificate_is_asked_for_in_a_new_file() {
    let bench = Bench::new();
    let csr = ["token", "csr", KEY, "--subject", SUBJECT, "-o", "合同.csr"];
    let (code, stdout, stderr) = bench.seal(&csr, b"").await;
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "written: 合同.csr\n", ""));
    let path = bench.folder.path().join("合同.csr");
    assert_eq!(fs::read_to_string(&path).unwrap(), REQUEST_PEM);
    {
        let state = bench.agent.state();
        let [sent] = &state.requested[..] else { panic!("{} requests", state.requested.len()) };
        assert_eq!((sent.key_uri.as_str(), sent.subject.as_str(), sent.pin.len()), (KEY, SUBJECT, 0));
    }
    // A second one takes no use of the unlock before it is known where to put it.
    let (code, _, stderr) = bench.seal(&csr, b"").await;
    assert_eq!(code, 2);
    assert!(stderr.contains("[output-exists]"), "{stderr}");
    assert_eq!(bench.agent.state().requested.len(), 1);
}

#[tokio::test]
async fn a_certificate_is_asked_for_on_standard_output() {
    let bench = Bench::new();
    let csr = ["token", "csr", KEY, "--subject", SUBJECT];
    let (code, stdout, stderr) = bench.seal(&csr, b"").await;
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, REQUEST_PEM, ""));
    let (code, stdout, _) = bench.seal(&[&csr[..], &["--json"]].concat(), b"").await;
    let told = json!({ "outcome": "done", "output": null, "request_pem": REQUEST_PEM, "journal_seq": 12 });
    assert_eq!((code, object(&stdout)), (0, told));
}

#[tokio::test]
async fn a_key_that_asks_for_the_pin_gets_it_once() {
    let csr = ["token", "csr", KEY, "--subject", SUBJECT];
    let with_pin = [&csr[..], &["--pin-fd", "0"]].concat();
    for (arguments, stdin, exit, sent, reason) in [
        (&with_pin[..], [PIN, b"\n"].concat(), 0, vec![vec![], PIN.to_vec()], ""),
        (
            &with_pin,
            b"000000\n".to_vec(),
            3,
            vec![vec![], b"000000".to_vec()],
            "[token-pin-wrong, clause C1]",
        ),
        (&csr, vec![], 3, vec![vec![]], "[token-pin-needed, clause C1]"),
    ] {
        let bench = Bench::new();
        bench.agent.state().key_asks_pin = true;
        let (code, _, stderr) = bench.seal(arguments, &stdin).await;
        assert_eq!(code, exit, "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
        let pins: Vec<_> = bench.agent.state().requested.iter().map(|sent| sent.pin.clone()).collect();
        assert_eq!(pins, sent);
    }
}

#[tokio::test]
async fn a_pin_that_may_be_typed_on_the_token_is_spoken_of() {
    let bench = Bench::new();
    bench.agent.state().has_pin_pad = true;
    let (code, stdout, stderr) = bench.seal(&["token", "csr", KEY, "--subject", SUBJECT], b"").await;
    assert_eq!((code, stdout.as_str()), (0, REQUEST_PEM));
    assert_eq!(stderr, "if token 00aa11 Test asks for the PIN, type it on its PIN pad\n");
}

#[tokio::test]
async fn a_certificate_is_put_on_the_token() {
    let bench = Bench::new();
    bench.agent.state().findings.push(sealkeeper_proto::v1::Finding {
        severity: "note".into(),
        reason: "certificate-several".into(),
        text_en: "the key has several certificates".into(),
        ..Default::default()
    });
    let path = file("certificate.pem");
    let import = ["token", "import-cert", path.to_str().unwrap(), "--replace"];
    let (code, stdout, stderr) = bench.seal(&import, b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let der = sealkeeper_client::certificate::read(&path).unwrap();
    let sha256 = hex::encode(Sha256::digest(&der));
    let expected = format!(
        "certificate  pkcs11:serial=00aa11;id=%02;type=cert\n\
         key          {KEY}\n\
         SHA-256      {sha256}\n\
         journal      13\n\
         note     the key has several certificates [certificate-several]\n"
    );
    assert_eq!(stdout, expected);
    {
        let state = bench.agent.state();
        assert_eq!((&state.imported[0].certificate_der, state.imported[0].replace), (&der, true));
    }
    let (_, stdout, _) =
        bench.seal(&["token", "import-cert", path.to_str().unwrap(), SERIAL, "--json"], b"").await;
    let told = object(&stdout);
    assert_eq!((&told["outcome"], &told["certificate_sha256"]), (&json!("done"), &json!(sha256)));
    assert_eq!(told["warnings"][0]["severity"], "note");
    assert!(!bench.agent.state().imported[1].replace);
}

#[tokio::test]
async fn why_a_token_does_not_take_it_is_told() {
    let path = file("certificate.pem");
    let import = ["token", "import-cert", path.to_str().unwrap()];
    let keygen = ["token", "keygen", "--label", "x"];
    let csr = ["token", "csr", KEY, "--subject", SUBJECT];
    for (arguments, exit, code) in [
        (&import[..], 1, "certificate-exists"),
        (&import, 1, "certificate-not-for-key"),
        (&keygen, 1, "key-exists"),
        (&keygen, 3, "token-mechanism-missing"),
        (&keygen, 3, "token-locked"),
        (&csr, 3, "key-absent"),
        (&csr, 4, "module-crashed"),
    ] {
        let bench = Bench::with(&[Trouble::FaultToken(code)]);
        let (told, stdout, stderr) = bench.seal(arguments, b"").await;
        assert_eq!((told, stdout.as_str()), (exit, ""), "{stderr}");
        assert!(stderr.contains(&format!("[{code}, clause ")), "{stderr}");
        let state = bench.agent.state();
        assert_eq!(state.imported.len() + state.keys.len() + state.requested.len(), 1);
    }
}
