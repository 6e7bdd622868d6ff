//! One PKCS#11 module: finding tokens by serial, logging in and out, finding keys and certificates, signing.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    session::UserType,
    slot::Slot,
};
use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use sealkeeper_pades::cms::SignatureAlgorithm;
use sealkeeper_pkcs11::{Raw, TokenInfo, one_of_serial};
use secrecy::SecretString;

use super::{
    events::SlotEvents,
    fault::{about, sign_failed},
    keys::{FoundKey, find_certificate, find_key, public_halves},
    mechanism::signing,
    pins::check_tries,
    sessions::{KeySession, Lent, Sessions},
};
use crate::token::wire::{
    Describe, Described, Failed, KeyFound, Loaded, Logout, Looked, Nothing, Object, Question, Reply, Sign,
    TokenShown, pin_of,
};

/// A loaded and initialised module with the logins it holds.
pub(in crate::token) struct Module {
    pub(super) pkcs11: Pkcs11,
    pub(super) raw: Raw,
    events: SlotEvents,
    logins: Mutex<BTreeMap<TokenSerial, Arc<Login>>>,
    /// Held while a login is made or ended, so that one is.
    pub(super) changing: Mutex<()>,
}

/// A login.
pub(super) struct Login {
    /// Its number; the agent's later logins have larger ones.
    pub(super) number: u64,
    pub(super) slot: Slot,
    pub(super) sessions: Sessions,
    /// Whether the token takes PINs on its own pad only.
    pub(super) has_pad: bool,
}

