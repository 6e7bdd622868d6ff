//! PKCS#11 return values as reasons (PKCS#11 v3.0 §5.1).

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};
use sealkeeper_domain::reason::Reason;
use sealkeeper_pkcs11::return_value::{return_value, standard_name};

use crate::token::wire::Failed;

impl From<&Error> for Failed {
    /// What a failed call means to a person; function and return value are kept.
    fn from(error: &Error) -> Self {
        let failed = Failed { logged_out: session_lost(error), ..Failed::default() };
        match error {
            Error::Pkcs11(rv, function) => Failed {
                reason: return_value(rv).map_or(Reason::TokenFault, |value| value.reason).code().into(),
                function: format!("C_{function:?}"),
                returned: return_value(rv).map(|value| value.number),
                said: standard_name(rv),
                ..failed
            },
            Error::LibraryLoading(_) | Error::MissingSymbol(_) => Failed {
                reason: Reason::ModuleUnusable.code().into(),
                function: "dlopen".into(),
                said: error.to_string(),
                ..failed
            },
            other => Failed {
                reason: Reason::TokenFault.code().into(),
                function: "cryptoki".into(),
                said: other.to_string(),
                ..failed
            },
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::from(&error)
    }
}

impl From<Reason> for Failed {
    fn from(reason: Reason) -> Self {
        Failed {
            reason: reason.code().into(),
            logged_out: reason == Reason::TokenAbsent,
            ..Failed::default()
        }
    }
}

/// A reason with what it is about.
pub(super) fn about(reason: Reason, said: impl Into<String>) -> Failed {
    Failed { said: said.into(), ..Failed::from(reason) }
}

/// A failed signing. Whether it may have made a signature all the same: only return values that PKCS#11 defines as found before the token's
/// key is used count as certain; anything vague is taken as "may have signed".
pub(super) fn sign_failed(error: &Error) -> Failed {
    use RvError as Rv;
    let certain = match error {
        // Nothing is signed before C_Sign.
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
                | Rv::SessionHandleInvalid
                | Rv::UserNotLoggedIn
        ),
        Error::Pkcs11(..) | Error::NullFunctionPointer | Error::NotSupported => true,
        _ => false,
    };
    Failed { may_have_signed: !certain, ..Failed::from(error) }
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

#[cfg(test)]
mod tests {
    use cryptoki::error::Rv;
    use sealkeeper_domain::return_value::ReturnValue;

    use super::*;
    use crate::pipeline::ports::token_error::SignError;

    fn told(rv: RvError, function: Function) -> String {
        Failed::from(&Error::Pkcs11(rv, function)).into_error().to_string()
    }

    #[test]
    fn return_values_keep_their_names() {
        let wrong = "token-pin-wrong (C_Login returned CKR_PIN_INCORRECT)";
        assert_eq!(told(RvError::PinIncorrect, Function::Login), wrong);
    }

    #[test]
    fn vendors_codes_are_told_as_numbers() {
        assert!(told(RvError::VendorDefined(0x8000_0001), Function::Login).contains("returned 0x80000001"));
        assert!(told(RvError::UnknownErrorCode(0x77), Function::Login).contains("returned 0x00000077"));
    }

    #[test]
    fn names_newer_than_cryptoki_are_told() {
        let exhausted = "key-may-not-sign (C_SignInit returned CKR_KEY_EXHAUSTED)";
        assert_eq!(told(RvError::UnknownErrorCode(0x203), Function::SignInit), exhausted);
    }

    #[test]
    fn every_value_keeps_the_function_and_itself() {
        for row in ReturnValue::NAMED {
            let Rv::Error(rv) = Rv::from(row.number) else { panic!("{row}") };
            let failed = Failed::from(&Error::Pkcs11(rv, Function::SignInit));
            assert_eq!((failed.reason.as_str(), failed.returned), (row.reason.code(), Some(row.number)));
            assert!(failed.into_error().to_string().ends_with(&format!("(C_SignInit returned {row})")));
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
        let sign = |rv, function| sign_failed(&Error::Pkcs11(rv, function)).into_sign_error();
        assert!(matches!(sign(RvError::GeneralError, Function::SignInit), SignError::NotSigned(_)));
        assert!(matches!(sign(RvError::PinIncorrect, Function::Login), SignError::NotSigned(_)));
        assert!(matches!(sign(RvError::UserNotLoggedIn, Function::Sign), SignError::NotSigned(_)));
        for vague in
            [RvError::GeneralError, RvError::DeviceError, RvError::FunctionFailed, RvError::BufferTooSmall]
        {
            assert!(matches!(sign(vague, Function::Sign), SignError::MayHaveSigned(_)));
        }
    }
}
