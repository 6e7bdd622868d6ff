//! `seal key` from a new key to a changed passphrase, with the passphrase given as programs give it. No agent runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Exit code, standard output and standard error of a program in this folder.
    fn run(&self, program: &str, arguments: &[&str], stdin: &str) -> (i32, String, String) {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).env_clear().env("PATH", "/usr/bin:/bin").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn seal(&self, arguments: &[&str], stdin: &str) -> (i32, String, String) {
        self.run(env!("CARGO_BIN_EXE_seal"), arguments, stdin)
    }

    fn json(&self, arguments: &[&str], stdin: &str) -> (i32, Value) {
        let (code, stdout, stderr) = self.seal(&[arguments, &["--json"]].concat(), stdin);
        assert_eq!(stderr, "", "{arguments:?}");
        (code, serde_json::from_str(&stdout).unwrap())
    }

    /// The reason a command fails for, and its exit code.
    fn reason(&self, arguments: &[&str], stdin: &str) -> (i32, String) {
        let (code, told) = self.json(arguments, stdin);
        (code, told["reasons"][0]["code"].as_str().unwrap().to_owned())
    }
}

const NEW: [&str; 5] = ["key", "new", "王芳.key", "--passphrase-fd", "0"];
const SHOW: [&str; 5] = ["key", "show", "王芳.key", "--passphrase-fd", "0"];
const CHANGE: [&str; 5] = ["key", "passphrase", "王芳.key", "--passphrase-fd", "0"];

#[test]
fn a_new_key_is_shown_and_its_passphrase_changed() {
    let desk = Desk::new();
    let (code, made) = desk.json(&NEW, "correct horse\n");
    assert_eq!(code, 0, "{made}");
    assert_eq!((&made["output"], &made["public_output"]), (&"王芳.key".into(), &"王芳.key.pub".into()));
    assert_eq!((desk.mode("王芳.key"), desk.mode("王芳.key.pub")), (0o600, 0o644));
    assert_eq!(fs::read_to_string(desk.path("王芳.key.pub")).unwrap(), made["public_key_pem"]);
    let public = desk.json(&["key", "show", "王芳.key.pub"], "").1;
    let private = desk.json(&SHOW, "correct horse").1;
    assert_eq!(public, private);
    for name in ["key_id", "jwk", "public_key_pem"] {
        assert_eq!(public[name], made[name], "{name}");
    }
    assert_eq!(made["key_id"].as_str().unwrap().len(), 43);

    let (code, changed) = desk.json(&CHANGE, "correct horse\nbattery staple\n");
    assert_eq!((code, &changed["key_id"]), (0, &made["key_id"]));
    assert_eq!(desk.mode("王芳.key"), 0o600);
    assert_eq!(desk.reason(&SHOW, "correct horse"), (3, "passphrase-wrong".to_owned()));
    assert_eq!(desk.json(&SHOW, "battery staple"), (0, public));
}

#[test]
fn what_a_person_sees() {
    let desk = Desk::new();
    let (code, stdout, stderr) = desk.seal(&NEW, "correct horse");
    let lines: Vec<_> = stdout.lines().collect();
    assert!(lines[0].starts_with("key id       "), "{stdout}");
    assert_eq!((code, &lines[1..]), (0, &["key file     王芳.key", "public key   王芳.key.pub"][..]));
    assert_eq!(
        stderr,
        "next: have the seal office register 王芳.key.pub; keep the key file and its passphrase to yourself\n"
    );
    let change = desk.seal(&[&CHANGE[..], &["--lang", "zh"]].concat(), "correct horse\nbattery staple");
    assert_eq!(change, (0, "已更换口令\n".to_owned(), String::new()));
    let (code, _, stderr) = desk.seal(&SHOW, "correct horse");
    assert_eq!(code, 3);
    assert!(
        stderr.starts_with("error: the passphrase is wrong, or the key file is damaged [passphrase-wrong]\n")
    );
}

#[test]
fn what_fails_leaves_everything_as_it_was() {
    let desk = Desk::new();
    for (typed, reason) in [("1234567", "passphrase-too-short"), ("", "passphrase-unusable")] {
        assert_eq!(desk.reason(&NEW, typed), (2, reason.to_owned()));
        assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 0, "{reason}");
    }
    assert_eq!(desk.json(&NEW, "correct horse").0, 0);
    let before = fs::read(desk.path("王芳.key")).unwrap();
    for (typed, code, reason) in [
        ("wrong horse\nbattery staple", 3, "passphrase-wrong"),
        ("correct horse\nshort", 2, "passphrase-too-short"),
        ("correct horse\n", 2, "passphrase-unusable"),
    ] {
        assert_eq!(desk.reason(&CHANGE, typed), (code, reason.to_owned()));
    }
    assert_eq!(desk.reason(&NEW, "correct horse"), (2, "key-file-exists".to_owned()));
    assert_eq!(fs::read(desk.path("王芳.key")).unwrap(), before);
    assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 2);
    fs::set_permissions(desk.path("王芳.key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(desk.reason(&SHOW, "correct horse"), (2, "key-file-permissions".to_owned()));
}

#[test]
fn a_key_goes_to_openssl_and_comes_back() {
    let desk = Desk::new();
    fs::write(desk.path("words"), "correct horse\n").unwrap();
    let file = ["--passphrase-file", "words"];
    let made = desk.json(&[&["key", "new", "one"], &file[..]].concat(), "").1;
    let (code, public, stderr) =
        desk.run("openssl", &["pkey", "-in", "one", "-passin", "file:words", "-pubout"], "");
    assert_eq!((code, public.as_str()), (0, made["public_key_pem"].as_str().unwrap()), "{stderr}");
    let decrypt = ["pkey", "-in", "one", "-passin", "file:words", "-out", "plain"];
    assert_eq!(desk.run("openssl", &decrypt, "").0, 0);
    assert_eq!(
        desk.reason(&[&["key", "show", "plain"], &file[..]].concat(), ""),
        (2, "key-file-unencrypted".to_owned())
    );
    let encrypt = "pkcs8 -topk8 -v2 aes-256-cbc -in plain -passout file:words -out two";
    assert_eq!(desk.run("openssl", &encrypt.split(' ').collect::<Vec<_>>(), "").0, 0);
    let shown = desk.json(&[&["key", "show", "two"], &file[..]].concat(), "").1;
    assert_eq!(shown["key_id"], made["key_id"]);
}
