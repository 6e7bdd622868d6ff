//! `seal seals review`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{NamedSeal, PhysicalSeal, SealReview};

use super::follow_warned;
use crate::Session;
use crate::failure::Failure;
use crate::office::word;
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
        let physical = self.physical;
        let review = |NamedSeal { seal, about }| Statement::SealReview(SealReview { seal, about, physical });
        follow_warned(session, &self.seal, self.signing, review).await
    }
}
