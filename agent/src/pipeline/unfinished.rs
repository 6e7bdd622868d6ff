//! Uses that end without a result. Every way out after an intent comes through here, at run time as after a crash.

use sealkeeper_domain::{identity::UseId, reason::Reason};
use sealkeeper_journal::{AbandonCause, Abandoned, Failed, RecordBody, TokenError};

use super::{
    ports,
    scribe::{Scribe, code, id},
};
use crate::pipeline::ports::ledger::{Committed, End, Ledger, LedgerError};

/// A use between intent and outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenUse {
    pub(crate) use_id: UseId,
    pub(crate) intent_seq: u64,
}

/// How a use ended without a result.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) open: OpenUse,
    pub(crate) how: How,
    /// What the token said, if it was the token.
    pub(crate) token: Option<Box<ports::token_error::TokenError>>,
}

/// Whether the token may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Certainly not, for this reason: the copy is given back.
    Failed(Reason),
    /// It may have: the copy stays used up.
    Abandoned(AbandonCause),
}

impl How {
    /// The reason told to the caller.
    pub(crate) fn reason(self) -> Reason {
        match self {
            How::Failed(reason) => reason,
            How::Abandoned(AbandonCause::Crash) => Reason::AbandonedCrash,
            How::Abandoned(AbandonCause::TimeOut) => Reason::AbandonedTimeout,
            How::Abandoned(AbandonCause::TokenLost | AbandonCause::TokenError) => Reason::AbandonedTokenFault,
            How::Abandoned(AbandonCause::GarbageSignature) => Reason::AbandonedSignature,
            How::Abandoned(AbandonCause::InvalidResult) => Reason::AbandonedResult,
            How::Abandoned(AbandonCause::Fault) => Reason::AbandonedFault,
        }
    }
}

impl Unfinished {
    /// A use that ended in a fault of ours after the token was asked.
    pub(crate) fn fault(open: OpenUse) -> Self {
        Unfinished { open, how: How::Abandoned(AbandonCause::Fault), token: None }
    }

    /// Whether the token may have signed.
    pub(crate) fn is_abandoned(&self) -> bool {
        matches!(self.how, How::Abandoned(_))
    }

    /// Writes the outcome. A crash before the commit returned leaves the use open, to be closed as abandoned at the next start.
    pub(crate) async fn record(&self, ledger: &dyn Ledger) -> Result<Committed, LedgerError> {
        let reason = self.how.reason();
        let (use_id, intent) = (self.open.use_id.uuid(), self.open.intent_seq);
        // What a token said must never keep an outcome from being written; what cannot stand in a record is in the log.
        let token_error =
            self.token.as_ref().and_then(|error| error.call.as_ref()).and_then(|call| told(call).ok());
        let code = code(reason.code())?;
        let (body, end) = match self.how {
            How::Failed(_) => {
                (RecordBody::Failed(Failed { use_id, intent, code, token_error }), End::Failed(reason))
            }
            How::Abandoned(cause) => (
                RecordBody::Abandoned(Abandoned { use_id, intent, cause, code: Some(code), token_error }),
                End::Abandoned(reason),
            ),
        };
        ledger.end_use(self.open.use_id, end, Scribe::plain(body)).await
    }
}

fn told(call: &ports::token_error::FailedCall) -> Result<TokenError, LedgerError> {
    Ok(TokenError { function: id(&call.function)?, return_value: id(&call.told.to_string())? })
}

/// Closes what a crash left open; tells how many there were.
pub(crate) async fn recover(ledger: &dyn Ledger) -> Result<usize, LedgerError> {
    let open = ledger.open_uses().await?;
    for (use_id, intent_seq) in &open {
        let open = OpenUse { use_id: *use_id, intent_seq: *intent_seq };
        Unfinished { open, how: How::Abandoned(AbandonCause::Crash), token: None }.record(ledger).await?;
    }
    Ok(open.len())
}
