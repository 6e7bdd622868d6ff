//! Rules on who keeps a seal, on its resumption, its certificate's revocation and its destruction (C2, C4, R1, R2).

use super::{super::Rule, ActFacts, Check, role_missing};
use crate::{
    act::{
        Statement,
        statement::{CarrierEnd, RevocationStep},
    },
    identity::{PersonId, TokenSerial},
    office::{ActRef, Ended, Person, Role, SealEntry, SealLife},
    pkcs11_uri::ObjectUri,
    reason::Reason,
    refusal::Violation,
};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "C2.one-custodian",
        "C2",
        &[Reason::TokenCustodianDiffers],
        "crates/domain/src/office/tests/custody.rs::all_seals_on_a_token_have_one_custodian",
        |facts, found| {
            let Some((entry, token)) = put_on_token(facts) else { return };
            let custodian = &entry.application.custodian;
            let of_another = |other: &&SealEntry| {
                let keeper: Option<&PersonId> = other.custodian();
                other.id() != entry.id()
                    && keeper.is_some_and(|keeper| keeper != custodian)
                    && other.token().as_ref() == Some(&token)
            };
            if let Some(other) = facts.office.seals.values().find(of_another) {
                found.push(
                    Violation::new(Reason::TokenCustodianDiffers)
                        .with("token", &token)
                        .with("seal", other.id()),
                );
            }
        },
    ),
    Rule::new(
        "C4.inspection",
        "C4",
        &[Reason::InspectionNeeded],
        "crates/domain/src/office/tests/suspension.rs::two_persons_and_an_inspection_resume_a_seal",
        |facts, found| {
            if resumption(facts).is_some() && !facts.outside.inspection_passed {
                found.push(Reason::InspectionNeeded);
            }
        },
    ),
    Rule::new(
        "C4.two-persons",
        "C4",
        &[Reason::SecondPersonNeeded, Reason::RoleMissing],
        "crates/domain/src/office/tests/suspension.rs::two_persons_and_an_inspection_resume_a_seal",
        |facts, found| {
            let Some((first, entry)) = resumption(facts) else { return };
            let unit = &entry.application.unit;
            let holds = |person: Option<&Person>| {
                person.map_or((false, false), |person| (person.is(Role::SealOffice), person.heads(unit)))
            };
            let (office, head) = holds(facts.office.people.get(&first.by));
            let (and_office, and_head) = holds(facts.signer());
            if first.by == facts.claims.issuer {
                found.push(Violation::new(Reason::SecondPersonNeeded).with("person", &first.by));
            } else if !(office && and_head || head && and_office) {
                found.push(role_missing(facts, if office { "unit-head" } else { "seal-office" }));
            }
        },
    ),
    Rule::new(
        "R1.same-authority",
        "R1",
        &[Reason::CertificateAuthorityDiffers],
        "crates/domain/src/office/tests/ending.rs::the_authority_that_was_asked_is_the_one_that_did",
        |facts, found| {
            let (Statement::CertificateRevocation(said), Some(entry)) =
                (&facts.claims.statement, facts.named_seal())
            else {
                return;
            };
            let asked = entry.life.ended().and_then(|ended| ended.certificate.as_ref());
            if let Some(asked) = asked.filter(|_| said.step == RevocationStep::Revoked)
                && asked.authority != said.authority
            {
                found.push(
                    Violation::new(Reason::CertificateAuthorityDiffers)
                        .with("seal", entry.id())
                        .with("asked", &asked.authority),
                );
            }
        },
    ),
    Rule::new(
        "R2.two-persons",
        "R2",
        &[Reason::SecondPersonNeeded, Reason::RoleMissing],
        "crates/domain/src/office/tests/ending.rs::office_and_witness_destroy_a_revoked_seal",
        |facts, found| {
            let Some((first, _)) = destruction(facts) else { return };
            let of_office =
                facts.office.people.get(&first.by).is_some_and(|person| person.is(Role::SealOffice));
            if first.by == facts.claims.issuer {
                found.push(Violation::new(Reason::SecondPersonNeeded).with("person", &first.by));
            } else if of_office == facts.signer_is(Role::SealOffice) {
                found.push(role_missing(facts, if of_office { "witness" } else { "seal-office" }));
            }
        },
    ),
    Rule::new(
        "R2.same",
        "R2",
        &[Reason::DestructionDiffers],
        "crates/domain/src/office/tests/ending.rs::office_and_witness_destroy_a_revoked_seal",
        |facts, found| {
            let (Some((_, ended)), Statement::SealDestroy(said)) =
                (destruction(facts), &facts.claims.statement)
            else {
                return;
            };
            if ended.destroying.as_ref().is_some_and(|(_, first)| first.carrier != said.carrier) {
                found.push(Reason::DestructionDiffers);
            }
        },
    ),
    Rule::new(
        "R2.key-free",
        "R2",
        &[Reason::SealKeyTaken],
        "crates/domain/src/office/tests/ending.rs::a_key_that_a_live_seal_has_is_not_destroyed",
        |facts, found| {
            let (Statement::SealDestroy(said), Some(entry)) = (&facts.claims.statement, facts.named_seal())
            else {
                return;
            };
            let key = |entry: &SealEntry| entry.life.made().map(|made| made.seal.key_sha256);
            let same = |other: &&SealEntry| {
                other.life.is_live()
                    && other.id() != entry.id()
                    && key(other).is_some()
                    && key(other) == key(entry)
            };
            if said.carrier == CarrierEnd::KeyDestroyed
                && let Some(other) = facts.office.seals.values().find(same)
            {
                found.push(Violation::new(Reason::SealKeyTaken).with("seal", other.id()));
            }
        },
    ),
    Rule::new(
        "R2.key-gone",
        "R2",
        &[Reason::KeyStillThere],
        "crates/domain/src/office/tests/ending.rs::a_key_said_to_be_destroyed_is_looked_for",
        |facts, found| {
            let Statement::SealDestroy(said) = &facts.claims.statement else { return };
            let is_second = destruction(facts).is_some();
            if is_second && said.carrier == CarrierEnd::KeyDestroyed && !facts.outside.key_gone {
                found.push(Reason::KeyStillThere);
            }
        },
    ),
];

/// The seal this act puts into its custodian's hands, or makes for them, and the token.
fn put_on_token<'a>(facts: &ActFacts<'a>) -> Option<(&'a SealEntry, TokenSerial)> {
    let entry = facts.named_seal()?;
    match &facts.claims.statement {
        Statement::SealMake(made) => Some((entry, ObjectUri::parse(&made.key).ok()?.serial)),
        Statement::SealIssue(_) | Statement::SealReceive(_) => Some((entry, entry.token()?)),
        _ => None,
    }
}

/// The first of two acts that resume the seal, if this is the second.
fn resumption<'a>(facts: &ActFacts<'a>) -> Option<(&'a ActRef, &'a SealEntry)> {
    let (Statement::SealResume(_), Some(entry)) = (&facts.claims.statement, facts.named_seal()) else {
        return None;
    };
    let SealLife::Suspended(suspended) = &entry.life else { return None };
    Some((facts.first_of_two(&suspended.resumed_by, &entry.application.unit)?, entry))
}

/// The first of two acts that say the key is destroyed, if this is the second.
fn destruction<'a>(facts: &ActFacts<'a>) -> Option<(&'a ActRef, &'a Ended)> {
    let (Statement::SealDestroy(said), Some(entry)) = (&facts.claims.statement, facts.named_seal()) else {
        return None;
    };
    let SealLife::Revoked(ended) = &entry.life else { return None };
    Some((facts.first_of_destruction(ended, said)?, ended))
}
