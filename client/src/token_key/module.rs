//! One module for one key: finding its token, logging in, finding or making the key, signing.

use std::collections::BTreeMap;
use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_pades::cms::PublicKey;
use sealkeeper_pkcs11::return_value::{return_value, standard_name};
use sealkeeper_pkcs11::{PinFlags, Raw, one_of_serial};
use secrecy::SecretString;

use super::wire::{Failed, KeyShown, Question, Reply, TokenShown};

/// The curve's name as CKA_EC_PARAMS holds it: DER of the OID of RFC 5480 §2.1.1.1.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// What a key must be, with the names of the standard (PKCS#11 v3.0 §4.9).
const DEMANDED: [(&str, Attribute); 2] =
    [("CKA_SENSITIVE", Attribute::Sensitive(true)), ("CKA_EXTRACTABLE", Attribute::Extractable(false))];
/// What one made here must be as well.
const DEMANDED_OF_NEW: [(&str, Attribute); 3] = [
    ("CKA_ALWAYS_SENSITIVE", Attribute::AlwaysSensitive(true)),
    ("CKA_NEVER_EXTRACTABLE", Attribute::NeverExtractable(true)),
    ("CKA_LOCAL", Attribute::Local(true)),
];

/// A loaded and initialised module.
pub(super) struct Module {
    pkcs11: Pkcs11,
    raw: Raw,
    /// The token that was looked for.
    slot: Option<Slot>,
    /// The key, with its login.
    held: Option<Held>,
}

struct Held {
    session: Session,
    key: ObjectHandle,
    has_pad: bool,
    /// The PIN of a key that asks for it at each signature. It was right at the login.
    again: Option<Again>,
}

enum Again {
    OnPad,
    Pin(Pin),
}

