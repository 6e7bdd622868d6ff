//! Signatures that a custodian asks of a key over what is no document: on record first, with the PIN where the key asks for it.

use std::time::Duration;

use sealkeeper_domain::{pkcs11_uri::ObjectUri, reason::Reason, refusal::Violation};
use sealkeeper_journal::{KeyPurpose, PinKind};
use sealkeeper_pades::cms::SignatureAlgorithm;

use super::{Service, tokens::entry_of};
use crate::pipeline::{
    At, Stop,
    certificate::valid_chain,
    challenge::{self, ControlProof},
    identify::Custodian,
    ports::{
        registry::RegisteredSeal,
        token::{OnePin, PinOrPad},
        token_error::{SignError, TokenError},
    },
    record::KeyUse,
};

/// What a key is to sign, and what is known of the key.
pub(super) struct KeySignature {
    pub(super) key: ObjectUri,
    /// CKA_ID of the key; empty: it has none.
    pub(super) key_id: Vec<u8>,
    pub(super) algorithm: SignatureAlgorithm,
    /// Whether it asks for the PIN at each signature, and whether that is typed on the token.
    pub(super) asks_pin: bool,
    pub(super) has_pad: bool,
    pub(super) purpose: KeyPurpose,
    pub(super) message: Vec<u8>,
}

impl Service {
    /// Has a seal's key sign a fresh challenge on its unlocked token, held against the certificate: who asks controls the token (A6). Takes one
    /// use of the unlock. The key must be as A3 demands and the certificate valid now. The PIN is for a key that asks for it at each signature; any
    /// other takes none. Whether the caller is this seal's custodian is for whoever calls to know, who holds the work permit too: a second one
    /// might never come.
    ///
    /// # Errors
    /// [`Reason::TokenLocked`], [`Reason::TestSignatureWrong`], and whatever stands against the key, its certificate or the PIN.
    pub(crate) async fn prove_control(
        &self,
        registered: &RegisteredSeal,
        by: Custodian<'_>,
        pin: OnePin,
    ) -> Result<ControlProof, Stop> {
        self.check_ledger()?;
        self.check_own_pin(by, &registered.seal.key.serial).at("identify")?;
        let (seal, now_us) = (&registered.seal, self.clock.now_us());
        let key = self.token.describe(registered.on_token(now_us), self.limits.token).await;
        let key = key.map_err(|error| error.violation()).at("prepare")?;
        let Some(&algorithm) = key.algorithms.first().filter(|_| key.ready) else {
            let locked = Violation::new(Reason::TokenLocked).with("token-serial", &seal.key.serial);
            return Err(locked).at("prepare");
        };
        self.asking_pin.learn(&seal.id, &key);
        let chain = valid_chain(registered, &key, now_us).at("prepare")?;
        let seal_object = registered.object_digest(&key.certificate, now_us).at("prepare")?;
        let challenge = challenge::fresh().map_err(|error| Stop::Fault(format!("randomness: {error}")))?;
        let wanted = KeySignature {
            key: seal.key.clone(),
            key_id: key.key_id,
            algorithm,
            asks_pin: key.asks_pin,
            has_pad: key.has_pad,
            purpose: KeyPurpose::ControlProof,
            message: challenge.clone(),
        };
        let (raw, _) = self.signed_by_key(by, wanted, pin).await?;
        ControlProof::new(seal_object, by, chain.signer(), algorithm, (&challenge, &raw))
            .map_err(|error| {
                tracing::error!(%error, seal = %seal.id, "a proof of control is not the certificate's");
                Violation::new(Reason::TestSignatureWrong).with("what", error)
            })
            .at("sign")
    }

    /// One signature, as the token gave it, and the record of the key's use; takes one use of the unlock. A PIN that was wrong is on record.
    pub(super) async fn signed_by_key(
        &self,
        by: Custodian<'_>,
        wanted: KeySignature,
        pin: OnePin,
    ) -> Result<(Vec<u8>, u64), Stop> {
        let KeySignature { key, key_id, algorithm, asks_pin, has_pad, purpose, message } = wanted;
        let serial = key.serial.clone();
        let pin = pin.for_key(asks_pin, has_pad);
        let pin = pin.map_err(|reason| Violation::new(reason).with("token-serial", &serial)).at("prepare")?;
        let _one_at_a_time = match &pin {
            Some(_) => Some(self.wrong_pins.one_at_a_time(&serial).await),
            None => None,
        };
        if let Some(one) = &pin {
            self.check_wrong_pins(&serial, one.final_try).at("prepare")?;
        }
        let (entry, deadline) =
            (pin.as_ref().map(|one| entry_of(&one.pin)), self.sign_deadline(pin.as_ref()));
        let key_use = KeyUse { key, key_id, algorithm, purpose, message, pin };
        let order = key_use.record(Some(by), &*self.ledger, &self.scribe).await?;
        let seq = order.journal_seq();
        match (self.token.sign(order, deadline).await, entry) {
            (Ok(raw), entry) => {
                if entry.is_some() {
                    self.wrong_pins.was_right(&serial);
                }
                Ok((raw, seq))
            }
            (Err(SignError::NotSigned(error)), Some(entry)) if error.pin_was_tried() => {
                let (kind, left) = (PinKind::ContextSpecific, error.tries_left());
                let seq = self.record_wrong_pin(by, &serial, entry, kind, left).await?;
                Err(Stop::OnRecord { refusal: error.violation().into(), seq })
            }
            (Err(SignError::NotSigned(error) | SignError::MayHaveSigned(error)), _) => {
                Err(error.violation()).at("sign")
            }
            (Err(SignError::TimedOut), _) => {
                Err(TokenError::new(Reason::TokenTimeout).violation()).at("sign")
            }
        }
    }

    /// How long one signature may take: longer where a person types a PIN on the token for it.
    pub(super) fn sign_deadline(&self, pin: Option<&OnePin>) -> Duration {
        match pin {
            Some(OnePin { pin: PinOrPad::Pad, .. }) => self.limits.pin_pad.max(self.limits.token),
            _ => self.limits.token,
        }
    }
}
