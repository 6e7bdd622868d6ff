//! What is kept between calls: requests and uses.

use sealkeeper_domain::{
    identity::{PersonId, RequestId, SealId},
    office::RequestFacts,
    reason::Reason,
    request::Asked,
};

use super::receipt::Receipt;

/// A request as asked. Every rule runs again when it is taken up: nothing here is evidence of a check.
#[derive(Clone, Debug)]
pub(crate) struct KeptRequest {
    pub(crate) id: RequestId,
    pub(crate) seal: SealId,
    pub(crate) applicant: PersonId,
    /// Who brought it, and is charged for what it holds.
    pub(crate) carried_by: PersonId,
    pub(crate) asked: Asked,
    /// µs since the Unix epoch.
    pub(crate) created_us: u64,
    /// µs since the Unix epoch.
    pub(crate) expires_us: u64,
    /// Copies used up: uses that did not fail.
    pub(crate) copies_used: u32,
    /// What acts made of it; `None` in a solo journal.
    pub(crate) facts: Option<RequestFacts>,
}

/// A use from its intent on.
#[derive(Debug)]
pub(crate) struct KeptUse {
    pub(crate) request_id: RequestId,
    pub(crate) applicant: PersonId,
    pub(crate) seal: SealId,
    pub(crate) intent_seq: u64,
    pub(crate) state: UseState,
}

/// Where a use stands.
#[derive(Debug)]
pub(crate) enum UseState {
    /// Between intent and outcome.
    Open,
    /// Signed and releasable; the bytes are kept until acknowledged.
    Complete { receipt: Box<Receipt>, acknowledged: bool },
    /// Certainly not signed.
    Failed { outcome_seq: u64, reason: Reason },
    /// Perhaps signed, not released.
    Abandoned { outcome_seq: u64, reason: Reason },
}
