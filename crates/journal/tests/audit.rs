//! The report of what does not add up: each thing is found once, and no records make it panic or tell of a record that is not there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sample;

use std::collections::BTreeSet;

use proptest::prelude::*;
use sample::*;
use sealkeeper_journal::audit::*;
use sealkeeper_journal::*;

const DAY: u64 = Terms::DAY_US;

/// The sample's records as they are checked in: the client tells the report of them.
const AUDITED: &str = include_str!("data/audited-v1.jsonl");

fn entries() -> Vec<Entry> {
    audited()
        .into_iter()
        .map(|record| {
            let tickets = match &record.body {
                RecordBody::Intent(intent) => Some(audited_tickets(intent)),
                _ => None,
            };
            Entry { tickets, ..record.into() }
        })
        .collect()
}

fn office() -> OfficeView {
    let person = |person: &str, roles: &[&str], left_us| PersonView {
        person: person.into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        left_us,
    };
    let finding = |act: u128, time, due, answered_us| FindingView {
        act: use_id(act).to_string(),
        person: "p-17".into(),
        time_us: AUDITED_US + time * DAY,
        due_us: AUDITED_US + due * DAY,
        answered_us,
    };
    OfficeView {
        people: vec![
            person("p-01", &["seal-office", "auditor"], None),
            person("p-04", &["custodian"], Some(AUDITED_US + 7 * DAY)),
            person("p-17", &["applicant", "custodian"], None),
        ],
        grants: vec![GrantView {
            person: "p-17".into(),
            seal: "contract".into(),
            hours: Some(Hours { from_minute: 480, until_minute: 1_080 }),
        }],
        seals: vec![SealView {
            seal: "contract".into(),
            state: "active".into(),
            custodian: "p-04".into(),
            token_serial: Some("9f1c2b7a00e4d311".into()),
        }],
        notices: vec![NoticeView {
            act: use_id(720).to_string(),
            seal: "contract".into(),
            what: "loss".into(),
            time_us: AUDITED_US + 6 * DAY,
            head_acknowledged: true,
            office_acknowledged: false,
        }],
        findings: vec![
            finding(730, 6, 10, None),
            finding(731, 6, 10, Some(AUDITED_US + 9 * DAY)),
            finding(732, 6, 60, None),
        ],
    }
}

fn terms() -> Terms {
    Terms::new(AUDITED_US, AUDITED_US + 46 * DAY, AUDITED_US + 45 * DAY)
}

/// Kind, severity and record of each item.
fn told(report: &Report) -> Vec<(&'static str, Severity, Option<u64>)> {
    report.items.iter().map(|item| (item.kind.code(), item.severity, item.seq)).collect()
}

type Report = sealkeeper_journal::audit::Report;

#[test]
fn the_sample_is_what_is_checked_in() {
    let lines =
        audited().into_iter().map(|record| String::from_utf8(record.encode().unwrap()).unwrap() + "\n");
    let lines: String = lines.collect();
    if std::env::var_os("UPDATE_SAMPLE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/audited-v1.jsonl"), &lines).unwrap();
    } else {
        assert_eq!(lines, AUDITED);
    }
}

#[test]
fn everything_that_does_not_add_up_is_told_once() {
    use Severity::{Note, Refuse, Warn};
    let found = report(&entries(), Some(&office()), terms());
    assert_eq!(
        told(&found),
        [
            ("wrong-pin", Refuse, Some(6)),
            ("unlock-without-use", Note, Some(7)),
            ("ticket-without-stamp", Warn, Some(10)),
            ("ticket-without-stamp", Note, Some(11)),
            ("use-outside-hours", Warn, Some(16)),
            ("use-abandoned", Warn, Some(17)),
            ("refusals", Note, Some(18)),
            ("refusals", Note, Some(18)),
            ("module-failed", Warn, Some(19)),
            ("inspection-failed", Refuse, Some(20)),
            ("finding-open", Note, None),
            ("finding-answered", Note, None),
            ("notice-open", Warn, Some(21)),
            ("finding-overdue", Refuse, Some(22)),
            ("custodian-left", Refuse, Some(23)),
            ("ticket-not-on-record", Refuse, Some(24)),
            ("stamp-without-outcome", Refuse, Some(24)),
            ("policy-changed", Warn, Some(26)),
            ("policy-rejected", Warn, Some(27)),
            ("inspection-overdue", Refuse, Some(4)),
            ("roles-in-conflict", Refuse, None),
        ]
    );
    assert!(found.not_judged.is_empty());
    let counts = found.counts;
    assert_eq!((counts.records, counts.intents, counts.complete, counts.abandoned), (28, 3, 1, 1));
    assert_eq!((counts.tickets, counts.refusals, counts.wrong_pins, counts.unlocks), (3, 3, 2, 2));
}

