//! The record parser: what parses is in its one form, and a journal of such records can be checked.

use sealkeeper_journal::audit::{Entry, Terms, report};
use sealkeeper_journal::{Record, RecordBody, check};
use serde_json::Value;

use crate::Reach;

/// 2026-01-01T00:00:00Z.
const NOW_US: u64 = 1_767_225_600_000_000;

/// Each line is a record.
pub(crate) fn run(input: &[u8]) -> Reach {
    let lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(canonical).collect();
    let records: Vec<Record> = lines.iter().filter_map(|line| parsed(line)).collect();
    let found = check(lines.iter().map(Vec::as_slice));
    assert_eq!(found.size, lines.len() as u64, "every record is counted");
    assert!(found.open.len() <= records.len(), "uses stand in records");
    let accepted = !records.is_empty();
    let entries: Vec<Entry> = records.into_iter().map(Entry::from).collect();
    _ = report(&entries, None, Terms::new(0, NOW_US, NOW_US));
    if accepted { Reach::Accepted } else { Reach::Refused }
}

/// The line in the canonical form of RFC 8785 if it is JSON at all: chance finds fields and values, but no order of keys.
fn canonical(line: &[u8]) -> Vec<u8> {
    let value = serde_json::from_slice::<Value>(line).ok();
    value.and_then(|value| serde_json_canonicalizer::to_vec(&value).ok()).unwrap_or_else(|| line.to_vec())
}

fn parsed(line: &[u8]) -> Option<Record> {
    let record = Record::parse(line).ok()?;
    assert_eq!(record.encode().as_deref(), Ok(line), "a record is written as it was read");
    let json: Value = serde_json::from_slice(line).expect("a record is JSON");
    let canonical = serde_json_canonicalizer::to_vec(&json).expect("and has a canonical form");
    assert_eq!(canonical, line, "a record is in its canonical form");
    assert_eq!(json.get("type").and_then(Value::as_str), Some(record.body.type_name()));
    assert!(RecordBody::TYPE_NAMES.contains(&record.body.type_name()));
    for (path, commitment) in record.commitments() {
        let text = serde_json::to_string(&commitment).expect("a commitment is a string");
        assert!(String::from_utf8_lossy(line).contains(&text), "{path} is in the record");
    }
    _ = record.body.outcome();
    _ = record.body.came_from();
    Some(record)
}
