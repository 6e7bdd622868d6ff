//! `seal seals retire-approve`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::follow;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Approve that a seal be revoked (R1); by the head of its unit
#[derive(Args)]
pub(super) struct RetireApprove {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl RetireApprove {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        follow(session, &self.seal, self.signing, Statement::SealRetireApprove).await
    }
}
