//! Rules on acts: who may say what, of what, when. One table for each kind of act, and one that holds for all.

mod custody;
mod facts;
mod making;
mod people;
mod requests;

use super::{Rule, all};
use crate::{
    act::{Claims, Statement},
    identity::PersonId,
    office::{self, Office, Outside, Role},
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
    text,
};

/// An act with what there is to judge it by.
#[derive(Clone, Copy, Debug)]
pub struct ActFacts<'a> {
    /// The office before the act.
    pub office: &'a Office,
    /// What is said, signed by whom it names.
    pub claims: &'a Claims,
    /// Everything else.
    pub outside: &'a Outside<'a>,
}

/// A check of an act; acts it does not speak of pass.
pub type Check = fn(&ActFacts<'_>, &mut Violations);

/// Holds an act against every rule.
///
/// # Errors
/// Everything that stands against it.
pub fn check(facts: &ActFacts<'_>) -> Result<(), Refusal> {
    all(tables().flatten().map(|rule| |found: &mut Violations| (rule.check)(facts, found)))
}

/// The tables.
pub(super) fn tables() -> impl Iterator<Item = &'static [Rule<Check>]> {
    [EVERY_ACT, people::RULES, making::RULES, custody::RULES, requests::RULES].into_iter()
}

const EVERY_ACT: &[Rule<Check>] = &[
    Rule::new(
        "G3.once",
        "G3",
        &[Reason::ActRepeated],
        "crates/domain/src/office/tests/people.rs::an_act_counts_once",
        |facts, found| {
            if facts.outside.is_known {
                found.push(Violation::new(Reason::ActRepeated).with("act", facts.claims.id));
            }
        },
    ),
    Rule::new(
        "G3.lifetime-of-policy",
        "G3",
        &[Reason::ActLifetimeTooLong],
        "crates/domain/src/office/tests/people.rs::an_act_lives_no_longer_than_the_policy_allows",
        |facts, found| {
            let lifetime_s = facts.claims.expires_s.saturating_sub(facts.claims.issued_s);
            let limit_s = facts.outside.policy.office.act_lifetime_s;
            // A ticket has a limit of its own: U2.ticket-lifetime.
            if lifetime_s > limit_s && !matches!(facts.claims.statement, Statement::RequestApprove(_)) {
                found.push(
                    Violation::new(Reason::ActLifetimeTooLong)
                        .with("seconds", lifetime_s)
                        .with("limit", limit_s),
                );
            }
        },
    ),
    Rule::new(
        "G2.role",
        "G2",
        &[
            Reason::RoleMissing,
            Reason::NotCustodian,
            Reason::UnitForeign,
            Reason::NotApplicant,
            Reason::FindingOfAnother,
        ],
        "crates/domain/src/office/tests/people.rs::each_act_takes_its_role",
        |facts, found| {
            if let Some(missing) = entitlement(facts) {
                found.push(missing);
            }
        },
    ),
    Rule::new(
        "S1.changes-nothing",
        "S1",
        &[Reason::RoleMissing],
        "crates/domain/src/office/tests/people.rs::an_auditor_changes_nothing_and_uses_no_seal",
        |facts, found| {
            // Who may not for another reason is told that one alone.
            if entitlement(facts).is_none()
                && let Some(auditor) = supervision(facts)
            {
                found.push(auditor);
            }
        },
    ),
    Rule::new(
        "A2.order",
        "A2",
        &[
            Reason::SealUnknown,
            Reason::SealStateWrong,
            Reason::ActDoneAlready,
            Reason::HandOverMissing,
            Reason::HandOverIncomplete,
            Reason::SealObjectUnverified,
            Reason::PersonNotRegistered,
            Reason::PersonLeft,
            Reason::GrantMissing,
            Reason::RequestUnknown,
            Reason::RequestNotFiled,
            Reason::RequestFiledAlready,
            Reason::RequestRejected,
            Reason::RequestWithdrawn,
            Reason::CopiesUsedUp,
            Reason::NoticeUnknown,
            Reason::FindingUnknown,
        ],
        "crates/domain/src/office/tests/making.rs::no_step_can_be_skipped_or_repeated",
        |facts, found| {
            found.keep(office::change(facts));
        },
    ),
    Rule::new(
        "G1.text",
        "G1",
        &[Reason::ActTextBad],
        "crates/domain/src/office/tests/people.rs::texts_are_there_and_within_their_limits",
        |facts, found| {
            for (member, written, kind) in texts(&facts.claims.statement) {
                // What an application lacks is told by A1.
                let may_be_empty = matches!(facts.claims.statement, Statement::SealApply(_));
                let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
                // A name is what people tell one another from; a reason is only read.
                let is_hidden = |c: char| kind == Kind::Name && text::is_hidden(c);
                let bad = (written.trim().is_empty() && !may_be_empty)
                    || written.chars().count() > kind.most()
                    || written.chars().any(|c| is_control(c) || is_hidden(c));
                if bad {
                    found.push(
                        Violation::new(Reason::ActTextBad).with("member", member).with("limit", kind.most()),
                    );
                }
            }
        },
    ),
    Rule::new(
        "G3.newest",
        "G3",
        &[Reason::ActSuperseded],
        "crates/domain/src/office/tests/people.rs::an_act_that_was_held_back_undoes_nothing",
        |facts, found| {
            let statement = &facts.claims.statement;
            let subjects = [statement.replaces(), statement.superseded_by()].into_iter().flatten();
            let newer = |subject: &String| {
                facts.office.said.get(subject).is_some_and(|said| facts.claims.issued_s < *said)
            };
            if let Some(subject) = subjects.into_iter().find(newer) {
                found.push(Violation::new(Reason::ActSuperseded).with("about", subject));
            }
        },
    ),
    Rule::new(
        "A3.attachment",
        "A3",
        &[Reason::ActAttachmentMissing, Reason::ActAttachmentWrong],
        "crates/domain/src/office/tests/making.rs::what_an_act_names_is_filed_with_it",
        |facts, found| {
            let named = match &facts.claims.statement {
                Statement::SealApply(application) => Some(application.picture_sha256),
                Statement::SealMake(made) => Some(made.object_sha256),
                _ => None,
            };
            match (named, facts.outside.attachment) {
                (Some(named), None) => {
                    found.push(Violation::new(Reason::ActAttachmentMissing).with("sha256", named));
                }
                (Some(named), Some(filed)) if named != filed => found.push(
                    Violation::new(Reason::ActAttachmentWrong).with("named", named).with("filed", filed),
                ),
                // What nobody signed for is not kept beside what somebody did.
                (None, Some(filed)) => {
                    found.push(Violation::new(Reason::ActAttachmentWrong).with("filed", filed));
                }
                _ => {}
            }
        },
    ),
];

