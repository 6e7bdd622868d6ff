//! `seal people train`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::TrainingGiven;
use sealkeeper_domain::identity::PersonId;

use crate::Session;
use crate::dates;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Record that a person was trained in the keeping of seals (C6); by the seal office
#[derive(Args)]
pub(crate) struct Train {
    /// Id of the person
    #[arg(value_name = "ID")]
    who: PersonId,

    /// In what
    #[arg(long, value_name = "TEXT")]
    topic: String,

    /// Last day on which it counts, 2027-12-31
    #[arg(long, value_name = "DATE", value_parser = dates::until)]
    until: u64,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Train {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { who: person, topic, until: until_s, signing } = self;
        signing.say(session, Statement::Training(TrainingGiven { person, topic, until_s })).await
    }
}
