//! Records of a token's inspection (rule C3).

use serde::{Deserialize, Serialize};

use super::Actor;
use super::actor::Commitments;
use crate::{Code, Id, ListDigest};

/// The most findings one record tells.
pub const MAX_INSPECTION_FINDINGS: usize = 32;

/// A token was inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenInspected {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who asked for it; absent: it was made on schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The seals it covers: a list of their ids, in the order of the configuration.
    pub seals: ListDigest,
    /// What follows from the findings.
    pub verdict: Verdict,
    /// What was found, the gravest first; at most [`MAX_INSPECTION_FINDINGS`].
    pub findings: Vec<InspectionFinding>,
    /// How many further findings there were, none of them graver; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// `CK_TOKEN_INFO.firmwareVersion` as `major.minor`; absent where the token tells none or is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Id>,
    /// What became of the test signatures, over all seals; of several, the gravest.
    pub test_signature: TestSignature,
}

/// What follows from an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing found stands against using the seals: no finding has the severity `refuse`.
    Passed,
    /// Something does.
    Failed,
}

/// What became of an inspection's test signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestSignature {
    /// Made by every seal's key, and verified with the seal's certificate.
    Verified,
    /// Not made: the token was locked or absent, the key asks for the PIN and none was given, or the token refused.
    NotMade,
    /// Made, and the certificate does not verify it.
    Wrong,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionFinding {
    /// How grave it is.
    pub severity: Severity,
    /// The reason code.
    pub code: Code,
    /// The seal it concerns; absent: the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Id>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something has to be done before long.
    Warn,
    /// It stands against using the seal.
    Refuse,
}

impl TokenInspected {
    /// Whether the verdict is that of the findings, which are no more than a record may tell. None left out is graver than those told.
    pub fn is_consistent(&self) -> bool {
        let refused = self.findings.iter().any(|finding| finding.severity == Severity::Refuse);
        refused == (self.verdict == Verdict::Failed) && self.findings.len() <= MAX_INSPECTION_FINDINGS
    }

    pub(super) fn commitments(&self, found: &mut Commitments) {
        if let Some(by) = &self.by {
            by.commitments("by", found);
        }
    }
}
