//! PINs: logging in, changing a PIN, setting one anew. Each is tried once.

use cryptoki::{
    context::Function,
    error::{Error, RvError},
    session::UserType,
    slot::Slot,
};
use sealkeeper_domain::{pin::Pin, reason::Reason};
use secrecy::SecretString;

use super::{
    module::{Login, Module, held, serial_of},
    sessions::Sessions,
};
use crate::token::wire::{self, ChangePin, Failed, Flags, TokenShown, pin_of};

impl Module {
    /// Logs in, once. A login that stands is replaced: its limits were for another occasion.
    pub(super) fn login(&self, wanted: &mut wire::Login) -> Result<TokenShown, Failed> {
        let _changing = held(&self.changing);
        let serial = serial_of(&wanted.serial)?;
        // Before anything can be refused: the agent has ended the login that stood. And before C_Login, which answers
        // CKR_USER_ALREADY_LOGGED_IN while another session of ours is logged in (PKCS#11 v3.0 §5.6.8).
        self.end(&serial, wanted.login);
        let (slot, info) = self.find_token(&serial)?;
        let flags = Flags::from(info.pin);
        let pin = pin_of(&mut wanted.pin);
        check_tries(flags, wanted.final_try)?;
        check_way(flags, pin.is_some())?;
        let session = self.pkcs11.open_ro_session(slot)?;
        let pin = pin.map(|pin| SecretString::from(pin.expose()));
        let mut logged_in = session.login(UserType::User, pin.as_ref());
        if matches!(logged_in, Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _))) {
            // A login nobody here keeps, as a logout that failed leaves it. The token has not looked at the PIN yet: it is still the first try.
            let _ = session.logout();
            logged_in = session.login(UserType::User, pin.as_ref());
        }
        if let Err(error) = logged_in {
            return Err(self.login_failed(slot, &error));
        }
        drop(pin);
        let sessions = Sessions::new(self.pkcs11.clone(), slot, session);
        let login = Login { number: wanted.login, slot, sessions, has_pad: flags.protected_path };
        self.keep(serial.clone(), login);
        // The flags as they are now: a right PIN takes back what wrong ones brought about.
        let info = self.raw.token_info(slot).unwrap_or(info);
        Ok(self.shown(&serial, &info))
    }

    /// C_SetPIN: the user's own PIN, known by the old one. Works on a session of its own, without a login.
    pub(super) fn change_pin(&self, change: &mut ChangePin) -> Result<(), Failed> {
        let _changing = held(&self.changing);
        let (slot, flags) = self.token_of(change)?;
        check_tries(flags, change.final_try)?;
        let pins = pins_of(change);
        check_way(flags, pins.is_some())?;
        let session = self.pkcs11.open_rw_session(slot)?;
        let pins = pins.as_ref().map(|(old, new)| (old, new));
        self.raw.set_pin(&session, pins).map_err(|error| self.login_failed(slot, &error))
    }

    /// C_InitPIN: the security officer sets the user's PIN, whatever it was. Ends the user's login: the two cannot stand together.
    pub(super) fn set_pin(&self, change: &mut ChangePin) -> Result<(), Failed> {
        let _changing = held(&self.changing);
        let (slot, flags) = self.token_of(change)?;
        check_so_tries(flags, change.final_try)?;
        let pins = pins_of(change);
        check_way(flags, pins.is_some())?;
        self.end(&serial_of(&change.serial)?, u64::MAX);
        let session = self.pkcs11.open_rw_session(slot)?;
        let (so, new) = pins.unzip();
        let so = so.map(|pin| SecretString::from(pin.expose()));
        session.login(UserType::So, so.as_ref()).map_err(|error| self.so_login_failed(slot, &error))?;
        drop(so);
        let set = self
            .raw
            .init_pin(&session, new.as_ref())
            .map_err(|error| on_pad(flags.protected_path, new_pin_refused(&error)));
        // Whatever became of it, the officer's login ends with it.
        let _ = session.logout();
        set
    }

    /// A PIN that was not taken: with what the token says of tries left now.
    pub(super) fn login_failed(&self, slot: Slot, error: &Error) -> Failed {
        let mut pin = self.flags_now(slot);
        let told = on_pad(pin.protected_path, new_pin_refused(error));
        // Not every token sets the flag at once.
        pin.locked |= told.reason == Reason::TokenPinLocked.code();
        Failed { pin: Some(pin), ..told }
    }

    /// The same of the security officer's PIN, which is not the custodian's to have wrong.
    fn so_login_failed(&self, slot: Slot, error: &Error) -> Failed {
        let told = Failed::from(error);
        let reason = match error {
            Error::Pkcs11(RvError::PinIncorrect, _) => Reason::TokenSoPinWrong,
            Error::Pkcs11(RvError::PinLocked, _) => Reason::TokenSoPinLocked,
            _ => return on_pad(self.flags_now(slot).protected_path, told),
        };
        let mut pin = self.flags_now(slot);
        pin.so_locked |= reason == Reason::TokenSoPinLocked;
        Failed { reason: reason.code().into(), pin: Some(pin), ..told }
    }

    fn flags_now(&self, slot: Slot) -> Flags {
        self.raw.token_info(slot).map_or_else(|_| Flags::default(), |info| info.pin.into())
    }

    fn token_of(&self, change: &ChangePin) -> Result<(Slot, Flags), Failed> {
        let (slot, info) = self.find_token(&serial_of(&change.serial)?)?;
        Ok((slot, info.pin.into()))
    }
}

