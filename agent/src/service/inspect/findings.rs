//! What is found of tokens, keys and certificates, and how grave it is. The same for an inspection and for a diagnosis.

use std::{cmp::Reverse, time::Duration};

use sealkeeper_domain::{
    document::Findings,
    identity::SealId,
    policy::{self, InspectionRules, UnlockLimits},
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::Severity;
use sealkeeper_pades::cms::SigningChain;

use crate::pipeline::{
    certificate::{time_left, valid_chain},
    ports::{key::SigningKey, registry::RegisteredSeal, token_error::PinFlags},
};

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) violation: Violation,
    /// The seal it concerns; `None`: the token.
    pub(crate) seal: Option<SealId>,
}

impl Finding {
    /// It stands against using the seal, or every seal of the token.
    pub(crate) fn refuse(violation: impl Into<Violation>) -> Self {
        Finding { severity: Severity::Refuse, violation: violation.into(), seal: None }
    }

    /// Something has to be done before long.
    pub(crate) fn warn(violation: impl Into<Violation>) -> Self {
        Finding { severity: Severity::Warn, ..Self::refuse(violation) }
    }

    /// Worth knowing.
    pub(crate) fn note(violation: impl Into<Violation>) -> Self {
        Finding { severity: Severity::Note, ..Self::refuse(violation) }
    }

    /// What was found in a document and does not stand against its stamp.
    pub(crate) fn of_document(found: &Findings) -> Vec<Self> {
        let found = found.shown().map(|finding| match finding.severity {
            policy::Severity::Note => Finding::note(finding.violation.clone()),
            _ => Finding::warn(finding.violation.clone()),
        });
        found.collect()
    }

    /// Of this seal.
    pub(crate) fn of(self, seal: &SealId) -> Self {
        Finding { seal: Some(seal.clone()), ..self }
    }
}

/// The gravest first; those of one gravity as they were found.
pub(super) fn gravest_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| Reverse(finding.severity));
}

/// What a token tells of its PINs, and what was seen of them.
pub(crate) fn of_pins(pin: PinFlags, wrong_pins: u32, limits: &UnlockLimits) -> Vec<Finding> {
    let mut found = Vec::new();
    let tries = |reason| Violation::new(reason).with("wrong-pins", wrong_pins);
    let (caution, few) = (limits.wrong_pins_before_caution, Reason::TokenPinTriesFew);
    match pin {
        PinFlags { locked: true, .. } => found.push(Finding::refuse(Reason::TokenPinLocked)),
        PinFlags { final_try: true, .. } => found.push(Finding::warn(tries(Reason::TokenPinTriesOne))),
        PinFlags { count_low: true, .. } => found.push(Finding::warn(tries(few))),
        // A token that tells nothing, of which the journal tells.
        _ if wrong_pins >= caution => found.push(Finding::warn(tries(few))),
        _ if wrong_pins > 0 => found.push(Finding::note(tries(few))),
        _ => {}
    }
    if !pin.locked && !pin.initialized {
        found.push(Finding::refuse(Reason::TokenPinNotInitialized));
    } else if !pin.locked && pin.to_be_changed {
        found.push(Finding::refuse(Reason::TokenPinExpired));
    }
    if pin.so_locked {
        // Nothing is lost as long as the user PIN is known.
        found.push(Finding::note(Reason::TokenSoPinLocked));
    }
    found
}

/// Firmware that is not the one of the last inspection (C6).
pub(crate) fn of_firmware(now: &str, before: Option<&str>) -> Option<Finding> {
    let before = before.filter(|before| *before != now)?;
    let changed = Violation::new(Reason::FirmwareChanged).with("before", before).with("now", now);
    Some(Finding::warn(changed))
}

