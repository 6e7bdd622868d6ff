//! Uses. Using up a copy and writing its intent are one transaction.

use rusqlite::{Connection, OptionalExtension, params};
use sealkeeper_domain::{
    identity::{PersonId, RequestId, SealId, UseId},
    office::{RequestFacts, RequestState},
    reason::Reason,
};
use sealkeeper_journal::RecordBody;

use super::{
    parsed, requests,
    writer::{Batch, as_stored},
};
use crate::pipeline::{
    kept::{KeptUse, UseState},
    ports::ledger::{BeginError, Begun, Committed, End, Entry, LedgerError},
};

impl From<rusqlite::Error> for BeginError {
    fn from(error: rusqlite::Error) -> Self {
        BeginError::Store(error.into())
    }
}

pub(super) fn begin(
    batch: &mut Batch<'_>,
    use_id: UseId,
    request_id: RequestId,
    judged: Option<&RequestFacts>,
    mut intent: Entry,
) -> Result<Begun, BeginError> {
    if select(batch.transaction, use_id)?.is_some() {
        return Err(BeginError::Refused(Reason::UseIdTaken));
    }
    let Some(request) = requests::select(batch.transaction, request_id)? else {
        return Err(BeginError::Refused(Reason::RequestUnknown));
    };
    if request.expires_us <= batch.now_us() {
        return Err(BeginError::Refused(Reason::RequestExpired));
    }
    // An act that was filed after the rules were held against the request stands in the row, whichever came first to whoever asks.
    let filed = request.facts.as_ref().is_none_or(|facts| matches!(facts.state, RequestState::Filed(_)));
    if request.facts.as_ref() != judged || !filed {
        return Err(BeginError::Refused(Reason::RequestChanged));
    }
    let mut taken = batch
        .transaction
        .prepare_cached("SELECT copy FROM uses WHERE request_id = ?1 AND state <> 'failed'")?
        .query_map([request_id.to_string()], |row| row.get::<_, u32>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    taken.sort_unstable();
    let Some(copy) = (1..=request.asked.copies).find(|copy| taken.binary_search(copy).is_err()) else {
        return Err(BeginError::Refused(Reason::CopiesUsedUp));
    };
    if let RecordBody::Intent(body) = &mut intent.body {
        body.copy = u64::from(copy);
    }
    let intent = batch.append(intent)?;
    batch
        .transaction
        .prepare_cached(
            "INSERT INTO uses (use_id, request_id, applicant, seal, begun_us, copy, state, intent_seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7)",
        )?
        .execute(params![
            use_id.to_string(),
            request_id.to_string(),
            request.applicant.as_str(),
            request.seal.as_str(),
            as_stored(intent.time_us)?,
            copy,
            as_stored(intent.seq)?
        ])?;
    Ok(Begun { intent, copy, request_id })
}

pub(super) fn finish(
    batch: &mut Batch<'_>,
    use_id: UseId,
    end: End,
    outcome: Entry,
) -> Result<Committed, LedgerError> {
    let committed = batch.append(outcome)?;
    let (state, reason, receipt, appended) = match end {
        End::Failed(reason) => ("failed", Some(reason.code()), None, None),
        End::Abandoned(reason) => ("abandoned", Some(reason.code()), None, None),
        End::Complete { mut receipt, appended } => {
            receipt.outcome_recorded(&committed);
            let json =
                serde_json::to_string(&receipt).map_err(|error| LedgerError::Record(error.to_string()))?;
            ("complete", None, Some(json), Some(appended))
        }
    };
    let changed = batch
        .transaction
        .prepare_cached(
            "UPDATE uses SET state = ?2, outcome_seq = ?3, reason = ?4, receipt = ?5, appended = ?6 WHERE use_id = ?1 AND state = 'open'",
        )?
        .execute(params![use_id.to_string(), state, as_stored(committed.seq)?, reason, receipt, appended])?;
    if changed == 1 { Ok(committed) } else { Err(LedgerError::Record(format!("use {use_id} is not open"))) }
}

pub(super) fn select(connection: &Connection, use_id: UseId) -> Result<Option<KeptUse>, LedgerError> {
    let found = connection
        .prepare_cached(
            "SELECT request_id, state, intent_seq, outcome_seq, reason, receipt, appended IS NOT NULL, applicant, seal FROM uses WHERE use_id = ?1",
        )?
        .query_row([use_id.to_string()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, u64>(2)?,
                row.get::<_, Option<u64>>(3)?,
                row.get::<_, Option<String>>(4)?,
                row.get::<_, Option<String>>(5)?,
                row.get::<_, bool>(6)?,
                (row.get::<_, String>(7)?, row.get::<_, String>(8)?),
            ))
        })
        .optional()?;
    let Some((request_id, state, intent_seq, outcome_seq, reason, receipt, kept, (applicant, seal))) = found
    else {
        return Ok(None);
    };
    let broken = || LedgerError::Read(format!("the row of use {use_id} makes no sense"));
    let cause = || reason.as_deref().and_then(Reason::from_code).ok_or_else(broken);
    let state = match (state.as_str(), outcome_seq) {
        ("open", None) => UseState::Open,
        ("failed", Some(outcome_seq)) => UseState::Failed { outcome_seq, reason: cause()? },
        ("abandoned", Some(outcome_seq)) => UseState::Abandoned { outcome_seq, reason: cause()? },
        ("complete", Some(_)) => {
            let receipt =
                serde_json::from_str(receipt.as_deref().ok_or_else(broken)?).map_err(|_| broken())?;
            UseState::Complete { receipt: Box::new(receipt), acknowledged: !kept }
        }
        _ => return Err(broken()),
    };
    Ok(Some(KeptUse {
        request_id: parsed(&request_id)?,
        applicant: parsed(&applicant)?,
        seal: parsed(&seal)?,
        intent_seq,
        state,
    }))
}

