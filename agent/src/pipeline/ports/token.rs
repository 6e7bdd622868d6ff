//! The tokens.

use std::time::Duration;

use async_trait::async_trait;
use sealkeeper_domain::{identity::TokenSerial, pin::Pin, pkcs11_uri::ObjectUri, reason::Reason};

use super::{
    key::{KeyFound, KeyOnToken, SigningKey},
    module::Library,
    token_error::{PinFlags, SignError, TokenError},
};
use crate::pipeline::{destruction::DestructionOrder, identify::Holder, record::SignOrder};

/// The tokens behind all PKCS#11 modules.
#[async_trait]
pub(crate) trait Token: Send + Sync {
    /// The tokens present now.
    async fn list(&self, deadline: Duration) -> Result<Vec<TokenState>, TokenError>;
    /// Logs in, once, with this PIN. Never tried again by anybody but the person.
    async fn unlock(&self, unlock: Unlock, deadline: Duration) -> Result<Unlocked, TokenError>;
    /// Logs out; tells whether it was unlocked. A module that does not do it in time is ended, and its logins with it.
    async fn lock(&self, serial: TokenSerial, deadline: Duration) -> Result<bool, TokenError>;
    /// The certificate, and the key's fitness if the token is unlocked (private keys do not show before).
    async fn describe(&self, key: KeyOnToken, deadline: Duration) -> Result<SigningKey, TokenError>;
    /// A private key on an unlocked token, whether it has a certificate or not.
    async fn find_key(&self, key: ObjectUri, deadline: Duration) -> Result<KeyFound, TokenError>;
    /// One signature, for an order that only a committed record can make.
    async fn sign(&self, order: SignOrder, deadline: Duration) -> Result<Vec<u8>, SignError>;
    /// Makes a key pair on an unlocked token (A3); gives its SubjectPublicKeyInfo, DER.
    async fn generate_key(&self, wanted: NewKey, deadline: Duration) -> Result<Vec<u8>, TokenError>;
    /// Puts a certificate beside its key on an unlocked token.
    async fn import_certificate(
        &self,
        wanted: NewCertificate,
        deadline: Duration,
    ) -> Result<ImportedCertificate, TokenError>;
    /// Destroys a key on an unlocked token with its public half and its certificate, and looks for it again (R2), for an order that only a
    /// committed record can make. A key that is gone already is found gone.
    async fn destroy_key(
        &self,
        order: DestructionOrder,
        deadline: Duration,
    ) -> Result<DestroyedKey, TokenError>;
    /// Changes the user PIN, or has the security officer set it anew. Tried once.
    async fn change_pin(&self, change: PinChange, deadline: Duration) -> Result<(), TokenError>;
}

/// An unlock, with the PIN it owns.
#[derive(Debug)]
pub(crate) struct Unlock {
    /// Which token.
    pub(crate) serial: TokenSerial,
    /// Whose the login will be.
    pub(crate) holder: Holder,
    /// The user PIN.
    pub(crate) pin: PinOrPad,
    /// Signatures it is good for.
    pub(crate) uses: u32,
    /// Time without use after which it ends.
    pub(crate) idle: Duration,
    /// Time after which it ends in any case.
    pub(crate) lifetime: Duration,
    /// Whether the PIN is tried although the token says that one try is left: a wrong one then locks it.
    pub(crate) final_try: bool,
}

/// How a PIN comes to the token.
#[derive(Debug)]
pub(crate) enum PinOrPad {
    /// The agent hands it over.
    Pin(Pin),
    /// It is typed on the token (CKF_PROTECTED_AUTHENTICATION_PATH).
    Pad,
}

/// A PIN for one signature, of a key that asks for it each time (CKA_ALWAYS_AUTHENTICATE).
#[derive(Debug)]
pub(crate) struct OnePin {
    /// The PIN; the pad stands for none that was sent, too.
    pub(crate) pin: PinOrPad,
    /// Whether it is tried although the token says that one try is left.
    pub(crate) final_try: bool,
}

impl OnePin {
    /// The PIN as this key takes it; `None` for one that does not ask: a PIN that no key asks for goes nowhere.
    ///
    /// # Errors
    /// [`Reason::TokenPinNeeded`] if none was sent and it cannot be typed on the token, [`Reason::TokenPinPad`] if it can.
    pub(crate) fn for_key(self, asks_pin: bool, has_pad: bool) -> Result<Option<OnePin>, Reason> {
        match (asks_pin, has_pad, &self.pin) {
            (false, ..) => Ok(None),
            (true, true, PinOrPad::Pin(_)) => Err(Reason::TokenPinPad),
            (true, false, PinOrPad::Pad) => Err(Reason::TokenPinNeeded),
            (true, ..) => Ok(Some(self)),
        }
    }
}

