//! Rules on people and grants (G1, G2, G3, U1, U3).

use super::{super::Rule, ActFacts, Check};
use crate::{
    act::{
        Statement,
        key::ActKey,
        statement::{GrantTerms, PersonEntry},
    },
    identity::PersonId,
    office::{Person, Role, SealLife},
    reason::Reason,
    refusal::{Violation, Violations},
};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "G2.apart",
        "G2",
        &[Reason::RolesIncompatible],
        "crates/domain/src/office/tests/people.rs::nobody_is_two_of_office_custodian_and_auditor",
        |facts, found| {
            let Some(entry) = registered(facts) else { return };
            let held = Role::in_conflict(&entry.roles);
            if !held.is_empty() {
                let roles: Vec<_> = held.into_iter().map(Role::code).collect();
                found.push(
                    Violation::new(Reason::RolesIncompatible)
                        .with("person", &entry.person)
                        .with("roles", roles.join(", ")),
                );
            }
        },
    ),
    Rule::new(
        "G3.keys",
        "G3",
        &[Reason::KeysTooMany, Reason::KeyTaken, Reason::ActKeyUnfit, Reason::ActKeyPrivate],
        "crates/domain/src/office/tests/people.rs::a_key_or_a_user_is_one_persons_only",
        keys,
    ),
    Rule::new(
        "G1.user",
        "G1",
        &[Reason::UidTaken],
        "crates/domain/src/office/tests/people.rs::a_key_or_a_user_is_one_persons_only",
        |facts, found| {
            let Some(entry) = registered(facts) else { return };
            let Some(uid) = entry.uid else { return };
            let taken =
                others(facts, &entry.person).find(|other| other.is_employed() && other.uid == Some(uid));
            if let Some(other) = taken {
                found.push(Violation::new(Reason::UidTaken).with("uid", uid).with("person", &other.id));
            }
        },
    ),
    Rule::new(
        "U10.certificates",
        "U10",
        &[Reason::CertificatesTooMany, Reason::CertificateTaken],
        "crates/domain/src/office/tests/people.rs::a_certificate_is_one_persons_only",
        certificates,
    ),
    Rule::new(
        "G2.office-remains",
        "G2",
        &[Reason::SealOfficeLast],
        "crates/domain/src/office/tests/people.rs::the_last_of_the_office_cannot_remove_themselves",
        |facts, found| {
            let (person, stays) = match &facts.claims.statement {
                Statement::PersonRegister(entry) => {
                    (&entry.person, entry.roles.contains(&Role::SealOffice) && !entry.keys.is_empty())
                }
                Statement::PersonLeave(leaver) => (&leaver.person, false),
                _ => return,
            };
            let signs = |other: &Person| other.is(Role::SealOffice) && !other.keys.is_empty();
            if !stays && !others(facts, person).any(signs) {
                found.push(Violation::new(Reason::SealOfficeLast).with("person", person));
            }
        },
    ),
    Rule::new(
        "C1.keeps-seals",
        "C1",
        &[Reason::CustodianKeepsSeals],
        "crates/domain/src/office/tests/people.rs::who_keeps_a_seal_stays_a_custodian_until_it_is_handed_over",
        |facts, found| {
            let Some(entry) = registered(facts) else { return };
            if entry.roles.contains(&Role::Custodian) {
                return;
            }
            for seal in facts.office.kept_by(&entry.person) {
                found.push(
                    Violation::new(Reason::CustodianKeepsSeals)
                        .with("person", &entry.person)
                        .with("seal", seal.id()),
                );
            }
        },
    ),
    Rule::new(
        "C6.trainee",
        "C6",
        &[Reason::PersonLeft],
        "crates/domain/src/office/tests/training.rs::training_is_of_staff_and_still_counts",
        |facts, found| {
            let Statement::Training(given) = &facts.claims.statement else { return };
            if facts.person(&given.person).is_ok_and(|person| !person.is_employed()) {
                found.push(Violation::new(Reason::PersonLeft).with("person", &given.person));
            }
        },
    ),
    Rule::new(
        "C6.training-counts",
        "C6",
        &[Reason::TrainingEnded],
        "crates/domain/src/office/tests/training.rs::training_is_of_staff_and_still_counts",
        |facts, found| {
            let Statement::Training(given) = &facts.claims.statement else { return };
            if given.until_s <= facts.now_s() {
                found.push(Violation::new(Reason::TrainingEnded).with("until", given.until_s));
            }
        },
    ),
    Rule::new(
        "U1.grantee",
        "U1",
        &[Reason::PersonLeft],
        "crates/domain/src/office/tests/people.rs::a_grant_is_for_staff_and_within_the_seals_scope",
        |facts, found| {
            let Some(terms) = granted(facts) else { return };
            if facts.person(&terms.person).is_ok_and(|person| !person.is_employed()) {
                found.push(Violation::new(Reason::PersonLeft).with("person", &terms.person));
            }
        },
    ),
    Rule::new(
        "S1.uses-nothing",
        "S1",
        &[Reason::RolesIncompatible],
        "crates/domain/src/office/tests/people.rs::an_auditor_changes_nothing_and_uses_no_seal",
        |facts, found| {
            let Some(terms) = granted(facts) else { return };
            if facts.person(&terms.person).is_ok_and(|person| person.is(Role::Auditor)) {
                found.push(
                    Violation::new(Reason::RolesIncompatible)
                        .with("person", &terms.person)
                        .with("roles", Role::Auditor.code()),
                );
            }
        },
    ),
    Rule::new(
        "U1.grant-terms",
        "U1",
        &[Reason::GrantTermsBad],
        "crates/domain/src/office/tests/people.rs::a_grant_is_for_staff_and_within_the_seals_scope",
        |facts, found| {
            let Some(terms) = granted(facts) else { return };
            let hours_bad = terms
                .hours
                .is_some_and(|hours| hours.from_minute >= hours.until_minute || hours.until_minute > DAY);
            let bad = [
                ("classes", terms.classes.is_empty()),
                ("copies_per_request", terms.copies_per_request == 0),
                ("uses_per_day", terms.uses_per_day == 0),
                ("hours", hours_bad),
                ("until_s", terms.until_s <= facts.now_s()),
            ];
            for (member, _) in bad.into_iter().filter(|(_, is_bad)| *is_bad) {
                found.push(Violation::new(Reason::GrantTermsBad).with("member", member));
            }
        },
    ),
    Rule::new(
        "U3.grant-scope",
        "U3",
        &[Reason::GrantBeyondScope],
        "crates/domain/src/office/tests/people.rs::a_grant_is_for_staff_and_within_the_seals_scope",
        |facts, found| {
            let (Some(terms), Some(entry)) = (granted(facts), facts.named_seal()) else { return };
            for class in terms.classes.difference(&entry.application.scope) {
                found.push(Violation::new(Reason::GrantBeyondScope).with("class", class));
            }
        },
    ),
    Rule::new(
        "U1.grant-seal",
        "U1",
        &[Reason::SealRefused, Reason::SealRevoked, Reason::SealDestroyed],
        "crates/domain/src/office/tests/people.rs::no_grant_is_given_of_a_seal_that_has_ended",
        |facts, found| {
            let (Some(_), Some(entry)) = (granted(facts), facts.named_seal()) else { return };
            let reason = match &entry.life {
                SealLife::Refused(_) => Reason::SealRefused,
                SealLife::Revoked(_) => Reason::SealRevoked,
                SealLife::Destroyed { .. } => Reason::SealDestroyed,
                _ => return,
            };
            found.push(Violation::new(reason).with("seal", entry.id()));
        },
    ),
];

