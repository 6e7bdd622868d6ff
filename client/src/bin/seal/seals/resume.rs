//! `seal seals resume`

use clap::Args;
use sealkeeper_domain::act::Statement;

use super::follow;
use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Resume a suspended seal (C4); by the head of its unit and the seal office, both
#[derive(Args)]
pub(super) struct Resume {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Resume {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        follow(session, &self.seal, self.signing, Statement::SealResume).await
    }
}