/// The bytes to append of a complete use, unless acknowledged.
pub(super) fn appended(connection: &Connection, use_id: UseId) -> Result<Option<Vec<u8>>, LedgerError> {
    let found = connection
        .query_row(
            "SELECT appended FROM uses WHERE use_id = ?1 AND state = 'complete'",
            [use_id.to_string()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.flatten())
}

/// Drops the kept bytes of a complete use.
pub(super) fn acknowledge(batch: &mut Batch<'_>, use_id: UseId) -> Result<(), LedgerError> {
    batch
        .transaction
        .prepare_cached("UPDATE uses SET appended = NULL WHERE use_id = ?1 AND state = 'complete'")?
        .execute([use_id.to_string()])?;
    Ok(())
}

/// Copies of this applicant's requests that were stamped with this seal from `from_us` on, or may have been.
pub(super) fn since(
    connection: &Connection,
    applicant: &PersonId,
    seal: &SealId,
    from_us: u64,
) -> Result<u32, LedgerError> {
    let from_us = i64::try_from(from_us).unwrap_or(i64::MAX);
    let count = connection
        .prepare_cached(
            "SELECT count(*) FROM uses WHERE applicant = ?1 AND seal = ?2 AND begun_us >= ?3 AND state <> 'failed'",
        )?
        .query_row(params![applicant.as_str(), seal.as_str(), from_us], |row| row.get(0))?;
    Ok(count)
}

/// Uses without an outcome, with the seq of their intents.
pub(super) fn open(connection: &Connection) -> Result<Vec<(UseId, u64)>, LedgerError> {
    let mut statement =
        connection.prepare("SELECT use_id, intent_seq FROM uses WHERE state = 'open' ORDER BY intent_seq")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))?;
    rows.map(|row| {
        let (id, seq) = row?;
        Ok((parsed(&id)?, seq))
    })
    .collect()
}
