//! `seal people grant-end`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::EndedGrant;
use sealkeeper_domain::identity::{PersonId, SealId};

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// End a person's grant of a seal; by the seal office
#[derive(Args)]
pub(crate) struct GrantEnd {
    /// Id of the person
    #[arg(value_name = "ID")]
    who: PersonId,

    /// Id of the seal
    #[arg(long, value_name = "ID")]
    seal: SealId,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl GrantEnd {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { who: person, seal, reason, signing } = self;
        signing.say(session, Statement::GrantEnd(EndedGrant { person, seal, reason })).await
    }
}
