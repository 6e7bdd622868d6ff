//! What happens to tokens and modules by itself: put on record, and told to whoever watches.

use sealkeeper_domain::identity::TokenSerial;
use sealkeeper_journal::{
    Id, LockCause, ModuleFailed, ModuleFailure, Record, RecordBody, TokenInserted, TokenLocked, TokenRemoved,
};
use tokio::sync::broadcast;

use super::Service;
use crate::pipeline::{
    ports::{
        ledger::{Committed, LedgerError},
        token::{Cause, Ended, Ending, TokenNews, TokenState},
    },
    scribe::{Scribe, id},
};

/// What a watcher is told of a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenEvent {
    pub(crate) what: TokenChange,
    pub(crate) token: TokenState,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenChange {
    Inserted,
    Removed,
    /// It was unlocked or locked, or tells something else of its PIN.
    Changed,
}

/// Events kept for a watcher that is slow. One that is slower still is told to begin anew.
pub(super) const EVENTS_KEPT: usize = 256;

impl Service {
    /// What will happen to tokens from now on.
    pub(crate) fn watch_tokens(&self) -> broadcast::Receiver<TokenEvent> {
        self.token_events.subscribe()
    }

    /// Records what happened, then tells it.
    pub(crate) async fn news(&self, news: TokenNews) {
        match news {
            TokenNews::LoginEnded(ended) => {
                let cause = match ended.why {
                    Ended::UsesSpent => LockCause::UsesSpent,
                    Ended::Idle => LockCause::Idle,
                    Ended::Expired => LockCause::Expired,
                    Ended::Lost => LockCause::Removed,
                    Ended::Failed => LockCause::Fault,
                    Ended::Asked => LockCause::Request,
                };
                self.record_locked(&ended.serial, cause).await;
            }
            TokenNews::Inserted { module, token } => {
                let inserted = || {
                    Ok(RecordBody::TokenInserted(TokenInserted {
                        token_serial: id(token.serial.as_str())?,
                        module: id(&module)?,
                        model: identifier(&token.model),
                        firmware: identifier(&token.firmware),
                    }))
                };
                self.record_by_itself(inserted()).await;
                self.see_token(&token).await;
                self.tell(TokenChange::Inserted, token);
            }
            TokenNews::Removed { module, token } => {
                let removed = || {
                    let token_serial = id(token.serial.as_str())?;
                    Ok(RecordBody::TokenRemoved(TokenRemoved { token_serial, module: id(&module)? }))
                };
                self.record_by_itself(removed()).await;
                self.tell(TokenChange::Removed, token);
            }
            TokenNews::ModuleLoaded { module, library } => self.see_module(&module, library).await,
            TokenNews::Changed { token } => self.tell(TokenChange::Changed, token),
            TokenNews::ModuleFailed { module, ending } => {
                self.record_by_itself(id(&module).map(|module| module_failed(module, ending))).await;
            }
        }
    }

    /// Records that a token was locked without anybody asking.
    pub(crate) async fn record_locked(&self, serial: &TokenSerial, cause: LockCause) {
        let locked = id(serial.as_str())
            .map(|token_serial| RecordBody::TokenLocked(TokenLocked { token_serial, cause, by: None }));
        self.record_by_itself(locked).await;
    }

    async fn record_by_itself(&self, body: Result<RecordBody, LedgerError>) {
        let recorded = match body {
            Ok(body) => {
                self.ledger.append(Scribe::plain(body.clone())).await.map(|committed| (body, committed))
            }
            Err(error) => Err(error),
        };
        match recorded {
            Ok((body, Committed { seq, time_us, .. })) => {
                self.versions.take(&body);
                self.inspections.count(&Record { seq, time_us, mode: self.ledger.identity().mode(), body });
            }
            Err(error) => tracing::error!(%error, "what happened to a token cannot be recorded"),
        }
    }

    fn tell(&self, what: TokenChange, token: TokenState) {
        // An error says that nobody watches.
        let _ = self.token_events.send(TokenEvent { what, token });
    }
}

/// Text of a token, if it can stand in a record.
fn identifier(text: &str) -> Option<Id> {
    text.parse().ok()
}

fn module_failed(module: Id, ending: Ending) -> RecordBody {
    let number = |number: i32| u64::try_from(number).ok();
    RecordBody::ModuleFailed(ModuleFailed {
        module,
        cause: match ending.cause {
            Cause::Crashed | Cause::Told => ModuleFailure::Crashed,
            Cause::TimedOut => ModuleFailure::TimedOut,
            Cause::Unusable => ModuleFailure::Unusable,
            Cause::OutOfMemory => ModuleFailure::NoMemory,
        },
        signal: ending.signal.and_then(number),
        exit_code: ending.exit_code.and_then(number),
        in_flight: ending.in_flight as u64,
    })
}
