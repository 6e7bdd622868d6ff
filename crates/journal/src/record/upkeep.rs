//! Records of upkeep (rule C6): versions that run, and copies of the journal.

use serde::{Deserialize, Serialize};

use super::actor::Commitments;
use super::{Actor, TreeHead};
use crate::{Digest, Id};

/// Something has another version than the last one on record, or none was on record yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionSeen {
    /// What has it.
    pub of: Versioned,
    /// The module's name in the configuration, or the token's serial number; absent: the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Id>,
    /// The agent's SemVer, the module's `CK_INFO.libraryVersion` or the token's `CK_TOKEN_INFO.firmwareVersion`, these as `major.minor`.
    pub version: Id,
    /// Of a module: `CK_INFO.manufacturerID`; absent where its text is empty or no identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<Id>,
    /// Of a module: SHA-256 of its file; absent where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_sha256: Option<Digest>,
    /// Of a token: `CK_TOKEN_INFO.hardwareVersion` as `major.minor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<Id>,
    /// The version that was last on record; absent: there was none. It can be the same, where something else of this record differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Id>,
}

/// What has a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Versioned {
    /// The agent.
    Agent,
    /// A PKCS#11 module.
    Module,
    /// A token.
    Token,
}

/// A copy of the whole journal was handed out, to the last byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalBackedUp {
    /// To whom.
    pub by: Actor,
    /// The journal in the copy: how many records, and their root hash. This record is none of them.
    pub journal: TreeHead,
    /// SHA-256 of the copy's file.
    pub sha256: Digest,
}

impl JournalBackedUp {
    pub(super) fn commitments(&self, found: &mut Commitments) {
        self.by.commitments("by", found);
    }
}
