//! A thread of its own for each module: PKCS#11 calls block for as long as a vendor likes, and only this thread is blocked by them.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::module::{Ended, Module};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{TokenState, Unlock},
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// Where an answer goes. Whoever gave up waiting has dropped the other end, and a call that was not begun by then is not begun at all.
pub(super) type Answer<T> = oneshot::Sender<T>;

/// What can be asked of a module.
pub(super) enum Call {
    List(Answer<Result<Vec<TokenState>, TokenError>>),
    Unlock(Unlock, Answer<Result<TokenState, TokenError>>),
    Lock(TokenSerial, Answer<Result<bool, TokenError>>),
    Describe(KeyOnToken, Answer<Result<SigningKey, TokenError>>),
    Sign(SignOrder, Answer<Result<Vec<u8>, SignError>>),
    /// Log out everywhere and end.
    Stop(Answer<Vec<TokenSerial>>),
}

/// A login that ended without being asked to.
#[derive(Debug)]
pub(crate) struct LoginEnded {
    /// Whose.
    pub(crate) serial: TokenSerial,
    /// Why.
    pub(crate) why: Ended,
}

/// The sending end.
pub(super) struct ModuleThread {
    calls: Sender<Call>,
    thread: Option<JoinHandle<()>>,
}

impl ModuleThread {
    /// Starts the thread; the module is loaded there, and a module that cannot be loaded answers every call with the reason.
    pub(super) fn start(
        name: &str,
        path: PathBuf,
        ended: UnboundedSender<LoginEnded>,
    ) -> std::io::Result<Self> {
        let (calls, inbox) = channel();
        let thread =
            Builder::new().name(format!("token-{name}")).spawn(move || match Module::load(&path) {
                Ok(module) => serve(module, &inbox, &ended),
                Err(error) => {
                    tracing::error!(module = %path.display(), %error, "the PKCS#11 module cannot be used");
                    answer_all(&error, &inbox);
                }
            })?;
        Ok(ModuleThread { calls, thread: Some(thread) })
    }

    /// Sends a call; `false` if the thread is gone.
    pub(super) fn send(&self, call: Call) -> bool {
        self.calls.send(call).is_ok()
    }

    /// Whether the thread has ended, which it does only when told to or when a module brought it down.
    pub(super) fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Longest wait between looks at idle logins.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

fn serve(mut module: Module, inbox: &Receiver<Call>, ended: &UnboundedSender<LoginEnded>) {
    let tell = |serial, why| {
        // Nobody listens any more only while the agent stops.
        let _ = ended.send(LoginEnded { serial, why });
    };
    loop {
        let wait = module.next_idle(Instant::now()).unwrap_or(LONGEST_WAIT);
        let call = inbox.recv_timeout(wait);
        for serial in module.lock_idle(Instant::now()) {
            tell(serial, Ended::Idle);
        }
        match call {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                module.lock_all();
                return;
            }
            Ok(Call::List(answer)) => reply(answer, || module.list()),
            Ok(Call::Unlock(unlock, answer)) => {
                let serial = unlock.serial.clone();
                if !answer.is_closed() && answer.send(module.unlock(unlock)).is_err() {
                    // Nobody knows of this login: it must not stand.
                    module.lock(&serial);
                }
            }
            Ok(Call::Lock(serial, answer)) => reply(answer, || Ok(module.lock(&serial))),
            Ok(Call::Describe(wanted, answer)) => reply(answer, || module.describe(&wanted)),
            Ok(Call::Sign(order, answer)) => {
                if !answer.is_closed() {
                    let (signature, login) = module.sign(&order);
                    if let Some(why) = login {
                        tell(order.key().serial.clone(), why);
                    }
                    // If nobody waits any more, the use was closed as abandoned; the signature ends here.
                    let _ = answer.send(signature);
                }
            }
            Ok(Call::Stop(answer)) => {
                let _ = answer.send(module.lock_all());
                return;
            }
        }
    }
}

fn reply<T>(answer: Answer<T>, work: impl FnOnce() -> T) {
    if !answer.is_closed() {
        let _ = answer.send(work());
    }
}

fn answer_all(error: &TokenError, inbox: &Receiver<Call>) {
    while let Ok(call) = inbox.recv() {
        match call {
            Call::List(answer) => drop(answer.send(Err(error.clone()))),
            Call::Unlock(_, answer) => drop(answer.send(Err(error.clone()))),
            Call::Lock(_, answer) => drop(answer.send(Err(error.clone()))),
            Call::Describe(_, answer) => drop(answer.send(Err(error.clone()))),
            Call::Sign(_, answer) => {
                drop(answer.send(Err(SignError::NotSigned(TokenError::new(Reason::ModuleUnusable)))))
            }
            Call::Stop(answer) => {
                let _ = answer.send(Vec::new());
                return;
            }
        }
    }
}
