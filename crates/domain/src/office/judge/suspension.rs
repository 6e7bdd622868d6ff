//! Suspension, reports, what is to be taken note of, and resumption (C4).

use super::super::{Active, Change, Changed, Made, Notice, Role, SealEntry, SealLife, Suspended};
use super::{kept, out_of_order, step};
use crate::{
    act::statement::{NamedAct, NamedSeal, ReportKind, SealReport, WithText},
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn suspend(facts: &ActFacts<'_>, named: &WithText) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    match &entry.life {
        SealLife::Active(active) => Ok(step(facts, entry, suspended(facts, active, None)).into()),
        _ => Err(out_of_order(entry, "active")),
    }
}

/// A report on a seal that is suspended already is kept too, and what was done to resume it counts no more.
pub(super) fn report(facts: &ActFacts<'_>, report: &SealReport) -> Result<Change, Refusal> {
    let entry = facts.seal(&report.seal)?;
    let reported = match &entry.life {
        SealLife::Made(made) | SealLife::Issued { made, .. } => given_up(facts, entry, made)?,
        _ => step(facts, entry, suspended(facts, kept(entry)?, Some(report.what))),
    };
    let notice = Notice {
        by: facts.reference(),
        seal: report.seal.clone(),
        what: report.what,
        text: report.text.clone(),
        head: None,
        office: None,
    };
    Ok(Change { entities: vec![reported, Changed::Notice(notice)] })
}

/// A seal that nobody has received cannot be suspended, for there is nothing to resume: it is approved still, and made anew with another key.
fn given_up(facts: &ActFacts<'_>, entry: &SealEntry, made: &Made) -> Result<Changed, Refusal> {
    let approved = entry.history.iter().find(|step| step.typ == "seal-approve");
    let approved = approved.map(|step| step.by.clone()).ok_or_else(|| out_of_order(entry, "approved"))?;
    let mut entry = entry.clone();
    entry.given_up.push(made.clone());
    Ok(step(facts, &entry, SealLife::Approved(approved)))
}

/// The seal, blocked; tickets given so far are void.
pub(super) fn suspended(facts: &ActFacts<'_>, active: &Active, report: Option<ReportKind>) -> SealLife {
    // A ticket of this very second may be older than the act: it is void as well.
    let tickets_since_s = facts.now_s().saturating_add(1);
    let active = Active { tickets_since_s, ..active.clone() };
    SealLife::Suspended(Suspended { active, by: facts.reference(), report, resumed_by: None })
}

/// The first of the two acts is kept, the second resumes it.
pub(super) fn resume(facts: &ActFacts<'_>, named: &NamedSeal) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    let SealLife::Suspended(suspended) = &entry.life else {
        return Err(out_of_order(entry, "suspended"));
    };
    let life = match facts.first_of_two(&suspended.resumed_by, &entry.application.unit) {
        Some(_) => SealLife::Active(suspended.active.clone()),
        None => SealLife::Suspended(Suspended { resumed_by: Some(facts.reference()), ..suspended.clone() }),
    };
    Ok(step(facts, entry, life).into())
}

pub(super) fn acknowledge(facts: &ActFacts<'_>, named: &NamedAct) -> Result<Change, Refusal> {
    let Some(notice) = facts.office.notices.get(&named.about) else {
        return Err(Violation::new(Reason::NoticeUnknown).with("act", named.about).into());
    };
    let unit = &facts.seal(&notice.seal)?.application.unit;
    let (office, head) = (facts.signer_is(Role::SealOffice), facts.signer_heads(unit));
    let mut noted = notice.clone();
    let by = || Some(facts.claims.issuer.clone());
    if office && noted.office.is_none() {
        noted.office = by();
    }
    if head && noted.head.is_none() {
        noted.head = by();
    }
    // Who may take no note at all is told so by G2.role.
    if (office || head) && noted == *notice {
        return Err(Violation::new(Reason::ActDoneAlready).with("act", named.about).into());
    }
    Ok(Changed::Notice(noted).into())
}
