//! `seal people grant`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{GrantTerms, Hours};
use sealkeeper_domain::identity::{PersonId, SealId};

use crate::Session;
use crate::dates;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Grant a person the use of a seal, in the place of an earlier grant of the same; by the seal office
#[derive(Args)]
pub(crate) struct Grant {
    /// Id of the person
    #[arg(value_name = "ID")]
    who: PersonId,

    /// Id of the seal
    #[arg(long, value_name = "ID")]
    seal: SealId,

    /// Class of documents; may be repeated
    #[arg(long = "class", value_name = "CLASS", required = true)]
    classes: Vec<String>,

    /// Most copies in one request
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    copies: u32,

    /// Most copies stamped in a day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses_per_day: u32,

    /// Hours of the day by the policy's clock, 09:00-18:00; any by default
    #[arg(long, value_name = "SPAN", value_parser = dates::hours)]
    hours: Option<Hours>,

    /// Last day, 2027-12-31
    #[arg(long, value_name = "DATE", value_parser = dates::until)]
    until: u64,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Grant {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let terms = GrantTerms {
            person: self.who,
            seal: self.seal,
            classes: self.classes.into_iter().collect(),
            copies_per_request: self.copies,
            uses_per_day: self.uses_per_day,
            hours: self.hours,
            until_s: self.until,
        };
        self.signing.say(session, Statement::Grant(terms)).await
    }
}
