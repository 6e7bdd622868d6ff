//! What a statement is about: the seal, person and request that stand in the clear in its record.

use super::{Act, Statement};
use crate::identity::{PersonId, RequestId, SealId};

/// All grants of a person together, as [`Statement::superseded_by`] names them.
pub(crate) fn every_grant_of(person: &PersonId) -> String {
    format!("grants {person}")
}

impl Statement {
    /// The seal it is about.
    pub fn seal(&self) -> Option<&SealId> {
        match self {
            Statement::Grant(terms) => Some(&terms.seal),
            Statement::GrantEnd(ended) => Some(&ended.seal),
            Statement::SealApply(application) => Some(&application.seal),
            Statement::SealApprove(named)
            | Statement::SealResume(named)
            | Statement::SealRetireApprove(named)
            | Statement::SealRevoke(named) => Some(&named.seal),
            Statement::SealRefuse(with_text) | Statement::SealSuspend(with_text) => Some(&with_text.seal),
            Statement::SealReview(review) => Some(&review.seal),
            Statement::SealMake(made) => Some(&made.seal),
            Statement::SealIssue(issue) => Some(&issue.seal),
            Statement::SealReceive(receipt) => Some(&receipt.seal),
            Statement::SealOffer(hand_over)
            | Statement::SealAccept(hand_over)
            | Statement::SealHandOver(hand_over) => Some(&hand_over.seal),
            Statement::SealReport(report) => Some(&report.seal),
            Statement::SealRetire(retirement) => Some(&retirement.seal),
            Statement::SealDestroy(destruction) => Some(&destruction.seal),
            Statement::CertificateRevocation(said) => Some(&said.seal),
            Statement::RequestFile(binding) | Statement::RequestApprove(binding) => Some(&binding.seal),
            Statement::PersonRegister(_)
            | Statement::PersonLeave(_)
            | Statement::Training(_)
            | Statement::Policy(_)
            | Statement::NoticeAcknowledge(_)
            | Statement::RequestReject(_)
            | Statement::RequestWithdraw(_)
            | Statement::Finding(_)
            | Statement::FindingAnswer(_) => None,
        }
    }

    /// What it says anew, whatever was said of it before; `None` for a step that only follows another.
    pub fn replaces(&self) -> Option<String> {
        match self {
            Statement::PersonRegister(entry) => Some(format!("person {}", entry.person)),
            Statement::PersonLeave(named) => Some(format!("person {}", named.person)),
            Statement::Grant(terms) => Some(format!("grant {} {}", terms.person, terms.seal)),
            Statement::GrantEnd(ended) => Some(format!("grant {} {}", ended.person, ended.seal)),
            Statement::Policy(_) => Some("policy".to_owned()),
            _ => None,
        }
    }

    /// What else is said of it where all of its kind end together: it must not be older than that either.
    pub fn superseded_by(&self) -> Option<String> {
        match self {
            Statement::Grant(terms) => Some(every_grant_of(&terms.person)),
            _ => None,
        }
    }

    /// The person it is about, other than its signer.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Statement::PersonRegister(entry) => Some(&entry.person),
            Statement::PersonLeave(named) => Some(&named.person),
            Statement::Training(given) => Some(&given.person),
            Statement::Grant(terms) => Some(&terms.person),
            Statement::GrantEnd(ended) => Some(&ended.person),
            Statement::SealIssue(issue) => Some(&issue.custodian),
            Statement::SealOffer(hand_over) | Statement::SealHandOver(hand_over) => Some(&hand_over.to),
            Statement::SealAccept(hand_over) => Some(&hand_over.from),
            Statement::RequestApprove(binding) => Some(&binding.applicant),
            Statement::Finding(finding) => Some(&finding.person),
            _ => None,
        }
    }

    /// The request it is about.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Statement::RequestFile(binding) | Statement::RequestApprove(binding) => Some(binding.request),
            Statement::RequestReject(ended) | Statement::RequestWithdraw(ended) => Some(ended.request),
            _ => None,
        }
    }
}

impl Act {
    /// The seal it is about.
    pub fn seal(&self) -> Option<&SealId> {
        self.claims().statement.seal()
    }

    /// The person it is about, other than its signer.
    pub fn person(&self) -> Option<&PersonId> {
        self.claims().statement.person()
    }

    /// The request it is about.
    pub fn request(&self) -> Option<RequestId> {
        self.claims().statement.request()
    }
}
