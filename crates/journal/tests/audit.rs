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
        training: None,
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
            certificate: None,
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
fn each_use_from_afar_is_noted() {
    let mut entries = entries();
    let mut moved = Vec::new();
    for entry in &mut entries {
        if let RecordBody::Intent(intent) = &mut entry.record.body
            && moved.is_empty()
        {
            intent.custodian.from.channel = Channel::Remote;
            moved.push(Some(entry.record.seq));
        }
    }
    let found = report(&entries, Some(&office()), terms());
    let noted = found.items.iter().filter(|item| item.kind == Kind::UsedFromAfar);
    assert_eq!(noted.map(|item| item.seq).collect::<Vec<_>>(), moved);
    let uses = entries.iter().filter(|entry| matches!(entry.record.body, RecordBody::Intent(_)));
    let came = uses.filter_map(|entry| entry.record.body.came_from()).map(|from| from.channel);
    assert_eq!(came.filter(|channel| *channel == Channel::Remote).count(), 1);
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
    for (roles, in_conflict) in [(["approver", "auditor"], true), (["approver", "custodian"], false)] {
        let mut other = entries.clone();
        other[2].roles = Some(roles.map(str::to_owned).into());
        assert_eq!(!conflicts(&report(&other, None, terms())).is_empty(), in_conflict, "{roles:?}");
    }
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

#[test]
fn a_custodian_without_training_that_counts_is_told() {
    let person =
        |person: &str, training| PersonView { person: person.into(), training, ..Default::default() };
    let until = |days| Some(TrainingView::Until(AUDITED_US + days * DAY));
    let people = vec![
        person("p-01", None),
        person("p-04", Some(TrainingView::Missing)),
        person("p-05", until(45)),
        person("p-06", until(46)),
    ];
    let office = OfficeView { people, ..OfficeView::default() };
    let found = report(&[], Some(&office), terms());
    let told: Vec<_> =
        found.items.iter().map(|item| (item.person.as_deref(), &item.params["state"])).collect();
    assert_eq!(told, [(Some("p-04"), &"missing".to_owned()), (Some("p-05"), &"past".to_owned())]);
    assert!(found.items.iter().all(|item| item.kind == Kind::TrainingMissing));
    let of_seal = report(&[], Some(&office), Terms { seal: Some(id("contract")), ..terms() });
    assert_eq!(of_seal.items, [], "it concerns no seal");
}

#[test]
fn a_certificate_that_outlives_its_seal_is_told_until_its_authority_did() {
    let certificate = |asked: Option<u64>, revoked: Option<u64>| CertificateView {
        act: use_id(700).to_string(),
        seal_revoked_us: AUDITED_US + DAY,
        asked: asked.map(|days| ("甲机构".into(), AUDITED_US + days * DAY)),
        revoked_us: revoked.map(|days| AUDITED_US + days * DAY),
    };
    let told = |certificate: CertificateView, terms: Terms| {
        let seal = SealView { seal: "contract".into(), certificate: Some(certificate), ..Default::default() };
        let office = OfficeView { seals: vec![seal], ..OfficeView::default() };
        let found = report(&entries(), Some(&office), terms);
        let of_seal = found.items.into_iter().filter(|item| item.kind == Kind::CertificateNotRevoked);
        let told: Vec<_> =
            of_seal.map(|item| (item.severity, item.params["state"].clone(), item.seq)).collect();
        told
    };
    let ticket = entries().iter().find_map(|entry| match &entry.record.body {
        RecordBody::Act(filed) if filed.act == use_id(700) => Some(entry.record.seq),
        _ => None,
    });
    assert_eq!(told(certificate(None, None), terms()), [(Severity::Warn, "not-asked".to_owned(), ticket)]);
    let asked = [(Severity::Note, "asked".to_owned(), ticket)];
    assert_eq!(told(certificate(Some(2), None), terms()), asked);
    assert_eq!(told(certificate(Some(2), Some(3)), terms()), []);
    // As it stood at the end of an earlier period.
    let earlier = |days| Terms { until_us: AUDITED_US + days * DAY, ..terms() };
    assert_eq!(told(certificate(Some(4), Some(6)), earlier(5)), asked);
    assert_eq!(told(certificate(Some(4), Some(6)), earlier(3))[0].1, "not-asked");
    assert_eq!(told(certificate(None, None), earlier(1)), [], "it was not revoked yet");
    assert_eq!(told(certificate(None, None), Terms { seal: Some(id("another")), ..terms() }), []);
}

#[test]
fn another_version_than_before_is_told() {
    let records = upkeep().into_iter().map(|bytes| Record::parse(&bytes).unwrap());
    let entries: Vec<Entry> = records.map(Entry::from).collect();
    let found = report(&entries, None, Terms::new(START_US, START_US + DAY, START_US + DAY));
    let told: Vec<_> = found
        .items
        .iter()
        .map(|item| {
            let param = |name| item.params.get(name).map(String::as_str);
            (item.seq, param("of"), param("version"), param("before"), param("state"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some(8), Some("agent"), Some("0.2.0"), Some("0.1.0"), None),
            (Some(9), Some("module"), Some("0.26"), Some("0.26"), Some("same-version")),
            (Some(10), Some("token"), Some("2.8"), Some("2.7"), None),
        ]
    );
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
