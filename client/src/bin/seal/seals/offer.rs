//! `seal seals offer`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::HandOver;
use sealkeeper_domain::identity::PersonId;

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Offer a seal to another custodian (C2); by its custodian. Until the seal office registers it nothing changes
#[derive(Args)]
pub(super) struct Offer {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// Id of the person who is to keep it
    #[arg(long, value_name = "ID")]
    to: PersonId,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Offer {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let from = entry.custodian()?;
        self.signing.say(session, Statement::SealOffer(HandOver { seal: entry.id, from, to: self.to })).await
    }
}
