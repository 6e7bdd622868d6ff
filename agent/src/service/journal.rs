//! Who may read how much of the journal (S1).

use std::collections::BTreeSet;

use sealkeeper_domain::{
    identity::{PersonId, TokenSerial},
    office::Role,
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::{Record, RecordBody};
use serde_json::Value;

use super::{Failure, Service, Subject};
use crate::{
    office::{InForce, Reader},
    pipeline::{
        At,
        identify::{Caller, Origin},
        ports::ledger::{ActChoice, SeenBy, StoredRecord},
    },
};

/// How much of the journal somebody reads.
#[derive(Debug)]
pub(crate) enum Sight {
    /// All of it: who makes seals, who supervises, and the custodian whose files these are.
    Everything,
    /// Every record as it is published, with codes and digests, and what opens its commitments where it is about what the reader keeps or did.
    Own {
        /// As acts are asked for.
        seen_by: SeenBy,
        /// On which these seals lie.
        tokens: BTreeSet<TokenSerial>,
    },
}

impl Service {
    /// Leave to read records: of an office's journal for those who oversee it and, as far as it is theirs, for custodians; of a solo one for its
    /// person.
    pub(crate) async fn may_read_journal(
        &self,
        caller: &Caller,
        operation: &'static str,
    ) -> Result<Sight, Failure> {
        let sight = match self.sight(caller) {
            Some(sight) => Ok(sight),
            None => Err(missing(caller, "auditor, seal-office or custodian")).at("identify"),
        };
        match sight {
            Ok(sight) => Ok(sight),
            Err(stop) => Err(self.refuse(Subject::new(operation, caller), stop).await),
        }
    }

    /// Leave to take a copy of all of it. A custodian has none but on the machine where the files are theirs anyway.
    pub(super) async fn may_copy_journal(&self, caller: &Caller) -> Result<(), Failure> {
        let leave = match self.sight(caller) {
            Some(Sight::Everything) => Ok(()),
            _ => Err(missing(caller, "auditor or seal-office")).at("identify"),
        };
        match leave {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.refuse(Subject::new("backup", caller), stop).await),
        }
    }

    /// How much of what is on record this caller sees; `None`: nothing but what concerns them.
    pub(super) fn sight(&self, caller: &Caller) -> Option<Sight> {
        let Ok(desk) = self.office() else { return Some(Sight::Everything) };
        let (current, own) = (desk.now(), &caller.person().id);
        if current.oversees(own) {
            return Some(Sight::Everything);
        }
        if !current.office.people.get(own).is_some_and(|person| person.is(Role::Custodian)) {
            return None;
        }
        if owns_the_files(caller) {
            return Some(Sight::Everything);
        }
        let kept = current.kept_by(own);
        let tokens = kept.iter().filter_map(|entry| entry.token()).collect();
        let seals = kept.iter().map(|entry| entry.id().clone()).collect();
        Some(Sight::Own { seen_by: SeenBy { person: own.clone(), seals }, tokens })
    }

    /// What of the office this caller sees.
    pub(crate) fn reader<'o>(&self, current: &'o InForce, caller: &Caller) -> Reader<'o> {
        let everything = matches!(self.sight(caller), Some(Sight::Everything));
        Reader::new(&current.office, &caller.person().id, everything)
    }

    /// A record as this reader may see it.
    pub(crate) async fn as_seen(
        &self,
        mut stored: StoredRecord,
        sight: &Sight,
    ) -> Result<StoredRecord, Failure> {
        let Sight::Own { seen_by, tokens } = sight else { return Ok(stored) };
        if stored.disclosures.is_empty() {
            return Ok(stored);
        }
        let is_own = match Record::parse(&stored.bytes).map(|record| record.body) {
            // Of the machine, and of the rules, which everybody reads.
            Ok(RecordBody::AgentStarted(_) | RecordBody::PolicyLoaded(_)) => true,
            // It may be about a request whose seal stands in another act.
            Ok(RecordBody::Act(_)) => self.is_act_of(seen_by, stored.seq).await?,
            Ok(body) => serde_json::to_value(body).is_ok_and(|body| concerns(&body, seen_by, tokens)),
            Err(_) => false,
        };
        if !is_own {
            stored.disclosures.clear();
        }
        Ok(stored)
    }

    async fn is_act_of(&self, seen_by: &SeenBy, seq: u64) -> Result<bool, Failure> {
        let choice = ActChoice { seen_by: Some(seen_by.clone()), ..ActChoice::default() };
        let found = self.ledger.acts(choice, seq, 1).await.map_err(|error| {
            tracing::error!(%error, "an act cannot be read");
            Failure::Fault(Reason::JournalUnreadable)
        })?;
        Ok(found.first().is_some_and(|row| row.seq == seq))
    }
}

fn missing(caller: &Caller, needed: &str) -> Violation {
    Violation::new(Reason::RoleMissing).with("person", &caller.person().id).with("needed", needed)
}

/// Whether a caller is the system user whose files the journal and everything else are: nothing of it can be kept from them.
fn owns_the_files(caller: &Caller) -> bool {
    matches!(caller.origin(), Origin::Local { uid } if uid == rustix::process::geteuid().as_raw())
}

/// Whether a record names one of these seals or tokens, or the person as somebody who did it or whom it is about.
fn concerns(body: &Value, seen_by: &SeenBy, tokens: &BTreeSet<TokenSerial>) -> bool {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let (seal, token) = (text("seal"), text("token_serial"));
    seen_by.seals.iter().any(|own| own.as_str() == seal)
        || tokens.iter().any(|own| own.as_str() == token)
        || names(body, &seen_by.person)
}

/// People stand in records as objects with their `id`, at any depth.
fn names(value: &Value, person: &PersonId) -> bool {
    let Value::Object(fields) = value else { return false };
    let is_person = fields.contains_key("name");
    fields.iter().any(|(key, value)| match value {
        Value::String(id) => is_person && key == "id" && id == person.as_str(),
        deeper => names(deeper, person),
    })
}
