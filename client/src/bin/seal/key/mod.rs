//! `seal key`: the key a person signs acts with, in a file or on a token.

mod new;
mod passphrase;
mod show;

use clap::Subcommand;
use sealkeeper_client::certificate::public_key_as_pem;
use sealkeeper_client::error::ClientError;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::act::key::ActKey;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::screen::{self, label};

/// Make, show and protect the key with which a person signs acts (签批)
#[derive(Subcommand)]
pub(crate) enum Command {
    New(new::New),
    Show(show::Show),
    Passphrase(passphrase::Change),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Passphrase(change) => change.run(session).await,
        }
    }
}

/// A public key for programs, with what else there is to tell.
fn as_json(key: &ActKey, more: &[(&str, Value)]) -> Result<Value, ClientError> {
    let mut told = json!({
        "outcome": "done",
        "key_id": key.thumbprint(),
        "jwk": key,
        "public_key_pem": public_key_as_pem(&key.spki_der())?,
    });
    if let Some(fields) = told.as_object_mut() {
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    Ok(told)
}

/// Lines of a name and a value.
fn print_rows(session: &Session, rows: &[(&str, &str, &str)]) {
    for (chinese, english, value) in rows {
        screen::print(format_args!("{}{}", label(session.say(chinese, english)), for_terminal(value)));
    }
}
