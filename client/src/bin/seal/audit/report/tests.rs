//! The report of the journal crate's own sample, as people and programs read it.

use std::collections::BTreeSet;

use sealkeeper_domain::reason::Language;
use sealkeeper_journal::audit::{
    CertificateView, Entry, FindingView, GrantView, NoticeView, OfficeView, PersonView, SealView, TicketRow,
    TrainingView,
};
use sealkeeper_journal::{Record, RecordBody};

use super::*;

const RECORDS: &str = include_str!("../../../../../../crates/journal/tests/data/audited-v1.jsonl");
/// 10:00 at UTC+8 on the first day of the sample; µs.
const BEGIN_US: u64 = 1_750_039_200_000_000;
const DAY_US: u64 = Terms::DAY_US;

fn entries() -> Vec<Entry> {
    let entry = |line: &str| {
        let record = Record::parse(line.as_bytes()).unwrap();
        let tickets = match &record.body {
            RecordBody::Intent(_) => {
                // The last use names a ticket that is not there.
                let act = if record.seq == 24 { "031f" } else { "02bc" };
                let act = format!("10000000-0000-4000-8000-00000000{act}").parse().unwrap();
                Some(vec![TicketRow { act, by: "p-31".parse().unwrap(), seq: 9 }])
            }
            _ => None,
        };
        let roles = (record.seq == 2).then(|| BTreeSet::from(["auditor".to_owned(), "custodian".to_owned()]));
        Entry { record, tickets, roles }
    };
    RECORDS.lines().map(entry).collect()
}

fn office() -> OfficeView {
    let person = |person: &str, roles: &[&str], left_us| PersonView {
        person: person.into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        left_us,
        training: (person == "p-04").then_some(TrainingView::Missing),
    };
    let ended = |seal: &str, asked| SealView {
        seal: seal.into(),
        state: "revoked".into(),
        certificate: Some(CertificateView {
            seal_revoked_us: BEGIN_US + 2 * DAY_US,
            asked,
            ..Default::default()
        }),
        ..SealView::default()
    };
    let finding = |number: u8, due, answered_us| FindingView {
        act: format!("10000000-0000-4000-8000-0000000002{number:02x}"),
        person: "p-17".into(),
        time_us: BEGIN_US + 6 * DAY_US,
        due_us: BEGIN_US + due * DAY_US,
        answered_us,
    };
    OfficeView {
        people: vec![
            person("p-04", &["custodian"], Some(BEGIN_US + 7 * DAY_US)),
            person("p-31", &["auditor", "custodian"], None),
        ],
        grants: vec![GrantView {
            person: "p-17".into(),
            seal: "contract".into(),
            hours: Some(Hours { from_minute: 480, until_minute: 1_080 }),
        }],
        seals: vec![
            SealView {
                seal: "contract".into(),
                state: "active".into(),
                custodian: "p-04".into(),
                token_serial: Some("9f1c2b7a00e4d311".into()),
                certificate: None,
            },
            ended("finance", None),
            ended("invoice", Some(("甲机构".into(), BEGIN_US + 3 * DAY_US))),
        ],
        notices: vec![NoticeView {
            act: "10000000-0000-4000-8000-0000000002d0".into(),
            seal: "contract".into(),
            what: "loss".into(),
            time_us: BEGIN_US + 6 * DAY_US,
            ..NoticeView::default()
        }],
        findings: vec![
            finding(0xda, 10, None),
            finding(0xdb, 10, Some(BEGIN_US + 9 * DAY_US)),
            finding(0xdc, 60, None),
        ],
    }
}

fn told(office: Option<&OfficeView>) -> Told {
    let terms = Terms::new(BEGIN_US, BEGIN_US + 46 * DAY_US, BEGIN_US + 45 * DAY_US);
    Told {
        found: report(&entries(), office, terms),
        is_solo: office.is_none(),
        origin: "localhost/seal-journal/7d3c".into(),
        tree_size: 28,
        unknown: u64::from(office.is_none()),
    }
}

