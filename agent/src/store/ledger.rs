//! The store as the pipeline's ledger.

use std::path::PathBuf;

use async_trait::async_trait;
use sealkeeper_domain::{
    identity::{ActId, Digest, PersonId, RequestId, SealId, TokenSerial, UseId},
    office::{Changed, Office, RequestFacts},
};
use sealkeeper_journal::TreeHead;

use super::{Store, acts, backup, erasure, office, pins, policy, reads, requests, uses};
use crate::pipeline::{
    kept::{KeptRequest, KeptUse},
    ports::ledger::{
        ActChoice, BeginError, Begun, Committed, End, Entry, Erasure, FileError, FiledAct, FiledRow, Held,
        Identity, Ledger, LedgerError, RequestChoice, StoredRecord, TokenPin,
    },
};

#[async_trait]
impl Ledger for Store {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn head(&self) -> TreeHead {
        self.writer.head()
    }

    fn is_open(&self) -> bool {
        self.writer.is_open()
    }

    async fn append(&self, entry: Entry) -> Result<Committed, LedgerError> {
        self.writer.write(move |batch| pins::append(batch, entry)).await
    }

    async fn office(&self) -> Result<Office, LedgerError> {
        let origin = self.identity.origin.clone();
        self.read(move |connection| office::read(connection, &origin)).await
    }

    async fn record_act(&self, act: FiledAct) -> Result<Committed, FileError> {
        self.writer.write(move |batch| acts::record(batch, act)).await
    }

    async fn knows_act(&self, act: ActId) -> Result<bool, LedgerError> {
        self.read(move |connection| acts::is_taken(connection, act)).await
    }

    async fn acts(&self, choice: ActChoice, from_seq: u64, limit: u32) -> Result<Vec<FiledRow>, LedgerError> {
        self.read(move |connection| acts::select(connection, &choice, from_seq, limit)).await
    }

    async fn attachment(&self, sha256: Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        self.read(move |connection| acts::attachment(connection, sha256)).await
    }

    async fn token_pins(&self) -> Result<Vec<TokenPin>, LedgerError> {
        self.read(pins::select).await
    }

    async fn set_token_pin(&self, serial: TokenSerial, pin: Option<TokenPin>) -> Result<(), LedgerError> {
        self.writer.write(move |batch| pins::set(batch, &serial, pin.as_ref())).await
    }

    async fn back_up(&self, to: PathBuf) -> Result<TreeHead, LedgerError> {
        let from = self.path.clone();
        tokio::task::spawn_blocking(move || backup::write(&from, &to))
            .await
            .map_err(|error| LedgerError::Read(error.to_string()))?
    }

    async fn policy(&self) -> Result<Option<String>, LedgerError> {
        self.read(policy::select).await
    }

    async fn load_policy(&self, text: String, loaded: Entry) -> Result<Committed, LedgerError> {
        self.writer.write(move |batch| policy::replace(batch, &text, loaded)).await
    }

    async fn add_request(&self, request: KeptRequest, drafted: Option<Entry>) -> Result<(), LedgerError> {
        self.writer.write(move |batch| requests::insert(batch, &request, drafted)).await
    }

    async fn request(&self, id: RequestId) -> Result<Option<KeptRequest>, LedgerError> {
        self.read(move |connection| requests::select(connection, id)).await
    }

    async fn requests(&self, choice: RequestChoice, limit: u32) -> Result<Vec<KeptRequest>, LedgerError> {
        self.read(move |connection| requests::select_all(connection, &choice, limit)).await
    }

    async fn begin_use(
        &self,
        use_id: UseId,
        request_id: RequestId,
        judged: Option<RequestFacts>,
        intent: Entry,
    ) -> Result<Begun, BeginError> {
        self.writer.write(move |batch| uses::begin(batch, use_id, request_id, judged.as_ref(), intent)).await
    }

    async fn end_use(&self, use_id: UseId, end: End, outcome: Entry) -> Result<Committed, LedgerError> {
        self.writer.write(move |batch| uses::finish(batch, use_id, end, outcome)).await
    }

    async fn used_since(&self, applicant: PersonId, seal: SealId, from_us: u64) -> Result<u32, LedgerError> {
        self.read(move |connection| uses::since(connection, &applicant, &seal, from_us)).await
    }

    async fn find_use(&self, use_id: UseId) -> Result<Option<KeptUse>, LedgerError> {
        self.read(move |connection| uses::select(connection, use_id)).await
    }

    async fn appended(&self, use_id: UseId) -> Result<Option<Vec<u8>>, LedgerError> {
        self.read(move |connection| uses::appended(connection, use_id)).await
    }

    async fn acknowledge(&self, use_id: UseId) -> Result<(), LedgerError> {
        self.writer.write(move |batch| uses::acknowledge(batch, use_id)).await
    }

    async fn open_uses(&self) -> Result<Vec<(UseId, u64)>, LedgerError> {
        self.read(uses::open).await
    }

    async fn expire_requests(&self) -> Result<Vec<Digest>, LedgerError> {
        self.writer.write(requests::expire).await
    }

    async fn held_by(&self, carrier: PersonId) -> Result<Held, LedgerError> {
        self.read(move |connection| requests::held_by(connection, &carrier)).await
    }

    async fn knows_document(&self, sha256: Digest, by: Option<PersonId>) -> Result<bool, LedgerError> {
        self.read(move |connection| requests::any_for(connection, sha256, by.as_ref())).await
    }

    async fn disclosed(&self, from: u64, limit: u32) -> Result<Vec<StoredRecord>, LedgerError> {
        self.read(move |connection| erasure::disclosed(connection, from, limit)).await
    }

    async fn erase(&self, erasure: Erasure) -> Result<u64, LedgerError> {
        self.writer.write(move |batch| erasure::erase(batch, &erasure)).await
    }

    async fn forget(&self, rows: Vec<Changed>) -> Result<(), FileError> {
        self.writer.write(move |batch| rows.iter().try_for_each(|row| office::write(batch, row))).await
    }

    async fn records(
        &self,
        from: u64,
        limit: u32,
        types: Vec<String>,
    ) -> Result<Vec<StoredRecord>, LedgerError> {
        self.read(move |connection| reads::records(connection, from, limit, &types)).await
    }

    async fn record_page(
        &self,
        from: u64,
        limit: u32,
        types: Vec<String>,
    ) -> Result<Vec<StoredRecord>, LedgerError> {
        self.read(move |connection| reads::page(connection, from, limit, &types)).await
    }

    async fn first_of_newest(&self, limit: u32, types: Vec<String>) -> Result<Option<u64>, LedgerError> {
        self.read(move |connection| reads::first_of_newest(connection, limit, &types)).await
    }

    async fn newest_records(&self, limit: u32, types: Vec<String>) -> Result<Vec<StoredRecord>, LedgerError> {
        self.read(move |connection| reads::newest_records(connection, limit, &types)).await
    }
}
