//! The PIN from a dialog: what the program is told, and that whatever it answers is tried once or not at all.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agent::PIN;
use crate::bench::{Bench, STAMP};

const CANCELLED: &str = "ERR 83886179 Operation cancelled <Pinentry>\n";

/// A bench with a locked token and a pinentry program that gives one answer.
struct Desktop {
    bench: Bench,
    records: tempfile::TempDir,
}

impl Desktop {
    fn answering(answer: &str) -> Self {
        let desktop = Self { bench: Bench::new(), records: tempfile::tempdir().unwrap() };
        desktop.bench.agent.state().locked = true;
        fs::write(desktop.records.path().join("answer"), answer).unwrap();
        // Linked, not written: what another thread forks meanwhile would hold a script just written open (ETXTBSY).
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pinentry/answers.sh");
        symlink(script, desktop.program()).unwrap();
        desktop
    }

    fn with_the_pin() -> Self {
        Self::answering(&format!("D {}\nOK\n", String::from_utf8_lossy(PIN)))
    }

    fn program(&self) -> PathBuf {
        self.records.path().join("pinentry")
    }

    /// With `--pinentry=` the program that answers.
    async fn seal(&self, arguments: &[&str]) -> (i32, String, String) {
        let option = format!("--pinentry={}", self.program().display());
        self.bench.seal(&[arguments, &[&option]].concat(), b"").await
    }

    fn record(&self, name: &str) -> String {
        fs::read_to_string(self.records.path().join(name)).unwrap_or_default()
    }

    fn dialogs(&self) -> usize {
        self.record("sent").lines().filter(|line| *line == "GETPIN").count()
    }
}

#[tokio::test]
async fn a_stamp_is_asked_for_in_a_dialog_that_names_token_seal_and_document() {
    let desktop = Desktop::with_the_pin();
    let (code, _, stderr) = desktop.seal(&STAMP).await;
    assert_eq!(code, 0, "{stderr}");
    desktop.bench.assert_stamped();
    assert_eq!(desktop.bench.agent.state().pins, [PIN.to_vec()]);
    let sent = desktop.record("sent");
    // Whether there is a terminal depends on who runs the tests.
    let sent: Vec<_> = sent.lines().filter(|line| !line.starts_with("OPTION tty")).collect();
    assert_eq!(
        sent,
        [
            "SETDESC Enter the PIN of the token.%0Atoken: 00aa11 Test%0Aseal: 合同专用章%0Adocument: 合同.pdf",
            "SETPROMPT PIN:",
            "SETTITLE Sealkeeper",
            "SETOK OK",
            "SETCANCEL Cancel",
            "SETTIMEOUT 120",
            "GETPIN",
        ]
    );
}

#[tokio::test]
async fn the_pin_is_in_no_argument_and_no_environment() {
    let desktop = Desktop::with_the_pin();
    let (code, stdout, stderr) = desktop.seal(&["token", "unlock", "--json"]).await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let started = desktop.record("started");
    assert!(started.starts_with("arguments: \n") && started.contains("SEALKEEPER_SOCKET="), "{started}");
    let pin = String::from_utf8_lossy(PIN);
    for text in [started, desktop.record("sent"), stdout] {
        assert!(!text.contains(&*pin), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_unlocked_by_a_dialog_in_chinese_that_warns() {
    let desktop = Desktop::with_the_pin();
    desktop.bench.agent.state().final_try = true;
    let (code, stdout, stderr) = desktop.seal(&["token", "unlock", "--final-try", "--lang", "zh"]).await;
    // The warning stands in the dialog and nowhere else.
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("已解锁"), "{stdout}");
    let sent = desktop.record("sent");
    for line in [
        "SETDESC 请输入载体的 PIN。%0A载体：00aa11 Test\n",
        "SETERROR 警告：PIN 只剩最后一次机会，再错一次载体将锁死，须由印章管理部门重置\n",
        "SETOK 确定\n",
        "SETCANCEL 取消\n",
    ] {
        assert!(sent.contains(line), "{sent}");
    }
    assert_eq!(desktop.bench.agent.state().final_tries, [true]);
}

#[tokio::test]
async fn what_the_dialog_would_be_in_vain_for_is_not_asked() {
    let desktop = Desktop::with_the_pin();
    desktop.bench.agent.state().final_try = true;
    for arguments in [&STAMP[..], &["token", "unlock"]] {
        let (code, _, stderr) = desktop.seal(arguments).await;
        assert_eq!(code, 3);
        assert!(stderr.contains("token-pin-final-try"), "{stderr}");
    }
    assert_eq!(desktop.record("started"), "");
}

#[tokio::test]
async fn a_cancelled_dialog_tries_nothing_and_stamps_nothing() {
    let desktop = Desktop::answering(CANCELLED);
    let (code, stdout, stderr) = desktop.seal(&STAMP).await;
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("[pin-entry-cancelled"), "{stderr}");
    let (code, stdout, _) = desktop.seal(&["token", "unlock", "--json"]).await;
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &told["class"]), (3, &"availability".into()));
    assert_eq!(told["reasons"][0]["code"], "pin-entry-cancelled");
    assert_eq!(told["reasons"][0]["details"], serde_json::json!({}));
    let state = desktop.bench.agent.state();
    assert_eq!((state.pins.len(), state.use_ids.len(), desktop.bench.files()), (0, 0, 1));
}

