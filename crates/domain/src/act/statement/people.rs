//! What is said of people, grants and the policy.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    identity::{Digest, PersonId, SealId},
    office::Role,
};

/// A person as registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonEntry {
    /// Opaque id.
    pub person: PersonId,
    /// Name, 1 to 128 characters.
    pub name: String,
    /// Unit, 1 to 128 characters.
    pub unit: String,
    /// Roles (G2).
    pub roles: BTreeSet<Role>,
    /// Public keys as JWK (RFC 7517), P-256, at most 8.
    pub keys: Vec<Value>,
    /// The system user they are on the agent's machine, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Certificates their programs show to the agent from other machines (TLS clients): SHA-256 of the DER, hex, at most 8 (U10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Digest>,
}

/// One person and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPerson {
    /// Who.
    pub person: PersonId,
    /// Why, 1 to 1000 characters.
    pub reason: String,
}

/// A person was trained in the keeping of seals (C6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingGiven {
    /// Who.
    pub person: PersonId,
    /// In what, 1 to 128 characters.
    pub topic: String,
    /// Until when it counts, seconds since the Unix epoch; the policy may ask for another one earlier.
    pub until_s: u64,
}

/// Within which a person may use a seal (U1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// Who.
    pub person: PersonId,
    /// Which seal.
    pub seal: SealId,
    /// Classes of documents, at least one.
    pub classes: BTreeSet<String>,
    /// Most copies per request, at least 1.
    pub copies_per_request: u32,
    /// Most copies stamped per calendar day (UTC offset of the policy), at least 1.
    pub uses_per_day: u32,
    /// Hours of the day within which it may be stamped; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Until when, seconds since the Unix epoch.
    pub until_s: u64,
}

/// A span of the day in minutes after midnight, by the policy's UTC offset: from (included) until (excluded), `from` < `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// 0 to 1439.
    pub from_minute: u32,
    /// 1 to 1440.
    pub until_minute: u32,
}

/// A grant that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedGrant {
    /// Whose.
    pub person: PersonId,
    /// Of which seal.
    pub seal: SealId,
    /// Why, 1 to 1000 characters.
    pub reason: String,
}

/// A policy file by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDigest {
    /// SHA-256 of the file, hex.
    pub sha256: Digest,
}
