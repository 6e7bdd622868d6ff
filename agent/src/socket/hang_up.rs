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
    pub(crate) fn listen(&self) -> HungUp {
        let mut told = self.0.subscribe();
        HungUp::when(async move {
            // Nobody left to hang up is not the same as hung up: a connection lives on whatever replaced what let it in.
            if told.wait_for(|hung_up| *hung_up).await.is_err() {
                std::future::pending().await
            }
        })
    }
}

/// Whether a connection is to end.
pub(crate) enum HungUp {
    Waiting(Pin<Box<dyn Future<Output = ()> + Send>>),
    Ended,
}

impl HungUp {
    /// Once this is over.
    pub(crate) fn when(over: impl Future<Output = ()> + Send + 'static) -> Self {
        HungUp::Waiting(Box::pin(over))
    }

    /// Whether it is; if not, the task is woken when it will be.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if let HungUp::Waiting(told) = self {
            match told.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(()) => *self = HungUp::Ended,
            }
        }
        true
    }
}

impl Future for HungUp {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if HungUp::poll(&mut self, cx) { Poll::Ready(()) } else { Poll::Pending }
    }
}
