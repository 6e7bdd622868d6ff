//! Tickets and uses that do not meet (U2, U9), and uses at the wrong time (U1).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Ground, Hours, Item, Kind, TicketRow};
use crate::{ActFiled, Channel, Code, Id, Intent, Outcome, Record, RecordBody, Severity};

/// The act that is a ticket.
pub(super) const TICKET: &str = "request-approve";
/// Acts that end a request unstamped.
const ENDS_REQUEST: [&str; 2] = ["request-reject", "request-withdraw"];
/// Acts from which on earlier tickets of a seal are void (C4), or never used again.
const VOIDS_TICKETS: [&str; 3] = ["seal-suspend", "seal-report", "seal-revoke"];
const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: i64 = 24 * 60;

pub(super) fn look(ground: &Ground<'_>, items: &mut Vec<Item>) {
    let seen = Seen::of(ground);
    for entry in ground.entries {
        let record = &entry.record;
        match &record.body {
            RecordBody::Act(filed) if filed.typ.as_str() == TICKET => {
                items.extend(unstamped(ground, &seen, record, filed));
            }
            RecordBody::Intent(intent) => {
                if !ground.wants(Some(intent.seal.as_str())) {
                    continue;
                }
                items.extend(without_outcome(ground, &seen, record, intent));
                items.extend(outside_hours(ground, record, intent));
                items.extend(from_afar(ground, record, intent));
                let tickets = entry.tickets.iter().flatten();
                items.extend(
                    tickets.filter_map(|ticket| not_on_record(ground, &seen, record, intent, ticket)),
                );
            }
            RecordBody::Abandoned(abandoned) if ground.terms.holds(record.time_us) => {
                let seal = ground.seal_at(abandoned.intent);
                if ground.wants(seal) {
                    let mut item = Item::at(Kind::UseAbandoned, Severity::Warn, record)
                        .with("use", abandoned.use_id)
                        .with("cause", named(&abandoned.cause));
                    item.seal = seal.map(str::to_owned);
                    items.push(item);
                }
            }
            _ => {}
        }
    }
}

/// What has to be known of all records before one of them can be judged.
#[derive(Default)]
struct Seen<'a> {
    /// Positions of intents that have an outcome.
    ended: BTreeSet<u64>,
    /// Of each request, the tickets of each use that took a copy; none where its list is not known.
    used: BTreeMap<Uuid, Vec<Option<&'a [TicketRow]>>>,
    /// Where and when each request was ended.
    ended_requests: BTreeMap<Uuid, (u64, u64)>,
    /// Where and when the tickets of a seal were made void, in order.
    voided: BTreeMap<&'a Id, Vec<(u64, u64)>>,
    /// Where each ticket stands.
    tickets: BTreeMap<u64, Uuid>,
    first: Option<u64>,
    last_start: Option<u64>,
}

impl<'a> Seen<'a> {
    fn of(ground: &Ground<'a>) -> Self {
        let mut seen = Self::default();
        let mut gave_back = BTreeSet::new();
        for record in ground.all() {
            seen.first.get_or_insert(record.seq);
            if let Some(outcome) = record.body.outcome() {
                seen.ended.insert(outcome.intent());
                if matches!(outcome, Outcome::Failed(_)) {
                    gave_back.insert(outcome.intent());
                }
            }
            match &record.body {
                RecordBody::AgentStarted(_) => seen.last_start = Some(record.seq),
                RecordBody::Act(filed) => seen.act(record, filed),
                _ => {}
            }
        }
        for entry in ground.entries {
            if let RecordBody::Intent(intent) = &entry.record.body
                && !gave_back.contains(&entry.record.seq)
            {
                seen.used.entry(intent.request_id).or_default().push(entry.tickets.as_deref());
            }
        }
        seen
    }

    fn act(&mut self, record: &Record, filed: &'a ActFiled) {
        let typ = filed.typ.as_str();
        if typ == TICKET {
            self.tickets.insert(record.seq, filed.act);
        }
        if let (true, Some(request)) = (ENDS_REQUEST.contains(&typ), filed.request) {
            self.ended_requests.insert(request, (record.seq, record.time_us));
        }
        if let (true, Some(seal)) = (VOIDS_TICKETS.contains(&typ), &filed.seal) {
            self.voided.entry(seal).or_default().push((record.seq, record.time_us));
        }
    }
}

