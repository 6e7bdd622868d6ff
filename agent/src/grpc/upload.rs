//! Uploads: the header, then the document in chunks, for a submission as for a preview.

use std::sync::Arc;

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{
    PreviewRequest, SubmitEvent, SubmitHeader, SubmitRequest, preview_request, submit_event,
    submit_request::Part,
};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::{status, wire};
use crate::{
    pipeline::identify::Caller,
    service::{Failure, Refused, Service, Submitted, Upload},
};

/// A message of an upload that may be the next bytes of a document.
pub(super) trait UploadPart {
    /// The bytes, if it is.
    fn chunk(self) -> Option<Vec<u8>>;
}

impl UploadPart for SubmitRequest {
    fn chunk(self) -> Option<Vec<u8>> {
        if let Some(Part::Chunk(chunk)) = self.part { Some(chunk) } else { None }
    }
}

impl UploadPart for PreviewRequest {
    fn chunk(self) -> Option<Vec<u8>> {
        if let Some(preview_request::Part::Chunk(chunk)) = self.part { Some(chunk) } else { None }
    }
}

/// How an upload ended early.
pub(super) enum Ending {
    /// The agent stopped it.
    Failed(Failure),
    /// Told by a status.
    Status(Box<Status>),
    /// Nobody is there any more.
    Gone,
}

impl Ending {
    /// The bare reason.
    pub(super) fn of(reason: Reason) -> Self {
        Ending::Status(Box::new(status::of_reason(reason)))
    }

    /// What the caller hears of it; `None`: nobody is there to hear it. `refused`: how this call tells a refusal.
    pub(super) fn last<E>(self, refused: impl FnOnce(&Refused) -> E) -> Option<Result<E, Status>> {
        match self {
            Ending::Failed(Failure::Refused(refusal)) => Some(Ok(refused(&refusal))),
            Ending::Failed(Failure::Fault(reason)) => Some(Err(status::of_reason(reason))),
            Ending::Status(status) => Some(Err(*status)),
            Ending::Gone => None,
        }
    }
}

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        Ending::Failed(failure)
    }
}

type EventSender = mpsc::Sender<Result<SubmitEvent, Status>>;

/// Header, upload if it is wanted, judgement.
pub(super) async fn receive(
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

/// The announced bytes, or as many as come.
pub(super) async fn chunks<T: UploadPart>(
    service: &Service,
    mut upload: Upload,
    parts: &mut Streaming<T>,
) -> Result<Upload, Ending> {
    // As soon as the announced bytes are there the document is judged: the caller need not close its side first.
    while !upload.is_whole() {
        match next(service, parts).await {
            Ok(Some(part)) => match part.chunk() {
                Some(chunk) => upload = service.take_chunk(upload, chunk).await?,
                None => return Err(service.upload_failed(upload, Reason::UploadOutOfOrder).await.into()),
            },
            Ok(None) => break,
            Err(BrokenOff::StoodStill) => {
                return Err(service.upload_failed(upload, Reason::UploadIdle).await.into());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(upload)
}

/// Why nothing more comes of an upload that its caller did not end.
pub(super) enum BrokenOff {
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
pub(super) async fn next<T>(service: &Service, parts: &mut Streaming<T>) -> Result<Option<T>, BrokenOff> {
    tokio::select! {
        () = service.told_to_stop() => Err(BrokenOff::Stopping),
        message = tokio::time::timeout(service.limits.upload_idle, parts.message()) => match message {
            Ok(Ok(message)) => Ok(message),
            Ok(Err(_)) => Err(BrokenOff::Gone),
            Err(_) => Err(BrokenOff::StoodStill),
        },
    }
}
