//! Calls to a module and the way back of their answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::sync::oneshot;

use super::thread::{ModuleThread, NotTaken, Slot};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{TokenState, Unlock, Unlocked},
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// What can be asked of a module.
pub(super) enum Call {
    List(Answer<Result<Vec<TokenState>, TokenError>>),
    Unlock(Unlock, Answer<Result<Unlocked, TokenError>>),
    /// Done even if nobody waits for the answer any more.
    Lock(TokenSerial, Answer<Result<bool, TokenError>>),
    Describe(KeyOnToken, Answer<Result<SigningKey, TokenError>>),
    Sign(SignOrder, Answer<Result<Vec<u8>, SignError>>),
    /// Log out everywhere and end.
    Stop(oneshot::Sender<()>),
}

impl Call {
    /// When it should have come to its end.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Call::List(answer) => Some(answer.due),
            Call::Unlock(_, answer) => Some(answer.due),
            Call::Lock(_, answer) => Some(answer.due),
            Call::Describe(_, answer) => Some(answer.due),
            Call::Sign(_, answer) => Some(answer.due),
            Call::Stop(_) => None,
        }
    }
}

/// Where an answer goes, and by when.
pub(super) struct Answer<T> {
    to: oneshot::Sender<T>,
    due: Instant,
}

impl<T> Answer<T> {
    /// Answers, if anybody still waits.
    pub(super) fn give(self, value: T) {
        let _ = self.sent(value);
    }

    /// Answers; the value comes back if nobody waits any more.
    pub(super) fn sent(self, value: T) -> Result<(), T> {
        self.to.send(value)
    }
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It was begun, and whatever it did is unknown.
    TimedOut,
    /// It was never begun: the module is still in an earlier call.
    NotBegun,
    /// The thread is gone.
    Gone,
}

impl From<Unanswered> for TokenError {
    fn from(unanswered: Unanswered) -> Self {
        TokenError::new(match unanswered {
            Unanswered::TimedOut | Unanswered::NotBegun => Reason::TokenTimeout,
            Unanswered::Gone => Reason::ModuleUnusable,
        })
    }
}

/// One call with its deadline. A call that was not begun when its caller stops waiting is taken out of the queue, unless it locks.
pub(super) async fn ask<T>(
    thread: &ModuleThread,
    deadline: Duration,
    call: impl FnOnce(Answer<T>) -> Call,
) -> Result<T, Unanswered> {
    let (to, mut answered) = oneshot::channel();
    let call = call(Answer { to, due: Instant::now() + deadline });
    let locks = matches!(call, Call::Lock(..));
    let slot = thread.send(call).map_err(|refused| match refused {
        NotTaken::Busy => Unanswered::NotBegun,
        NotTaken::Gone => Unanswered::Gone,
    })?;
    let waiting = Waiting((!locks).then_some(slot));
    match tokio::time::timeout(deadline, &mut answered).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Unanswered::Gone),
        Err(_) if waiting.withdraw() => Err(Unanswered::NotBegun),
        Err(_) => late(&mut answered).ok_or(Unanswered::TimedOut),
    }
}

/// What was sent between the last look and now; nothing can be sent any more after it.
fn late<T>(answered: &mut oneshot::Receiver<T>) -> Option<T> {
    answered.close();
    answered.try_recv().ok()
}

/// A caller that waits. However it stops waiting, its call leaves the queue.
struct Waiting(Option<Arc<Slot>>);

impl Waiting {
    /// Takes the call back; tells whether it was still there.
    fn withdraw(&self) -> bool {
        self.0.as_ref().is_some_and(|slot| slot.take().is_some())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.withdraw();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_after_the_last_look_is_not_lost() {
        let (to, mut answered) = oneshot::channel();
        assert_eq!(to.send(7), Ok(()));
        assert_eq!(late(&mut answered), Some(7));
        let (to, mut answered) = oneshot::channel();
        assert_eq!(late(&mut answered), None);
        assert_eq!(to.send(7), Err(7), "whoever sends later hears that nobody knows of it");
    }

    #[test]
    fn a_call_leaves_the_queue_with_its_caller() {
        let (answer, _) = oneshot::channel();
        let slot = Arc::new(Slot::holding(Call::Stop(answer)));
        drop(Waiting(Some(slot.clone())));
        assert!(slot.take().is_none(), "a PIN does not stay in the queue of a module that hangs");
    }
}