impl Module {
    /// Loads and initialises the module.
    pub(super) fn load(path: &Path) -> Result<Self, Failed> {
        let unusable =
            |error: Error| Failed { reason: Reason::OwnModuleUnusable.code().to_owned(), ..(&error).into() };
        let pkcs11 = Pkcs11::new(path).map_err(unusable)?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(unusable(error)),
        }
        let raw = Raw::of(path).map_err(unusable)?;
        Ok(Self { pkcs11, raw, slot: None, held: None })
    }

    /// Does what is asked.
    pub(super) fn answer(&mut self, question: Question, pin: Option<Pin>) -> Result<Reply, Failed> {
        match question {
            Question::Look { serial, label } => self.look(&serial, label.as_deref()).map(Reply::Token),
            Question::Open { id, label, final_try } => {
                let (session, has_pad) = self.log_in(pin.as_ref(), final_try, false)?;
                let mut named = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
                named.extend(id.map(|id| bytes(&id).map(Attribute::Id)).transpose()?);
                named.extend(label.map(|label| Attribute::Label(label.into_bytes())));
                let key = match session.find_objects(&named)?.as_slice() {
                    [one] => *one,
                    [] => return Err(Reason::OwnKeyAbsent.into()),
                    several => return Err(about(Reason::KeyAmbiguous, several.len().to_string())),
                };
                self.show(session, key, has_pad, pin).map(Reply::Key)
            }
            Question::Make { id, label, final_try } => {
                let (session, has_pad) = self.log_in(pin.as_ref(), final_try, true)?;
                let key = self.make(&session, &bytes(&id)?, &label)?;
                self.show(session, key, has_pad, pin).map(Reply::Key)
            }
            Question::Sign { digest } => {
                self.sign(&bytes(&digest)?).map(|raw| Reply::Signature(hex::encode(raw)))
            }
        }
    }

    /// Logs out and calls C_Finalize, before the process unloads the shared object.
    pub(super) fn finish(&mut self) {
        if let Some(held) = self.held.take() {
            let _ = held.session.logout();
        }
        let _ = self.pkcs11.clone().finalize();
    }

    fn look(&mut self, serial: &str, label: Option<&str>) -> Result<TokenShown, Failed> {
        let wanted = serial.parse().map_err(|_| Failed::from(Reason::OwnTokenAbsent))?;
        let slots = self.pkcs11.get_slots_with_token()?;
        let shown = slots.into_iter().filter_map(|slot| Some((slot, self.raw.token_info(slot).ok()?)));
        let (slot, info) = one_of_serial(shown, &wanted)?;
        if label.is_some_and(|label| info.label != label) {
            // It is there, only not the one meant.
            return Err(about(Reason::OwnTokenAbsent, info.label));
        }
        self.slot = Some(slot);
        let pin = info.pin;
        Ok(TokenShown {
            serial: serial.to_owned(),
            label: info.label,
            pin_count_low: pin.count_low,
            pin_final_try: pin.final_try,
            pin_locked: pin.locked,
            pin_initialized: pin.initialized,
            has_pad: pin.protected_path,
        })
    }

    /// C_Login, once; and whether the token takes PINs on its own pad only.
    fn log_in(&self, pin: Option<&Pin>, final_try: bool, writing: bool) -> Result<(Session, bool), Failed> {
        let slot = self.slot.ok_or(Reason::Internal)?;
        let flags = self.raw.token_info(slot)?.pin;
        check_tries(flags, final_try)?;
        // With a protected authentication path C_Login takes NULL_PTR for a PIN, and nowhere else (PKCS#11 v3.0 §5.6.8).
        match (flags.protected_path, pin) {
            (true, Some(_)) => return Err(Reason::TokenPinPad.into()),
            (false, None) => return Err(Reason::TokenPinPadMissing.into()),
            _ => {}
        }
        let session = match writing {
            true => self.pkcs11.open_rw_session(slot)?,
            false => self.pkcs11.open_ro_session(slot)?,
        };
        let given = pin.map(|pin| SecretString::from(pin.expose()));
        session.login(UserType::User, given.as_ref()).map_err(|error| self.login_failed(&error))?;
        Ok((session, flags.protected_path))
    }

    /// A PIN that was not taken: with what the token says of tries left now.
    fn login_failed(&self, error: &Error) -> Failed {
        let flags = self.slot.and_then(|slot| self.raw.token_info(slot).ok()).map(|info| info.pin);
        let mut failed = Failed::from(error);
        if failed.reason == Reason::TokenCancelled.code() && flags.is_some_and(|pin| pin.protected_path) {
            failed.reason = Reason::TokenPinPadCancelled.code().to_owned();
        }
        failed.details.extend(flags.map(|pin| ("tries-left".to_owned(), tries_left(pin).to_owned())));
        failed
    }

    /// Checks the key, and keeps it with its login.
    fn show(
        &mut self,
        session: Session,
        key: ObjectHandle,
        has_pad: bool,
        pin: Option<Pin>,
    ) -> Result<KeyShown, Failed> {
        check_attributes(&session, key, &DEMANDED, Reason::OwnKeyUnfit)?;
        let (mut kind, mut curve, mut id, mut asks_pin) = (None, Vec::new(), Vec::new(), false);
        let asked = [
            AttributeType::KeyType,
            AttributeType::EcParams,
            AttributeType::Id,
            AttributeType::AlwaysAuthenticate,
            AttributeType::Sign,
        ];
        for attribute in session.get_attributes(key, &asked)? {
            match attribute {
                Attribute::KeyType(told) => kind = Some(told),
                Attribute::EcParams(told) => curve = told,
                Attribute::Id(told) => id = told,
                Attribute::AlwaysAuthenticate(told) => asks_pin = told,
                Attribute::Sign(false) => return Err(about(Reason::OwnKeyUnfit, "CKA_SIGN is false")),
                _ => {}
            }
        }
        match kind {
            Some(KeyType::EC) if curve == P256 => {}
            Some(KeyType::EC) => return Err(about(Reason::OwnKeyUnsupported, "another curve")),
            Some(other) => return Err(about(Reason::OwnKeyUnsupported, other.to_string())),
            None => return Err(about(Reason::OwnKeyUnsupported, "CKA_KEY_TYPE is not reported")),
        }
        let offered = self.slot.map(|slot| self.pkcs11.get_mechanism_list(slot).unwrap_or_default());
        if offered.is_some_and(|offered| !offered.is_empty() && !offered.contains(&MechanismType::ECDSA)) {
            return Err(about(Reason::TokenMechanismMissing, "CKM_ECDSA"));
        }
        let public_key = public_half(&session, key, &id)?;
        let again = asks_pin.then(|| pin.map_or(Again::OnPad, Again::Pin));
        self.held = Some(Held { session, key, has_pad, again });
        Ok(KeyShown { public_key: hex::encode(public_key), id: hex::encode(id), asks_pin })
    }

    /// C_GenerateKeyPair: the private half can do nothing but sign.
    fn make(&self, session: &Session, id: &[u8], label: &str) -> Result<ObjectHandle, Failed> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            if !session.find_objects(&[Attribute::Class(class), Attribute::Id(id.to_vec())])?.is_empty() {
                return Err(Reason::KeyExists.into());
            }
        }
        let both = |own: &[Attribute]| {
            let label = Attribute::Label(label.as_bytes().to_vec());
            [&[Attribute::Token(true), Attribute::Id(id.to_vec()), label][..], own].concat()
        };
        let public =
            both(&[Attribute::Private(false), Attribute::Verify(true), Attribute::EcParams(P256.to_vec())]);
        let private = both(&[
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ]);
        let (public, private) = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
        // A key that is not as it was asked for is none that may stay.
        check_attributes(session, private, &DEMANDED_OF_NEW, Reason::KeyGenerationRefused).inspect_err(
            |_| {
                let _ = session.destroy_object(private);
                let _ = session.destroy_object(public);
            },
        )?;
        Ok(private)
    }

    /// CKM_ECDSA over a SHA-256.
    fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, Failed> {
        let Some(held) = &self.held else { return Err(Reason::Internal.into()) };
        held.session.sign_init(&Mechanism::Ecdsa, held.key)?;
        if let Some(again) = &held.again {
            let pin = match again {
                Again::OnPad => None,
                Again::Pin(_) if held.has_pad => None,
                Again::Pin(pin) => Some(SecretString::from(pin.expose())),
            };
            let login = held.session.login(UserType::ContextSpecific, pin.as_ref());
            login.map_err(|error| self.login_failed(&error))?;
        }
        Ok(self.raw.sign(&held.session, digest)?)
    }
}

