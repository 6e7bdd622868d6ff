//! Rules on requests and their approval (U2, C4), and on findings (S3).

use super::{super::Rule, ActFacts, Check};
use crate::{
    act::{Statement, statement::Binding},
    office::{RequestFacts, Role, Ticket},
    reason::Reason,
    refusal::{Violation, Violations},
};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "U2.binding",
        "U2",
        &[
            Reason::TicketDocumentChanged,
            Reason::TicketFileNameChanged,
            Reason::TicketSealOther,
            Reason::TicketSealChanged,
            Reason::TicketPlacementChanged,
            Reason::TicketClassChanged,
            Reason::TicketCopiesChanged,
            Reason::TicketReasonChanged,
            Reason::TicketApplicantChanged,
        ],
        "crates/domain/src/office/tests/requests.rs::whatever_is_changed_is_told_by_its_own_reason",
        binding,
    ),
    Rule::new(
        "U2.in-time",
        "U2",
        &[Reason::RequestExpired],
        "crates/domain/src/office/tests/requests.rs::a_request_that_ended_takes_no_acts",
        |facts, found| {
            let Some((_, request)) = bound(facts) else { return };
            if facts.outside.now_us >= request.expires_us {
                found.push(Violation::new(Reason::RequestExpired).with("request", request.binding.request));
            }
        },
    ),
    Rule::new(
        "C4.open-seal",
        "C4",
        &[
            Reason::SealUnknown,
            Reason::SealNotYetActive,
            Reason::SealRefused,
            Reason::SealSuspended,
            Reason::SealRevoked,
            Reason::SealDestroyed,
            Reason::SealNotYetValid,
            Reason::SealExpired,
        ],
        "crates/domain/src/office/tests/requests.rs::nothing_is_filed_or_approved_for_a_seal_that_cannot_be_used",
        |facts, found| {
            let Some((_, request)) = bound(facts) else { return };
            let Some(entry) = found.keep(facts.seal(&request.binding.seal)) else { return };
            found.keep(entry.usable(facts.outside.now_us).map_err(Into::into));
        },
    ),
    Rule::new(
        "U8.open-key",
        "U8",
        &[Reason::CertificateRevoked, Reason::KeyCompromised],
        "crates/domain/src/office/tests/ending.rs::a_key_that_is_given_up_stops_the_seal_that_has_it_now",
        |facts, found| {
            let Some((_, request)) = bound(facts) else { return };
            let entry = facts.office.seals.get(&request.binding.seal);
            let Some(active) = entry.and_then(|entry| entry.kept()) else { return };
            if let Some(withdrawn) = facts.office.withdrawn(&active.made.seal) {
                found.push(withdrawn);
            }
        },
    ),
    Rule::new(
        "U2.self-approval",
        "U2",
        &[Reason::ApproverIsApplicant],
        "crates/domain/src/office/tests/requests.rs::nobody_approves_their_own_request",
        |facts, found| {
            let Some(request) = approved(facts) else { return };
            if request.binding.applicant == facts.claims.issuer {
                found.push(Violation::new(Reason::ApproverIsApplicant).with("person", &facts.claims.issuer));
            }
        },
    ),
    Rule::new(
        "U2.custodian-approval",
        "U2",
        &[Reason::ApproverIsCustodian],
        "crates/domain/src/office/tests/requests.rs::a_custodian_does_not_approve_uses_of_their_seal",
        |facts, found| {
            let Some(request) = approved(facts) else { return };
            let custodian = facts.office.seals.get(&request.binding.seal).and_then(|entry| entry.custodian());
            if custodian == Some(&facts.claims.issuer) {
                found.push(Violation::new(Reason::ApproverIsCustodian).with("person", &facts.claims.issuer));
            }
        },
    ),
    Rule::new(
        "U2.entitled-approver",
        "U2",
        &[Reason::ApproverNotEntitled],
        "crates/domain/src/office/tests/requests.rs::a_class_may_have_approvers_of_its_own",
        |facts, found| {
            let request = match &facts.claims.statement {
                Statement::RequestApprove(signed) => facts.request(&signed.request),
                Statement::RequestReject(ended) => facts.request(&ended.request),
                _ => return,
            };
            let Ok(request) = request else { return };
            // Who is no approver at all is told so by G2.role, and of a class there is not nothing can be said.
            let class = facts.outside.policy.classes.get(&request.binding.class);
            if class.is_some_and(|class| !class.entitles(&facts.claims.issuer))
                && facts.signer_is(Role::Approver)
            {
                found.push(
                    Violation::new(Reason::ApproverNotEntitled)
                        .with("person", &facts.claims.issuer)
                        .with("class", &request.binding.class),
                );
            }
        },
    ),
    Rule::new(
        "U2.one-vote",
        "U2",
        &[Reason::ApprovedAlready],
        "crates/domain/src/office/tests/requests.rs::one_person_has_one_vote_whatever_keys_they_hold",
        |facts, found| {
            let Some(request) = approved(facts) else { return };
            let entry = facts.office.seals.get(&request.binding.seal);
            let Some(active) = entry.and_then(|entry| entry.kept()) else { return };
            let (remote, now_us) = (&facts.outside.policy.remote, facts.outside.now_us);
            // One that has become too old for a use from afar may be given anew, so that there can be such a use; it is one vote still.
            let may_be_renewed = |ticket: &Ticket| remote.allowed && !ticket.counts_from_afar(remote, now_us);
            let counts = request
                .valid_tickets(facts.office, active, facts.outside.policy, now_us)
                .any(|ticket| ticket.by == facts.claims.issuer && !may_be_renewed(ticket));
            if counts {
                found.push(Violation::new(Reason::ApprovedAlready).with("person", &facts.claims.issuer));
            }
        },
    ),
    Rule::new(
        "U2.ticket-lifetime",
        "U2",
        &[Reason::TicketLifetimeTooLong],
        "crates/domain/src/office/tests/requests.rs::a_ticket_lives_no_longer_than_the_policy_allows",
        |facts, found| {
            if approved(facts).is_none() {
                return;
            }
            let lifetime_s = facts.claims.expires_s.saturating_sub(facts.claims.issued_s);
            let limit_s = facts.outside.policy.ticket_lifetime_s;
            if lifetime_s > limit_s {
                found.push(
                    Violation::new(Reason::TicketLifetimeTooLong)
                        .with("seconds", lifetime_s)
                        .with("limit", limit_s),
                );
            }
        },
    ),
    Rule::new(
        "S3.due",
        "S3",
        &[Reason::FindingDueBad, Reason::PersonNotRegistered],
        "crates/domain/src/office/tests/requests.rs::a_finding_stays_open_until_the_person_named_answers",
        |facts, found| {
            let Statement::Finding(finding) = &facts.claims.statement else { return };
            found.keep(facts.person(&finding.person));
            if finding.due_s <= facts.now_s() {
                found.push(Violation::new(Reason::FindingDueBad).with("due", finding.due_s));
            }
        },
    ),
];

