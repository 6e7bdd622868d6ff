//! One PKCS#11 module, used from one thread only: finding tokens by serial, logging in and out, finding keys and certificates, signing.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, SessionState, UserType},
    slot::{Slot, TokenInfo},
};
use sealkeeper_domain::{identity::TokenSerial, pkcs11_uri::ObjectUri, reason::Reason};
use secrecy::SecretString;
use x509_cert::{Certificate, der::Decode};

use super::{
    fault::{Failed, session_lost, sign_error, token_error},
    thread::Driven,
};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{Ended, LoginEnded, TokenState, Unlock, UnlockLeft, Unlocked},
        token_error::{PinFlags, SignError, TokenError},
    },
    record::SignOrder,
};

/// DER of the named curve P-256 (RFC 5480 §2.1.1.1), as CKA_EC_PARAMS holds it.
const P256_PARAMETERS: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// A loaded and initialised module with the logins it holds.
pub(super) struct Module {
    pkcs11: Pkcs11,
    logins: BTreeMap<TokenSerial, Login>,
    /// Logins that ended and were not told of yet.
    ended: Vec<LoginEnded>,
}

/// A login: it lives as long as its session, and ends by uses or idle time.
struct Login {
    session: Session,
    uses_left: u32,
    idle: Duration,
    last_used: Instant,
    /// Private keys found in this session; handles die with it.
    keys: BTreeMap<String, ObjectHandle>,
}

impl Module {
    /// Loads and initialises the module.
    pub(super) fn load(path: &Path) -> Result<Self, TokenError> {
        let pkcs11 = Pkcs11::new(path).map_err(|e| token_error(&e))?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(TokenError { reason: Reason::ModuleUnusable, ..token_error(&error) }),
        }
        Ok(Module { pkcs11, logins: BTreeMap::new(), ended: Vec::new() })
    }
}

impl Driven for Module {
    /// The tokens present now. Tokens that are not initialised have no serial worth a name and are left out.
    fn list(&mut self) -> Result<Vec<TokenState>, TokenError> {
        self.end_lost();
        let slots = self.pkcs11.get_slots_with_token().map_err(|e| token_error(&e))?;
        let mut tokens = Vec::new();
        for slot in slots {
            // A token pulled out between the two calls is simply not there.
            let Ok(info) = self.pkcs11.get_token_info(slot) else { continue };
            if let Ok(serial) = info.serial_number().parse::<TokenSerial>()
                && info.token_initialized()
            {
                tokens.push((serial, info));
            }
        }
        let gone: Vec<_> = self
            .logins
            .keys()
            .filter(|held| !tokens.iter().any(|(serial, _)| serial == *held))
            .cloned()
            .collect();
        for serial in gone {
            self.end(&serial, Ended::Lost);
        }
        Ok(tokens.into_iter().map(|(serial, info)| self.state(serial, &info)).collect())
    }

    /// Logs in with this PIN, once. A login that stands is replaced: its limits were for another occasion.
    fn unlock(&mut self, unlock: Unlock) -> Result<Unlocked, TokenError> {
        let (slot, info) =
            self.find_token(&unlock.serial).map_err(|failed| self.ending(&unlock.serial, failed))?;
        let flags = pin_flags(&info);
        let refused = |reason| Err(TokenError { pin: Some(flags), ..TokenError::new(reason) });
        match flags {
            PinFlags { locked: true, .. } => return refused(Reason::TokenPinLocked),
            PinFlags { initialized: false, .. } => return refused(Reason::TokenPinNotInitialized),
            PinFlags { final_try: true, .. } if !unlock.final_try => {
                return refused(Reason::TokenPinFinalTry);
            }
            _ => {}
        }
        // Before C_Login, which answers CKR_USER_ALREADY_LOGGED_IN while another session of ours is logged in (PKCS#11 v3.0 §5.6.8).
        let replaced = self.lock(&unlock.serial);
        let serial = unlock.serial.clone();
        match self.log_in(slot, flags, unlock) {
            Ok(login) => {
                self.logins.insert(serial.clone(), login);
                Ok(Unlocked { token: self.state(serial, &info), replaced })
            }
            Err(error) => {
                if replaced {
                    self.ended.push(LoginEnded { serial, why: Ended::Asked });
                }
                Err(error)
            }
        }
    }

    /// Logs out; tells whether there was a login.
    fn lock(&mut self, serial: &TokenSerial) -> bool {
        match self.logins.remove(serial) {
            // A failed logout is followed by the close of the session, which ends the login as well (PKCS#11 v3.0 §5.6.2).
            Some(login) => {
                let _ = login.session.logout();
                true
            }
            None => false,
        }
    }

    /// The certificate and, with a login, the key's fitness.
    fn describe(&mut self, wanted: &KeyOnToken) -> Result<SigningKey, TokenError> {
        self.end_lost();
        self.look_up(wanted).map_err(|failed| self.ending(&wanted.key.serial, failed))
    }

