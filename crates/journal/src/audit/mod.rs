//! What does not add up (regulation S2): a report over records, and over what the office is known to be.
//!
//! Nothing is needed but the records, so that it can be made of an export as well as of a running agent; what the office tells beside them
//! ([`OfficeView`]) adds what no record says in the clear. Persons and seals are told by their ids: names are for whoever shows the report.
//!
//! Two sorts of items: what *happened* within the period (a refusal, a wrong PIN), and what was begun before the period's end and *stands open* (a
//! use without an outcome, a notice), whenever it began. Records after the period are read too: a ticket that was stamped the day after is no ticket
//! without a stamp.

mod events;
mod item;
mod office;
mod tokens;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

pub use self::{
    item::{Item, Kind},
    office::{
        CertificateView, FindingView, GrantView, NoticeView, OfficeView, PersonView, SealView, TrainingView,
    },
};
use crate::{Id, Record, RecordBody};

/// A record, and what is known of it beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub record: Record,
    /// Of an intent: the tickets it rests on, where its list was given and is the one the record stands for.
    pub tickets: Option<Vec<TicketRow>>,
    /// Of an act that registers a person: the roles it gives them, where its text is still there.
    pub roles: Option<BTreeSet<String>>,
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self { record, tickets: None, roles: None }
    }
}

/// A ticket as an intent names it: a row of its list `tickets`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct TicketRow {
    /// The act.
    pub act: Uuid,
    /// The approver.
    pub by: Id,
    /// Position of its record.
    pub seq: u64,
}

/// A span of the day in minutes after midnight: from (included) until (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// 0 to 1439.
    pub from_minute: u32,
    /// 1 to 1440.
    pub until_minute: u32,
}

/// By what it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Beginning of the period, µs since the Unix epoch.
    pub from_us: u64,
    /// Its end (excluded), µs since the Unix epoch.
    pub until_us: u64,
    /// The time now, µs since the Unix epoch. What stands open is judged at the period's end, or now where that is earlier.
    pub now_us: u64,
    /// Only what concerns this seal, or a token it is known to lie on: by its uses, or by the office. What concerns no seal is left out then.
    pub seal: Option<Id>,
    /// Hours of the day within which seals are used; else those of each grant (U1).
    pub hours: Option<Hours>,
    /// Minutes east of UTC of the clock that hours are meant by.
    pub utc_offset_minutes: i32,
    /// After how long a token is due for inspection (C3), µs.
    pub inspection_interval_us: u64,
    /// After how long beyond that it is overdue, µs.
    pub inspection_grace_us: u64,
}

impl Terms {
    /// A day, µs.
    pub const DAY_US: u64 = 86_400_000_000;

    /// This period, judged now; inspections every 30 days with 7 of grace, hours by the clock of UTC+8: what the policy has by default.
    pub fn new(from_us: u64, until_us: u64, now_us: u64) -> Self {
        Self {
            from_us,
            until_us,
            now_us,
            seal: None,
            hours: None,
            utc_offset_minutes: 480,
            inspection_interval_us: 30 * Self::DAY_US,
            inspection_grace_us: 7 * Self::DAY_US,
        }
    }

    fn holds(&self, time_us: u64) -> bool {
        (self.from_us..self.until_us).contains(&time_us)
    }

    /// When what stands open is judged.
    fn moment_us(&self) -> u64 {
        self.until_us.min(self.now_us)
    }
}

/// How often things happened within the period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of any type.
    pub records: u64,
    /// Requests made (of a solo journal none has a record).
    pub requests: u64,
    /// Requests that expired before all their copies were stamped; not told by seal.
    pub expiries: u64,
    /// Uses begun.
    pub intents: u64,
    /// Uses that ended with a stamp.
    pub complete: u64,
    /// Uses that ended without a signature.
    pub failed: u64,
    /// Uses that ended with nobody knowing.
    pub abandoned: u64,
    /// Acts.
    pub acts: u64,
    /// Of these, tickets.
    pub tickets: u64,
    /// Refusals, repeated ones counted each.
    pub refusals: u64,
    /// Wrong PINs.
    pub wrong_pins: u64,
    /// Unlocks.
    pub unlocks: u64,
    /// Inspections.
    pub inspections: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By what it was judged.
    pub terms: Terms,
    /// What happened in the period.
    pub counts: Counts,
    /// What does not add up, by time, newest last.
    pub items: Vec<Item>,
    /// Kinds that could not be looked for, for want of the office.
    pub not_judged: Vec<Kind>,
}

/// Makes the report.
///
/// `entries` are records in rising order of `seq`; of the whole journal, or from any position on: what began before the first is then not known of. A
/// record whose type this version does not know is left out by the caller. `office` is the office as it stands now, none in solo mode or of an export.
pub fn report(entries: &[Entry], office: Option<&OfficeView>, terms: Terms) -> Report {
    let ground = Ground::new(entries, office, &terms);
    let mut items = Vec::new();
    uses::look(&ground, &mut items);
    tokens::look(&ground, &mut items);
    events::look(&ground, &mut items);
    office::look(&ground, &mut items);
    items.sort_by_key(|item| (item.time_us, item.seq, item.kind));
    let counts = ground.counts();
    let not_judged = match office {
        Some(_) => Vec::new(),
        None => {
            let of_grants = terms.hours.is_none().then_some(Kind::UseOutsideHours);
            of_grants.into_iter().chain(Kind::OF_OFFICE).collect()
        }
    };
    Report { terms, counts, items, not_judged }
}

