//! `seal seals receive`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::NamedObject;

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Receive a seal as its custodian (A6): the receipt, with the unlocked token at hand
#[derive(Args)]
pub(super) struct Receive {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Receive {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let object_sha256 = entry.object(session)?;
        self.signing.say(session, Statement::SealReceive(NamedObject { seal: entry.id, object_sha256 })).await
    }
}
