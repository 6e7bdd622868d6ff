//! The test signatures of an inspection: each over a fresh challenge, on record before the token is asked, and held against the certificate.

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{SealId, TokenSerial},
    pin::Pin,
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::{KeyPurpose, PinEntry, PinKind, TestSignature};
use sealkeeper_pades::cms::SigningChain;

use super::findings::Finding;
use crate::{
    pipeline::{
        Stop, challenge,
        identify::Custodian,
        ports::{
            key::SigningKey,
            registry::RegisteredSeal,
            token::{OnePin, PinOrPad},
            token_error::{SignError, TokenError},
        },
        record::KeyUse,
    },
    service::Service,
};

/// A key that shows itself, with the certificate its signature is held against.
pub(super) struct Candidate {
    pub(super) registered: Arc<RegisteredSeal>,
    pub(super) key: SigningKey,
    pub(super) chain: SigningChain,
}

/// The test signatures of one inspection.
pub(super) struct Trials<'i> {
    pub(super) service: &'i Service,
    /// Who asked for it; `None`: it was due.
    pub(super) by: Option<Custodian<'i>>,
    /// For keys that ask for it at each signature; gone once the token said that it is wrong.
    pub(super) pin: Option<OnePin>,
    pub(super) findings: &'i mut Vec<Finding>,
}

impl Trials<'_> {
    /// Has each key sign once. Where the unlock is not good for all of them none does, for half an inspection would cost uses and count for
    /// nothing.
    pub(super) async fn all(
        &mut self,
        candidates: Vec<Candidate>,
        uses_left: u32,
    ) -> Result<TestSignature, Stop> {
        let needed = candidates.len();
        if self.by.is_some() && (uses_left as usize) < needed {
            let few = not_made(Reason::TokenLocked).with("uses-left", uses_left).with("uses-needed", needed);
            self.findings.push(Finding::warn(few));
            return Ok(TestSignature::NotMade);
        }
        let mut all = TestSignature::Verified;
        for candidate in candidates {
            all = all.max(self.one(candidate).await?);
        }
        Ok(all)
    }

    async fn one(&mut self, candidate: Candidate) -> Result<TestSignature, Stop> {
        let Candidate { registered, key, chain } = candidate;
        let (service, seal) = (self.service, &registered.seal);
        // Known by now: without a key that shows how it signs there is no candidate.
        let Some(algorithm) = key.algorithms.first().copied() else {
            self.findings.push(Finding::refuse(Reason::KeyAlgorithmUnsupported).of(&seal.id));
            return Ok(TestSignature::NotMade);
        };
        // Without a PIN there is no turn to wait for: the unlock that brings this about by itself has it.
        let _one_at_a_time = match &self.pin {
            Some(_) => Some(service.wrong_pins.one_at_a_time(&seal.key.serial).await),
            None => None,
        };
        let pin = match self.pin_for(&key, &seal.key.serial) {
            Ok(pin) => pin,
            Err(violation) => return Ok(self.without(&seal.id, &violation)),
        };
        let challenge = challenge::fresh().map_err(|error| Stop::Fault(format!("randomness: {error}")))?;
        let key_use = KeyUse {
            key: seal.key.clone(),
            key_id: key.key_id.clone(),
            algorithm,
            purpose: KeyPurpose::Inspection,
            message: challenge.clone(),
            pin,
        };
        let order = key_use.record(self.by, &*service.ledger, &service.scribe).await?;
        let deadline =
            if key.asks_pin && key.has_pad { service.limits.pin_pad } else { service.limits.token };
        let raw = match service.token.sign(order, deadline).await {
            Ok(raw) => raw,
            Err(error) => return self.unsigned(&seal.id, &key, error).await,
        };
        match challenge::check_answer(chain.signer(), algorithm, &challenge, &raw) {
            Ok(()) => Ok(TestSignature::Verified),
            Err(error) => {
                tracing::error!(%error, seal = %seal.id, "a test signature is not the certificate's");
                let wrong = Violation::new(Reason::TestSignatureWrong).with("what", error);
                self.findings.push(Finding::refuse(wrong).of(&seal.id));
                Ok(TestSignature::Wrong)
            }
        }
    }

    /// The PIN for a key that asks for it. Each of several such keys gets a copy, wiped like the first.
    fn pin_for(&self, key: &SigningKey, serial: &TokenSerial) -> Result<Option<OnePin>, Violation> {
        let copy = |given: &OnePin| -> Result<_, Violation> {
            let pin = match &given.pin {
                PinOrPad::Pin(pin) => PinOrPad::Pin(Pin::new(pin.expose().as_bytes().to_vec())?),
                PinOrPad::Pad => PinOrPad::Pad,
            };
            Ok(OnePin { pin, final_try: given.final_try })
        };
        let none = OnePin { pin: PinOrPad::Pad, final_try: false };
        let given = self.pin.as_ref().map_or(Ok(none), copy)?;
        let pin = given.for_key(key.asks_pin, key.has_pad)?;
        if let Some(OnePin { final_try, .. }) = &pin {
            self.service.check_wrong_pins(serial, *final_try)?;
        }
        Ok(pin)
    }

    /// What becomes of a key that did not sign. A PIN that was wrong goes on record, and is not tried again with the next key.
    async fn unsigned(
        &mut self,
        seal: &SealId,
        key: &SigningKey,
        error: SignError,
    ) -> Result<TestSignature, Stop> {
        let error = match error {
            SignError::NotSigned(error) => error,
            SignError::MayHaveSigned(error) => {
                self.findings.push(Finding::refuse(error.violation()).of(seal));
                return Ok(TestSignature::NotMade);
            }
            SignError::TimedOut => TokenError::new(Reason::TokenTimeout),
        };
        if error.pin_was_tried()
            && let Some(by) = self.by
        {
            self.pin = None;
            let entry = if key.has_pad { PinEntry::PinPad } else { PinEntry::Caller };
            let (serial, which) = (&key.serial, PinKind::ContextSpecific);
            self.service.record_wrong_pin(by, serial, entry, which, error.tries_left()).await?;
        }
        if is_for_the_person(error.reason) {
            return Ok(self.without(seal, &error.violation()));
        }
        // The token was asked as it should be and did not do it.
        let refused = match error.violation() {
            Violation { reason: Reason::TokenFault, details } => {
                Violation { reason: Reason::SignRefused, details }
            }
            violation => violation,
        };
        self.findings.push(Finding::refuse(refused).of(seal));
        Ok(TestSignature::NotMade)
    }

    fn without(&mut self, seal: &SealId, why: &Violation) -> TestSignature {
        let mut violation = not_made(why.reason);
        violation.details.extend(why.details.clone());
        self.findings.push(Finding::warn(violation).of(seal));
        TestSignature::NotMade
    }
}

/// No test signature, for a cause that says nothing against the key.
pub(super) fn not_made(why: Reason) -> Violation {
    Violation::new(Reason::TestSignatureNotMade).with("cause", why.code())
}

/// Whether a person has to do something first, with a token that is as it should be.
fn is_for_the_person(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::TokenLocked
            | Reason::PinNotFresh
            | Reason::TokenPinWrong
            | Reason::TokenPinNeeded
            | Reason::TokenPinFinalTry
            | Reason::TokenPinWrongRepeatedly
            | Reason::TokenPinUnusable
            | Reason::TokenPinPad
            | Reason::TokenPinPadMissing
            | Reason::TokenPinPadCancelled
            | Reason::TokenCancelled
    )
}
