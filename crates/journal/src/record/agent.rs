//! Records of the agent itself: start, stop, policy.

use serde::{Deserialize, Serialize};

use crate::{Code, Commitment, Digest, Id};

/// The agent began to run. The first record of every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentStarted {
    /// The agent's version.
    pub version: Id,
    /// The journal's origin (C2SP tlog-checkpoint): `<domain>/seal-journal/<journal id>`. The same in every run.
    pub origin: Id,
    /// Commitment to the name of the agent's host.
    pub host: Commitment,
}

/// The agent ended in good order. A run whose last record is another one was broken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentStopped {
    /// Why.
    pub cause: StopCause,
}

/// Why the agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    /// Told to, by a signal or the service manager.
    Request,
    /// It could not go on, but could still write this.
    Fault,
}

/// A policy came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyLoaded {
    /// SHA-256 of the policy file's bytes.
    pub sha256: Digest,
    /// Commitment to the seal office's act (compact JWS) that put it in force; absent in solo mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Commitment>,
}

/// A policy file was not taken; what was in force before stays so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRejected {
    /// SHA-256 of the file's bytes; absent where they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Why, by the table of reasons.
    pub code: Code,
}
