//! Wrong PINs in a row, for tokens that do not tell how many tries are left.
//!
//! The journal is where they are kept: what it tells outlives the agent, its workers and its machine's power.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::identity::TokenSerial;
use sealkeeper_journal::{PinKind, Record, RecordBody};

use crate::pipeline::ports::ledger::{Ledger, LedgerError};

/// How many there were, by token.
#[derive(Debug, Default)]
pub(crate) struct WrongPins(Mutex<BTreeMap<TokenSerial, u32>>);

/// Types of the records that tell.
const TELLING: [&str; 3] = ["wrong_pin", "token_unlocked", "pin_changed"];
/// Records asked for at a time.
const AT_ONCE: u32 = 1000;

impl WrongPins {
    /// As the journal tells.
    pub(crate) async fn recall(ledger: &dyn Ledger) -> Result<Self, LedgerError> {
        let wrong = WrongPins::default();
        let mut from = 0;
        loop {
            let types = TELLING.map(str::to_owned).to_vec();
            let records = ledger.records(from, AT_ONCE, types).await?;
            let Some(last) = records.last() else { return Ok(wrong) };
            from = last.seq + 1;
            for stored in &records {
                let record = Record::decode(&stored.bytes);
                wrong.count(&record.map_err(|error| LedgerError::Read(error.to_string()))?.body);
            }
        }
    }

    /// Takes in what a record tells.
    pub(crate) fn count(&self, body: &RecordBody) {
        let (serial, is_wrong) = match body {
            RecordBody::WrongPin(wrong) if wrong.pin != PinKind::SecurityOfficer => (&wrong.token_serial, true),
            RecordBody::TokenUnlocked(unlocked) => (&unlocked.token_serial, false),
            RecordBody::PinChanged(changed) => (&changed.token_serial, false),
            _ => return,
        };
        let Ok(serial) = serial.as_str().parse::<TokenSerial>() else { return };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_wrong {
            let count = counts.entry(serial).or_default();
            *count = count.saturating_add(1);
        } else {
            counts.remove(&serial);
        }
    }

    /// How many there were since the last right one.
    pub(crate) fn of(&self, serial: &TokenSerial) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(serial).copied().unwrap_or(0)
    }
}