/// The request an applicant or approver signs for, with what they signed.
fn bound<'a>(facts: &ActFacts<'a>) -> Option<(&'a Binding, &'a RequestFacts)> {
    match &facts.claims.statement {
        Statement::RequestFile(signed) | Statement::RequestApprove(signed) => {
            Some((signed, facts.request(&signed.request).ok()?))
        }
        _ => None,
    }
}

fn approved<'a>(facts: &ActFacts<'a>) -> Option<&'a RequestFacts> {
    match &facts.claims.statement {
        Statement::RequestApprove(signed) => facts.request(&signed.request).ok(),
        _ => None,
    }
}

/// What was signed, held against what is asked, member by member.
fn binding(facts: &ActFacts<'_>, found: &mut Violations) {
    let Some((signed, request)) = bound(facts) else { return };
    let asked = &request.binding;
    let differences = [
        (signed.document_sha256 != asked.document_sha256, Reason::TicketDocumentChanged),
        (signed.file_name != asked.file_name, Reason::TicketFileNameChanged),
        (signed.seal != asked.seal, Reason::TicketSealOther),
        (signed.seal_object_sha256 != asked.seal_object_sha256, Reason::TicketSealChanged),
        (signed.boxes != asked.boxes, Reason::TicketPlacementChanged),
        (signed.class != asked.class, Reason::TicketClassChanged),
        (signed.copies != asked.copies, Reason::TicketCopiesChanged),
        (signed.reason != asked.reason, Reason::TicketReasonChanged),
        (signed.applicant != asked.applicant, Reason::TicketApplicantChanged),
    ];
    for (_, reason) in differences.into_iter().filter(|(differs, _)| *differs) {
        found.push(Violation::new(reason).with("request", asked.request));
    }
}
