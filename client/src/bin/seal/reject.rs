//! `seal reject`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::EndedRequest;
use sealkeeper_domain::identity::RequestId;

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// Reject a request (用印申请): it ends, and nothing is stamped
#[derive(Args)]
pub(crate) struct Reject {
    /// The request's id
    #[arg(value_name = "ID")]
    request: RequestId,

    /// Why, for the applicant and the journal
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Reject {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { request, reason, signing } = self;
        signing.say(session, Statement::RequestReject(EndedRequest { request, reason })).await
    }
}
