//! Records of what is plugged in, and of the modules that drive it.

use serde::{Deserialize, Serialize};

use crate::Id;

/// A token showed itself: it was plugged in, or was there when its module was first asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenInserted {
    /// The token's serial number (PKCS#11 `CK_TOKEN_INFO.serialNumber`, blanks trimmed).
    pub token_serial: Id,
    /// The module that drives it, by its name in the configuration.
    pub module: Id,
    /// `CK_TOKEN_INFO.model`; absent where the token's text is empty or no identifier. Its label is not told: people name tokens after people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// `CK_TOKEN_INFO.firmwareVersion` as `major.minor`; absent where the token tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Id>,
}

/// A token no longer shows itself. An unlock of it ended with it and has a record of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRemoved {
    /// The token's serial number.
    pub token_serial: Id,
    /// The module that drove it, by its name in the configuration.
    pub module: Id,
}

/// A module took its worker process down or could not be used. Its tokens are locked; other modules never notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleFailed {
    /// Its name in the configuration.
    pub module: Id,
    /// Why.
    pub cause: ModuleFailure,
    /// The signal that ended the worker, by its number on the agent's system; absent where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<u64>,
    /// The code the worker ended with; absent where a signal ended it, or it was never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u64>,
    /// How many calls to it had no answer by then. A signature among them ends as abandoned, in a record of its own.
    pub in_flight: u64,
}

/// Why a module failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleFailure {
    /// Its worker ended by itself: a signal, an abort, a call of exit.
    Crashed,
    /// It did not answer in time and was ended.
    TimedOut,
    /// It cannot be loaded or initialised. It is not tried in a loop.
    Unusable,
    /// It took more memory than it may have.
    NoMemory,
}
