//! What is known of each token's inspections (C3). The journal is where that is kept.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::{identity::TokenSerial, inspection::Inspected, reason::Reason};
use sealkeeper_journal::{Id, Record, RecordBody, TestSignature, TokenInspected, Verdict};

/// What is known, by token.
#[derive(Debug, Default)]
pub(crate) struct Inspections(Mutex<BTreeMap<TokenSerial, Known>>);

#[derive(Clone, Debug, Default)]
struct Known {
    inspected: Inspected,
    /// What the last inspection read.
    firmware: Option<String>,
    /// What the log was told last.
    told: Option<Reason>,
}

impl Inspections {
    /// Types of the records that tell.
    pub(super) const TELLING: [&str; 2] = ["token_inserted", "token_inspected"];

    /// Takes in what a record tells.
    pub(crate) fn count(&self, record: &Record) {
        match &record.body {
            RecordBody::TokenInserted(inserted) => self.change(&inserted.token_serial, |known| {
                known.inspected.first_seen_us.get_or_insert(record.time_us);
            }),
            RecordBody::TokenInspected(told) => {
                self.change(&told.token_serial, |known| known.take(told, record.time_us));
            }
            _ => {}
        }
    }

    /// What is known of this token.
    pub(crate) fn of(&self, serial: &TokenSerial) -> Inspected {
        self.known(serial).inspected
    }

    /// The firmware it had when it was last inspected.
    pub(super) fn firmware(&self, serial: &TokenSerial) -> Option<String> {
        self.known(serial).firmware
    }

    /// Whether the log was not told this yet, or something else since.
    pub(super) fn is_news(&self, serial: &TokenSerial, told: Option<Reason>) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(serial.clone()).or_default();
        std::mem::replace(&mut known.told, told) != told
    }

    fn known(&self, serial: &TokenSerial) -> Known {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(serial).cloned().unwrap_or_default()
    }

    fn change(&self, serial: &Id, change: impl FnOnce(&mut Known)) {
        if let Ok(serial) = serial.as_str().parse() {
            change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(serial).or_default());
        }
    }
}

impl Known {
    /// One that passed counts only with the test signatures that C3 demands: without them it neither resets the time nor takes a failure
    /// back, for what failed may be just what was not looked at.
    fn take(&mut self, told: &TokenInspected, time_us: u64) {
        match (told.verdict, told.test_signature) {
            (Verdict::Failed, _) => self.inspected.failed_us = Some(time_us),
            (Verdict::Passed, TestSignature::Verified) => {
                self.inspected.passed_us = Some(time_us);
                self.inspected.failed_us = None;
            }
            (Verdict::Passed, _) => {}
        }
        if let Some(firmware) = &told.firmware {
            self.firmware = Some(firmware.as_str().to_owned());
        }
    }
}
