//! The policy file: every threshold of the regulation, in TOML, unknown keys refused. First as written, then resolved and checked.

mod changes;
mod document;
mod pictures;
mod raw;
mod remote;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;

pub use self::{
    changes::{Change, changes},
    document::{Brackets, DocumentRules, Severity},
    pictures::{CustomarySizes, PictureRules},
    remote::RemoteTerms,
};
use crate::identity::PersonId;

/// Thresholds in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Class a request has that names none.
    pub default_class: String,
    /// Document classes by name.
    pub classes: BTreeMap<String, DocumentClass>,
    /// Most copies one request may ask for (U1).
    pub copies_per_request: u32,
    /// How long a request stays open, ms.
    pub request_lifetime_ms: u64,
    /// Longest time a ticket is good for from its `iat`, s (U2); its own `exp` may be earlier.
    pub ticket_lifetime_s: u64,
    /// What an office counts by.
    pub office: OfficeTerms,
    /// Unlocking (design: one use by default).
    pub unlock: UnlockLimits,
    /// Inspection of the tokens (C3).
    pub inspection: InspectionRules,
    /// Use from another machine (U10).
    pub remote: RemoteTerms,
    /// Pictures of seals (A5).
    pub pictures: PictureRules,
    /// How long names, reasons, file names and texts of acts are kept in any case, ms; then they may be erased. Records stay.
    pub personal_data_ms: u64,
    /// After how many months a custodian's training is due again (C6); 0: it is not asked for.
    pub training_interval_months: u32,
    /// What is found in documents (U4, U7).
    pub document: DocumentRules,
    /// What follows where the clock is behind the newest record (U9).
    pub clock_behind: ClockBehind,
}

/// What follows where the system's clock is more than five minutes behind the newest record of the journal (U9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockBehind {
    /// Nothing is stamped or unlocked, and everything else is judged by the time of that record.
    #[default]
    Refuse,
    /// The clock is right and the journal's time was wrong: everything is judged by the clock, and the diagnosis warns.
    Warn,
}

/// A class of documents by its two axes, the approvals it needs, and whose (U2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentClass {
    /// Tickets each use needs, each from another approver: 0 to [`MAX_TICKETS`], 0 in a solo policy.
    pub tickets: u32,
    /// What hangs on such a document; the approver confirms it.
    pub importance: Importance,
    /// Who may know of it; the approver confirms it.
    pub secrecy: Secrecy,
    /// Who of the approvers may approve, reject and see such documents; empty: all of them. Never fewer than [`Self::tickets`].
    pub approvers: BTreeSet<PersonId>,
}

/// Most approvers a class can name.
pub const MAX_APPROVERS: usize = 64;

/// Most tickets a class can ask for.
pub const MAX_TICKETS: u32 = 16;

/// How much hangs on a document (U2), rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// 一般
    Ordinary,
    /// 重要
    Important,
    /// 重大
    Major,
}

/// Who may know of a document (U2), rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrecy {
    /// 公开
    Public,
    /// 内部
    Internal,
    /// 秘密
    Confidential,
    /// 机密
    Secret,
}

/// What an office's days and acts are measured by. A solo journal has no acts and never asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficeTerms {
    /// The office's time, min east of UTC: what the hours and calendar days of a grant are counted by (U1). -720 to 840.
    pub utc_offset_minutes: i32,
    /// Longest time between `iat` and `exp` of an act, s (G3).
    pub act_lifetime_s: u64,
}

/// How long an unlock lasts, whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlockLimits {
    /// Most signatures one unlock may be asked for.
    pub max_uses: u32,
    /// Longest idle time one unlock may be asked for, ms.
    pub max_idle_ms: u64,
    /// Idle time when none is asked for, ms.
    pub default_idle_ms: u64,
    /// Longest life one unlock may be asked for, in use or not, ms.
    pub max_lifetime_ms: u64,
    /// Life when none is asked for, ms.
    pub default_lifetime_ms: u64,
    /// Wrong PINs in a row after which no further one is tried unless a person says so, where the token does not tell the tries left.
    pub wrong_pins_before_caution: u32,
}

/// When tokens are inspected, and what follows if they are not (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionRules {
    /// How long an inspection that passed holds, ms.
    pub interval_ms: u64,
    /// How long after that it is overdue, ms.
    pub grace_ms: u64,
    /// Whether a seal whose token's inspection is overdue, or was not passed, is refused.
    pub block_overdue: bool,
    /// How long before its end a certificate is warned of, ms.
    pub certificate_warning_ms: u64,
}

impl ClockBehind {
    /// As the policy file writes it.
    pub fn name(self) -> &'static str {
        match self {
            ClockBehind::Refuse => "refuse",
            ClockBehind::Warn => "warn",
        }
    }
}

/// Under which authority the journal is kept that a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// One person. Nobody else can approve, so no class may need a ticket: it could never be used.
    Solo,
    /// A seal office, whose people act by signature.
    Office,
}

/// Why a policy file is not accepted. Each message names the key and what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML of the expected shape; the message tells where.
    #[error("{0}")]
    Syntax(String),
    /// A value out of its range.
    #[error("{key}: must be {rule}")]
    Range {
        /// Dotted key.
        key: String,
        /// What it must be.
        rule: &'static str,
    },
    /// A solo policy asks for tickets.
    #[error("classes.{0}.tickets: must be 0 in a solo journal, where nobody else can approve")]
    TicketsInSolo(String),
    /// A solo policy allows use from afar, which takes a ticket more.
    #[error("remote.allowed: must be false in a solo journal, where nobody else can approve")]
    RemoteInSolo,
}

impl Policy {
    /// Most bytes of a policy file: 64 KiB, some ten times what one with a comment for each key has.
    pub const FILE_LIMIT: u64 = 64 << 10;

    /// The policy `init --solo` writes, with a comment and unit for each threshold.
    pub const SOLO_TOML: &'static str = include_str!("solo_policy.toml");

    /// The policy a seal office begins with, with a comment and unit for each threshold.
    pub const OFFICE_TOML: &'static str = include_str!("office_policy.toml");

    /// Reads and checks a policy file for a journal kept under this authority.
    ///
    /// # Errors
    /// [`PolicyError`], the first that is found.
    pub fn from_toml(text: &str, authority: Authority) -> Result<Self, PolicyError> {
        let policy = raw::RawPolicy::read(text)?.resolved()?;
        match policy.classes.iter().find(|(_, class)| class.tickets > 0) {
            Some((name, _)) if authority == Authority::Solo => Err(PolicyError::TicketsInSolo(name.clone())),
            _ if authority == Authority::Solo && policy.remote.allowed => Err(PolicyError::RemoteInSolo),
            _ => Ok(policy),
        }
    }

    /// Whether an approver is one for documents of this class; of a class there is not, nobody is.
    pub fn entitles(&self, approver: &PersonId, class: &str) -> bool {
        self.classes.get(class).is_some_and(|class| class.entitles(approver))
    }
}

impl DocumentClass {
    /// Whether an approver is one for documents of this class.
    pub fn entitles(&self, approver: &PersonId) -> bool {
        self.approvers.is_empty() || self.approvers.contains(approver)
    }
}

impl Importance {
    /// As the policy file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Importance::Ordinary => "ordinary",
            Importance::Important => "important",
            Importance::Major => "major",
        }
    }
}

impl Secrecy {
    /// As the policy file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Secrecy::Public => "public",
            Secrecy::Internal => "internal",
            Secrecy::Confidential => "confidential",
            Secrecy::Secret => "secret",
        }
    }
}

impl fmt::Display for Importance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Secrecy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
