//! The one table of PKCS#11 return values: what each means to a person, and what that person can do.
//!
//! Names and numbers are those of PKCS#11 v2.40, v3.0 and v3.1 §3.6 with the additions of v3.2. What a module returns beyond them, from
//! the vendors' range (CKR_VENDOR_DEFINED, 0x80000000, and above) or from none, is a fault of the vendor's and told by its number.

use std::fmt;

use crate::reason::{Language, Reason};

/// What helps against a return value, and so whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// It passes, or passes once other programs let go of the token.
    TryAgain,
    /// The custodian unlocks, with the right PIN.
    Unlock,
    /// The token is plugged in, or taken out and plugged in again.
    PlugIn,
    /// Only whoever issued the token or its key can change this.
    AskSealOffice,
    /// The token or its module does what it must not.
    VendorFault,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Action] =
        &[Action::TryAgain, Action::Unlock, Action::PlugIn, Action::AskSealOffice, Action::VendorFault];

    /// The action with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.code() == code)
    }

    /// Stable code, kebab-case.
    pub fn code(self) -> &'static str {
        match self {
            Action::TryAgain => "try-again",
            Action::Unlock => "unlock",
            Action::PlugIn => "plug-in",
            Action::AskSealOffice => "ask-seal-office",
            Action::VendorFault => "vendor-fault",
        }
    }

    /// What to do, in a few words without a full stop.
    pub fn text(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Action::TryAgain => ("重试", "try again"),
            Action::Unlock => ("请保管人解锁", "have the custodian unlock it"),
            Action::PlugIn => ("插入载体，或拔下重插", "plug the token in, or in again"),
            Action::AskSealOffice => ("联系印章管理部门", "ask the seal office"),
            Action::VendorFault => ("供应商故障，联系供应商", "a vendor's fault: ask the vendor"),
        };
        match language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }
}

/// A CK_RV other than CKR_OK with its row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnValue {
    /// The CK_RV.
    pub number: u64,
    /// Its name in the standard; `None` for the vendors' own and for numbers the standard does not assign.
    pub name: Option<&'static str>,
    /// The reason told to the caller.
    pub reason: Reason,
    /// What helps.
    pub action: Action,
}

impl ReturnValue {
    /// Every return value the standard names but CKR_OK, by number.
    pub const NAMED: &'static [ReturnValue] = NAMED;

    /// What this CK_RV means; what has no row is a vendor's fault.
    pub fn from_number(number: impl Into<u64>) -> ReturnValue {
        let number = number.into();
        NAMED
            .binary_search_by_key(&number, |row| row.number)
            .ok()
            .and_then(|index| NAMED.get(index))
            .copied()
            .unwrap_or(of(number, None, FAULT))
    }

    /// What the return value of this name means, e.g. `CKR_PIN_INCORRECT`.
    pub fn from_name(name: &str) -> Option<ReturnValue> {
        NAMED.iter().copied().find(|row| row.name == Some(name))
    }
}

impl fmt::Display for ReturnValue {
    /// The name, or the number as `0x80000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.number),
        }
    }
}

/// A reason with its action. Each stands here once, so that no two return values of one reason ask for different things.
type Meaning = (Reason, Action);

/// Sessions, memory or the one operation at a time are taken, or another login stands in the way: by other programs, as a rule.
const BUSY: Meaning = (Reason::TokenBusy, Action::TryAgain);
/// By a key on the token's PIN pad, for instance.
const CANCELLED: Meaning = (Reason::TokenCancelled, Action::TryAgain);
/// The login is over, and with it the session and every handle found in it: the token went and came back, or another program logged out.
const LOCKED: Meaning = (Reason::TokenLocked, Action::Unlock);
const PIN_WRONG: Meaning = (Reason::TokenPinWrong, Action::Unlock);
const PIN_UNUSABLE: Meaning = (Reason::TokenPinUnusable, Action::Unlock);
const ABSENT: Meaning = (Reason::TokenAbsent, Action::PlugIn);
/// The device between us and the key failed, where the standard says that another try, or a token powered up anew, may do.
const DEVICE: Meaning = (Reason::TokenDeviceError, Action::PlugIn);
const WRITE_PROTECTED: Meaning = (Reason::TokenWriteProtected, Action::PlugIn);
const PIN_EXPIRED: Meaning = (Reason::TokenPinExpired, Action::AskSealOffice);
const PIN_LOCKED: Meaning = (Reason::TokenPinLocked, Action::AskSealOffice);
/// A token that is not initialised has no PIN either.
const PIN_NOT_SET: Meaning = (Reason::TokenPinNotInitialized, Action::AskSealOffice);
const KEY_BARRED: Meaning = (Reason::KeyMayNotSign, Action::AskSealOffice);
/// All the agent asks of a token is ECDSA on P-256 and P-384, RSA with PKCS#1 v1.5 and PSS, and what leads to them.
const INCAPABLE: Meaning = (Reason::TokenMechanismMissing, Action::AskSealOffice);
/// Told by C_Initialize alone.
const MODULE: Meaning = (Reason::ModuleUnusable, Action::VendorFault);
/// Answers to what the agent never asks, or that blame it for what is as the standard demands.
const FAULT: Meaning = (Reason::TokenFault, Action::VendorFault);

