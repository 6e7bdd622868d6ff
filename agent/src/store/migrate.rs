//! From the schemas of earlier agents to this one's.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The schema this agent reads and writes.
pub(super) const SCHEMA: i32 = 4;

/// What brings a store from a schema to the next one.
const STEPS: &[(i32, &str)] = &[(2, include_str!("schema-3.sql")), (3, include_str!("schema-4.sql"))];

/// Brings a store to [`SCHEMA`]; tells whether this agent knows the schema it has. All of it is one transaction: a crash leaves the store as it was,
/// or as it is to be. Records are not touched by any step.
pub(super) fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<bool> {
    if found == i64::from(SCHEMA) {
        return Ok(true);
    }
    if !STEPS.iter().any(|(from, _)| i64::from(*from) == found) {
        return Ok(false);
    }
    // Of a connection that has no other: it was opened just now.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for (from, step) in STEPS.iter().filter(|(from, _)| i64::from(*from) >= found) {
        transaction.execute_batch(step)?;
        tracing::info!(schema = from + 1, "the journal's tables were brought up to date");
    }
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    Ok(true)
}
