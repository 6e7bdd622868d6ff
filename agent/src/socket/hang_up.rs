//! Ends all connections at once: a client that keeps one open, such as a health watch, must not keep the agent from its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::watch;

/// Ends the connections that listen to it, those to come included.
#[derive(Clone, Debug)]
pub(crate) struct HangUp(watch::Sender<bool>);

impl Default for HangUp {
    fn default() -> Self {
        HangUp(watch::Sender::new(false))
    }
}

impl HangUp {
    /// Ends them.
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }

    /// What a connection asks before it reads.
    pub(super) fn listen(&self) -> HungUp {
        let mut told = self.0.subscribe();
        HungUp::Waiting(Box::pin(async move {
            // Nobody left to hang up is as good.
            let _ = told.wait_for(|hung_up| *hung_up).await;
        }))
    }
}

/// Whether a connection is to end.
pub(super) enum HungUp {
    Waiting(Pin<Box<dyn Future<Output = ()> + Send>>),
    Ended,
}

impl HungUp {
    /// Whether it is; if not, the task is woken when it will be.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if let HungUp::Waiting(told) = self {
            match told.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(()) => *self = HungUp::Ended,
            }
        }
        true
    }
}