#[tokio::test]
async fn a_wrong_pin_is_tried_once_and_not_asked_for_again() {
    let desktop = Desktop::answering("D 246810\nOK\n");
    let (code, _, stderr) = desktop.seal(&STAMP).await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[token-pin-wrong") && !stderr.contains("246810"), "{stderr}");
    assert_eq!((desktop.bench.agent.state().pins.len(), desktop.dialogs()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_gives_no_pin_is_told_and_none_is_tried() {
    let long = format!("D {}\nOK\n", "7".repeat(2000));
    let many = format!("{}OK\n", "D 7777777777\n".repeat(100));
    for (answer, code, reason, detail) in [
        ("ERR 83886142 Timeout <Pinentry>\n", 3, "pin-entry-cancelled", "nobody answered in time"),
        (
            "ERR 83886340 No such device <Pinentry>\n",
            2,
            "pin-unreadable",
            "refused: ERR 83886340 No such device",
        ),
        ("246810\nOK\n", 2, "pin-unreadable", "not as the Assuan protocol says"),
        ("D 246810%1\nOK\n", 2, "pin-unreadable", "not as the Assuan protocol says"),
        ("INQUIRE 246810\n", 2, "pin-unreadable", "not as the Assuan protocol says"),
        (&long, 2, "pin-unreadable", "a line is longer than 1000 bytes"),
        (&many, 2, "token-pin-unusable", ""),
        ("D %00%ff\nOK\n", 2, "token-pin-unusable", ""),
        ("OK\n", 2, "token-pin-unusable", ""),
    ] {
        let desktop = Desktop::answering(answer);
        let (exit, _, stderr) = desktop.seal(&["token", "unlock"]).await;
        assert_eq!(exit, code, "{answer:?}: {stderr}");
        assert!(stderr.contains(&format!("[{reason}")) && stderr.contains(detail), "{answer:?}: {stderr}");
        assert!(!stderr.contains("246810") && !stderr.contains("7777"), "{stderr}");
        assert!(desktop.bench.agent.state().pins.is_empty());
    }
}

#[tokio::test]
async fn a_program_that_is_missing_or_no_pinentry_is_told() {
    let desktop = Desktop::with_the_pin();
    for (program, detail) in [
        ("/nowhere/pinentry", "/nowhere/pinentry: No such file or directory"),
        ("/bin/true", "/bin/true: ended without an answer"),
    ] {
        let unlock = desktop.bench.command(&["token", "unlock", &format!("--pinentry={program}")]);
        let (code, _, stderr) = desktop.bench.run(unlock, b"").await;
        assert_eq!(code, 2);
        assert!(stderr.contains("[pin-unreadable]") && stderr.contains(detail), "{stderr}");
    }
}

#[tokio::test]
async fn the_environment_names_the_program_and_a_descriptor_goes_before_it() {
    let desktop = Desktop::with_the_pin();
    let named = |arguments: &[&str], program: &Path| {
        let mut command = desktop.bench.command(arguments);
        command.env("SEALKEEPER_PINENTRY", program);
        command
    };
    let (code, _, stderr) = desktop.bench.run(named(&["token", "unlock"], &desktop.program()), b"").await;
    assert_eq!((code, desktop.dialogs()), (0, 1), "{stderr}");
    let given = named(&["token", "unlock", "--pin-fd", "0"], Path::new("/nowhere/pinentry"));
    let (code, _, stderr) = desktop.bench.run(given, PIN).await;
    assert_eq!((code, desktop.dialogs()), (0, 1), "{stderr}");
}

#[tokio::test]
async fn on_a_desktop_without_a_terminal_a_dialog_is_opened_unasked() {
    for display in ["DISPLAY", "WAYLAND_DISPLAY"] {
        let desktop = Desktop::with_the_pin();
        let mut stamp = desktop.bench.command(&STAMP);
        stamp.env(display, ":7").env("PATH", format!("{}:/usr/bin:/bin", desktop.records.path().display()));
        let (code, _, stderr) = desktop.bench.run(stamp, b"").await;
        assert_eq!((code, desktop.dialogs()), (0, 1), "{stderr}");
    }
}

#[tokio::test]
async fn an_unlocked_token_opens_no_dialog() {
    let desktop = Desktop::with_the_pin();
    desktop.bench.agent.state().locked = false;
    let (code, _, stderr) = desktop.seal(&STAMP).await;
    assert_eq!((code, desktop.record("started").as_str()), (0, ""), "{stderr}");
}
