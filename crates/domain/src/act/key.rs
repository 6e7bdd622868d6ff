//! The keys people sign their acts with: public points of P-256 (FIPS 186-5), and their names.

use std::{fmt, str::FromStr};

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::{
    NistP256, PublicKey, SecretKey,
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    elliptic_curve::{ALGORITHM_OID, point::AffineCoordinates, sec1::FromSec1Point},
    pkcs8::{AssociatedOid, Document, PrivateKeyInfoRef, SubjectPublicKeyInfoRef},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::json::{self, StrictObject};
use crate::{identity::Digest, reason::Reason, refusal::Violation};

/// Most bytes of a key in any of its written forms; a P-256 key needs some 200.
pub const KEY_LIMIT: usize = 4 * 1024;

/// A person's public key: a point of P-256 other than the identity. Its written form is a JWK (RFC 7517, RFC 7518 §6.2).
///
/// Of a JWK the members `kty`, `crv`, `x` and `y` are read. What programs commonly add may stand beside them: `use` (only `sig`), `alg`
/// (only `ES256`) and `key_ops` (with `verify` among them) must agree with what the key is for; `kid` and `ext` are passed over, since
/// the thumbprint is the key's only name. Any other member is refused: one that is not understood, like `x5u`, may lead elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ActKey(PublicKey);

/// Why a key is not accepted. No message repeats the key's own material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not in the form it was read as; the text says where.
    #[error("the key is malformed: {0}")]
    Malformed(String),
    /// A private key, or a JWK with `d`. It has left its owner's hands, so its owner is to be told.
    #[error("this is a private key; only the public key may be handed out")]
    Private,
    /// A key of another kind or curve.
    #[error("the key is not one of P-256")]
    NotP256,
    /// Coordinates that name no point of the curve, or the identity.
    #[error("the key names no point of P-256")]
    NotAPoint,
    /// A JWK member that may not stand in it, or not with this value.
    #[error("member {0:?} is not accepted in a key, or not with this value")]
    Member(String),
}

impl KeyError {
    /// The row of the reason table.
    pub fn violation(&self) -> Violation {
        match self {
            KeyError::Private => Reason::ActKeyPrivate.into(),
            _ => Violation::new(Reason::ActKeyUnfit).with("why", self),
        }
    }
}

impl ActKey {
    /// From a JWK, at most [`KEY_LIMIT`] bytes.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        within_limit(text.len())?;
        Self::from_members(&json::object(text.as_bytes()).map_err(KeyError::Malformed)?)
    }

    /// From a DER SubjectPublicKeyInfo (RFC 5480 §2) with the named curve; the point may be compressed.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        within_limit(der.len())?;
        // PKCS #8 of any kind of key, or SEC 1 of P-256.
        if PrivateKeyInfoRef::try_from(der).is_ok() || SecretKey::from_sec1_der(der).is_ok() {
            return Err(KeyError::Private);
        }
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(malformed)?;
        info.algorithm.assert_oids(ALGORITHM_OID, NistP256::OID).map_err(|_| KeyError::NotP256)?;
        let point = info.subject_public_key.as_bytes().ok_or(KeyError::NotAPoint)?;
        PublicKey::from_sec1_bytes(point).map(ActKey).map_err(|_| KeyError::NotAPoint)
    }

    /// From a `PUBLIC KEY` PEM block (RFC 7468 §13), the only one in the text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        within_limit(text.len())?;
        // `PRIVATE KEY`, `EC PRIVATE KEY` and `ENCRYPTED PRIVATE KEY` alike, wherever in the text one stands.
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        match Document::from_pem(text).map_err(malformed)? {
            ("PUBLIC KEY", document) => Self::from_spki_der(document.as_bytes()),
            (label, _) => Err(KeyError::Malformed(format!("{label:?} stands where PUBLIC KEY should"))),
        }
    }

    /// The JWK with the members RFC 7638 §3.2 requires, in its order and without white space.
    pub fn to_jwk(&self) -> String {
        let [x, y] = self.coordinates();
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
    }

    /// The DER SubjectPublicKeyInfo with the uncompressed point, 91 bytes.
    pub fn spki_der(&self) -> Vec<u8> {
        let (x, y) = (self.0.as_affine().x(), self.0.as_affine().y());
        [SPKI_PREFIX.as_slice(), &x, &y].concat()
    }

    /// The key's name: the SHA-256 thumbprint of its JWK (RFC 7638).
    pub fn thumbprint(&self) -> KeyId {
        KeyId(Digest::of(self.to_jwk().as_bytes()))
    }

    /// Whether this is the key's ES256 signature over the message (RFC 7518 §3.4): `r ‖ s`, 32 bytes each, big-endian.
    ///
    /// `s` and `n − s` are both accepted: the standard allows both, and tokens give either. So one act has two valid texts; what makes
    /// an act count once is its id, not its text.
    pub fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        Signature::from_slice(signature)
            .and_then(|signature| VerifyingKey::from(self.0).verify(message, &signature))
            .is_ok()
    }

    /// `x` and `y` as a JWK writes them.
    fn coordinates(&self) -> [String; 2] {
        let point = self.0.as_affine();
        [point.x(), point.y()].map(|coordinate| Base64UrlUnpadded::encode_string(&coordinate))
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        if members.contains_key("d") {
            return Err(KeyError::Private);
        }
        // The kind first: of an RSA key it helps nobody to hear that `n` is not accepted.
        for (name, only) in [("kty", "EC"), ("crv", "P-256")] {
            match members.get(name).and_then(Value::as_str) {
                Some(value) if value == only => {}
                Some(_) => return Err(KeyError::NotP256),
                None if name == "crv" => return Err(KeyError::NotP256),
                None => return Err(KeyError::Malformed(format!("no {name}"))),
            }
        }
        let refused = members.iter().find(|(name, value)| match name.as_str() {
            "kty" | "crv" | "x" | "y" => false,
            "use" => *value != "sig",
            "alg" => *value != "ES256",
            "key_ops" => !value.as_array().is_some_and(|uses| uses.iter().any(|one| one == "verify")),
            "kid" => !value.is_string(),
            // What Web Cryptography's exportKey adds.
            "ext" => !value.is_boolean(),
            _ => true,
        });
        if let Some((name, _)) = refused {
            return Err(KeyError::Member(name.clone()));
        }
        let (x, y) = (coordinate(members, "x")?, coordinate(members, "y")?);
        let point = p256::Sec1Point::from_affine_coordinates(&x.into(), &y.into(), false);
        PublicKey::from_sec1_point(&point).into_option().map(ActKey).ok_or(KeyError::NotAPoint)
    }
}

/// SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING { 04 … } } up to the coordinates (RFC 5480 §2).
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

fn within_limit(length: usize) -> Result<(), KeyError> {
    if length <= KEY_LIMIT {
        Ok(())
    } else {
        Err(KeyError::Malformed(format!("longer than {KEY_LIMIT} bytes")))
    }
}

/// A coordinate is 32 bytes however small its number (RFC 7518 §6.2.1.2).
fn coordinate(members: &Map<String, Value>, name: &str) -> Result<[u8; 32], KeyError> {
    let text = members.get(name).and_then(Value::as_str);
    text.and_then(fixed).ok_or_else(|| KeyError::Malformed(format!("{name} is not 32 bytes in base64url")))
}

fn malformed(error: impl fmt::Display) -> KeyError {
    KeyError::Malformed(error.to_string())
}

/// Exactly `N` bytes in base64url without padding, whose unused bits are zero.
pub(super) fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = Base64UrlUnpadded::decode(text, &mut bytes).ok()?.len();
    (length == N).then_some(bytes)
}

impl From<&VerifyingKey> for ActKey {
    fn from(key: &VerifyingKey) -> Self {
        ActKey(key.into())
    }
}

/// By its thumbprint.
impl fmt::Debug for ActKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActKey({})", self.thumbprint())
    }
}

/// As JWK.
impl Serialize for ActKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [x, y] = self.coordinates();
        Jwk { crv: "P-256", kty: "EC", x, y }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Jwk {
    crv: &'static str,
    kty: &'static str,
    x: String,
    y: String,
}

/// From a JWK, under the same rules as [`ActKey::from_jwk`] but for its length.
impl<'de> Deserialize<'de> for ActKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let StrictObject(members) = StrictObject::deserialize(deserializer)?;
        ActKey::from_members(&members).map_err(D::Error::custom)
    }
}

/// The name of a key: the SHA-256 of its JWK (RFC 7638), 43 characters of base64url in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Digest);

impl KeyId {
    /// The thumbprint itself.
    pub fn digest(&self) -> Digest {
        self.0
    }
}

/// Not the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id must be a SHA-256 thumbprint (RFC 7638): 43 characters of base64url without padding")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;
    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        fixed(text).map(|bytes| KeyId(Digest(bytes))).ok_or(KeyIdError)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
