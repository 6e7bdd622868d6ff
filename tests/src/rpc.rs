//! A client made from the contract alone, call by call: it can do what the client library never would.

use std::{path::Path, time::Duration};

use hyper_util::rt::TokioIo;
use sealkeeper_journal::{Record, RecordBody};
use sealkeeper_proto::{
    ERROR_DOMAIN, MAX_CHUNK,
    v1::{
        self, diagnosis_service_client::DiagnosisServiceClient, fetch_event, file_act_reply,
        journal_service_client::JournalServiceClient, office_service_client::OfficeServiceClient,
        placement::Position, request_service_client::RequestServiceClient, review_reply,
        seal_service_client::SealServiceClient, stamp_reply, submit_event, submit_request::Part,
        token_service_client::TokenServiceClient, use_service_client::UseServiceClient,
    },
};
use tokio::{net::UnixStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Status, Streaming,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;
use tower::service_fn;
use uuid::Uuid;

use crate::{Journal, SEALS, SoftToken, eventually, sha256};

/// Why there is no result.
#[derive(Debug)]
pub enum No {
    /// A refusal.
    Refused(v1::Refusal),
    /// A status of the agent with its reason.
    Status(tonic::Code, String),
    /// A use that was begun and gave nothing.
    NotDone {
        /// Whether the token may have signed.
        abandoned: bool,
        /// What is told of it.
        report: v1::NotDone,
    },
    /// No answer of the agent: the connection broke.
    Lost(String),
}

impl No {
    /// The reason codes, in the order told.
    pub fn reasons(&self) -> Vec<&str> {
        match self {
            No::Refused(refusal) => {
                refusal.violations.iter().map(|violation| violation.reason.as_str()).collect()
            }
            No::Status(_, reason) => vec![reason],
            No::NotDone { report, .. } => report.cause.iter().map(|cause| cause.reason.as_str()).collect(),
            No::Lost(_) => vec![],
        }
    }
}

impl From<Status> for No {
    fn from(status: Status) -> Self {
        match status.get_details_error_info() {
            Some(info) if info.domain == ERROR_DOMAIN => No::Status(status.code(), info.reason),
            _ => No::Lost(status.to_string()),
        }
    }
}

/// A placement by its page and its centre in mm.
pub fn at(pages: &str, x_mm: i64, y_mm: i64) -> v1::Placement {
    let coordinates = v1::Coordinates { pages: pages.to_owned(), x_um: x_mm * 1000, y_um: y_mm * 1000 };
    v1::Placement { position: Some(Position::Coordinates(coordinates)) }
}

/// A header for `document` that is all right: the first seal, in the middle of the last page.
pub fn header(document: &[u8]) -> v1::SubmitHeader {
    v1::SubmitHeader {
        file_name: "合同.pdf".to_owned(),
        size: document.len() as u64,
        sha256: sha256(document),
        seal: SEALS[0].to_owned(),
        reason: "端到端测试".to_owned(),
        placements: vec![at("last", 100, 150)],
        ..Default::default()
    }
}

/// A connection.
#[derive(Clone, Debug)]
pub struct Rpc {
    channel: Channel,
}

/// A submission under way.
pub struct Upload {
    parts: Option<mpsc::Sender<v1::SubmitRequest>>,
    events: Streaming<v1::SubmitEvent>,
}

impl Rpc {
    /// Connects.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn connect(socket: &Path) -> Self {
        let socket = socket.to_owned();
        let connector = service_fn(move |_| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        });
        let endpoint =
            Endpoint::from_static("http://seal-agent.invalid").connect_timeout(Duration::from_secs(10));
        Self { channel: endpoint.connect_with_connector(connector).await.unwrap() }
    }

    pub(crate) fn over(channel: Channel) -> Self {
        Self { channel }
    }

    /// UseService.
    pub fn uses(&self) -> UseServiceClient<Channel> {
        UseServiceClient::new(self.channel.clone())
    }

    /// TokenService.
    pub fn tokens(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.channel.clone())
    }

    /// SealService.
    pub fn seals(&self) -> SealServiceClient<Channel> {
        SealServiceClient::new(self.channel.clone())
    }

    /// DiagnosisService.
    pub fn diagnosis(&self) -> DiagnosisServiceClient<Channel> {
        DiagnosisServiceClient::new(self.channel.clone())
    }

    /// JournalService.
    pub fn journal_service(&self) -> JournalServiceClient<Channel> {
        JournalServiceClient::new(self.channel.clone())
    }

    /// OfficeService.
    pub fn offices(&self) -> OfficeServiceClient<Channel> {
        OfficeServiceClient::new(self.channel.clone())
    }

    /// RequestService.
    pub fn requests(&self) -> RequestServiceClient<Channel> {
        RequestServiceClient::new(self.channel.clone())
    }

    /// FileAct, with what the act names by digest.
    pub async fn file_with(&self, act: &str, attachment: &[u8]) -> Result<v1::FiledAct, No> {
        self.file_whole(act, attachment, "").await
    }

    /// FileAct of a receipt, with the PIN for a key that asks for it at each signature.
    pub async fn file_with_pin(&self, act: &str, pin: &str) -> Result<v1::FiledAct, No> {
        self.file_whole(act, &[], pin).await
    }

    async fn file_whole(&self, act: &str, attachment: &[u8], pin: &str) -> Result<v1::FiledAct, No> {
        let (attachment, pin) = (attachment.to_vec(), pin.as_bytes().to_vec());
        let request = v1::FileActRequest { act: act.to_owned(), attachment, pin, final_try: false };
        match self.offices().file_act(request).await?.into_inner().result.unwrap() {
            file_act_reply::Result::Filed(filed) => Ok(filed),
            file_act_reply::Result::Refused(refusal) => Err(No::Refused(refusal)),
        }
    }

    /// FileAct.
    pub async fn file(&self, act: &str) -> Result<v1::FiledAct, No> {
        self.file_with(act, &[]).await
    }

    /// ShowOffice, all pages.
    pub async fn show_office(&self) -> Result<v1::ShowOfficeReply, No> {
        let mut whole = v1::ShowOfficeReply::default();
        loop {
            let asked = v1::ShowOfficeRequest { limit: 0, after: std::mem::take(&mut whole.next) };
            let page = self.offices().show_office(asked).await?.into_inner();
            whole.people.extend(page.people);
            whole.grants.extend(page.grants);
            whole.seals.extend(page.seals);
            whole.notices.extend(page.notices);
            whole.findings.extend(page.findings);
            whole.trainings.extend(page.trainings);
            if page.next.is_empty() {
                return Ok(whole);
            }
            whole.next = page.next;
        }
    }

    /// ListRequests, all pages of so many.
    pub async fn list_requests(
        &self,
        which: &str,
        ended: bool,
        limit: u32,
    ) -> Result<Vec<v1::KeptRequest>, No> {
        let (mut requests, mut after) = (Vec::new(), String::new());
        loop {
            let asked = v1::ListRequestsRequest { which: which.to_owned(), ended, limit, after };
            let page = self.requests().list_requests(asked).await?.into_inner();
            requests.extend(page.requests);
            after = page.next;
            if after.is_empty() {
                return Ok(requests);
            }
        }
    }

    /// ShowRequest.
    pub async fn show_request(&self, request_id: &str) -> Result<v1::KeptRequest, No> {
        let request = v1::ShowRequestRequest { request_id: request_id.to_owned() };
        Ok(self.requests().show_request(request).await?.into_inner().request.unwrap())
    }

    /// FetchDocument: all of it.
    pub async fn fetch_document(&self, request_id: &str) -> Result<Vec<u8>, No> {
        let request = v1::FetchDocumentRequest { request_id: request_id.to_owned() };
        let mut events = self.requests().fetch_document(request).await?.into_inner();
        let mut document = Vec::new();
        while let Some(event) = events.message().await? {
            document.extend(event.chunk);
        }
        Ok(document)
    }

    /// Unlocks the token for so many uses, as long as the policy says.
    pub async fn unlock(&self, token: &SoftToken, uses: u32) -> v1::Token {
        self.try_unlock(token, token.pin(), uses, 0).await.unwrap()
    }

    /// Unlock, with whatever PIN and idle time.
    pub async fn try_unlock(
        &self,
        token: &SoftToken,
        pin: &str,
        uses: u32,
        idle_ms: u64,
    ) -> Result<v1::Token, No> {
        let (token_serial, pin) = (token.serial().to_owned(), pin.as_bytes().to_vec());
        let reply = self
            .tokens()
            .unlock(v1::UnlockRequest { token_serial, pin, uses, idle_ms, final_try: false, lifetime_ms: 0 })
            .await?;
        Ok(reply.into_inner().token.unwrap())
    }

    /// Lock; tells whether it was unlocked.
    pub async fn lock(&self, token: &SoftToken) -> bool {
        let request = v1::LockRequest { token_serial: token.serial().to_owned() };
        self.tokens().lock(request).await.unwrap().into_inner().was_unlocked
    }

    /// The state of this token.
    pub async fn token(&self, token: &SoftToken) -> v1::Token {
        let listed = self.tokens().list_tokens(v1::ListTokensRequest {}).await.unwrap().into_inner().tokens;
        listed.into_iter().find(|listed| listed.serial == token.serial()).unwrap()
    }

    /// Waits until the agent has put on record that it saw the token, which it does once after each start, in its own time.
    pub async fn seen(&self, token: &SoftToken) {
        eventually("the record that the token was seen", async || {
            let journal = self.journal().await;
            let since_start = |record: &&Record| !matches!(record.body, RecordBody::AgentStarted(_));
            let mut records: Vec<_> = journal.records().collect();
            records.reverse();
            let is_seen = |record: &&Record| match &record.body {
                RecordBody::TokenInserted(seen) => seen.token_serial.as_str() == token.serial(),
                _ => false,
            };
            records.into_iter().take_while(since_start).find(is_seen).map(|_| ())
        })
        .await;
    }

    /// Begins a submission: sends the header.
    pub async fn begin(&self, header: v1::SubmitHeader) -> Result<Upload, No> {
        let (parts, stream) = mpsc::channel(4);
        parts.send(v1::SubmitRequest { part: Some(Part::Header(header)) }).await.unwrap();
        let events = self.uses().submit(ReceiverStream::new(stream)).await?.into_inner();
        Ok(Upload { parts: Some(parts), events })
    }

    /// Submits a document with its header.
    pub async fn submit(&self, document: &[u8], header: v1::SubmitHeader) -> Result<v1::Submitted, No> {
        let mut upload = self.begin(header).await?;
        loop {
            match upload.event().await? {
                submit_event::Event::Upload(v1::Upload { wanted: true }) => upload.send_all(document).await,
                submit_event::Event::Upload(v1::Upload { wanted: false }) => upload.close(),
                submit_event::Event::Submitted(submitted) => return Ok(submitted),
                submit_event::Event::Refused(refusal) => return Err(No::Refused(refusal)),
            }
        }
    }

    /// Submit and Review in one: the request and what is to be confirmed.
    pub async fn prepare(
        &self,
        document: &[u8],
        header: v1::SubmitHeader,
    ) -> Result<(String, v1::Prepared), No> {
        let submitted = self.submit(document, header).await?;
        let prepared = self.review(&submitted.request_id).await?;
        Ok((submitted.request_id, prepared))
    }

    /// Review.
    pub async fn review(&self, request_id: &str) -> Result<v1::Prepared, No> {
        let request = v1::ReviewRequest { request_id: request_id.to_owned() };
        match self.uses().review(request).await?.into_inner().result.unwrap() {
            review_reply::Result::Prepared(prepared) => Ok(prepared),
            review_reply::Result::Refused(refusal) => Err(No::Refused(refusal)),
        }
    }

    /// Stamp.
    pub async fn stamp(&self, request_id: &str, use_id: Uuid, confirmed: &[u8]) -> Result<v1::Receipt, No> {
        self.stamp_with_pin(request_id, use_id, confirmed, "").await
    }

    /// Stamp, with the PIN for this one signature.
    pub async fn stamp_with_pin(
        &self,
        request_id: &str,
        use_id: Uuid,
        confirmed: &[u8],
        pin: &str,
    ) -> Result<v1::Receipt, No> {
        let request = v1::StampRequest {
            request_id: request_id.to_owned(),
            use_id: use_id.to_string(),
            confirmed_sha256: confirmed.to_vec(),
            pin: pin.as_bytes().to_vec(),
            final_try: false,
        };
        self.stamp_with(request).await
    }

    /// The same with all that a call may carry.
    pub async fn stamp_with(&self, request: v1::StampRequest) -> Result<v1::Receipt, No> {
        match self.uses().stamp(request).await?.into_inner().result.unwrap() {
            stamp_reply::Result::Complete(receipt) => Ok(receipt),
            stamp_reply::Result::Failed(report) => Err(No::NotDone { abandoned: false, report }),
            stamp_reply::Result::Abandoned(report) => Err(No::NotDone { abandoned: true, report }),
            stamp_reply::Result::Refused(refusal) => Err(No::Refused(refusal)),
        }
    }

    /// Fetch: the receipt and the bytes to append.
    pub async fn fetch(&self, use_id: Uuid) -> Result<(v1::Receipt, Vec<u8>), No> {
        let mut events =
            self.uses().fetch(v1::FetchRequest { use_id: use_id.to_string() }).await?.into_inner();
        let first = events.message().await?.unwrap().event.unwrap();
        let fetch_event::Event::Receipt(receipt) = first else { panic!("a fetch begins with the receipt") };
        let mut appended = Vec::new();
        while let Some(event) = events.message().await? {
            let Some(fetch_event::Event::Chunk(chunk)) = event.event else { panic!("then come chunks") };
            appended.extend(chunk);
        }
        Ok((receipt, appended))
    }

    /// Acknowledge.
    pub async fn acknowledge(&self, use_id: Uuid) -> Result<(), No> {
        self.uses().acknowledge(v1::AcknowledgeRequest { use_id: use_id.to_string() }).await?;
        Ok(())
    }

    /// From the document to its stamped bytes, which are those the receipt tells of.
    pub async fn stamped(&self, document: &[u8], header: v1::SubmitHeader) -> (v1::Receipt, Vec<u8>) {
        let (request_id, prepared) = self.prepare(document, header).await.unwrap();
        let use_id = Uuid::new_v4();
        let receipt = self.stamp(&request_id, use_id, &prepared.prepared_sha256).await.unwrap();
        let (told_again, appended) = self.fetch(use_id).await.unwrap();
        assert_eq!(told_again, receipt);
        let whole = [document, &appended].concat();
        assert_eq!(sha256(&whole), receipt.output_sha256);
        assert_eq!(whole.len() as u64, receipt.output_size);
        (receipt, whole)
    }

    /// All records there are now.
    pub async fn journal(&self) -> Journal {
        let request = v1::ListRecordsRequest { limit: 10_000, ..Default::default() };
        let mut records = self.journal_service().list_records(request).await.unwrap().into_inner();
        let mut journal = Journal::default();
        while let Some(record) = records.message().await.unwrap() {
            journal.push(record);
        }
        journal
    }
}