fn names() -> Names {
    let names = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    };
    Names {
        people: names(&[("p-04", "李雷"), ("p-17", "王芳"), ("p-31", "赵敏")]),
        seals: names(&[("contract", "合同专用章")]),
    }
}

/// Days and minutes since the sample begins: on whatever clock the tests run, they read the same.
fn time(us: u64) -> String {
    let minutes = us.saturating_sub(BEGIN_US) / 60_000_000;
    format!("+{:02}d {:02}:{:02}", minutes / 1_440, minutes / 60 % 24, minutes % 60)
}

fn session(language: Language) -> Session {
    Session::with_no_agent(language)
}

#[test]
fn the_report_is_told_in_both_languages() {
    for (language, name, expected) in [
        (Language::Chinese, "office.zh.txt", include_str!("../../../../../tests/audit/office.zh.txt")),
        (Language::English, "office.en.txt", include_str!("../../../../../tests/audit/office.en.txt")),
    ] {
        let (session, names) = (session(language), names());
        let teller = Teller { session: &session, names: &names, time };
        let text = told(Some(&office())).lines(&teller).join("\n") + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(format!("{}/tests/audit/{name}", env!("CARGO_MANIFEST_DIR")), &text).unwrap();
        } else {
            assert_eq!(text, expected, "{text}");
        }
    }
}

#[test]
fn a_report_without_an_office_says_so() {
    let (session, names) = (session(Language::English), names());
    let teller = Teller { session: &session, names: &names, time };
    let lines = told(None).lines(&teller);
    assert!(lines.iter().any(|line| line.starts_with("solo mode: there is no office")));
    assert!(lines.iter().any(|line| line == "records of types this version does not know, left out: 1"));
    assert!(!lines.iter().any(|line| line.contains("[notice-open]")));
    let json = told(None).as_json(&teller);
    assert_eq!(json["not_judged"][0], "use-outside-hours");
    assert_eq!((&json["solo"], &json["unknown_records"]), (&json!(true), &json!(1)));
}

#[test]
fn programs_get_every_item_with_its_record() {
    let (session, names) = (session(Language::English), names());
    let teller = Teller { session: &session, names: &names, time };
    let told = told(Some(&office()));
    let json = told.as_json(&teller);
    assert_eq!(json["counts"]["wrong_pins"], 2);
    let items = json["items"].as_array().unwrap();
    assert_eq!(items.len(), told.found.items.len());
    let overdue = items.iter().find(|item| item["kind"] == "finding-overdue").unwrap();
    assert_eq!((&overdue["severity"], &overdue["seq"]), (&json!("refuse"), &json!(22)));
    assert_eq!((&overdue["person_id"], &overdue["person_name"]), (&json!("p-17"), &json!("王芳")));
    assert_eq!(overdue["params"]["act"], "10000000-0000-4000-8000-0000000002da");
}

#[test]
fn a_name_is_no_formula_in_csv_and_no_command_to_a_terminal() {
    let session = session(Language::English);
    let mut names = names();
    names.people.insert("p-17".into(), "=cmd|'/c calc'!A1,\u{1b}[2J".into());
    let teller = Teller { session: &session, names: &names, time };
    let told = told(Some(&office()));
    let csv = told.as_csv(&teller);
    let rows: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(rows.len(), told.found.items.len() + 2, "a heading, and nothing after the last break");
    assert!(csv.contains(",\"'=cmd|'/c calc'!A1,\u{1b}[2J\","), "{csv}");
    assert!(!csv.contains(",=") && !csv.contains(",\"="));
    // The relative times of these tests begin with a sign, as no real one does.
    assert!(rows[1].contains(",'+00d 00:00,"));
    assert!(!told.lines(&teller).join("\n").contains('\u{1b}'));
}
