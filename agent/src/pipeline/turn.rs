//! Turns: acts are filed and uses judged one after the other, so that what the rules saw still stands when what they allowed is on record.

use tokio::sync::{Mutex, MutexGuard};

/// Where everybody waits for their turn. There is one in an office.
#[derive(Default)]
pub(crate) struct Turns(Mutex<()>);

/// It is one's turn: until this is dropped no act is filed and no other use judged. Nothing that may hang is waited for meanwhile, be it a token, a
/// PIN or a permit to work; the store is the only one that is asked.
pub(crate) struct Turn<'t> {
    _only_one: MutexGuard<'t, ()>,
}

impl Turns {
    /// Waits for it.
    pub(crate) async fn take(&self) -> Turn<'_> {
        Turn { _only_one: self.0.lock().await }
    }
}
