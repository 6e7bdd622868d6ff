//! Names of things: persons, seals, requests, uses, tokens, digests. Each is a type of its own, so that none passes for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

/// A SHA-256 value (FIPS 180-4), 32 bytes; hex in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Digest(sha2::Sha256::digest(bytes).into())
    }

    /// From exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Digest)
    }

    /// From 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok().and_then(|bytes| Self::from_bytes(&bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::from_hex(&text).ok_or_else(|| D::Error::custom("a digest must be 64 hex digits"))
    }
}

/// Why a name was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {rule}")]
pub struct NameError {
    kind: &'static str,
    rule: &'static str,
}

macro_rules! uuid_name {
    ($(#[$doc:meta])* $name:ident $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// From a UUID made elsewhere.
            pub fn new(id: Uuid) -> Self {
                $name(id)
            }

            /// The UUID itself.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            /// The hyphenated form only: one id, one spelling but for case.
            fn from_str(text: &str) -> Result<Self, NameError> {
                let wrong = NameError { kind: $kind, rule: "a UUID in its hyphenated form (RFC 9562 §4), not nil" };
                if text.len() != 36 {
                    return Err(wrong);
                }
                match Uuid::try_parse(text) {
                    Ok(id) if !id.is_nil() => Ok($name(id)),
                    _ => Err(wrong),
                }
            }
        }
    };
}

uuid_name! {
    /// A request (用印申请).
    RequestId "a request id"
}
uuid_name! {
    /// One try at stamping one copy, chosen by the client.
    UseId "a use id"
}
uuid_name! {
    /// An act (签批): the `jti` of its claims.
    ActId "an act id"
}

macro_rules! short_name {
    ($(#[$doc:meta])* $name:ident $kind:literal) => {
        $(#[$doc])*
        /// `[a-z0-9-]`, 1 to 64 characters.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let fits = (1..=64).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if fits {
                    Ok($name(text.to_owned()))
                } else {
                    Err(NameError { kind: $kind, rule: "1 to 64 of a-z, 0-9 and -" })
                }
            }
        }
    };
}

short_name! {
    /// Stable id of a seal.
    SealId "a seal id"
}
short_name! {
    /// Opaque id of a person; stands in the clear in the journal, so it says nothing about them.
    PersonId "a person id"
}

/// `CK_TOKEN_INFO.serialNumber` without padding: 1 to 16 printable ASCII characters. Tokens are found by it, never by slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenSerial(String);

impl TokenSerial {
    /// The text of the serial.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenSerial {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim_matches([' ', '\0']);
        if (1..=16).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            Ok(TokenSerial(text.to_owned()))
        } else {
            Err(NameError { kind: "a token serial", rule: "1 to 16 printable ASCII characters" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
        assert_eq!(id.parse::<UseId>().unwrap().to_string(), id);
        assert_eq!(id.to_uppercase().parse::<UseId>().unwrap(), id.parse().unwrap());
        assert!(id.replace('-', "").parse::<UseId>().is_err());
        assert!("00000000-0000-0000-0000-000000000000".parse::<UseId>().is_err());
        assert!("Seal".parse::<SealId>().is_err());
        assert_eq!("ab12   ".parse::<TokenSerial>().unwrap().as_str(), "ab12");
        assert!("  ".parse::<TokenSerial>().is_err());
    }

    #[test]
    fn digest_reads_its_own_text() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::from_hex("ba78"), None);
    }
}
