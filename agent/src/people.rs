//! The one person of a solo journal, who is applicant and custodian at once.

use sealkeeper_domain::identity::Digest;

use crate::{
    pipeline::identify::{People, Person},
    pipeline::ports::ledger::SoloPerson,
};

/// The one person.
pub(crate) struct Solo {
    person: Person,
    uid: u32,
}

impl Solo {
    /// As `init` registered them; `None` if the id is no person id.
    pub(crate) fn new(registered: &SoloPerson) -> Option<Self> {
        let id = registered.id.parse().ok()?;
        Some(Solo {
            person: Person { id, name: registered.name.clone(), custodian: true },
            uid: registered.uid,
        })
    }
}

impl People for Solo {
    fn by_uid(&self, uid: u32) -> Option<Person> {
        (uid == self.uid).then(|| self.person.clone())
    }

    /// Nobody: a solo journal is not reached from afar.
    fn by_certificate(&self, _: Digest) -> Option<Person> {
        None
    }
}
