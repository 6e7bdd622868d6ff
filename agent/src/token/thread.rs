//! A thread of its own for each module: PKCS#11 calls block for as long as a vendor likes, and only this thread is blocked by them.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::{call::Call, module::Module};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{Ended, LoginEnded, TokenState, Unlock, Unlocked},
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// What a thread drives: a [`Module`], or in tests one that misbehaves to order.
pub(super) trait Driven {
    /// The tokens present now.
    fn list(&mut self) -> Result<Vec<TokenState>, TokenError>;
    /// Logs in, once.
    fn unlock(&mut self, unlock: Unlock) -> Result<Unlocked, TokenError>;
    /// Logs out; tells whether there was a login.
    fn lock(&mut self, serial: &TokenSerial) -> bool;
    /// The certificate and, with a login, the key's fitness.
    fn describe(&mut self, wanted: &KeyOnToken) -> Result<SigningKey, TokenError>;
    /// One signature. The order is spent by it.
    fn sign(&mut self, order: SignOrder) -> Result<Vec<u8>, SignError>;
    /// Ends the logins that stood idle for too long.
    fn lock_idle(&mut self, now: Instant);
    /// How long until the next login ends for being idle.
    fn next_idle(&self, now: Instant) -> Option<Duration>;
    /// The logins that ended by themselves since this was asked last.
    fn take_ended(&mut self) -> Vec<LoginEnded>;
    /// Logs out everywhere and ends in good order.
    fn finish(self);
}

/// The sending end.
pub(super) struct ModuleThread {
    calls: SyncSender<Arc<Slot>>,
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A place in the queue. Whoever gave up waiting takes the call out again, and its PIN with it.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Call>>);

impl Slot {
    /// A place that holds this call.
    pub(super) fn holding(call: Call) -> Self {
        Slot(Mutex::new(Some(call)))
    }

    /// Takes the call out; only one of thread and waiter gets it.
    pub(super) fn take(&self) -> Option<Call> {
        held(&self.0).take()
    }
}

/// What thread and callers both see.
#[derive(Default)]
struct Desk {
    /// When the call being run should have come to its end.
    due: Mutex<Option<Instant>>,
    /// The logins that stand. Whoever takes one off this list tells of its end, so that it is told once.
    standing: Mutex<BTreeSet<TokenSerial>>,
    /// Tokens to lock as soon as the module comes back.
    to_lock: Mutex<BTreeSet<TokenSerial>>,
}

/// A poisoned lock guards nothing half-done here.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a call was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The module hangs, or has more to do than anybody will wait for.
    Busy,
    /// The thread is gone.
    Gone,
}

/// Calls in the queue of one module. More of them would not be answered in time.
const QUEUE: usize = 64;
/// Longest wait between looks at idle logins.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl ModuleThread {
    /// Starts the thread; the module is loaded there, and a module that cannot be loaded answers every call with the reason.
    pub(super) fn start(
        name: &str,
        path: PathBuf,
        ended: UnboundedSender<LoginEnded>,
    ) -> std::io::Result<Self> {
        Self::start_with(
            name,
            move || {
                Module::load(&path).inspect_err(
                    |error| tracing::error!(module = %path.display(), %error, "the PKCS#11 module cannot be used"),
                )
            },
            ended,
        )
    }

    /// Starts a thread for whatever `load` gives.
    pub(super) fn start_with<M: Driven>(
        name: &str,
        load: impl FnOnce() -> Result<M, TokenError> + Send + 'static,
        ended: UnboundedSender<LoginEnded>,
    ) -> std::io::Result<Self> {
        let (calls, inbox) = sync_channel(QUEUE);
        let desk = Arc::new(Desk::default());
        let shared = desk.clone();
        let thread = Builder::new().name(format!("token-{name}")).spawn(move || match load() {
            Ok(module) => serve(module, &inbox, &shared, &ended),
            Err(error) => answer_all(&error, &inbox),
        })?;
        Ok(ModuleThread { calls, desk, thread: Mutex::new(Some(thread)) })
    }

    /// Puts a call into the queue. While a call is overdue, no other one is taken: none would be answered in time.
    pub(super) fn send(&self, call: Call) -> Result<Arc<Slot>, NotTaken> {
        if self.is_gone() {
            return Err(NotTaken::Gone);
        }
        if self.is_overdue() {
            return Err(NotTaken::Busy);
        }
        let slot = Arc::new(Slot::holding(call));
        self.calls.try_send(slot.clone()).map_err(|_| NotTaken::Busy)?;
        Ok(slot)
    }

    /// Has a token locked as soon as the module comes back.
    pub(super) fn lock_later(&self, serial: &TokenSerial) {
        if !held(&self.desk.standing).contains(serial) {
            return;
        }
        held(&self.desk.to_lock).insert(serial.clone());
        // An empty slot wakes the thread; if there is no room for it, there is enough to wake it.
        let _ = self.calls.try_send(Arc::default());
    }

    /// Asks the thread to log out everywhere and to end. Nothing comes back if there is no room for that in its queue.
    pub(super) fn ask_to_stop(&self) -> oneshot::Receiver<()> {
        let (answer, answered) = oneshot::channel();
        let _ = self.calls.try_send(Arc::new(Slot::holding(Call::Stop(answer))));
        answered
    }

    /// Waits for the end, until `by` at the latest. Tells of the logins that stood: those of a module that does not come back end with the
    /// process.
    pub(super) async fn stopped(
        &self,
        answered: oneshot::Receiver<()>,
        by: tokio::time::Instant,
    ) -> BTreeSet<TokenSerial> {
        if matches!(tokio::time::timeout_at(by, answered).await, Ok(Ok(()))) {
            let thread = held(&self.thread).take();
            // It has nothing left to do but to end.
            let join = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join));
            let _ = tokio::time::timeout_at(by, join).await;
        }
        std::mem::take(&mut *held(&self.desk.standing))
    }

    /// Whether the thread has ended, which it does only when told to or when a module brought it down.
    fn is_gone(&self) -> bool {
        held(&self.thread).as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Whether the module is in a call that nobody waits for any more.
    fn is_overdue(&self) -> bool {
        held(&self.desk.due).is_some_and(|due| Instant::now() >= due)
    }
}

