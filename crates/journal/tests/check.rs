//! The offline check: a right journal passes, each wrong one is told by what is wrong.

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

fn codes(records: &[Vec<u8>]) -> Vec<(u64, &'static str)> {
    check(records).faults.iter().map(|fault| (fault.position, fault.kind.code())).collect()
}

/// The journal with one record's content changed, its place kept.
fn altered(position: usize, change: impl FnOnce(&mut Record)) -> Vec<Vec<u8>> {
    let mut records = journal();
    let mut record = Record::parse(&records[position]).unwrap();
    change(&mut record);
    records[position] = record.encode().unwrap();
    records
}

fn intent_of(record: &mut Record) -> &mut Intent {
    match &mut record.body {
        RecordBody::Intent(intent) => intent,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_right_journal_passes() {
    let records = journal();
    let report = check(&records);
    assert_eq!(report.faults, []);
    assert!(report.open.is_empty());
    assert_eq!(report.size, 14);
    assert_eq!(report.origin.as_deref(), Some("localhost/seal-journal/7d3c"));
    assert_eq!(report.root, root(records.iter().map(|record| leaf_hash(record))));
    assert_eq!(check(tokens()).faults, []);
    assert_eq!(check(policies()).faults, []);
    assert_eq!(check(destruction()).faults, []);
    assert_eq!(check(acts()).faults, []);
}

#[test]
fn an_act_is_carried_out_once() {
    let mut writer = Writer::default();
    for act in [use_id(700), use_id(701), use_id(700)] {
        writer.write(RecordBody::Act(ActFiled { act, ..ticket() }));
    }
    assert_eq!(codes(&writer.records), [(2, "journal-act-repeated")]);
}

#[test]
fn an_inspection_is_judged_by_its_findings() {
    let codes_with = |inspected: TokenInspected| {
        let mut writer = Writer::default();
        writer.write(RecordBody::TokenInspected(inspected));
        codes(&writer.records)
    };
    let [grave, ..] = &inspected().findings[..] else { panic!("no findings") };
    let as_many = |count| TokenInspected { findings: vec![grave.clone(); count], ..inspected() };
    let wrong = [
        TokenInspected { verdict: Verdict::Passed, ..inspected() },
        TokenInspected { findings: vec![], ..inspected() },
        as_many(MAX_INSPECTION_FINDINGS + 1),
    ];
    for wrong in wrong {
        assert_eq!(codes_with(wrong), [(0, "journal-inspection-contradictory")]);
    }
    assert_eq!(codes_with(as_many(MAX_INSPECTION_FINDINGS)), []);
}

#[test]
fn an_empty_journal_has_the_empty_root() {
    let report = check(Vec::<Vec<u8>>::new());
    assert_eq!((report.size, report.root, report.origin), (0, empty_root(), None));
}

#[test]
fn an_intent_without_outcome_is_open_and_no_fault() {
    let report = check(&journal()[..12]);
    assert_eq!((report.faults, report.open), (vec![], vec![10]));
}

#[test]
fn a_record_left_out_shows() {
    for position in 0..13 {
        let mut records = journal();
        records.remove(position);
        let found = codes(&records);
        assert_eq!(found[0], (position as u64, "journal-sequence-broken"), "{position}");
    }
}

#[test]
fn records_exchanged_or_repeated_show() {
    let mut records = journal();
    records.swap(1, 2);
    assert_eq!(codes(&records)[..2], [(1, "journal-sequence-broken"), (2, "journal-sequence-broken")]);
    let mut records = journal();
    records.insert(2, records[1].clone());
    assert_eq!(codes(&records)[0], (2, "journal-sequence-broken"));
}

#[test]
fn a_rewritten_past_shows_in_every_later_intent() {
    let records = altered(1, |record| record.time_us += 1);
    let tree = "journal-tree-mismatch";
    assert_eq!(codes(&records), [(5, tree), (6, tree), (10, tree)]);
    assert_ne!(check(&records).root, check(journal()).root);
}

#[test]
fn an_intent_cannot_tell_of_records_to_come() {
    let records = altered(10, |record| intent_of(record).journal.size = 11);
    assert_eq!(codes(&records), [(10, "journal-tree-mismatch")]);
}

#[test]
fn an_unreadable_record_is_a_leaf_all_the_same() {
    let mut records = journal();
    records[13] = b"{}".to_vec();
    let report = check(&records);
    assert_eq!(codes(&records), [(13, "journal-version-unknown")]);
    assert_eq!((report.size, report.root), (14, root(records.iter().map(|record| leaf_hash(record)))));
}

#[test]
fn outcomes_belong_to_one_intent_and_one_only() {
    let mut twice = journal();
    twice.truncate(9);
    let record = Record { seq: 9, time_us: START_US, mode: Mode::Solo, body: abandoned(1, 5) };
    twice.push(record.encode().unwrap());
    assert_eq!(codes(&twice), [(9, "journal-outcome-repeated")]);

    // The next intent then stands on another tree, which shows as well.
    for (number, intent) in [(1, 6), (1, 4), (1, 12), (7, 5)] {
        let stray = altered(8, |record| record.body = complete(number, intent));
        assert_eq!(codes(&stray)[0], (8, "journal-outcome-without-intent"), "{number} {intent}");
        assert_eq!(check(&stray).open, [5]);
    }
}

#[test]
fn a_use_is_begun_once() {
    let records = altered(6, |record| intent_of(record).use_id = use_id(1));
    let found = codes(&records);
    assert_eq!(found[0], (6, "journal-use-repeated"));
    assert_eq!(found[1], (7, "journal-outcome-without-intent"));
}

#[test]
fn two_journals_are_not_one() {
    let records = altered(11, |record| match &mut record.body {
        RecordBody::AgentStarted(started) => started.origin = id("localhost/seal-journal/other"),
        other => panic!("{other:?}"),
    });
    assert_eq!(codes(&records), [(11, "journal-origin-foreign")]);
}

#[test]
fn numbers_that_mean_nothing_show() {
    for (copy, copies) in [(0, 2), (3, 2)] {
        let records = altered(10, |record| {
            let intent = intent_of(record);
            (intent.copy, intent.copies) = (copy, copies);
        });
        assert_eq!(codes(&records), [(10, "journal-copy-range")]);
    }
    // Later intents hold another tree then; the refusal itself is told first.
    let nothing = altered(4, |record| record.body = RecordBody::Refused(Refused { count: 0, ..refused() }));
    assert_eq!(codes(&nothing)[0], (4, "journal-refusal-empty"));
    let causeless = Refused { violations: vec![], ..refused() };
    let causeless = altered(4, |record| record.body = RecordBody::Refused(causeless));
    assert_eq!(codes(&causeless)[0], (4, "journal-refusal-empty"));
}
