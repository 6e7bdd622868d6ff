//! An act as text: a compact JWS (RFC 7515 §3.1) read, verified and made.
//!
//! `base64url(header).base64url(payload).base64url(signature)`, at most [`ACT_LIMIT`] bytes, without padding and nothing around it.
//! The header holds exactly `alg` (`ES256`), `typ` (`sealkeeper-<type>+jwt`) and `kid` (the key's RFC 7638 thumbprint). No member may
//! bring a key (`jwk`, `x5c`), a place to fetch one (`jku`, `x5u`) or another reading of the rest (`crit`, `b64`, `zip`, `enc`).
//! A type of its own for each act keeps one from passing for another (RFC 8725 §3.11).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    json,
    key::{ActKey, KeyId, fixed},
};
use crate::{identity::Digest, reason::Reason, refusal::Violation};

/// Most bytes of an act's text.
pub const ACT_LIMIT: usize = 16 * 1024;

/// Characters of 64 bytes in base64url.
const SIGNATURE_CHARACTERS: usize = 86;

/// Why an act is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The text is longer than [`ACT_LIMIT`].
    #[error("the act is {bytes} bytes long; at most {ACT_LIMIT} are accepted")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not a compact JWS in the one form accepted.
    #[error("the act's {part} is malformed: {why}")]
    Malformed {
        /// Where.
        part: Part,
        /// What is wrong there.
        why: String,
    },
    /// `alg` is anything but `ES256`.
    #[error("the act's algorithm is {found}; only \"ES256\" is accepted")]
    AlgorithmRefused {
        /// The value found, as JSON.
        found: String,
    },
    /// A header member besides `alg`, `typ` and `kid`.
    #[error("member {member:?} is not accepted in an act's header")]
    HeaderRefused {
        /// Its name.
        member: String,
    },
    /// `typ` is not `sealkeeper-<type>+jwt`, or no type the reader knows.
    #[error("the act's typ is {found}, which is no type of act")]
    TypeUnknown {
        /// The value found, as JSON.
        found: String,
    },
    /// No registered key has this name; found by whoever looks the key up.
    #[error("no key {named} is registered")]
    KeyUnknown {
        /// `kid`
        named: KeyId,
    },
    /// The act names another key than the one it was to be verified with.
    #[error("the act names key {named}, not {given}")]
    KeyMismatch {
        /// `kid`
        named: KeyId,
        /// The thumbprint of the key given.
        given: KeyId,
    },
    /// The key has not signed this.
    #[error("the act's signature does not verify with key {key}")]
    SignatureBad {
        /// The key.
        key: KeyId,
    },
}

/// Part of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole: three parts with two dots between them.
    Text,
    /// The JOSE header.
    Header,
    /// The payload, where the claims are.
    Payload,
    /// The signature.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Text => "text",
            Part::Header => "header",
            Part::Payload => "payload",
            Part::Signature => "signature",
        })
    }
}

impl Part {
    fn malformed(self, why: impl Into<String>) -> ActError {
        ActError::Malformed { part: self, why: why.into() }
    }
}

impl ActError {
    /// The row of the reason table, with its particulars.
    pub fn violation(&self) -> Violation {
        match self {
            ActError::TooLarge { bytes } => Violation::new(Reason::ActTooLarge).with("bytes", bytes),
            ActError::Malformed { part, why } => {
                Violation::new(Reason::ActMalformed).with("part", part).with("why", why)
            }
            ActError::AlgorithmRefused { found } => {
                Violation::new(Reason::ActAlgorithmRefused).with("found", found)
            }
            ActError::HeaderRefused { member } => {
                Violation::new(Reason::ActHeaderRefused).with("member", member)
            }
            ActError::TypeUnknown { found } => Violation::new(Reason::ActTypeUnknown).with("found", found),
            ActError::KeyUnknown { named } => Violation::new(Reason::ActKeyUnknown).with("key", named),
            ActError::KeyMismatch { named, given } => {
                Violation::new(Reason::ActKeyMismatch).with("named", named).with("given", given)
            }
            ActError::SignatureBad { key } => Violation::new(Reason::ActSignatureBad).with("key", key),
        }
    }
}

/// An act in proper form, of which nobody knows yet whether the key it names has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedJws {
    text: String,
    kind: String,
    key_id: KeyId,
    claims: Map<String, Value>,
    signature: [u8; 64],
}

