//! `seal reject` and `seal withdraw`: a request ends, by another one's word or by its applicant's.

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::EndedRequest;
use sealkeeper_domain::identity::RequestId;

use crate::Session;
use crate::failure::Failure;
use crate::signing::SigningOptions;

/// What both take.
#[derive(Args)]
pub(crate) struct EndRequest {
    /// The request's id
    #[arg(value_name = "ID")]
    request: RequestId,

    /// Why, for the journal and whoever looks the request up
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl EndRequest {
    pub(crate) async fn run(
        self,
        session: &Session,
        statement: fn(EndedRequest) -> Statement,
    ) -> Result<(), Failure> {
        let Self { request, reason, signing } = self;
        signing.say(session, statement(EndedRequest { request, reason })).await
    }
}
