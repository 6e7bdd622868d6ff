//! Wrong PINs in a row, for tokens that do not tell how many tries are left.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use sealkeeper_domain::identity::TokenSerial;
use sealkeeper_journal::{PinChange, PinKind, RecordBody};
use tokio::sync::OwnedMutexGuard;

/// How many there were, by token.
#[derive(Debug, Default)]
pub(crate) struct WrongPins {
    counts: Mutex<BTreeMap<TokenSerial, Counts>>,
    turns: Mutex<BTreeMap<TokenSerial, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    user: u32,
    officer: u32,
}

impl WrongPins {
    /// Waits until nobody else has a PIN of this token tried. What the count tells before a try holds until that try is counted.
    pub(crate) async fn one_at_a_time(&self, serial: &TokenSerial) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Those nobody waits for are of tries that ended.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(serial.clone()).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// Types of the records that tell.
    pub(super) const TELLING: [&str; 3] = ["wrong_pin", "token_unlocked", "pin_changed"];

    /// Takes in what a record tells.
    pub(crate) fn count(&self, body: &RecordBody) {
        let serial = match body {
            RecordBody::WrongPin(wrong) => &wrong.token_serial,
            RecordBody::TokenUnlocked(unlocked) => &unlocked.token_serial,
            RecordBody::PinChanged(changed) => &changed.token_serial,
            _ => return,
        };
        let Ok(serial) = serial.as_str().parse::<TokenSerial>() else { return };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.entry(serial).or_default();
        match body {
            RecordBody::WrongPin(wrong) if wrong.pin == PinKind::SecurityOfficer => {
                counts.officer = counts.officer.saturating_add(1);
            }
            RecordBody::WrongPin(_) => counts.user = counts.user.saturating_add(1),
            RecordBody::PinChanged(changed) if changed.how != PinChange::Changed => {
                *counts = Counts::default();
            }
            _ => counts.user = 0,
        }
    }

    /// The token took a PIN for one signature. That has no record of its own, so a restart does not know of it; the unlock that must follow
    /// has one.
    pub(super) fn was_right(&self, serial: &TokenSerial) {
        if let Some(counts) = self.counts.lock().unwrap_or_else(PoisonError::into_inner).get_mut(serial) {
            counts.user = 0;
        }
    }

    /// How many user PINs there were since the last right one.
    pub(crate) fn of(&self, serial: &TokenSerial) -> u32 {
        self.counts(serial).user
    }

    /// The same of the security officer's PIN.
    pub(super) fn of_officer(&self, serial: &TokenSerial) -> u32 {
        self.counts(serial).officer
    }

    fn counts(&self, serial: &TokenSerial) -> Counts {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(serial).copied().unwrap_or_default()
    }
}
