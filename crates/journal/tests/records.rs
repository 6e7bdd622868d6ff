//! The bytes of records: what they are for good, and what is not taken for one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sample;

use sample::*;
use sealkeeper_journal::*;

/// A journal of the first record types. These bytes never change: records of every earlier version must stay readable
/// and give the same leaf hashes. New types get a file of their own.
const RECORDS_V1: &str = include_str!("data/records-v1.jsonl");

/// A journal of the types of tokens, modules and keys; as final.
const TOKENS_V1: &str = include_str!("data/tokens-v1.jsonl");

/// A journal of an office, with acts; as final.
const ACTS_V1: &str = include_str!("data/acts-v1.jsonl");

/// A journal of the types of a key's end; as final.
const DESTRUCTION_V1: &str = include_str!("data/destruction-v1.jsonl");

/// A journal with policy files that were not taken; as final.
const POLICIES_V1: &str = include_str!("data/policies-v1.jsonl");

/// A journal of an office with requests, and of what is no longer kept; as final.
const REQUESTS_V1: &str = include_str!("data/requests-v1.jsonl");

/// A journal of upkeep: versions, a one-time PIN, a backup; as final.
const UPKEEP_V1: &str = include_str!("data/upkeep-v1.jsonl");

/// The records of every file.
fn all() -> impl Iterator<Item = &'static str> {
    [RECORDS_V1, TOKENS_V1, ACTS_V1, DESTRUCTION_V1, POLICIES_V1, REQUESTS_V1, UPKEEP_V1]
        .into_iter()
        .flat_map(str::lines)
}

#[test]
fn every_type_has_its_final_bytes() {
    let written = |records: Vec<Vec<u8>>| -> String {
        records.into_iter().map(|bytes| String::from_utf8(bytes).unwrap() + "\n").collect()
    };
    assert_eq!(written(journal()), RECORDS_V1);
    assert_eq!(written(tokens()), TOKENS_V1);
    assert_eq!(written(acts()), ACTS_V1);
    assert_eq!(written(destruction()), DESTRUCTION_V1);
    assert_eq!(written(policies()), POLICIES_V1);
    assert_eq!(written(requests()), REQUESTS_V1);
    assert_eq!(written(upkeep()), UPKEEP_V1);
}

#[test]
fn a_refusal_names_the_token_it_was_asked_of() {
    let refused = Refused {
        operation: code("unlock"),
        stage: code("admit"),
        violations: vec![Violation { code: code("unlock-beyond-policy"), clause: None }],
        seal: None,
        token_serial: Some(id("9f1c2b7a00e4d311")),
        document_sha256: None,
        count: 1,
        ..refused()
    };
    let body = RecordBody::Refused(refused);
    let record = Record { seq: 4, time_us: START_US, mode: Mode::Solo, body };
    let bytes = String::from_utf8(record.encode().unwrap()).unwrap() + "\n";
    assert_eq!(bytes, include_str!("data/refused-token-v1.jsonl"));
    assert_eq!(Record::parse(bytes.trim_end().as_bytes()).unwrap(), record);
}

#[test]
fn every_type_is_read_back() {
    let mut types = std::collections::BTreeSet::new();
    for line in all() {
        let record = Record::parse(line.as_bytes()).unwrap();
        assert_eq!(record.encode().unwrap(), line.as_bytes());
        assert!(line.contains(&format!("\"type\":\"{}\"", record.body.type_name())));
        types.insert(record.body.type_name());
    }
    assert_eq!(types, RecordBody::TYPE_NAMES.iter().copied().collect());
}

#[test]
fn no_name_stands_in_clear() {
    for name in ["王芳", "李雷", "赵敏", "钱多", "eyJ", "desk-7", "192.0.2.7", "1000\"", "合同.pdf", "年度"]
    {
        assert!(!all().any(|line| line.contains(name)), "{name}");
    }
}

#[test]
fn any_change_of_a_byte_is_refused_or_means_something_else() {
    for line in all() {
        let original = Record::parse(line.as_bytes()).unwrap();
        for index in 0..line.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut bytes = line.as_bytes().to_vec();
                bytes[index] ^= flip;
                if let Ok(record) = Record::parse(&bytes) {
                    assert_ne!(record, original);
                    assert_eq!(record.encode().unwrap(), bytes);
                }
            }
        }
    }
}