#[test]
fn records_alone_tell_what_they_can() {
    let found = report(&entries(), None, terms());
    let kinds: BTreeSet<_> = found.items.iter().map(|item| item.kind).collect();
    assert!(kinds.contains(&Kind::StampWithoutOutcome) && kinds.contains(&Kind::InspectionOverdue));
    assert!(found.not_judged.iter().all(|kind| !kinds.contains(kind)));
    assert!(found.not_judged.contains(&Kind::UseOutsideHours));
    let with_hours = Terms { hours: Some(Hours { from_minute: 480, until_minute: 1_080 }), ..terms() };
    let found = report(&entries(), None, with_hours);
    assert!(found.items.iter().any(|item| item.kind == Kind::UseOutsideHours));
    assert!(!found.not_judged.contains(&Kind::UseOutsideHours));
}

#[test]
fn what_happened_before_is_left_out_and_what_stands_open_is_not() {
    let later = Terms { from_us: AUDITED_US + 20 * DAY, ..terms() };
    let found = report(&entries(), Some(&office()), later);
    assert_eq!(
        told(&found).into_iter().map(|(code, _, _)| code).collect::<Vec<_>>(),
        [
            "finding-open",
            "notice-open",
            "finding-overdue",
            "custodian-left",
            "stamp-without-outcome",
            "inspection-overdue",
            "roles-in-conflict"
        ]
    );
    assert_eq!(found.counts, Counts::default());
}

#[test]
fn a_seal_is_told_of_with_its_token_and_nothing_else() {
    let of = |seal: &str| report(&entries(), Some(&office()), Terms { seal: Some(id(seal)), ..terms() });
    let contract: BTreeSet<_> = told(&of("contract")).into_iter().map(|(code, _, _)| code).collect();
    assert!(contract.contains("wrong-pin") && contract.contains("use-abandoned"));
    for of_none in ["policy-changed", "policy-rejected", "module-failed", "roles-in-conflict", "finding-open"]
    {
        assert!(!contract.contains(of_none), "{of_none}");
    }
    assert_eq!(told(&of("finance")), []);
}

#[test]
fn a_ticket_stamped_after_the_period_is_none_without_a_stamp() {
    let until_us = AUDITED_US + 2 * DAY + DAY / 2;
    let found = report(&entries(), None, Terms { until_us, ..terms() });
    let tickets: Vec<_> = found
        .items
        .iter()
        .filter(|item| item.kind == Kind::TicketWithoutStamp)
        .map(|item| item.seq)
        .collect();
    assert_eq!(tickets, [Some(10), Some(11)]);
}

#[test]
fn what_a_person_once_was_is_past() {
    let mut entries = entries();
    entries[2].roles = Some(["custodian", "auditor"].map(str::to_owned).into());
    let conflicts = |found: &Report| {
        let items = found.items.iter().filter(|item| item.kind == Kind::RolesInConflict);
        items.map(|item| (item.seq, item.severity)).collect::<Vec<_>>()
    };
    // As far as the records tell, it is the last registration, and stands.
    assert_eq!(conflicts(&report(&entries, None, terms())), [(Some(2), Severity::Refuse)]);
    let mut again = entries[2].clone();
    again.record.seq = 28;
    again.roles = Some(["custodian"].map(str::to_owned).into());
    entries.push(again);
    assert_eq!(conflicts(&report(&entries, None, terms())), [(Some(2), Severity::Warn)]);
}

#[test]
fn an_inspection_made_too_late_is_told() {
    let mut entries = entries();
    let mut late = entries[4].clone();
    (late.record.seq, late.record.time_us) = (28, AUDITED_US + 44 * DAY);
    entries.push(late);
    let found = report(&entries, None, terms());
    let inspections: Vec<_> = found
        .items
        .iter()
        .filter(|item| matches!(item.kind, Kind::InspectionOverdue | Kind::InspectionFailed))
        .map(|item| (item.seq, item.severity, item.params.contains_key("made-us")))
        .collect();
    assert_eq!(inspections, [(Some(20), Severity::Warn, false), (Some(28), Severity::Warn, true)]);
}

