//! The receipt of a completed use: what is told to whoever fetches the result, the same each time.

use sealkeeper_journal::Digest;
use serde::{Deserialize, Serialize};

use crate::pipeline::ports::ledger::Committed;

/// See the contract's `Receipt` for the meaning of each field. It is stored as JSON; a field added later must have a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) use_id: String,
    pub(crate) request_id: String,
    pub(crate) seal_id: String,
    pub(crate) copy: u32,
    pub(crate) copies: u32,
    pub(crate) intent_seq: u64,
    pub(crate) outcome_seq: u64,
    pub(crate) intent_leaf: Digest,
    pub(crate) outcome_leaf: Digest,
    pub(crate) journal_origin: String,
    pub(crate) tree_size: u64,
    pub(crate) root: Digest,
    pub(crate) input_sha256: Digest,
    pub(crate) input_size: u64,
    pub(crate) output_sha256: Digest,
    pub(crate) output_size: u64,
    pub(crate) signature_sha256: Digest,
    pub(crate) certificate_sha256: Digest,
    pub(crate) token_serial: String,
    pub(crate) time_us: u64,
    pub(crate) solo: bool,
}

impl Receipt {
    /// Fills in what only the outcome's commit tells.
    pub(crate) fn outcome_recorded(&mut self, outcome: &Committed) {
        self.outcome_seq = outcome.seq;
        self.outcome_leaf = outcome.leaf;
        self.time_us = outcome.time_us;
    }
}
