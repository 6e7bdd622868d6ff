//! An agent for tests of the client alone: it keeps the contract and signs nothing. It listens behind a relay that can
//! cut every connection, so that answers get lost as they do in life.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sealkeeper_proto::v1::{
    self, fetch_event, review_reply, seal_service_server as seals, stamp_reply, submit_event, submit_request,
    token_service_server as tokens, use_service_server as uses,
};
use sha2::{Digest as _, Sha256};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

/// What the agent appends to every document.
pub(crate) const APPENDED: &[u8] = b"\n% the new revision\n";
/// The token's PIN and serial.
pub(crate) const PIN: &[u8] = b"135790";
pub(crate) const SERIAL: &str = "00aa11";
pub(crate) const REQUEST_ID: &str = "3f1d0c52-70a4-4f0e-9a52-1c3a0f0b7c11";

/// How the next call behaves otherwise than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection breaks once the stamp was made and before it is told.
    LoseStamp,
    /// The stamp was made, and the call answers with a status of this reason.
    FaultStamp(&'static str),
    /// The stamp was made and is never told.
    HoldStamp,
    /// The connection breaks in the middle of a fetch.
    LoseFetch,
    /// The connection breaks before a submission is answered.
    LoseSubmit,
    /// The document is refused once its first chunk is there.
    RefuseUpload,
    /// The token may have signed.
    Abandon,
    /// The receipt tells a digest that the bytes do not have.
    WrongDigest,
    /// The agent promises more bytes than anybody appends.
    PromiseTooMuch,
}

/// What the agent saw and knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) trouble: VecDeque<Trouble>,
    pub(crate) locked: bool,
    /// The token says that one try of its PIN is left.
    pub(crate) final_try: bool,
    pub(crate) headers: Vec<v1::SubmitHeader>,
    pub(crate) chunks: Vec<usize>,
    pub(crate) documents: HashMap<Vec<u8>, Vec<u8>>,
    pub(crate) confirmed: Vec<Vec<u8>>,
    pub(crate) use_ids: Vec<String>,
    pub(crate) receipts: HashMap<String, v1::Receipt>,
    pub(crate) acknowledged: Vec<String>,
    pub(crate) pins: Vec<Vec<u8>>,
    /// What each unlock said of the last try.
    pub(crate) final_tries: Vec<bool>,
}

impl State {
    fn takes(&mut self, trouble: Trouble) -> bool {
        self.trouble.pop_front_if(|next| *next == trouble).is_some()
    }
}

#[derive(Clone)]
struct Service {
    state: Arc<Mutex<State>>,
    cut: broadcast::Sender<()>,
}

/// A running agent.
pub(crate) struct TestAgent {
    pub(crate) socket: PathBuf,
    service: Service,
}

