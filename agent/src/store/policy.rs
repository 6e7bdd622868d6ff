//! The text of the policy that came into force last: what the agent goes by should the file turn bad.

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Batch;
use crate::pipeline::ports::ledger::{Committed, Entry, LedgerError};

/// Its key in the table `meta`.
const KEY: &str = "policy";

pub(super) fn select(connection: &Connection) -> Result<Option<String>, LedgerError> {
    let row = connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    Ok(row)
}

pub(super) fn replace(batch: &mut Batch<'_>, text: &str, loaded: Entry) -> Result<Committed, LedgerError> {
    batch
        .transaction
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![KEY, text])?;
    batch.append(loaded)
}
