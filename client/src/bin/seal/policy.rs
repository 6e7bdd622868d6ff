//! `seal policy`

use clap::{Args, Subcommand};
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::PolicyDigest;
use sealkeeper_domain::identity::Digest;
use sealkeeper_domain::reason::Reason;

use crate::Session;
use crate::facts::Row;
use crate::failure::Failure;
use crate::screen::{self, hex};
use crate::signing::SigningOptions;

/// Put the policy file (制度文件) in force
#[derive(Subcommand)]
pub(crate) enum Command {
    Approve(Approve),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Approve(approve) => approve.run(session).await,
        }
    }
}

/// Put the policy file in force as it lies in the agent's home now; by the seal office
#[derive(Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    signing: SigningOptions,
}

impl Approve {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let office = session.connect().await?.describe_office().await?;
        let unreadable = || Failure::local(Reason::AnswerBad, "the agent cannot read its policy file");
        let sha256 = Digest::from_bytes(&office.policy_file_sha256).ok_or_else(unreadable)?;
        if office.policy_sha256 == office.policy_file_sha256 {
            screen::note(session.say("这份制度文件已经启用", "this policy file is in force already"));
        }
        let mut rows = vec![Row::new("制度文件", "policy file", sha256.to_string())];
        if !office.policy_sha256.is_empty() {
            rows.push(Row::new("现行制度", "in force", hex(&office.policy_sha256)));
        }
        rows.push(Row::new("用印记录", "journal", &*office.origin));
        let statement = Statement::Policy(PolicyDigest { sha256 });
        self.signing.say_shown(session, &rows, statement, Some(&office.origin)).await
    }
}
