//! `seal audit answer`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::FindingAnswer;
use sealkeeper_domain::identity::ActId;

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Answer a finding (整改); by the person it names
#[derive(Args)]
pub(crate) struct Answer {
    /// Id of the finding's act, as `seal audit findings` shows it
    #[arg(value_name = "FINDING")]
    about: ActId,

    /// What was done
    #[arg(long, value_name = "TEXT")]
    text: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Answer {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { about, text, signing } = self;
        signing.say(session, Statement::FindingAnswer(FindingAnswer { about, text })).await
    }
}
