//! The pipeline: one struct per stage; a transition takes `self` and gives the next stage, so no stage can be skipped or used twice.
//!
//! ```text
//! identify → admit → inspect → place → approve → prepare → review → allow → record intent → sign → embed → validate → record outcome → release
//! ```
//!
//! `allow` asks every rule once more: in an office it is this use's turn from there on until its intent is durable.
//!
//! What is refused up to `allow` leaves a refusal on record; from `record intent` on every way out writes an outcome (`unfinished`).

pub(crate) mod admit;
pub(crate) mod allow;
pub(crate) mod approve;
pub(crate) mod certificate;
pub(crate) mod challenge;
pub(crate) mod destruction;
pub(crate) mod drafted;
pub(crate) mod embed;
pub(crate) mod identify;
pub(crate) mod inspect;
pub(crate) mod kept;
pub(crate) mod pictures;
pub(crate) mod place;
pub(crate) mod ports;
pub(crate) mod prepare;
pub(crate) mod receipt;
pub(crate) mod record;
pub(crate) mod release;
pub(crate) mod scribe;
pub(crate) mod sign;
pub(crate) mod turn;
pub(crate) mod unfinished;
pub(crate) mod validate;

use sealkeeper_domain::refusal::Refusal;

use crate::pipeline::ports::ledger::LedgerError;

/// Why a call did not come to its end: a rule, or a fault of ours.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Rules stand against it; found at this stage.
    Refused {
        /// Name of the stage, as the journal tells it.
        stage: &'static str,
        /// All that stands against it.
        refusal: Refusal,
    },
    /// The same, and a record of its own tells of it already: a wrong PIN is no refusal beside that.
    OnRecord {
        /// What stands against it.
        refusal: Refusal,
        /// The record.
        seq: u64,
    },
    /// The store failed.
    Store(LedgerError),
    /// Anything else within the agent.
    Fault(String),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Stop::Store(error)
    }
}

/// Tells at which stage a refusal was found.
pub(crate) trait At<T> {
    /// Names the stage.
    fn at(self, stage: &'static str) -> Result<T, Stop>;
}

impl<T, R: Into<Refusal>> At<T> for Result<T, R> {
    fn at(self, stage: &'static str) -> Result<T, Stop> {
        self.map_err(|refused| Stop::Refused { stage, refusal: refused.into() })
    }
}
