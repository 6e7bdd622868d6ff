//! `seal token-worker`, which `seal` runs for itself: the process that drives a PKCS#11 module for a person's own key.

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::serve_module;
use sealkeeper_domain::reason::Reason;

use crate::failure::Failure;

/// The command's name.
pub(crate) const NAME: &str = "token-worker";

/// Drive one PKCS#11 module. For `seal` itself, which speaks through pipes
#[derive(Args)]
pub(crate) struct TokenWorker {
    /// The module
    module: PathBuf,
}

impl TokenWorker {
    pub(crate) fn run(self) -> Result<(), Failure> {
        serve_module(&self.module).map_err(|error| Failure::local(Reason::Internal, error))
    }
}