/// What who signed lacks to say this, if anything.
fn entitlement(facts: &ActFacts<'_>) -> Option<Violation> {
    let office = facts.signer_is(Role::SealOffice);
    let entry = facts.named_seal();
    // Of a seal that does not exist, or a request, nothing can be told here; the order of steps tells it.
    let head = |needed: &str| {
        let unit = &entry?.application.unit;
        (!facts.signer_heads(unit)).then(|| role_missing(facts, needed).with("unit", unit))
    };
    let is = |person: &PersonId, reason| {
        let violation = Violation::new(reason).with("person", person).with("signer", &facts.claims.issuer);
        (*person != facts.claims.issuer).then_some(violation)
    };
    match &facts.claims.statement {
        Statement::PersonRegister(_)
        | Statement::PersonLeave(_)
        | Statement::Training(_)
        | Statement::Grant(_)
        | Statement::GrantEnd(_)
        | Statement::Policy(_)
        | Statement::SealReview(_)
        | Statement::SealMake(_)
        | Statement::SealIssue(_)
        | Statement::SealHandOver(_)
        | Statement::SealRevoke(_)
        | Statement::CertificateRevocation(_) => (!office).then(|| role_missing(facts, "seal-office")),
        Statement::SealApprove(_) | Statement::SealRetireApprove(_) => head("unit-head"),
        Statement::SealRefuse(_)
        | Statement::SealSuspend(_)
        | Statement::SealResume(_)
        | Statement::NoticeAcknowledge(_) => {
            if office {
                None
            } else {
                head("unit-head or seal-office")
            }
        }
        Statement::SealApply(application) => foreign(facts, &application.unit),
        Statement::SealRetire(_) => foreign(facts, &entry?.application.unit),
        Statement::SealReport(_) => {
            let entry = entry?;
            let may = office
                || entry.custodian() == Some(&facts.claims.issuer)
                || facts.office.grants.contains_key(&(facts.claims.issuer.clone(), entry.id().clone()));
            if may { None } else { foreign(facts, &entry.application.unit) }
        }
        Statement::SealReceive(_) => is(&entry?.application.custodian, Reason::NotCustodian),
        Statement::SealOffer(hand_over) => is(entry?.custodian()?, Reason::NotCustodian)
            .or_else(|| is(&hand_over.from, Reason::NotCustodian)),
        Statement::SealAccept(hand_over) => is(&hand_over.to, Reason::NotCustodian),
        // The office says it first; who may say it second, R2.two-persons tells.
        Statement::SealDestroy(said) => {
            let crate::office::SealLife::Revoked(ended) = &entry?.life else { return None };
            let is_first = facts.first_of_destruction(ended, said).is_none();
            (is_first && !office).then(|| role_missing(facts, "seal-office"))
        }
        Statement::RequestFile(binding) => {
            is(&facts.request(&binding.request).ok()?.binding.applicant, Reason::NotApplicant)
        }
        Statement::RequestWithdraw(ended) => {
            is(&facts.request(&ended.request).ok()?.binding.applicant, Reason::NotApplicant)
        }
        Statement::RequestApprove(_) | Statement::RequestReject(_) => {
            (!facts.signer_is(Role::Approver)).then(|| role_missing(facts, "approver"))
        }
        Statement::Finding(_) => (!facts.signer_is(Role::Auditor)).then(|| role_missing(facts, "auditor")),
        Statement::FindingAnswer(answer) => {
            is(&facts.finding(&answer.about).ok()?.finding.person, Reason::FindingOfAnother)
        }
    }
}

