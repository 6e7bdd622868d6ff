//! People, their keys and grants.

use super::super::{Change, Changed, Grant, Person, Role, SealLife, Status, Training};
use super::{step, suspension};
use crate::{
    act::{
        every_grant_of,
        key::ActKey,
        statement::{EndedGrant, GrantTerms, NamedPerson, PersonEntry, TrainingGiven},
    },
    identity::PersonId,
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

/// A person's entry, in the place of any earlier one: who comes back is employed again. Who becomes an auditor uses no seals any more (G2).
/// Where a key is taken from a person, or the approver's role, the tickets they gave so far are void for good: nobody can tell any more which of
/// them were theirs to give, and who gets the role back judges anew (U2).
pub(super) fn register(facts: &ActFacts<'_>, entry: &PersonEntry) -> Change {
    // A key that cannot be read was refused by its rule.
    let keys: Vec<_> = entry.keys.iter().filter_map(|key| ActKey::from_jwk(&key.to_string()).ok()).collect();
    let earlier = facts.office.people.get(&entry.person);
    let takes = earlier.is_some_and(|earlier| {
        earlier.keys.iter().any(|key| !keys.contains(key))
            || earlier.roles.contains(&Role::Approver) && !entry.roles.contains(&Role::Approver)
    });
    let tickets_since_s = if takes {
        // A ticket of this very second may be older than the act: it is void as well.
        facts.now_s().saturating_add(1)
    } else {
        earlier.map_or(0, |earlier| earlier.tickets_since_s)
    };
    let registered = Changed::Person(Person {
        id: entry.person.clone(),
        name: entry.name.clone(),
        unit: entry.unit.clone(),
        roles: entry.roles.clone(),
        keys,
        uid: entry.uid,
        certificates: entry.certificates.clone(),
        tickets_since_s,
        status: Status::Employed,
    });
    let mut entities = vec![registered];
    if entry.roles.contains(&Role::Auditor) {
        entities.extend(grants_end(facts, &entry.person));
    }
    Change { entities }
}

/// Those there are, and any that was signed before and is filed later.
fn grants_end<'a>(facts: &ActFacts<'a>, person: &'a PersonId) -> impl Iterator<Item = Changed> + 'a {
    let grants = facts.office.grants.keys().filter(move |(holder, _)| holder == person);
    let ended = grants.map(|(holder, seal)| Changed::GrantEnded(holder.clone(), seal.clone()));
    ended.chain([Changed::Said(every_grant_of(person), facts.signed_s())])
}

/// The entry stays, so that what they signed can be read; their tickets are void for good, also once they come back; the seals they keep are blocked and their grants end by the same act (C2).
pub(super) fn leave(facts: &ActFacts<'_>, leaver: &NamedPerson) -> Result<Change, Refusal> {
    let person = facts.person(&leaver.person)?;
    if !person.is_employed() {
        return Err(Violation::new(Reason::PersonLeft).with("person", &person.id).into());
    }
    // A ticket of this very second may be older than the act: it is void as well.
    let tickets_since_s = facts.now_s().saturating_add(1);
    let left = Person { status: Status::Left(facts.outside.now_us), tickets_since_s, ..person.clone() };
    let mut entities = vec![Changed::Person(left)];
    entities.extend(grants_end(facts, &person.id));
    for entry in facts.office.kept_by(&person.id) {
        if let SealLife::Active(active) = &entry.life {
            entities.push(step(facts, entry, suspension::suspended(facts, active, None)));
        }
    }
    Ok(Change { entities })
}

/// Each stays by itself, so that it can be told what a person was trained in and when.
pub(super) fn train(facts: &ActFacts<'_>, given: &TrainingGiven) -> Result<Change, Refusal> {
    facts.person(&given.person)?;
    Ok(Changed::Training(Training { by: facts.reference(), given: given.clone() }).into())
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
