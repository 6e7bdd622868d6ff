//! RequestService: the requests of an office journal.

use std::sync::Arc;

use prost::Message;
use sealkeeper_domain::{identity::RequestId, reason::Reason};
use sealkeeper_proto::{
    FETCH_CHUNK,
    v1::{
        self, FetchDocumentEvent, FetchDocumentRequest, ListRequestsReply, ListRequestsRequest, RequestEvent,
        ShowRequestReply, ShowRequestRequest, WatchRequestsRequest, request_service_server::RequestService,
    },
};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{PAGE_BYTES, caller, last_word, status, within};
use crate::{
    pipeline::identify::Caller,
    service::{Failure, Permit, SeenRequest, Service, Which},
};

/// The handlers.
pub(super) struct Requests(pub(super) Arc<Service>);

type Events<T> = std::pin::Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Requests when no number is given.
const DEFAULT_LIMIT: u32 = 100;
/// Most requests of one call.
const MAX_LIMIT: u32 = 500;

/// Events sent ahead of a watcher that reads slowly.
const AHEAD: usize = 16;

#[tonic::async_trait]
impl RequestService for Requests {
    async fn list_requests(
        &self,
        request: Request<ListRequestsRequest>,
    ) -> Result<Response<ListRequestsReply>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "list-requests").await?;
            let asked = request.into_inner();
            let limit = if asked.limit == 0 { DEFAULT_LIMIT } else { asked.limit.min(MAX_LIMIT) };
            let after = place(&asked.after)?;
            let page = self.0.requests(&call, which(&asked.which)?, asked.ended, after, limit as usize).await;
            let page = page.map_err(|failure| status::of_failure(&failure))?;
            Ok(Response::new(fitting(&page.requests, page.next)))
        })
        .await
    }

    async fn show_request(
        &self,
        request: Request<ShowRequestRequest>,
    ) -> Result<Response<ShowRequestReply>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "show-request").await?;
            let shown = self.0.request(&call, request_id(&request.get_ref().request_id)?).await;
            let shown = shown.map_err(|failure| status::of_failure(&failure))?;
            Ok(Response::new(ShowRequestReply { request: Some(on_wire(&shown)) }))
        })
        .await
    }

    type WatchRequestsStream = Events<RequestEvent>;

    async fn watch_requests(
        &self,
        request: Request<WatchRequestsRequest>,
    ) -> Result<Response<Self::WatchRequestsStream>, Status> {
        let call = caller(&self.0, &request, "watch-requests").await?;
        let which = which(&request.get_ref().which)?;
        // Before the list is read: what changes meanwhile is told twice rather than not at all.
        let watching = self.0.watch_requests();
        let (mut present, mut after) = (Vec::new(), None);
        loop {
            let page = self.0.requests(&call, which, false, after, MAX_LIMIT as usize).await;
            let page = page.map_err(|failure| status::of_failure(&failure))?;
            present.extend(page.requests);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let (to, events) = mpsc::channel(AHEAD);
        tokio::spawn(tell(self.0.clone(), call.caller, which, present, watching, to, call.permit));
        Ok(Response::new(Box::pin(ReceiverStream::new(events))))
    }

    type FetchDocumentStream = Events<FetchDocumentEvent>;

    async fn fetch_document(
        &self,
        request: Request<FetchDocumentRequest>,
    ) -> Result<Response<Self::FetchDocumentStream>, Status> {
        let call = caller(&self.0, &request, "fetch-document").await?;
        let id = request_id(&request.get_ref().request_id)?;
        let found = self.0.request_document(&call, id).await;
        let spooled = found.map_err(|failure| status::of_failure(&failure))?;
        let (to, events) = mpsc::channel(AHEAD);
        let service = self.0.clone();
        tokio::spawn(async move {
            let sent = async {
                for chunk in spooled.bytes().chunks(FETCH_CHUNK) {
                    to.send(Ok(FetchDocumentEvent { chunk: chunk.to_vec() })).await.ok()?;
                }
                None
            };
            let ended = tokio::select! {
                biased;
                reason = service.until_unknown(&call) => Some(reason),
                ended = sent => ended,
            };
            if let Some(reason) = ended {
                last_word(&to, status::of_reason(reason)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(events))))
    }
}

/// Tells what is there and what changes, until the watcher goes, is let in no longer, or the agent stops.
async fn tell(
    service: Arc<Service>,
    caller: Caller,
    which: Which,
    present: Vec<SeenRequest>,
    mut watching: broadcast::Receiver<RequestId>,
    to: mpsc::Sender<Result<RequestEvent, Status>>,
    permit: Permit,
) {
    let _permit = permit;
    let told = async {
        let mut shown: std::collections::BTreeSet<RequestId> =
            present.iter().map(|seen| seen.kept.id).collect();
        for seen in &present {
            to.send(Ok(RequestEvent { request: Some(on_wire(seen)) })).await.ok()?;
        }
        loop {
            let id = match watching.recv().await {
                Ok(id) => id,
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Reason::WatchBehind),
                Err(broadcast::error::RecvError::Closed) => return Some(Reason::AgentStopping),
            };
            // One that no longer belongs to the list is told once more, so that the watcher can take it off.
            let seen = match service.watched(&caller, which, id).await {
                Ok(Some((seen, belongs))) if belongs || shown.contains(&id) => {
                    if belongs {
                        shown.insert(id);
                    } else {
                        shown.remove(&id);
                    }
                    seen
                }
                Ok(_) => continue,
                Err(Failure::Refused(refused)) => return Some(refused.refusal.first().reason),
                Err(Failure::Fault(reason)) => return Some(reason),
            };
            to.send(Ok(RequestEvent { request: Some(on_wire(&seen)) })).await.ok()?;
        }
    };
    let ended = tokio::select! {
        // In this order: nothing is told any more to who is nobody here.
        biased;
        reason = service.until_unknown(&caller) => Some(reason),
        ended = told => ended,
        () = service.told_to_stop() => Some(Reason::AgentStopping),
        () = to.closed() => None,
    };
    if let Some(reason) = ended {
        let _ = to.send(Err(status::of_reason(reason))).await;
    }
}

