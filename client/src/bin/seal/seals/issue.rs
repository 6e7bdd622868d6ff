//! `seal seals issue`

use clap::Args;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{IdentityDocument, SealIssue};

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::signing::SigningOptions;

/// Issue a seal to its custodian, whose identity document was checked (A6); by the seal office
#[derive(Args)]
pub(super) struct Issue {
    /// Id or name of the seal
    #[arg(value_name = "SEAL")]
    seal: String,

    /// Kind of the identity document that was checked, for example 居民身份证
    #[arg(long, value_name = "KIND")]
    identity_kind: String,

    /// The last 2 to 6 characters of its number
    #[arg(long, value_name = "CHARACTERS")]
    identity_last: String,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Issue {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let entry = SealEntry::find(&session.connect().await?, &self.seal).await?;
        let issue = SealIssue {
            object_sha256: entry.object(session)?,
            custodian: entry.custodian()?,
            identity: IdentityDocument { kind: self.identity_kind, last: self.identity_last },
            seal: entry.id,
        };
        self.signing.say(session, Statement::SealIssue(issue)).await
    }
}