#[test]
fn other_spellings_of_a_record_are_refused() {
    let line = RECORDS_V1.lines().nth(1).unwrap();
    let code_of = |text: String| Record::parse(text.as_bytes()).unwrap_err().code();
    let not_canonical = "journal-record-not-canonical";
    let malformed = "journal-record-malformed";
    assert_eq!(code_of(line.replace("\"seq\":1", "\"seq\": 1")), not_canonical);
    assert_eq!(code_of(format!("{line}\n")), not_canonical);
    assert_eq!(code_of(line.replacen('{', "{\"mode\":\"solo\",", 1)), not_canonical);
    assert_eq!(code_of(line.replace("solo", "s\\u006flo")), not_canonical);
    let digits = digest("policy").to_string();
    assert_eq!(code_of(line.replace(&digits, &digits.to_uppercase())), not_canonical);
    assert_eq!(code_of(line.replace("\"seq\":1", "\"seq\":1.0")), malformed);
    assert_eq!(code_of(line.replace("\"seq\":1", "\"seq\":-1")), malformed);
    assert_eq!(code_of(line.replace("\"seq\":1,", "")), malformed);
    assert_eq!(code_of(line.replace(",\"time_us\"", ",\"surplus\":1,\"time_us\"")), malformed);
    assert_eq!(code_of(line.replace("policy_loaded", "policy_lost")), malformed);
    assert_eq!(code_of(line.replace("\"solo\"", "\"alone\"")), malformed);
    assert_eq!(code_of(line.replace("\"v\":1", "\"v\":2")), "journal-version-unknown");
    assert_eq!(code_of(line.replace(",\"v\":1", "")), "journal-version-unknown");
    assert_eq!(code_of("[]".into()), "journal-version-unknown");
    assert_eq!(code_of("{".into()), malformed);
    assert_eq!(code_of(String::new()), malformed);
    let absent_as_null = RECORDS_V1.lines().nth(9).unwrap().replace("{\"cause\"", "{\"by\":null,\"cause\"");
    assert_eq!(code_of(absent_as_null), not_canonical);
}

#[test]
fn limits_of_size_and_of_integers() {
    let mut record = Record {
        seq: 0,
        time_us: START_US,
        mode: Mode::Office,
        body: RecordBody::Refused(Refused { violations: vec![], ..refused() }),
    };
    let bare = record.encode().unwrap().len();
    let violation = Violation { code: code("pdf-damaged"), clause: None };
    let each = "{\"code\":\"pdf-damaged\"},".len();
    let fitting = (RECORD_LIMIT - bare + 1) / each;
    let with =
        |count| RecordBody::Refused(Refused { violations: vec![violation.clone(); count], ..refused() });
    record.body = with(fitting);
    assert!(Record::parse(&record.encode().unwrap()).is_ok());
    record.body = with(fitting + 1);
    assert_eq!(record.encode().unwrap_err().code(), "journal-record-too-large");
    let padded = [RECORDS_V1.lines().next().unwrap(), &" ".repeat(RECORD_LIMIT)].concat();
    assert_eq!(Record::parse(padded.as_bytes()).unwrap_err().code(), "journal-record-too-large");

    record.body = started();
    record.time_us = (1 << 53) - 1;
    assert!(record.encode().is_ok());
    record.time_us = 1 << 53;
    assert_eq!(record.encode(), Err(RecordError::ForbiddenValue { field: "time_us".into() }));
}

#[test]
fn the_longest_intent_fits() {
    let longest = || id(&"x".repeat(320));
    let mut intent = intent(1, TreeHead { size: 0, root: empty_root() });
    for text in [&mut intent.seal, &mut intent.token_serial, &mut intent.class] {
        *text = longest();
    }
    intent.applicant.id = longest();
    intent.custodian.person.id = longest();
    let body = RecordBody::Intent(Box::new(intent));
    assert!(Record { seq: 0, time_us: 0, mode: Mode::Office, body }.encode().is_ok());
}

