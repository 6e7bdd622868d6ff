//! What of the office somebody reads: people and seals are named to everybody who is registered, for they are needed to ask for anything; what is
//! said about either is for those whom it concerns.

use sealkeeper_domain::{
    identity::{PersonId, SealId},
    office::{Finding, Grant, Notice, Office, Person, Role, SealEntry},
};

/// Somebody who reads.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'o> {
    office: &'o Office,
    person: Option<&'o Person>,
    everything: bool,
}

impl<'o> Reader<'o> {
    /// This person; `everything`: they see all that is on record anyway.
    pub(crate) fn new(office: &'o Office, own: &PersonId, everything: bool) -> Self {
        Reader { office, person: office.people.get(own), everything }
    }

    /// Whether they see how a seal looks: who keeps it or may ask for its use, who allows that, and who supervises.
    pub(crate) fn sees_picture(&self, seal: &SealEntry) -> bool {
        let Some(person) = self.person else { return self.everything };
        let has_grant = self.office.grants.contains_key(&(person.id.clone(), seal.id().clone()));
        self.sees_affairs(seal) || person.is(Role::Approver) || has_grant
    }

    /// Whether they see who may use a seal and what was reported of it: who keeps it, and the heads of its unit.
    pub(crate) fn sees_affairs(&self, seal: &SealEntry) -> bool {
        let Some(person) = self.person else { return self.everything };
        self.everything || person.heads(&seal.application.unit) || keeps(seal, &person.id)
    }

    /// Whether they see who was granted what: the grantee does, too.
    pub(crate) fn sees_grant(&self, grant: &Grant) -> bool {
        self.is(&grant.terms.person) || self.sees_affairs_of(&grant.terms.seal)
    }

    /// Whether they see that a loss, a damage or a known PIN was reported: who reported it does, too.
    pub(crate) fn sees_notice(&self, notice: &Notice) -> bool {
        self.is(&notice.by.by) || self.sees_affairs_of(&notice.seal)
    }

    /// Whether they see what the auditor found: whom it names, and the heads of that person's unit.
    pub(crate) fn sees_finding(&self, found: &Finding) -> bool {
        let named = &found.finding.person;
        let unit = self.office.people.get(named).map(|person| person.unit.as_str());
        let heads = self.person.zip(unit).is_some_and(|(person, unit)| person.heads(unit));
        self.everything || self.is(named) || heads
    }

    fn is(&self, person: &PersonId) -> bool {
        self.person.is_some_and(|own| own.id == *person)
    }

    fn sees_affairs_of(&self, seal: &SealId) -> bool {
        self.everything || self.office.seals.get(seal).is_some_and(|entry| self.sees_affairs(entry))
    }
}

/// Whether a person keeps a seal, is to keep it by an application or an offer, or was to keep it when it ended.
pub(super) fn keeps(seal: &SealEntry, person: &PersonId) -> bool {
    let offered = seal.kept().and_then(|active| active.handing_over.as_ref());
    seal.custodian().unwrap_or(&seal.application.custodian) == person
        || offered.is_some_and(|offer| offer.to == *person)
}
