//! Records of acts (签批): what registered persons said by signature.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::{Commitments, Endpoint, Person};
use crate::{Code, Commitment, Digest, Id};

/// An act was verified, judged and carried out. Seal, person and request stand in clear, so that all that was said of one is found without
/// opening anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActFiled {
    /// Its id (`jti`, RFC 7519 §4.1.7), taken once.
    pub act: Uuid,
    /// What it is: the `typ` of its header without `sealkeeper-` and `+jwt`, e.g. `request-approve`.
    pub typ: Code,
    /// Who signed it (`iss`), named as registered then.
    pub signer: Person,
    /// The key that verified it: its thumbprint (RFC 7638), base64url.
    pub key: Id,
    /// `iat`: seconds since the Unix epoch.
    pub issued_s: u64,
    /// `exp`: seconds since the Unix epoch.
    pub expires_s: u64,
    /// Commitment to its text, the compact JWS (RFC 7515 §7.1).
    pub text: Commitment,
    /// SHA-256 of what was filed with it: a seal object or a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_sha256: Option<Digest>,
    /// The seal it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Id>,
    /// The person it is about, other than its signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Id>,
    /// The request it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    /// From where it came. Whoever carries an act is not whoever signed it.
    pub from: Endpoint,
}

impl ActFiled {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        self.signer.commitments("signer", found);
        found.add("text", &self.text);
        self.from.commitments("from", found);
    }
}