/// Most keys of one person.
const KEYS: usize = 8;
/// Most certificates of one person.
const CERTIFICATES: usize = 8;
/// Minutes of a day.
const DAY: u32 = 1440;

fn registered<'a>(facts: &ActFacts<'a>) -> Option<&'a PersonEntry> {
    match &facts.claims.statement {
        Statement::PersonRegister(entry) => Some(entry),
        _ => None,
    }
}

fn granted<'a>(facts: &ActFacts<'a>) -> Option<&'a GrantTerms> {
    match &facts.claims.statement {
        Statement::Grant(terms) => Some(terms),
        _ => None,
    }
}

fn others<'a>(facts: &ActFacts<'a>, than: &'a PersonId) -> impl Iterator<Item = &'a Person> {
    facts.office.people.values().filter(move |person| person.id != *than)
}

/// Keys of who has left stay theirs: what they signed must not become somebody else's.
fn keys(facts: &ActFacts<'_>, found: &mut Violations) {
    let Some(entry) = registered(facts) else { return };
    if entry.keys.len() > KEYS {
        found.push(Violation::new(Reason::KeysTooMany).with("keys", entry.keys.len()).with("limit", KEYS));
    }
    for key in entry.keys.iter().take(KEYS) {
        let read = ActKey::from_jwk(&key.to_string()).map_err(|why| why.violation().into());
        let Some(key) = found.keep(read) else { continue };
        if let Some(other) = others(facts, &entry.person).find(|other| other.keys.contains(&key)) {
            found.push(
                Violation::new(Reason::KeyTaken).with("key", key.thumbprint()).with("person", &other.id),
            );
        }
    }
}

/// As with a user of the machine, who has left shows it no more, so another may have it.
fn certificates(facts: &ActFacts<'_>, found: &mut Violations) {
    let Some(entry) = registered(facts) else { return };
    let certificates = &entry.certificates;
    if certificates.len() > CERTIFICATES {
        found.push(
            Violation::new(Reason::CertificatesTooMany)
                .with("certificates", certificates.len())
                .with("limit", CERTIFICATES),
        );
    }
    for certificate in certificates.iter().take(CERTIFICATES) {
        let shows = |other: &&Person| other.is_employed() && other.certificates.contains(certificate);
        if let Some(other) = others(facts, &entry.person).find(shows) {
            found.push(
                Violation::new(Reason::CertificateTaken)
                    .with("certificate", certificate)
                    .with("person", &other.id),
            );
        }
    }
}
