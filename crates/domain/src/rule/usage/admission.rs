//! What can be decided as soon as a request is submitted: seal, people, grant, class (U1, U3, U8).

use super::{super::Rule, Check};
use crate::{reason::Reason, refusal::Violation};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "U8.seal-active",
        "U8",
        &[
            Reason::SealNotYetActive,
            Reason::SealRefused,
            Reason::SealSuspended,
            Reason::SealRevoked,
            Reason::SealDestroyed,
            Reason::SealNotYetValid,
            Reason::SealExpired,
        ],
        "crates/domain/src/office/tests/usage.rs::only_an_active_seal_within_its_validity_is_used",
        |facts, found| {
            found.keep(facts.seal.usable(facts.now_us).map_err(Into::into));
        },
    ),
    Rule::new(
        "U8.key-in-force",
        "U8",
        &[Reason::CertificateRevoked, Reason::KeyCompromised],
        "crates/domain/src/office/tests/ending.rs::a_key_that_is_given_up_stops_the_seal_that_has_it_now",
        |facts, found| {
            let withdrawn = facts.kept().and_then(|active| facts.office.withdrawn(&active.made.seal));
            if let Some(withdrawn) = withdrawn {
                found.push(withdrawn.with("used-by", facts.seal.id()));
            }
        },
    ),
    Rule::new(
        "C1.custodian-employed",
        "C1",
        &[Reason::CustodianUnfit],
        "crates/domain/src/office/tests/usage.rs::who_has_left_neither_asks_nor_confirms",
        |facts, found| {
            let Some(active) = facts.kept() else { return };
            let custodian = facts.office.people.get(&active.custodian);
            if !custodian.is_some_and(|person| person.is(crate::office::Role::Custodian)) {
                found.push(Violation::new(Reason::CustodianUnfit).with("person", &active.custodian));
            }
        },
    ),
    Rule::new(
        "U1.applicant",
        "U1",
        &[Reason::PersonNotRegistered, Reason::PersonLeft],
        "crates/domain/src/office/tests/usage.rs::who_has_left_neither_asks_nor_confirms",
        |facts, found| {
            let applicant = &facts.request.binding.applicant;
            let reason = match facts.office.people.get(applicant) {
                Some(person) if person.is_employed() => return,
                Some(_) => Reason::PersonLeft,
                None => Reason::PersonNotRegistered,
            };
            found.push(Violation::new(reason).with("person", applicant));
        },
    ),
    Rule::new(
        "U1.granted",
        "U1",
        &[Reason::GrantMissing],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            if facts.grant().is_none() {
                found.push(
                    Violation::new(Reason::GrantMissing)
                        .with("person", &facts.request.binding.applicant)
                        .with("seal", facts.seal.id()),
                );
            }
        },
    ),
    Rule::new(
        "U1.class",
        "U1",
        &[Reason::GrantClass],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            let class = &facts.request.binding.class;
            if facts.grant().is_some_and(|grant| !grant.terms.classes.contains(class)) {
                found.push(Violation::new(Reason::GrantClass).with("class", class));
            }
        },
    ),
    Rule::new(
        "U1.copies",
        "U1",
        &[Reason::GrantCopies],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            let Some(grant) = facts.grant() else { return };
            let (copies, limit) = (facts.request.binding.copies, grant.terms.copies_per_request);
            if copies > limit {
                found.push(Violation::new(Reason::GrantCopies).with("copies", copies).with("limit", limit));
            }
        },
    ),
    Rule::new(
        "U1.until",
        "U1",
        &[Reason::GrantExpired],
        "crates/domain/src/office/tests/usage.rs::a_use_lies_within_the_grant",
        |facts, found| {
            let Some(grant) = facts.grant() else { return };
            if grant.terms.until_s.saturating_mul(1_000_000) <= facts.now_us {
                found.push(Violation::new(Reason::GrantExpired).with("until", grant.terms.until_s));
            }
        },
    ),
    Rule::new(
        "U3.scope",
        "U3",
        &[Reason::ClassOutsideScope],
        "crates/domain/src/office/tests/usage.rs::the_class_lies_in_the_seals_scope_and_in_the_policy",
        |facts, found| {
            let class = &facts.request.binding.class;
            if !facts.seal.application.scope.contains(class) {
                found.push(Violation::new(Reason::ClassOutsideScope).with("class", class));
            }
        },
    ),
    Rule::new(
        "U2.class-known",
        "U2",
        &[Reason::ClassUnknown],
        "crates/domain/src/office/tests/usage.rs::the_class_lies_in_the_seals_scope_and_in_the_policy",
        |facts, found| {
            let class = &facts.request.binding.class;
            if !facts.policy.classes.contains_key(class) {
                found.push(Violation::new(Reason::ClassUnknown).with("class", class));
            }
        },
    ),
    Rule::new(
        "U2.as-bound",
        "U2",
        &[
            Reason::TicketDocumentChanged,
            Reason::TicketSealOther,
            Reason::TicketSealChanged,
            Reason::TicketPlacementChanged,
        ],
        "crates/domain/src/office/tests/usage.rs::what_is_stamped_is_what_was_asked_for",
        |facts, found| {
            let asked = &facts.request.binding;
            let registered = facts.seal.life.made().map(|made| made.seal.object_sha256);
            let seal_changed = facts.stamped.seal_object_sha256 != asked.seal_object_sha256
                || registered.is_some_and(|registered| registered != asked.seal_object_sha256);
            let differences = [
                (facts.stamped.document_sha256 != asked.document_sha256, Reason::TicketDocumentChanged),
                (*facts.seal.id() != asked.seal, Reason::TicketSealOther),
                (seal_changed, Reason::TicketSealChanged),
                (facts.stamped.boxes != asked.boxes, Reason::TicketPlacementChanged),
            ];
            for (_, reason) in differences.into_iter().filter(|(differs, _)| *differs) {
                found.push(Violation::new(reason).with("request", asked.request));
            }
        },
    ),
];