const fn of(number: u64, name: Option<&'static str>, (reason, action): Meaning) -> ReturnValue {
    ReturnValue { number, name, reason, action }
}

const fn named(number: u64, name: &'static str, meaning: Meaning) -> ReturnValue {
    of(number, Some(name), meaning)
}

/// Sorted by number.
const NAMED: &[ReturnValue] = &[
    named(0x001, "CKR_CANCEL", CANCELLED),
    named(0x002, "CKR_HOST_MEMORY", BUSY),
    named(0x003, "CKR_SLOT_ID_INVALID", ABSENT),
    named(0x005, "CKR_GENERAL_ERROR", FAULT),
    named(0x006, "CKR_FUNCTION_FAILED", DEVICE),
    named(0x007, "CKR_ARGUMENTS_BAD", FAULT),
    named(0x008, "CKR_NO_EVENT", FAULT),
    named(0x009, "CKR_NEED_TO_CREATE_THREADS", MODULE),
    named(0x00a, "CKR_CANT_LOCK", MODULE),
    named(0x010, "CKR_ATTRIBUTE_READ_ONLY", FAULT),
    named(0x011, "CKR_ATTRIBUTE_SENSITIVE", FAULT),
    named(0x012, "CKR_ATTRIBUTE_TYPE_INVALID", FAULT),
    named(0x013, "CKR_ATTRIBUTE_VALUE_INVALID", FAULT),
    named(0x01b, "CKR_ACTION_PROHIBITED", KEY_BARRED),
    named(0x020, "CKR_DATA_INVALID", FAULT),
    named(0x021, "CKR_DATA_LEN_RANGE", FAULT),
    named(0x030, "CKR_DEVICE_ERROR", DEVICE),
    named(0x031, "CKR_DEVICE_MEMORY", BUSY),
    named(0x032, "CKR_DEVICE_REMOVED", ABSENT),
    named(0x040, "CKR_ENCRYPTED_DATA_INVALID", FAULT),
    named(0x041, "CKR_ENCRYPTED_DATA_LEN_RANGE", FAULT),
    named(0x042, "CKR_AEAD_DECRYPT_FAILED", FAULT),
    named(0x050, "CKR_FUNCTION_CANCELED", CANCELLED),
    named(0x051, "CKR_FUNCTION_NOT_PARALLEL", FAULT),
    named(0x054, "CKR_FUNCTION_NOT_SUPPORTED", INCAPABLE),
    named(0x060, "CKR_KEY_HANDLE_INVALID", LOCKED),
    named(0x062, "CKR_KEY_SIZE_RANGE", INCAPABLE),
    named(0x063, "CKR_KEY_TYPE_INCONSISTENT", INCAPABLE),
    named(0x064, "CKR_KEY_NOT_NEEDED", FAULT),
    named(0x065, "CKR_KEY_CHANGED", FAULT),
    named(0x066, "CKR_KEY_NEEDED", FAULT),
    named(0x067, "CKR_KEY_INDIGESTIBLE", FAULT),
    named(0x068, "CKR_KEY_FUNCTION_NOT_PERMITTED", KEY_BARRED),
    named(0x069, "CKR_KEY_NOT_WRAPPABLE", FAULT),
    named(0x06a, "CKR_KEY_UNEXTRACTABLE", FAULT),
    named(0x070, "CKR_MECHANISM_INVALID", INCAPABLE),
    named(0x071, "CKR_MECHANISM_PARAM_INVALID", INCAPABLE),
    named(0x082, "CKR_OBJECT_HANDLE_INVALID", LOCKED),
    named(0x090, "CKR_OPERATION_ACTIVE", BUSY),
    named(0x091, "CKR_OPERATION_NOT_INITIALIZED", FAULT),
    named(0x0a0, "CKR_PIN_INCORRECT", PIN_WRONG),
    named(0x0a1, "CKR_PIN_INVALID", PIN_UNUSABLE),
    named(0x0a2, "CKR_PIN_LEN_RANGE", PIN_UNUSABLE),
    named(0x0a3, "CKR_PIN_EXPIRED", PIN_EXPIRED),
    named(0x0a4, "CKR_PIN_LOCKED", PIN_LOCKED),
    named(0x0b0, "CKR_SESSION_CLOSED", LOCKED),
    named(0x0b1, "CKR_SESSION_COUNT", BUSY),
    named(0x0b3, "CKR_SESSION_HANDLE_INVALID", LOCKED),
    named(0x0b4, "CKR_SESSION_PARALLEL_NOT_SUPPORTED", FAULT),
    named(0x0b5, "CKR_SESSION_READ_ONLY", FAULT),
    named(0x0b6, "CKR_SESSION_EXISTS", BUSY),
    named(0x0b7, "CKR_SESSION_READ_ONLY_EXISTS", BUSY),
    named(0x0b8, "CKR_SESSION_READ_WRITE_SO_EXISTS", BUSY),
    named(0x0c0, "CKR_SIGNATURE_INVALID", FAULT),
    named(0x0c1, "CKR_SIGNATURE_LEN_RANGE", FAULT),
    named(0x0d0, "CKR_TEMPLATE_INCOMPLETE", FAULT),
    named(0x0d1, "CKR_TEMPLATE_INCONSISTENT", FAULT),
    named(0x0e0, "CKR_TOKEN_NOT_PRESENT", ABSENT),
    named(0x0e1, "CKR_TOKEN_NOT_RECOGNIZED", ABSENT),
    named(0x0e2, "CKR_TOKEN_WRITE_PROTECTED", WRITE_PROTECTED),
    named(0x0f0, "CKR_UNWRAPPING_KEY_HANDLE_INVALID", FAULT),
    named(0x0f1, "CKR_UNWRAPPING_KEY_SIZE_RANGE", FAULT),
    named(0x0f2, "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", FAULT),
    named(0x100, "CKR_USER_ALREADY_LOGGED_IN", BUSY),
    named(0x101, "CKR_USER_NOT_LOGGED_IN", LOCKED),
    named(0x102, "CKR_USER_PIN_NOT_INITIALIZED", PIN_NOT_SET),
    named(0x103, "CKR_USER_TYPE_INVALID", FAULT),
    named(0x104, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", BUSY),
    named(0x105, "CKR_USER_TOO_MANY_TYPES", BUSY),
    named(0x110, "CKR_WRAPPED_KEY_INVALID", FAULT),
    named(0x112, "CKR_WRAPPED_KEY_LEN_RANGE", FAULT),
    named(0x113, "CKR_WRAPPING_KEY_HANDLE_INVALID", FAULT),
    named(0x114, "CKR_WRAPPING_KEY_SIZE_RANGE", FAULT),
    named(0x115, "CKR_WRAPPING_KEY_TYPE_INCONSISTENT", FAULT),
    named(0x120, "CKR_RANDOM_SEED_NOT_SUPPORTED", FAULT),
    named(0x121, "CKR_RANDOM_NO_RNG", INCAPABLE),
    named(0x130, "CKR_DOMAIN_PARAMS_INVALID", INCAPABLE),
    named(0x140, "CKR_CURVE_NOT_SUPPORTED", INCAPABLE),
    named(0x150, "CKR_BUFFER_TOO_SMALL", FAULT),
    named(0x160, "CKR_SAVED_STATE_INVALID", FAULT),
    named(0x170, "CKR_INFORMATION_SENSITIVE", FAULT),
    named(0x180, "CKR_STATE_UNSAVEABLE", FAULT),
    named(0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", FAULT),
    named(0x191, "CKR_CRYPTOKI_ALREADY_INITIALIZED", FAULT),
    named(0x1a0, "CKR_MUTEX_BAD", FAULT),
    named(0x1a1, "CKR_MUTEX_NOT_LOCKED", FAULT),
    named(0x1b0, "CKR_NEW_PIN_MODE", PIN_EXPIRED),
    named(0x1b1, "CKR_NEXT_OTP", FAULT),
    named(0x1b5, "CKR_EXCEEDED_MAX_ITERATIONS", FAULT),
    named(0x1b6, "CKR_FIPS_SELF_TEST_FAILED", DEVICE),
    named(0x1b7, "CKR_LIBRARY_LOAD_FAILED", MODULE),
    named(0x1b8, "CKR_PIN_TOO_WEAK", PIN_EXPIRED),
    named(0x1b9, "CKR_PUBLIC_KEY_INVALID", FAULT),
    named(0x200, "CKR_FUNCTION_REJECTED", CANCELLED),
    named(0x201, "CKR_TOKEN_RESOURCE_EXCEEDED", BUSY),
    named(0x202, "CKR_OPERATION_CANCEL_FAILED", FAULT),
    named(0x203, "CKR_KEY_EXHAUSTED", KEY_BARRED),
    named(0x204, "CKR_PENDING", BUSY),
    named(0x205, "CKR_SESSION_ASYNC_NOT_SUPPORTED", FAULT),
    named(0x206, "CKR_SEED_RANDOM_REQUIRED", FAULT),
    named(0x207, "CKR_OPERATION_NOT_VALIDATED", FAULT),
    named(0x208, "CKR_TOKEN_NOT_INITIALIZED", PIN_NOT_SET),
    named(0x209, "CKR_PARAMETER_SET_NOT_SUPPORTED", INCAPABLE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_no_number_or_name_stands_twice() {
        assert!(NAMED.windows(2).all(|pair| pair[0].number < pair[1].number));
        let names: std::collections::BTreeSet<_> = NAMED.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), NAMED.len());
        assert!(NAMED.iter().all(|row| row.name.is_some_and(|name| name.starts_with("CKR_"))));
    }

    #[test]
    fn every_row_is_found_by_number_and_name() {
        for row in ReturnValue::NAMED {
            assert_eq!(ReturnValue::from_number(row.number), *row);
            assert_eq!(ReturnValue::from_name(&row.to_string()), Some(*row));
            assert!((1..0x8000_0000).contains(&row.number), "{row}");
        }
        assert_eq!(ReturnValue::from_name("CKR_NO_SUCH_VALUE"), None);
    }

    #[test]
    fn what_the_standard_does_not_name_is_a_vendors_fault_told_by_number() {
        for (number, text) in [
            (0x8000_0000_u64, "0x80000000"),
            (0x8000_0001, "0x80000001"),
            (0x77, "0x00000077"),
            (u64::MAX, "0xffffffffffffffff"),
        ] {
            let value = ReturnValue::from_number(number);
            assert_eq!(
                (value.name, value.reason, value.action),
                (None, Reason::TokenFault, Action::VendorFault)
            );
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn a_custodian_is_told_what_helps() {
        for (name, reason, action) in [
            ("CKR_SESSION_COUNT", "token-busy", Action::TryAgain),
            ("CKR_FUNCTION_CANCELED", "token-cancelled", Action::TryAgain),
            ("CKR_OBJECT_HANDLE_INVALID", "token-locked", Action::Unlock),
            ("CKR_PIN_INCORRECT", "token-pin-wrong", Action::Unlock),
            ("CKR_DEVICE_REMOVED", "token-absent", Action::PlugIn),
            ("CKR_DEVICE_ERROR", "token-device-error", Action::PlugIn),
            ("CKR_PIN_EXPIRED", "token-pin-expired", Action::AskSealOffice),
            ("CKR_KEY_FUNCTION_NOT_PERMITTED", "key-may-not-sign", Action::AskSealOffice),
            ("CKR_MECHANISM_INVALID", "token-mechanism-missing", Action::AskSealOffice),
            ("CKR_GENERAL_ERROR", "token-fault", Action::VendorFault),
            ("CKR_CRYPTOKI_NOT_INITIALIZED", "token-fault", Action::VendorFault),
        ] {
            let value = ReturnValue::from_name(name).unwrap();
            assert_eq!((value.reason.code(), value.action), (reason, action), "{name}");
        }
    }

    #[test]
    fn a_reason_asks_for_one_thing() {
        let mut asked = std::collections::BTreeMap::new();
        for row in NAMED {
            assert_eq!(*asked.entry(row.reason).or_insert(row.action), row.action, "{row}");
        }
    }

    #[test]
    fn actions_are_told_in_both_languages_and_found_by_code() {
        for action in Action::ALL {
            assert_eq!(Action::from_code(action.code()), Some(*action));
            assert!(!action.text(Language::Chinese).is_ascii());
            assert!(action.text(Language::English).is_ascii());
        }
        assert_eq!(Action::from_code("call-a-plumber"), None);
    }
}
