//! Tokens coming and going.

use std::pin::Pin;
use std::task::{Context, Poll};

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{self, token_event::Event};
use tokio_stream::Stream;
use tonic::Streaming;

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;

/// One change, with the token as it is after it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TokenEvent {
    /// It was there when the watch began. Each token once, before any other event.
    Present(v1::Token),
    /// It was plugged in, locked whatever it was before.
    Inserted(v1::Token),
    /// It was taken out, or its module is gone; as it was last seen, locked.
    Removed(v1::Token),
    /// It was unlocked, used or locked, or what it tells of its PINs changed.
    Changed(v1::Token),
}

impl TokenEvent {
    /// The token it is about.
    pub fn token(&self) -> &v1::Token {
        match self {
            Self::Present(token) | Self::Inserted(token) | Self::Removed(token) | Self::Changed(token) => {
                token
            }
        }
    }
}

/// The events of a watch, as they come.
///
/// It has no end of its own: the last item tells why there are no more, such as `agent-stopping`, `watch-behind` or a lost connection. To
/// go on, watch again; the tokens present are then told afresh.
#[derive(Debug)]
pub struct TokenWatch {
    /// None once the last item was given.
    events: Option<Streaming<v1::TokenEvent>>,
}

impl Agent {
    /// The tokens present now, then each change.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn watch_tokens(&self) -> Result<TokenWatch, ClientError> {
        let events = self.token_service().watch_tokens(v1::WatchTokensRequest {}).await;
        Ok(TokenWatch { events: Some(answered(events)?) })
    }
}

impl Stream for TokenWatch {
    type Item = Result<TokenEvent, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        next_told(&mut self.events, context, |v1::TokenEvent { event }| event.map(TokenEvent::from))
    }
}

/// The next of a watch's events that tells something; those of a later version tell nothing. The last item says why no more come.
pub(crate) fn next_told<E, T>(
    watched: &mut Option<Streaming<E>>,
    context: &mut Context<'_>,
    told: impl Fn(E) -> Option<T>,
) -> Poll<Option<Result<T, ClientError>>> {
    loop {
        let Some(events) = watched else { return Poll::Ready(None) };
        let last = match Pin::new(events).poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(event))) => match told(event) {
                Some(told) => return Poll::Ready(Some(Ok(told))),
                None => continue,
            },
            Poll::Ready(Some(Err(status))) => ClientError::from_status(&status),
            Poll::Ready(None) => {
                ClientError::local(Reason::ConnectionLost, "the agent ended the watch without a reason")
            }
        };
        *watched = None;
        return Poll::Ready(Some(Err(last)));
    }
}

impl From<Event> for TokenEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Present(token) => Self::Present(token),
            Event::Inserted(token) => Self::Inserted(token),
            Event::Removed(token) => Self::Removed(token),
            Event::Changed(token) => Self::Changed(token),
        }
    }
}