/// What every part of the report looks at.
struct Ground<'a> {
    entries: &'a [Entry],
    office: Option<&'a OfficeView>,
    terms: &'a Terms,
    /// The seal of each use, by the position of its intent.
    seal_of_intent: BTreeMap<u64, &'a Id>,
    /// Tokens the seal asked for is known to lie on; of no meaning where none was asked for.
    tokens: BTreeSet<&'a str>,
}

impl<'a> Ground<'a> {
    fn new(entries: &'a [Entry], office: Option<&'a OfficeView>, terms: &'a Terms) -> Self {
        let mut seal_of_intent = BTreeMap::new();
        let mut tokens = BTreeSet::new();
        for entry in entries {
            if let RecordBody::Intent(intent) = &entry.record.body {
                seal_of_intent.insert(entry.record.seq, &intent.seal);
                if terms.seal.as_ref() == Some(&intent.seal) {
                    tokens.insert(intent.token_serial.as_str());
                }
            }
        }
        if let (Some(office), Some(asked)) = (office, &terms.seal) {
            let known = office.seals.iter().filter(|seal| seal.seal == asked.as_str());
            tokens.extend(known.filter_map(|seal| seal.token_serial.as_deref()));
        }
        Self { entries, office, terms, seal_of_intent, tokens }
    }

    /// Records of the period, and all others.
    fn all(&self) -> impl Iterator<Item = &'a Record> {
        self.entries.iter().map(|entry| &entry.record)
    }

    /// Records of the period.
    fn within(&self) -> impl Iterator<Item = &'a Record> {
        self.all().filter(|record| self.terms.holds(record.time_us))
    }

    /// Whether this seal is asked for.
    fn wants(&self, seal: Option<&str>) -> bool {
        self.terms.seal.as_ref().is_none_or(|asked| seal == Some(asked.as_str()))
    }

    /// Whether this token is.
    fn wants_token(&self, serial: &str) -> bool {
        self.terms.seal.is_none() || self.tokens.contains(serial)
    }

    /// Whether all seals are.
    fn wants_all(&self) -> bool {
        self.terms.seal.is_none()
    }

    fn seal_at(&self, intent: u64) -> Option<&str> {
        self.seal_of_intent.get(&intent).map(|seal| seal.as_str())
    }

    /// The record of an act, by its id in text.
    fn act(&self, act: &str) -> Option<u64> {
        let act: Uuid = act.parse().ok()?;
        self.all().find_map(|record| match &record.body {
            RecordBody::Act(filed) if filed.act == act => Some(record.seq),
            _ => None,
        })
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for record in self.within() {
            let (mut seal, mut token) = (None, None);
            let mut tally = Counts::default();
            match &record.body {
                RecordBody::RequestDrafted(drafted) => {
                    seal = Some(drafted.seal.as_str());
                    tally.requests = 1;
                }
                RecordBody::RequestExpired(expired) => tally.expiries = expired.requests.count,
                RecordBody::Intent(intent) => {
                    seal = Some(intent.seal.as_str());
                    tally.intents = 1;
                }
                RecordBody::Complete(complete) => {
                    seal = self.seal_at(complete.intent);
                    tally.complete = 1;
                }
                RecordBody::Failed(failed) => {
                    seal = self.seal_at(failed.intent);
                    tally.failed = 1;
                }
                RecordBody::Abandoned(abandoned) => {
                    seal = self.seal_at(abandoned.intent);
                    tally.abandoned = 1;
                }
                RecordBody::Act(filed) => {
                    seal = filed.seal.as_ref().map(Id::as_str);
                    tally.acts = 1;
                    tally.tickets = u64::from(filed.typ.as_str() == uses::TICKET);
                }
                RecordBody::Refused(refused) => {
                    seal = refused.seal.as_ref().map(Id::as_str);
                    tally.refusals = refused.count;
                }
                RecordBody::WrongPin(wrong) => {
                    token = Some(wrong.token_serial.as_str());
                    tally.wrong_pins = 1;
                }
                RecordBody::TokenUnlocked(unlocked) => {
                    token = Some(unlocked.token_serial.as_str());
                    tally.unlocks = 1;
                }
                RecordBody::TokenInspected(inspected) => {
                    token = Some(inspected.token_serial.as_str());
                    tally.inspections = 1;
                }
                _ => {}
            }
            if self.wants(seal) || token.is_some_and(|token| self.wants_token(token)) {
                counts.add(&tally);
            }
        }
        counts
    }
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.records += 1;
        for (own, more) in [
            (&mut self.requests, other.requests),
            (&mut self.expiries, other.expiries),
            (&mut self.intents, other.intents),
            (&mut self.complete, other.complete),
            (&mut self.failed, other.failed),
            (&mut self.abandoned, other.abandoned),
            (&mut self.acts, other.acts),
            (&mut self.tickets, other.tickets),
            (&mut self.refusals, other.refusals),
            (&mut self.wrong_pins, other.wrong_pins),
            (&mut self.unlocks, other.unlocks),
            (&mut self.inspections, other.inspections),
        ] {
            *own = own.saturating_add(more);
        }
    }

    /// Each with its name, kebab-case, in the order they are shown.
    pub fn named(&self) -> [(&'static str, u64); 13] {
        [
            ("records", self.records),
            ("requests", self.requests),
            ("expiries", self.expiries),
            ("intents", self.intents),
            ("complete", self.complete),
            ("failed", self.failed),
            ("abandoned", self.abandoned),
            ("acts", self.acts),
            ("tickets", self.tickets),
            ("refusals", self.refusals),
            ("wrong-pins", self.wrong_pins),
            ("unlocks", self.unlocks),
            ("inspections", self.inspections),
        ]
    }
}
