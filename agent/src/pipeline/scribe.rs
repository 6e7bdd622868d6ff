//! Writes records: who acted and from where, with salted commitments to what names a person.

use std::sync::Arc;

use sealkeeper_domain::identity::PersonId;
use sealkeeper_journal::{
    Actor, Channel, Code, Commitment, Committer, Digest, Disclosure, Endpoint, Id, Person, RecordBody,
    SALT_LENGTH,
};

use super::identify::{Caller, Origin};
use crate::pipeline::ports::ledger::{Entry, LedgerError};

/// Draws salts and knows the host.
#[derive(Clone)]
pub(crate) struct Scribe {
    host: Arc<str>,
}

impl Scribe {
    /// For the machine of this name.
    pub(crate) fn new(host: &str) -> Self {
        Scribe { host: host.into() }
    }

    /// One record: `write` fills it in.
    pub(crate) fn entry(
        &self,
        write: impl FnOnce(&mut Draft<'_>) -> Result<RecordBody, LedgerError>,
    ) -> Result<Entry, LedgerError> {
        let mut draft = Draft { host: &self.host, committer: Committer::new(salt), lists: Vec::new() };
        let body = write(&mut draft)?;
        Ok(Entry { body, disclosures: draft.disclosures(), lists: draft.lists })
    }

    /// A record without commitments.
    pub(crate) fn plain(body: RecordBody) -> Entry {
        Entry { body, disclosures: Vec::new(), lists: Vec::new() }
    }
}

type Salts = fn() -> Result<[u8; SALT_LENGTH], LedgerError>;

fn salt() -> Result<[u8; SALT_LENGTH], LedgerError> {
    let mut salt = [0; SALT_LENGTH];
    getrandom::fill(&mut salt)
        .map_err(|error| LedgerError::Record(format!("no randomness for a salt: {error}")))?;
    Ok(salt)
}

/// A record being written.
pub(crate) struct Draft<'s> {
    host: &'s str,
    committer: Committer<Salts>,
    /// Lists the record holds digests of: field and canonical bytes.
    pub(crate) lists: Vec<(&'static str, Vec<u8>)>,
}

impl Draft<'_> {
    /// Commits to a value under its dotted path.
    pub(crate) fn commit(&mut self, field: &str, value: &str) -> Result<Commitment, LedgerError> {
        self.committer.commit(field, value)
    }

    /// Commits to the host's name.
    pub(crate) fn host(&mut self, field: &str) -> Result<Commitment, LedgerError> {
        let host = self.host;
        self.commit(field, host)
    }

    /// The registered person who calls.
    pub(crate) fn person(&mut self, path: &str, caller: &Caller) -> Result<Person, LedgerError> {
        self.registered(path, &caller.person().id, &caller.person().name)
    }

    /// A registered person, who need not be there.
    pub(crate) fn registered(
        &mut self,
        path: &str,
        person: &PersonId,
        name: &str,
    ) -> Result<Person, LedgerError> {
        let name = self.commit(&format!("{path}.name"), name)?;
        Ok(Person { id: id(person.as_str())?, name })
    }

    /// From where a call came: a local system user, or an address and the certificate that was shown there.
    pub(crate) fn endpoint(&mut self, path: &str, origin: Origin) -> Result<Endpoint, LedgerError> {
        let host = format!("{path}.host");
        Ok(match origin {
            Origin::Local { uid } => Endpoint {
                channel: Channel::Local,
                host: self.host(&host)?,
                uid: Some(self.commit(&format!("{path}.uid"), &uid.to_string())?),
                certificate: None,
            },
            Origin::Remote { address, certificate } => Endpoint {
                channel: Channel::Remote,
                host: self.commit(&host, &address.to_string())?,
                uid: None,
                certificate: Some(self.commit(&format!("{path}.certificate"), &certificate.to_string())?),
            },
        })
    }

    /// A registered person acting from here or from afar.
    pub(crate) fn actor(&mut self, path: &str, caller: &Caller) -> Result<Actor, LedgerError> {
        Ok(Actor {
            person: self.person(&format!("{path}.person"), caller)?,
            from: self.endpoint(&format!("{path}.from"), caller.origin())?,
        })
    }

    fn disclosures(&mut self) -> Vec<Disclosure> {
        std::mem::replace(&mut self.committer, Committer::new(salt as Salts)).into_disclosures()
    }
}

/// Text as the journal's identifier.
pub(crate) fn id(text: &str) -> Result<Id, LedgerError> {
    text.parse().map_err(|error| LedgerError::Record(format!("{text:?} as an identifier: {error}")))
}

/// Text as the journal's code.
pub(crate) fn code(text: &str) -> Result<Code, LedgerError> {
    text.parse().map_err(|error| LedgerError::Record(format!("{text:?} as a code: {error}")))
}

/// A digest of the rules as one of the journal.
pub(crate) fn digest(digest: sealkeeper_domain::identity::Digest) -> Digest {
    digest.0.into()
}