impl UnverifiedJws {
    /// Reads an act. The header is judged first, so that an act with another algorithm is told so whatever its signature looks like.
    pub fn parse(text: &str) -> Result<Self, ActError> {
        if text.len() > ACT_LIMIT {
            return Err(ActError::TooLarge { bytes: text.len() });
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Part::Text.malformed("not three parts with two dots between them"));
        };
        let (kind, key_id) = header_of(&object(Part::Header, header)?)?;
        let claims = object(Part::Payload, payload)?;
        let signature = fixed(signature).ok_or_else(|| {
            Part::Signature.malformed("not 64 bytes (r and s, RFC 7518 §3.4) in base64url without padding")
        })?;
        Ok(UnverifiedJws { text: text.to_owned(), kind, key_id, claims, signature })
    }

    /// The type of act it says it is, without what is around it: `request-approve` for `sealkeeper-request-approve+jwt`.
    pub fn typ(&self) -> &str {
        &self.kind
    }

    /// The key it says has signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The payload's members, which anybody may have written: good for finding the key, not for anything to be done.
    pub fn unverified_claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Verifies the signature with the key the act names.
    pub fn verify(self, key: &ActKey) -> Result<VerifiedJws, ActError> {
        let given = key.thumbprint();
        if self.key_id != given {
            return Err(ActError::KeyMismatch { named: self.key_id, given });
        }
        let signed = self.text.rsplit_once('.').map(|(signed, _)| signed);
        if signed.is_some_and(|signed| key.has_signed(signed.as_bytes(), &self.signature)) {
            Ok(VerifiedJws(self))
        } else {
            Err(ActError::SignatureBad { key: given })
        }
    }
}

/// An act signed by the key it names. [`UnverifiedJws::verify`] alone makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedJws(UnverifiedJws);

impl VerifiedJws {
    /// The type of act, without what is around it: `request-approve` for `sealkeeper-request-approve+jwt`.
    pub fn typ(&self) -> &str {
        &self.0.kind
    }

    /// The key that has signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.0.key_id
    }

    /// The members of what was signed.
    pub fn payload(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// The whole text as it came.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// SHA-256 of the text. It names this text; whoever holds one can make a second that verifies too (`n − s` for `s`), so acts are
    /// told apart by their id.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.text.as_bytes())
    }
}

/// What is to be signed for an act of this type (`request-approve`): header and payload in base64url with a dot between them.
///
/// For keys that sign elsewhere, on a token: ES256 over these bytes, then [`assemble`]. The payload is written in JCS (RFC 8785), so that
/// one payload has one signing input; it must be what [`UnverifiedJws::parse`] accepts.
pub fn signing_input(typ: &str, key_id: &KeyId, payload: &impl Serialize) -> Result<String, ActError> {
    if !is_kind(typ) {
        return Err(ActError::TypeUnknown { found: Value::from(typ).to_string() });
    }
    let payload = serde_json_canonicalizer::to_vec(payload)
        .map_err(|error| Part::Payload.malformed(error.to_string()))?;
    json::object(&payload).map_err(|why| Part::Payload.malformed(why))?;
    let header = format!(r#"{{"alg":"ES256","typ":"{PREFIX}{typ}{SUFFIX}","kid":"{key_id}"}}"#);
    let input = [header.as_bytes(), &payload].map(Base64UrlUnpadded::encode_string).join(".");
    let bytes = input.len().saturating_add(1 + SIGNATURE_CHARACTERS);
    if bytes > ACT_LIMIT { Err(ActError::TooLarge { bytes }) } else { Ok(input) }
}

/// The act's text from what was signed and its signature, `r ‖ s`. Parse and verify it before relying on what a token returned.
pub fn assemble(signing_input: String, signature: &[u8; 64]) -> String {
    let mut text = signing_input;
    text.push('.');
    text.push_str(&Base64UrlUnpadded::encode_string(signature));
    text
}

/// Makes an act of this type with a key in memory; deterministic (RFC 6979), so no randomness is needed.
pub fn sign(typ: &str, payload: &impl Serialize, key: &SigningKey) -> Result<String, ActError> {
    let key_id = ActKey::from(key.verifying_key()).thumbprint();
    let input = signing_input(typ, &key_id, payload)?;
    let signature: Signature =
        key.try_sign(input.as_bytes()).map_err(|_| ActError::SignatureBad { key: key_id })?;
    Ok(assemble(input, &signature.to_bytes().into()))
}

const PREFIX: &str = "sealkeeper-";
const SUFFIX: &str = "+jwt";

/// Type and key id, if the header is `alg`, `typ`, `kid` and nothing else.
fn header_of(header: &Map<String, Value>) -> Result<(String, KeyId), ActError> {
    let member =
        |name: &str| header.get(name).ok_or_else(|| Part::Header.malformed(format!("{name} is missing")));
    let algorithm = member("alg")?;
    if algorithm != "ES256" {
        return Err(ActError::AlgorithmRefused { found: algorithm.to_string() });
    }
    if let Some(name) = header.keys().find(|name| !matches!(name.as_str(), "alg" | "typ" | "kid")) {
        return Err(ActError::HeaderRefused { member: name.clone() });
    }
    let typ = member("typ")?;
    let kind = typ
        .as_str()
        .and_then(|text| text.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .filter(|kind| is_kind(kind))
        .ok_or_else(|| ActError::TypeUnknown { found: typ.to_string() })?;
    let key_id = member("kid")?
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Part::Header.malformed("kid is not a SHA-256 thumbprint (RFC 7638)"))?;
    Ok((kind.to_owned(), key_id))
}

/// 1 to 40 of a-z and `-`.
fn is_kind(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn object(part: Part, text: &str) -> Result<Map<String, Value>, ActError> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| {
        part.malformed("not base64url without padding (RFC 7515 §2), or its unused bits are set")
    })?;
    json::object(&bytes).map_err(|why| part.malformed(why))
}

#[cfg(test)]
mod tests;