#[test]
fn the_longest_act_fits() {
    let longest = || id(&"x".repeat(320));
    let body = RecordBody::Act(ActFiled {
        typ: code(&"x".repeat(64)),
        signer: Person { id: longest(), name: committed("钱多") },
        key: longest(),
        issued_s: (1 << 53) - 1,
        expires_s: (1 << 53) - 1,
        attachment_sha256: Some(digest("seal object")),
        seal: Some(longest()),
        person: Some(longest()),
        from: endpoint(),
        ..ticket()
    });
    assert!(Record { seq: 0, time_us: 0, mode: Mode::Office, body }.encode().is_ok());
}

#[test]
fn an_inspection_with_all_it_may_tell_fits() {
    let longest = InspectionFinding {
        severity: Severity::Refuse,
        code: code(&"x".repeat(64)),
        seal: Some(id(&"章".repeat(21))),
    };
    let body = RecordBody::TokenInspected(TokenInspected {
        findings: vec![longest; MAX_INSPECTION_FINDINGS],
        left_out: Some(10_000),
        ..inspected()
    });
    assert!(Record { seq: 0, time_us: 0, mode: Mode::Office, body }.encode().is_ok());
}

#[test]
fn each_commitment_is_found_under_its_path() {
    let paths = |text: &str| -> Vec<String> {
        let record = Record::parse(text.as_bytes()).unwrap();
        record.commitments().into_iter().map(|(path, _)| path).collect()
    };
    let line = |index: usize| RECORDS_V1.lines().nth(index).unwrap();
    assert_eq!(paths(line(0)), ["host"]);
    assert_eq!(paths(line(3)), ["by.person.name", "by.from.host", "by.from.uid"]);
    assert_eq!(paths(line(4)), ["person.name", "from.host", "from.uid"]);
    let intent = [
        "applicant.name",
        "custodian.person.name",
        "custodian.from.host",
        "custodian.from.uid",
        "host",
        "reason",
        "file_name",
    ];
    assert_eq!(paths(line(5)), intent);
    assert!(paths(line(8)).is_empty());
    let carried = ACTS_V1.lines().nth(4).unwrap();
    assert_eq!(paths(carried), ["signer.name", "text", "from.host"]);
    // Whoever calls from afar does so with a certificate.
    let from = r#""from":{"channel":"remote","#;
    let certificate = format!(r#""from":{{"certificate":"{}","channel":"remote","#, "5e".repeat(32));
    assert_eq!(
        paths(&carried.replace(from, &certificate)),
        ["signer.name", "text", "from.host", "from.certificate"]
    );
    // Nothing is left out: the record's JSON holds exactly the commitments that are listed.
    for text in all() {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        for path in paths(text) {
            let pointer = format!("/{}", path.replace('.', "/"));
            assert!(value.pointer(&pointer).is_some(), "{path} in {text}");
        }
        let names = ["王芳", "李雷", "赵敏", "钱多", "desk-7", "192.0.2.7", "1000"];
        let texts = ["年度采购合同", "合同.pdf", "eyJ.eyJ.AA", "eyJ.eyJ.AB"];
        let certificate = "5e".repeat(32);
        let committed_values = names.into_iter().chain(texts).chain([certificate.as_str()]);
        let held: usize =
            committed_values.map(|name| text.matches(&committed(name).digest().to_string()).count()).sum();
        assert_eq!(held, paths(text).len(), "{text}");
    }
}

#[test]
fn a_disclosure_is_held_against_its_record() {
    let record = Record::parse(RECORDS_V1.lines().nth(5).unwrap().as_bytes()).unwrap();
    let disclosure = |field: &str, value: &str| Disclosure {
        field: field.into(),
        salt: [0x5a; 32].into(),
        value: value.into(),
    };
    assert_eq!(record.check_disclosure(&disclosure("reason", "年度采购合同")), Ok(()));
    assert_eq!(record.check_disclosure(&disclosure("custodian.person.name", "李雷")), Ok(()));
    let forged = record.check_disclosure(&disclosure("custodian.person.name", "王芳")).unwrap_err();
    assert_eq!(forged.code(), "journal-disclosure-mismatch");
    let unknown = record.check_disclosure(&disclosure("seal", "contract")).unwrap_err();
    assert_eq!(unknown.code(), "journal-disclosure-unknown");
}
