//! Requests in hand.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use sealkeeper_domain::{
    identity::{Digest, PersonId, RequestId, SealId},
    office::{RequestFacts, RequestState},
    placement::{PageChoice, Placement},
    request::Asked,
};
use sealkeeper_journal::{ListDigest, RecordBody, RequestExpired};
use serde::Serialize;

use super::{
    from_json, parsed, to_json,
    writer::{Batch, as_stored},
};
use crate::pipeline::{
    kept::KeptRequest,
    ports::ledger::{Entry, Held, LedgerError, RequestChoice},
};

pub(super) fn insert(
    batch: &mut Batch<'_>,
    request: &KeptRequest,
    drafted: Option<Entry>,
) -> Result<(), LedgerError> {
    if let Some(drafted) = drafted {
        batch.append(drafted)?;
    }
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
                                   x_um, y_um, created_us, expires_us, facts, ended, carried_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
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
            request.carried_by.as_str(),
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
    (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state <> 'failed'), facts, request_id, carried_by";

pub(super) fn select(connection: &Connection, id: RequestId) -> Result<Option<KeptRequest>, LedgerError> {
    let row = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM requests WHERE request_id = ?1"))?
        .query_row([id.to_string()], request_of)
        .optional()?;
    row.transpose()
}

/// Up to `limit` of this choice, in the order they were made.
pub(super) fn select_all(
    connection: &Connection,
    choice: &RequestChoice,
    limit: u32,
) -> Result<Vec<KeptRequest>, LedgerError> {
    let (applicant, seal) =
        (choice.applicant.as_ref().map(PersonId::as_str), choice.seal.as_ref().map(SealId::as_str));
    let after = match choice.after {
        Some((created_us, id)) => Some((as_stored(created_us)?, id.to_string())),
        None => None,
    };
    // Only what is named stands in the statement, so that it can use its index.
    let mut sql = format!("SELECT {COLUMNS} FROM requests WHERE true");
    let mut named: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
    if let Some(applicant) = &applicant {
        sql += " AND applicant = :applicant";
        named.push((":applicant", applicant));
    }
    if let Some(seal) = &seal {
        sql += " AND seal = :seal";
        named.push((":seal", seal));
    }
    if let Some((created_us, id)) = &after {
        sql += " AND (created_us, request_id) > (:created_us, :id)";
        named.extend([(":created_us", created_us as &dyn ToSql), (":id", id)]);
    }
    sql += " ORDER BY created_us, request_id LIMIT :limit";
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(&*named, request_of)?;
    rows.map(|row| row?).collect()
}

fn request_of(row: &Row<'_>) -> rusqlite::Result<Result<KeptRequest, LedgerError>> {
    let (seal, applicant, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(15)?);
    let carried_by: String = row.get(16)?;
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
            carried_by: parsed(&carried_by)?,
            asked,
            created_us,
            expires_us,
            copies_used,
            facts: facts.as_deref().map(from_json).transpose()?,
        })
    })())
}

/// Most rows of one record of requests that expired.
const EXPIRED_AT_ONCE: usize = 1000;

/// Expired, and no use of it is open.
const IS_OVER: &str = "expires_us <= ?1
    AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.request_id = requests.request_id AND state = 'open')";

/// A request that expired, as it stands in the list of its record.
#[derive(Serialize)]
struct ExpiredRow {
    request: String,
    seal: String,
    copies: u32,
    copies_used: u32,
}

/// Forgets requests that expired and have no open use; tells which documents are still needed.
pub(super) fn expire(batch: &mut Batch<'_>) -> Result<Vec<Digest>, LedgerError> {
    let now = as_stored(batch.now_us())?;
    for rows in open_ones(batch.transaction, now)?.chunks(EXPIRED_AT_ONCE) {
        let (requests, list) =
            ListDigest::of(rows).map_err(|error| LedgerError::Record(error.to_string()))?;
        let body = RecordBody::RequestExpired(RequestExpired { requests });
        batch.append(Entry { body, disclosures: Vec::new(), lists: vec![("requests", list)] })?;
    }
    batch.transaction.execute(&format!("DELETE FROM requests WHERE {IS_OVER}"), [now])?;
    let mut statement = batch
        .transaction
        .prepare(&format!("SELECT DISTINCT sha256 FROM requests WHERE {NEEDS_ITS_DOCUMENT}"))?;
    let rows = statement.query_map([], |row| Ok(Digest(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Of an office's requests that are over, those that were neither ended nor used up: nothing else on record says what became of them.
fn open_ones(connection: &Connection, now: i64) -> Result<Vec<ExpiredRow>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT request_id, seal, copies,
                (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state <> 'failed')
         FROM requests WHERE {IS_OVER} AND {NEEDS_ITS_DOCUMENT} AND facts IS NOT NULL ORDER BY created_us, request_id"
    ))?;
    let rows = statement.query_map([now], |row| {
        let (request, seal, copies, copies_used) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(ExpiredRow { request, seal, copies, copies_used })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A request that can still be stamped: neither rejected nor withdrawn, with copies left or one that may yet be given back.
const NEEDS_ITS_DOCUMENT: &str = "ended = 0
    AND copies > (SELECT count(*) FROM uses WHERE uses.request_id = requests.request_id AND state IN ('complete', 'abandoned'))";

/// Whether any request that can still be stamped is for this document: the same ones whose documents `expire` tells to be needed.
/// Of one person's only, if one is named.
pub(super) fn any_for(
    connection: &Connection,
    sha256: Digest,
    by: Option<&PersonId>,
) -> Result<bool, LedgerError> {
    let known = format!(
        "SELECT EXISTS (SELECT 1 FROM requests
         WHERE sha256 = ?1 AND (?2 IS NULL OR carried_by = ?2 OR applicant = ?2) AND {NEEDS_ITS_DOCUMENT})"
    );
    let values = params![sha256.0.as_slice(), by.map(PersonId::as_str)];
    Ok(connection.query_row(&known, values, |row| row.get(0))?)
}

/// What the requests hold that this person brought and that can still be stamped.
pub(super) fn held_by(connection: &Connection, carrier: &PersonId) -> Result<Held, LedgerError> {
    let held = format!(
        "WITH open AS (SELECT sha256, size FROM requests WHERE carried_by = ?1 AND {NEEDS_ITS_DOCUMENT})
         SELECT (SELECT count(*) FROM open), (SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT sha256, size FROM open))"
    );
    let row = connection
        .prepare_cached(&held)?
        .query_row([carrier.as_str()], |row| Ok(Held { requests: row.get(0)?, bytes: row.get(1)? }))?;
    Ok(row)
}