/// What the token says of its user PIN, before it is asked.
fn check_tries(flags: PinFlags, final_try: bool) -> Result<(), Failed> {
    let refused = |reason: Reason| {
        let mut failed = Failed::from(reason);
        failed.details.insert("tries-left".to_owned(), tries_left(flags).to_owned());
        Err(failed)
    };
    match flags {
        PinFlags { locked: true, .. } => refused(Reason::TokenPinLocked),
        PinFlags { initialized: false, .. } => Err(Reason::TokenPinNotInitialized.into()),
        PinFlags { final_try: true, .. } if !final_try => refused(Reason::TokenPinFinalTry),
        _ => Ok(()),
    }
}

/// In the words of the contract.
fn tries_left(flags: PinFlags) -> &'static str {
    match flags {
        PinFlags { locked: true, .. } => "none",
        PinFlags { final_try: true, .. } => "one",
        PinFlags { count_low: true, .. } => "few",
        _ => "not-told",
    }
}

fn check_attributes(
    session: &Session,
    key: ObjectHandle,
    demanded: &[(&str, Attribute)],
    reason: Reason,
) -> Result<(), Failed> {
    let asked: Vec<_> = demanded.iter().map(|(_, wanted)| wanted.attribute_type()).collect();
    let told = session.get_attributes(key, &asked)?;
    for (name, wanted) in demanded {
        match told.iter().find(|attribute| attribute.attribute_type() == wanted.attribute_type()) {
            Some(attribute) if attribute == wanted => {}
            Some(_) => return Err(about(reason, format!("{name} is not as it must be"))),
            None => return Err(about(reason, format!("{name} is not reported"))),
        }
    }
    Ok(())
}

/// The public half, SubjectPublicKeyInfo in DER: of the public key with the same CKA_ID, else as the private key tells it, else of the
/// certificate with the same CKA_ID. Whether it is the key's, each signature tells.
fn public_half(session: &Session, key: ObjectHandle, id: &[u8]) -> Result<Vec<u8>, Failed> {
    let beside = |class| -> Result<Vec<ObjectHandle>, Error> {
        match id.is_empty() {
            true => Ok(Vec::new()),
            false => session.find_objects(&[Attribute::Class(class), Attribute::Id(id.to_vec())]),
        }
    };
    let mut holders = beside(ObjectClass::PUBLIC_KEY)?;
    holders.push(key);
    for handle in holders {
        for attribute in session.get_attributes(handle, &[AttributeType::EcPoint])? {
            if let Attribute::EcPoint(point) = attribute
                && let Some(public) = PublicKey::from_ec_point(&point)
            {
                return public.to_der().map_err(|error| about(Reason::OwnKeyUnsupported, error.to_string()));
            }
        }
    }
    for handle in beside(ObjectClass::CERTIFICATE)? {
        for attribute in session.get_attributes(handle, &[AttributeType::Value])? {
            if let Attribute::Value(der) = attribute
                && let Ok(public) = PublicKey::of_certificate(&der)
            {
                return public.to_der().map_err(|error| about(Reason::OwnKeyUnsupported, error.to_string()));
            }
        }
    }
    Err(about(Reason::OwnKeyAbsent, "no public half"))
}

