//! Records of a token's keys and certificates, beside their use on documents.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::Commitments;
use super::{Actor, Endpoint};
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
    /// The custodian's proof of control when a seal is received (rule A6), over a fresh challenge like that of an inspection.
    ControlProof,
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

/// A token is about to be asked to destroy a seal's key (rule R2). Written before that, so that no key vanishes without a record. Without a
/// [`KeyDestroyed`] after it the key may be gone or may not be; a further order finds out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDestructionOrdered {
    /// The token's serial number.
    pub token_serial: Id,
    /// The key's `CKA_ID` in lower-case hexadecimal; absent where the key is named by its label alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Id>,
    /// The seal whose key it is.
    pub seal: Id,
    /// The `jti` of the act that ordered it: the second of the two.
    pub act: Uuid,
    /// From where that act was handed in. Who decided, the two acts tell.
    pub from: Endpoint,
}

/// A token was asked to destroy a seal's key, did not object, and was searched again (rule R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDestroyed {
    /// The token's serial number.
    pub token_serial: Id,
    /// The key's `CKA_ID` in lower-case hexadecimal; absent where the key had none, or was gone already and is named by its label alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Id>,
    /// The seal whose key it was.
    pub seal: Id,
    /// The `jti` of the act that ordered it.
    pub act: Uuid,
    /// What the new search found. Only where the key is gone is it destroyed.
    pub found: KeySearch,
}

/// What a search after a destruction found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySearch {
    /// Neither a private key of that name nor any key object with that public key.
    Gone,
    /// One of them at least, though the token said that it destroyed what was named.
    Present,
}

impl KeyUsed {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        if let Some(by) = &self.by {
            by.commitments("by", found);
        }
    }
}
