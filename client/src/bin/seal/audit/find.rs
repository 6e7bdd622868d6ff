//! `seal audit find`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::FindingText;
use sealkeeper_domain::identity::PersonId;

use crate::failure::Failure;
use crate::signing::SigningOptions;
use crate::{Session, dates};

/// Append a finding (整改) that a person has to answer; by the auditor
#[derive(Args)]
pub(crate) struct Find {
    /// Id of the person who has to answer
    #[arg(long = "of", value_name = "ID")]
    who: PersonId,

    /// What was found
    #[arg(long, value_name = "TEXT")]
    text: String,

    /// Until when it is to be answered: the last second of this day, or a moment
    #[arg(long, value_name = "DATE", value_parser = dates::until)]
    due: u64,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Find {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { who: person, text, due: due_s, signing } = self;
        signing.say(session, Statement::Finding(FindingText { person, text, due_s })).await
    }
}
