//! Rules from the application for a seal to its receipt (A1 to A6).

use super::{super::Rule, ActFacts, Check};
use crate::{
    act::{
        Statement,
        statement::{MadeSeal, SealApplication},
    },
    identity::{ActId, PersonId},
    office::{PictureFacts, Role, SealEntry, SealLife},
    pkcs11_uri::{ObjectKind, ObjectUri},
    reason::Reason,
    refusal::{Violation, Violations},
    seal::SealSize,
    text::look_alike,
};

pub(super) const RULES: &[Rule<Check>] = &[
    Rule::new(
        "A1.complete",
        "A1",
        &[Reason::SealPartMissing],
        "crates/domain/src/office/tests/making.rs::everything_an_application_lacks_is_named",
        |facts, found| {
            let Some(application) = application(facts) else { return };
            let missing = [
                ("name", application.name.trim().is_empty()),
                ("unit", application.unit.trim().is_empty()),
                ("purpose", application.purpose.trim().is_empty()),
                ("scope", application.scope.iter().all(|class| class.trim().is_empty())),
                ("size", application.width_um == 0 || application.height_um == 0),
            ];
            for (part, _) in missing.into_iter().filter(|(_, is_missing)| *is_missing) {
                found.push(Violation::new(Reason::SealPartMissing).with("part", part));
            }
        },
    ),
    Rule::new(
        "A5.size",
        "A5",
        &[Reason::SealSizeBad],
        "crates/domain/src/office/tests/making.rs::everything_an_application_lacks_is_named",
        |facts, found| {
            let Some((application, _)) = pictured(facts) else { return };
            let (width, height) = (application.width_um, application.height_um);
            let rules = &facts.outside.policy.pictures;
            // A size that is not given is a missing part.
            let given = width > 0 && height > 0;
            if given && !SealSize::new(width, height).is_some_and(|size| rules.allows(size)) {
                found.push(
                    Violation::new(Reason::SealSizeBad)
                        .with("width-um", width)
                        .with("height-um", height)
                        .with("limit-um", rules.max_um),
                );
            }
        },
    ),
    Rule::new(
        "A5.picture",
        "A5",
        &[Reason::SealPictureTooLarge, Reason::SealPictureCoarse],
        "crates/domain/src/office/tests/making.rs::a_picture_is_fine_enough_for_its_size_and_no_larger_than_allowed",
        |facts, found| {
            let Some((application, Some(picture))) = pictured(facts) else { return };
            let rules = &facts.outside.policy.pictures;
            if picture.bytes > rules.max_file_bytes {
                found.push(
                    Violation::new(Reason::SealPictureTooLarge)
                        .with("bytes", picture.bytes)
                        .with("limit", rules.max_file_bytes),
                );
            }
            let size = SealSize::new(application.width_um, application.height_um);
            if let (Some(pixels @ [wide, high]), Some(size)) = (picture.pixels, size)
                && !rules.is_fine_enough(pixels, size)
            {
                found.push(
                    Violation::new(Reason::SealPictureCoarse)
                        .with("pixels", format_args!("{wide} x {high}"))
                        .with("min-dpi", rules.min_dpi),
                );
            }
        },
    ),
    Rule::new(
        "C1.custodian",
        "C1",
        &[Reason::CustodianUnfit],
        "crates/domain/src/office/tests/custody.rs::a_seal_goes_only_to_a_custodian_who_is_there",
        |facts, found| {
            let Some(custodian) = intended_custodian(facts) else { return };
            let fit = facts.office.people.get(custodian).is_some_and(|person| person.is(Role::Custodian));
            if !fit {
                found.push(Violation::new(Reason::CustodianUnfit).with("person", custodian));
            }
        },
    ),
    Rule::new(
        "A4.id",
        "A4",
        &[Reason::SealIdTaken],
        "crates/domain/src/office/tests/making.rs::ids_names_and_keys_are_one_seals_only",
        |facts, found| {
            let Some(application) = application(facts) else { return };
            if facts.office.seals.contains_key(&application.seal) {
                found.push(Violation::new(Reason::SealIdTaken).with("seal", &application.seal));
            }
        },
    ),
    Rule::new(
        "A4.name",
        "A4",
        &[Reason::SealNameTaken],
        "crates/domain/src/office/tests/making.rs::ids_names_and_keys_are_one_seals_only",
        |facts, found| {
            let Some(application) = application(facts) else { return };
            let same = |entry: &&SealEntry| {
                entry.life.is_live()
                    && entry.id() != &application.seal
                    && look_alike(&entry.application.unit, &application.unit)
                    && look_alike(&entry.application.name, &application.name)
            };
            if let Some(entry) = facts.office.seals.values().find(same) {
                found.push(Violation::new(Reason::SealNameTaken).with("seal", entry.id()));
            }
        },
    ),
    Rule::new(
        "A4.key",
        "A4",
        &[Reason::SealKeyTaken],
        "crates/domain/src/office/tests/making.rs::ids_names_and_keys_are_one_seals_only",
        |facts, found| {
            let Some(made) = made(facts) else { return };
            let same = |entry: &&SealEntry| {
                let key = entry.life.made().map(|other| other.seal.key_sha256);
                entry.life.is_live() && entry.id() != &made.seal && key == Some(made.key_sha256)
            };
            if let Some(entry) = facts.office.seals.values().find(same) {
                found.push(Violation::new(Reason::SealKeyTaken).with("seal", entry.id()));
            }
        },
    ),
    Rule::new(
        "U8.key-withdrawn",
        "U8",
        &[Reason::CertificateRevoked, Reason::KeyCompromised],
        "crates/domain/src/office/tests/ending.rs::a_key_that_was_given_up_serves_no_other_seal",
        |facts, found| {
            let made = match &facts.claims.statement {
                Statement::SealMake(made) => Some(made),
                // It may have been given up since.
                Statement::SealIssue(_) | Statement::SealReceive(_) => {
                    facts.named_seal().filter(|entry| entry.life.is_live()).and_then(SealEntry::made)
                }
                _ => None,
            };
            if let Some(withdrawn) = made.and_then(|made| facts.office.withdrawn(made)) {
                found.push(withdrawn);
            }
        },
    ),
    Rule::new(
        "A2.self-approval",
        "A2",
        &[Reason::ApproverIsApplicant],
        "crates/domain/src/office/tests/making.rs::nobody_approves_what_they_applied_for",
        |facts, found| {
            let Some(entry) = facts.named_seal() else { return };
            let asked = match &facts.claims.statement {
                Statement::SealApprove(_) => Some(&entry.applied.by),
                Statement::SealRetireApprove(_) => {
                    entry.kept().and_then(|active| Some(&active.retiring.as_ref()?.asked.by))
                }
                _ => None,
            };
            if asked == Some(&facts.claims.issuer) {
                found.push(Violation::new(Reason::ApproverIsApplicant).with("person", &facts.claims.issuer));
            }
        },
    ),
    Rule::new(
        "A2.about",
        "A2",
        &[Reason::ActAboutWrong],
        "crates/domain/src/office/tests/making.rs::a_step_follows_the_act_it_names",
        |facts, found| {
            if let Some((named, stands)) = followed(facts)
                && named != stands
            {
                found.push(Violation::new(Reason::ActAboutWrong).with("named", named).with("stands", stands));
            }
        },
    ),
    Rule::new(
        "A3.object",
        "A3",
        &[Reason::SealObjectDiffers],
        "crates/domain/src/office/tests/making.rs::the_seal_object_is_what_was_applied_for",
        object,
    ),
    Rule::new(
        "A3.token",
        "A3",
        &[Reason::SealUriBad],
        "crates/domain/src/office/tests/making.rs::key_and_certificate_are_named_on_one_token",
        |facts, found| {
            let Some(made) = made(facts) else { return };
            let mut read = |member: &str, text: &str, kind| match ObjectUri::parse(text) {
                Ok(uri) if uri.kind.is_none_or(|named| named == kind) => Some(uri),
                Ok(_) => {
                    found.push(Violation::new(Reason::SealUriBad).with("member", member).with("why", "type"));
                    None
                }
                Err(why) => {
                    found.push(Violation::new(Reason::SealUriBad).with("member", member).with("why", why));
                    None
                }
            };
            let key = read("key", &made.key, ObjectKind::Private);
            let certificate = read("certificate", &made.certificate, ObjectKind::Certificate);
            if let (Some(key), Some(certificate)) = (key, certificate)
                && key.serial != certificate.serial
            {
                found.push(
                    Violation::new(Reason::SealUriBad).with("member", "certificate").with("why", "serial"),
                );
            }
        },
    ),
    Rule::new(
        "U8.made-valid",
        "U8",
        &[Reason::SealNotYetValid, Reason::SealExpired],
        "crates/domain/src/office/tests/making.rs::the_seal_object_is_what_was_applied_for",
        |facts, found| {
            let (Some(made), Some(told)) = (made(facts), &facts.outside.made) else { return };
            let now_us = facts.outside.now_us;
            if now_us < told.valid_from_us {
                found.push(Violation::new(Reason::SealNotYetValid).with("seal", &made.seal));
            } else if now_us >= told.valid_until_us {
                found.push(Violation::new(Reason::SealExpired).with("seal", &made.seal));
            }
        },
    ),
    Rule::new(
        "A6.identity",
        "A6",
        &[Reason::IdentityDocumentBad],
        "crates/domain/src/office/tests/making.rs::a_seal_is_issued_on_an_identity_document",
        |facts, found| {
            let Statement::SealIssue(issue) = &facts.claims.statement else { return };
            let (kind, last) = (issue.identity.kind.trim(), &issue.identity.last);
            let kind_fits = (1..=64).contains(&kind.chars().count()) && !kind.chars().any(char::is_control);
            let last_fits =
                (2..=6).contains(&last.chars().count()) && last.chars().all(char::is_alphanumeric);
            if !(kind_fits && last_fits) {
                let member = if kind_fits { "last" } else { "kind" };
                found.push(Violation::new(Reason::IdentityDocumentBad).with("member", member));
            }
        },
    ),
    Rule::new(
        "A6.control",
        "A6",
        &[Reason::TokenControlUnproved],
        "crates/domain/src/office/tests/making.rs::only_the_receipt_with_the_token_in_hand_makes_it_active",
        |facts, found| {
            if matches!(facts.claims.statement, Statement::SealReceive(_)) && !facts.outside.control_proved {
                found.push(Reason::TokenControlUnproved);
            }
        },
    ),
];

