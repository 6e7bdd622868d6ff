//! A refusal: every rule that stands against what was asked, together.

use std::{collections::BTreeMap, fmt};

use crate::reason::Reason;

/// One broken rule with its particulars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Row of the reason table.
    pub reason: Reason,
    /// Particulars, e.g. `offset` → `1234`: at most a few short values, already free of secrets.
    pub details: BTreeMap<&'static str, String>,
}

/// Most characters of one particular.
const DETAIL_CHARACTERS: usize = 256;

impl Violation {
    /// The bare reason.
    pub fn new(reason: Reason) -> Self {
        Violation { reason, details: BTreeMap::new() }
    }

    /// Adds one particular, of which the first 256 characters are kept: what a caller sent may be as long as a message.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.details.insert(key, value.to_string().chars().take(DETAIL_CHARACTERS).collect());
        self
    }
}

impl From<Reason> for Violation {
    fn from(reason: Reason) -> Self {
        Violation::new(reason)
    }
}

/// At least one violation; there is no empty refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    first: Violation,
    rest: Vec<Violation>,
}

impl Refusal {
    /// All violations, in the order they were found.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The first violation, for places that can show only one.
    pub fn first(&self) -> &Violation {
        &self.first
    }
}

impl From<Violation> for Refusal {
    fn from(first: Violation) -> Self {
        Refusal { first, rest: Vec::new() }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Violation::new(reason).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(violation.reason.code())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Collects violations while rules are checked, so that all of them are told at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, violation: impl Into<Violation>) {
        self.0.push(violation.into());
    }

    /// The value of a check that passed, or its violations kept and `None`.
    pub fn keep<T>(&mut self, checked: Result<T, Refusal>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.0.push(refusal.first);
                self.0.extend(refusal.rest);
                None
            }
        }
    }

    /// Whether nothing stands against it so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` if nothing stands against it.
    pub fn into_result(self) -> Result<(), Refusal> {
        let mut all = self.0.into_iter();
        match all.next() {
            None => Ok(()),
            Some(first) => Err(Refusal { first, rest: all.collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_sent_is_told_in_part_only() {
        let told = Violation::new(Reason::ClassUnknown).with("class", "类".repeat(1 << 20));
        assert_eq!(told.details["class"], "类".repeat(256));
    }

    #[test]
    fn all_violations_are_told_together_in_order() {
        let mut violations = Violations::new();
        violations.push(Reason::SealUnknown);
        violations.push(Violation::new(Reason::CopiesOutOfRange).with("limit", 10));
        let refusal = violations.into_result().unwrap_err();
        assert_eq!(refusal.to_string(), "seal-unknown, copies-out-of-range");
        assert_eq!(refusal.violations().nth(1).unwrap().details["limit"], "10");
        assert!(Violations::new().into_result().is_ok());
    }
}
