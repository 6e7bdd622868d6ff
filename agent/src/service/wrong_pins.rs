//! Wrong PINs in a row, for tokens that do not tell how many tries are left.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::identity::TokenSerial;
use sealkeeper_journal::{PinKind, RecordBody};

/// How many there were, by token.
#[derive(Debug, Default)]
pub(crate) struct WrongPins(Mutex<BTreeMap<TokenSerial, u32>>);

impl WrongPins {
    /// Types of the records that tell.
    pub(super) const TELLING: [&str; 3] = ["wrong_pin", "token_unlocked", "pin_changed"];

    /// Takes in what a record tells.
    pub(crate) fn count(&self, body: &RecordBody) {
        let (serial, is_wrong) = match body {
            RecordBody::WrongPin(wrong) if wrong.pin != PinKind::SecurityOfficer => {
                (&wrong.token_serial, true)
            }
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
