//! An agent for tests of the client alone: it keeps the contract and signs nothing. It listens behind a relay that can
//! cut every connection, so that answers get lost as they do in life.

mod desk;
mod journal;
pub(crate) mod office;
pub(crate) mod pictures;
mod tokens;
mod uses;

pub(crate) use tokens::REQUEST_PEM;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sealkeeper_proto::v1::{
    self, diagnosis_service_server::DiagnosisServiceServer, journal_service_server::JournalServiceServer,
    office_service_server::OfficeServiceServer, request_service_server::RequestServiceServer,
    seal_service_server::SealServiceServer, token_event::Event, token_service_server::TokenServiceServer,
    use_service_server::UseServiceServer,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast;
use tokio_stream::Stream;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::Status;

/// What the agent appends to every document.
pub(crate) const APPENDED: &[u8] = b"\n% the new revision\n";
/// The token's PINs and serial.
pub(crate) const PIN: &[u8] = b"135790";
pub(crate) const SO_PIN: &[u8] = b"97531097";
pub(crate) const SERIAL: &str = "00aa11";
pub(crate) const REQUEST_ID: &str = "3f1d0c52-70a4-4f0e-9a52-1c3a0f0b7c11";

/// How the next call behaves otherwise than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection breaks before anything is known of the stamp.
    LoseStampUnmade,
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
    /// What is to be stamped changed since it was reviewed.
    ChangeReviewed,
    /// A page cannot be drawn.
    RefusePicture,
    /// The last bytes of the pictures are missing.
    LosePicture,
    /// The document is refused once its first chunk is there.
    RefuseUpload,
    /// The token may have signed.
    Abandon,
    /// The receipt tells a digest that the bytes do not have.
    WrongDigest,
    /// The agent promises more bytes than anybody appends.
    PromiseTooMuch,
    /// A call to the token is answered with a status of this reason.
    FaultToken(&'static str),
    /// The connection breaks once a call to the token was made.
    LoseToken,
    /// The person takes so many milliseconds to type the PIN on the token.
    SlowFingers(u64),
}

/// What a watch sends, in order. After the last it waits.
#[derive(Clone, Debug)]
pub(crate) enum Watched {
    Event(Box<Event>),
    /// An event of a later version.
    Unknown,
    /// The end, with a status of this reason.
    Fault(&'static str),
    /// The end, without a word.
    End,
    /// The connection breaks.
    Cut,
}

/// What the agent saw and knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) trouble: VecDeque<Trouble>,
    pub(crate) locked: bool,
    /// The token says that one try of its PIN is left.
    pub(crate) final_try: bool,
    /// The PIN is typed on the token.
    pub(crate) has_pin_pad: bool,
    /// The seal's key asks for the PIN at each use, and whether the token, once unlocked, tells so.
    pub(crate) key_asks_pin: bool,
    pub(crate) tells_key_asks_pin: bool,
    /// What the token tells beside.
    pub(crate) token: v1::Token,
    pub(crate) watched: Vec<Watched>,
    pub(crate) findings: Vec<v1::Finding>,
    /// What is shown of a seal, in place of the one that is ready.
    pub(crate) shown: Option<v1::Seal>,
    pub(crate) checks: Vec<v1::Check>,
    pub(crate) headers: Vec<v1::SubmitHeader>,
    pub(crate) chunks: Vec<usize>,
    pub(crate) documents: HashMap<Vec<u8>, Vec<u8>>,
    pub(crate) pages_asked: Vec<v1::ShowPagesRequest>,
    pub(crate) confirmed: Vec<Vec<u8>>,
    pub(crate) use_ids: Vec<String>,
    pub(crate) receipts: HashMap<String, v1::Receipt>,
    pub(crate) acknowledged: Vec<String>,
    pub(crate) pins: Vec<Vec<u8>>,
    /// What each unlock said of the last try.
    pub(crate) final_tries: Vec<bool>,
    /// The PIN of each stamp.
    pub(crate) stamp_pins: Vec<Vec<u8>>,
    pub(crate) unlocks: Vec<v1::UnlockRequest>,
    pub(crate) pin_changes: Vec<v1::ChangePinRequest>,
    pub(crate) pins_set: Vec<v1::SetPinRequest>,
    pub(crate) keys: Vec<v1::GenerateKeyRequest>,
    pub(crate) requested: Vec<v1::RequestCertificateRequest>,
    pub(crate) imported: Vec<v1::ImportCertificateRequest>,
    pub(crate) inspected: Vec<v1::InspectTokenRequest>,
    pub(crate) desk: office::Desk,
    pub(crate) journal: journal::Journal,
}

impl State {
    fn takes(&mut self, trouble: Trouble) -> bool {
        self.trouble.pop_front_if(|next| *next == trouble).is_some()
    }
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

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
            .add_service(UseServiceServer::new(service.clone()))
            .add_service(TokenServiceServer::new(service.clone()))
            .add_service(SealServiceServer::new(service.clone()))
            .add_service(DiagnosisServiceServer::new(service.clone()))
            .add_service(OfficeServiceServer::new(service.clone()))
            .add_service(JournalServiceServer::new(service.clone()))
            .add_service(RequestServiceServer::new(service.clone()))
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
}

/// The gRPC code is left to the reason: clients go by that.
fn status(code: &str) -> Status {
    use tonic_types::{ErrorDetails, StatusExt as _};
    let details = ErrorDetails::with_error_info(code, "sealkeeper", []);
    Status::with_error_details(tonic::Code::FailedPrecondition, code, details)
}