fn serve<M: Driven>(
    mut module: M,
    inbox: &Receiver<Arc<Slot>>,
    desk: &Desk,
    ended: &UnboundedSender<LoginEnded>,
) {
    // Nobody listens any more only while the agent stops.
    let tell = |login: LoginEnded| {
        if held(&desk.standing).remove(&login.serial) {
            let _ = ended.send(login);
        }
    };
    loop {
        let wait = module.next_idle(Instant::now()).unwrap_or(LONGEST_WAIT);
        let received = inbox.recv_timeout(wait);
        module.lock_idle(Instant::now());
        for serial in std::mem::take(&mut *held(&desk.to_lock)) {
            if module.lock(&serial) {
                tell(LoginEnded { serial, why: Ended::Asked });
            }
        }
        let call = match received {
            Ok(slot) => slot.take(),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return module.finish(),
        };
        *held(&desk.due) = call.as_ref().and_then(Call::due);
        match call {
            None => {}
            Some(Call::List(answer)) => answer.give(module.list()),
            Some(Call::Unlock(unlock, answer)) => {
                let serial = unlock.serial.clone();
                match module.unlock(unlock) {
                    Ok(unlocked) => {
                        let replaced = unlocked.replaced;
                        held(&desk.standing).insert(serial.clone());
                        if answer.sent(Ok(unlocked)).is_err() {
                            // Nobody knows of this login: it must not stand. One it replaced was on record.
                            module.lock(&serial);
                            held(&desk.standing).remove(&serial);
                            if replaced {
                                let _ = ended.send(LoginEnded { serial, why: Ended::Asked });
                            }
                        }
                    }
                    Err(error) => answer.give(Err(error)),
                }
            }
            Some(Call::Lock(serial, answer)) => {
                // Whether anybody waits or not.
                let was_unlocked = module.lock(&serial) && held(&desk.standing).remove(&serial);
                if answer.sent(Ok(was_unlocked)).is_err() && was_unlocked {
                    let _ = ended.send(LoginEnded { serial, why: Ended::Asked });
                }
            }
            Some(Call::Describe(wanted, answer)) => answer.give(module.describe(&wanted)),
            // If nobody waits any more, the use was closed as abandoned; the signature ends here.
            Some(Call::Sign(order, answer)) => answer.give(module.sign(order)),
            Some(Call::Stop(answer)) => {
                module.finish();
                let _ = answer.send(());
                return;
            }
        }
        *held(&desk.due) = None;
        module.take_ended().into_iter().for_each(tell);
    }
}

fn answer_all(error: &TokenError, inbox: &Receiver<Arc<Slot>>) {
    while let Ok(slot) = inbox.recv() {
        match slot.take() {
            None => {}
            Some(Call::List(answer)) => answer.give(Err(error.clone())),
            Some(Call::Unlock(_, answer)) => answer.give(Err(error.clone())),
            Some(Call::Lock(_, answer)) => answer.give(Err(error.clone())),
            Some(Call::Describe(_, answer)) => answer.give(Err(error.clone())),
            Some(Call::Sign(_, answer)) => {
                answer.give(Err(SignError::NotSigned(TokenError::new(Reason::ModuleUnusable))));
            }
            Some(Call::Stop(answer)) => {
                let _ = answer.send(());
                return;
            }
        }
    }
}