/// What a seal's key and certificate show, once the token has told them: that the key is fit is then known where it is ready. The chain, if
/// the certificate can be used.
pub(crate) fn of_seal(
    registered: &RegisteredSeal,
    key: &SigningKey,
    now_us: u64,
    rules: &InspectionRules,
) -> (Option<SigningChain>, Vec<Finding>) {
    let mut found = Vec::new();
    let chain = match valid_chain(registered, key, now_us) {
        Ok(chain) => {
            found.extend(expires_soon(&chain, now_us, rules));
            Some(chain)
        }
        Err(violation) => {
            found.push(Finding::refuse(violation));
            None
        }
    };
    // Whatever lies under the seal's name on the token: the certificate must be the one its object was made for (A3).
    if chain.is_some()
        && let Err(violation) = registered.object_digest(&key.certificate, now_us)
    {
        found.push(Finding::refuse(violation));
    }
    if !key.unreported.is_empty() {
        let not_told = Violation::new(Reason::KeyAttributesNotTold);
        found.push(Finding::note(not_told.with("attributes", key.unreported.join(" "))));
    }
    if key.certificates > 1 {
        let several = Violation::new(Reason::CertificateSeveral).with("certificates", key.certificates);
        found.push(Finding::note(several));
    }
    (chain, found.into_iter().map(|finding| finding.of(&registered.seal.id)).collect())
}

fn expires_soon(chain: &SigningChain, now_us: u64, rules: &InspectionRules) -> Option<Finding> {
    let left = time_left(chain, now_us);
    if left >= Duration::from_millis(rules.certificate_warning_ms) {
        return None;
    }
    let until = chain.signer().certificate().tbs_certificate().validity().not_after;
    let soon = Violation::new(Reason::CertificateExpiresSoon)
        .with("days-left", whole_days(left))
        .with("not-after", until);
    Some(Finding::warn(soon))
}

/// Days that are over once this time is.
pub(crate) fn whole_days(time: Duration) -> u64 {
    time.as_secs() / 86_400
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: UnlockLimits = UnlockLimits {
        max_uses: 1,
        max_idle_ms: 1,
        default_idle_ms: 1,
        max_lifetime_ms: 1,
        default_lifetime_ms: 1,
        wrong_pins_before_caution: 3,
    };

    fn told(pin: PinFlags, wrong_pins: u32) -> Vec<(Severity, &'static str)> {
        let found = of_pins(pin, wrong_pins, &LIMITS).into_iter();
        found.map(|finding| (finding.severity, finding.violation.reason.code())).collect()
    }

    #[test]
    fn what_a_token_tells_of_its_pins_is_weighed() {
        let fine = PinFlags { initialized: true, ..PinFlags::default() };
        let (refuse, warn, note) = (Severity::Refuse, Severity::Warn, Severity::Note);
        assert_eq!(told(fine, 0), []);
        assert_eq!(told(fine, 1), [(note, "token-pin-tries-few")]);
        assert_eq!(told(fine, 3), [(warn, "token-pin-tries-few")]);
        assert_eq!(told(PinFlags { count_low: true, ..fine }, 0), [(warn, "token-pin-tries-few")]);
        let last = PinFlags { count_low: true, final_try: true, ..fine };
        assert_eq!(told(last, 2), [(warn, "token-pin-tries-one")]);
        assert_eq!(told(PinFlags { locked: true, ..last }, 3), [(refuse, "token-pin-locked")]);
        assert_eq!(told(PinFlags::default(), 0), [(refuse, "token-pin-not-initialized")]);
        assert_eq!(told(PinFlags { to_be_changed: true, ..fine }, 0), [(refuse, "token-pin-expired")]);
        assert_eq!(told(PinFlags { so_locked: true, ..fine }, 0), [(note, "token-so-pin-locked")]);
    }

    #[test]
    fn firmware_is_held_against_the_last_inspection() {
        assert_eq!(of_firmware("2.6", None), None);
        assert_eq!(of_firmware("2.6", Some("2.6")), None);
        let finding = of_firmware("2.7", Some("2.6")).unwrap();
        assert_eq!(finding.severity, Severity::Warn);
        let details = finding.violation.details;
        assert_eq!((details["before"].as_str(), details["now"].as_str()), ("2.6", "2.7"));
    }

    #[test]
    fn the_gravest_comes_first_and_the_rest_in_its_order() {
        let mut findings = vec![
            Finding::note(Reason::KeyAttributesNotTold),
            Finding::warn(Reason::FirmwareChanged),
            Finding::refuse(Reason::KeyUnfit),
            Finding::warn(Reason::CertificateExpiresSoon),
        ];
        gravest_first(&mut findings);
        let codes: Vec<_> = findings.iter().map(|finding| finding.violation.reason.code()).collect();
        assert_eq!(
            codes,
            ["key-unfit", "firmware-changed", "certificate-expires-soon", "key-attributes-not-told"]
        );
    }
}
