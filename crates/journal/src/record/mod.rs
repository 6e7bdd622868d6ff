//! Records: their types, their bytes, and back.

mod act;
mod actor;
mod agent;
mod inspection;
mod key;
mod presence;
mod refusal;
mod request;
mod retention;
mod token;
mod upkeep;
mod usage;

pub use act::ActFiled;
pub use actor::{Actor, Channel, Endpoint, Person};
pub use agent::{AgentStarted, AgentStopped, PolicyLoaded, PolicyRejected, StopCause};
pub use inspection::{
    InspectionFinding, MAX_INSPECTION_FINDINGS, Severity, TestSignature, TokenInspected, Verdict,
};
pub use key::{
    CertificateImported, KeyDestroyed, KeyDestructionOrdered, KeyGenerated, KeyPurpose, KeySearch, KeyUsed,
};
pub use presence::{ModuleFailed, ModuleFailure, TokenInserted, TokenRemoved};
pub use refusal::{Refused, Violation};
pub use request::{DraftStanding, RequestDrafted, RequestExpired};
pub use retention::DisclosuresErased;
pub use token::{
    LockCause, PinChange, PinChanged, PinEntry, PinKind, PinTries, TokenError, TokenLocked, TokenUnlocked,
    WrongPin,
};
pub use upkeep::{JournalBackedUp, VersionSeen, Versioned};
pub use usage::{AbandonCause, Abandoned, Complete, Failed, Intent, Outcome, TreeHead};

use actor::Commitments;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Commitment, Disclosure, DisclosureError, RecordError, canonical};

/// The record format this version writes and reads: the field `v` of every record.
pub const RECORD_VERSION: u64 = 1;

/// The most bytes a record may have: 16 KiB.
pub const RECORD_LIMIT: usize = 16 * 1024;

/// One entry of the journal.
///
/// Its JSON object has `v` ([`RECORD_VERSION`]), `type`, `seq`, `time_us`, `mode` and the fields of its type, named
/// as in the structs here. A field that is absent is left out, never null. Times are µs since the Unix epoch,
/// durations µs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the journal and in the tree, from 0 without a gap.
    pub seq: u64,
    /// When it was written, by the clock of the agent's machine, and never before the record before it, unless the policy trusts a clock that was set
    /// right; `seq` gives the order.
    pub time_us: u64,
    /// Under which authority the journal is kept.
    pub mode: Mode,
    /// What happened.
    pub body: RecordBody,
}

/// Under which authority a journal is kept. Every record says so, so that none can be shown for more than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One person, no tickets: tests and continuous integration.
    Solo,
    /// A seal office is the root of trust, people act by signature.
    Office,
}

/// What a record says. The variant is the field `type`, in snake case. New types are added; a type's fields stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordBody {
    /// The agent began to run.
    AgentStarted(AgentStarted),
    /// The agent ended in good order.
    AgentStopped(AgentStopped),
    /// A policy came into force.
    PolicyLoaded(PolicyLoaded),
    /// A policy file was not taken.
    PolicyRejected(PolicyRejected),
    /// A token was unlocked.
    TokenUnlocked(TokenUnlocked),
    /// A token was locked again.
    TokenLocked(TokenLocked),
    /// A token refused a PIN.
    WrongPin(WrongPin),
    /// A token took a new PIN.
    PinChanged(PinChanged),
    /// A token showed itself.
    TokenInserted(TokenInserted),
    /// A token no longer shows itself.
    TokenRemoved(TokenRemoved),
    /// A token was inspected.
    TokenInspected(TokenInspected),
    /// A module took its worker down or could not be used.
    ModuleFailed(ModuleFailed),
    /// A key is about to sign something that is no document.
    KeyUsed(KeyUsed),
    /// A key pair was generated on a token.
    KeyGenerated(KeyGenerated),
    /// A certificate was written to a token.
    CertificateImported(CertificateImported),
    /// Something has another version than before.
    VersionSeen(VersionSeen),
    /// A copy of the journal was handed out.
    JournalBackedUp(JournalBackedUp),
    /// A registered person's act was carried out.
    Act(ActFiled),
    /// A request is kept. Boxed, as an intent is.
    RequestDrafted(Box<RequestDrafted>),
    /// Requests expired unstamped.
    RequestExpired(RequestExpired),
    /// What opened commitments was erased.
    DisclosuresErased(DisclosuresErased),
    /// A token is about to be asked to destroy a seal's key.
    KeyDestructionOrdered(KeyDestructionOrdered),
    /// A token destroyed a seal's key and was searched again.
    KeyDestroyed(KeyDestroyed),
    /// Something asked for was refused.
    Refused(Refused),
    /// A signature is about to be asked of the token. Boxed: it is several times the size of any other.
    Intent(Box<Intent>),
    /// The signature was made and the result is releasable.
    Complete(Complete),
    /// The token certainly did not sign.
    Failed(Failed),
    /// The token may have signed; nothing was released.
    Abandoned(Abandoned),
}

