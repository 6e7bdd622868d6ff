//! Keys and certificates that serve no seal any more (U8): revoked by their authority, or perhaps in other hands.
//!
//! Not every key of a seal that has ended is one. Where a picture was redrawn or a unit got another scope, nobody but the custodian has had the
//! key and nobody asked for the certificate to be revoked: the next seal may be made with them.

use super::{Ended, Office, SealEntry};
use crate::{
    act::statement::{MadeSeal, RevocationReason},
    reason::Reason,
    refusal::Violation,
};

impl Office {
    /// What stands against signing with this key and certificate, whichever seal they are in; tells the seal they are withdrawn with.
    pub fn withdrawn(&self, made: &MadeSeal) -> Option<Violation> {
        self.seals.values().find_map(|entry| {
            let reason = entry.withdraws(made)?;
            Some(Violation::new(reason).with("seal", entry.id()))
        })
    }
}

impl SealEntry {
    fn withdraws(&self, made: &MadeSeal) -> Option<Reason> {
        if self.given_up.iter().any(|given_up| shares(&given_up.seal, made)) {
            return Some(Reason::KeyCompromised);
        }
        let ended = self.life.ended()?;
        if !ended.made.as_ref().is_some_and(|own| shares(&own.seal, made)) {
            return None;
        }
        if ended.certificate.is_some() {
            return Some(Reason::CertificateRevoked);
        }
        self.may_be_in_other_hands(ended).then_some(Reason::KeyCompromised)
    }

    /// Whether it was revoked for what leaves its key in nobody knows whose hands, or while such a thing was reported and nobody had found it well.
    fn may_be_in_other_hands(&self, ended: &Ended) -> bool {
        let since_active = self.history.iter().rev().take_while(|step| step.state != "active");
        !is_sound_after(ended.retiring.retirement.reason)
            || since_active.into_iter().any(|step| ["seal-report", "person-leave"].contains(&&*step.typ))
    }
}

/// The one is of no use without the other: a new certificate makes a key no better.
fn shares(one: &MadeSeal, other: &MadeSeal) -> bool {
    one.key_sha256 == other.key_sha256 || one.certificate_sha256 == other.certificate_sha256
}

/// Whether the key is as good as it was. What only a text tells may be anything.
fn is_sound_after(reason: RevocationReason) -> bool {
    match reason {
        RevocationReason::Retired | RevocationReason::Expired => true,
        RevocationReason::CustodianLeft | RevocationReason::TokenUnusable | RevocationReason::Other => false,
    }
}
