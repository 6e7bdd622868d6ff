//! The office: people, seals with their lives, grants, notices, findings. One value, changed by acts only (ADR 8).

mod authenticate;
mod grant;
mod judge;
mod life;
mod person;
mod request;
mod retention;
mod supervision;
#[cfg(test)]
mod tests;
mod training;
mod withdrawn;

use std::collections::BTreeMap;

pub(crate) use self::judge::change;
pub use self::{
    grant::Grant,
    judge::{MadeFacts, Outside, PictureFacts},
    life::{
        ActRef, Active, CertificateRevocation, Ended, HandingOver, Made, Retiring, SealEntry, SealLife, Step,
        Suspended,
    },
    person::{Person, Role, Status},
    request::{RequestFacts, RequestState, Ticket},
    supervision::{Finding, Notice},
    training::{Training, TrainingState},
};
use crate::identity::{ActId, Digest, PersonId, SealId, TokenSerial};

/// Everything acts have made, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Office {
    /// The journal acts are said to.
    pub origin: String,
    /// By id; who has left stays.
    pub people: BTreeMap<PersonId, Person>,
    /// By id; what is destroyed stays.
    pub seals: BTreeMap<SealId, SealEntry>,
    /// By person and seal.
    pub grants: BTreeMap<(PersonId, SealId), Grant>,
    /// Reports that somebody has to take note of, by the act that made them (C4).
    pub notices: BTreeMap<ActId, Notice>,
    /// Findings of the auditor, by the act that made them (S3).
    pub findings: BTreeMap<ActId, Finding>,
    /// What people were trained in, by the act that says so (C6).
    pub trainings: BTreeMap<ActId, Training>,
    /// The policy file the seal office put in force.
    pub policy: Option<Digest>,
    /// When the newest act was signed (`iat`, or when it was filed, if that was earlier) that says how a person, a grant, all grants of a person
    /// or the policy is to be, by what it is about: an older one that was held back does not undo it.
    pub said: BTreeMap<String, u64>,
}

/// An entity as it is after an act, whole: what is kept of it is written over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A person.
    Person(Person),
    /// A seal.
    Seal(Box<SealEntry>),
    /// A grant.
    Grant(Grant),
    /// A grant is no more.
    GrantEnded(PersonId, SealId),
    /// A notice.
    Notice(Notice),
    /// A finding.
    Finding(Finding),
    /// Somebody was trained.
    Training(Training),
    /// Another policy is in force.
    Policy(Digest),
    /// When what is said of this was signed: subject and `iat`.
    Said(String, u64),
    /// A request's standing, or one more ticket.
    Request(Box<RequestFacts>),
}

/// What an act changes: everything, or it was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What is written, in this order.
    pub entities: Vec<Changed>,
}

impl Office {
    /// The member of staff who is this user of the agent's machine.
    pub fn person_of_uid(&self, uid: u32) -> Option<&Person> {
        self.people.values().find(|person| person.is_employed() && person.uid == Some(uid))
    }

    /// The member of staff who shows this certificate from another machine, by the SHA-256 of its DER (U10).
    pub fn person_of_certificate(&self, sha256: &Digest) -> Option<&Person> {
        self.people.values().find(|person| person.is_employed() && person.certificates.contains(sha256))
    }

    /// The seals a person has in hands.
    pub fn kept_by<'a>(&'a self, person: &'a PersonId) -> impl Iterator<Item = &'a SealEntry> {
        self.seals.values().filter(move |entry| entry.custodian() == Some(person))
    }

    /// Somebody else who has, or ever had, a seal on this token in hands: they know its PIN as long as nobody set another (C2).
    pub fn kept_token_before(&self, token: &TokenSerial, than: &PersonId) -> Option<&PersonId> {
        let on_it = self.seals.values().filter(|entry| entry.token().as_ref() == Some(token));
        on_it.flat_map(SealEntry::keepers).find(|keeper| *keeper != than)
    }

    /// The other seals somebody has in hands on the same token.
    pub fn beside_on_token<'a>(&'a self, one: &'a SealEntry) -> impl Iterator<Item = &'a SealEntry> {
        let token = one.token();
        self.seals.values().filter(move |entry| {
            token.is_some() && entry.id() != one.id() && entry.custodian().is_some() && entry.token() == token
        })
    }
}
