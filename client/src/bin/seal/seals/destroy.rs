//! `seal seals destroy`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{CarrierEnd, Destruction};

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Destroy a revoked seal (R2); by the seal office and a witness, both
#[derive(Args)]
pub(super) struct Destroy {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// The token is dead or lost: how the carrier was destroyed
    ///
    /// Without it the key is destroyed on its token, and looked for in vain, when the second of both acts is filed.
    #[arg(long, value_name = "TEXT")]
    carrier: Option<String>,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Destroy {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let carrier = self.carrier.map_or(CarrierEnd::KeyDestroyed, CarrierEnd::Statement);
        self.signing.say(session, Statement::SealDestroy(Destruction { seal: entry.id, carrier })).await
    }
}
