//! Records of a token's keys and certificates, beside their use on documents.

use serde::{Deserialize, Serialize};

use super::Actor;
use super::actor::Commitments;
use crate::{Code, Digest, Id};

/// A key is about to sign something that is no document. Written before the token is asked, so that no signature of a seal's key is
/// without a record; whether it was made is told by what it was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUsed {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who asked for it; absent: it was due on schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The key's `CKA_ID` in lower-case hexadecimal; absent where the key has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Id>,
    /// What for.
    pub purpose: KeyPurpose,
    /// SHA-256 of the message to be signed (the challenge; the `CertificationRequestInfo` of RFC 2986), whatever digest the signature takes.
    pub digest: Digest,
}

/// What a key signs beside documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// The test signature of an inspection (rule C3), over a fresh challenge that can be no document's signed attributes.
    Inspection,
    /// A certificate request (PKCS#10, RFC 2986).
    CertificateRequest,
}

/// A key pair was generated on a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGenerated {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who asked for it.
    pub by: Actor,
    /// The key's `CKA_ID` in lower-case hexadecimal.
    pub key_id: Id,
    /// Kind and size: `ec-p256`, `ec-p384`, `rsa-2048`, `rsa-3072`, `rsa-4096`.
    pub algorithm: Code,
    /// SHA-256 of the public key's SubjectPublicKeyInfo, DER (RFC 5280 §4.1.2.7).
    pub public_key_sha256: Digest,
}

/// A certificate was written to a token, beside the key it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateImported {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who asked for it.
    pub by: Actor,
    /// `CKA_ID` of certificate and key in lower-case hexadecimal.
    pub key_id: Id,
    /// SHA-256 of its DER.
    pub certificate_sha256: Digest,
    /// SHA-256 of each certificate of this key that was taken off the token for it, DER; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_sha256: Vec<Digest>,
}

impl KeyUsed {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        if let Some(by) = &self.by {
            by.commitments("by", found);
        }
    }
}
