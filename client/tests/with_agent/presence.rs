//! `seal token watch` and `seal token inspect`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use sealkeeper_proto::v1::{self, token_event::Event};
use serde_json::{Value, json};

use crate::agent::{PIN, SERIAL, Trouble, Watched};
use crate::bench::Bench;
use crate::commands::{object, token};

fn seen(serial: &str) -> v1::Token {
    v1::Token { serial: serial.into(), module: "softhsm".into(), pin_initialized: true, ..Default::default() }
}

fn watching(last: Watched) -> Bench {
    let bench = Bench::new();
    bench.agent.state().watched = vec![
        Watched::Event(Box::new(Event::Present(seen("1")))),
        Watched::Event(Box::new(Event::Inserted(seen("2")))),
        Watched::Event(Box::new(Event::Changed(seen("2")))),
        Watched::Event(Box::new(Event::Removed(seen("1")))),
        last,
    ];
    bench
}

#[tokio::test]
async fn each_change_is_a_line_until_the_agent_ends() {
    for (language, words, end) in [
        (
            "en",
            ["present  ", "inserted ", "changed  ", "removed  "],
            "the agent is stopping [agent-stopping]",
        ),
        ("zh", ["已在     ", "插入     ", "变化     ", "拔出     "], "代理正在停止 [agent-stopping]"),
    ] {
        let bench = watching(Watched::Fault("agent-stopping"));
        let (code, stdout, stderr) = bench.seal(&["token", "watch", "--lang", language], b"").await;
        assert_eq!(code, 3, "{stderr}");
        assert!(stderr.contains(end), "{stderr}");
        let lines: Vec<_> = stdout.lines().collect();
        assert_eq!(lines.len(), 4, "{stdout}");
        for ((line, word), serial) in lines.into_iter().zip(words).zip(["1", "2", "2", "1"]) {
            // After the time.
            let expected = format!("  {word}{serial}  softhsm  ");
            assert!(line.get(8..).unwrap().starts_with(&expected), "{line}");
        }
    }
}

