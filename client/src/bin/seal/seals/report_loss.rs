//! `seal seals report-loss`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{ReportKind, SealReport};

use crate::Session;
use crate::failure::Failure;
use crate::office::{SealEntry, word};
use crate::signing::SigningOptions;

/// Report damage, loss or a leaked PIN (C4): the seal is suspended at once
#[derive(Args)]
pub(super) struct ReportLoss {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// What happened: loss, damage or pin-leak
    #[arg(long, value_name = "WHAT", default_value = "loss", value_parser = word::<ReportKind>)]
    what: ReportKind,

    /// How it happened
    #[arg(long, value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl ReportLoss {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let report = SealReport { seal: entry.id, what: self.what, text: self.text };
        self.signing.say(session, Statement::SealReport(report)).await
    }
}
