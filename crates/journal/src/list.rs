//! Long lists: they stand in a table of their own, the record holds their digest and count.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, RecordError, canonical};

/// Digest and length of a list kept outside the record: SHA-256 over the list as one JSON array in canonical form
/// (RFC 8785), whose values obey the same limits as a record's (strings and integers below 2^53 in magnitude).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDigest {
    /// How many entries the list has.
    pub count: u64,
    /// SHA-256 of its canonical bytes.
    pub sha256: Digest,
}

impl ListDigest {
    /// Digest and canonical bytes of `items`; the bytes are what must be kept.
    ///
    /// # Errors
    /// [`RecordError::ForbiddenValue`] for what canonical records may not hold, [`RecordError::Malformed`] for what
    /// JSON cannot.
    pub fn of<T: Serialize>(items: &[T]) -> Result<(Self, Vec<u8>), RecordError> {
        let value = serde_json::to_value(items).map_err(|error| RecordError::Malformed(error.to_string()))?;
        let bytes = canonical::encode(&value)?;
        Ok((Self { count: items.len() as u64, sha256: Digest::of(&bytes) }, bytes))
    }

    /// Whether `bytes` are the canonical list this stands for.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return false };
        Digest::of(bytes) == self.sha256
            && value.as_array().is_some_and(|items| items.len() as u64 == self.count)
            && canonical::encode(&value).is_ok_and(|canonical| canonical == bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_matched_by_its_own_bytes_only() {
        let items = [json!({"y": -5, "page": 1}), json!({"page": 2, "y": 6})];
        let (digest, bytes) = ListDigest::of(&items).unwrap();
        assert_eq!(bytes, br#"[{"page":1,"y":-5},{"page":2,"y":6}]"#);
        assert!(digest.matches(&bytes));
        assert!(!ListDigest { count: 1, ..digest }.matches(&bytes));
        assert!(!digest.matches(br#"[{"page":1,"y":-5},{"page":2,"y":7}]"#));
        let spaced = br#"[1, 2]"#;
        assert!(!ListDigest { count: 2, sha256: Digest::of(spaced) }.matches(spaced));
    }

    #[test]
    fn an_empty_list_has_a_digest_too() {
        let (digest, bytes) = ListDigest::of::<u8>(&[]).unwrap();
        assert_eq!((digest.count, bytes.as_slice()), (0, b"[]".as_slice()));
        assert_eq!(digest.sha256, Digest::of(b"[]"));
    }

    #[test]
    fn fractions_are_refused() {
        assert_eq!(ListDigest::of(&[0.5]).unwrap_err().code(), "journal-value-forbidden");
    }
}