fn application<'a>(facts: &ActFacts<'a>) -> Option<&'a SealApplication> {
    match &facts.claims.statement {
        Statement::SealApply(application) => Some(application),
        _ => None,
    }
}

/// The application whose seal is asked for or made, and the picture filed with either.
fn pictured<'a>(facts: &ActFacts<'a>) -> Option<(&'a SealApplication, Option<PictureFacts>)> {
    match &facts.claims.statement {
        Statement::SealApply(application) => Some((application, facts.outside.picture)),
        // The policy may have changed since it was applied for.
        Statement::SealMake(_) => {
            let made = facts.outside.made.as_ref();
            Some((&facts.named_seal()?.application, made.map(|made| made.picture)))
        }
        _ => None,
    }
}

fn made<'a>(facts: &ActFacts<'a>) -> Option<&'a MadeSeal> {
    match &facts.claims.statement {
        Statement::SealMake(made) => Some(made),
        _ => None,
    }
}

/// Who is to keep the seal after the act, where the act is on that.
fn intended_custodian<'a>(facts: &ActFacts<'a>) -> Option<&'a PersonId> {
    match &facts.claims.statement {
        Statement::SealApply(application) => Some(&application.custodian),
        Statement::SealIssue(issue) => Some(&issue.custodian),
        Statement::SealReceive(_) | Statement::SealResume(_) => {
            facts.named_seal().and_then(SealEntry::custodian)
        }
        Statement::SealOffer(hand_over)
        | Statement::SealAccept(hand_over)
        | Statement::SealHandOver(hand_over) => Some(&hand_over.to),
        _ => None,
    }
}

