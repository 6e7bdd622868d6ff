//! Requests and uses in hand, and the appending of records. Using up a copy and writing its intent are one transaction.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    placement::{PageChoice, Placement},
    reason::Reason,
    request::Asked,
};
use sealkeeper_journal::RecordBody;

pub(crate) use super::writer::{Committed, Entry};
use super::{
    Store, StoreError,
    writer::{Batch, as_stored},
};
use crate::pipeline::{
    kept::{KeptRequest, KeptUse, UseState},
    receipt::Receipt,
};

/// Why an intent was not recorded.
#[derive(Debug)]
pub(crate) enum BeginError {
    /// A rule stands against it; nothing was written.
    Refused(Reason),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for BeginError {
    fn from(error: StoreError) -> Self {
        BeginError::Store(error)
    }
}

impl From<rusqlite::Error> for BeginError {
    fn from(error: rusqlite::Error) -> Self {
        BeginError::Store(error.into())
    }
}

/// A recorded intent and the copy it used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// The intent.
    pub(crate) intent: Committed,
    /// Which copy, from 1.
    pub(crate) copy: u32,
    /// Of which request.
    pub(crate) request_id: RequestId,
}

/// How a use ended, for its row.
pub(crate) enum End {
    /// With a result.
    Complete {
        /// Its receipt, but for what only the commit tells.
        receipt: Box<Receipt>,
        /// The bytes to append.
        appended: Vec<u8>,
    },
    /// The token certainly did not sign.
    Failed(Reason),
    /// It may have.
    Abandoned(Reason),
}

impl Store {
    /// Appends one record.
    pub(crate) async fn append(&self, entry: Entry) -> Result<Committed, StoreError> {
        self.writer.write(move |batch| batch.append(entry)).await
    }

    /// Keeps a request.
    pub(crate) async fn add_request(&self, request: KeptRequest) -> Result<(), StoreError> {
        self.writer.write(move |batch| insert_request(batch, &request)).await
    }

    /// The request with this id, if it is kept still.
    pub(crate) async fn request(&self, id: RequestId) -> Result<Option<KeptRequest>, StoreError> {
        self.read(move |connection| select_request(connection, id)).await
    }

    /// Uses up one copy and records the intent, or neither. The intent's `copy` is set here, where the count is certain.
    pub(crate) async fn begin_use(
        &self,
        use_id: UseId,
        request_id: RequestId,
        intent: Entry,
    ) -> Result<Begun, BeginError> {
        self.writer.write(move |batch| begin(batch, use_id, request_id, intent)).await
    }

    /// Records the outcome of an open use with everything needed to hand it out again.
    pub(crate) async fn end_use(
        &self,
        use_id: UseId,
        end: End,
        outcome: Entry,
    ) -> Result<Committed, StoreError> {
        self.writer.write(move |batch| finish(batch, use_id, end, outcome)).await
    }

    /// The use with this id.
    pub(crate) async fn find_use(&self, use_id: UseId) -> Result<Option<KeptUse>, StoreError> {
        self.read(move |connection| select_use(connection, use_id)).await
    }

    /// The bytes to append of a complete use, unless acknowledged.
    pub(crate) async fn appended(&self, use_id: UseId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .query_row("SELECT appended FROM uses WHERE use_id = ?1", [use_id.to_string()], |row| {
                    row.get(0)
                })
                .optional()?;
            Ok(found.flatten())
        })
        .await
    }

    /// Drops the kept bytes of a complete use.
    pub(crate) async fn acknowledge(&self, use_id: UseId) -> Result<(), StoreError> {
        self.writer
            .write(move |batch| {
                batch
                    .transaction
                    .prepare_cached(
                        "UPDATE uses SET appended = NULL WHERE use_id = ?1 AND state = 'complete'",
                    )?
                    .execute([use_id.to_string()])?;
                Ok(())
            })
            .await
    }

    /// Uses whose outcome is not recorded: what a crash between intent and outcome leaves behind.
    pub(crate) async fn open_uses(&self) -> Result<Vec<(UseId, u64)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT use_id, intent_seq FROM uses WHERE state = 'open' ORDER BY intent_seq")?;
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))?;
            rows.map(|row| {
                let (id, seq) = row?;
                Ok((parsed(&id)?, seq))
            })
            .collect()
        })
        .await
    }

    /// Forgets requests that expired and have no open use; tells which documents are still needed.
    pub(crate) async fn expire_requests(&self) -> Result<Vec<Digest>, StoreError> {
        self.writer
            .write(|batch| {
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
            })
            .await
    }

    /// Whether any request in hand is for this document.
    pub(crate) async fn knows_document(&self, sha256: Digest) -> Result<bool, StoreError> {
        self.read(move |connection| {
            Ok(connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM requests WHERE sha256 = ?1)",
                [sha256.0.as_slice()],
                |row| row.get(0),
            )?)
        })
        .await
    }
}

