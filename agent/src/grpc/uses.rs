//! UseService.

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    reason::Reason,
};
use sealkeeper_proto::{
    FETCH_CHUNK,
    v1::{
        AcknowledgeReply, AcknowledgeRequest, FetchEvent, FetchRequest, ReviewReply, ReviewRequest,
        StampReply, StampRequest, SubmitEvent, SubmitHeader, SubmitRequest, fetch_event, review_reply,
        stamp_reply, submit_event, submit_request::Part, use_service_server::UseService,
    },
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::{Admitted, Items, caller, status, tokens, uploader, wire, within};
use crate::{
    pipeline::{identify::Caller, ports::token::OnePin},
    service::{Failure, Service, Submitted, Upload},
};

/// The handlers.
pub(super) struct Uses(pub(super) Arc<Service>);

type Events<T> = std::pin::Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl UseService for Uses {
    type SubmitStream = Events<SubmitEvent>;

    async fn submit(
        &self,
        request: Request<Streaming<SubmitRequest>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let Admitted { caller, permit } = uploader(&self.0, &request, "submit").await?;
        let (events, stream) = mpsc::channel(4);
        let service = self.0.clone();
        let parts = request.into_inner();
        tokio::spawn(async move {
            let received = receive(&service, caller, parts, &events).await;
            // Before the caller hears of the end: the next upload may follow at once.
            drop(permit);
            let last = match received {
                Ok(submitted) => Ok(wire::submitted(&submitted)),
                Err(Ending::Failed(Failure::Refused(refused))) => Ok(wire::refusal(&refused)),
                Err(Ending::Failed(Failure::Fault(reason))) => Err(status::of_reason(reason)),
                Err(Ending::Status(status)) => Err(*status),
                // Nobody is there to be told.
                Err(Ending::Gone) => return,
            };
            let event = last.map(|event| SubmitEvent { event: Some(event) });
            let _ = events.send(event).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn review(&self, request: Request<ReviewRequest>) -> Result<Response<ReviewReply>, Status> {
        within(self.0.limits.call, async {
            let caller = caller(&self.0, &request, "review").await?;
            let id = request_id(&request.get_ref().request_id)?;
            let result = match self.0.review(&caller, id).await {
                Ok(reviewed) => review_reply::Result::Prepared(wire::prepared(&reviewed)),
                Err(Failure::Refused(refused)) => review_reply::Result::Refused(wire::refused(&refused)),
                Err(Failure::Fault(reason)) => return Err(status::of_reason(reason)),
            };
            Ok(Response::new(ReviewReply { result: Some(result) }))
        })
        .await
    }

    async fn stamp(&self, request: Request<StampRequest>) -> Result<Response<StampReply>, Status> {
        within(self.0.limits.call, async {
            let Admitted { caller, permit } = caller(&self.0, &request, "stamp").await?;
            let mut asked = request.into_inner();
            // The PIN moves into a type that wipes it; what is left of the message is wiped when it is dropped.
            let pin = tokens::pin_or_pad(std::mem::take(&mut asked.pin));
            let id = request_id(&asked.request_id)?;
            let use_id = use_id(&asked.use_id)?;
            let confirmed = Digest::from_bytes(&asked.confirmed_sha256)
                .ok_or_else(|| status::bad_argument("confirmed_sha256", "32 bytes"))?;
            // A client that goes away, or a call that runs out of time, does not stop a use half-way: its outcome can be asked for again.
            let pin = OnePin { pin: pin.map_err(status::of_reason)?, final_try: asked.final_try };
            let stamp = self.0.clone().stamp(caller, id, use_id, confirmed, pin);
            let stamping = tokio::spawn(async move {
                let outcome = stamp.await;
                drop(permit);
                outcome
            });
            let result = match stamping.await.map_err(|_| status::of_reason(Reason::Internal))? {
                Ok(outcome) => wire::stamp_outcome(use_id, outcome),
                Err(Failure::Refused(refused)) => stamp_reply::Result::Refused(wire::refused(&refused)),
                Err(Failure::Fault(reason)) => return Err(status::of_reason(reason)),
            };
            Ok(Response::new(StampReply { result: Some(result) }))
        })
        .await
    }

    type FetchStream = Events<FetchEvent>;

    async fn fetch(&self, request: Request<FetchRequest>) -> Result<Response<Self::FetchStream>, Status> {
        within(self.0.limits.call, async {
            let caller = caller(&self.0, &request, "fetch").await?;
            let use_id = use_id(&request.get_ref().use_id)?;
            let fetched = self.0.fetch(&caller, use_id).await;
            let (receipt, appended) = fetched.map_err(|failure| status::of_failure(&failure))?;
            let receipt = fetch_event::Event::Receipt(wire::receipt(receipt));
            let chunks: Vec<_> =
                appended.chunks(FETCH_CHUNK).map(|chunk| fetch_event::Event::Chunk(chunk.to_vec())).collect();
            let events =
                std::iter::once(receipt).chain(chunks).map(|event| Ok(FetchEvent { event: Some(event) }));
            let events = tokio_stream::iter(Items::new(events, caller.permit));
            Ok(Response::new(Box::pin(events) as Self::FetchStream))
        })
        .await
    }

    async fn acknowledge(
        &self,
        request: Request<AcknowledgeRequest>,
    ) -> Result<Response<AcknowledgeReply>, Status> {
        within(self.0.limits.call, async {
            let caller = caller(&self.0, &request, "acknowledge").await?;
            let use_id = use_id(&request.get_ref().use_id)?;
            self.0.acknowledge(&caller, use_id).await.map_err(|failure| status::of_failure(&failure))?;
            Ok(Response::new(AcknowledgeReply {}))
        })
        .await
    }
}

/// How a submission ended early.
enum Ending {
    Failed(Failure),
    Status(Box<Status>),
    Gone,
}

impl Ending {
    fn of(reason: Reason) -> Self {
        Ending::Status(Box::new(status::of_reason(reason)))
    }
}

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        Ending::Failed(failure)
    }
}

type EventSender = mpsc::Sender<Result<SubmitEvent, Status>>;

/// Header, upload if it is wanted, judgement.
async fn receive(
    service: &Arc<Service>,
    caller: Caller,
    mut parts: Streaming<SubmitRequest>,
    events: &EventSender,
) -> Result<Submitted, Ending> {
    let header = header(service, &mut parts).await?;
    let applicant = header.applicant.clone();
    let (asked, seal) = wire::asked(header).map_err(|status| Ending::Status(Box::new(status)))?;
    let mut upload = service.begin_submit(caller, asked, seal, &applicant).await?;
    let wanted = sealkeeper_proto::v1::Upload { wanted: upload.wanted() };
    let event = SubmitEvent { event: Some(submit_event::Event::Upload(wanted)) };
    events.send(Ok(event)).await.map_err(|_| Ending::Gone)?;
    if upload.wanted() {
        upload = chunks(service, upload, &mut parts).await?;
    }
    Ok(service.finish_submit(upload).await?)
}

async fn header(service: &Service, parts: &mut Streaming<SubmitRequest>) -> Result<SubmitHeader, Ending> {
    match next(service, parts).await? {
        Some(SubmitRequest { part: Some(Part::Header(header)) }) => Ok(header),
        _ => Err(Ending::of(Reason::UploadOutOfOrder)),
    }
}

async fn chunks(
    service: &Service,
    mut upload: Upload,
    parts: &mut Streaming<SubmitRequest>,
) -> Result<Upload, Ending> {
    // As soon as the announced bytes are there the document is judged: the caller need not close its side first.
    while !upload.is_whole() {
        match next(service, parts).await {
            Ok(Some(SubmitRequest { part: Some(Part::Chunk(chunk)) })) => {
                upload = service.take_chunk(upload, chunk).await?;
            }
            Ok(None) => break,
            Ok(Some(_)) => return Err(service.upload_failed(upload, Reason::UploadOutOfOrder).await.into()),
            Err(BrokenOff::StoodStill) => {
                return Err(service.upload_failed(upload, Reason::UploadIdle).await.into());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(upload)
}

/// Why nothing more comes of a submission that its caller did not end.
enum BrokenOff {
    /// The caller was silent for too long.
    StoodStill,
    /// The caller is gone.
    Gone,
    /// The agent is stopping.
    Stopping,
}

impl From<BrokenOff> for Ending {
    fn from(broken: BrokenOff) -> Self {
        match broken {
            BrokenOff::StoodStill => Ending::of(Reason::UploadIdle),
            BrokenOff::Gone => Ending::Gone,
            BrokenOff::Stopping => Ending::of(Reason::AgentStopping),
        }
    }
}

/// The next message, or none once the caller has closed its side. It is waited for neither for ever nor beyond the end of the agent.
async fn next(
    service: &Service,
    parts: &mut Streaming<SubmitRequest>,
) -> Result<Option<SubmitRequest>, BrokenOff> {
    tokio::select! {
        () = service.told_to_stop() => Err(BrokenOff::Stopping),
        message = tokio::time::timeout(service.limits.upload_idle, parts.message()) => match message {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(_)) => Err(BrokenOff::Gone),
            Err(_) => Err(BrokenOff::StoodStill),
        },
    }
}

fn request_id(text: &str) -> Result<RequestId, Status> {
    text.parse().map_err(|error| status::bad_argument("request_id", error))
}

fn use_id(text: &str) -> Result<UseId, Status> {
    text.parse().map_err(|_| status::of_reason(Reason::UseIdBad))
}
