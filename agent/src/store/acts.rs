//! Acts: the record, the id, the attachment and what changes are one transaction.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use sealkeeper_domain::{
    identity::{ActId, Digest, PersonId, RequestId, SealId},
    reason::Reason,
};
use sealkeeper_journal::{ActFiled, RecordBody};

use super::{
    office, parsed, pins, to_json,
    writer::{Batch, as_stored},
};
use crate::pipeline::ports::ledger::{
    ActChoice, Committed, FileError, FiledAct, FiledRow, LedgerError, MAX_ATTACHMENT,
};

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        FileError::Store(error.into())
    }
}

pub(super) fn record(batch: &mut Batch<'_>, act: FiledAct) -> Result<Committed, FileError> {
    let FiledAct { entry, attachment, change, left_behind } = act;
    let RecordBody::Act(filed) = &entry.body else {
        return Err(LedgerError::Record("what is filed as an act has no record of one".into()).into());
    };
    let filed = filed.clone();
    let id = ActId::new(filed.act);
    // Asked before the act was judged, too; here nothing comes in between.
    if is_taken(batch.transaction, id)? {
        return Err(FileError::Refused(Reason::ActRepeated));
    }
    keep_attachment(batch, &filed, attachment)?;
    let committed = batch.append(entry)?;
    batch
        .transaction
        .prepare_cached(
            "INSERT INTO acts (act, typ, signer, seal, person, request, time_us, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            id.to_string(),
            filed.typ.as_str(),
            filed.signer.id.as_str(),
            filed.seal.as_ref().map(|seal| seal.as_str()),
            filed.person.as_ref().map(|person| person.as_str()),
            filed.request.map(|request| RequestId::new(request).to_string()),
            as_stored(committed.time_us)?,
            as_stored(committed.seq)?,
        ])?;
    for changed in &change.entities {
        office::write(batch, changed)?;
    }
    if let Some(pin) = left_behind {
        pins::leave_behind(batch, &pin, committed.seq)?;
    }
    Ok(committed)
}

pub(super) fn is_taken(connection: &Connection, act: ActId) -> Result<bool, LedgerError> {
    let taken = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM acts WHERE act = ?1)")?
        .query_row([act.to_string()], |row| row.get(0))?;
    Ok(taken)
}

/// Keeps what was filed with an act. The same seal object or picture may come with several acts; it is kept once.
fn keep_attachment(
    batch: &mut Batch<'_>,
    filed: &ActFiled,
    attachment: Option<Vec<u8>>,
) -> Result<(), LedgerError> {
    let sha256 = attachment.as_deref().map(sealkeeper_journal::Digest::of);
    if sha256 != filed.attachment_sha256 {
        return Err(LedgerError::Record("the attachment is not the one the act's record names".into()));
    }
    let (Some(bytes), Some(sha256)) = (attachment, sha256) else { return Ok(()) };
    if bytes.len() > MAX_ATTACHMENT {
        return Err(LedgerError::Record(format!("an attachment of {} bytes", bytes.len())));
    }
    batch
        .transaction
        .prepare_cached("INSERT INTO attachments (sha256, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![sha256.as_bytes().as_slice(), bytes])?;
    Ok(())
}

pub(super) fn attachment(connection: &Connection, sha256: Digest) -> Result<Option<Vec<u8>>, LedgerError> {
    let found = connection
        .prepare_cached("SELECT bytes FROM attachments WHERE sha256 = ?1")?
        .query_row([sha256.0.as_slice()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Columns of a row as SQLite gives them.
type Raw = (
    u64,
    u64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    [u8; 32],
);

/// By its signer, its person, its seal, or the seal that another act about its request names.
const CONCERNS: &str = " AND (signer = :own OR person = :own OR seal IN (SELECT value FROM json_each(:seals))
    OR request IN (SELECT request FROM acts WHERE request IS NOT NULL AND seal IN (SELECT value FROM json_each(:seals))))";

/// The places of the acts of this choice. Only what is named stands in the statement, so that it can use its index.
pub(super) fn chosen(choice: &ActChoice) -> String {
    let mut named = String::new();
    for (condition, is_named) in [
        (" AND seal = :seal", choice.seal.is_some()),
        (" AND request = :request", choice.request.is_some()),
        (" AND typ = :typ", choice.typ.is_some()),
        (CONCERNS, choice.seen_by.is_some()),
    ] {
        if is_named {
            named += condition;
        }
    }
    let chosen = |more: &str| {
        format!("SELECT seq FROM acts WHERE seq >= :from{more}{named} ORDER BY seq LIMIT :limit")
    };
    if choice.person.is_none() {
        return chosen("");
    }
    // Signed by a person or about them: each by its index, of which neither gives more than can be wanted.
    let (signed, about) = (chosen(" AND signer = :person"), chosen(" AND person = :person"));
    format!("SELECT seq FROM ({signed}) UNION SELECT seq FROM ({about}) ORDER BY seq LIMIT :limit")
}

pub(super) fn select(
    connection: &Connection,
    choice: &ActChoice,
    from_seq: u64,
    limit: u32,
) -> Result<Vec<FiledRow>, LedgerError> {
    let seals = choice.seen_by.as_ref().map(|seen_by| to_json(&seen_by.seals)).transpose()?;
    let texts = [
        (":seal", choice.seal.as_ref().map(SealId::to_string)),
        (":request", choice.request.map(|request| request.to_string())),
        (":typ", choice.typ.clone()),
        (":person", choice.person.as_ref().map(PersonId::to_string)),
        (":own", choice.seen_by.as_ref().map(|seen_by| seen_by.person.to_string())),
        (":seals", seals),
    ];
    let (from, limit) = (i64::try_from(from_seq).unwrap_or(i64::MAX), i64::from(limit));
    let mut values: Vec<(&str, &dyn ToSql)> = vec![(":from", &from), (":limit", &limit)];
    let given = texts.iter().filter_map(|(name, text)| Some((*name, text.as_ref()? as &dyn ToSql)));
    values.extend(given);
    let chosen = chosen(choice);
    let sql = format!(
        "SELECT acts.seq, time_us, act, acts.typ, signer, seal, person, request, value, leaf_hash FROM acts
         JOIN records ON records.seq = acts.seq
         LEFT JOIN disclosures ON disclosures.seq = acts.seq AND field = 'text'
         WHERE acts.seq IN ({chosen}) ORDER BY acts.seq"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(&*values, |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
            row.get(9)?,
        ))
    })?;
    rows.map(|row| filed_row(row?)).collect()
}

fn filed_row(raw: Raw) -> Result<FiledRow, LedgerError> {
    let (seq, time_us, act, typ, signer, seal, person, request, text, leaf) = raw;
    Ok(FiledRow {
        seq,
        leaf: leaf.into(),
        time_us,
        act: parsed(&act)?,
        typ,
        signer: parsed(&signer)?,
        seal: seal.as_deref().map(parsed).transpose()?,
        person: person.as_deref().map(parsed).transpose()?,
        request: request.as_deref().map(parsed).transpose()?,
        text,
    })
}
