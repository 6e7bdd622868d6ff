//! What rules and judge ask of the facts.

use super::ActFacts;
use crate::{
    act::{Statement, statement::Destruction},
    identity::{ActId, PersonId, RequestId, SealId},
    office::{ActRef, Ended, Finding, Person, RequestFacts, Role, SealEntry},
    reason::Reason,
    refusal::{Refusal, Violation},
};

impl<'a> ActFacts<'a> {
    /// The act, as entities name it.
    pub(crate) fn reference(&self) -> ActRef {
        ActRef { act: self.claims.id, by: self.claims.issuer.clone(), at_us: self.outside.now_us }
    }

    /// Now, whole seconds since the Unix epoch.
    pub(crate) fn now_s(&self) -> u64 {
        self.outside.now_us / 1_000_000
    }

    /// When the act was signed, whole seconds since the Unix epoch. A clock that is ahead, as it may be a little, says nothing of the time to come.
    pub(crate) fn signed_s(&self) -> u64 {
        self.claims.issued_s.min(self.now_s())
    }

    pub(crate) fn signer(&self) -> Option<&'a Person> {
        self.office.people.get(&self.claims.issuer)
    }

    pub(crate) fn signer_is(&self, role: Role) -> bool {
        self.signer().is_some_and(|person| person.is(role))
    }

    /// Whether who signed is the head of this unit.
    pub(crate) fn signer_heads(&self, unit: &str) -> bool {
        self.signer().is_some_and(|person| person.heads(unit))
    }

    pub(crate) fn person(&self, id: &PersonId) -> Result<&'a Person, Refusal> {
        let unknown = || Violation::new(Reason::PersonNotRegistered).with("person", id).into();
        self.office.people.get(id).ok_or_else(unknown)
    }

    pub(crate) fn seal(&self, id: &SealId) -> Result<&'a SealEntry, Refusal> {
        let unknown = || Violation::new(Reason::SealUnknown).with("seal", id).into();
        self.office.seals.get(id).ok_or_else(unknown)
    }

    pub(crate) fn finding(&self, id: &ActId) -> Result<&'a Finding, Refusal> {
        let unknown = || Violation::new(Reason::FindingUnknown).with("act", id).into();
        self.office.findings.get(id).ok_or_else(unknown)
    }

    /// The request the act speaks of, as it was found outside the office.
    pub(crate) fn request(&self, id: &RequestId) -> Result<&'a RequestFacts, Refusal> {
        let unknown = || Violation::new(Reason::RequestUnknown).with("request", id).into();
        self.outside.request.filter(|found| found.binding.request == *id).ok_or_else(unknown)
    }

    /// The seal the act speaks of, if there is one.
    pub(crate) fn named_seal(&self) -> Option<&'a SealEntry> {
        let id = match &self.claims.statement {
            Statement::Grant(terms) => &terms.seal,
            Statement::GrantEnd(ended) => &ended.seal,
            Statement::SealApply(application) => &application.seal,
            Statement::SealApprove(named)
            | Statement::SealResume(named)
            | Statement::SealRetireApprove(named)
            | Statement::SealRevoke(named) => &named.seal,
            Statement::SealRefuse(named) | Statement::SealSuspend(named) => &named.seal,
            Statement::SealReview(review) => &review.seal,
            Statement::SealMake(made) => &made.seal,
            Statement::SealIssue(issue) => &issue.seal,
            Statement::SealReceive(receipt) => &receipt.seal,
            Statement::SealOffer(hand_over)
            | Statement::SealAccept(hand_over)
            | Statement::SealHandOver(hand_over) => &hand_over.seal,
            Statement::SealReport(report) => &report.seal,
            Statement::NoticeAcknowledge(named) => &self.office.notices.get(&named.about)?.seal,
            Statement::SealRetire(retirement) => &retirement.seal,
            Statement::SealDestroy(destruction) => &destruction.seal,
            Statement::CertificateRevocation(said) => &said.seal,
            Statement::RequestFile(binding) | Statement::RequestApprove(binding) => &binding.seal,
            Statement::PersonRegister(_)
            | Statement::PersonLeave(_)
            | Statement::Training(_)
            | Statement::Policy(_)
            | Statement::RequestReject(_)
            | Statement::RequestWithdraw(_)
            | Statement::Finding(_)
            | Statement::FindingAnswer(_) => return None,
        };
        self.office.seals.get(id)
    }

    /// The first of the two acts that resume a seal of this unit, unless who signed it may no longer: then this act is the first.
    pub(crate) fn first_of_two<'b>(&self, first: &'b Option<ActRef>, unit: &str) -> Option<&'b ActRef> {
        let may = |act: &&ActRef| {
            let person = self.office.people.get(&act.by);
            person.is_some_and(|person| person.is(Role::SealOffice) || person.heads(unit))
        };
        first.as_ref().filter(may)
    }

    /// The first of the two acts that say a key is destroyed, unless who signed it has left or now says otherwise: then this act is the first.
    pub(crate) fn first_of_destruction<'b>(
        &self,
        ended: &'b Ended,
        destruction: &Destruction,
    ) -> Option<&'b ActRef> {
        let (first, said) = ended.destroying.as_ref()?;
        let corrected = first.by == self.claims.issuer && said.carrier != destruction.carrier;
        let there = self.office.people.get(&first.by).is_some_and(Person::is_employed);
        (there && !corrected).then_some(first)
    }
}