fn bytes(digits: &str) -> Result<Vec<u8>, Failed> {
    hex::decode(digits).map_err(|_| Reason::Internal.into())
}

fn about(reason: Reason, what: impl Into<String>) -> Failed {
    Failed { details: BTreeMap::from([("what".to_owned(), what.into())]), ..reason.into() }
}

impl From<Reason> for Failed {
    fn from(reason: Reason) -> Self {
        Self { reason: own(reason).code().to_owned(), details: BTreeMap::new() }
    }
}

impl From<&Error> for Failed {
    /// What a failed call means to a person; function and return value are kept.
    fn from(error: &Error) -> Self {
        match error {
            Error::Pkcs11(rv, function) => {
                let value = return_value(rv);
                let mut failed = Self::from(value.map_or(Reason::OwnTokenFault, |value| value.reason));
                let told = value.map_or_else(|| standard_name(rv), |value| value.to_string());
                let action = value.map(|value| ("action", value.action.code().to_owned()));
                let details = [("function", format!("C_{function:?}")), ("return-value", told)];
                let details = details.into_iter().chain(action);
                failed.details.extend(details.map(|(name, value)| (name.to_owned(), value)));
                failed
            }
            other => about(Reason::OwnTokenFault, other.to_string()),
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

/// The table's reasons are those of a seal's token, driven by the agent: what they are for a person's own.
fn own(reason: Reason) -> Reason {
    match reason {
        Reason::TokenAbsent => Reason::OwnTokenAbsent,
        Reason::TokenTimeout => Reason::OwnTokenTimeout,
        Reason::KeyAbsent => Reason::OwnKeyAbsent,
        Reason::ModuleUnusable => Reason::OwnModuleUnusable,
        Reason::ModuleCrashed => Reason::OwnModuleCrashed,
        Reason::TokenFault | Reason::TokenLocked | Reason::KeyMayNotSign => Reason::OwnTokenFault,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    #[test]
    fn a_failed_call_is_told_in_words_for_whoever_signs() {
        let told = |rv, function| Failed::from(&Error::Pkcs11(rv, function));
        let wrong = told(RvError::PinIncorrect, Function::Login);
        assert_eq!(wrong.reason, "token-pin-wrong");
        assert_eq!(
            (wrong.details["function"].as_str(), wrong.details["return-value"].as_str()),
            ("C_Login", "CKR_PIN_INCORRECT")
        );
        assert_eq!(told(RvError::DeviceRemoved, Function::Sign).reason, "own-token-absent");
        assert_eq!(told(RvError::UserNotLoggedIn, Function::Sign).reason, "own-token-fault");
        let vendor = told(RvError::VendorDefined(0x8000_0001), Function::Sign);
        assert_eq!(
            (vendor.reason.as_str(), vendor.details["return-value"].as_str()),
            ("own-token-fault", "0x80000001")
        );
    }

    #[test]
    fn the_gravest_of_what_a_token_tells_of_tries_counts() {
        let flags = PinFlags { initialized: true, ..PinFlags::default() };
        let reason = |flags, final_try| check_tries(flags, final_try).map_err(|failed| failed.reason);
        assert_eq!((tries_left(flags), reason(flags, false)), ("not-told", Ok(())));
        let low = PinFlags { count_low: true, ..flags };
        assert_eq!((tries_left(low), reason(low, false)), ("few", Ok(())));
        let last = PinFlags { final_try: true, ..low };
        assert_eq!((tries_left(last), reason(last, false)), ("one", Err("token-pin-final-try".to_owned())));
        assert_eq!(reason(last, true), Ok(()));
        let locked = PinFlags { locked: true, ..last };
        assert_eq!((tries_left(locked), reason(locked, true)), ("none", Err("token-pin-locked".to_owned())));
        assert!(reason(PinFlags::default(), true).is_err(), "no PIN set");
    }
}
