//! `seal seals hand-over`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::HandOver;

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Register that a seal went from one custodian to another (C2); by the seal office
#[derive(Args)]
pub(super) struct HandOverSeal {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl HandOverSeal {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let (from, to) = (entry.custodian()?, entry.offered_to(session)?);
        self.signing.say(session, Statement::SealHandOver(HandOver { seal: entry.id, from, to })).await
    }
}
