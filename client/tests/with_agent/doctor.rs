//! `seal doctor` where an agent answers, or something else does.

use std::os::unix::net::UnixListener;

use sealkeeper_proto::v1;
use serde_json::json;

use crate::agent::Trouble;
use crate::bench::Bench;
use crate::commands::object;

fn check(subject: &str, severity: &str, reason: &str) -> v1::Check {
    let is_well = severity == "ok";
    let unless_well = |text: &str| if is_well { String::new() } else { text.to_owned() };
    v1::Check {
        subject: subject.into(),
        severity: severity.into(),
        reason: reason.into(),
        text_zh: "证书还有 11 天到期".into(),
        text_en: "the certificate expires in 11 days".into(),
        hint_zh: unless_well("请联系印章管理部门换发"),
        hint_en: unless_well("ask the seal office for a new one"),
        details: [("days-left".to_owned(), "11".to_owned())].into(),
    }
}

#[tokio::test]
async fn all_is_well() {
    let bench = Bench::new();
    bench.agent.state().checks = vec![check("clock", "ok", ""), check("module softhsm", "note", "x")];
    let (code, stdout, stderr) = bench.seal(&["doctor"], b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let socket = bench.agent.socket.display();
    let expected = format!(
        "ok       agent        seal-agent 0.1.0 answers on {socket}\n\
         ok       clock        the certificate expires in 11 days\n\
         note     module softhsm the certificate expires in 11 days [x]\n\
         \x20        days left: 11\n\
         \x20        hint: ask the seal office for a new one\n\
         all is well\n"
    );
    assert_eq!(stdout, expected);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_what_to_do() {
    for (severity, word) in [("warn", "注意"), ("refuse", "障碍"), ("later", "later")] {
        let bench = Bench::new();
        bench.agent.state().checks =
            vec![check("journal", "ok", ""), check("seal 公章", severity, "certificate-expires-soon")];
        let (code, stdout, _) = bench.seal(&["doctor", "--lang", "zh"], b"").await;
        assert_eq!(code, 1, "{stdout}");
        let lines: Vec<_> = stdout.lines().skip(1).collect();
        assert_eq!(lines[0], "正常     用印记录     证书还有 11 天到期");
        assert!(lines[1].starts_with(word), "{stdout}");
        assert!(lines[1].ends_with("印章 公章    证书还有 11 天到期 [certificate-expires-soon]"), "{stdout}");
        assert_eq!(
            lines[2..],
            ["         剩余天数：11", "         提示：请联系印章管理部门换发", "3 项检查中有 1 项需要处理"]
        );
    }
}

#[tokio::test]
async fn a_diagnosis_as_json() {
    let bench = Bench::new();
    bench.agent.state().checks = vec![check("seal 公章", "warn", "certificate-expires-soon")];
    let (code, stdout, stderr) = bench.seal(&["doctor", "--json"], b"").await;
    assert_eq!((code, stderr.as_str()), (1, ""));
    let told = object(&stdout);
    assert_eq!((&told["outcome"], &told["agent_version"]), (&json!("wrong"), &json!("0.1.0")));
    assert_eq!(
        (&told["checks"][0]["subject"], &told["checks"][0]["reason"]),
        (&json!("agent"), &json!(null))
    );
    let expected = json!({
        "subject": "seal 公章", "severity": "warn", "reason": "certificate-expires-soon",
        "text_zh": "证书还有 11 天到期", "text_en": "the certificate expires in 11 days",
        "hint_zh": "请联系印章管理部门换发", "hint_en": "ask the seal office for a new one",
        "details": { "days-left": "11" },
    });
    assert_eq!(told["checks"][1], expected);
    bench.agent.state().checks.clear();
    let (code, stdout, _) = bench.seal(&["--json", "doctor"], b"").await;
    assert_eq!((code, &object(&stdout)["outcome"]), (0, &json!("well")));
}

#[tokio::test]
async fn an_agent_that_cannot_look_is_at_fault() {
    let bench = Bench::with(&[Trouble::FaultToken("internal")]);
    let (code, stdout, stderr) = bench.seal(&["doctor"], b"").await;
    assert_eq!((code, stdout.as_str()), (4, ""));
    assert!(stderr.contains("[internal]"), "{stderr}");
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_what_an_agent_left_behind() {
    let bench = Bench::new();
    let left = bench.folder.path().join("left.sock");
    drop(UnixListener::bind(&left).unwrap());
    let (code, stdout, _) = bench.seal(&["doctor", "--socket", "left.sock", "--home", "."], b"").await;
    assert_eq!(code, 3, "{stdout}");
    let words = "nobody listens on left.sock: the agent ended without removing it [agent-unreachable]\n";
    assert!(stdout.contains(words), "{stdout}");
    assert!(stdout.contains("there is no agent.toml in . [agent-not-set-up]\n"), "{stdout}");
}
