//! Requests in hand.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sealkeeper_domain::{
    identity::{Digest, RequestId},
    placement::{PageChoice, Placement},
    request::Asked,
};

use super::{
    parsed,
    writer::{Batch, as_stored},
};
use crate::pipeline::{kept::KeptRequest, ports::ledger::LedgerError};

pub(super) fn insert(batch: &mut Batch<'_>, request: &KeptRequest) -> Result<(), LedgerError> {
    let asked = &request.asked;
    let placement = match asked.placements.as_slice() {
        [Ok(one)] => one,
        _ => return Err(LedgerError::Record("a kept request has exactly one placement".into())),
    };
    let page = match placement.page {
        PageChoice::Number(number) => Some(number),
        PageChoice::Last => None,
    };
    batch
        .transaction
        .prepare_cached(
            "INSERT INTO requests (request_id, seal, applicant, file_name, size, sha256, reason, document_class, copies, page,
                                   x_um, y_um, created_us, expires_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            request.id.to_string(),
            request.seal.as_str(),
            request.applicant.as_str(),
            asked.file_name,
            as_stored(asked.size)?,
            asked.sha256.0.as_slice(),
            asked.reason,
            asked.document_class,
            asked.copies,
            page,
            placement.x_um,
            placement.y_um,
            as_stored(request.created_us)?,
            as_stored(request.expires_us)?,
        ])?;
    Ok(())
}

pub(super) fn select(connection: &Connection, id: RequestId) -> Result<Option<KeptRequest>, LedgerError> {
    let row = connection
        .prepare_cached(
            "SELECT seal, applicant, file_name, size, sha256, reason, document_class, copies, page, x_um, y_um, created_us, expires_us,
                    (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state <> 'failed')
             FROM requests WHERE request_id = ?1",
        )?
        .query_row([id.to_string()], |row| request_of(id, row))
        .optional()?;
    row.transpose()
}

fn request_of(id: RequestId, row: &Row<'_>) -> rusqlite::Result<Result<KeptRequest, LedgerError>> {
    let (seal, applicant): (String, String) = (row.get(0)?, row.get(1)?);
    let page = row.get::<_, Option<u32>>(8)?.map_or(PageChoice::Last, PageChoice::Number);
    let asked = Asked {
        file_name: row.get(2)?,
        size: row.get(3)?,
        sha256: Digest(row.get(4)?),
        reason: row.get(5)?,
        document_class: row.get(6)?,
        copies: row.get(7)?,
        placements: vec![Placement::new(page, row.get(9)?, row.get(10)?)],
        tickets: 0,
        edge_seal: false,
    };
    let (created_us, expires_us, copies_used) = (row.get(11)?, row.get(12)?, row.get(13)?);
    Ok((|| {
        Ok(KeptRequest {
            id,
            seal: parsed(&seal)?,
            applicant: parsed(&applicant)?,
            asked,
            created_us,
            expires_us,
            copies_used,
        })
    })())
}

/// Forgets requests that expired and have no open use; tells which documents are still needed.
pub(super) fn expire(batch: &mut Batch<'_>) -> Result<Vec<Digest>, LedgerError> {
    let now = as_stored(batch.now_us())?;
    batch.transaction.execute(
        "DELETE FROM requests WHERE expires_us <= ?1
         AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.request_id = requests.request_id AND state = 'open')",
        [now],
    )?;
    let mut statement = batch.transaction.prepare(
        "SELECT DISTINCT sha256 FROM requests
         WHERE copies > (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id
                         AND state IN ('complete', 'abandoned'))",
    )?;
    let rows = statement.query_map([], |row| Ok(Digest(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether any request with copies left is for this document: the same ones whose documents `expire` tells to be needed.
pub(super) fn any_for(connection: &Connection, sha256: Digest) -> Result<bool, LedgerError> {
    let known = "SELECT EXISTS (SELECT 1 FROM requests WHERE sha256 = ?1
                 AND copies > (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id
                               AND state IN ('complete', 'abandoned')))";
    Ok(connection.query_row(known, [sha256.0.as_slice()], |row| row.get(0))?)
}
