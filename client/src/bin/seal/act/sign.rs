//! `seal act sign`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::acts;
use sealkeeper_domain::act::Statement;
use serde_json::{Map, Value, json};

use super::{malformed, text_of};
use crate::failure::Failure;
use crate::signing::SigningOptions;
use crate::{Session, facts, screen};

/// Sign an act (签批) of any kind; it is written, not filed
///
/// With --origin and --person no agent is needed.
#[derive(Args)]
pub(crate) struct Sign {
    /// Its type: request-approve, seal-suspend, finding, …
    #[arg(value_name = "TYPE", value_parser = clap::builder::PossibleValuesParser::new(Statement::TYPES), hide_possible_values = true)]
    typ: String,

    /// Its statement: a JSON object with exactly the members of this type
    #[arg(value_name = "STATEMENT.json")]
    statement: PathBuf,

    #[command(flatten)]
    signing: SigningOptions,
}

impl Sign {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let members: Map<String, Value> = serde_json::from_str(&text_of(&self.statement)?)
            .map_err(|error| malformed(&self.statement, &error))?;
        let statement =
            acts::statement(&self.typ, &members).map_err(|error| malformed(&self.statement, &error))?;
        let rows = facts::of_statement(session, &statement)?;
        self.signing.confirm(session, &rows, &self.typ)?;
        let signer = self.signing.signer(session).await?;
        let act = self.signing.sign_apart(session, &signer, statement).await?;
        if self.signing.is_offline() {
            return self.signing.deliver(session, &act, Vec::new()).await;
        }
        if session.json {
            screen::print_json(&json!({ "outcome": "signed", "act": act }));
        } else {
            screen::print(act);
        }
        Ok(())
    }
}
