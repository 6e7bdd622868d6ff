//! `seal seals accept`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::HandOver;

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Accept a seal that is offered to one (C2)
#[derive(Args)]
pub(super) struct Accept {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Accept {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let (from, to) = (entry.custodian()?, entry.offered_to(session)?);
        self.signing.say(session, Statement::SealAccept(HandOver { seal: entry.id, from, to })).await
    }
}
