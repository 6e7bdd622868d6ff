//! The PKCS#11 modules, as somebody sees them who asks what is wrong.

use std::time::Duration;

use async_trait::async_trait;

use super::{token::TokenState, token_error::TokenError};

/// All configured modules.
#[async_trait]
pub(crate) trait ModuleLook: Send + Sync {
    /// Each of them, in the order of the configuration, looked at afresh. One that does not answer within `deadline` is ended, as with any
    /// other question; it is waited for no longer than `patience`.
    async fn look(&self, deadline: Duration, patience: Duration) -> Vec<ModuleSeen>;
}

/// One module.
#[derive(Clone, Debug)]
pub(crate) struct ModuleSeen {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// What it calls itself; `None`: it is not loaded.
    pub(crate) library: Option<Library>,
    /// The tokens it shows, or why it shows none.
    pub(crate) tokens: Result<Vec<TokenState>, TokenError>,
}

/// What a module calls itself (CK_INFO).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Library {
    /// `libraryDescription`.
    pub(crate) description: String,
    /// `libraryVersion`, "major.minor".
    pub(crate) version: String,
    /// `manufacturerID`.
    pub(crate) manufacturer: String,
}