/// Any body, of few seals, tokens, people, requests and uses, so that they meet.
fn body(choice: u8, number: u64) -> RecordBody {
    let some = u128::from(number % 4);
    let token_serial = id(["9f1c2b7a00e4d311", "0002"][(number % 2) as usize]);
    let head = TreeHead { size: number, root: digest("root") };
    let act = |typ: &str| {
        let about =
            ActFiled { typ: code(typ), request: Some(use_id(900 + some)), act: use_id(some), ..ticket() };
        RecordBody::Act(ActFiled { expires_s: number << 20, person: Some(id("p-04")), ..about })
    };
    match choice % 19 {
        0 => started(),
        1 => RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest(&some.to_string()), act: None }),
        2 => RecordBody::Intent(Box::new(Intent { token_serial, ..intent(some, head) })),
        3 => complete(some, number % 8),
        4 => failed(some, number % 8),
        5 => abandoned(some, number % 8),
        6 => RecordBody::Refused(Refused {
            count: number << 50,
            violations: refused().violations,
            ..refused()
        }),
        7 => RecordBody::TokenInspected(TokenInspected { token_serial, ..inspected() }),
        8 => RecordBody::TokenInspected(TokenInspected {
            token_serial,
            verdict: Verdict::Passed,
            findings: vec![],
            ..inspected()
        }),
        9 => act("person-register"),
        10 => act("person-leave"),
        11 => act("seal-suspend"),
        12 => act("request-reject"),
        13 => act("request-approve"),
        14 => RecordBody::TokenLocked(TokenLocked { token_serial, cause: LockCause::Idle, by: None }),
        15 => RecordBody::TokenUnlocked(TokenUnlocked {
            token_serial,
            by: actor("p-04", "李雷"),
            entry: PinEntry::Caller,
            uses: None,
            idle_us: None,
            expires_us: None,
        }),
        16 => RecordBody::WrongPin(WrongPin {
            token_serial,
            by: actor("p-04", "李雷"),
            entry: PinEntry::Caller,
            pin: PinKind::User,
            tries: [PinTries::NotTold, PinTries::Low, PinTries::Final, PinTries::Locked][some as usize],
        }),
        17 => RecordBody::PolicyRejected(PolicyRejected { sha256: None, code: code("policy-invalid") }),
        _ => RecordBody::TokenInserted(TokenInserted {
            token_serial,
            module: id("module"),
            model: None,
            firmware: None,
        }),
    }
}

proptest! {
    #[test]
    fn no_records_make_it_panic_and_every_item_names_one_that_is_there(
        bodies in proptest::collection::vec((any::<u8>(), 0_u64..16_384, any::<u64>(), any::<bool>()), 0..60),
        first in prop_oneof![Just(0), Just(5), any::<u64>()],
        from_us in any::<u64>(),
        until_us in any::<u64>(),
        now_us in any::<u64>(),
        is_of_seal in any::<bool>(),
        has_office in any::<bool>(),
        interval in any::<u64>(),
        offset in any::<i32>(),
    ) {
        let entries: Vec<Entry> = bodies
            .into_iter()
            .enumerate()
            .map(|(at, (choice, number, time, is_near))| {
                let time_us = if is_near { AUDITED_US + number * 1_000_000_000 } else { time };
                let row = TicketRow { act: use_id(u128::from(number % 4)), by: id("p-31"), seq: number % 9 };
                Entry {
                    record: Record {
                        seq: first.wrapping_add(at as u64),
                        time_us,
                        mode: Mode::Office,
                        body: body(choice, number),
                    },
                    tickets: (number % 3 == 0).then(|| vec![row]),
                    roles: (number % 5 == 0).then(|| ["auditor", "custodian"].map(str::to_owned).into()),
                }
            })
            .collect();
        let terms = Terms {
            seal: is_of_seal.then(|| id("contract")),
            inspection_interval_us: interval,
            utc_offset_minutes: offset,
            ..Terms::new(from_us, until_us, now_us)
        };
        let office = office();
        let found = report(&entries, has_office.then_some(&office), terms);
        for item in &found.items {
            match item.seq {
                Some(seq) => prop_assert!(entries.iter().any(|entry| entry.record.seq == seq), "{item:?}"),
                None => prop_assert!(has_office, "{item:?}"),
            }
        }
        prop_assert!(found.items.is_sorted_by_key(|item| item.time_us));
    }
}
