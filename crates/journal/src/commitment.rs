//! Salted commitments: a record proves what a name or reason was without telling it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::digest::{self, Digest};

/// Bytes of a salt. As many as the digest has: nobody can guess a value from its commitment.
pub const SALT_LENGTH: usize = 32;

/// SHA-256(salt ‖ value in UTF-8), as a record shows it: 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(Digest);

impl Commitment {
    /// The commitment to `value` under `salt`.
    pub fn to(salt: &Salt, value: &str) -> Self {
        Self(Digest::of_parts(&[salt.as_bytes(), value.as_bytes()]))
    }

    /// The digest itself.
    pub fn digest(&self) -> &Digest {
        &self.0
    }
}

/// The secret part of a commitment; drawn afresh for every value, by the caller. Hexadecimal in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; SALT_LENGTH]);

impl Salt {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; SALT_LENGTH] {
        &self.0
    }
}

impl From<[u8; SALT_LENGTH]> for Salt {
    fn from(bytes: [u8; SALT_LENGTH]) -> Self {
        Self(bytes)
    }
}

/// Shows no byte: with its salt a commitment can be guessed.
impl fmt::Debug for Salt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Salt(..)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        digest::decode(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

/// What opens one commitment of a record. Kept beside the journal, in a table that can be erased; the record stays
/// whole without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Dotted path of the field in its record (`reason`, `custodian.from.host`).
    pub field: String,
    /// The salt.
    pub salt: Salt,
    /// The value in clear.
    pub value: String,
}

impl Disclosure {
    /// Whether this is what `commitment` was made from.
    pub fn opens(&self, commitment: &Commitment) -> bool {
        Commitment::to(&self.salt, &self.value) == *commitment
    }
}

/// Why a disclosure does not belong to a record.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisclosureError {
    /// The record commits to nothing under that name.
    #[error("the record holds no commitment named {field}")]
    NoSuchField {
        /// The name asked for.
        field: String,
    },
    /// Salt and value do not give the commitment.
    #[error("salt and value do not open the commitment {field}")]
    Mismatch {
        /// The commitment's name.
        field: String,
    },
}

impl DisclosureError {
    /// The stable reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchField { .. } => "journal-disclosure-unknown",
            Self::Mismatch { .. } => "journal-disclosure-mismatch",
        }
    }
}

/// Commits to the values of one record and keeps what opens them.
///
/// `salts` gives a fresh salt on each call, or the error of the source of randomness.
pub struct Committer<F> {
    salts: F,
    disclosures: Vec<Disclosure>,
}

impl<F, E> Committer<F>
where
    F: FnMut() -> Result<[u8; SALT_LENGTH], E>,
{
    /// A committer for one record.
    pub fn new(salts: F) -> Self {
        Self { salts, disclosures: Vec::new() }
    }

    /// Commits to `value` as the record's `field` (its dotted path).
    ///
    /// # Errors
    /// Whatever the source of salts reports.
    pub fn commit(&mut self, field: &str, value: &str) -> Result<Commitment, E> {
        let salt = Salt::from((self.salts)()?);
        let commitment = Commitment::to(&salt, value);
        self.disclosures.push(Disclosure { field: field.to_owned(), salt, value: value.to_owned() });
        Ok(commitment)
    }

    /// What opens all that was committed to, in order.
    pub fn into_disclosures(self) -> Vec<Disclosure> {
        self.disclosures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_the_digest_of_salt_and_value() {
        let commitment = Commitment::to(&Salt::from([0x61; 32]), "bc");
        let expected = Digest::of(&[b"a".repeat(32), b"bc".to_vec()].concat());
        assert_eq!(commitment.digest(), &expected);
    }

    #[test]
    fn only_the_very_salt_and_value_open_it() {
        let mut next = 0_u8;
        let mut committer = Committer::new(|| {
            next += 1;
            Ok::<_, ()>([next; 32])
        });
        let reason = committer.commit("reason", "年度采购合同").unwrap();
        let host = committer.commit("host", "desk-7").unwrap();
        let disclosures = committer.into_disclosures();
        assert_eq!(disclosures.len(), 2);
        assert_ne!(disclosures[0].salt, disclosures[1].salt);
        assert!(disclosures[0].opens(&reason) && disclosures[1].opens(&host));
        assert!(!disclosures[0].opens(&host));
        let altered = Disclosure { value: "年度采购合同 ".into(), ..disclosures[0].clone() };
        assert!(!altered.opens(&reason));
        let salted = Disclosure { salt: Salt::from([9; 32]), ..disclosures[0].clone() };
        assert!(!salted.opens(&reason));
    }

    #[test]
    fn a_salt_is_not_shown_by_debug_but_survives_json() {
        let disclosure =
            Disclosure { field: "uid".into(), salt: Salt::from([0xab; 32]), value: "1000".into() };
        assert!(!format!("{disclosure:?}").contains("ab"));
        let json = serde_json::to_string(&disclosure).unwrap();
        assert!(json.contains(&"ab".repeat(32)));
        assert_eq!(serde_json::from_str::<Disclosure>(&json).unwrap(), disclosure);
    }

    #[test]
    fn a_failing_source_of_salts_is_reported() {
        let mut committer = Committer::new(|| Err("no entropy"));
        assert_eq!(committer.commit("reason", "x"), Err("no entropy"));
        assert!(committer.into_disclosures().is_empty());
    }
}
