//! The journal, the office, and the requests and uses in hand, as one thing that is durable or not.

use std::path::PathBuf;

use async_trait::async_trait;
use sealkeeper_domain::{
    act::key::ActKey,
    identity::{ActId, Digest, PersonId, RequestId, SealId, TokenSerial, UseId},
    office::{Change, Changed, Office, RequestFacts},
    reason::Reason,
};
use sealkeeper_journal::{Disclosure, Mode, PinChange, RecordBody, TreeHead};

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
    /// Appends one record; one of a new PIN is kept as whose PIN the token has.
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
    /// As `records`, but no more than about 1 MiB of them; none only if there are none.
    async fn record_page(
        &self,
        from: u64,
        limit: u32,
        types: Vec<String>,
    ) -> Result<Vec<StoredRecord>, LedgerError>;
    /// Where the newest `limit` records of these types begin; `None` if there are none.
    async fn first_of_newest(&self, limit: u32, types: Vec<String>) -> Result<Option<u64>, LedgerError>;
    /// Up to `limit` records from `from` on that have commitments which can still be opened, in rising order.
    async fn disclosed(&self, from: u64, limit: u32) -> Result<Vec<StoredRecord>, LedgerError>;
    /// Erases what opens commitments and records that, or neither; tells how many can no longer be opened.
    async fn erase(&self, erasure: Erasure) -> Result<u64, LedgerError>;
    /// Writes rows of the office over with these, from which names and texts are gone. No act says so, and no record: what is left out stood in acts
    /// whose texts are erased after the same time.
    async fn forget(&self, rows: Vec<Changed>) -> Result<(), FileError>;

    /// Everything acts have made, as the rows tell it; of a solo journal an office without people.
    async fn office(&self) -> Result<Office, LedgerError>;
    /// Appends an act's record, takes its id for good, keeps its attachment and writes what it changes: all of it or nothing.
    async fn record_act(&self, act: FiledAct) -> Result<Committed, FileError>;
    /// Whether an act with this id is on record.
    async fn knows_act(&self, act: ActId) -> Result<bool, LedgerError>;
    /// Up to `limit` acts of this choice, whose records stand at `from_seq` or later, in the order of the journal.
    async fn acts(&self, choice: ActChoice, from_seq: u64, limit: u32) -> Result<Vec<FiledRow>, LedgerError>;
    /// What was filed with an act: a seal object or a picture.
    async fn attachment(&self, sha256: Digest) -> Result<Option<Vec<u8>>, LedgerError>;
    /// Whose PIN tokens have, as far as that is known (C2).
    async fn token_pins(&self) -> Result<Vec<TokenPin>, LedgerError>;
    /// Says what is known of a token's PIN before a record tells of it: that one is about to be set which has to be changed, or what was before.
    async fn set_token_pin(&self, serial: TokenSerial, pin: Option<TokenPin>) -> Result<(), LedgerError>;
    /// Writes a copy of everything that is kept, as of one moment, as the new file `to`; tells the journal that is in it (C6).
    async fn back_up(&self, to: PathBuf) -> Result<TreeHead, LedgerError>;
    /// The text of the policy that came into force last; `None` before the first.
    async fn policy(&self) -> Result<Option<String>, LedgerError>;
    /// Records that a policy came into force and keeps its text in the last one's place, or neither.
    async fn load_policy(&self, text: String, loaded: Entry) -> Result<Committed, LedgerError>;

    /// Keeps a request, with its record where it has one: both or neither.
    async fn add_request(&self, request: KeptRequest, drafted: Option<Entry>) -> Result<(), LedgerError>;
    /// The request with this id, if it is kept still.
    async fn request(&self, id: RequestId) -> Result<Option<KeptRequest>, LedgerError>;
    /// Up to `limit` requests of this choice that are kept still, in the order they were made.
    async fn requests(&self, choice: RequestChoice, limit: u32) -> Result<Vec<KeptRequest>, LedgerError>;
    /// What the requests hold that one person brought and that can still be stamped: how many they are, and the bytes of their documents.
    async fn held_by(&self, carrier: PersonId) -> Result<Held, LedgerError>;
    /// Whether a request that can still be stamped is for this document, and by this person: they brought it, or are its applicant. `None`: by anybody.
    async fn knows_document(&self, sha256: Digest, by: Option<PersonId>) -> Result<bool, LedgerError>;
    /// Forgets requests that expired and have no open use, with a record of those that acts could still have been about; tells which documents
    /// are still needed. Those of requests that were rejected, withdrawn or used up are not, while the requests themselves stay until they expire.
    async fn expire_requests(&self) -> Result<Vec<Digest>, LedgerError>;

    /// Uses up one copy and records the intent, or neither. The intent's `copy` is set here, where the count is certain. `judged` is what the
    /// rules were held against: an act that came in between wins, and the use is refused as [`Reason::RequestChanged`].
    async fn begin_use(
        &self,
        use_id: UseId,
        request_id: RequestId,
        judged: Option<RequestFacts>,
        intent: Entry,
    ) -> Result<Begun, BeginError>;
    /// Records the outcome of an open use with everything needed to hand it out again.
    async fn end_use(&self, use_id: UseId, end: End, outcome: Entry) -> Result<Committed, LedgerError>;
    /// Uses whose outcome is not recorded: what a crash between intent and outcome leaves behind.
    async fn open_uses(&self) -> Result<Vec<(UseId, u64)>, LedgerError>;
    /// How many copies of this applicant's requests were stamped with this seal from `from_us` on, µs since the Unix epoch; one whose use is
    /// open or abandoned counts, one that was given back does not (U1).
    async fn used_since(&self, applicant: PersonId, seal: SealId, from_us: u64) -> Result<u32, LedgerError>;
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
    /// Under whose authority it is kept.
    pub(crate) root: Root,
}

