//! A person's own key on a token, by PKCS#11 v3.0: found by an RFC 7512 URI, used once its PIN was given, or made there.
//!
//! The vendor's module is loaded into a process of its own, which is asked through pipes with a deadline for each answer: one that crashes or
//! hangs ends in an error, and nothing else of it is trusted. Every signature is held against the public key before it is given out.

mod module;
mod process;
mod served;
mod wire;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::pkcs11_uri::{ObjectKind, ObjectUri};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pkcs11::{Untrusted, check_module_path};
use sha2::{Digest as _, Sha256};

use crate::act_signer::ActSigner;
use crate::error::ClientError;
use process::Process;
pub use served::serve_module;
pub use wire::TokenShown;
use wire::{KeyShown, Question, Reply};

/// Bytes of the CKA_ID of a new key whose URI names none.
const ID_BYTES: usize = 8;
/// CKA_LABEL of a new key whose URI names none.
const LABEL: &str = "sealkeeper act key";

/// The program that drives a module: it calls [`serve_module`] with the path it is given as its last argument.
#[derive(Debug, Clone)]
pub struct TokenProgram {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments before the module's path.
    pub arguments: Vec<OsString>,
}

/// How long a module may take.
#[derive(Debug, Clone, Copy)]
pub struct TokenLimits {
    /// For one answer, and to be loaded.
    pub call: Duration,
    /// For one that waits for a PIN to be typed on the token.
    pub pad: Duration,
}

impl Default for TokenLimits {
    /// 20 s, and 120 s where a person types.
    fn default() -> Self {
        Self { call: Duration::from_secs(20), pad: Duration::from_secs(120) }
    }
}

/// The token that a key lies on, or is to be made on, found and not yet logged in to.
#[derive(Debug)]
pub struct KeyToken {
    process: Process,
    uri: ObjectUri,
    shown: TokenShown,
    limits: TokenLimits,
}

/// A key on a token with its login, which ends when this is dropped.
#[derive(Debug)]
pub struct TokenKey {
    process: Mutex<Process>,
    public: ActKey,
    uri: ObjectUri,
    asks_on_pad: bool,
    limits: TokenLimits,
}

impl KeyToken {
    /// Reads the URI of a key: path attributes only, `serial` and `id` or `object` among them, `type` if given `private`.
    ///
    /// # Errors
    /// [`Reason::OwnKeyUriBad`]. The URI is not repeated: somebody may have put a PIN into it.
    pub fn parse_uri(text: &str) -> Result<ObjectUri, ClientError> {
        let uri = ObjectUri::parse(text).map_err(|error| ClientError::local(Reason::OwnKeyUriBad, error))?;
        match uri.kind {
            None | Some(ObjectKind::Private) => Ok(uri),
            Some(_) => Err(ClientError::local(Reason::OwnKeyUriBad, "type must be private")),
        }
    }

    /// Loads the module in a process of `program` and looks for the token. Blocks.
    ///
    /// # Errors
    /// [`Reason::OwnModuleUntrusted`] where anybody but root and the user of this process may change the module's file or a folder above it,
    /// [`Reason::OwnModuleUnusable`], [`Reason::OwnModuleCrashed`], [`Reason::OwnTokenTimeout`], [`Reason::OwnTokenAbsent`],
    /// [`Reason::TokenAmbiguous`].
    pub fn find(
        program: &TokenProgram,
        module: &Path,
        uri: ObjectUri,
        limits: TokenLimits,
    ) -> Result<Self, ClientError> {
        let checked =
            std::path::absolute(module).map_err(|why| Untrusted::Unreadable { path: module.into(), why });
        let checked = checked.and_then(|path| check_module_path(&path, rustix::process::geteuid().as_raw()));
        let module = checked.map_err(|error| match error {
            Untrusted::Unreadable { .. } => ClientError::local(Reason::OwnModuleUnusable, error),
            Untrusted::WritableByOthers(_) => ClientError::local(Reason::OwnModuleUntrusted, error),
        })?;
        let mut process = Process::start(program, &module, limits.call)?;
        let look = Question::Look { serial: uri.serial.to_string(), label: uri.token.clone() };
        match process.ask(&look, None, limits.call)? {
            Reply::Token(shown) => Ok(Self { process, uri, shown, limits }),
            _ => Err(unexpected()),
        }
    }

    /// The token, with what it tells of its PIN.
    pub fn shown(&self) -> &TokenShown {
        &self.shown
    }

    /// Logs in, once, and finds the key. No PIN where the token takes it on its own pad only (`has_pad`). With `final_try` the PIN is tried
    /// although the token says that one try is left. Blocks, on a pad until the PIN was typed.
    ///
    /// # Errors
    /// What stands against the PIN (`token-pin-…`), [`Reason::OwnKeyAbsent`], [`Reason::KeyAmbiguous`], [`Reason::OwnKeyUnfit`] where it is not
    /// sensitive or can be extracted, [`Reason::OwnKeyUnsupported`] where it is not of P-256, and whatever the module says.
    pub fn open(self, pin: Option<Pin>, final_try: bool) -> Result<TokenKey, ClientError> {
        let id = self.uri.id.as_deref().map(hex::encode);
        let open = Question::Open { id, label: self.uri.label.clone(), final_try };
        self.log_in(&open, pin)
    }

