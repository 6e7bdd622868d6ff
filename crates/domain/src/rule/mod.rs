//! The rules, each in one place: id, clause of the regulation, the reasons it refuses for, the test that holds it, and the check.
//!
//! Checks are pure: they look at facts and at a time they are given. All rows of a table run, and everything that stands against an act,
//! a document or a use comes back in one refusal. `docs/rules.md` is these tables as a page.

pub mod act;
pub mod document;
pub mod signed;
pub mod usage;

use crate::{
    reason::Reason,
    refusal::{Refusal, Violations},
};

/// A rule with its check over facts of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Rule<C> {
    /// What is said of it.
    pub row: Row,
    /// The check: adds what it finds against the facts.
    pub check: C,
}

/// What is said of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Clause and a name, e.g. `U2.self-approval`.
    pub id: &'static str,
    /// Clause of the regulation.
    pub clause: &'static str,
    /// Every reason it may refuse for.
    pub reasons: &'static [Reason],
    /// The test that holds it: path from the root, `::`, name of the function.
    pub tested: &'static str,
}

impl<C> Rule<C> {
    const fn new(
        id: &'static str,
        clause: &'static str,
        reasons: &'static [Reason],
        tested: &'static str,
        check: C,
    ) -> Self {
        Rule { row: Row { id, clause, reasons, tested }, check }
    }
}

/// Every rule there is, in the order of the tables: signature, acts, documents, uses.
pub fn rows() -> impl Iterator<Item = Row> {
    let signed = signed::RULES.iter().map(|rule| rule.row);
    let acts = act::tables().flatten().map(|rule| rule.row);
    let documents = document::RULES.iter().map(|(rule, _)| rule.row);
    signed.chain(acts).chain(documents).chain(usage::tables().flatten().map(|rule| rule.row))
}

/// Runs checks one after the other; everything they found.
fn all(checks: impl Iterator<Item = impl FnOnce(&mut Violations)>) -> Result<(), Refusal> {
    let mut violations = Violations::new();
    for check in checks {
        check(&mut violations);
    }
    violations.into_result()
}
