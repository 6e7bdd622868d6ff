//! What a token says when it says no.

use std::fmt;

use sealkeeper_domain::{reason::Reason, refusal::Violation, return_value::ReturnValue};

/// A token's no: what it means to the person, and what the token said.
#[derive(Clone, Debug)]
pub(crate) struct TokenError {
    /// The reason, told to the caller.
    pub(crate) reason: Reason,
    /// PKCS#11 function and return value, if one was called.
    pub(crate) call: Option<FailedCall>,
    /// The PIN's flags after a failed login.
    pub(crate) pin: Option<PinFlags>,
    /// What the reason is about, where no call tells.
    pub(crate) about: Option<String>,
}

/// A PKCS#11 function that did not return CKR_OK.
#[derive(Clone, Debug)]
pub(crate) struct FailedCall {
    /// e.g. `C_Login`.
    pub(crate) function: String,
    /// What came back.
    pub(crate) told: Told,
}

/// What came back from a call that failed.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A CK_RV.
    Returned(ReturnValue),
    /// Nothing was called, for what these words say: the module could not be loaded.
    Said(String),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Returned(value) => value.fmt(f),
            Told::Said(words) => f.write_str(words),
        }
    }
}

impl TokenError {
    /// A no without a call behind it.
    pub(crate) fn new(reason: Reason) -> Self {
        TokenError { reason, call: None, pin: None, about: None }
    }

    /// Whether the token itself refused the PIN, which uses up a try; a PIN that was not even tried does not.
    pub(crate) fn pin_was_tried(&self) -> bool {
        match self.reason {
            Reason::TokenPinWrong | Reason::TokenSoPinWrong => true,
            // Without a call, the flags told so before C_Login.
            Reason::TokenPinLocked | Reason::TokenSoPinLocked => self.call.is_some(),
            _ => false,
        }
    }

    /// Whether the token has the PIN that it had: it refused the one that allows a change, or said that it did not make it. Where it said nothing, or was
    /// gone before it could, nobody knows.
    pub(crate) fn left_pin_as_it_was(&self) -> bool {
        let refused = self.call.as_ref().is_some_and(|call| matches!(call.told, Told::Returned(_)));
        refused || self.pin_was_tried() || self.reason == Reason::TokenAbsent
    }

    /// What the token says of tries left of the PIN the reason is about. `None`: it was not asked.
    pub(crate) fn tries_left(&self) -> Option<TriesLeft> {
        let pin = self.pin?;
        Some(match self.reason {
            // Of whichever PIN it was.
            Reason::TokenPinFinalTry => TriesLeft::One,
            Reason::TokenSoPinWrong | Reason::TokenSoPinLocked => {
                TriesLeft::of(pin.so_locked, pin.so_final_try, pin.so_count_low)
            }
            _ => TriesLeft::of(pin.locked, pin.final_try, pin.count_low),
        })
    }

    /// As a violation with what the token said.
    pub(crate) fn violation(&self) -> Violation {
        let mut violation = Violation::new(self.reason);
        if let Some(call) = &self.call {
            violation = violation.with("function", &call.function).with("return-value", &call.told);
            // What failed before any call, such as the loading of a module, has none.
            if let Told::Returned(value) = &call.told {
                violation = violation.with("action", value.action.code());
            }
        }
        if let Some(about) = &self.about {
            violation = violation.with("what", about);
        }
        if let Some(left) = self.tries_left() {
            violation = violation.with("tries-left", left.code());
        }
        violation
    }
}

/// What a token's flags say of tries left of a PIN; of several, the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriesLeft {
    /// No flag is set, and nothing follows from it: many tokens set none.
    NotTold,
    Few,
    One,
    /// The PIN is locked.
    None,
}

impl TriesLeft {
    fn of(locked: bool, final_try: bool, count_low: bool) -> Self {
        match (locked, final_try, count_low) {
            (true, ..) => TriesLeft::None,
            (_, true, _) => TriesLeft::One,
            (.., true) => TriesLeft::Few,
            _ => TriesLeft::NotTold,
        }
    }

    /// As it is told.
    fn code(self) -> &'static str {
        match self {
            TriesLeft::NotTold => "not-told",
            TriesLeft::Few => "few",
            TriesLeft::One => "one",
            TriesLeft::None => "none",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.code())?;
        if let Some(call) = &self.call {
            write!(f, " ({} returned {})", call.function, call.told)?;
        }
        if let Some(about) = &self.about {
            write!(f, " ({about})")?;
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

/// What CK_TOKEN_INFO.flags tell of the user PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PinFlags {
    pub(crate) count_low: bool,
    pub(crate) final_try: bool,
    pub(crate) locked: bool,
    pub(crate) initialized: bool,
    pub(crate) protected_path: bool,
    pub(crate) to_be_changed: bool,
    /// The same of the security officer's PIN.
    pub(crate) so_count_low: bool,
    pub(crate) so_final_try: bool,
    pub(crate) so_locked: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_value_is_told_with_its_function_and_what_helps() {
        let told = |told: Told| {
            let call = FailedCall { function: "C_SignInit".into(), told };
            let error = TokenError { call: Some(call), ..TokenError::new(Reason::TokenFault) };
            error.violation().details
        };
        let details = told(Told::Returned(ReturnValue::from_number(0x32_u64)));
        assert_eq!(details["function"], "C_SignInit");
        assert_eq!(details["return-value"], "CKR_DEVICE_REMOVED");
        assert_eq!(details["action"], "plug-in");
        assert_eq!(told(Told::Returned(ReturnValue::from_number(0x8000_0001_u64)))["action"], "vendor-fault");
        assert!(!told(Told::Said("cannot open shared object file".into())).contains_key("action"));
    }

    #[test]
    fn tries_left_are_those_of_the_pin_that_was_wrong() {
        let pin = Some(PinFlags { locked: true, so_count_low: true, ..PinFlags::default() });
        let told =
            |reason| TokenError { pin, ..TokenError::new(reason) }.violation().details["tries-left"].clone();
        assert_eq!(told(Reason::TokenPinWrong), "none");
        assert_eq!(told(Reason::TokenSoPinWrong), "few");
        assert_eq!(told(Reason::TokenPinFinalTry), "one");
    }
}
