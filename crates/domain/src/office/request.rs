//! Requests as the office sees them: what is bound, who filed it, which tickets it has.

use serde::{Deserialize, Serialize};

use super::{ActRef, Active, Office, Role};
use crate::{
    act::statement::Binding,
    identity::{ActId, PersonId},
    policy::{Policy, RemoteTerms},
};

/// A request with what decides whether it may be stamped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFacts {
    /// What is asked.
    pub binding: Binding,
    /// Where it stands.
    pub state: RequestState,
    /// Tickets, in the order they came; at most one of each person.
    pub tickets: Vec<Ticket>,
    /// Until when it is open, µs since the Unix epoch.
    pub expires_us: u64,
}

impl RequestFacts {
    /// The tickets that count now (U2): in time, by themselves and by the policy in force, which may have let them live longer when they were
    /// given; signed since the seal was last suspended (C4) and since who signed last left or lost a key or the role; each of another person who
    /// may approve such documents still, none of the applicant or the custodian.
    pub fn valid_tickets<'a>(
        &'a self,
        office: &'a Office,
        active: &'a Active,
        policy: &'a Policy,
        now_us: u64,
    ) -> impl Iterator<Item = &'a Ticket> {
        let lifetime_s = policy.ticket_lifetime_s;
        let counts = move |ticket: &Ticket| {
            ticket.expires_s.saturating_mul(1_000_000) > now_us
                && ticket.is_younger_than(lifetime_s, now_us)
                && ticket.issued_s >= active.tickets_since_s
                && office.people.get(&ticket.by).is_some_and(|person| {
                    person.is(Role::Approver) && ticket.issued_s >= person.tickets_since_s
                })
                && policy.entitles(&ticket.by, &self.binding.class)
                && ticket.by != self.binding.applicant
                && ticket.by != active.custodian
        };
        // The store keeps one of each person; that no one counts twice does not rest on it.
        self.tickets
            .iter()
            .enumerate()
            .filter(move |(at, ticket)| {
                counts(ticket)
                    && !self
                        .tickets
                        .iter()
                        .take(*at)
                        .any(|earlier| earlier.by == ticket.by && counts(earlier))
            })
            .map(|(_, ticket)| ticket)
    }
}

/// Where a request stands. Whether it has all its tickets, is used up or has expired follows from the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// The document is there; its applicant has not filed it.
    Drafted,
    /// Filed; open to approval. `None`: by the custodian for themselves, on the agent's machine, where they need no signature (G3).
    Filed(Option<ActRef>),
    /// An approver refused it.
    Rejected(ActRef),
    /// The applicant took it back.
    Withdrawn(ActRef),
}

/// A ticket (审批单) that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The act.
    pub act: ActId,
    /// The approver.
    pub by: PersonId,
    /// When it was signed, seconds since the Unix epoch.
    pub issued_s: u64,
    /// Until when it is good, seconds since the Unix epoch.
    pub expires_s: u64,
}

impl Ticket {
    /// Whether it is young enough for a use from afar (U10); that it counts at all is asked of the request.
    pub fn counts_from_afar(&self, terms: &RemoteTerms, now_us: u64) -> bool {
        self.is_younger_than(terms.ticket_lifetime_s, now_us)
    }

    fn is_younger_than(&self, lifetime_s: u64, now_us: u64) -> bool {
        self.issued_s.saturating_add(lifetime_s).saturating_mul(1_000_000) > now_us
    }
}
