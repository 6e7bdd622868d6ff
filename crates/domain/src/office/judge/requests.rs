//! Requests: filed, approved, rejected, withdrawn (U2).

use super::super::{Change, Changed, RequestFacts, RequestState, Ticket};
use crate::{
    act::statement::{Binding, EndedRequest},
    identity::RequestId,
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn file(facts: &ActFacts<'_>, binding: &Binding) -> Result<Change, Refusal> {
    let request = facts.request(&binding.request)?;
    match &request.state {
        RequestState::Drafted => Ok(in_state(request, RequestState::Filed(Some(facts.reference())))),
        RequestState::Filed(_) => Err(refused(Reason::RequestFiledAlready, &binding.request)),
        ended => Err(refused(not_open(ended), &binding.request)),
    }
}

/// A person's ticket that no longer counts gives way to their new one: one person, one vote, whatever keys they hold.
pub(super) fn approve(facts: &ActFacts<'_>, binding: &Binding) -> Result<Change, Refusal> {
    let request = open(facts, &binding.request)?;
    let ticket = Ticket {
        act: facts.claims.id,
        by: facts.claims.issuer.clone(),
        // A clock that is ahead must not carry a ticket over the suspension that voids it.
        issued_s: facts.signed_s(),
        expires_s: facts.claims.expires_s,
    };
    let mut approved = request.clone();
    approved.tickets.retain(|earlier| earlier.by != ticket.by);
    approved.tickets.push(ticket);
    Ok(Changed::Request(Box::new(approved)).into())
}

pub(super) fn reject(facts: &ActFacts<'_>, ended: &EndedRequest) -> Result<Change, Refusal> {
    let request = open(facts, &ended.request)?;
    Ok(in_state(request, RequestState::Rejected(facts.reference())))
}

pub(super) fn withdraw(facts: &ActFacts<'_>, ended: &EndedRequest) -> Result<Change, Refusal> {
    let request = facts.request(&ended.request)?;
    match &request.state {
        RequestState::Filed(_) if is_used_up(facts, request) => {
            Err(refused(Reason::CopiesUsedUp, &ended.request))
        }
        RequestState::Drafted | RequestState::Filed(_) => {
            Ok(in_state(request, RequestState::Withdrawn(facts.reference())))
        }
        ended_before => Err(refused(not_open(ended_before), &ended.request)),
    }
}

/// A request that was filed and has not ended.
fn open<'a>(facts: &ActFacts<'a>, id: &RequestId) -> Result<&'a RequestFacts, Refusal> {
    let request = facts.request(id)?;
    match &request.state {
        RequestState::Filed(_) if is_used_up(facts, request) => Err(refused(Reason::CopiesUsedUp, id)),
        RequestState::Filed(_) => Ok(request),
        other => Err(refused(not_open(other), id)),
    }
}

/// One whose every copy was stamped has ended: nothing can be said of it any more, and it stays what it is.
fn is_used_up(facts: &ActFacts<'_>, request: &RequestFacts) -> bool {
    facts.outside.copies_used >= request.binding.copies
}

fn not_open(state: &RequestState) -> Reason {
    match state {
        RequestState::Rejected(_) => Reason::RequestRejected,
        RequestState::Withdrawn(_) => Reason::RequestWithdrawn,
        RequestState::Drafted | RequestState::Filed(_) => Reason::RequestNotFiled,
    }
}

fn in_state(request: &RequestFacts, state: RequestState) -> Change {
    Changed::Request(Box::new(RequestFacts { state, ..request.clone() })).into()
}

fn refused(reason: Reason, request: &RequestId) -> Refusal {
    Violation::new(reason).with("request", request).into()
}
