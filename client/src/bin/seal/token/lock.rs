//! `seal token lock`

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::{Session, screen};

/// Lock a token; locking a locked one is no error
#[derive(Args)]
pub(crate) struct Lock {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,
}

impl Lock {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = super::choose(&agent, self.serial.as_deref()).await?;
        let was_unlocked = agent.lock(&token.serial).await?;
        if session.json {
            screen::print_json(&json!({
                "outcome": "done",
                "token_serial": token.serial,
                "was_unlocked": was_unlocked,
            }));
        } else if was_unlocked {
            screen::print(session.say("已锁定", "locked"));
        } else {
            screen::print(session.say("原本就未解锁", "was locked already"));
        }
        Ok(())
    }
}
