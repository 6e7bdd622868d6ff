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

    /// Whether the token itself refused the PIN, which uses up a try; a PIN that was not even tried does not.
    pub(crate) fn pin_was_tried(&self) -> bool {
        match self.reason {
            Reason::TokenPinWrong => true,
            // Without a call, the flags told so before C_Login.
            Reason::TokenPinLocked => self.call.is_some(),
            _ => false,
        }
    }

    /// As a violation with what the token said.
    pub(crate) fn violation(&self) -> Violation {
        let mut violation = Violation::new(self.reason);
        if let Some(call) = &self.call {
            violation = violation.with("function", &call.function).with("return-value", &call.value);
            // What failed before any call, such as the loading of a module, has none.
            if let Some(value) = ReturnValue::from_text(&call.value) {
                violation = violation.with("action", value.action.code());
            }
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

/// What CK_TOKEN_INFO.flags tell of the user PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PinFlags {
    pub(crate) count_low: bool,
    pub(crate) final_try: bool,
    pub(crate) locked: bool,
    pub(crate) initialized: bool,
    pub(crate) protected_path: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_value_is_told_with_its_function_and_what_helps() {
        let told = |value: &str| {
            let call = FailedCall { function: "C_SignInit".into(), value: value.into() };
            let error = TokenError { call: Some(call), ..TokenError::new(Reason::TokenFault) };
            error.violation().details
        };
        let details = told("CKR_DEVICE_REMOVED");
        assert_eq!(details["function"], "C_SignInit");
        assert_eq!(details["return-value"], "CKR_DEVICE_REMOVED");
        assert_eq!(details["action"], "plug-in");
        assert_eq!(told("0x80000001")["action"], "vendor-fault");
        assert!(!told("cannot open shared object file").contains_key("action"));
    }
}