/// What the token says of its user PIN, before it is asked.
pub(super) fn check_tries(flags: Flags, final_try: bool) -> Result<(), Failed> {
    let refused = |reason: Reason| Err(Failed { pin: Some(flags), ..Failed::from(reason) });
    match flags {
        Flags { locked: true, .. } => refused(Reason::TokenPinLocked),
        Flags { initialized: false, .. } => refused(Reason::TokenPinNotInitialized),
        Flags { final_try: true, .. } if !final_try => refused(Reason::TokenPinFinalTry),
        _ => Ok(()),
    }
}

/// The same of the security officer's PIN.
fn check_so_tries(flags: Flags, final_try: bool) -> Result<(), Failed> {
    let refused = |reason: Reason| Err(Failed { pin: Some(flags), ..Failed::from(reason) });
    match flags {
        Flags { so_locked: true, .. } => refused(Reason::TokenSoPinLocked),
        Flags { so_final_try: true, .. } if !final_try => refused(Reason::TokenPinFinalTry),
        _ => Ok(()),
    }
}

/// Where the token has a protected authentication path, C_Login takes NULL_PTR for a PIN, and nowhere else (PKCS#11 v3.0 §5.6.8).
fn check_way(flags: Flags, pin_sent: bool) -> Result<(), Failed> {
    match (flags.protected_path, pin_sent) {
        (true, true) => Err(Reason::TokenPinPad.into()),
        (false, false) => Err(Reason::TokenPinPadMissing.into()),
        _ => Ok(()),
    }
}

/// Whatever is cancelled where PINs are typed on the token, the person cancelled there.
fn on_pad(has_pad: bool, failed: Failed) -> Failed {
    if has_pad && failed.reason == Reason::TokenCancelled.code() {
        return Failed { reason: Reason::TokenPinPadCancelled.code().into(), ..failed };
    }
    failed
}

fn pins_of(change: &mut ChangePin) -> Option<(Pin, Pin)> {
    Some((pin_of(&mut change.by)?, pin_of(&mut change.new)?))
}

/// CKR_PIN_INVALID and CKR_PIN_LEN_RANGE are about the new PIN where there is one.
fn new_pin_refused(error: &Error) -> Failed {
    let failed = Failed::from(error);
    match error {
        Error::Pkcs11(
            RvError::PinInvalid | RvError::PinLenRange | RvError::PinTooWeak,
            Function::SetPIN | Function::InitPIN,
        ) => Failed { reason: Reason::TokenPinRefused.code().into(), ..failed },
        _ => failed,
    }
}
