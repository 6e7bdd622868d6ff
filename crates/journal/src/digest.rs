//! Digests as records show them: lower-case hexadecimal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4); 64 lower-case hexadecimal digits in a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the parts one after another.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;

    /// Reads 64 hexadecimal digits of either case. (A record's digits are lower-case all the same: its bytes must be
    /// those that encoding it again gives.)
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode(text).map(Self)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A digest together with its algorithm, for what the signature's own algorithm decides: the signed digest over the
/// /ByteRange is SHA-256 or, with P-384, SHA-384. In a record `sha-256:<hex>` or `sha-384:<hex>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageDigest {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-384.
    Sha384([u8; 48]),
}

impl fmt::Display for MessageDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => write!(out, "sha-256:{}", hex::encode(bytes)),
            Self::Sha384(bytes) => write!(out, "sha-384:{}", hex::encode(bytes)),
        }
    }
}

impl FromStr for MessageDigest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("sha-256", digits)) => decode(digits).map(Self::Sha256),
            Some(("sha-384", digits)) => decode(digits).map(Self::Sha384),
            _ => Err(hex::FromHexError::InvalidStringLength),
        }
    }
}

impl Serialize for MessageDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

pub(crate) fn decode<const N: usize>(digits: &str) -> Result<[u8; N], hex::FromHexError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc_is_the_published_one() {
        let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), published);
        assert_eq!(Digest::of_parts(&[b"a", b"", b"bc"]), published.parse().unwrap());
    }

    #[test]
    fn message_digests_name_their_algorithm() {
        for digest in [MessageDigest::Sha256([7; 32]), MessageDigest::Sha384([9; 48])] {
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
        assert!("07".repeat(32).parse::<MessageDigest>().is_err());
        assert!(format!("sha-256:{}", "07".repeat(48)).parse::<MessageDigest>().is_err());
        assert!(format!("md5:{}", "07".repeat(16)).parse::<MessageDigest>().is_err());
    }
}
