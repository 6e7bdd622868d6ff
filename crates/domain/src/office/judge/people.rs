//! People, their keys and grants.

use super::super::{Change, Changed, Grant, Person, SealLife, Status};
use super::{step, suspension};
use crate::{
    act::{
        key::ActKey,
        statement::{EndedGrant, GrantTerms, NamedPerson, PersonEntry},
    },
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

/// A person's entry, in the place of any earlier one: who comes back is employed again.
pub(super) fn register(entry: &PersonEntry) -> Change {
    // A key that cannot be read was refused by its rule.
    let keys = entry.keys.iter().filter_map(|key| ActKey::from_jwk(&key.to_string()).ok()).collect();
    Changed::Person(Person {
        id: entry.person.clone(),
        name: entry.name.clone(),
        unit: entry.unit.clone(),
        roles: entry.roles.clone(),
        keys,
        uid: entry.uid,
        status: Status::Employed,
    })
    .into()
}

/// The entry stays, so that what they signed can be read; the seals they keep are blocked and their grants end by the same act (C2).
pub(super) fn leave(facts: &ActFacts<'_>, leaver: &NamedPerson) -> Result<Change, Refusal> {
    let person = facts.person(&leaver.person)?;
    if !person.is_employed() {
        return Err(Violation::new(Reason::PersonLeft).with("person", &person.id).into());
    }
    let left = Person { status: Status::Left(facts.outside.now_us), ..person.clone() };
    let mut entities = vec![Changed::Person(left)];
    let grants = facts.office.grants.keys().filter(|(holder, _)| *holder == person.id);
    entities.extend(grants.map(|(holder, seal)| Changed::GrantEnded(holder.clone(), seal.clone())));
    for entry in facts.office.kept_by(&person.id) {
        if let SealLife::Active(active) = &entry.life {
            entities.push(step(facts, entry, suspension::suspended(facts, active, None)));
        }
    }
    Ok(Change { entities })
}

pub(super) fn grant(facts: &ActFacts<'_>, terms: &GrantTerms) -> Result<Change, Refusal> {
    facts.person(&terms.person)?;
    facts.seal(&terms.seal)?;
    Ok(Changed::Grant(Grant { terms: terms.clone(), by: facts.reference() }).into())
}

pub(super) fn end_grant(facts: &ActFacts<'_>, ended: &EndedGrant) -> Result<Change, Refusal> {
    let whose = (ended.person.clone(), ended.seal.clone());
    if !facts.office.grants.contains_key(&whose) {
        return Err(Violation::new(Reason::GrantMissing)
            .with("person", &ended.person)
            .with("seal", &ended.seal)
            .into());
    }
    Ok(Changed::GrantEnded(whose.0, whose.1).into())
}
