//! The agent's store in SQLite: the journal, and the requests and uses in hand.
//!
//! One writer thread owns the only writing connection. It takes all the work that is waiting into one transaction and answers after the commit
//! returned (group commit without artificial delay). Any failed write or sync closes the store for writing until the next start.

mod ledger;
mod open;
mod reads;
mod requests;
#[cfg(test)]
mod tests;
mod uses;
mod writer;

pub(crate) use self::open::{OpenError, Store, create};

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
