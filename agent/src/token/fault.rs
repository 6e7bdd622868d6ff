//! PKCS#11 return values as reasons (PKCS#11 v3.0 §5.1).

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};
use sealkeeper_domain::{reason::Reason, return_value::ReturnValue};

use crate::pipeline::ports::token_error::{FailedCall, SignError, TokenError};

/// What a failed call means to a person; function and return value are kept.
pub(super) fn token_error(error: &Error) -> TokenError {
    let (reason, call) = match error {
        Error::Pkcs11(rv, function) => {
            let reason = return_value(rv).map_or(Reason::TokenFault, |value| value.reason);
            (reason, FailedCall { function: format!("C_{function:?}"), value: rv_name(rv) })
        }
        Error::LibraryLoading(_) | Error::MissingSymbol(_) => {
            (Reason::ModuleUnusable, FailedCall { function: "dlopen".into(), value: error.to_string() })
        }
        other => (Reason::TokenFault, FailedCall { function: "cryptoki".into(), value: other.to_string() }),
    };
    TokenError { reason, call: Some(call), pin: None }
}

/// Whether a failed signing call may have made a signature all the same. Only return values that PKCS#11 defines as found before the
/// token's key is used count as certain; anything vague is taken as "may have signed".
pub(super) fn sign_error(error: &Error) -> SignError {
    use RvError as Rv;
    let certain = match error {
        Error::Pkcs11(_, Function::SignInit) => true,
        Error::Pkcs11(rv, Function::Sign) => matches!(
            rv,
            Rv::ArgumentsBad
                | Rv::CryptokiNotInitialized
                | Rv::DataInvalid
                | Rv::DataLenRange
                | Rv::FunctionNotSupported
                | Rv::FunctionRejected
                | Rv::KeyHandleInvalid
                | Rv::KeyFunctionNotPermitted
                | Rv::MechanismInvalid
                | Rv::OperationNotInitialized
                | Rv::PinExpired
                | Rv::SessionClosed
                | Rv::SessionHandleInvalid
                | Rv::UserNotLoggedIn
        ),
        Error::Pkcs11(..) => false,
        // Nothing was called at all.
        Error::NullFunctionPointer | Error::NotSupported => true,
        _ => false,
    };
    let told = token_error(error);
    if certain { SignError::NotSigned(told) } else { SignError::MayHaveSigned(told) }
}

/// A call that failed: what it means, and whether the session went with it.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) told: TokenError,
    /// Whether a login that stood has ended with it.
    pub(super) session_lost: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed { told: token_error(&error), session_lost: session_lost(&error) }
    }
}

impl From<Reason> for Failed {
    fn from(reason: Reason) -> Self {
        Failed { told: TokenError::new(reason), session_lost: reason == Reason::TokenAbsent }
    }
}

/// Whether the session is gone, so that the unlock has ended with it.
pub(super) fn session_lost(error: &Error) -> bool {
    use RvError as Rv;
    matches!(
        error,
        Error::Pkcs11(
            Rv::SessionHandleInvalid
                | Rv::SessionClosed
                | Rv::DeviceRemoved
                | Rv::TokenNotPresent
                | Rv::UserNotLoggedIn
                | Rv::CryptokiNotInitialized
                | Rv::ObjectHandleInvalid
                | Rv::KeyHandleInvalid,
            _
        )
    )
}

/// The row of the table. `cryptoki` gives numbers only of what it has no name for, which the standard may have.
fn return_value(rv: &RvError) -> Option<ReturnValue> {
    match rv {
        RvError::VendorDefined(number) | RvError::UnknownErrorCode(number) => {
            Some(ReturnValue::from_number(*number))
        }
        named => ReturnValue::from_name(&standard_name(named)),
    }
}

/// The name in the standard; what has none, as its number: `0x80000001`.
fn rv_name(rv: &RvError) -> String {
    return_value(rv).map_or_else(|| standard_name(rv), |value| value.to_string())
}

/// `PinIncorrect` → `CKR_PIN_INCORRECT`.
fn standard_name(rv: &RvError) -> String {
    let mut name = String::from("CKR");
    for c in format!("{rv:?}").chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use cryptoki::error::Rv;

    use super::*;

    #[test]
    fn return_values_keep_their_names() {
        let told = token_error(&Error::Pkcs11(RvError::PinIncorrect, Function::Login));
        assert_eq!(told.reason, Reason::TokenPinWrong);
        assert_eq!(told.to_string(), "token-pin-wrong (C_Login returned CKR_PIN_INCORRECT)");
    }

    #[test]
    fn vendors_codes_are_told_as_numbers() {
        assert_eq!(rv_name(&RvError::VendorDefined(0x8000_0001)), "0x80000001");
        assert_eq!(rv_name(&RvError::UnknownErrorCode(0x77)), "0x00000077");
    }

    /// `Rv::from` is where every `RvError` comes from, so its named values are those of all numbers below the vendors'.
    #[test]
    fn every_name_of_cryptoki_has_its_row() {
        let mut named = 0;
        for number in 1..0x1000_u64 {
            let Rv::Error(rv) = Rv::from(number) else { panic!("{number:#x} is no error") };
            if matches!(rv, RvError::UnknownErrorCode(_)) {
                continue;
            }
            let row = return_value(&rv).unwrap_or_else(|| panic!("{rv:?} has no row"));
            assert_eq!(row, ReturnValue::from_number(number), "{rv:?}");
            assert!(row.name.is_some(), "{rv:?}");
            named += 1;
        }
        assert_eq!(named, 93);
    }

    #[test]
    fn names_newer_than_cryptoki_are_told() {
        let told = token_error(&Error::Pkcs11(RvError::UnknownErrorCode(0x203), Function::SignInit));
        assert_eq!(told.to_string(), "key-may-not-sign (C_SignInit returned CKR_KEY_EXHAUSTED)");
    }

    #[test]
    fn every_value_keeps_the_function_and_itself() {
        for row in ReturnValue::NAMED {
            let Rv::Error(rv) = Rv::from(row.number) else { panic!("{row}") };
            let told = token_error(&Error::Pkcs11(rv, Function::SignInit));
            assert_eq!(told.reason, row.reason);
            let call = told.call.unwrap();
            assert_eq!((call.function, call.value), ("C_SignInit".to_owned(), row.to_string()));
        }
    }

    /// A login that ended must not be told as a fault: unlocking again is what helps.
    #[test]
    fn a_lost_session_is_told_as_locked_or_absent() {
        for row in ReturnValue::NAMED {
            let Rv::Error(rv) = Rv::from(row.number) else { panic!("{row}") };
            let is_told = matches!(row.reason, Reason::TokenLocked | Reason::TokenAbsent);
            if session_lost(&Error::Pkcs11(rv, Function::GetSessionInfo)) {
                assert!(is_told || rv == RvError::CryptokiNotInitialized, "{row}");
            }
        }
    }

    #[test]
    fn vague_failures_of_signing_count_as_signed() {
        let sign = |rv, function| sign_error(&Error::Pkcs11(rv, function));
        assert!(matches!(sign(RvError::GeneralError, Function::SignInit), SignError::NotSigned(_)));
        assert!(matches!(sign(RvError::UserNotLoggedIn, Function::Sign), SignError::NotSigned(_)));
        for vague in
            [RvError::GeneralError, RvError::DeviceError, RvError::FunctionFailed, RvError::BufferTooSmall]
        {
            assert!(matches!(sign(vague, Function::Sign), SignError::MayHaveSigned(_)));
        }
    }
}
