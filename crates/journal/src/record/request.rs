//! Records of requests (用印申请): what was asked before anybody approved it, and what became of it when nobody did.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::{Actor, Commitments, Person};
use crate::{Commitment, Digest, Id, ListDigest};

/// A request is kept, with its document (G1). What its applicant signs, and what approvers say, are acts with records of their own; this one is of
/// whoever brought it. Not written in a solo journal: who asks there is who stamps, and the intent tells the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDrafted {
    /// The request.
    pub request_id: Uuid,
    /// For whom it is.
    pub applicant: Person,
    /// Who brought it, and from where.
    pub by: Actor,
    /// Commitment to the reason.
    pub reason: Commitment,
    /// Commitment to the document's file name, without folders.
    pub file_name: Commitment,
    /// The seal.
    pub seal: Id,
    /// SHA-256 of the seal object as it was then.
    pub seal_object_sha256: Digest,
    /// SHA-256 of the document as submitted.
    pub document_sha256: Digest,
    /// Its size in bytes.
    pub document_size: u64,
    /// What is to be placed where: resolved boxes, as an intent has them.
    pub placements: ListDigest,
    /// The document's class by the policy.
    pub class: Id,
    /// How many copies are asked for.
    pub copies: u64,
    /// What it needs next.
    pub standing: DraftStanding,
    /// Until when it is open, µs since the Unix epoch.
    pub expires_us: u64,
}

/// What a new request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DraftStanding {
    /// An act of its applicant, who files it.
    Drafted,
    /// None of theirs: they keep the seal themselves, and were there.
    Filed,
}

/// Requests that were still open when their time was over; those that were rejected, withdrawn or stamped have records that say so. One record for all
/// that are found at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestExpired {
    /// Rows of `request` (its id), `seal`, `copies` and `copies_used`, by the time they were made.
    pub requests: ListDigest,
}

impl RequestDrafted {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        self.applicant.commitments("applicant", found);
        self.by.commitments("by", found);
        found.add("reason", &self.reason);
        found.add("file_name", &self.file_name);
    }
}
