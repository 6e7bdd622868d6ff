//! The agent's store in SQLite: the journal, and the requests and uses in hand.
//!
//! One writer thread owns the only writing connection. It takes all the work that is waiting into one transaction and answers after the commit
//! returned (group commit without artificial delay). Any failed write or sync closes the store for writing until the next start.

mod open;
mod reads;
#[cfg(test)]
mod tests;
mod uses;
mod writer;

pub(crate) use self::{
    open::{Identity, OpenError, SoloPerson, Store, create},
    reads::StoredRecord,
    uses::{BeginError, Begun, Committed, End, Entry},
};

/// Why the store did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A write or sync failed, now or before; nothing is written any more.
    #[error("the store is closed for writing: {0}")]
    Closed(String),
    /// A read failed.
    #[error("the store cannot be read: {0}")]
    Read(String),
    /// A record was not as the journal demands; nothing was written.
    #[error("record refused: {0}")]
    Record(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Read(error.to_string())
    }
}
