//! Refusals.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::{Commitments, Endpoint, Person};
use crate::{Code, Digest, Id};

/// Something asked for was refused. Repeated ones coalesce: one record stands for `count` refusals alike in all but
/// time, from `first_us` to `last_us`. What differs among the counted (request, use, document, token) is left out: all that a record tells is
/// true of everything it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// What was asked for, in one word: `submit`, `stamp`, `unlock`.
    pub operation: Code,
    /// The stage of the pipeline that refused: `identify`, `admit`, `inspect`, `place`.
    pub stage: Code,
    /// All that was found wrong together; at least one.
    pub violations: Vec<Violation>,
    /// Who asked, where the caller is a registered person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// From where.
    pub from: Endpoint,
    /// The seal asked for, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Id>,
    /// Serial number of the token asked for, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_serial: Option<Id>,
    /// The request, where there is one by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
    /// The use, where there is one by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_id: Option<Uuid>,
    /// SHA-256 of the document, where it is known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_sha256: Option<Digest>,
    /// How many refusals this stands for; at least 1.
    pub count: u64,
    /// When the first of them happened.
    pub first_us: u64,
    /// When the last of them happened.
    pub last_us: u64,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// The reason code.
    pub code: Code,
    /// The regulation's clause (`U4`), where the reason has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<Id>,
}

impl Refused {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        if let Some(person) = &self.person {
            person.commitments("person", found);
        }
        self.from.commitments("from", found);
    }
}