    /// Signs the order's digest with CKM_ECDSA (PKCS#11 v3.0 Current Mechanisms §2.3.6). A use is spent when the token is asked.
    fn sign(&mut self, order: SignOrder) -> Result<Vec<u8>, SignError> {
        let serial = &order.key().serial;
        let not_signed = |reason| Err(SignError::NotSigned(TokenError::new(reason)));
        let Some(login) = self.logins.get_mut(serial) else {
            return not_signed(Reason::TokenLocked);
        };
        let Some(key) = login.keys.get(&order.key().to_string()).copied() else {
            return not_signed(Reason::KeyAbsent);
        };
        login.uses_left = login.uses_left.saturating_sub(1);
        login.last_used = Instant::now();
        let uses_left = login.uses_left;
        match login.session.sign(&Mechanism::Ecdsa, key, order.digest()) {
            Ok(signature) => {
                if uses_left == 0 {
                    self.end(serial, Ended::UsesSpent);
                }
                Ok(signature)
            }
            Err(error) => {
                // An operation may be left active in the session, which would fail every further one (CKR_OPERATION_ACTIVE).
                self.end(serial, if session_lost(&error) { Ended::Lost } else { Ended::Failed });
                Err(sign_error(&error))
            }
        }
    }

    fn lock_idle(&mut self, now: Instant) {
        let idle: Vec<_> = self
            .logins
            .iter()
            .filter(|(_, login)| now.duration_since(login.last_used) >= login.idle)
            .map(|(serial, _)| serial.clone())
            .collect();
        for serial in &idle {
            self.end(serial, Ended::Idle);
        }
    }

    fn next_idle(&self, now: Instant) -> Option<Duration> {
        self.logins.values().map(|login| (login.last_used + login.idle).saturating_duration_since(now)).min()
    }

    fn take_ended(&mut self) -> Vec<LoginEnded> {
        std::mem::take(&mut self.ended)
    }

    /// Logs out everywhere and calls C_Finalize, before the process unloads the shared object.
    fn finish(mut self) {
        for serial in self.logins.keys().cloned().collect::<Vec<_>>() {
            self.lock(&serial);
        }
        if let Err(error) = self.pkcs11.finalize() {
            tracing::warn!(%error, "C_Finalize");
        }
    }
}

impl Module {
    fn log_in(&self, slot: Slot, flags: PinFlags, unlock: Unlock) -> Result<Login, TokenError> {
        let session = self.pkcs11.open_ro_session(slot).map_err(|e| token_error(&e))?;
        let pin = SecretString::from(unlock.pin.expose());
        drop(unlock.pin);
        if let Err(error) = session.login(UserType::User, Some(&pin)) {
            let mut after = self.pkcs11.get_token_info(slot).map_or(flags, |info| pin_flags(&info));
            let told = token_error(&error);
            // Not every token sets the flag at once.
            after.locked |= told.reason == Reason::TokenPinLocked;
            return Err(TokenError { pin: Some(after), ..told });
        }
        Ok(Login {
            session,
            uses_left: unlock.uses,
            idle: unlock.idle,
            last_used: Instant::now(),
            keys: BTreeMap::new(),
        })
    }

    fn look_up(&mut self, wanted: &KeyOnToken) -> Result<SigningKey, Failed> {
        let serial = wanted.key.serial.clone();
        let (slot, info) = self.find_token(&serial)?;
        if let Some(label) = &wanted.key.token
            && info.label() != label
        {
            // The token is there, only not the one meant.
            return Err(Failed { told: TokenError::new(Reason::TokenAbsent), session_lost: false });
        }
        let Some(login) = self.logins.get_mut(&serial).filter(|login| login.uses_left > 0) else {
            let session = self.pkcs11.open_ro_session(slot)?;
            let certificate = read_certificate(&session, &wanted.certificate)?;
            return Ok(SigningKey { certificate, ready: false, serial });
        };
        let certificate = read_certificate(&login.session, &wanted.certificate)?;
        let template = key_template(&wanted.key);
        let key = find_one(&login.session, &template, Reason::KeyAbsent, Reason::KeyAmbiguous)?;
        check_key(&login.session, key, &certificate)?;
        login.keys.insert(wanted.key.to_string(), key);
        Ok(SigningKey { certificate, ready: true, serial })
    }

    /// Ends a login by itself.
    fn end(&mut self, serial: &TokenSerial, why: Ended) {
        if self.lock(serial) {
            self.ended.push(LoginEnded { serial: serial.clone(), why });
        }
    }

    /// Ends the login if its session is gone.
    fn ending(&mut self, serial: &TokenSerial, failed: Failed) -> TokenError {
        if failed.session_lost {
            self.end(serial, Ended::Lost);
        }
        failed.told
    }

