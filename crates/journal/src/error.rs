//! What can be wrong with one record.

use crate::record::{RECORD_LIMIT, RECORD_VERSION};

/// Why a record cannot be written or read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The encoded record, or the bytes given for one, exceed [`RECORD_LIMIT`].
    #[error("a record of {length} bytes exceeds the limit of {RECORD_LIMIT} bytes")]
    TooLarge {
        /// Bytes of the record.
        length: usize,
    },
    /// A value that no record may hold: only strings and integers below 2^53 (RFC 8785 §3.2.2.3: larger ones do not
    /// survive every reader), in objects and arrays.
    #[error("{field} holds a value other than a string or an integer below 2^53")]
    ForbiddenValue {
        /// Dotted path of the field.
        field: String,
    },
    /// Not JSON, not an object, or not the fields of the type it names: one is missing, unknown or ill-typed.
    #[error("not a record: {0}")]
    Malformed(String),
    /// Right in meaning but not the canonical bytes (RFC 8785): order, white space, escapes, repeated keys, case.
    #[error("the record's bytes are not in canonical form")]
    NotCanonical,
    /// A record format this version does not know.
    #[error("record version {0:?} is not known, only {RECORD_VERSION}")]
    UnknownVersion(Option<u64>),
}

impl RecordError {
    /// The stable reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "journal-record-too-large",
            Self::ForbiddenValue { .. } => "journal-value-forbidden",
            Self::Malformed(_) => "journal-record-malformed",
            Self::NotCanonical => "journal-record-not-canonical",
            Self::UnknownVersion(_) => "journal-version-unknown",
        }
    }
}
