//! `seal people`: who is registered, and what they may do.

mod grant;
mod grant_end;
mod leave;
mod list;
mod register;
mod train;

use clap::Subcommand;

use crate::Session;
use crate::failure::Failure;

/// List people, register them, grant them the use of seals, record their training
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::List),
    Register(register::Register),
    Leave(leave::Leave),
    Grant(grant::Grant),
    GrantEnd(grant_end::GrantEnd),
    Train(train::Train),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Register(register) => register.run(session).await,
            Self::Leave(leave) => leave.run(session).await,
            Self::Grant(grant) => grant.run(session).await,
            Self::GrantEnd(end) => end.run(session).await,
            Self::Train(train) => train.run(session).await,
        }
    }
}
