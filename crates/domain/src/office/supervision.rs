//! What stays open until somebody has dealt with it: notices (C4) and findings (S3).

use serde::{Deserialize, Serialize};

use super::ActRef;
use crate::{
    act::statement::{FindingText, ReportKind},
    identity::{PersonId, SealId},
};

/// A report that the unit's head and the seal office have to take note of (C4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The report.
    pub by: ActRef,
    /// Of which seal.
    pub seal: SealId,
    /// What.
    pub what: ReportKind,
    /// In words.
    pub text: String,
    /// Who of the unit's heads has taken note.
    pub head: Option<PersonId>,
    /// Who of the seal office has.
    pub office: Option<PersonId>,
}

impl Notice {
    /// Whether somebody has still to take note.
    pub fn is_open(&self) -> bool {
        self.head.is_none() || self.office.is_none()
    }
}

/// A finding (整改, S3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The auditor's act.
    pub by: ActRef,
    /// What, of whom, until when.
    pub finding: FindingText,
    /// The answer.
    pub answered: Option<(ActRef, String)>,
}
