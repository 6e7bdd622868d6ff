//! Reading the journal.

use std::collections::BTreeSet;

use rusqlite::{Connection, ToSql, params};

use crate::pipeline::ports::ledger::{LedgerError, StoredRecord};

/// About how many bytes one page of records has at most; one record alone may have more.
const PAGE_BYTES: usize = 1 << 20;

/// Up to `limit` records from `from` on, of these types only if any are named.
pub(super) fn records(
    connection: &Connection,
    from: u64,
    limit: u32,
    types: &[String],
) -> Result<Vec<StoredRecord>, LedgerError> {
    from_on(connection, from, limit, types)?.into_iter().map(|seq| select(connection, seq)).collect()
}

/// The same, but no more than go into a page; at least one, where there is any.
pub(super) fn page(
    connection: &Connection,
    from: u64,
    limit: u32,
    types: &[String],
) -> Result<Vec<StoredRecord>, LedgerError> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for seq in from_on(connection, from, limit, types)? {
        let record = select(connection, seq)?;
        bytes += size_of(&record);
        if bytes > PAGE_BYTES && !page.is_empty() {
            break;
        }
        page.push(record);
    }
    Ok(page)
}

fn size_of(record: &StoredRecord) -> usize {
    let disclosures =
        record.disclosures.iter().map(|(field, salt, value)| field.len() + salt.len() + value.len());
    let lists = record.lists.iter().map(|(field, bytes)| field.len() + bytes.len());
    record.bytes.len() + disclosures.chain(lists).sum::<usize>()
}

/// The newest `limit` records, in rising order.
pub(super) fn newest_records(
    connection: &Connection,
    limit: u32,
    types: &[String],
) -> Result<Vec<StoredRecord>, LedgerError> {
    newest(connection, limit, types)?.into_iter().map(|seq| select(connection, seq)).collect()
}

/// Where the newest `limit` records begin.
pub(super) fn first_of_newest(
    connection: &Connection,
    limit: u32,
    types: &[String],
) -> Result<Option<u64>, LedgerError> {
    Ok(newest(connection, limit, types)?.first().map(|seq| seq.unsigned_abs()))
}

fn from_on(
    connection: &Connection,
    from: u64,
    limit: u32,
    types: &[String],
) -> Result<Vec<i64>, LedgerError> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut seqs = of_types(connection, types, "seq >= ?2 ORDER BY seq LIMIT ?3", params![from, limit])?;
    seqs.truncate(limit as usize);
    Ok(seqs)
}

fn newest(connection: &Connection, limit: u32, types: &[String]) -> Result<Vec<i64>, LedgerError> {
    let chosen = "seq <= ?2 ORDER BY seq DESC LIMIT ?3";
    let mut seqs = of_types(connection, types, chosen, params![i64::MAX, limit])?;
    let surplus = seqs.len().saturating_sub(limit as usize);
    seqs.drain(..surplus);
    Ok(seqs)
}

/// Places in rising order: of each type as many as are wanted in all, by the index that has them in this order.
fn of_types(
    connection: &Connection,
    types: &[String],
    chosen: &str,
    values: &[&dyn ToSql],
) -> Result<Vec<i64>, LedgerError> {
    let mut seqs = BTreeSet::new();
    let of_all = [None];
    let named = types.iter().map(Some);
    let asked: Vec<Option<&String>> = if types.is_empty() { of_all.to_vec() } else { named.collect() };
    for name in asked {
        let of_type = if name.is_some() { "type = ?1" } else { "?1 IS NULL" };
        let mut statement =
            connection.prepare_cached(&format!("SELECT seq FROM records WHERE {of_type} AND {chosen}"))?;
        let values: Vec<&dyn ToSql> =
            std::iter::once(&name as &dyn ToSql).chain(values.iter().copied()).collect();
        for seq in statement.query_map(&*values, |row| row.get::<_, i64>(0))? {
            seqs.insert(seq?);
        }
    }
    Ok(seqs.into_iter().collect())
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
