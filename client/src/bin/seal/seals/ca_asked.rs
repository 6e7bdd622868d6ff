//! `seal seals ca-asked`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{CertificateStep, RevocationStep};

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Record that the certificate authority was asked to revoke a revoked seal's certificate (R1); by the seal office
#[derive(Args)]
pub(super) struct CaAsked {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// The certificate authority
    #[arg(long, value_name = "NAME")]
    authority: String,

    /// How, such as the number of the receipt
    #[arg(long, value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl CaAsked {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let (about, step) = (entry.about()?, RevocationStep::Asked);
        let Self { authority, text, signing, .. } = self;
        let said = CertificateStep { seal: entry.id, about, step, authority, text };
        signing.say(session, Statement::CertificateRevocation(said)).await
    }
}