/// The act named as the one this follows, and the one it has to be.
fn followed(facts: &ActFacts<'_>) -> Option<(ActId, ActId)> {
    let entry = facts.named_seal()?;
    let applied = entry.applied.act;
    let asked = || Some(entry.kept()?.retiring.as_ref()?.asked.act);
    match &facts.claims.statement {
        Statement::SealApprove(named) => Some((named.about, applied)),
        Statement::SealReview(review) => Some((review.about, applied)),
        Statement::SealMake(made) => Some((made.about, applied)),
        Statement::SealRetireApprove(named) | Statement::SealRevoke(named) => Some((named.about, asked()?)),
        Statement::CertificateRevocation(said) => Some((said.about, entry.life.ended()?.by.act)),
        Statement::SealResume(named) => match &entry.life {
            SealLife::Suspended(suspended) => Some((named.about, suspended.by.act)),
            _ => None,
        },
        _ => None,
    }
}

fn object(facts: &ActFacts<'_>, found: &mut Violations) {
    let Some(entry) = facts.named_seal() else { return };
    let application = &entry.application;
    let mut same = |member: &str, is_same: bool| {
        if !is_same {
            found.push(
                Violation::new(Reason::SealObjectDiffers).with("seal", entry.id()).with("member", member),
            );
        }
    };
    match &facts.claims.statement {
        Statement::SealMake(made) => {
            let Some(told) = &facts.outside.made else { return };
            same("id", told.id == application.seal);
            same("name", told.name == application.name);
            same("width", told.width_um == application.width_um);
            same("height", told.height_um == application.height_um);
            same("picture", told.picture_sha256 == application.picture_sha256);
            same("certificate", told.certificate_sha256 == made.certificate_sha256);
            same("key", told.key_sha256 == made.key_sha256);
        }
        Statement::SealIssue(issue) => {
            same("custodian", issue.custodian == application.custodian);
            if let Some(made) = entry.life.made() {
                same("object", issue.object_sha256 == made.seal.object_sha256);
            }
        }
        Statement::SealReceive(receipt) => {
            if let Some(made) = entry.life.made() {
                same("object", receipt.object_sha256 == made.seal.object_sha256);
            }
        }
        _ => {}
    }
}
