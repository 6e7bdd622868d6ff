//! `seal seals retire`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{Retirement, RevocationReason};

use crate::Session;
use crate::failure::Failure;
use crate::office::{SealEntry, word};
use crate::signing::SigningOptions;

/// Ask for a seal to be revoked (R1); by its unit
#[derive(Args)]
pub(super) struct Retire {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// Why: retired, custodian-left, token-unusable, expired, other
    #[arg(long, value_name = "WHY", value_parser = word::<RevocationReason>)]
    why: RevocationReason,

    /// The same in words
    #[arg(long, value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Retire {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let retirement = Retirement { seal: entry.id, reason: self.why, text: self.text };
        self.signing.say(session, Statement::SealRetire(retirement)).await
    }
}