    /// Ends the logins whose sessions the token has dropped: a token taken out and put back is another login's.
    fn end_lost(&mut self) {
        let lost: Vec<_> = self
            .logins
            .iter()
            .filter(|(_, login)| match login.session.get_session_info() {
                Ok(info) => !matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser),
                Err(error) => session_lost(&error),
            })
            .map(|(serial, _)| serial.clone())
            .collect();
        for serial in &lost {
            self.end(serial, Ended::Lost);
        }
    }

    fn find_token(&self, serial: &TokenSerial) -> Result<(Slot, TokenInfo), Failed> {
        let mut found = None;
        for slot in self.pkcs11.get_slots_with_token()? {
            let Ok(info) = self.pkcs11.get_token_info(slot) else { continue };
            if info.serial_number().parse::<TokenSerial>().as_ref() == Ok(serial)
                && found.replace((slot, info)).is_some()
            {
                return Err(Reason::TokenAmbiguous.into());
            }
        }
        found.ok_or_else(|| Reason::TokenAbsent.into())
    }

    fn state(&self, serial: TokenSerial, info: &TokenInfo) -> TokenState {
        let unlocked = self.logins.get(&serial).map(|login| UnlockLeft {
            uses: login.uses_left,
            idle: (login.last_used + login.idle).saturating_duration_since(Instant::now()),
        });
        TokenState {
            serial,
            label: info.label().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            firmware: format!("{}.{}", info.firmware_version().major(), info.firmware_version().minor()),
            pin: pin_flags(info),
            unlocked,
        }
    }
}

fn pin_flags(info: &TokenInfo) -> PinFlags {
    PinFlags {
        count_low: info.user_pin_count_low(),
        final_try: info.user_pin_final_try(),
        locked: info.user_pin_locked(),
        initialized: info.user_pin_initialized(),
        protected_path: info.protected_authentication_path(),
    }
}

fn key_template(uri: &ObjectUri) -> Vec<Attribute> {
    named(uri, vec![Attribute::Class(ObjectClass::PRIVATE_KEY)])
}

/// Adds CKA_ID and CKA_LABEL as the URI names them.
fn named(uri: &ObjectUri, mut template: Vec<Attribute>) -> Vec<Attribute> {
    template.extend(uri.id.clone().map(Attribute::Id));
    template.extend(uri.label.clone().map(|label| Attribute::Label(label.into_bytes())));
    template
}

fn find_one(
    session: &Session,
    template: &[Attribute],
    absent: Reason,
    ambiguous: Reason,
) -> Result<ObjectHandle, Failed> {
    let found = session.find_objects(template)?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(absent.into()),
        _ => Err(ambiguous.into()),
    }
}

fn read_certificate(session: &Session, uri: &ObjectUri) -> Result<Vec<u8>, Failed> {
    let template = named(uri, vec![Attribute::Class(ObjectClass::CERTIFICATE)]);
    let handle = find_one(session, &template, Reason::CertificateAbsent, Reason::CertificateAmbiguous)?;
    let attributes = session.get_attributes(handle, &[AttributeType::Value])?;
    attributes
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::Value(der) => Some(der),
            _ => None,
        })
        .ok_or_else(|| Reason::CertificateAbsent.into())
}

/// A3: sensitive, never extractable, made on the token, for signing, on P-256, and the certificate's own.
fn check_key(session: &Session, key: ObjectHandle, certificate: &[u8]) -> Result<(), Failed> {
    let wanted = [
        AttributeType::KeyType,
        AttributeType::Sensitive,
        AttributeType::NeverExtractable,
        AttributeType::Extractable,
        AttributeType::Local,
        AttributeType::Sign,
        AttributeType::EcParams,
        AttributeType::Id,
    ];
    let attributes = session.get_attributes(key, &wanted)?;
    let has = |wanted: &Attribute| attributes.contains(wanted);
    if !has(&Attribute::KeyType(KeyType::EC)) || !has(&Attribute::EcParams(P256_PARAMETERS.to_vec())) {
        return Err(Reason::KeyAlgorithmUnsupported.into());
    }
    let demanded = [
        Attribute::Sensitive(true),
        Attribute::NeverExtractable(true),
        Attribute::Extractable(false),
        Attribute::Local(true),
        Attribute::Sign(true),
    ];
    if !demanded.iter().all(has) {
        return Err(Reason::KeyUnfit.into());
    }
    // The public half lies beside the private one under the same CKA_ID. Where a token keeps none, or no CKA_ID, the verification of every
    // signature with the certificate's key is what tells.
    let id =
        attributes.into_iter().find(|attribute| matches!(attribute, Attribute::Id(id) if !id.is_empty()));
    let Some(id) = id else { return Ok(()) };
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), id];
    for public in session.find_objects(&template)? {
        let point = session.get_attributes(public, &[AttributeType::EcPoint])?;
        if let [Attribute::EcPoint(point)] = point.as_slice()
            && !certificate_holds_point(certificate, point)
        {
            return Err(Reason::CertificateMismatch.into());
        }
    }
    Ok(())
}

/// Whether the certificate's public key is this CKA_EC_POINT: the uncompressed point, in a DER OCTET STRING as the standard says or bare
/// as some tokens give it.
fn certificate_holds_point(certificate: &[u8], point: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    let key = certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    point == key || point.strip_prefix(&[0x04, 0x41]) == Some(key)
}
