//! The agent's store in SQLite: the journal, the office, and the requests and uses in hand.
//!
//! One writer thread owns the only writing connection. It takes all the work that is waiting into one transaction and answers after the commit
//! returned (group commit without artificial delay). Any failed write or sync closes the store for writing until the next start.

mod acts;
mod backup;
mod erasure;
mod ledger;
mod migrate;
mod office;
mod open;
mod pins;
mod policy;
mod reads;
mod requests;
#[cfg(test)]
mod tests;
mod uses;
mod writer;

pub(crate) use self::open::{OpenError, Store, create, mode_of};

use crate::pipeline::ports::ledger::LedgerError;

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        LedgerError::Read(error.to_string())
    }
}

/// A column's text as the value it stands for.
fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, LedgerError> {
    text.parse().map_err(|_| LedgerError::Read(format!("{text:?} is not what this column holds")))
}

/// An entity as a column's JSON.
fn to_json<T: serde::Serialize>(entity: &T) -> Result<String, LedgerError> {
    serde_json::to_string(entity).map_err(|error| LedgerError::Record(error.to_string()))
}

/// A column's JSON as the entity it stands for.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Read(format!("an entity's row: {error}")))
}