impl Upload {
    /// The next event.
    pub async fn event(&mut self) -> Result<submit_event::Event, No> {
        let event = self
            .events
            .message()
            .await?
            .ok_or_else(|| No::Lost("the call ended without an answer".into()))?;
        Ok(event.event.unwrap())
    }

    /// Waits for the refusal that must come next.
    ///
    /// # Panics
    /// If something else comes.
    pub async fn refusal(&mut self) -> v1::Refusal {
        match self.event().await {
            Ok(submit_event::Event::Refused(refusal)) => refusal,
            other => panic!("instead of a refusal: {other:?}"),
        }
    }

    /// Waits until the agent wants the document.
    ///
    /// # Panics
    /// If it does not.
    pub async fn wanted(&mut self) {
        let event = self.event().await.unwrap();
        assert_eq!(event, submit_event::Event::Upload(v1::Upload { wanted: true }));
    }

    /// Sends one chunk; false if the call has ended.
    pub async fn send(&self, chunk: &[u8]) -> bool {
        let part = v1::SubmitRequest { part: Some(Part::Chunk(chunk.to_vec())) };
        match &self.parts {
            Some(parts) => parts.send(part).await.is_ok(),
            None => false,
        }
    }

    /// Sends all of a document.
    pub async fn send_all(&self, document: &[u8]) {
        for chunk in document.chunks(MAX_CHUNK) {
            if !self.send(chunk).await {
                break;
            }
        }
    }

    /// Sends a second header, which is never right.
    pub async fn send_header(&self, header: v1::SubmitHeader) {
        let parts = self.parts.as_ref().expect("the upload is open");
        parts.send(v1::SubmitRequest { part: Some(Part::Header(header)) }).await.unwrap();
    }

    /// Ends the request's stream.
    pub fn close(&mut self) {
        self.parts = None;
    }
}
