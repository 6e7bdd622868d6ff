//! A copy of the whole store, as of one moment, that an agent can be started from (C6).

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sealkeeper_journal::TreeHead;

use super::open::read_frontier;
use crate::pipeline::ports::ledger::LedgerError;

/// Writes the copy as a new file, and tells the journal that is in it. Reads on a connection of its own: neither writers nor readers wait for it.
pub(super) fn write(from: &Path, to: &Path) -> Result<TreeHead, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    let to_text = to.to_str().ok_or_else(|| LedgerError::Read("the copy's path is no UTF-8".into()))?;
    // One read transaction: what is written meanwhile is in the next copy.
    source.execute("VACUUM INTO ?1", [to_text])?;
    let copy =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The mode stands in the file, and an agent opens no journal without it. Closing folds what was written back into the file.
    copy.pragma_update(None, "journal_mode", "WAL")?;
    let frontier = read_frontier(&copy)?
        .ok_or_else(|| LedgerError::Read("the copy's records have gaps or wrong hashes".into()))?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(TreeHead { size: frontier.size(), root: frontier.root() })
}
