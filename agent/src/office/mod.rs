//! The office as acts have made it, for everybody in the agent who asks: people, and the seals that can be used.

mod reader;
mod sealed;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use sealkeeper_domain::{
    identity::{Digest, PersonId, SealId},
    office::{Change, Office, Person as Registered, RequestFacts, Role, SealEntry, Ticket},
    policy::Policy,
    reason::Reason,
};

pub(crate) use self::reader::Reader;
pub(crate) use self::sealed::{Sealed, facts_of, picture_facts};
use crate::{
    pipeline::{
        identify::{People, Person},
        ports::{
            ledger::{Ledger, LedgerError},
            registry::{RegisteredSeal, SealRegistry},
        },
        turn::{Turn, Turns},
    },
    policy::{SignedPolicies, SignedPolicy},
};

/// The one place where the office stands in memory. What is read of it is a whole as of one moment.
pub(crate) struct OfficeDesk {
    sealed: Sealed,
    current: RwLock<Arc<InForce>>,
    /// Acts are judged one after the other, each against what the last one left, and uses likewise.
    turns: Turns,
}

/// The office with its seals made ready.
pub(crate) struct InForce {
    /// As acts have made it.
    pub(crate) office: Office,
    /// Seals that were made, or why one cannot be used whatever its life says.
    seals: BTreeMap<SealId, Result<Arc<RegisteredSeal>, Reason>>,
}

impl OfficeDesk {
    /// As the ledger tells it.
    pub(crate) async fn open(sealed: Sealed, ledger: &dyn Ledger) -> Result<Self, LedgerError> {
        let office = ledger.office().await?;
        let mut seals = BTreeMap::new();
        for entry in office.seals.values() {
            if let Some(ready) = sealed.ready(entry, ledger).await? {
                seals.insert(entry.id().clone(), ready);
            }
        }
        let current = RwLock::new(Arc::new(InForce { office, seals }));
        Ok(OfficeDesk { sealed, current, turns: Turns::default() })
    }

    /// As it stands.
    pub(crate) fn now(&self) -> Arc<InForce> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leave to file an act: nobody else does until it is dropped.
    pub(crate) async fn filing(&self) -> Filing<'_> {
        Filing { desk: self, _turn: self.turns.take().await }
    }

    /// Waits until no act is filed and no other use judged, to judge a use.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.turns.take().await
    }
}

/// Leave to change the office.
pub(crate) struct Filing<'d> {
    desk: &'d OfficeDesk,
    _turn: Turn<'d>,
}

impl Filing<'_> {
    /// Takes in what is durable already. A seal whose object cannot be read back stays unusable until the agent is started again.
    pub(crate) async fn take_in(&self, change: Change, ledger: &dyn Ledger) {
        let before = self.desk.now();
        let mut office = before.office.clone();
        office.apply(change);
        let mut seals = BTreeMap::new();
        for entry in office.seals.values() {
            let id = entry.id();
            let unchanged = before.office.seals.get(id) == Some(entry);
            let ready = match before.seals.get(id).filter(|_| unchanged) {
                Some(ready) => Some(ready.clone()),
                None => self.desk.sealed.ready(entry, ledger).await.unwrap_or_else(|error| {
                    tracing::error!(%error, seal = %id, "a seal's object cannot be read");
                    Some(Err(Reason::SealObjectUnverified))
                }),
            };
            if let Some(ready) = ready {
                seals.insert(id.clone(), ready);
            }
        }
        *self.desk.current.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(InForce { office, seals });
    }
}

impl InForce {
    /// A seal that can be used now: the one state that yields what the pipeline needs.
    fn usable(&self, entry: &SealEntry) -> Result<Arc<RegisteredSeal>, Reason> {
        entry.life.active()?;
        self.seals.get(entry.id()).cloned().unwrap_or(Err(Reason::SealObjectUnverified))
    }

    /// The seal with this id, else the only one of this name. A name is free again once its seal is revoked: live ones come first.
    pub(crate) fn named(&self, id_or_name: &str) -> Result<&SealEntry, Reason> {
        let seals = &self.office.seals;
        if let Some(entry) = id_or_name.parse().ok().and_then(|id: SealId| seals.get(&id)) {
            return Ok(entry);
        }
        for live in [true, false] {
            let mut named = seals
                .values()
                .filter(|entry| entry.application.name == id_or_name && entry.life.is_live() == live);
            match (named.next(), named.next()) {
                (Some(only), None) => return Ok(only),
                (Some(_), Some(_)) => return Err(Reason::SealAmbiguous),
                (None, _) => {}
            }
        }
        Err(Reason::SealUnknown)
    }