#[tokio::test]
async fn each_change_as_json() {
    let bench = watching(Watched::End);
    let (code, stdout, stderr) = bench.seal(&["token", "watch", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (3, ""));
    let told: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = told.iter().map(|told| told["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(events, ["present", "inserted", "changed", "removed", ""]);
    assert_eq!((&told[3]["token"]["serial"], &told[3]["token"]["unlocked"]), (&json!("1"), &json!(false)));
    assert_eq!(
        (&told[4]["outcome"], &told[4]["reasons"][0]["code"]),
        (&json!("error"), &json!("connection-lost"))
    );
}

#[tokio::test]
async fn a_change_is_told_when_it_happens_and_not_at_the_end() {
    let bench = Bench::new();
    bench.agent.state().watched = vec![Watched::Event(Box::new(Event::Present(seen("1"))))];
    let mut child = bench.command(&["token", "watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    // The agent goes on and says no more.
    let line = tokio::task::spawn_blocking(|| BufReader::new(stdout).lines().next().unwrap().unwrap())
        .await
        .unwrap();
    assert!(line.contains("present  1  softhsm"), "{line}");
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

fn finding(severity: &str, reason: &str, seal: &str) -> v1::Finding {
    v1::Finding {
        severity: severity.into(),
        reason: reason.into(),
        text_zh: "证书已过期".into(),
        text_en: "the certificate has expired".into(),
        hint_zh: "请联系印章管理部门换发".into(),
        hint_en: "ask the seal office for a new one".into(),
        seal_id: seal.into(),
        details: [("days-left".to_owned(), "-3".to_owned())].into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_inspection_that_finds_nothing_passes() {
    let bench = Bench::new();
    let (code, stdout, stderr) = bench.seal(&["token", "inspect"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, "token 00aa11 Test: passed\njournal: 14\n");
}

#[tokio::test]
async fn findings_are_told_with_their_severity_in_words() {
    for (language, expected) in [
        (
            "en",
            "token 00aa11 Test: not passed\n\
             problem  seal contract: the certificate has expired [certificate-expired]\n\
             \x20        days left: -3\n\
             \x20        hint: ask the seal office for a new one\n\
             warning  the certificate has expired [from-a-later-version]\n\
             \x20        days left: -3\n\
             \x20        hint: ask the seal office for a new one\n\
             journal: 14\n",
        ),
        (
            "zh",
            "载体 00aa11 Test：未通过\n\
             障碍     印章 contract：证书已过期 [certificate-expired]\n\
             \x20        剩余天数：-3\n\
             \x20        提示：请联系印章管理部门换发\n\
             注意     证书已过期 [from-a-later-version]\n\
             \x20        剩余天数：-3\n\
             \x20        提示：请联系印章管理部门换发\n\
             用印记录：14\n",
        ),
    ] {
        let bench = Bench::new();
        bench.agent.state().findings = vec![
            finding("refuse", "certificate-expired", "contract"),
            finding("warn", "from-a-later-version", ""),
        ];
        let (code, stdout, stderr) = bench.seal(&["token", "inspect", SERIAL, "--lang", language], b"").await;
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (1, expected, ""));
    }
}

#[tokio::test]
async fn an_inspection_as_json() {
    let bench = Bench::new();
    bench.agent.state().findings = vec![finding("refuse", "certificate-expired", "contract")];
    let (code, stdout, stderr) = bench.seal(&["token", "inspect", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (1, ""));
    let found = json!({
        "severity": "refuse", "reason": "certificate-expired", "page": 0, "seal_id": "contract",
        "text_zh": "证书已过期", "text_en": "the certificate has expired",
        "hint_zh": "请联系印章管理部门换发", "hint_en": "ask the seal office for a new one",
        "details": { "days-left": "-3" },
    });
    let told = json!({
        "outcome": "not-passed", "token_serial": SERIAL, "findings": [found], "journal_seq": 14, "token": token(true),
    });
    assert_eq!(object(&stdout), told);
}

#[tokio::test]
async fn a_token_that_is_not_there_is_inspected_all_the_same() {
    let bench = Bench::new();
    bench.seal(&["token", "inspect", "gone"], b"").await;
    assert_eq!(bench.agent.state().inspected[0].token_serial, "gone");
}

#[tokio::test]
async fn the_pin_is_asked_for_where_a_key_of_the_unlocked_token_asks_for_it() {
    for (is_locked, pin) in [(false, PIN), (true, b"")] {
        let bench = Bench::new();
        {
            let mut state = bench.agent.state();
            (state.locked, state.key_asks_pin, state.tells_key_asks_pin) = (is_locked, true, true);
        }
        let stdin = [PIN, b"\n"].concat();
        let (code, _, stderr) = bench.seal(&["token", "inspect", "--pin-fd", "0"], &stdin).await;
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(bench.agent.state().inspected[0].pin, pin);
    }
}

#[tokio::test]
async fn an_inspection_that_finds_nothing_out_is_an_error() {
    let bench = Bench::with(&[Trouble::FaultToken("not-custodian")]);
    let (code, stdout, stderr) = bench.seal(&["token", "inspect"], b"").await;
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("[not-custodian, clause C1]"), "{stderr}");
}

#[tokio::test]
async fn a_token_shows_module_wrong_pins_and_when_it_is_due() {
    let bench = Bench::new();
    bench.agent.state().token =
        v1::Token { wrong_pins: 2, inspection_due_us: 1_500_000_000_000_000, ..Default::default() };
    let (_, stdout, _) = bench.seal(&["token", "list"], b"").await;
    let expected = "00aa11  Test  softhsm  unlocked, 1 use left, 2 wrong PINs in a row, inspection was due 2017-07-14  合同专用章\n";
    assert_eq!(stdout, expected);
    let (_, stdout, _) = bench.seal(&["token", "list", "--json"], b"").await;
    let told = &object(&stdout)["tokens"][0];
    assert_eq!(
        (&told["wrong_pins"], &told["inspection_due_us"]),
        (&json!(2), &json!(1_500_000_000_000_000_u64))
    );
}
