//! `seal seals ca-revoked`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{CertificateStep, RevocationStep};

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Record that the certificate authority revoked a revoked seal's certificate (R1); by the seal office
#[derive(Args)]
pub(super) struct CaRevoked {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// The certificate authority; the one that was asked by default
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,

    /// By what sign, such as the number and date of the revocation list
    #[arg(long, value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl CaRevoked {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let (about, step) = (entry.about()?, RevocationStep::Revoked);
        let authority = self.authority.unwrap_or(entry.told.certificate_authority);
        let said = CertificateStep { seal: entry.id, about, step, authority, text: self.text };
        self.signing.say(session, Statement::CertificateRevocation(said)).await
    }
}
