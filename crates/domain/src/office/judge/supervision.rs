//! Findings of the auditor and their answers (S3).

use super::super::{Change, Changed, Finding};
use crate::{
    act::statement::{FindingAnswer, FindingText},
    reason::Reason,
    refusal::{Refusal, Violation},
    rule::act::ActFacts,
};

pub(super) fn find(facts: &ActFacts<'_>, finding: &FindingText) -> Change {
    Changed::Finding(Finding { by: facts.reference(), finding: finding.clone(), answered: None }).into()
}

pub(super) fn answer(facts: &ActFacts<'_>, answer: &FindingAnswer) -> Result<Change, Refusal> {
    let finding = facts.finding(&answer.about)?;
    if finding.answered.is_some() {
        return Err(Violation::new(Reason::ActDoneAlready).with("act", answer.about).into());
    }
    let answered = Some((facts.reference(), answer.text.clone()));
    Ok(Changed::Finding(Finding { answered, ..finding.clone() }).into())
}