/// What stands in every record, beside the fields of its type.
#[derive(Serialize, Deserialize)]
struct Envelope {
    v: u64,
    seq: u64,
    time_us: u64,
    mode: Mode,
    #[serde(flatten)]
    body: Value,
}

impl Record {
    /// The record's bytes: what is stored, and what the tree hashes.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`] above [`RECORD_LIMIT`], [`RecordError::ForbiddenValue`] for an integer of 2^53 or
    /// more.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let body = serde_json::to_value(&self.body).map_err(malformed)?;
        let envelope =
            Envelope { v: RECORD_VERSION, seq: self.seq, time_us: self.time_us, mode: self.mode, body };
        let bytes = canonical::encode(&serde_json::to_value(envelope).map_err(malformed)?)?;
        if bytes.len() > RECORD_LIMIT {
            Err(RecordError::TooLarge { length: bytes.len() })
        } else {
            Ok(bytes)
        }
    }

    /// Reads a record's bytes. Only bytes that [`Record::encode`] gives are accepted.
    ///
    /// # Errors
    /// Every [`RecordError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > RECORD_LIMIT {
            return Err(RecordError::TooLarge { length: bytes.len() });
        }
        let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let version = value.get("v").and_then(Value::as_u64);
        if version != Some(RECORD_VERSION) {
            return Err(RecordError::UnknownVersion(version));
        }
        let Envelope { seq, time_us, mode, body, .. } = serde_json::from_value(value).map_err(malformed)?;
        let record = Self { seq, time_us, mode, body: serde_json::from_value(body).map_err(malformed)? };
        // Whatever reading was lenient about (order, repeated keys, case of digits) shows here.
        if record.encode()? == bytes { Ok(record) } else { Err(RecordError::NotCanonical) }
    }

    /// The commitments it holds, with the dotted path of each.
    pub fn commitments(&self) -> Vec<(String, Commitment)> {
        let mut found = Commitments::default();
        match &self.body {
            RecordBody::AgentStarted(started) => found.add("host", &started.host),
            RecordBody::PolicyLoaded(loaded) => found.add_some("act", loaded.act.as_ref()),
            RecordBody::TokenUnlocked(unlocked) => unlocked.by.commitments("by", &mut found),
            RecordBody::TokenLocked(locked) => {
                if let Some(by) = &locked.by {
                    by.commitments("by", &mut found);
                }
            }
            RecordBody::WrongPin(wrong) => wrong.by.commitments("by", &mut found),
            RecordBody::PinChanged(changed) => changed.by.commitments("by", &mut found),
            RecordBody::TokenInspected(inspected) => inspected.commitments(&mut found),
            RecordBody::KeyUsed(used) => used.commitments(&mut found),
            RecordBody::KeyGenerated(generated) => generated.by.commitments("by", &mut found),
            RecordBody::CertificateImported(imported) => imported.by.commitments("by", &mut found),
            RecordBody::JournalBackedUp(copy) => copy.commitments(&mut found),
            RecordBody::Act(filed) => filed.commitments(&mut found),
            RecordBody::RequestDrafted(drafted) => drafted.commitments(&mut found),
            RecordBody::KeyDestructionOrdered(ordered) => ordered.from.commitments("from", &mut found),
            RecordBody::Refused(refused) => refused.commitments(&mut found),
            RecordBody::Intent(intent) => intent.commitments(&mut found),
            RecordBody::AgentStopped(_)
            | RecordBody::PolicyRejected(_)
            | RecordBody::TokenInserted(_)
            | RecordBody::TokenRemoved(_)
            | RecordBody::ModuleFailed(_)
            | RecordBody::RequestExpired(_)
            | RecordBody::DisclosuresErased(_)
            | RecordBody::VersionSeen(_)
            | RecordBody::KeyDestroyed(_)
            | RecordBody::Complete(_)
            | RecordBody::Failed(_)
            | RecordBody::Abandoned(_) => {}
        }
        found.into_vec()
    }

    /// Checks that a disclosure opens the commitment it names in this record.
    ///
    /// # Errors
    /// [`DisclosureError`] where there is none of that name, or it was made from something else.
    pub fn check_disclosure(&self, disclosure: &Disclosure) -> Result<(), DisclosureError> {
        let field = disclosure.field.clone();
        match self.commitments().into_iter().find(|(path, _)| *path == field) {
            None => Err(DisclosureError::NoSuchField { field }),
            Some((_, commitment)) if disclosure.opens(&commitment) => Ok(()),
            Some(_) => Err(DisclosureError::Mismatch { field }),
        }
    }
}

