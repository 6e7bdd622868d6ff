//! What the agent knows of tokens from before it was started. It stands in the journal: what that tells outlives the agent, its workers and
//! its machine's power.

use sealkeeper_journal::Record;

use super::{Inspections, TokenPins, Versions, WrongPins};
use crate::pipeline::ports::ledger::{Ledger, LedgerError};

/// What is kept in mind of tokens.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    pub(crate) wrong_pins: WrongPins,
    pub(crate) inspections: Inspections,
    pub(crate) token_pins: TokenPins,
    pub(crate) versions: Versions,
}

/// Records asked for at a time.
const AT_ONCE: u32 = 1000;

impl Recalled {
    /// As the journal tells.
    pub(crate) async fn from(ledger: &dyn Ledger) -> Result<Self, LedgerError> {
        let token_pins = TokenPins::new(ledger.token_pins().await?);
        let recalled = Recalled { token_pins, ..Recalled::default() };
        let telling = WrongPins::TELLING.iter().chain(&Inspections::TELLING).chain(&Versions::TELLING);
        let types: Vec<_> = telling.map(|name| (*name).to_owned()).collect();
        let mut from = 0;
        loop {
            let records = ledger.records(from, AT_ONCE, types.clone()).await?;
            let Some(last) = records.last() else { return Ok(recalled) };
            from = last.seq + 1;
            for stored in &records {
                let record = Record::parse(&stored.bytes);
                let record = record.map_err(|error| LedgerError::Read(error.to_string()))?;
                recalled.wrong_pins.count(&record.body);
                recalled.inspections.count(&record);
                recalled.versions.take(&record.body);
            }
        }
    }
}