impl Identity {
    /// The mode that every record tells.
    pub(crate) fn mode(&self) -> Mode {
        match self.root {
            Root::Solo(_) => Mode::Solo,
            Root::Office(_) => Mode::Office,
        }
    }
}

/// Under whose authority a journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// One person's, who is everybody at once.
    Solo(SoloPerson),
    /// The seal office's; everybody else is registered by its acts.
    Office(Box<OfficeRoot>),
}

/// The one person of a solo journal: opaque id, name, and the system user they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoloPerson {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) uid: u32,
}

/// The seal office as `init` was told of it: the first person of the office, whose key all else hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfficeRoot {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) key: ActKey,
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

/// What is no longer kept.
#[derive(Clone, Debug)]
pub(crate) struct Erasure {
    /// Records whose commitments are not to be opened any more.
    pub(crate) records: Vec<u64>,
    /// What was filed with acts among them.
    pub(crate) attachments: Vec<Digest>,
    /// Until when they were written, µs since the Unix epoch.
    pub(crate) before_us: u64,
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

/// An act that was judged, with what it changes.
pub(crate) struct FiledAct {
    /// Its record, of the type `act`: its id, signer and subjects are taken from there.
    pub(crate) entry: Entry,
    /// What was filed with it, if the record names one: at most [`MAX_ATTACHMENT`] bytes, of the very digest there.
    pub(crate) attachment: Option<Vec<u8>>,
    /// The entities as they are to be.
    pub(crate) change: Change,
    /// Of a hand-over: the PIN the token comes with, where nothing else is known of it.
    pub(crate) left_behind: Option<TokenPin>,
}

/// Whose PIN a token has (C2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenPin {
    pub(crate) serial: TokenSerial,
    /// Whose own it is; of a one-time PIN, who had it set.
    pub(crate) person: PersonId,
    /// Whether it has to be changed before anything else is done with it.
    pub(crate) one_time: bool,
}

impl TokenPin {
    /// What a record tells of it: who gives a token a new PIN has typed their own, unless it is a one-time PIN.
    pub(crate) fn told_by(body: &RecordBody) -> Option<TokenPin> {
        let RecordBody::PinChanged(changed) = body else { return None };
        Some(TokenPin {
            serial: changed.token_serial.as_str().parse().ok()?,
            person: changed.by.person.id.as_str().parse().ok()?,
            one_time: changed.how == PinChange::SetOneTime,
        })
    }
}

/// Most bytes of what is filed with an act: 4 MiB.
pub(crate) const MAX_ATTACHMENT: usize = 4 << 20;

/// Why an act was not recorded.
#[derive(Debug)]
pub(crate) enum FileError {
    /// A rule stands against it; nothing was written.
    Refused(Reason),
    /// The store failed.
    Store(LedgerError),
}

impl From<LedgerError> for FileError {
    fn from(error: LedgerError) -> Self {
        FileError::Store(error)
    }
}

/// Which acts are asked for: those that meet all that is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActChoice {
    /// About this seal.
    pub(crate) seal: Option<SealId>,
    /// Signed by or about this person.
    pub(crate) person: Option<PersonId>,
    /// About this request.
    pub(crate) request: Option<RequestId>,
    /// Of this type, e.g. `request-approve`.
    pub(crate) typ: Option<String>,
    /// That concern somebody.
    pub(crate) seen_by: Option<SeenBy>,
}

/// Whom an act concerns: who signed it or is its subject, and who keeps the seal that it, or its request, is about.
#[derive(Clone, Debug)]
pub(crate) struct SeenBy {
    pub(crate) person: PersonId,
    /// What they keep.
    pub(crate) seals: Vec<SealId>,
}

/// An act as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FiledRow {
    /// Its record.
    pub(crate) seq: u64,
    /// RFC 6962 leaf hash of that.
    pub(crate) leaf: sealkeeper_journal::Digest,
    /// When it was filed, µs since the Unix epoch.
    pub(crate) time_us: u64,
    pub(crate) act: ActId,
    pub(crate) typ: String,
    pub(crate) signer: PersonId,
    pub(crate) seal: Option<SealId>,
    /// The person it is about, where it is about one.
    pub(crate) person: Option<PersonId>,
    pub(crate) request: Option<RequestId>,
    /// The compact JWS, unless it was erased after the retention.
    pub(crate) text: Option<String>,
}

/// What open requests hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Requests.
    pub(crate) requests: u64,
    /// Bytes of their documents, each counted once.
    pub(crate) bytes: u64,
}

/// Which requests are asked for: those that meet all that is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestChoice {
    /// Made by this person.
    pub(crate) applicant: Option<PersonId>,
    /// For this seal.
    pub(crate) seal: Option<SealId>,
    /// Made after this one, by time (µs since the Unix epoch) and id.
    pub(crate) after: Option<(u64, RequestId)>,
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
