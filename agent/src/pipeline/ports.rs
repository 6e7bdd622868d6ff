//! What the pipeline needs of the world, as traits shaped like messages: no handles, owned values, a deadline on each call to a token.
//! Adapters implement them; only `main` wires concrete ones.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use sealkeeper_domain::{
    identity::{Digest, SealId, TokenSerial},
    pin::Pin,
    pkcs11_uri::ObjectUri,
    reason::Reason,
    refusal::Violation,
    seal::Seal,
};
use sealkeeper_pades::picture::SealPicture;

use super::record::SignOrder;

/// The time, so that no stage asks for it by itself.
pub(crate) trait Clock: Send + Sync {
    /// Microseconds since the Unix epoch.
    fn now_us(&self) -> u64;
}

/// The seals this agent keeps.
pub(crate) trait SealRegistry: Send + Sync {
    /// By id or by name.
    fn find(&self, id_or_name: &str) -> Option<&RegisteredSeal>;
    /// All of them, in the order of the configuration.
    fn all(&self) -> &[RegisteredSeal];
    /// By id.
    fn by_id(&self, id: &SealId) -> Option<&RegisteredSeal> {
        self.all().iter().find(|registered| registered.seal.id == *id)
    }
}

/// A seal with what belongs to it outside the token.
pub(crate) struct RegisteredSeal {
    /// The entry.
    pub(crate) seal: Seal,
    /// The picture file as configured.
    pub(crate) picture_file: Vec<u8>,
    /// Digest of that file.
    pub(crate) picture_digest: Digest,
    /// The picture, decoded once.
    pub(crate) picture: SealPicture,
    /// Issuers of the seal's certificate, nearest first, DER.
    pub(crate) issuers: Vec<Vec<u8>>,
}

/// The tokens behind all PKCS#11 modules.
#[async_trait]
pub(crate) trait Token: Send + Sync {
    /// The tokens present now.
    async fn list(&self, deadline: Duration) -> Result<Vec<TokenState>, TokenError>;
    /// Logs in, once, with this PIN. Never tried again by anybody but the person.
    async fn unlock(&self, unlock: Unlock, deadline: Duration) -> Result<TokenState, TokenError>;
    /// Logs out; tells whether it was unlocked.
    async fn lock(&self, serial: TokenSerial, deadline: Duration) -> Result<bool, TokenError>;
    /// The certificate, and the key's fitness if the token is unlocked (private keys do not show before).
    async fn describe(&self, key: KeyOnToken, deadline: Duration) -> Result<SigningKey, TokenError>;
    /// One signature, for an order that only a committed intent can make.
    async fn sign(&self, order: SignOrder, deadline: Duration) -> Result<Vec<u8>, SignError>;
}

/// Where a seal's key and certificate lie.
#[derive(Clone, Debug)]
pub(crate) struct KeyOnToken {
    /// The private key.
    pub(crate) key: ObjectUri,
    /// The certificate.
    pub(crate) certificate: ObjectUri,
}

/// An unlock, with the PIN it owns.
#[derive(Debug)]
pub(crate) struct Unlock {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// The user PIN.
    pub(crate) pin: Pin,
    /// Signatures it is good for.
    pub(crate) uses: u32,
    /// Time without use after which it ends.
    pub(crate) idle: Duration,
}

/// A token as it shows itself now.
#[derive(Clone, Debug)]
pub(crate) struct TokenState {
    /// Serial number, the token's name.
    pub(crate) serial: TokenSerial,
    /// CK_TOKEN_INFO texts.
    pub(crate) label: String,
    pub(crate) manufacturer: String,
    pub(crate) model: String,
    pub(crate) firmware: String,
    /// CK_TOKEN_INFO.flags, as far as they tell of the PIN.
    pub(crate) pin: PinFlags,
    /// What is left of an unlock.
    pub(crate) unlocked: Option<UnlockLeft>,
}

/// What is left of an unlock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnlockLeft {
    /// Signatures.
    pub(crate) uses: u32,
    /// Time until it ends if the token stays idle.
    pub(crate) idle: Duration,
}

/// What CK_TOKEN_INFO.flags tell of the user PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PinFlags {
    pub(crate) count_low: bool,
    pub(crate) final_try: bool,
    pub(crate) locked: bool,
    pub(crate) initialized: bool,
    pub(crate) protected_path: bool,
}

/// A seal's certificate and, on an unlocked token, the assurance that its key is as the regulation demands.
#[derive(Clone, Debug)]
pub(crate) struct SigningKey {
    /// DER.
    pub(crate) certificate: Vec<u8>,
    /// Whether the token is unlocked with at least one use left; only then was the key seen and found sensitive, never extractable, local
    /// and matching the certificate.
    pub(crate) ready: bool,
    /// CK_TOKEN_INFO.serialNumber.
    pub(crate) serial: TokenSerial,
}

/// A token's no: what it means to the person, and what the token said.
#[derive(Clone, Debug)]
pub(crate) struct TokenError {
    /// The reason, told to the caller.
    pub(crate) reason: Reason,
    /// PKCS#11 function and return value, if one was called.
    pub(crate) call: Option<FailedCall>,
    /// The PIN's flags after a failed login.
    pub(crate) pin: Option<PinFlags>,
}

/// A PKCS#11 function that did not return CKR_OK.
#[derive(Clone, Debug)]
pub(crate) struct FailedCall {
    /// e.g. `C_Login`.
    pub(crate) function: String,
    /// e.g. `CKR_PIN_INCORRECT`.
    pub(crate) value: String,
}

impl TokenError {
    /// A no without a call behind it.
    pub(crate) fn new(reason: Reason) -> Self {
        TokenError { reason, call: None, pin: None }
    }

    /// As a violation with what the token said.
    pub(crate) fn violation(&self) -> Violation {
        let mut violation = Violation::new(self.reason);
        if let Some(call) = &self.call {
            violation = violation.with("function", &call.function).with("return-value", &call.value);
        }
        if let Some(pin) = self.pin {
            let left = match pin {
                PinFlags { locked: true, .. } => "none",
                PinFlags { final_try: true, .. } => "one",
                PinFlags { count_low: true, .. } => "few",
                _ => "not-told",
            };
            violation = violation.with("tries-left", left);
        }
        violation
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.code())?;
        if let Some(call) = &self.call {
            write!(f, " ({} returned {})", call.function, call.value)?;
        }
        Ok(())
    }
}

/// Why there is no signature, sorted by the one question that matters afterwards.
#[derive(Clone, Debug)]
pub(crate) enum SignError {
    /// The token certainly did not sign.
    NotSigned(TokenError),
    /// It may have.
    MayHaveSigned(TokenError),
    /// It did not answer in time, and may have.
    TimedOut,
}