/// A key pair to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) serial: TokenSerial,
    /// `ec-p256`, `ec-p384`, `rsa-2048`, `rsa-3072`, `rsa-4096`.
    pub(crate) kind: &'static str,
    /// CKA_ID, not taken yet.
    pub(crate) id: Vec<u8>,
    /// CKA_LABEL.
    pub(crate) label: String,
}

/// A certificate to be put beside its key.
#[derive(Clone, Debug)]
pub(crate) struct NewCertificate {
    pub(crate) serial: TokenSerial,
    /// DER.
    pub(crate) certificate: Vec<u8>,
    /// Whether those for the same key that are there go.
    pub(crate) replace: bool,
}

/// A certificate that was put beside its key.
#[derive(Clone, Debug)]
pub(crate) struct ImportedCertificate {
    /// CKA_ID of both.
    pub(crate) key_id: Vec<u8>,
    /// SHA-256 of each certificate that went.
    pub(crate) replaced: Vec<[u8; 32]>,
    /// Those that should have gone, which the token did not let go.
    pub(crate) left: u32,
}

/// A key that was destroyed, as far as the token told so.
#[derive(Clone, Debug)]
pub(crate) struct DestroyedKey {
    /// Whether a new search found neither a private key of that name nor any key object with that public key.
    pub(crate) gone: bool,
    /// CKA_ID of the private key; `None`: it has none, or was gone already.
    pub(crate) key_id: Option<Vec<u8>>,
    /// Certificates of it that are named and that the token did not let go.
    pub(crate) certificates_left: u32,
}

/// A user PIN to be changed.
#[derive(Debug)]
pub(crate) struct PinChange {
    pub(crate) serial: TokenSerial,
    /// Whose PIN allows it: the user's own old one, or the security officer's.
    pub(crate) by_officer: bool,
    /// That PIN and the new one; `None`: both are typed on the token.
    pub(crate) pins: Option<(Pin, Pin)>,
    /// Whether it is tried although the token says that one try is left.
    pub(crate) final_try: bool,
}

/// A login that was made.
#[derive(Clone, Debug)]
pub(crate) struct Unlocked {
    /// The token with it.
    pub(crate) token: TokenState,
    /// Whether it took the place of a login that stood until then.
    pub(crate) replaced: bool,
}

/// What happened to tokens and modules by itself.
#[derive(Clone, Debug)]
pub(crate) enum TokenNews {
    /// A login ended.
    LoginEnded(LoginEnded),
    /// A token is there that was not, or was not seen yet.
    Inserted { module: String, token: TokenState },
    /// A token is not there any more.
    Removed { module: String, token: TokenState },
    /// What a token tells of its PIN has changed.
    Changed { token: TokenState },
    /// A module was loaded.
    ModuleLoaded { module: String, library: Library },
    /// A module could not be loaded, or its process ended without being told to.
    ModuleFailed { module: String, ending: Ending },
}

/// How a module's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) cause: Cause,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Or its exit code.
    pub(crate) exit_code: Option<i32>,
    /// Questions it left without an answer.
    pub(crate) in_flight: usize,
}

/// Why a module's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The module brought it down.
    Crashed,
    /// It did not answer in time.
    TimedOut,
    /// The module could not be loaded or initialised.
    Unusable,
    /// The module ran out of the memory it may take.
    OutOfMemory,
    /// It was told to.
    Told,
}

/// A login that ended while nobody waited to hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginEnded {
    /// Whose.
    pub(crate) serial: TokenSerial,
    /// Why.
    pub(crate) why: Ended,
}

/// Why a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All uses were spent.
    UsesSpent,
    /// It stood idle for too long.
    Idle,
    /// Its time was over.
    Expired,
    /// The token went away or dropped the session.
    Lost,
    /// The module's process ended, and it with it.
    Failed,
    /// A further unlock took its place and failed.
    Asked,
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
    pub(crate) hardware: String,
    /// CK_TOKEN_INFO.flags, as far as they tell of the PIN.
    pub(crate) pin: PinFlags,
    /// The module that shows it, by its name in the configuration.
    pub(crate) module: String,
    /// What is left of an unlock.
    pub(crate) unlocked: Option<UnlockLeft>,
}

impl TokenState {
    /// What is left of an unlock for this one; nothing of another's.
    pub(crate) fn unlocked_for(&self, holder: Holder) -> Option<UnlockLeft> {
        self.unlocked.filter(|left| left.holder == holder)
    }
}

/// What is left of an unlock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnlockLeft {
    /// Whose it is.
    pub(crate) holder: Holder,
    /// Signatures.
    pub(crate) uses: u32,
    /// Time until it ends if the token stays idle.
    pub(crate) idle: Duration,
    /// Time until it ends in any case.
    pub(crate) lifetime: Duration,
}