/// What takes no role of its own is open to everybody but the auditor, who changes nothing (G2, S1). Their findings, answers to such, and
/// being the second who saw a key destroyed change nothing by their own power. Of what does not exist the order of steps tells.
fn supervision(facts: &ActFacts<'_>) -> Option<Violation> {
    let changes = match &facts.claims.statement {
        Statement::SealApply(_) => true,
        Statement::SealReport(_)
        | Statement::SealRetire(_)
        | Statement::SealReceive(_)
        | Statement::SealAccept(_) => facts.named_seal().is_some(),
        Statement::RequestFile(binding) => facts.request(&binding.request).is_ok(),
        Statement::RequestWithdraw(ended) => facts.request(&ended.request).is_ok(),
        _ => false,
    };
    (changes && facts.signer_is(Role::Auditor)).then(|| role_missing(facts, "any but auditor"))
}

fn role_missing(facts: &ActFacts<'_>, needed: &str) -> Violation {
    Violation::new(Reason::RoleMissing).with("person", &facts.claims.issuer).with("needed", needed)
}

fn foreign(facts: &ActFacts<'_>, unit: &str) -> Option<Violation> {
    let member = facts.signer().is_some_and(|person| person.is_employed() && person.unit == unit);
    (!member)
        .then(|| Violation::new(Reason::UnitForeign).with("unit", unit).with("person", &facts.claims.issuer))
}

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By which people tell one another, seals and the like apart.
    Name,
    /// To be read.
    Reason,
    /// To be read, and longer.
    Finding,
}

impl Kind {
    /// Most characters.
    fn most(self) -> usize {
        match self {
            Kind::Name => 128,
            Kind::Reason => 1000,
            Kind::Finding => 2000,
        }
    }
}

/// What people read.
fn texts(statement: &Statement) -> Vec<(&'static str, &str, Kind)> {
    match statement {
        Statement::PersonRegister(entry) => {
            vec![("name", &entry.name, Kind::Name), ("unit", &entry.unit, Kind::Name)]
        }
        Statement::PersonLeave(leaver) => vec![("reason", &leaver.reason, Kind::Reason)],
        Statement::Training(given) => vec![("topic", &given.topic, Kind::Name)],
        Statement::GrantEnd(ended) => vec![("reason", &ended.reason, Kind::Reason)],
        Statement::SealApply(application) => vec![
            ("name", &application.name, Kind::Name),
            ("unit", &application.unit, Kind::Name),
            ("purpose", &application.purpose, Kind::Reason),
        ],
        Statement::SealRefuse(named) | Statement::SealSuspend(named) => {
            vec![("reason", &named.reason, Kind::Reason)]
        }
        Statement::SealReport(report) => vec![("text", &report.text, Kind::Reason)],
        Statement::SealRetire(retirement) => vec![("text", &retirement.text, Kind::Reason)],
        Statement::SealDestroy(destruction) => match &destruction.carrier {
            crate::act::statement::CarrierEnd::Statement(text) => vec![("carrier", text, Kind::Reason)],
            crate::act::statement::CarrierEnd::KeyDestroyed => vec![],
        },
        Statement::CertificateRevocation(said) => {
            vec![("authority", &said.authority, Kind::Name), ("text", &said.text, Kind::Reason)]
        }
        Statement::RequestReject(ended) | Statement::RequestWithdraw(ended) => {
            vec![("reason", &ended.reason, Kind::Reason)]
        }
        Statement::Finding(finding) => vec![("text", &finding.text, Kind::Finding)],
        Statement::FindingAnswer(answer) => vec![("text", &answer.text, Kind::Finding)],
        _ => vec![],
    }
}
