//! `seal seals revoke`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::follow;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Revoke a seal, for good (R1); by the seal office
#[derive(Args)]
pub(super) struct Revoke {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Revoke {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        follow(session, &self.seal, self.signing, Statement::SealRevoke).await
    }
}
