//! Requests (用印申请) of an office journal: who sees which, where each stands, and what changes while somebody watches.

use sealkeeper_domain::{
    identity::RequestId,
    office::{RequestFacts, RequestState, Role, Ticket},
    reason::Reason,
};
use tokio::sync::broadcast;

use super::{Failure, Service, Subject};
use crate::{
    office::InForce,
    pipeline::{At, Stop, identify::Caller, kept::KeptRequest, ports::ledger::RequestChoice},
    spool::Spooled,
};

/// Changes kept for a watcher that is slow to read them.
pub(super) const EVENTS_KEPT: usize = 256;

/// Where a request stands, for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its applicant has to file it.
    Drafted,
    /// It waits for tickets.
    Filed,
    /// It has all its tickets.
    Approved,
    /// An approver refused it.
    Rejected,
    /// Its applicant took it back.
    Withdrawn,
    /// Its time is over.
    Expired,
    /// Every copy was stamped.
    Stamped,
}

impl Standing {
    /// As the contract tells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Standing::Drafted => "drafted",
            Standing::Filed => "filed",
            Standing::Approved => "approved",
            Standing::Rejected => "rejected",
            Standing::Withdrawn => "withdrawn",
            Standing::Expired => "expired",
            Standing::Stamped => "stamped",
        }
    }

    /// Whether nothing can become of it any more.
    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Standing::Rejected | Standing::Withdrawn | Standing::Expired | Standing::Stamped)
    }
}

/// Which requests a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Every one they may see.
    All,
    /// They are the applicant.
    Mine,
    /// They may still approve it.
    ToApprove,
    /// They keep the seal, and it has all its tickets.
    ToStamp,
}

/// A request with what a reader of it wants to know.
#[derive(Debug)]
pub(crate) struct SeenRequest {
    pub(crate) kept: KeptRequest,
    pub(crate) facts: RequestFacts,
    pub(crate) standing: Standing,
    pub(crate) seal_name: String,
    pub(crate) applicant_name: String,
    /// The tickets that count now, each with the name of who gave it; once it has ended, all it was given.
    pub(crate) tickets: Vec<(Ticket, String)>,
    pub(crate) tickets_needed: u32,
    pub(crate) importance: String,
    pub(crate) secrecy: String,
    /// Who ended it, where somebody did.
    pub(crate) ended_by: Option<String>,
}

impl SeenRequest {
    /// Where it stands among all: by the time it was made, µs since the Unix epoch, and its id.
    pub(crate) fn place(&self) -> (u64, RequestId) {
        (self.kept.created_us, self.kept.id)
    }
}

/// Some requests, and after which place there may be more; `None`: there are none.
pub(crate) struct RequestPage {
    pub(crate) requests: Vec<SeenRequest>,
    pub(crate) next: Option<(u64, RequestId)>,
}

/// Rows read at once: so many, whether or not they are what is asked for.
const ROWS: u32 = 256;

