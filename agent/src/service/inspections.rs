//! When each token was inspected, and when it is due again (C3). The journal is where that is kept.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::identity::TokenSerial;
use sealkeeper_journal::{Id, Record, RecordBody, Verdict};

/// What is known of each token.
#[derive(Debug, Default)]
pub(crate) struct Inspections(Mutex<BTreeMap<TokenSerial, Inspected>>);

/// Times in µs since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspected {
    /// When it first showed itself.
    pub(crate) first_seen: Option<u64>,
    /// When it last passed.
    pub(crate) passed: Option<u64>,
    /// Whether the last inspection failed.
    pub(crate) failed: bool,
}

impl Inspections {
    /// Types of the records that tell.
    pub(super) const TELLING: [&str; 2] = ["token_inserted", "token_inspected"];

    /// Takes in what a record tells.
    pub(crate) fn count(&self, record: &Record) {
        match &record.body {
            RecordBody::TokenInserted(inserted) => self.change(&inserted.token_serial, |inspected| {
                inspected.first_seen.get_or_insert(record.time_us);
            }),
            RecordBody::TokenInspected(told) => self.change(&told.token_serial, |inspected| {
                inspected.failed = told.verdict == Verdict::Failed;
                if !inspected.failed {
                    inspected.passed = Some(record.time_us);
                }
            }),
            _ => {}
        }
    }

    /// What is known of this token.
    pub(crate) fn of(&self, serial: &TokenSerial) -> Inspected {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(serial).copied().unwrap_or_default()
    }

    fn change(&self, serial: &Id, change: impl FnOnce(&mut Inspected)) {
        if let Ok(serial) = serial.as_str().parse() {
            change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(serial).or_default());
        }
    }
}

impl Inspected {
    /// When it is due again; `None` while the token never showed itself.
    pub(crate) fn due_us(&self, interval_ms: u64) -> Option<u64> {
        Some(self.passed.or(self.first_seen)?.saturating_add(interval_ms.saturating_mul(1000)))
    }
}
