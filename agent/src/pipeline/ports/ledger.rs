//! The journal, and the requests and uses in hand, as one thing that is durable or not.

use async_trait::async_trait;
use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    reason::Reason,
};
use sealkeeper_journal::{Disclosure, Mode, RecordBody, TreeHead};

use crate::pipeline::{
    kept::{KeptRequest, KeptUse},
    receipt::Receipt,
};

/// What is kept. A call that writes answers only after its commit returned: what it says is durable.
#[async_trait]
pub(crate) trait Ledger: Send + Sync {
    /// What the journal is.
    fn identity(&self) -> &Identity;
    /// Size and root as durable now.
    fn head(&self) -> TreeHead;
    /// Whether it still writes: not after a first failed write or sync, until the next start.
    fn is_open(&self) -> bool;
    /// Appends one record.
    async fn append(&self, entry: Entry) -> Result<Committed, LedgerError>;
    /// Up to `limit` records from `from` on, of these types only if any are named.
    async fn records(
        &self,
        from: u64,
        limit: u32,
        types: Vec<String>,
    ) -> Result<Vec<StoredRecord>, LedgerError>;
    /// The newest `limit` records, in rising order.
    async fn newest_records(&self, limit: u32, types: Vec<String>) -> Result<Vec<StoredRecord>, LedgerError>;

    /// Keeps a request.
    async fn add_request(&self, request: KeptRequest) -> Result<(), LedgerError>;
    /// The request with this id, if it is kept still.
    async fn request(&self, id: RequestId) -> Result<Option<KeptRequest>, LedgerError>;
    /// Whether any request in hand is for this document.
    async fn knows_document(&self, sha256: Digest) -> Result<bool, LedgerError>;
    /// Forgets requests that expired and have no open use; tells which documents are still needed.
    async fn expire_requests(&self) -> Result<Vec<Digest>, LedgerError>;

    /// Uses up one copy and records the intent, or neither. The intent's `copy` is set here, where the count is certain.
    async fn begin_use(
        &self,
        use_id: UseId,
        request_id: RequestId,
        intent: Entry,
    ) -> Result<Begun, BeginError>;
    /// Records the outcome of an open use with everything needed to hand it out again.
    async fn end_use(&self, use_id: UseId, end: End, outcome: Entry) -> Result<Committed, LedgerError>;
    /// Uses whose outcome is not recorded: what a crash between intent and outcome leaves behind.
    async fn open_uses(&self) -> Result<Vec<(UseId, u64)>, LedgerError>;
    /// The use with this id.
    async fn find_use(&self, use_id: UseId) -> Result<Option<KeptUse>, LedgerError>;
    /// The bytes to append of a complete use, unless acknowledged.
    async fn appended(&self, use_id: UseId) -> Result<Option<Vec<u8>>, LedgerError>;
    /// Drops the kept bytes of a complete use.
    async fn acknowledge(&self, use_id: UseId) -> Result<(), LedgerError>;
}

/// Why the store did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// A write or sync failed, now or before; nothing is written any more.
    #[error("the store is closed for writing: {0}")]
    Closed(String),
    /// A read failed.
    #[error("the store cannot be read: {0}")]
    Read(String),
    /// A record was not as the journal demands; nothing was written.
    #[error("record refused: {0}")]
    Record(String),
}

/// What a journal is, fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `<domain>/seal-journal/<random id>`.
    pub(crate) origin: String,
    /// Under which authority it is kept.
    pub(crate) mode: Mode,
    /// The one person of a solo journal: opaque id, name, and the system user they are.
    pub(crate) person: SoloPerson,
}

/// The one person of a solo journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoloPerson {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) uid: u32,
}

/// A record to be, with what stands beside it.
pub(crate) struct Entry {
    /// What happened.
    pub(crate) body: RecordBody,
    /// What opens its commitments.
    pub(crate) disclosures: Vec<Disclosure>,
    /// The lists it holds digests of: field and canonical bytes.
    pub(crate) lists: Vec<(&'static str, Vec<u8>)>,
}

/// A record that is durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    /// Its place.
    pub(crate) seq: u64,
    /// RFC 6962 leaf hash.
    pub(crate) leaf: sealkeeper_journal::Digest,
    /// When it was written.
    pub(crate) time_us: u64,
}

/// Why an intent was not recorded.
#[derive(Debug)]
pub(crate) enum BeginError {
    /// A rule stands against it; nothing was written.
    Refused(Reason),
    /// The store failed.
    Store(LedgerError),
}

impl From<LedgerError> for BeginError {
    fn from(error: LedgerError) -> Self {
        BeginError::Store(error)
    }
}

/// A recorded intent and the copy it used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// The intent.
    pub(crate) intent: Committed,
    /// Which copy, from 1.
    pub(crate) copy: u32,
    /// Of which request.
    pub(crate) request_id: RequestId,
}

/// How a use ended, for its row.
pub(crate) enum End {
    /// With a result.
    Complete {
        /// Its receipt, but for what only the commit tells.
        receipt: Box<Receipt>,
        /// The bytes to append.
        appended: Vec<u8>,
    },
    /// The token certainly did not sign.
    Failed(Reason),
    /// It may have.
    Abandoned(Reason),
}

/// A record as stored, with what stands beside it.
pub(crate) struct StoredRecord {
    pub(crate) seq: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaf_hash: Vec<u8>,
    /// Field, salt, value.
    pub(crate) disclosures: Vec<(String, Vec<u8>, String)>,
    /// Field, canonical bytes.
    pub(crate) lists: Vec<(String, Vec<u8>)>,
}
