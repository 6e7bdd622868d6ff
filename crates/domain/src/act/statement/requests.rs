//! What is said of requests and findings (U2, S3).

use serde::{Deserialize, Serialize};

use crate::identity::{ActId, Digest, PersonId, RequestId, SealId};

/// A resolved box, as it is bound: page from 1, the rest in µm as a person sees the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundBox {
    /// From 1.
    pub page: u32,
    /// From the left edge.
    pub left_um: i64,
    /// From the top edge.
    pub top_um: i64,
    /// Width.
    pub width_um: u32,
    /// Height.
    pub height_um: u32,
}

/// Everything a request stands for; the same members in the applicant's act and in every ticket (U2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The request.
    pub request: RequestId,
    /// SHA-256 of the document, hex.
    pub document_sha256: Digest,
    /// The document's name.
    pub file_name: String,
    /// The seal.
    pub seal: SealId,
    /// SHA-256 of the seal object, hex: a seal made anew needs new tickets.
    pub seal_object_sha256: Digest,
    /// Where.
    pub boxes: Vec<BoundBox>,
    /// Class of the policy; the approver confirms it.
    pub class: String,
    /// Copies, at least 1.
    pub copies: u32,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub applicant: PersonId,
}

/// A request that ends unstamped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedRequest {
    /// Which.
    pub request: RequestId,
    /// Why, 1 to 1000 characters.
    pub reason: String,
}

/// What an auditor found (S3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingText {
    /// Who has to answer.
    pub person: PersonId,
    /// What, 1 to 2000 characters.
    pub text: String,
    /// Until when, seconds since the Unix epoch.
    pub due_s: u64,
}

/// The answer to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingAnswer {
    /// Which finding.
    pub about: ActId,
    /// What was done, 1 to 2000 characters.
    pub text: String,
}