impl Service {
    /// Up to `limit` requests of this kind that the caller may see, oldest first, from this place on.
    pub(crate) async fn requests(
        &self,
        caller: &Caller,
        which: Which,
        ended: bool,
        after: Option<(u64, RequestId)>,
        limit: usize,
    ) -> Result<RequestPage, Failure> {
        let subject = Subject::new("list-requests", caller);
        match self.listed(caller, which, ended, after, limit).await {
            Ok(page) => Ok(page),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn listed(
        &self,
        caller: &Caller,
        which: Which,
        ended: bool,
        mut after: Option<(u64, RequestId)>,
        limit: usize,
    ) -> Result<RequestPage, Stop> {
        let current = self.office().at("identify")?.now();
        let applicant = (which == Which::Mine).then(|| caller.person().id.clone());
        let mut requests = Vec::new();
        loop {
            let choice = RequestChoice { applicant: applicant.clone(), seal: None, after };
            let rows = self.ledger.requests(choice, ROWS).await?;
            let is_last = rows.len() < ROWS as usize;
            for kept in rows {
                if requests.len() == limit {
                    return Ok(RequestPage { requests, next: after });
                }
                after = Some((kept.created_us, kept.id));
                let seen = self.seen(&current, kept).filter(|seen| {
                    (ended || !seen.standing.is_ended())
                        && self.may_see(&current, caller, seen)
                        && self.fits(&current, caller, which, seen)
                });
                requests.extend(seen);
            }
            if is_last {
                return Ok(RequestPage { requests, next: None });
            }
        }
    }

    /// One of them.
    pub(crate) async fn request(&self, caller: &Caller, id: RequestId) -> Result<SeenRequest, Failure> {
        let subject = Subject::new("show-request", caller).request(id);
        match self.shown(caller, id).await {
            Ok(seen) => Ok(seen),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn shown(&self, caller: &Caller, id: RequestId) -> Result<SeenRequest, Stop> {
        let current = self.office().at("identify")?.now();
        let kept = self.ledger.request(id).await?;
        let seen = kept.and_then(|kept| self.seen(&current, kept));
        // Whether there is one is nobody's business who may not see it.
        seen.filter(|seen| self.may_see(&current, caller, seen)).ok_or(Reason::RequestUnknown).at("admit")
    }

    /// In an office nobody learns of a request, be it that there is one, who may not see it; a solo journal has nobody else.
    pub(super) async fn check_visible(&self, caller: &Caller, id: RequestId) -> Result<(), Stop> {
        if self.office().is_err() {
            return Ok(());
        }
        self.shown(caller, id).await.map(|_| ())
    }

    /// A request that changed, and whether it belongs to what the watcher asked for; `None` for one that is none of their business.
    pub(crate) async fn watched(
        &self,
        caller: &Caller,
        which: Which,
        id: RequestId,
    ) -> Result<Option<(SeenRequest, bool)>, Failure> {
        let current = self.office().map_err(Failure::Fault)?.now();
        let kept = self.ledger.request(id).await.map_err(|error| {
            tracing::error!(%error, "a request cannot be read");
            Failure::Fault(Reason::Internal)
        })?;
        let seen = kept.and_then(|kept| self.seen(&current, kept));
        let seen = seen.filter(|seen| self.may_see(&current, caller, seen));
        Ok(seen.map(|seen| {
            let belongs = !seen.standing.is_ended() && self.fits(&current, caller, which, &seen);
            (seen, belongs)
        }))
    }

    /// The document of a request the caller may see.
    pub(crate) async fn request_document(&self, caller: &Caller, id: RequestId) -> Result<Spooled, Failure> {
        let subject = Subject::new("fetch-document", caller).request(id);
        let found = async {
            let seen = self.shown(caller, id).await?;
            let spooled = self.spool.find(seen.kept.asked.sha256);
            let spooled = spooled.map_err(|error| Stop::Fault(format!("spool: {error}")))?;
            spooled.ok_or(Reason::DocumentGone).at("inspect")
        };
        match found.await {
            Ok(spooled) => Ok(spooled),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// What changes from now on. One who is too slow is told that he missed some.
    pub(crate) fn watch_requests(&self) -> broadcast::Receiver<RequestId> {
        self.request_events.subscribe()
    }

    /// Tells whoever watches.
    pub(crate) fn request_changed(&self, id: RequestId) {
        // Nobody may be watching.
        let _ = self.request_events.send(id);
    }

    /// `None` for one that no act can be about: it was made in a solo journal.
    pub(crate) fn seen(&self, current: &InForce, kept: KeptRequest) -> Option<SeenRequest> {
        let facts = kept.facts.clone()?;
        let policy = self.policy.now();
        let class = policy.classes.get(&facts.binding.class);
        // A class that is gone from the policy can get no ticket that counts.
        let tickets_needed = class.map_or(u32::MAX, |class| class.tickets);
        let now_us = self.clock.now_us();
        let good = current.good_tickets(&facts, &policy, now_us);
        let standing = match &facts.state {
            RequestState::Rejected(_) => Standing::Rejected,
            RequestState::Withdrawn(_) => Standing::Withdrawn,
            _ if kept.copies_used >= kept.asked.copies => Standing::Stamped,
            _ if facts.expires_us <= now_us => Standing::Expired,
            RequestState::Drafted => Standing::Drafted,
            RequestState::Filed(_) if good.len() >= tickets_needed as usize => Standing::Approved,
            RequestState::Filed(_) => Standing::Filed,
        };
        let ended_by = match &facts.state {
            RequestState::Rejected(by) | RequestState::Withdrawn(by) => Some(current.name_of(&by.by)),
            _ => None,
        };
        let tickets = if standing.is_ended() { facts.tickets.clone() } else { good };
        let tickets = tickets.into_iter().map(|ticket| {
            let name = current.name_of(&ticket.by);
            (ticket, name)
        });
        let tickets = tickets.collect();
        let entry = current.office.seals.get(&facts.binding.seal);
        Some(SeenRequest {
            seal_name: entry.map(|entry| entry.application.name.clone()).unwrap_or_default(),
            applicant_name: current.name_of(&facts.binding.applicant),
            tickets,
            importance: class.map(|class| class.importance.to_string()).unwrap_or_default(),
            secrecy: class.map(|class| class.secrecy.to_string()).unwrap_or_default(),
            tickets_needed,
            standing,
            ended_by,
            facts,
            kept,
        })
    }

    /// A request is its applicant's, its custodian's, that of those who approve such documents, and of those who supervise.
    fn may_see(&self, current: &InForce, caller: &Caller, seen: &SeenRequest) -> bool {
        let id = &caller.person().id;
        let Some(person) = current.office.people.get(id) else { return false };
        seen.facts.binding.applicant == *id
            || current.oversees(id)
            || person.is(Role::Approver) && self.policy.now().entitles(id, &seen.facts.binding.class)
            || current.custodian_of(&seen.facts.binding.seal) == Some(id)
    }

    fn fits(&self, current: &InForce, caller: &Caller, which: Which, seen: &SeenRequest) -> bool {
        let id = &caller.person().id;
        let binding = &seen.facts.binding;
        let keeps = current.custodian_of(&binding.seal) == Some(id);
        match which {
            Which::All => true,
            Which::Mine => binding.applicant == *id,
            Which::ToStamp => keeps && seen.standing == Standing::Approved,
            Which::ToApprove => {
                let is_approver =
                    current.office.people.get(id).is_some_and(|person| person.is(Role::Approver))
                        && self.policy.now().entitles(id, &binding.class);
                // Whose ticket counts no more is asked again.
                let has_approved = seen.tickets.iter().any(|(ticket, _)| ticket.by == *id);
                is_approver
                    && !keeps
                    && binding.applicant != *id
                    && !has_approved
                    && matches!(seen.standing, Standing::Filed | Standing::Approved)
            }
        }
    }
}
