//! PKCS#11 return values as reasons (PKCS#11 v3.0 §5.1).

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};
use sealkeeper_domain::reason::Reason;

use crate::pipeline::ports::token_error::{FailedCall, SignError, TokenError};

/// What a failed call means to a person; function and return value are kept.
pub(super) fn token_error(error: &Error) -> TokenError {
    use RvError as Rv;
    let (reason, call) = match error {
        Error::Pkcs11(rv, function) => {
            let reason = match rv {
                Rv::PinIncorrect => Reason::TokenPinWrong,
                Rv::PinLocked => Reason::TokenPinLocked,
                Rv::PinInvalid | Rv::PinLenRange => Reason::TokenPinUnusable,
                Rv::UserPinNotInitialized => Reason::TokenPinNotInitialized,
                Rv::UserNotLoggedIn => Reason::TokenLocked,
                Rv::TokenNotPresent | Rv::DeviceRemoved | Rv::SlotIdInvalid | Rv::TokenNotRecognized => {
                    Reason::TokenAbsent
                }
                _ => Reason::TokenFault,
            };
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

/// `PinIncorrect` → `CKR_PIN_INCORRECT`; what has no name in the standard, as its number: `0x80000001`.
fn rv_name(rv: &RvError) -> String {
    if let RvError::VendorDefined(code) | RvError::UnknownErrorCode(code) = rv {
        return format!("{code:#010x}");
    }
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
