//! Reading the journal.

use rusqlite::{Connection, params};

use crate::pipeline::ports::ledger::{LedgerError, StoredRecord};

/// Up to `limit` records from `from` on, of these types only if any are named.
pub(super) fn records(
    connection: &Connection,
    from: u64,
    limit: u32,
    types: &[String],
) -> Result<Vec<StoredRecord>, LedgerError> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM records WHERE seq >= ?1 AND (?2 = '' OR instr(?2, ',' || type || ',') > 0)
         ORDER BY seq LIMIT ?3",
    )?;
    let seqs = statement.query_map(params![from, type_list(types), limit], |row| row.get::<_, i64>(0))?;
    seqs.map(|seq| select(connection, seq?)).collect()
}

/// The newest `limit` records, in rising order.
pub(super) fn newest_records(
    connection: &Connection,
    limit: u32,
    types: &[String],
) -> Result<Vec<StoredRecord>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM records WHERE ?1 = '' OR instr(?1, ',' || type || ',') > 0 ORDER BY seq DESC LIMIT ?2",
    )?;
    let seqs = statement.query_map(params![type_list(types), limit], |row| row.get::<_, i64>(0))?;
    let mut seqs = seqs.collect::<Result<Vec<_>, _>>()?;
    seqs.reverse();
    seqs.into_iter().map(|seq| select(connection, seq)).collect()
}

/// `,intent,refused,`; empty for all. Type names hold no commas, and one that does matches nothing.
fn type_list(types: &[String]) -> String {
    if types.is_empty() { String::new() } else { format!(",{},", types.join(",")) }
}

pub(super) fn select(connection: &Connection, seq: i64) -> Result<StoredRecord, LedgerError> {
    let (bytes, leaf_hash) = connection
        .prepare_cached("SELECT bytes, leaf_hash FROM records WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let disclosures = connection
        .prepare_cached("SELECT field, salt, value FROM disclosures WHERE seq = ?1 ORDER BY field")?
        .query_map([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let lists = connection
        .prepare_cached("SELECT field, bytes FROM lists WHERE seq = ?1 ORDER BY field")?
        .query_map([seq], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(StoredRecord { seq: seq.unsigned_abs(), bytes, leaf_hash, disclosures, lists })
}