impl TestAgent {
    pub(crate) fn start(folder: &Path) -> Self {
        let (inner, socket) = (folder.join("inner.sock"), folder.join("agent.sock"));
        let service = Service { state: Arc::default(), cut: broadcast::channel(1).0 };
        let listener = UnixListener::bind(&inner).unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(uses::UseServiceServer::new(service.clone()))
            .add_service(tokens::TokenServiceServer::new(service.clone()))
            .add_service(seals::SealServiceServer::new(service.clone()))
            .serve_with_incoming(UnixListenerStream::new(listener));
        tokio::spawn(server);
        let relay = UnixListener::bind(&socket).unwrap();
        let cut = service.cut.clone();
        tokio::spawn(async move {
            loop {
                let (mut outside, _) = relay.accept().await.unwrap();
                let mut inside = UnixStream::connect(&inner).await.unwrap();
                let mut cut = cut.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut outside, &mut inside) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        Self { socket, service }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.service.state.lock().unwrap()
    }
}

impl Service {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Breaks every connection; whatever is answered afterwards reaches nobody.
    async fn cut(&self) {
        self.cut.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    async fn submitted(
        &self,
        mut parts: Streaming<v1::SubmitRequest>,
        events: &mpsc::Sender<Result<v1::SubmitEvent, Status>>,
    ) -> submit_event::Event {
        let Some(v1::SubmitRequest { part: Some(submit_request::Part::Header(header)) }) =
            parts.message().await.unwrap()
        else {
            panic!("no header");
        };
        let known = self.state().documents.contains_key(&header.sha256);
        self.state().headers.push(header.clone());
        let upload = submit_event::Event::Upload(v1::Upload { wanted: !known });
        events.send(Ok(v1::SubmitEvent { event: Some(upload) })).await.unwrap();
        let mut document = Vec::new();
        while let Ok(Some(v1::SubmitRequest { part: Some(submit_request::Part::Chunk(chunk)) })) =
            parts.message().await
        {
            self.state().chunks.push(chunk.len());
            document.extend_from_slice(&chunk);
            if self.state().takes(Trouble::RefuseUpload) {
                return submit_event::Event::Refused(refusal(&["pdf-encrypted", "seal-unknown"]));
            }
        }
        if !known {
            assert_eq!(Sha256::digest(&document)[..], header.sha256[..]);
            self.state().documents.insert(header.sha256.clone(), document);
        }
        if self.state().takes(Trouble::LoseSubmit) {
            self.cut().await;
        }
        submit_event::Event::Submitted(v1::Submitted { request_id: REQUEST_ID.into(), ..Default::default() })
    }

    /// The one receipt of a use, however often it is asked for.
    fn receipt(&self, use_id: &str) -> v1::Receipt {
        let mut state = self.state();
        let header = state.headers.last().unwrap().clone();
        let mut whole = state.documents[&header.sha256].clone();
        whole.extend_from_slice(APPENDED);
        let promised = if state.takes(Trouble::PromiseTooMuch) { 1 << 40 } else { whole.len() as u64 };
        let output_sha256 =
            if state.takes(Trouble::WrongDigest) { vec![0; 32] } else { Sha256::digest(&whole).to_vec() };
        let made = state.receipts.len() as u64;
        let receipt = v1::Receipt {
            use_id: use_id.to_owned(),
            request_id: REQUEST_ID.into(),
            seal_id: "contract".into(),
            copy: 1,
            copies: 1,
            intent_seq: 5 + 2 * made,
            outcome_seq: 6 + 2 * made,
            journal_origin: "localhost/seal-journal/test".into(),
            input_sha256: header.sha256,
            input_size: header.size,
            output_sha256,
            output_size: promised,
            solo: true,
            ..Default::default()
        };
        state.receipts.entry(use_id.to_owned()).or_insert(receipt).clone()
    }
}

fn seal() -> v1::Seal {
    v1::Seal {
        id: "contract".into(),
        name: "合同专用章".into(),
        unit: "示例科技有限公司".into(),
        width_um: 40_000,
        height_um: 38_500,
        key_uri: "pkcs11:serial=00aa11;id=%01".into(),
        certificate_uri: "pkcs11:serial=00aa11;object=contract".into(),
        certificate_subject: "CN=示例科技有限公司".into(),
        token_serial: SERIAL.into(),
        object_sha256: vec![0xab; 32],
        not_before_s: 1_700_000_000,
        // The end of RFC 5280 §4.1.2.5 for certificates without one.
        not_after_s: 253_402_300_799,
        ..Default::default()
    }
}

fn violation(code: &str) -> v1::Violation {
    v1::Violation { reason: code.into(), ..Default::default() }
}

fn refusal(codes: &[&str]) -> v1::Refusal {
    v1::Refusal {
        violations: codes.iter().map(|code| violation(code)).collect(),
        journal_seq: 9,
        journaled: true,
    }
}

/// The gRPC code is left to the reason: clients go by that.
fn status(code: &str) -> Status {
    use tonic_types::{ErrorDetails, StatusExt as _};
    let details = ErrorDetails::with_error_info(code, "sealkeeper", []);
    Status::with_error_details(tonic::Code::FailedPrecondition, code, details)
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl uses::UseService for Service {
    type SubmitStream = Events<v1::SubmitEvent>;
    type FetchStream = Events<v1::FetchEvent>;

    async fn submit(
        &self,
        request: Request<Streaming<v1::SubmitRequest>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let (events, receiver) = mpsc::channel(4);
        let service = self.clone();
        tokio::spawn(async move {
            let last = service.submitted(request.into_inner(), &events).await;
            let _ = events.send(Ok(v1::SubmitEvent { event: Some(last) })).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn review(&self, _: Request<v1::ReviewRequest>) -> Result<Response<v1::ReviewReply>, Status> {
        let header = self.state().headers.last().unwrap().clone();
        let prepared = v1::Prepared {
            prepared_sha256: vec![7; 32],
            facts: Some(v1::Facts {
                sha256: header.sha256,
                pages: 3,
                pdf_version: "1.7".into(),
                ..Default::default()
            }),
            boxes: vec![v1::Box {
                page: 3,
                left_um: 100_000,
                top_um: 210_500,
                width_um: 40_000,
                height_um: 40_000,
            }],
            seal_id: "contract".into(),
            seal_name: header.seal,
            reason: header.reason,
            file_name: header.file_name,
            document_class: "ordinary".into(),
            ..Default::default()
        };
        Ok(Response::new(v1::ReviewReply { result: Some(review_reply::Result::Prepared(prepared)) }))
    }

    async fn stamp(&self, request: Request<v1::StampRequest>) -> Result<Response<v1::StampReply>, Status> {
        let request = request.into_inner();
        self.state().confirmed.push(request.confirmed_sha256.clone());
        self.state().use_ids.push(request.use_id.clone());
        let reply = |result| Ok(Response::new(v1::StampReply { result: Some(result) }));
        if self.state().locked {
            return reply(stamp_reply::Result::Refused(refusal(&["token-locked"])));
        }
        if self.state().takes(Trouble::Abandon) {
            let cause = Some(violation("abandoned-timeout"));
            let report = v1::NotDone { use_id: request.use_id.clone(), cause, intent_seq: 5, outcome_seq: 6 };
            return reply(stamp_reply::Result::Abandoned(report));
        }
        let receipt = self.receipt(&request.use_id);
        if self.state().takes(Trouble::LoseStamp) {
            self.cut().await;
        }
        if self.state().takes(Trouble::HoldStamp) {
            std::future::pending::<()>().await;
        }
        let fault = match self.state().trouble.front() {
            Some(Trouble::FaultStamp(code)) => Some(*code),
            _ => None,
        };
        if let Some(code) = fault {
            self.state().trouble.pop_front();
            return Err(status(code));
        }
        reply(stamp_reply::Result::Complete(receipt))
    }

    async fn fetch(&self, request: Request<v1::FetchRequest>) -> Result<Response<Self::FetchStream>, Status> {
        let receipt = self.receipt(&request.into_inner().use_id);
        let mut events = vec![fetch_event::Event::Receipt(receipt)];
        events.extend(APPENDED.chunks(8).map(|chunk| fetch_event::Event::Chunk(chunk.to_vec())));
        let lose = self.state().takes(Trouble::LoseFetch);
        let service = self.clone();
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for (index, event) in events.into_iter().enumerate() {
                if lose && index == 2 {
                    service.cut().await;
                }
                let _ = sender.send(Ok(v1::FetchEvent { event: Some(event) })).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver).map(|event| event))))
    }

    async fn acknowledge(
        &self,
        request: Request<v1::AcknowledgeRequest>,
    ) -> Result<Response<v1::AcknowledgeReply>, Status> {
        self.state().acknowledged.push(request.into_inner().use_id);
        Ok(Response::new(v1::AcknowledgeReply {}))
    }
}

impl Service {
    fn token(&self) -> v1::Token {
        let (locked, final_try) = {
            let state = self.state();
            (state.locked, state.final_try)
        };
        v1::Token {
            serial: SERIAL.into(),
            label: "Test".into(),
            unlocked: !locked,
            uses_left: u32::from(!locked),
            locks_at_us: if locked { 0 } else { 1_800_000_000_000_000 },
            pin_initialized: true,
            pin_count_low: final_try,
            pin_final_try: final_try,
            seals: vec!["合同专用章".into()],
            ..Default::default()
        }
    }
}

#[tonic::async_trait]
impl tokens::TokenService for Service {
    async fn list_tokens(
        &self,
        _: Request<v1::ListTokensRequest>,
    ) -> Result<Response<v1::ListTokensReply>, Status> {
        Ok(Response::new(v1::ListTokensReply { tokens: vec![self.token()] }))
    }

    async fn unlock(&self, request: Request<v1::UnlockRequest>) -> Result<Response<v1::UnlockReply>, Status> {
        let request = request.into_inner();
        assert_eq!((request.token_serial.as_str(), request.uses), (SERIAL, 1));
        self.state().pins.push(request.pin.clone());
        self.state().final_tries.push(request.final_try);
        if request.pin != PIN {
            return Err(status("token-pin-wrong"));
        }
        self.state().locked = false;
        Ok(Response::new(v1::UnlockReply { token: Some(self.token()) }))
    }

    async fn lock(&self, _: Request<v1::LockRequest>) -> Result<Response<v1::LockReply>, Status> {
        let was_unlocked = !std::mem::replace(&mut self.state().locked, true);
        Ok(Response::new(v1::LockReply { was_unlocked }))
    }

    type WatchTokensStream = Pin<Box<dyn Stream<Item = Result<v1::TokenEvent, Status>> + Send>>;

    async fn watch_tokens(
        &self,
        _: Request<v1::WatchTokensRequest>,
    ) -> Result<Response<Self::WatchTokensStream>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn change_pin(
        &self,
        _: Request<v1::ChangePinRequest>,
    ) -> Result<Response<v1::ChangePinReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn set_pin(&self, _: Request<v1::SetPinRequest>) -> Result<Response<v1::SetPinReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn generate_key(
        &self,
        _: Request<v1::GenerateKeyRequest>,
    ) -> Result<Response<v1::GenerateKeyReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn request_certificate(
        &self,
        _: Request<v1::RequestCertificateRequest>,
    ) -> Result<Response<v1::RequestCertificateReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn import_certificate(
        &self,
        _: Request<v1::ImportCertificateRequest>,
    ) -> Result<Response<v1::ImportCertificateReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn inspect_token(
        &self,
        _: Request<v1::InspectTokenRequest>,
    ) -> Result<Response<v1::InspectTokenReply>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}

#[tonic::async_trait]
impl seals::SealService for Service {
    async fn list_seals(
        &self,
        _: Request<v1::ListSealsRequest>,
    ) -> Result<Response<v1::ListSealsReply>, Status> {
        let ready = seal();
        let broken = v1::Seal {
            id: "finance".into(),
            name: "财务专用章".into(),
            problems: vec!["certificate-expired".into(), "from-a-later-version".into()],
            ..Default::default()
        };
        Ok(Response::new(v1::ListSealsReply { seals: vec![ready, broken] }))
    }

    async fn show_seal(
        &self,
        _: Request<v1::ShowSealRequest>,
    ) -> Result<Response<v1::ShowSealReply>, Status> {
        Ok(Response::new(v1::ShowSealReply { seal: Some(seal()), ..Default::default() }))
    }
}
