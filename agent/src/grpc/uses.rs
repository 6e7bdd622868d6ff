//! UseService.

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    reason::Reason,
};
use sealkeeper_proto::{
    FETCH_CHUNK,
    v1::{
        AcknowledgeReply, AcknowledgeRequest, FetchEvent, FetchRequest, PagesEvent, PreviewEvent,
        PreviewRequest, ReviewReply, ReviewRequest, ShowPagesRequest, StampReply, StampRequest, SubmitEvent,
        SubmitRequest, fetch_event, review_reply, stamp_reply, use_service_server::UseService,
    },
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::{Admitted, Items, caller, pictures, status, tokens, upload::receive, uploader, wire, within};
use crate::{
    pipeline::ports::token::OnePin,
    service::{Failure, Service},
};

/// The handlers.
pub(super) struct Uses(pub(super) Arc<Service>);

pub(super) type Events<T> = std::pin::Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

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
                Ok(submitted) => Some(Ok(wire::submitted(&submitted))),
                Err(ending) => ending.last(wire::refusal),
            };
            if let Some(last) = last {
                let _ = events.send(last.map(|event| SubmitEvent { event: Some(event) })).await;
            }
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

    type ShowPagesStream = Events<PagesEvent>;

    async fn show_pages(
        &self,
        request: Request<ShowPagesRequest>,
    ) -> Result<Response<Self::ShowPagesStream>, Status> {
        let call = caller(&self.0, &request, "show-pages").await?;
        let id = request_id(&request.get_ref().request_id)?;
        let events = pictures::show(self.0.clone(), call, id, request.into_inner());
        Ok(Response::new(Box::pin(ReceiverStream::new(events))))
    }

    type PreviewStream = Events<PreviewEvent>;

    async fn preview(
        &self,
        request: Request<Streaming<PreviewRequest>>,
    ) -> Result<Response<Self::PreviewStream>, Status> {
        let call = uploader(&self.0, &request, "preview").await?;
        let events = pictures::preview(self.0.clone(), call, request.into_inner());
        Ok(Response::new(Box::pin(ReceiverStream::new(events))))
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

fn request_id(text: &str) -> Result<RequestId, Status> {
    text.parse().map_err(|error| status::bad_argument("request_id", error))
}

fn use_id(text: &str) -> Result<UseId, Status> {
    text.parse().map_err(|_| status::of_reason(Reason::UseIdBad))
}
