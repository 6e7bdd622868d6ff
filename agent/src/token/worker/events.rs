//! C_WaitForSlotEvent. Some modules look at their readers only when asked for events; what they say is then found in their lists.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use cryptoki::context::Pkcs11;

/// Asks for events in a thread of its own: some modules wait for one, though told not to (CKF_DONT_BLOCK).
pub(super) struct SlotEvents(Mutex<Asking>);

struct Asking {
    ask: SyncSender<()>,
    answered: Receiver<()>,
    /// Asked, and not answered yet.
    waits: bool,
}

/// How long a module may take for it.
const LONGEST: Duration = Duration::from_millis(250);
/// Events taken at once; a module that always has one more has none.
const MOST: usize = 64;

impl SlotEvents {
    /// Of this module.
    pub(super) fn of(pkcs11: Pkcs11) -> Self {
        let (ask, asked) = sync_channel(1);
        let (answer, answered) = sync_channel(1);
        let asking = move || {
            while asked.recv().is_ok() {
                for _ in 0..MOST {
                    let Ok(Some(_)) = pkcs11.get_slot_event() else { break };
                }
                if answer.send(()).is_err() {
                    break;
                }
            }
        };
        // Without the thread nobody answers, as with a module that hangs.
        let _ = thread::Builder::new().name("slot-events".into()).spawn(asking);
        SlotEvents(Mutex::new(Asking { ask, answered, waits: false }))
    }

    /// Takes all events there are. While the module waits for one, it is not asked for another.
    pub(super) fn take(&self) {
        let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asking.waits && asking.answered.try_recv().is_err() {
            return;
        }
        asking.waits = asking.ask.send(()).is_err() || asking.answered.recv_timeout(LONGEST).is_err();
    }
}