fn insert_request(batch: &mut Batch<'_>, request: &KeptRequest) -> Result<(), StoreError> {
    let asked = &request.asked;
    let placement = match asked.placements.as_slice() {
        [Ok(one)] => one,
        _ => return Err(StoreError::Record("a kept request has exactly one placement".into())),
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

fn select_request(connection: &Connection, id: RequestId) -> Result<Option<KeptRequest>, StoreError> {
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

fn request_of(id: RequestId, row: &Row<'_>) -> rusqlite::Result<Result<KeptRequest, StoreError>> {
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

fn begin(
    batch: &mut Batch<'_>,
    use_id: UseId,
    request_id: RequestId,
    mut intent: Entry,
) -> Result<Begun, BeginError> {
    if select_use(batch.transaction, use_id)?.is_some() {
        return Err(BeginError::Refused(Reason::UseIdTaken));
    }
    let Some(request) = select_request(batch.transaction, request_id)? else {
        return Err(BeginError::Refused(Reason::RequestUnknown));
    };
    if request.expires_us <= batch.now_us() {
        return Err(BeginError::Refused(Reason::RequestExpired));
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
            "INSERT INTO uses (use_id, request_id, copy, state, intent_seq) VALUES (?1, ?2, ?3, 'open', ?4)",
        )?
        .execute(params![use_id.to_string(), request_id.to_string(), copy, as_stored(intent.seq)?])?;
    Ok(Begun { intent, copy, request_id })
}

fn finish(batch: &mut Batch<'_>, use_id: UseId, end: End, outcome: Entry) -> Result<Committed, StoreError> {
    let committed = batch.append(outcome)?;
    let (state, reason, receipt, appended) = match end {
        End::Failed(reason) => ("failed", Some(reason.code()), None, None),
        End::Abandoned(reason) => ("abandoned", Some(reason.code()), None, None),
        End::Complete { mut receipt, appended } => {
            receipt.outcome_recorded(&committed);
            let json =
                serde_json::to_string(&receipt).map_err(|error| StoreError::Record(error.to_string()))?;
            ("complete", None, Some(json), Some(appended))
        }
    };
    let changed = batch
        .transaction
        .prepare_cached(
            "UPDATE uses SET state = ?2, outcome_seq = ?3, reason = ?4, receipt = ?5, appended = ?6 WHERE use_id = ?1 AND state = 'open'",
        )?
        .execute(params![use_id.to_string(), state, as_stored(committed.seq)?, reason, receipt, appended])?;
    if changed == 1 { Ok(committed) } else { Err(StoreError::Record(format!("use {use_id} is not open"))) }
}

fn select_use(connection: &Connection, use_id: UseId) -> Result<Option<KeptUse>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT request_id, state, intent_seq, outcome_seq, reason, receipt, appended IS NOT NULL FROM uses WHERE use_id = ?1",
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
            ))
        })
        .optional()?;
    let Some((request_id, state, intent_seq, outcome_seq, reason, receipt, kept)) = found else {
        return Ok(None);
    };
    let broken = || StoreError::Read(format!("the row of use {use_id} makes no sense"));
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
    Ok(Some(KeptUse { request_id: parsed(&request_id)?, intent_seq, state }))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Read(format!("{text:?} is not what this column holds")))
}
