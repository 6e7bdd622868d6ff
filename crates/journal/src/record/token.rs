//! Records of the token: unlocking, locking, wrong PINs and new ones.

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::Id;

/// A token was unlocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenUnlocked {
    /// The token's serial number (PKCS#11 `CK_TOKEN_INFO.serialNumber`, blanks trimmed).
    pub token_serial: Id,
    /// Who unlocked it.
    pub by: Actor,
    /// How the PIN came to the token.
    pub entry: PinEntry,
    /// After how many uses it locks again; absent: not limited by uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u64>,
    /// After how long without a use it locks again, in µs; absent: not limited by idle time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_us: Option<u64>,
    /// When it locks again whatever happens; absent: not limited by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_us: Option<u64>,
}

/// How a PIN came to the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinEntry {
    /// The caller sent it.
    Caller,
    /// The agent's host asked for it on its own desktop.
    Desktop,
    /// It was typed on the token itself (`CKF_PROTECTED_AUTHENTICATION_PATH`).
    PinPad,
}

/// A token was locked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenLocked {
    /// The token's serial number.
    pub token_serial: Id,
    /// Why.
    pub cause: LockCause,
    /// Who asked for it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
}

/// Why a token was locked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockCause {
    /// The uses it was unlocked for are spent.
    UsesSpent,
    /// Not used for too long.
    Idle,
    /// The time it was unlocked for is over.
    Expired,
    /// Somebody asked for it.
    Request,
    /// An act took a seal on it out of the hands of whoever had unlocked it.
    Act,
    /// The agent ended.
    Shutdown,
    /// The token was taken out.
    Removed,
    /// The token, its module or its worker failed.
    Fault,
}

/// A token refused a PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongPin {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who gave it.
    pub by: Actor,
    /// How it came to the token.
    pub entry: PinEntry,
    /// Which PIN it was.
    pub pin: PinKind,
    /// What the token says of tries left afterwards.
    pub tries: PinTries,
}

/// A token took a new user PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinChanged {
    /// The token's serial number.
    pub token_serial: Id,
    /// Who gave it.
    pub by: Actor,
    /// How it came to the token, with the PIN that allowed it.
    pub entry: PinEntry,
    /// By which right.
    pub how: PinChange,
}

/// By which right a token took a new user PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinChange {
    /// The old PIN was given with it (`C_SetPIN`).
    Changed,
    /// The security officer's PIN was given with it (`C_InitPIN`); a locked PIN is free again.
    SetBySecurityOfficer,
    /// The same, with a PIN that its custodian has to change before anything else is done with it (rule C2).
    SetOneTime,
}

/// Which PIN of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinKind {
    /// The custodian's (`CKU_USER`).
    User,
    /// The security officer's (`CKU_SO`).
    SecurityOfficer,
    /// Asked for by one key at each signature (`CKU_CONTEXT_SPECIFIC`).
    ContextSpecific,
}

/// What a token's flags say of tries left; of several, the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinTries {
    /// No flag is set, or the flags could not be read. Many tokens set none, so nothing follows from it.
    NotTold,
    /// `CKF_USER_PIN_COUNT_LOW`, `CKF_SO_PIN_COUNT_LOW`.
    Low,
    /// `CKF_USER_PIN_FINAL_TRY`, `CKF_SO_PIN_FINAL_TRY`.
    Final,
    /// `CKF_USER_PIN_LOCKED`, `CKF_SO_PIN_LOCKED`.
    Locked,
}

/// A PKCS#11 call that did not return `CKR_OK`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenError {
    /// The function, as the standard names it (`C_Sign`).
    pub function: Id,
    /// The CK_RV: its name in the standard (`CKR_DEVICE_REMOVED`), or in hexadecimal (`0x80000001`) where it has none.
    pub return_value: Id,
}
