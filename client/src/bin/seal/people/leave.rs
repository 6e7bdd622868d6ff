//! `seal people leave`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::NamedPerson;
use sealkeeper_domain::identity::PersonId;

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Record that a person has left: their keys and roles end, and every seal they keep is blocked; by the seal office
#[derive(Args)]
pub(crate) struct Leave {
    /// Id of the person
    #[arg(value_name = "ID")]
    who: PersonId,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Leave {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { who: person, reason, signing } = self;
        signing.say(session, Statement::PersonLeave(NamedPerson { person, reason })).await
    }
}
