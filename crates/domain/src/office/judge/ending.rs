//! Revocation (R1) and destruction (R2).

use super::super::{Active, CertificateRevocation, Change, Ended, Retiring, SealEntry, SealLife};
use super::{kept, out_of_order, step, with_active};
use crate::{
    act::statement::{CertificateStep, Destruction, NamedSeal, Retirement, RevocationStep},
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn retire(facts: &ActFacts<'_>, retirement: &Retirement) -> Result<Change, Refusal> {
    let entry = facts.seal(&retirement.seal)?;
    let retiring = Retiring { retirement: retirement.clone(), asked: facts.reference(), approved: None };
    // One that nobody approved yet gives way: it might be a mistake, or its asker the head who would have to approve it.
    with_retiring(facts, entry, |standing| match standing {
        None | Some(Retiring { approved: None, .. }) => Ok(retiring),
        Some(_) => Err(done_already(entry)),
    })
}

pub(super) fn approve(facts: &ActFacts<'_>, named: &NamedSeal) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    with_retiring(facts, entry, |standing| match standing {
        Some(Retiring { approved: Some(_), .. }) => Err(done_already(entry)),
        Some(asked) => Ok(Retiring { approved: Some(facts.reference()), ..asked.clone() }),
        None => Err(out_of_order(entry, "retirement asked for")),
    })
}

pub(super) fn revoke(facts: &ActFacts<'_>, named: &NamedSeal) -> Result<Change, Refusal> {
    let entry = facts.seal(&named.seal)?;
    let active = kept(entry)?;
    let Some(retiring @ Retiring { approved: Some(_), .. }) = &active.retiring else {
        return Err(out_of_order(entry, "retirement approved"));
    };
    let ended = Ended {
        made: Some(active.made.clone()),
        custodian: Some(active.custodian.clone()),
        retiring: retiring.clone(),
        by: facts.reference(),
        certificate: None,
        destroying: None,
    };
    Ok(step(facts, entry, SealLife::Revoked(ended)).into())
}

/// The first of the two acts is kept, the second ends it.
pub(super) fn destroy(facts: &ActFacts<'_>, destruction: &Destruction) -> Result<Change, Refusal> {
    let entry = facts.seal(&destruction.seal)?;
    let SealLife::Revoked(ended) = &entry.life else {
        return Err(out_of_order(entry, "revoked"));
    };
    let life = match facts.first_of_destruction(ended, destruction) {
        Some(first) => SealLife::Destroyed {
            ended: ended.clone(),
            by: [first.clone(), facts.reference()],
            destruction: destruction.clone(),
        },
        None => SealLife::Revoked(Ended {
            destroying: Some((facts.reference(), destruction.clone())),
            ..ended.clone()
        }),
    };
    Ok(step(facts, entry, life).into())
}

/// What the authority was asked or did stands beside whatever else becomes of the ended seal.
pub(super) fn certificate(facts: &ActFacts<'_>, said: &CertificateStep) -> Result<Change, Refusal> {
    let entry = facts.seal(&said.seal)?;
    let Some(ended) = entry.life.ended() else {
        return Err(out_of_order(entry, "revoked or destroyed"));
    };
    let certificate = match (said.step, &ended.certificate) {
        (_, Some(CertificateRevocation { revoked: Some(_), .. })) => return Err(done_already(entry)),
        // Asked again, of whomever: the first may have been the wrong one, or never have answered.
        (RevocationStep::Asked, _) => CertificateRevocation {
            authority: said.authority.clone(),
            asked: facts.reference(),
            revoked: None,
        },
        (RevocationStep::Revoked, Some(asked)) => {
            CertificateRevocation { revoked: Some(facts.reference()), ..asked.clone() }
        }
        (RevocationStep::Revoked, None) => {
            return Err(out_of_order(entry, "revocation of the certificate asked for"));
        }
    };
    let ended = Ended { certificate: Some(certificate), ..ended.clone() };
    let life = match &entry.life {
        SealLife::Destroyed { by, destruction, .. } => {
            SealLife::Destroyed { ended, by: by.clone(), destruction: destruction.clone() }
        }
        _ => SealLife::Revoked(ended),
    };
    Ok(step(facts, entry, life).into())
}

/// The retirement goes on beside whatever else the seal is.
fn with_retiring<'a>(
    facts: &ActFacts<'_>,
    entry: &'a SealEntry,
    next: impl FnOnce(Option<&'a Retiring>) -> Result<Retiring, Refusal>,
) -> Result<Change, Refusal> {
    let active = kept(entry)?;
    let active = Active { retiring: Some(next(active.retiring.as_ref())?), ..active.clone() };
    Ok(step(facts, entry, with_active(entry, active)).into())
}

fn done_already(entry: &SealEntry) -> Refusal {
    Violation::new(Reason::ActDoneAlready).with("seal", entry.id()).into()
}
