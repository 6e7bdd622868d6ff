//! `seal seals refuse`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::explain;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Refuse the application for a seal (A2); by the head of its unit or the seal office
#[derive(Args)]
pub(super) struct Refuse {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Refuse {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        explain(session, (&self.seal, self.reason), self.signing, Statement::SealRefuse).await
    }
}
