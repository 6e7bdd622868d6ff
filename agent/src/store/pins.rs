//! Whose PIN each token has (C2): written in the transaction of the record that says so.

use rusqlite::{Connection, params};
use sealkeeper_domain::identity::TokenSerial;

use super::{
    parsed,
    writer::{Batch, as_stored},
};
use crate::pipeline::ports::ledger::{Committed, Entry, LedgerError, TokenPin};

/// Appends a record, and where it tells of a new PIN, whose that is.
pub(super) fn append(batch: &mut Batch<'_>, entry: Entry) -> Result<Committed, LedgerError> {
    let pin = TokenPin::told_by(&entry.body);
    let committed = batch.append(entry)?;
    if let Some(TokenPin { serial, person, one_time }) = pin {
        batch
            .transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO token_pins (serial, person, one_time, seq) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![serial.as_str(), person.as_str(), one_time, as_stored(committed.seq)?])?;
    }
    Ok(committed)
}

/// What is known of a token's PIN before any record tells of it, which follows once the token has it; or again as it was known before. It stands beside
/// the record that is the newest one.
pub(super) fn set(
    batch: &mut Batch<'_>,
    serial: &TokenSerial,
    pin: Option<&TokenPin>,
) -> Result<(), LedgerError> {
    let Some(TokenPin { person, one_time, .. }) = pin else {
        let forget = "DELETE FROM token_pins WHERE serial = ?1";
        batch.transaction.prepare_cached(forget)?.execute([serial.as_str()])?;
        return Ok(());
    };
    let Some(newest) = batch.newest_seq() else {
        return Err(LedgerError::Record("a token's PIN before the first record".into()));
    };
    batch
        .transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO token_pins (serial, person, one_time, seq) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![serial.as_str(), person.as_str(), one_time, as_stored(newest)?])?;
    Ok(())
}

/// A token changes hands: its PIN stays whose it is known to be, else it is that of who had it.
pub(super) fn leave_behind(batch: &mut Batch<'_>, pin: &TokenPin, seq: u64) -> Result<(), LedgerError> {
    let TokenPin { serial, person, one_time } = pin;
    batch
        .transaction
        .prepare_cached(
            "INSERT INTO token_pins (serial, person, one_time, seq) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![serial.as_str(), person.as_str(), one_time, as_stored(seq)?])?;
    Ok(())
}

/// All that is known.
pub(super) fn select(connection: &Connection) -> Result<Vec<TokenPin>, LedgerError> {
    let mut statement = connection.prepare("SELECT serial, person, one_time FROM token_pins")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    })?;
    rows.map(|row| {
        let (serial, person, one_time) = row?;
        Ok(TokenPin { serial: parsed(&serial)?, person: parsed(&person)?, one_time })
    })
    .collect()
}
