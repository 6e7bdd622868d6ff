//! Seals whose key asks for the PIN at each signature (CKA_ALWAYS_AUTHENTICATE). Keys show themselves only once their token is unlocked.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use sealkeeper_domain::identity::SealId;

use crate::pipeline::ports::key::SigningKey;

/// Those that are known to.
#[derive(Debug, Default)]
pub(crate) struct AskingPin(Mutex<BTreeSet<SealId>>);

impl AskingPin {
    /// Takes in what a key shows.
    pub(super) fn learn(&self, seal: &SealId, key: &SigningKey) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if key.asks_pin {
            known.insert(seal.clone());
        } else if key.ready {
            known.remove(seal);
        }
    }

    /// Whether this one is known to.
    pub(crate) fn contains(&self, seal: &SealId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(seal)
    }
}
