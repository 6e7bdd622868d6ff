//! Records of a use: the intent before the token is asked, and its one outcome.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::{Actor, Commitments, Person};
use super::token::TokenError;
use crate::{Code, Commitment, Digest, Id, ListDigest, MessageDigest};

/// A signature is about to be asked of the token. Durable before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The use: one for each copy, never used again.
    pub use_id: Uuid,
    /// The request it belongs to.
    pub request_id: Uuid,
    /// Who asked for the document to be stamped. From where is told by their own act, where there is one: they need not be there now.
    pub applicant: Person,
    /// Who confirmed this use.
    pub custodian: Actor,
    /// Commitment to the name of the agent's host.
    pub host: Commitment,
    /// Commitment to the reason.
    pub reason: Commitment,
    /// Commitment to the document's file name, without folders.
    pub file_name: Commitment,
    /// The seal.
    pub seal: Id,
    /// SHA-256 of the seal object as verified for this use.
    pub seal_object_sha256: Digest,
    /// SHA-256 of the signer's certificate (DER).
    pub certificate_sha256: Digest,
    /// Serial number of the token.
    pub token_serial: Id,
    /// How the token signs: `ecdsa-p256-sha256`.
    pub signature_algorithm: Code,
    /// SHA-256 of the document as submitted.
    pub document_sha256: Digest,
    /// Its size in bytes.
    pub document_size: u64,
    /// The digest over the ByteRange of the new revision: the message digest that the token signs for.
    pub byte_range_digest: MessageDigest,
    /// What the custodian confirmed: SHA-256 over the digest of the prepared revision without its variable fields and
    /// `seal_object_sha256`.
    pub prepared_sha256: Digest,
    /// What is placed where: resolved boxes, edge parameters, signing options.
    pub placements: ListDigest,
    /// The tickets it rests on, in the order they came: rows of `act` (the ticket's id), `by` (the approver's id) and `seq` (its record). Empty
    /// where the class demands none.
    pub tickets: ListDigest,
    /// The document's class by the policy.
    pub class: Id,
    /// Which copy this is, from 1.
    pub copy: u64,
    /// How many copies the request allows.
    pub copies: u64,
    /// The journal as the signature dictionary tells of it.
    pub journal: TreeHead,
}

/// Size and root hash of the journal's tree, as durable at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Leaves.
    pub size: u64,
    /// RFC 6962 root hash.
    pub root: Digest,
}

/// The signature was made, verified, embedded and read back; from here on the result may leave the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// The use.
    pub use_id: Uuid,
    /// `seq` of its intent.
    pub intent: u64,
    /// SHA-256 of the signature value as it stands in the SignerInfo (RFC 5652 §5.3).
    pub signature_sha256: Digest,
    /// SHA-256 of the whole stamped file.
    pub output_sha256: Digest,
    /// Its size in bytes.
    pub output_size: u64,
}

/// The token certainly did not sign; the copy is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The use.
    pub use_id: Uuid,
    /// `seq` of its intent.
    pub intent: u64,
    /// The reason code told to the caller.
    pub code: Code,
    /// What the token answered, where it is the token that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_error: Option<TokenError>,
}

/// The token may have signed; nothing was released and the copy is not given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandoned {
    /// The use.
    pub use_id: Uuid,
    /// `seq` of its intent.
    pub intent: u64,
    /// Why.
    pub cause: AbandonCause,
    /// The reason code told to the caller, where there still was one to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What the token answered, where it answered an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_error: Option<TokenError>,
}

/// Why an intent was abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbandonCause {
    /// The agent ended between intent and outcome; written at the next start.
    Crash,
    /// The token did not answer in time.
    TimeOut,
    /// The token's module or worker died during the call.
    TokenLost,
    /// The token answered an error that does not tell whether it signed.
    TokenError,
    /// What the token gave is no signature that its certificate verifies.
    GarbageSignature,
    /// The signed file did not pass when read back.
    InvalidResult,
    /// The agent failed within.
    Fault,
}

/// How a use ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Signed and releasable.
    Complete(&'a Complete),
    /// Certainly not signed.
    Failed(&'a Failed),
    /// Perhaps signed, not released.
    Abandoned(&'a Abandoned),
}

impl Outcome<'_> {
    /// The use it ends.
    pub fn use_id(&self) -> Uuid {
        match self {
            Self::Complete(complete) => complete.use_id,
            Self::Failed(failed) => failed.use_id,
            Self::Abandoned(abandoned) => abandoned.use_id,
        }
    }

    /// `seq` of the intent it ends.
    pub fn intent(&self) -> u64 {
        match self {
            Self::Complete(complete) => complete.intent,
            Self::Failed(failed) => failed.intent,
            Self::Abandoned(abandoned) => abandoned.intent,
        }
    }
}

impl Intent {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        self.applicant.commitments("applicant", found);
        self.custodian.commitments("custodian", found);
        found.add("host", &self.host);
        found.add("reason", &self.reason);
        found.add("file_name", &self.file_name);
    }
}
