//! `seal act`: acts (签批) by themselves.

mod file;
mod list;
mod show;
mod sign;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use clap::Subcommand;
use sealkeeper_client::error::ClientError;
use sealkeeper_domain::reason::Reason;

use crate::Session;
use crate::failure::Failure;

/// Sign, file, show and list acts (签批) of any kind
#[derive(Subcommand)]
pub(crate) enum Command {
    Sign(sign::Sign),
    File(file::FileAct),
    Show(show::Show),
    List(list::List),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Sign(sign) => sign.run(session).await,
            Self::File(file) => file.run(session).await,
            Self::Show(show) => show.run(session),
            Self::List(list) => list.run(session).await,
        }
    }
}

/// Most bytes of a file that holds an act or a statement.
const TEXT_LIMIT: u64 = 64 << 10;
/// Most bytes of what goes with an act.
const ATTACHMENT_LIMIT: u64 = 4 << 20;

/// The text of a file, white space around it left out.
fn text_of(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(bytes_of(path, TEXT_LIMIT)?);
    Ok(text.map_err(|error| unreadable(path, &error.utf8_error().to_string()))?.trim().to_owned())
}

/// The bytes of a file that has at most so many.
pub(crate) fn bytes_of(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(|error: io::Error| unreadable(path, &error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(unreadable(path, &format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, what: &str) -> Failure {
    Failure::local(Reason::InputUnreadable, format_args!("{}: {what}", path.display()))
}

/// What is no act, or no statement.
fn malformed(path: &Path, what: &dyn std::fmt::Display) -> Failure {
    let detail = format!("{}: {what}", path.display());
    ClientError::Local { reason: Reason::BadArgument, detail }.into()
}