/// A poisoned lock guards nothing half-done here.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Module {
    /// Loads and initialises the module.
    pub(in crate::token) fn load(path: &Path) -> Result<(Self, Loaded), Failed> {
        let unusable =
            |error: Error| Failed { reason: Reason::ModuleUnusable.code().into(), ..Failed::from(error) };
        let pkcs11 = Pkcs11::new(path).map_err(unusable)?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(unusable(error)),
        }
        let raw = Raw::of(path).map_err(unusable)?;
        // What a module calls itself is for the log only.
        let loaded = pkcs11.get_library_info().map_or_else(
            |_| Loaded::default(),
            |info| Loaded {
                description: info.library_description().to_owned(),
                version: format!("{}.{}", info.library_version().major(), info.library_version().minor()),
                manufacturer: info.manufacturer_id().to_owned(),
            },
        );
        let events = SlotEvents::of(pkcs11.clone());
        let module = Module { pkcs11, raw, events, logins: Mutex::default(), changing: Mutex::default() };
        Ok((module, loaded))
    }

    /// Does what is asked.
    pub(in crate::token) fn answer(&self, question: Question) -> Reply {
        let answered = match question {
            Question::Look(_) => self.look().map(Reply::Looked),
            Question::Login(mut login) => self
                .login(&mut login)
                .map(|token| Reply::Looked(Looked { tokens: vec![token], hot_plug: false })),
            Question::Logout(logout) => {
                self.logout(&logout);
                Ok(Reply::Done(Nothing {}))
            }
            Question::Describe(wanted) => self.describe(&wanted).map(Reply::Described),
            Question::Sign(mut wanted) => self.sign(&mut wanted).map(Reply::Signature),
            Question::GenerateKey(wanted) => self.generate_key(&wanted).map(Reply::Key),
            Question::ImportCertificate(wanted) => self.import_certificate(&wanted).map(Reply::Imported),
            Question::ChangePin(mut change) => self.change_pin(&mut change).map(|()| Reply::Done(Nothing {})),
            Question::SetPin(mut change) => self.set_pin(&mut change).map(|()| Reply::Done(Nothing {})),
            Question::DestroyKey(wanted) => self.destroy_key(&wanted).map(Reply::Destroyed),
            Question::FindKey(wanted) => self.show_key(&wanted).map(Reply::KeyFound),
            Question::Finish(_) => {
                self.finish();
                Ok(Reply::Done(Nothing {}))
            }
        };
        answered.unwrap_or_else(Reply::Failed)
    }

    /// Logs out everywhere and calls C_Finalize, before the process unloads the shared object.
    pub(super) fn finish(&self) {
        for (_, login) in std::mem::take(&mut *held(&self.logins)) {
            login.sessions.log_out();
        }
        let _ = self.pkcs11.clone().finalize();
    }

    /// The tokens present now. Tokens that are not initialised have no serial worth a name and are left out.
    fn look(&self) -> Result<Looked, Failed> {
        self.events.take();
        let mut tokens = Vec::new();
        for slot in self.pkcs11.get_slots_with_token()? {
            // A token pulled out between the two calls is simply not there.
            let Ok(info) = self.raw.token_info(slot) else { continue };
            if let Some(serial) = info.serial.clone().filter(|_| info.is_initialized) {
                tokens.push((serial, info));
            }
        }
        let gone = |serial: &TokenSerial| !tokens.iter().any(|(present, _)| present == serial);
        let lost: Vec<_> = held(&self.logins)
            .iter()
            .filter(|(serial, login)| gone(serial) || login.sessions.is_logged_in() == Some(false))
            .map(|(serial, login)| (serial.clone(), login.number))
            .collect();
        for (serial, number) in &lost {
            self.end(serial, *number);
        }
        let slots = self.pkcs11.get_all_slots()?;
        let hot_plug = slots
            .into_iter()
            .any(|slot| self.pkcs11.get_slot_info(slot).is_ok_and(|info| info.removable_device()));
        let tokens = tokens.into_iter().map(|(serial, info)| self.shown(&serial, &info)).collect();
        Ok(Looked { tokens, hot_plug })
    }

    fn logout(&self, logout: &Logout) {
        let _changing = held(&self.changing);
        if let Ok(serial) = logout.serial.parse() {
            self.end(&serial, logout.login);
        }
    }

    /// The certificate and, with a login, the key and its fitness.
    fn describe(&self, wanted: &Describe) -> Result<Described, Failed> {
        let serial = serial_of(&wanted.key.serial)?;
        let (slot, info) = self.find_token(&serial)?;
        if wanted.key.token.as_ref().is_some_and(|label| info.label != *label) {
            // The token is there, only not the one meant.
            return Err(Failed { logged_out: false, ..Failed::from(Reason::TokenAbsent) });
        }
        let Some(login) = self.login_on(&serial) else {
            let session = self.pkcs11.open_ro_session(slot)?;
            let halves = public_halves(&session, &wanted.key, &[])?;
            let found = find_certificate(&session, &wanted.certificate, &halves, wanted.now_us)?;
            return Ok(Described { certificate: found.der, certificates: found.of, ..Described::default() });
        };
        let mut lent = login.sessions.lend()?;
        let Some(kept) = lent.session() else { return Err(Reason::Internal.into()) };
        let described = self.describe_in(kept, (slot, login.has_pad), wanted);
        match described {
            Ok(described) => {
                lent.give_back();
                Ok(described)
            }
            // What was found is not as it must be; no call failed.
            Err(failed) if failed.function.is_empty() && !failed.logged_out => {
                lent.give_back();
                Err(failed)
            }
            Err(failed) => Err(self.closed(&serial, &login, lent, failed)),
        }
    }

    /// Closes the session in which something failed. A login that has ended with it, for the token allows no other, is told to have.
    fn closed(&self, serial: &TokenSerial, login: &Login, lent: Lent<'_>, mut failed: Failed) -> Failed {
        drop(lent);
        failed.logged_out |= !login.sessions.any_open();
        if failed.logged_out {
            self.end(serial, login.number);
        }
        failed
    }

    fn describe_in(
        &self,
        kept: &mut KeySession,
        (slot, has_pad): (Slot, bool),
        wanted: &Describe,
    ) -> Result<Described, Failed> {
        let offered = self.pkcs11.get_mechanism_list(slot).unwrap_or_default();
        let key = find_key(&kept.session, &wanted.key, &offered, &wanted.unreported_accepted)?;
        let found = find_certificate(&kept.session, &wanted.certificate, key.public(), wanted.now_us)?;
        let described = Described {
            certificate: found.der,
            key_seen: true,
            algorithms: key.algorithms.iter().map(|algorithm| algorithm.code().to_owned()).collect(),
            asks_pin: key.asks_pin,
            unreported: key.unreported.clone(),
            certificates: found.of,
            key_id: key.id.clone(),
            has_pad,
        };
        kept.keys.retain(|(object, _)| *object != wanted.key);
        kept.keys.push((wanted.key.clone(), Arc::new(key)));
        Ok(described)
    }

    /// A private key with its public half, for whatever has no certificate yet.
    fn show_key(&self, wanted: &Object) -> Result<KeyFound, Failed> {
        let serial = serial_of(&wanted.serial)?;
        let (_, info) = self.find_token(&serial)?;
        if wanted.token.as_ref().is_some_and(|label| info.label != *label) {
            return Err(Failed { logged_out: false, ..Failed::from(Reason::TokenAbsent) });
        }
        let login = self.login_on(&serial).ok_or(Reason::TokenLocked)?;
        let mut lent = login.sessions.lend()?;
        let Some(kept) = lent.session() else { return Err(Reason::Internal.into()) };
        match self.show_key_in(kept, &login, wanted) {
            Ok(shown) => {
                lent.give_back();
                Ok(shown)
            }
            Err(failed) => {
                drop(lent);
                if failed.logged_out {
                    self.end(&serial, login.number);
                }
                Err(failed)
            }
        }
    }

    fn show_key_in(&self, kept: &mut KeySession, login: &Login, wanted: &Object) -> Result<KeyFound, Failed> {
        let offered = self.pkcs11.get_mechanism_list(login.slot).unwrap_or_default();
        // Found afresh: another program may have changed it. What the token does not report is no matter before there is a seal.
        kept.keys.retain(|(object, _)| object != wanted);
        let key = self.key_in(kept, wanted, &offered)?;
        let [public] = key.public() else {
            return Err(about(Reason::KeyAmbiguous, format!("{} public halves", key.public().len())));
        };
        Ok(KeyFound {
            public_key: public.to_der().map_err(|error| about(Reason::KeyUnfit, error.to_string()))?,
            algorithms: key.algorithms.iter().map(|algorithm| algorithm.code().to_owned()).collect(),
            asks_pin: key.asks_pin,
            has_pad: login.has_pad,
            key_id: key.id.clone(),
        })
    }

    /// One signature. Whatever fails, its session is closed: no operation stays active in it, and no further one fails for that.
    fn sign(&self, wanted: &mut Sign) -> Result<Vec<u8>, Failed> {
        let serial = serial_of(&wanted.key.serial)?;
        let login = self.login_on(&serial).ok_or(Reason::TokenLocked)?;
        let mut lent = login.sessions.lend()?;
        let Some(kept) = lent.session() else { return Err(Reason::Internal.into()) };
        match self.sign_in(kept, &login, wanted) {
            Ok(signature) => {
                lent.give_back();
                Ok(signature)
            }
            Err(failed) => Err(self.closed(&serial, &login, lent, failed)),
        }
    }

    fn sign_in(&self, kept: &mut KeySession, login: &Login, wanted: &mut Sign) -> Result<Vec<u8>, Failed> {
        let algorithm =
            SignatureAlgorithm::from_code(&wanted.algorithm).ok_or(Reason::KeyAlgorithmUnsupported)?;
        let offered = self.pkcs11.get_mechanism_list(login.slot).unwrap_or_default();
        let key = self.key_in(kept, &wanted.key, &offered)?;
        let signing = signing(algorithm, &offered, &wanted.message).ok_or(Reason::TokenMechanismMissing)?;
        let pin = pin_of(&mut wanted.pin);
        if key.asks_pin && pin.is_none() && !login.has_pad {
            return Err(Reason::TokenPinNeeded.into());
        }
        if key.asks_pin {
            let info = self.raw.token_info(login.slot)?;
            check_tries(info.pin.into(), wanted.final_try)?;
        }
        kept.session.sign_init(&signing.mechanism, key.handle).map_err(|error| sign_failed(&error))?;
        if key.asks_pin {
            let pin = if login.has_pad { None } else { pin.map(|pin| SecretString::from(pin.expose())) };
            if let Err(error) = kept.session.login(UserType::ContextSpecific, pin.as_ref()) {
                return Err(self.login_failed(login.slot, &error));
            }
        }
        self.raw.sign(&kept.session, &signing.data).map_err(|error| sign_failed(&error))
    }

    /// The key as found in this session, found now if it was not yet: whether it is fit was asked before the use was recorded, and whether it
    /// is the certificate's, the signature will tell.
    fn key_in(
        &self,
        kept: &mut KeySession,
        wanted: &Object,
        offered: &[cryptoki::mechanism::MechanismType],
    ) -> Result<Arc<FoundKey>, Failed> {
        if let Some((_, key)) = kept.keys.iter().find(|(object, _)| object == wanted) {
            return Ok(key.clone());
        }
        let all = ["CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE", "CKA_LOCAL"].map(str::to_owned);
        let key = Arc::new(find_key(&kept.session, wanted, offered, &all)?);
        kept.keys.push((wanted.clone(), key.clone()));
        Ok(key)
    }

    /// The login that stands on this token.
    pub(super) fn login_on(&self, serial: &TokenSerial) -> Option<Arc<Login>> {
        held(&self.logins).get(serial).cloned()
    }

    /// A login was made.
    pub(super) fn keep(&self, serial: TokenSerial, login: Login) {
        held(&self.logins).insert(serial, Arc::new(login));
    }

    /// Ends a login, unless a later one has taken its place.
    pub(super) fn end(&self, serial: &TokenSerial, number: u64) {
        let ended = {
            let mut logins = held(&self.logins);
            if logins.get(serial).is_some_and(|login| login.number <= number) {
                logins.remove(serial)
            } else {
                None
            }
        };
        if let Some(login) = ended {
            login.sessions.log_out();
        }
    }

    pub(super) fn find_token(&self, serial: &TokenSerial) -> Result<(Slot, TokenInfo), Failed> {
        let slots = self.pkcs11.get_slots_with_token()?;
        let shown = slots.into_iter().filter_map(|slot| Some((slot, self.raw.token_info(slot).ok()?)));
        Ok(one_of_serial(shown, serial)?)
    }

    pub(super) fn shown(&self, serial: &TokenSerial, info: &TokenInfo) -> TokenShown {
        TokenShown {
            serial: serial.to_string(),
            label: info.label.clone(),
            manufacturer: info.manufacturer.clone(),
            model: info.model.clone(),
            firmware: info.firmware.clone(),
            hardware: info.hardware.clone(),
            pin: info.pin.into(),
            logged_in: self.login_on(serial).is_some(),
        }
    }
}

/// The serial in a question; the agent sends none that is not one.
pub(super) fn serial_of(text: &str) -> Result<TokenSerial, Failed> {
    text.parse().map_err(|_| about(Reason::Internal, "a question about no token"))
}