    /// A seal whose key lies on a token, whether it can be used or not.
    pub(crate) fn made(&self, id: &SealId) -> Result<Arc<RegisteredSeal>, Reason> {
        self.seals.get(id).cloned().unwrap_or(Err(Reason::SealNotYetActive))
    }

    /// Seals this person keeps, is to keep by an application or an offer, or was to keep when they ended.
    pub(crate) fn kept_by(&self, person: &PersonId) -> Vec<&SealEntry> {
        self.office.seals.values().filter(|entry| reader::keeps(entry, person)).collect()
    }

    /// Whether a person sees everything that is on record (S1): who makes seals, and who supervises it. Custodians see what is about their own.
    pub(crate) fn oversees(&self, person: &PersonId) -> bool {
        let roles = [Role::SealOffice, Role::Auditor];
        self.office.people.get(person).is_some_and(|person| roles.iter().any(|role| person.is(*role)))
    }

    /// Who keeps a seal now.
    pub(crate) fn custodian_of(&self, seal: &SealId) -> Option<&PersonId> {
        self.office.seals.get(seal)?.kept().map(|active| &active.custodian)
    }

    /// Which of a request's tickets count now.
    pub(crate) fn good_tickets(&self, facts: &RequestFacts, policy: &Policy, now_us: u64) -> Vec<Ticket> {
        let active = self.office.seals.get(&facts.binding.seal).and_then(SealEntry::kept);
        active.map_or_else(Vec::new, |active| {
            facts.valid_tickets(&self.office, active, policy, now_us).cloned().collect()
        })
    }

    /// Name of a person, for people to read.
    pub(crate) fn name_of(&self, person: &PersonId) -> String {
        self.office.people.get(person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }
}

impl SealRegistry for OfficeDesk {
    fn find(&self, id_or_name: &str) -> Result<Arc<RegisteredSeal>, Reason> {
        let current = self.now();
        current.usable(current.named(id_or_name)?)
    }

    fn by_id(&self, id: &SealId) -> Result<Arc<RegisteredSeal>, Reason> {
        let current = self.now();
        let entry = current.office.seals.get(id).ok_or(Reason::SealUnknown)?;
        current.usable(entry)
    }

    fn id_of(&self, id_or_name: &str) -> Option<SealId> {
        self.now().named(id_or_name).ok().map(|entry| entry.id().clone())
    }

    fn all(&self) -> Vec<Arc<RegisteredSeal>> {
        let current = self.now();
        let has_key = |id: &&SealId| current.office.seals.get(*id).is_some_and(|entry| entry.life.is_live());
        let ready = current.seals.iter().filter(|(id, _)| has_key(id));
        ready.filter_map(|(_, ready)| ready.as_ref().ok().cloned()).collect()
    }
}

impl SignedPolicies for OfficeDesk {
    /// The act is on record by itself, under its digest.
    fn newest(&self) -> Option<SignedPolicy> {
        self.now().office.policy.map(|sha256| SignedPolicy { sha256, act: None })
    }
}

impl People for OfficeDesk {
    fn by_uid(&self, uid: u32) -> Option<Person> {
        let current = self.now();
        current.office.person_of_uid(uid).map(known)
    }

    fn by_certificate(&self, sha256: Digest) -> Option<Person> {
        let current = self.now();
        current.office.person_of_certificate(&sha256).map(known)
    }
}

fn known(person: &Registered) -> Person {
    Person { id: person.id.clone(), name: person.name.clone(), custodian: person.is(Role::Custodian) }
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::office::Status;

    use super::*;

    #[test]
    fn who_makes_or_supervises_seals_oversees_everything_while_employed() {
        let person = |id: &str, roles: &[Role], status| Registered {
            id: id.parse().unwrap(),
            name: id.into(),
            unit: "采购部".into(),
            roles: roles.iter().copied().collect(),
            keys: Vec::new(),
            uid: None,
            certificates: Vec::new(),
            tickets_since_s: 0,
            status,
        };
        let people = [
            person("office", &[Role::SealOffice], Status::Employed),
            person("auditor", &[Role::Auditor], Status::Employed),
            person("keeper", &[Role::Custodian, Role::Applicant], Status::Employed),
            person("others", &[Role::Applicant, Role::Approver, Role::UnitHead], Status::Employed),
            person("former", &[Role::Auditor], Status::Left(1)),
        ];
        let people = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let in_force = InForce { office: Office { people, ..Office::default() }, seals: BTreeMap::new() };
        let overseers: Vec<_> = ["office", "auditor", "keeper", "others", "former", "stranger"]
            .into_iter()
            .filter(|id| in_force.oversees(&id.parse().unwrap()))
            .collect();
        assert_eq!(overseers, ["office", "auditor"]);
    }
}
