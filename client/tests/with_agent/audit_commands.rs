//! `seal audit`: the journal is read page by page, reported on and verified; findings are filed and answered.

use sealkeeper_domain::act::Statement;
use sealkeeper_proto::v1;

use crate::bench::Bench;
use crate::commands::object;
use crate::office_commands::{KEY, filed, zhang};

const AUDITED: &str = include_str!("../../../crates/journal/tests/data/audited-v1.jsonl");
const FINDING: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

fn audited() -> Bench {
    let bench = Bench::new();
    bench.agent.state().journal.records = AUDITED.lines().map(|line| line.as_bytes().to_vec()).collect();
    bench
}

async fn report(bench: &Bench, more: &[&str]) -> (i32, String, String) {
    let period = ["audit", "report", "--from", "2025-06-16", "--to", "2025-08-01", "--lang", "en"];
    bench.seal(&[&period, more].concat(), b"").await
}

#[tokio::test]
async fn a_whole_journal_is_verified_against_its_head() {
    let bench = audited();
    let (code, stdout, stderr) = bench.seal(&["audit", "verify", "--lang", "en"], b"").await;
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.starts_with("28 records are consistent, root hash "), "{stdout}");
    assert!(stdout.ends_with("uses without an outcome: 1\n"), "{stdout}");
    assert_eq!(bench.agent.state().journal.asked, [0, 10, 20], "page by page");

    bench.agent.state().journal.root_hash = Some(vec![7; 32]);
    let (code, stdout, _) = bench.seal(&["audit", "verify", "--json"], b"").await;
    let told = object(&stdout);
    assert_eq!((code, &told["outcome"], &told["tree_size"]), (1, &"broken".into(), &28.into()));
}

#[tokio::test]
async fn a_record_that_is_withheld_is_noticed() {
    let bench = audited();
    for withheld in [0, 9, 15, 27] {
        bench.agent.state().journal.withheld = Some(withheld);
        let (code, stdout, _) = bench.seal(&["audit", "verify", "--json"], b"").await;
        assert_eq!((code, &object(&stdout)["reasons"][0]["code"]), (4, &"answer-bad".into()), "{withheld}");
    }
}

#[tokio::test]
async fn what_does_not_add_up_is_reported_in_each_format() {
    let bench = audited();
    bench.agent.state().desk.told.people.push(v1::OfficePerson {
        person_id: "p-17".into(),
        name: "=王芳".into(),
        roles: vec!["auditor".into(), "custodian".into()],
        ..Default::default()
    });
    let (code, stdout, stderr) = report(&bench, &[]).await;
    assert_eq!(code, 0, "{stderr}");
    for kind in ["[wrong-pin]", "[use-abandoned]", "[stamp-without-outcome]", "[roles-in-conflict]"] {
        assert!(stdout.contains(kind), "{stdout}");
    }
    let (code, stdout, _) = report(&bench, &["--format", "json", "--strict"]).await;
    let told = object(&stdout);
    assert_eq!((code, &told["outcome"], &told["counts"]["intents"]), (1, &"done".into(), &3.into()));
    let (code, stdout, _) = report(&bench, &["--format", "csv"]).await;
    assert_eq!(code, 0);
    assert!(stdout.starts_with("kind,severity,time,time_us,seq,"), "{stdout}");
    assert!(stdout.contains(",p-17,'=王芳,") && !stdout.contains(",=王芳"), "{stdout}");
    let (code, _, stderr) = report(&bench, &["--seal", "no such seal"]).await;
    assert!(code != 0 && stderr.contains("seal-unknown"), "{stderr}");
}

#[tokio::test]
async fn a_solo_journal_is_reported_on_without_an_office() {
    let bench = audited();
    bench.agent.state().journal.solo = true;
    let (code, stdout, stderr) = report(&bench, &["--hours", "08:00-18:00"]).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("solo mode: there is no office"), "{stdout}");
    assert!(stdout.contains("stamped at 22:00, outside 08:00-18:00"), "{stdout}");
}

#[tokio::test]
async fn findings_are_filed_answered_and_listed() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    let find = ["audit", "find", "--of", "li", "--text", "未登记", "--due", "2027-01-15T08:00:00Z", "--yes"];
    let (code, _, stderr) = bench.seal(&[&find[..], &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    let Statement::Finding(finding) = filed(&bench, &key).1.statement else { panic!("no finding") };
    assert_eq!(
        (finding.person.as_str(), finding.text.as_str(), finding.due_s),
        ("li", "未登记", 1_800_000_000)
    );

    let answer = ["audit", "answer", FINDING, "--text", "已补登记", "--yes"];
    let (code, _, stderr) = bench.seal(&[&answer[..], &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    let Statement::FindingAnswer(answer) = filed(&bench, &key).1.statement else { panic!("no answer") };
    assert_eq!((answer.about.to_string().as_str(), answer.text.as_str()), (FINDING, "已补登记"));

    let finding = |act_id: &str, answered_us| v1::OfficeFinding {
        act_id: act_id.into(),
        person_id: "zhang".into(),
        due_s: 1,
        answered_us,
        ..Default::default()
    };
    bench.agent.state().desk.told.findings = vec![finding("a", 0), finding("b", 5)];
    let listed = async |more: &[&str]| {
        let (code, stdout, _) = bench.seal(&[&["audit", "findings", "--json"], more].concat(), b"").await;
        assert_eq!(code, 0);
        let findings = object(&stdout)["findings"].as_array().unwrap().clone();
        findings.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]).await, ["overdue"]);
    assert_eq!(listed(&["--all"]).await, ["overdue", "answered"]);
}
