//! Erasing what opens commitments, after the retention. Records, lists and the ids of acts stay; so does every proof.

use rusqlite::Connection;
use sealkeeper_domain::identity::Digest;
use sealkeeper_journal::{DisclosuresErased, RecordBody};

use super::{
    reads,
    writer::{Batch, as_stored},
};
use crate::pipeline::ports::ledger::{Entry, Erasure, LedgerError, StoredRecord};

/// Up to `limit` records from `from` on of which something can still be opened, in rising order.
pub(super) fn disclosed(
    connection: &Connection,
    from: u64,
    limit: u32,
) -> Result<Vec<StoredRecord>, LedgerError> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT seq FROM disclosures WHERE seq >= ?1 ORDER BY seq LIMIT ?2")?;
    let seqs = statement.query_map([from, i64::from(limit)], |row| row.get(0))?;
    seqs.map(|seq| reads::select(connection, seq?)).collect()
}

/// Erases, and records that: both or neither. Tells how many commitments can no longer be opened.
pub(super) fn erase(batch: &mut Batch<'_>, erasure: &Erasure) -> Result<u64, LedgerError> {
    let (mut count, mut up_to) = (0_u64, 0);
    for seq in &erasure.records {
        let erased = batch
            .transaction
            .prepare_cached("DELETE FROM disclosures WHERE seq = ?1")?
            .execute([as_stored(*seq)?])?;
        if erased > 0 {
            count += erased as u64;
            up_to = up_to.max(*seq);
        }
    }
    for Digest(sha256) in &erasure.attachments {
        batch
            .transaction
            .prepare_cached("DELETE FROM attachments WHERE sha256 = ?1")?
            .execute([sha256.as_slice()])?;
    }
    if count > 0 {
        let body =
            RecordBody::DisclosuresErased(DisclosuresErased { up_to, count, before_us: erasure.before_us });
        batch.append(Entry { body, disclosures: Vec::new(), lists: Vec::new() })?;
    }
    Ok(count)
}
