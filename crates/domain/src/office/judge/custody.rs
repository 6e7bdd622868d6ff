//! Hand-over (C2): offered, accepted, registered. Until it is registered nothing changes.

use super::super::{Active, Change, HandingOver, SealEntry};
use super::{kept, step, with_active};
use crate::{
    act::statement::HandOver,
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn offer(facts: &ActFacts<'_>, hand_over: &HandOver) -> Result<Change, Refusal> {
    let entry = facts.seal(&hand_over.seal)?;
    let handing_over = HandingOver { to: hand_over.to.clone(), offered: facts.reference(), accepted: None };
    let offered = Active { handing_over: Some(handing_over), ..kept(entry)?.clone() };
    Ok(step(facts, entry, with_active(entry, offered)).into())
}

pub(super) fn accept(facts: &ActFacts<'_>, hand_over: &HandOver) -> Result<Change, Refusal> {
    let entry = facts.seal(&hand_over.seal)?;
    let active = kept(entry)?;
    let handing_over = under_way(entry, active, hand_over)?;
    if handing_over.accepted.is_some() {
        return Err(Violation::new(Reason::ActDoneAlready).with("seal", entry.id()).into());
    }
    let accepted = HandingOver { accepted: Some(facts.reference()), ..handing_over.clone() };
    let active = Active { handing_over: Some(accepted), ..active.clone() };
    Ok(step(facts, entry, with_active(entry, active)).into())
}

/// Every seal on the token goes with the one named, for a token has one custodian; each was offered and accepted for itself.
pub(super) fn hand_over(facts: &ActFacts<'_>, hand_over: &HandOver) -> Result<Change, Refusal> {
    let named = facts.seal(&hand_over.seal)?;
    let active = kept(named)?;
    accepted(named, active, hand_over)?;
    let mut change = Change::default();
    for entry in std::iter::once(named).chain(facts.office.beside_on_token(named)) {
        // What is issued and not received yet has nobody who could offer it.
        let ready = kept(entry)
            .and_then(|active| accepted(entry, active, hand_over).map(|()| active))
            .map_err(|_| Violation::new(Reason::HandOverIncomplete).with("seal", entry.id()))?;
        let handed = Active { custodian: hand_over.to.clone(), handing_over: None, ..ready.clone() };
        change.entities.push(step(facts, entry, with_active(entry, handed)));
    }
    Ok(change)
}

/// The hand-over that was offered, if it is this one.
fn under_way<'a>(
    entry: &SealEntry,
    active: &'a Active,
    hand_over: &HandOver,
) -> Result<&'a HandingOver, Refusal> {
    let same = |offered: &&HandingOver| offered.to == hand_over.to && active.custodian == hand_over.from;
    active.handing_over.as_ref().filter(same).ok_or_else(|| missing(entry, "offered"))
}

fn accepted(entry: &SealEntry, active: &Active, hand_over: &HandOver) -> Result<(), Refusal> {
    match under_way(entry, active, hand_over)?.accepted {
        Some(_) => Ok(()),
        None => Err(missing(entry, "accepted")),
    }
}

fn missing(entry: &SealEntry, needed: &str) -> Refusal {
    Violation::new(Reason::HandOverMissing).with("seal", entry.id()).with("needed", needed).into()
}
