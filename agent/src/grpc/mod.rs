//! The gRPC services of `sealkeeper.v1`: thin handlers over [`Service`](crate::service::Service).

mod backup;
mod diagnosis;
mod inspection;
mod journal;
mod keys;
mod office;
mod pictures;
mod pins;
mod requests;
mod seals;
mod status;
mod tokens;
mod upload;
mod uses;
mod watch;
mod wire;

use std::{ops::Deref, sync::Arc, time::Duration};

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_proto::{
    MAX_CHUNK,
    v1::{
        diagnosis_service_server::DiagnosisServiceServer, journal_service_server::JournalServiceServer,
        office_service_server::OfficeServiceServer, request_service_server::RequestServiceServer,
        seal_service_server::SealServiceServer, token_service_server::TokenServiceServer,
        use_service_server::UseServiceServer,
    },
};
use tokio::sync::mpsc;
use tonic::{
    Request, Status,
    transport::server::{Router, Server},
};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    pipeline::{
        identify::{Caller, Sender},
        ports::ledger::MAX_ATTACHMENT,
    },
    service::{Callers, Permit, Service},
    socket::Peer,
};

/// About how many bytes one page of a list has at most. Its last entry may take it beyond that, so that it stays well below the 4 MiB which clients take if
/// nobody tells them otherwise.
const PAGE_BYTES: usize = 2 << 20;

/// Largest message of a call that carries no document and nothing filed, bytes. A message is read before it is asked who calls, so none may be larger
/// than what its call needs.
const SMALL_MESSAGE: usize = 256 << 10;

/// How long the last word of a stream is held out.
const LAST_WORD: Duration = Duration::from_secs(5);

/// What health (grpc.health.v1) tells.
pub(crate) struct Health(HealthReporter);

impl Health {
    /// Tells, and whoever watches hears it, that nothing is served any more.
    pub(crate) async fn stopping(&self) {
        self.0.set_service_status("", ServingStatus::NotServing).await;
        self.0.set_not_serving::<TokenServiceServer<tokens::Tokens>>().await;
        self.0.set_not_serving::<SealServiceServer<seals::Seals>>().await;
        self.0.set_not_serving::<UseServiceServer<uses::Uses>>().await;
        self.0.set_not_serving::<JournalServiceServer<journal::Journal>>().await;
        self.0.set_not_serving::<DiagnosisServiceServer<diagnosis::Diagnosis>>().await;
        self.0.set_not_serving::<OfficeServiceServer<office::Offices>>().await;
        self.0.set_not_serving::<RequestServiceServer<requests::Requests>>().await;
    }
}

/// All services, and health, ready to serve.
pub(crate) async fn router(service: Arc<Service>) -> (Router, Health) {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<TokenServiceServer<tokens::Tokens>>().await;
    health.set_serving::<SealServiceServer<seals::Seals>>().await;
    health.set_serving::<UseServiceServer<uses::Uses>>().await;
    health.set_serving::<JournalServiceServer<journal::Journal>>().await;
    health.set_serving::<DiagnosisServiceServer<diagnosis::Diagnosis>>().await;
    health.set_serving::<OfficeServiceServer<office::Offices>>().await;
    health.set_serving::<RequestServiceServer<requests::Requests>>().await;
    let router = Server::builder()
        // A peer that vanished without a word holds nothing for longer than this.
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(Some(256))
        .add_service(health_service)
        .add_service(
            TokenServiceServer::new(tokens::Tokens(service.clone())).max_decoding_message_size(SMALL_MESSAGE),
        )
        .add_service(
            SealServiceServer::new(seals::Seals(service.clone())).max_decoding_message_size(SMALL_MESSAGE),
        )
        .add_service(
            UseServiceServer::new(uses::Uses(service.clone()))
                // A chunk of a document comes in one message.
                .max_decoding_message_size(MAX_CHUNK + SMALL_MESSAGE),
        )
        .add_service(
            DiagnosisServiceServer::new(diagnosis::Diagnosis(service.clone()))
                .max_decoding_message_size(SMALL_MESSAGE),
        )
        .add_service(
            OfficeServiceServer::new(office::Offices(service.clone()))
                // An act and what is filed with it come in one message.
                .max_decoding_message_size(MAX_ATTACHMENT + SMALL_MESSAGE),
        )
        .add_service(
            RequestServiceServer::new(requests::Requests(service.clone()))
                .max_decoding_message_size(SMALL_MESSAGE),
        )
        .add_service(
            JournalServiceServer::new(journal::Journal(service)).max_decoding_message_size(SMALL_MESSAGE),
        );
    (router, Health(health))
}

/// Who is at the other end.
fn peer<T>(request: &Request<T>) -> Peer {
    request.extensions().get::<Peer>().copied().unwrap_or(Peer { origin: None })
}

/// A caller who is known, with the permit of what they ask for. It is held for as long as the agent works on it.
struct Admitted {
    caller: Caller,
    permit: Permit,
}

impl Deref for Admitted {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The caller behind a request that is no upload.
async fn caller<T>(
    service: &Service,
    request: &Request<T>,
    operation: &'static str,
) -> Result<Admitted, Status> {
    admitted(service, request, operation, Callers::call).await
}

/// The caller behind an upload.
async fn uploader<T>(
    service: &Service,
    request: &Request<T>,
    operation: &'static str,
) -> Result<Admitted, Status> {
    admitted(service, request, operation, Callers::upload).await
}

async fn admitted<T>(
    service: &Service,
    request: &Request<T>,
    operation: &'static str,
    leave: fn(&Callers, &Sender) -> Result<Permit, Violation>,
) -> Result<Admitted, Status> {
    let identified = service.identify(peer(request), operation).await;
    let caller = identified.map_err(|failure| status::of_failure(&failure))?;
    // Not on record: a caller who floods the agent must not fill the journal as well.
    let permit = leave(&service.callers, &caller.sender()).map_err(|beyond| status::of_violation(&beyond))?;
    Ok(Admitted { caller, permit })
}

/// What a call answers item by item. The call's permit is held until the last one was taken, or nobody is there to take it.
struct Items<I> {
    items: I,
    permit: Option<Permit>,
}

impl<I: Iterator> Items<I> {
    fn new(items: I, permit: Permit) -> Self {
        Items { items, permit: Some(permit) }
    }
}

impl<I: Iterator> Iterator for Items<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        let next = self.items.next();
        if next.is_none() {
            self.permit = None;
        }
        next
    }
}

/// Ends a stream with a status. Whoever does not read what came before it is not waited for: they find the stream ended, with no word of its being
/// complete.
async fn last_word<T>(to: &mpsc::Sender<Result<T, Status>>, status: Status) {
    let _ = tokio::time::timeout(LAST_WORD, to.send(Err(status))).await;
}

/// No call takes longer than its limit.
async fn within<T>(longest: Duration, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    match tokio::time::timeout(longest, call).await {
        Ok(done) => done,
        Err(_) => Err(status::of_reason(Reason::CallTimeout)),
    }
}
