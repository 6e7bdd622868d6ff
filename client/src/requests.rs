//! Requests (用印申请) of an office journal, and their documents.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use sealkeeper_proto::v1;
use tokio_stream::Stream;
use tonic::Streaming;

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;
use crate::output::Incoming;
use crate::watch::next_told;

/// Which requests: by what the caller has to do with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestFilter {
    /// Every one the caller may see.
    #[default]
    Any,
    /// The caller is the applicant.
    Mine,
    /// The caller may still approve it.
    ToApprove,
    /// The caller keeps the seal, and it has all its tickets.
    ToStamp,
}

impl RequestFilter {
    fn name(self) -> String {
        match self {
            Self::Any => "",
            Self::Mine => "mine",
            Self::ToApprove => "to-approve",
            Self::ToStamp => "to-stamp",
        }
        .to_owned()
    }
}

impl Agent {
    /// The caller's requests, all pages of them, oldest first; with `ended`, those that have ended too.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn requests(
        &self,
        which: RequestFilter,
        ended: bool,
    ) -> Result<Vec<v1::KeptRequest>, ClientError> {
        let (mut requests, mut after) = (Vec::new(), String::new());
        loop {
            let asked =
                v1::ListRequestsRequest { which: which.name(), ended, limit: 0, after: after.clone() };
            let page = answered(self.request_service().list_requests(asked).await)?;
            requests.extend(page.requests);
            match page.next {
                next if next.is_empty() => return Ok(requests),
                next if next == after => {
                    return Err(ClientError::answer("a page of requests that leads nowhere"));
                }
                next => after = next,
            }
        }
    }

    /// One request as it stands.
    ///
    /// # Errors
    /// A fault (`request-unknown`), or a lost connection.
    pub async fn request(&self, request_id: &str) -> Result<v1::KeptRequest, ClientError> {
        let request = v1::ShowRequestRequest { request_id: request_id.to_owned() };
        let shown = answered(self.request_service().show_request(request).await)?.request;
        let kept = shown.ok_or_else(|| ClientError::answer("no request where one was asked for"))?;
        if kept.request_id.eq_ignore_ascii_case(request_id) {
            Ok(kept)
        } else {
            Err(ClientError::answer("another request than the one asked for"))
        }
    }

    /// The requests there are, then each change as it happens.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn watch_requests(&self, which: RequestFilter) -> Result<RequestWatch, ClientError> {
        let request = v1::WatchRequestsRequest { which: which.name() };
        Ok(RequestWatch { events: Some(answered(self.request_service().watch_requests(request).await)?) })
    }

    /// Fetches the document of a request as it was submitted, of this size and SHA-256, into a temporary file beside `target`;
    /// [`Incoming::keep`] makes it the file `target`.
    ///
    /// # Errors
    /// [`Reason::OutputExists`], [`Reason::OutputUnwritable`], [`Reason::AnswerBad`] where other bytes came than those named, a fault
    /// (`document-gone`), or a lost connection.
    pub async fn fetch_document(
        &self,
        request_id: &str,
        size: u64,
        sha256: &[u8; 32],
        target: &Path,
    ) -> Result<Incoming, ClientError> {
        let mut incoming = Incoming::begin(target)?;
        let request = v1::FetchDocumentRequest { request_id: request_id.to_owned() };
        let mut events = answered(self.request_service().fetch_document(request).await)?;
        let of_status = |status| ClientError::from_status(&status);
        while let Some(v1::FetchDocumentEvent { chunk }) = events.message().await.map_err(of_status)? {
            if incoming.size() + chunk.len() as u64 > size {
                return Err(ClientError::answer("more bytes of the document than there are"));
            }
            incoming.write(&chunk)?;
        }
        incoming.check(size, sha256)?;
        Ok(incoming)
    }
}

/// The requests of a watch, as they come; each as it stands after the change, so that one may come that no longer belongs to the list.
///
/// It has no end of its own: the last item tells why there are no more, as that of a [`TokenWatch`](crate::TokenWatch) does.
#[derive(Debug)]
pub struct RequestWatch {
    /// None once the last item was given.
    events: Option<Streaming<v1::RequestEvent>>,
}

impl Stream for RequestWatch {
    type Item = Result<v1::KeptRequest, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        next_told(&mut self.events, context, |v1::RequestEvent { request }| request)
    }
}