fn which(text: &str) -> Result<Which, Status> {
    Ok(match text {
        "" => Which::All,
        "mine" => Which::Mine,
        "to-approve" => Which::ToApprove,
        "to-stamp" => Which::ToStamp,
        _ => return Err(status::bad_argument("which", "mine, to-approve, to-stamp or empty")),
    })
}

/// Where a page begins, as the one before told it.
fn place(text: &str) -> Result<Option<(u64, RequestId)>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let place = text.split_once('/').and_then(|(time, id)| Some((time.parse().ok()?, id.parse().ok()?)));
    place.map(Some).ok_or_else(|| status::bad_argument("after", text))
}

/// As many of them as go into one message, and where to go on.
fn fitting(requests: &[SeenRequest], next: Option<(u64, RequestId)>) -> ListRequestsReply {
    let mut reply = ListRequestsReply::default();
    let (mut bytes, mut last) = (0, None);
    let named = |place: Option<(u64, RequestId)>| {
        place.map(|(created_us, id)| format!("{created_us}/{id}")).unwrap_or_default()
    };
    for seen in requests {
        if bytes > PAGE_BYTES {
            reply.next = named(last);
            return reply;
        }
        let told = on_wire(seen);
        bytes += told.encoded_len();
        reply.requests.push(told);
        last = Some(seen.place());
    }
    reply.next = named(next);
    reply
}

fn request_id(text: &str) -> Result<RequestId, Status> {
    text.parse().map_err(|error| status::bad_argument("request_id", error))
}

/// A request as the contract tells it.
pub(super) fn on_wire(seen: &SeenRequest) -> v1::KeptRequest {
    let tickets = seen.tickets.iter().map(|(ticket, name)| v1::RequestTicket {
        act_id: ticket.act.to_string(),
        person_id: ticket.by.to_string(),
        name: name.clone(),
        issued_s: ticket.issued_s,
        expires_s: ticket.expires_s,
    });
    v1::KeptRequest {
        request_id: seen.kept.id.to_string(),
        state: seen.standing.name().to_owned(),
        binding: binding(&seen.facts.binding),
        seal_name: seen.seal_name.clone(),
        applicant_name: seen.applicant_name.clone(),
        tickets: tickets.collect(),
        tickets_needed: seen.tickets_needed,
        copies_used: seen.kept.copies_used,
        created_us: seen.kept.created_us,
        expires_us: seen.kept.expires_us,
        importance: seen.importance.clone(),
        secrecy: seen.secrecy.clone(),
        document_size: seen.kept.asked.size,
        ended_by: seen.ended_by.clone().unwrap_or_default(),
    }
}

/// What has to be signed, as JSON.
pub(super) fn binding(binding: &sealkeeper_domain::act::statement::Binding) -> String {
    // Strings, integers and lists of them: it always can be written.
    serde_json::to_string(binding).unwrap_or_default()
}
