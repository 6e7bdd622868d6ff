//! `seal seals approve`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::follow_warned;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Approve the application for a seal (A2); by the head of its unit
#[derive(Args)]
pub(super) struct Approve {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Approve {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        follow_warned(session, &self.seal, self.signing, Statement::SealApprove).await
    }
}