impl RecordBody {
    /// The outcome, where this is one.
    pub fn outcome(&self) -> Option<Outcome<'_>> {
        match self {
            Self::Complete(complete) => Some(Outcome::Complete(complete)),
            Self::Failed(failed) => Some(Outcome::Failed(failed)),
            Self::Abandoned(abandoned) => Some(Outcome::Abandoned(abandoned)),
            _ => None,
        }
    }

    /// From where it was asked for, where somebody asked.
    pub fn came_from(&self) -> Option<&Endpoint> {
        let by = match self {
            Self::Act(filed) => return Some(&filed.from),
            Self::KeyDestructionOrdered(ordered) => return Some(&ordered.from),
            Self::Refused(refused) => return Some(&refused.from),
            Self::TokenUnlocked(unlocked) => Some(&unlocked.by),
            Self::WrongPin(wrong) => Some(&wrong.by),
            Self::PinChanged(changed) => Some(&changed.by),
            Self::KeyGenerated(generated) => Some(&generated.by),
            Self::CertificateImported(imported) => Some(&imported.by),
            Self::Intent(intent) => Some(&intent.custodian),
            Self::TokenLocked(locked) => locked.by.as_ref(),
            Self::TokenInspected(inspected) => inspected.by.as_ref(),
            Self::KeyUsed(used) => used.by.as_ref(),
            _ => None,
        };
        by.map(|by| &by.from)
    }

    /// Every value the field `type` can have.
    pub const TYPE_NAMES: &'static [&'static str] = &[
        "agent_started",
        "agent_stopped",
        "policy_loaded",
        "policy_rejected",
        "token_unlocked",
        "token_locked",
        "wrong_pin",
        "pin_changed",
        "token_inserted",
        "token_removed",
        "token_inspected",
        "module_failed",
        "key_used",
        "key_generated",
        "certificate_imported",
        "version_seen",
        "journal_backed_up",
        "act",
        "request_drafted",
        "request_expired",
        "disclosures_erased",
        "key_destruction_ordered",
        "key_destroyed",
        "refused",
        "intent",
        "complete",
        "failed",
        "abandoned",
    ];

    /// The field `type`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::AgentStarted(_) => "agent_started",
            Self::AgentStopped(_) => "agent_stopped",
            Self::PolicyLoaded(_) => "policy_loaded",
            Self::PolicyRejected(_) => "policy_rejected",
            Self::TokenUnlocked(_) => "token_unlocked",
            Self::TokenLocked(_) => "token_locked",
            Self::WrongPin(_) => "wrong_pin",
            Self::PinChanged(_) => "pin_changed",
            Self::TokenInserted(_) => "token_inserted",
            Self::TokenRemoved(_) => "token_removed",
            Self::TokenInspected(_) => "token_inspected",
            Self::ModuleFailed(_) => "module_failed",
            Self::KeyUsed(_) => "key_used",
            Self::KeyGenerated(_) => "key_generated",
            Self::CertificateImported(_) => "certificate_imported",
            Self::VersionSeen(_) => "version_seen",
            Self::JournalBackedUp(_) => "journal_backed_up",
            Self::Act(_) => "act",
            Self::RequestDrafted(_) => "request_drafted",
            Self::RequestExpired(_) => "request_expired",
            Self::DisclosuresErased(_) => "disclosures_erased",
            Self::KeyDestructionOrdered(_) => "key_destruction_ordered",
            Self::KeyDestroyed(_) => "key_destroyed",
            Self::Refused(_) => "refused",
            Self::Intent(_) => "intent",
            Self::Complete(_) => "complete",
            Self::Failed(_) => "failed",
            Self::Abandoned(_) => "abandoned",
        }
    }
}

fn malformed(error: serde_json::Error) -> RecordError {
    RecordError::Malformed(error.to_string())
}
