//! Rules on who signed an act, to whom and when (G3): what its own claims must say before anybody looks at what is asked.
//!
//! Algorithm, header, type, key and signature are no rows: they are decided by [`crate::act::jws`] before there are claims to check.

use super::{Rule, all};
use crate::{
    act::{Claims, MAX_CLOCK_AHEAD_S, MAX_LIFETIME_S},
    office::{Office, Person},
    reason::Reason,
    refusal::{Refusal, Violation, Violations},
};

/// Claims whose signature verified, with the person whose key it was.
#[derive(Clone, Copy, Debug)]
pub struct SignedFacts<'a> {
    /// To whose journal acts are said.
    pub office: &'a Office,
    /// Whose key it was.
    pub signer: &'a Person,
    /// What was signed.
    pub claims: &'a Claims,
    /// Now, µs since the Unix epoch.
    pub now_us: u64,
}

/// A check of signed claims.
pub type Check = fn(&SignedFacts<'_>, &mut Violations);

/// The rules.
pub const RULES: &[Rule<Check>] = &[
    Rule::new(
        "G3.issuer",
        "G3",
        &[Reason::ActIssuerWrong],
        "crates/domain/src/office/authenticate.rs::a_key_speaks_for_its_owner_alone",
        |facts, found| {
            let (named, signer) = (&facts.claims.issuer, &facts.signer.id);
            if named != signer {
                found.push(
                    Violation::new(Reason::ActIssuerWrong).with("issuer", named).with("signer", signer),
                );
            }
        },
    ),
    Rule::new(
        "G3.audience",
        "G3",
        &[Reason::ActAudienceWrong],
        "crates/domain/src/office/authenticate.rs::an_act_to_another_journal_is_refused",
        |facts, found| {
            let (audience, origin) = (&facts.claims.audience, &facts.office.origin);
            if audience != origin {
                found.push(
                    Violation::new(Reason::ActAudienceWrong)
                        .with("audience", audience)
                        .with("origin", origin),
                );
            }
        },
    ),
    Rule::new(
        "G3.expiry",
        "G3",
        &[Reason::ActExpired],
        "crates/domain/src/office/authenticate.rs::an_act_counts_between_its_times",
        |facts, found| {
            let expires_s = facts.claims.expires_s;
            if expires_s.saturating_mul(SECOND_US) <= facts.now_us {
                found.push(Violation::new(Reason::ActExpired).with("exp", expires_s));
            }
        },
    ),
    Rule::new(
        "G3.issue-time",
        "G3",
        &[Reason::ActTooEarly],
        "crates/domain/src/office/authenticate.rs::an_act_counts_between_its_times",
        |facts, found| {
            let issued_s = facts.claims.issued_s;
            if issued_s > (facts.now_us / SECOND_US).saturating_add(MAX_CLOCK_AHEAD_S) {
                found.push(Violation::new(Reason::ActTooEarly).with("iat", issued_s));
            }
        },
    ),
    Rule::new(
        "G3.lifetime",
        "G3",
        &[Reason::ActLifetimeTooLong],
        "crates/domain/src/office/authenticate.rs::an_act_counts_between_its_times",
        |facts, found| {
            let lifetime_s = facts.claims.expires_s.saturating_sub(facts.claims.issued_s);
            if lifetime_s > MAX_LIFETIME_S {
                found.push(
                    Violation::new(Reason::ActLifetimeTooLong)
                        .with("seconds", lifetime_s)
                        .with("limit", MAX_LIFETIME_S),
                );
            }
        },
    ),
    Rule::new(
        "C1.signer-employed",
        "C1",
        &[Reason::PersonLeft],
        "crates/domain/src/office/authenticate.rs::who_has_left_signs_nothing",
        |facts, found| {
            if !facts.signer.is_employed() {
                found.push(Violation::new(Reason::PersonLeft).with("person", &facts.signer.id));
            }
        },
    ),
];

const SECOND_US: u64 = 1_000_000;

/// Holds signed claims against every rule.
///
/// # Errors
/// Everything that stands against them.
pub fn check(facts: &SignedFacts<'_>) -> Result<(), Refusal> {
    all(RULES.iter().map(|rule| |found: &mut Violations| (rule.check)(facts, found)))
}
