//! `seal token list`

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::{Session, screen};

/// List the tokens present now: serial, label, module, state, seals
#[derive(Args)]
pub(crate) struct List {}

impl List {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let tokens = session.connect().await?.tokens().await?;
        if session.json {
            let tokens: Vec<_> = tokens.iter().map(super::as_json).collect();
            screen::print_json(&json!({ "outcome": "done", "tokens": tokens }));
            return Ok(());
        }
        if tokens.is_empty() {
            screen::note(session.say("没有载体", "no token is present"));
        }
        for token in &tokens {
            screen::print(super::line(session, token));
        }
        Ok(())
    }
}
