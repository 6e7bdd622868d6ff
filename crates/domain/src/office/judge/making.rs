//! From the application to the custodian's receipt (A1 to A6).

use super::super::{ActRef, Active, Change, Changed, Made, SealEntry, SealLife, Step};
use super::{out_of_order, step};
use crate::{
    act::statement::{MadeSeal, NamedObject, NamedSeal, SealApplication, SealIssue, SealReview, WithText},
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn apply(facts: &ActFacts<'_>, application: &SealApplication) -> Change {
    let applied = facts.reference();
    let life = SealLife::Applied;
    let first = Step {
        typ: facts.claims.statement.typ().to_owned(),
        by: applied.clone(),
        state: life.state().to_owned(),
    };
    let entry =
        SealEntry { application: application.clone(), applied, life, history: vec![first], given_up: vec![] };
    Changed::Seal(Box::new(entry)).into()
}

pub(super) fn approve(facts: &ActFacts<'_>, named: &NamedSeal) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    match &entry.life {
        SealLife::Applied => Ok(step(facts, entry, SealLife::Approved(facts.reference())).into()),
        _ => Err(out_of_order(entry, "applied")),
    }
}

/// As long as nobody has received it; a seal in somebody's hands is revoked instead (R1).
pub(super) fn refuse(facts: &ActFacts<'_>, named: &WithText) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    match &entry.life {
        SealLife::Applied
        | SealLife::Approved(_)
        | SealLife::Reviewed { .. }
        | SealLife::Made(_)
        | SealLife::Issued { .. } => Ok(step(facts, entry, SealLife::Refused(facts.reference())).into()),
        _ => Err(out_of_order(entry, "applied to issued")),
    }
}

pub(super) fn review(facts: &ActFacts<'_>, review: &SealReview) -> Result<Change, Refusal> {
    let entry = facts.seal(&review.seal)?;
    match &entry.life {
        SealLife::Approved(_) => {
            let life = SealLife::Reviewed { by: facts.reference(), physical: review.physical };
            Ok(step(facts, entry, life).into())
        }
        _ => Err(out_of_order(entry, "approved")),
    }
}

pub(super) fn make(facts: &ActFacts<'_>, seal: &MadeSeal) -> Result<Change, Refusal> {
    let entry = facts.seal(&seal.seal)?;
    if !matches!(entry.life, SealLife::Reviewed { .. }) {
        return Err(out_of_order(entry, "reviewed"));
    }
    let Some(told) = &facts.outside.made else {
        return Err(Violation::new(Reason::SealObjectUnverified).with("object", seal.object_sha256).into());
    };
    let made = Made {
        seal: seal.clone(),
        by: facts.reference(),
        valid_from_us: told.valid_from_us,
        valid_until_us: told.valid_until_us,
        maker: told.maker.clone(),
    };
    Ok(step(facts, entry, SealLife::Made(made)).into())
}

pub(super) fn issue(facts: &ActFacts<'_>, issue: &SealIssue) -> Result<Change, Refusal> {
    let entry = facts.seal(&issue.seal)?;
    match &entry.life {
        SealLife::Made(made) => {
            let (made, identity) = (made.clone(), issue.identity.clone());
            let life = SealLife::Issued { made, by: facts.reference(), identity };
            Ok(step(facts, entry, life).into())
        }
        _ => Err(out_of_order(entry, "made")),
    }
}

pub(super) fn receive(facts: &ActFacts<'_>, receipt: &NamedObject) -> Result<Change, Refusal> {
    let entry = facts.seal(&receipt.seal)?;
    match &entry.life {
        SealLife::Issued { made, .. } => {
            let ActRef { by: custodian, .. } = facts.reference();
            let active = Active {
                made: made.clone(),
                custodian,
                tickets_since_s: 0,
                handing_over: None,
                retiring: None,
            };
            Ok(step(facts, entry, SealLife::Active(active)).into())
        }
        _ => Err(out_of_order(entry, "issued")),
    }
}
