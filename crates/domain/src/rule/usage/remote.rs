//! What a use from another machine needs over a local one (异地用印, U10). That the PIN is fresh and both ends are on record is the agent's part.

use super::{super::Rule, Check};
use crate::{channel::Channel, policy::Policy, reason::Reason, refusal::Violation};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "U10.allowed",
        "U10",
        &[Reason::RemoteNotAllowed],
        "crates/domain/src/office/tests/usage.rs::a_seal_is_used_from_afar_only_where_the_policy_allows_it",
        |facts, found| {
            if let Err(violation) = allowed(facts.policy, facts.channel) {
                found.push(violation.with("seal", facts.seal.id()));
            }
        },
    ),
    Rule::new(
        "U10.tickets",
        "U10",
        &[Reason::TicketsMissing],
        "crates/domain/src/office/tests/usage.rs::a_use_from_afar_takes_more_tickets_and_younger_ones",
        |facts, found| {
            // As with a local use, a class nobody knows and a seal nobody keeps have refusals of their own.
            let class = facts.policy.classes.get(&facts.request.binding.class);
            let (Some(class), Some(active), Channel::Remote) = (class, facts.kept(), facts.channel) else {
                return;
            };
            let valid = facts.request.valid_tickets(facts.office, active, facts.policy, facts.now_us).count();
            let (have, need) = (facts.counting_tickets(active).count(), facts.tickets_needed());
            if have < need {
                found.push(
                    Violation::new(Reason::TicketsMissing)
                        .with("have", have)
                        .with("need", need)
                        .with("channel", facts.channel)
                        .with("of-class", class.tickets)
                        .with("too-old", valid.saturating_sub(have)),
                );
            }
        },
    ),
];

/// Whether the policy lets anything be unlocked or confirmed from there.
pub(super) fn allowed(policy: &Policy, channel: Channel) -> Result<(), Violation> {
    match channel {
        Channel::Remote if !policy.remote.allowed => Err(Violation::new(Reason::RemoteNotAllowed)),
        Channel::Local | Channel::Remote => Ok(()),
    }
}
