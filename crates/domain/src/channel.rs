//! From where the agent is spoken to (U10).

use std::fmt;

use serde::{Deserialize, Serialize};

/// From where a token is unlocked or a use is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The agent's own machine: the kernel says who calls.
    Local,
    /// Another machine (异地): a certificate says who calls, over mutual TLS (RFC 8446 §4.4.2).
    Remote,
}

impl Channel {
    /// As refusals write it.
    pub fn code(self) -> &'static str {
        match self {
            Channel::Local => "local",
            Channel::Remote => "remote",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
