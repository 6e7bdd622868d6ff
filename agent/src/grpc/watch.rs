//! The stream of WatchTokens: what is there, then what happens.

use std::sync::Arc;

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{self, token_event::Event};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{status, wire};
use crate::{
    pipeline::{identify::Caller, ports::token::TokenState},
    service::{Permit, Service, TokenChange, TokenEvent},
};

/// What a watcher reads.
pub(super) type Events = ReceiverStream<Result<v1::TokenEvent, Status>>;

/// Events sent ahead of a watcher that reads slowly; more wait where all watchers' do.
const AHEAD: usize = 16;

/// Tells what is there and what happens, until the watcher goes, is let in no longer, or the agent stops. The caller's permit is held as long.
pub(super) fn events(
    service: Arc<Service>,
    present: Vec<TokenState>,
    mut watching: broadcast::Receiver<TokenEvent>,
    caller: Caller,
    permit: Permit,
) -> Events {
    let (to, events) = mpsc::channel(AHEAD);
    let holder = caller.holder();
    tokio::spawn(async move {
        let _permit = permit;
        let told = async {
            for token in &present {
                let event = Some(Event::Present(wire::token(token, holder, &service)));
                to.send(Ok(v1::TokenEvent { event })).await.ok()?;
            }
            loop {
                let TokenEvent { what, token } = match watching.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(Reason::WatchBehind),
                    Err(broadcast::error::RecvError::Closed) => return Some(Reason::AgentStopping),
                };
                let token = wire::token(&token, holder, &service);
                let event = Some(match what {
                    TokenChange::Inserted => Event::Inserted(token),
                    TokenChange::Removed => Event::Removed(token),
                    TokenChange::Changed => Event::Changed(token),
                });
                to.send(Ok(v1::TokenEvent { event })).await.ok()?;
            }
        };
        let ended = tokio::select! {
            // In this order: nothing is told any more to who is nobody here.
            biased;
            reason = service.until_unknown(&caller) => Some(reason),
            ended = told => ended,
            () = service.told_to_stop() => Some(Reason::AgentStopping),
            () = to.closed() => None,
        };
        if let Some(reason) = ended {
            let _ = to.send(Err(status::of_reason(reason))).await;
        }
    });
    ReceiverStream::new(events)
}
