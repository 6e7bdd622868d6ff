//! `seal seals suspend`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::explain;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Suspend a seal (C4); by the seal office or the head of its unit
#[derive(Args)]
pub(super) struct Suspend {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Suspend {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        explain(session, (&self.seal, self.reason), self.signing, Statement::SealSuspend).await
    }
}
