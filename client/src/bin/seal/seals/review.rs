//! `seal seals review`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{PhysicalSeal, SealReview};

use crate::Session;
use crate::failure::Failure;
use crate::office::{SealEntry, word};
use crate::signing::SigningOptions;

/// Review the application for a seal (A2), also against the physical one; by the seal office
#[derive(Args)]
pub(super) struct Review {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// The physical seal: compared (there is one, and it is the same), or none
    #[arg(long, value_name = "compared|none", value_parser = word::<PhysicalSeal>)]
    physical: PhysicalSeal,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Review {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let about = entry.about()?;
        let review = SealReview { seal: entry.id, about, physical: self.physical };
        self.signing.say(session, Statement::SealReview(review)).await
    }
}
