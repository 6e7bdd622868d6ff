//! Requests in hand.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sealkeeper_domain::{
    identity::{Digest, PersonId, RequestId, SealId},
    office::{RequestFacts, RequestState},
    placement::{PageChoice, Placement},
    request::Asked,
};

use super::{
    from_json, parsed, to_json,
    writer::{Batch, as_stored},
};
use crate::pipeline::{
    kept::KeptRequest,
    ports::ledger::{Held, LedgerError, RequestChoice},
};

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
                                   x_um, y_um, created_us, expires_us, facts, ended)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
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
            request.facts.as_ref().map(to_json).transpose()?,
            request.facts.as_ref().is_some_and(has_ended),
        ])?;
    Ok(())
}

/// Whether nobody may stamp it any more, whatever its copies and its time.
fn has_ended(facts: &RequestFacts) -> bool {
    match facts.state {
        RequestState::Drafted | RequestState::Filed(_) => false,
        RequestState::Rejected(_) | RequestState::Withdrawn(_) => true,
    }
}

/// Writes what an act made of a request; tells whether it is still there.
pub(super) fn set_facts(batch: &mut Batch<'_>, facts: &RequestFacts) -> Result<bool, LedgerError> {
    let changed = batch
        .transaction
        .prepare_cached("UPDATE requests SET facts = ?2, ended = ?3 WHERE request_id = ?1")?
        .execute(params![facts.binding.request.to_string(), to_json(facts)?, has_ended(facts)])?;
    Ok(changed == 1)
}

/// The columns [`request_of`] reads.
const COLUMNS: &str = "seal, applicant, file_name, size, sha256, reason, document_class, copies, page, x_um, y_um, created_us, expires_us,
    (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state <> 'failed'), facts, request_id";

pub(super) fn select(connection: &Connection, id: RequestId) -> Result<Option<KeptRequest>, LedgerError> {
    let row = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM requests WHERE request_id = ?1"))?
        .query_row([id.to_string()], request_of)
        .optional()?;
    row.transpose()
}

/// All of this choice, in the order they were made.
pub(super) fn select_all(
    connection: &Connection,
    choice: &RequestChoice,
) -> Result<Vec<KeptRequest>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM requests WHERE (?1 IS NULL OR applicant = ?1) AND (?2 IS NULL OR seal = ?2)
         ORDER BY created_us, request_id"
    ))?;
    let applicant = choice.applicant.as_ref().map(PersonId::as_str);
    let rows =
        statement.query_map(params![applicant, choice.seal.as_ref().map(SealId::as_str)], request_of)?;
    rows.map(|row| row?).collect()
}

fn request_of(row: &Row<'_>) -> rusqlite::Result<Result<KeptRequest, LedgerError>> {
    let (seal, applicant, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(15)?);
    let facts: Option<String> = row.get(14)?;
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
            id: parsed(&id)?,
            seal: parsed(&seal)?,
            applicant: parsed(&applicant)?,
            asked,
            created_us,
            expires_us,
            copies_used,
            facts: facts.as_deref().map(from_json).transpose()?,
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
    let mut statement = batch
        .transaction
        .prepare(&format!("SELECT DISTINCT sha256 FROM requests WHERE {NEEDS_ITS_DOCUMENT}"))?;
    let rows = statement.query_map([], |row| Ok(Digest(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A request that can still be stamped: neither rejected nor withdrawn, with copies left or one that may yet be given back.
const NEEDS_ITS_DOCUMENT: &str = "ended = 0
    AND copies > (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state IN ('complete', 'abandoned'))";

/// Whether any request that can still be stamped is for this document: the same ones whose documents `expire` tells to be needed.
pub(super) fn any_for(connection: &Connection, sha256: Digest) -> Result<bool, LedgerError> {
    let known = format!("SELECT EXISTS (SELECT 1 FROM requests WHERE sha256 = ?1 AND {NEEDS_ITS_DOCUMENT})");
    Ok(connection.query_row(&known, [sha256.0.as_slice()], |row| row.get(0))?)
}

/// What this applicant's requests hold that can still be stamped.
pub(super) fn held_by(connection: &Connection, applicant: &PersonId) -> Result<Held, LedgerError> {
    let held = format!(
        "WITH open AS (SELECT sha256, size FROM requests WHERE applicant = ?1 AND {NEEDS_ITS_DOCUMENT})
         SELECT (SELECT count(*) FROM open), (SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT sha256, size FROM open))"
    );
    let row = connection
        .prepare_cached(&held)?
        .query_row([applicant.as_str()], |row| Ok(Held { requests: row.get(0)?, bytes: row.get(1)? }))?;
    Ok(row)
}
