//! What is decided just before a stamp: who confirms, approval, copies, the day and the hour (C1, U1, U2).

use super::{super::Rule, Check, UseFacts};
use crate::{
    channel::Channel,
    office::RequestState,
    reason::Reason,
    refusal::{Violation, Violations},
};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "C1.confirms",
        "C1",
        &[Reason::NotCustodian],
        "crates/domain/src/office/tests/usage.rs::only_the_custodian_confirms",
        |facts, found| {
            let (Some(active), confirms) = (facts.kept(), facts.custodian) else { return };
            if !confirms.is_some_and(|person| person.is_employed() && person.id == active.custodian) {
                found.push(Violation::new(Reason::NotCustodian).with("seal", facts.seal.id()));
            }
        },
    ),
    Rule::new(
        "U2.filed",
        "U2",
        &[Reason::RequestNotFiled, Reason::RequestRejected, Reason::RequestWithdrawn],
        "crates/domain/src/office/tests/usage.rs::an_open_request_is_filed_by_its_applicant",
        filed,
    ),
    Rule::new(
        "U2.not-expired",
        "U2",
        &[Reason::RequestExpired],
        "crates/domain/src/office/tests/usage.rs::an_open_request_is_filed_by_its_applicant",
        |facts, found| {
            if facts.now_us >= facts.request.expires_us {
                found.push(
                    Violation::new(Reason::RequestExpired).with("request", facts.request.binding.request),
                );
            }
        },
    ),
    Rule::new(
        "U2.tickets",
        "U2",
        &[Reason::TicketsMissing],
        "crates/domain/src/office/tests/usage.rs::as_many_tickets_as_the_class_needs_and_only_such_as_count",
        |facts, found| {
            // A class the policy does not know has its own refusal, and a seal nobody keeps too.
            let known = facts.policy.classes.contains_key(&facts.request.binding.class);
            let Some(active) = facts.kept().filter(|_| known) else { return };
            // From afar U10.tickets asks for more.
            if facts.channel == Channel::Remote {
                return;
            }
            let have = facts.counting_tickets(active).count();
            let need = facts.tickets_needed();
            if have < need {
                found.push(Violation::new(Reason::TicketsMissing).with("have", have).with("need", need));
            }
        },
    ),
    Rule::new(
        "U2.copies-left",
        "U2",
        &[Reason::CopiesUsedUp],
        "crates/domain/src/office/tests/usage.rs::no_more_copies_than_were_approved",
        |facts, found| {
            let copies = facts.request.binding.copies;
            if facts.copies_used >= copies {
                found.push(Violation::new(Reason::CopiesUsedUp).with("copies", copies));
            }
        },
    ),
    Rule::new(
        "U1.uses-per-day",
        "U1",
        &[Reason::GrantDayUsedUp],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            let Some(grant) = facts.grant() else { return };
            let limit = grant.terms.uses_per_day;
            if facts.used_today >= limit {
                found.push(
                    Violation::new(Reason::GrantDayUsedUp)
                        .with("used", facts.used_today)
                        .with("limit", limit),
                );
            }
        },
    ),
    Rule::new(
        "U1.hours",
        "U1",
        &[Reason::GrantHours],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            let Some(hours) = facts.grant().and_then(|grant| grant.terms.hours) else { return };
            let minute = minute_of_day(facts.now_us, facts.policy.office.utc_offset_minutes);
            if !(hours.from_minute..hours.until_minute).contains(&minute) {
                found.push(
                    Violation::new(Reason::GrantHours)
                        .with("minute", minute)
                        .with("from", hours.from_minute)
                        .with("until", hours.until_minute),
                );
            }
        },
    ),
];

/// Filing without a signature is for the custodian alone, who asks for themselves on their own machine.
fn filed(facts: &UseFacts<'_>, found: &mut Violations) {
    let binding = &facts.request.binding;
    let reason = match &facts.request.state {
        RequestState::Filed(Some(_)) => return,
        RequestState::Filed(None)
            if facts.kept().is_none_or(|active| active.custodian == binding.applicant) =>
        {
            return;
        }
        RequestState::Drafted | RequestState::Filed(None) => Reason::RequestNotFiled,
        RequestState::Rejected(_) => Reason::RequestRejected,
        RequestState::Withdrawn(_) => Reason::RequestWithdrawn,
    };
    found.push(Violation::new(reason).with("request", binding.request));
}

/// Minutes since local midnight.
fn minute_of_day(now_us: u64, offset: i32) -> u32 {
    const MINUTE_US: u64 = 60_000_000;
    let utc = i64::try_from(now_us / MINUTE_US).unwrap_or(i64::MAX);
    let local = utc.saturating_add(i64::from(offset)).rem_euclid(1440);
    u32::try_from(local).unwrap_or(0)
}
