//! What comes of what was found.

use crate::{
    policy::Severity,
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
};

/// One finding on a document, as grave as the policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// On which page, from 1; `None`: the whole document.
    pub page: Option<u32>,
    /// Reason and particulars; a page stands among these too, for a refusal knows no pages.
    pub violation: Violation,
}

impl Finding {
    /// Row of the reason table.
    pub fn reason(&self) -> Reason {
        self.violation.reason
    }

    /// Clause of the regulation.
    pub fn clause(&self) -> &'static str {
        self.violation.reason.clause()
    }
}

/// All findings on one document, in the order of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Those that do not stand against a stamp: who approves and who confirms is shown them.
    pub fn shown(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity < Severity::Refuse)
    }

    /// Whether the document may be stamped.
    ///
    /// # Errors
    /// Every finding that stands against it, together.
    pub fn admit(&self) -> Result<(), Refusal> {
        let mut violations = Violations::new();
        for finding in self.0.iter().filter(|finding| finding.severity == Severity::Refuse) {
            violations.push(finding.violation.clone());
        }
        violations.into_result()
    }
}