    /// Logs in as [`open`](Self::open) does and makes a key pair of P-256, sensitive, never extractable and made on the token, under the URI's
    /// `id` or a new one, and its `object`. Blocks.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`Reason::KeyExists`], [`Reason::KeyGenerationRefused`].
    pub fn make_key(self, pin: Option<Pin>, final_try: bool) -> Result<TokenKey, ClientError> {
        let id = match self.uri.id.clone() {
            Some(id) => id,
            None => {
                let mut id = vec![0; ID_BYTES];
                getrandom::fill(&mut id).map_err(|error| ClientError::local(Reason::Internal, error))?;
                id
            }
        };
        let label = self.uri.label.clone().unwrap_or_else(|| LABEL.to_owned());
        self.log_in(&Question::Make { id: hex::encode(id), label, final_try }, pin)
    }

    fn log_in(mut self, question: &Question, pin: Option<Pin>) -> Result<TokenKey, ClientError> {
        let limit = if self.shown.has_pad { self.limits.pad } else { self.limits.call };
        let Reply::Key(KeyShown { public_key, id, asks_pin }) = self.process.ask(question, pin, limit)?
        else {
            return Err(unexpected());
        };
        let bytes = |text: &str| hex::decode(text).map_err(|_| unexpected());
        let public = ActKey::from_spki_der(&bytes(&public_key)?)
            .map_err(|error| ClientError::local(Reason::OwnKeyUnsupported, error))?;
        let uri = match bytes(&id)? {
            // A key without an id has its label for a name.
            id if id.is_empty() => self.uri,
            id => ObjectUri::of(&self.uri.serial, &id, ObjectKind::Private),
        };
        let asks_on_pad = asks_pin && self.shown.has_pad;
        Ok(TokenKey { process: Mutex::new(self.process), public, uri, asks_on_pad, limits: self.limits })
    }
}

impl TokenKey {
    /// Its URI, by serial and id.
    pub fn uri(&self) -> &ObjectUri {
        &self.uri
    }

    /// Whether each signature waits for the PIN to be typed on the token (CKA_ALWAYS_AUTHENTICATE on one with a pad).
    pub fn asks_on_pad(&self) -> bool {
        self.asks_on_pad
    }
}

impl ActSigner for TokenKey {
    fn public_key(&self) -> ActKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], ClientError> {
        let limit = if self.asks_on_pad { self.limits.pad } else { self.limits.call };
        let sign = Question::Sign { digest: hex::encode(Sha256::digest(message)) };
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let Reply::Signature(raw) = process.ask(&sign, None, limit)? else { return Err(unexpected()) };
        let raw = hex::decode(raw).map_err(|_| unexpected())?;
        let wrong = || ClientError::local(Reason::OwnSignatureWrong, &self.uri);
        let signature = fixed(&raw).ok_or_else(wrong)?;
        if self.public.has_signed(message, &signature) { Ok(signature) } else { Err(wrong()) }
    }
}

/// r ‖ s as PKCS#11 gives them (Current Mechanisms v3.0 §2.3.1: even length, at most 2n), each half padded on its left to 32 bytes.
fn fixed(raw: &[u8]) -> Option<[u8; 64]> {
    let (r, s) = raw.split_at_checked(raw.len() / 2).filter(|(r, s)| r.len() == s.len() && !r.is_empty())?;
    let mut padded = [0; 64];
    let (left, right) = padded.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        half.get_mut(32_usize.checked_sub(number.len())?..)?.copy_from_slice(number);
    }
    Some(padded)
}

/// An answer to another question.
fn unexpected() -> ClientError {
    ClientError::local(Reason::OwnTokenFault, "an answer to another question")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_signature_are_padded_on_their_left() {
        let mut whole = [0; 64];
        (whole[31], whole[63]) = (1, 2);
        assert_eq!(fixed(&[1, 2]), Some(whole));
        assert_eq!(fixed(&[0, 1, 0, 2]), Some(whole));
        assert_eq!(fixed(&whole), Some(whole));
        for wrong in [&[][..], &[1], &[1, 2, 3], &[0; 66]] {
            assert_eq!(fixed(wrong), None, "{} bytes", wrong.len());
        }
    }

    #[test]
    fn a_uri_names_a_private_key_by_its_path_alone() {
        let refused = |text: &str| match KeyToken::parse_uri(text).unwrap_err() {
            ClientError::Local { reason: Reason::OwnKeyUriBad, detail } => detail,
            other => panic!("{other}"),
        };
        assert!(KeyToken::parse_uri("pkcs11:serial=1;object=my%20key;type=private").is_ok());
        assert!(refused("pkcs11:serial=1;id=%01;type=cert").contains("private"));
        for secret in
            ["pkcs11:serial=1;id=%01?pin-value=123456", "pkcs11:serial=1;id=%01?module-path=/123456.so"]
        {
            let told = refused(secret);
            assert!(told.contains("query") && !told.contains("123456"), "{told}");
        }
    }
}