fn unstamped(ground: &Ground<'_>, seen: &Seen<'_>, record: &Record, filed: &ActFiled) -> Option<Item> {
    let (terms, seal) = (ground.terms, filed.seal.as_ref());
    if !terms.holds(record.time_us) || !ground.wants(seal.map(Id::as_str)) {
        return None;
    }
    let request = filed.request?;
    let expires_us = filed.expires_s.saturating_mul(1_000_000);
    // While it was good still.
    let ends_it = |(seq, time_us): &(u64, u64)| *seq > record.seq && *time_us < expires_us;
    let uses = seen.used.get(&request).map(Vec::as_slice).unwrap_or_default();
    let rests_on_it = |tickets: &Option<&[TicketRow]>| {
        // A list that is not known might name it.
        tickets.is_none_or(|rows| rows.iter().any(|row| row.act == filed.act))
    };
    let state = if uses.iter().any(rests_on_it) {
        return None;
    } else if !uses.is_empty() {
        "not-counted"
    } else if seen.ended_requests.get(&request).is_some_and(ends_it) {
        "ended"
    } else if seal.and_then(|seal| seen.voided.get(seal)).is_some_and(|voided| voided.iter().any(ends_it)) {
        "void"
    } else if expires_us <= terms.now_us {
        "expired"
    } else {
        "open"
    };
    let severity = if state == "expired" { Severity::Warn } else { Severity::Note };
    let mut item = Item::at(Kind::TicketWithoutStamp, severity, record)
        .person(&filed.signer.id)
        .request(request)
        .with("state", state)
        .with("act", filed.act)
        .with("expires-us", expires_us);
    item.seal = seal.map(ToString::to_string);
    Some(item)
}

fn without_outcome(ground: &Ground<'_>, seen: &Seen<'_>, record: &Record, intent: &Intent) -> Option<Item> {
    if seen.ended.contains(&record.seq) || record.time_us >= ground.terms.until_us {
        return None;
    }
    // Every start ends what the run before left open.
    let is_left = seen.last_start.is_some_and(|start| start > record.seq);
    let (severity, state) =
        if is_left { (Severity::Refuse, "left") } else { (Severity::Warn, "in-progress") };
    let item = of_use(Kind::StampWithoutOutcome, severity, record, intent);
    Some(item.with("state", state).with("use", intent.use_id))
}

fn not_on_record(
    ground: &Ground<'_>,
    seen: &Seen<'_>,
    record: &Record,
    intent: &Intent,
    ticket: &TicketRow,
) -> Option<Item> {
    // Of what stands before the first record given nothing can be said.
    let is_given = seen.first.is_some_and(|first| first <= ticket.seq);
    let is_there = seen.tickets.get(&ticket.seq) == Some(&ticket.act) && ticket.seq < record.seq;
    if !ground.terms.holds(record.time_us) || !is_given || is_there {
        return None;
    }
    let item = of_use(Kind::TicketNotOnRecord, Severity::Refuse, record, intent);
    Some(item.person(&ticket.by).with("act", ticket.act).with("ticket-seq", ticket.seq))
}

fn outside_hours(ground: &Ground<'_>, record: &Record, intent: &Intent) -> Option<Item> {
    let terms = ground.terms;
    if !terms.holds(record.time_us) {
        return None;
    }
    let of_grant = || {
        let grant = ground.office?.grants.iter().find(|grant| {
            grant.person == intent.applicant.id.as_str() && grant.seal == intent.seal.as_str()
        })?;
        grant.hours
    };
    let (hours, by) = match terms.hours {
        Some(hours) => (hours, "given"),
        None => (of_grant()?, "grant"),
    };
    let minute = minute_of_day(record.time_us, terms.utc_offset_minutes)?;
    let Hours { from_minute, until_minute } = hours;
    if (from_minute..until_minute).contains(&minute) {
        return None;
    }
    let item = of_use(Kind::UseOutsideHours, Severity::Warn, record, intent);
    Some(
        item.with("by", by)
            .with("minute", minute)
            .with("from-minute", from_minute)
            .with("until-minute", until_minute),
    )
}

/// Nothing that does not add up by itself: but nobody beside the token saw who confirmed.
fn from_afar(ground: &Ground<'_>, record: &Record, intent: &Intent) -> Option<Item> {
    if !ground.terms.holds(record.time_us) || intent.custodian.from.channel != Channel::Remote {
        return None;
    }
    Some(of_use(Kind::UsedFromAfar, Severity::Note, record, intent).with("use", intent.use_id))
}

fn of_use(kind: Kind, severity: Severity, record: &Record, intent: &Intent) -> Item {
    Item::at(kind, severity, record)
        .seal(&intent.seal)
        .person(&intent.applicant.id)
        .request(intent.request_id)
}

/// Minute of the day on a clock so far east of UTC.
fn minute_of_day(time_us: u64, offset_minutes: i32) -> Option<u32> {
    let minutes = i64::try_from(time_us).ok()? / MINUTE_US;
    u32::try_from((minutes + i64::from(offset_minutes)).rem_euclid(DAY_MINUTES)).ok()
}

/// The kebab-case name that a record gives a value of few.
pub(super) fn named(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// Codes in one text.
pub(super) fn joined<'a>(codes: impl Iterator<Item = &'a Code>) -> String {
    codes.map(Code::as_str).collect::<Vec<_>>().join(" ")
}
