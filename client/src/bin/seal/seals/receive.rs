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

    /// Read the PIN of the seal's token from this descriptor, its next line, if its key asks for it at each signature
    #[arg(long, value_name = "N")]
    seal_pin_fd: Option<u32>,

    /// Try that PIN although the token says that only one try is left, or several wrong ones were given
    #[arg(long)]
    seal_final_try: bool,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Receive {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let object_sha256 = entry.object(session)?;
        let receipt = Statement::SealReceive(NamedObject { seal: entry.id, object_sha256 });
        self.signing.receive(session, receipt, (self.seal_pin_fd, self.seal_final_try)).await
    }
}
