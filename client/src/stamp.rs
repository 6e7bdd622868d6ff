//! From a document to its stamped file: submit, review, stamp, fetch, join, acknowledge.

use std::path::Path;
use std::time::Duration;

use sealkeeper_proto::v1::{
    self, fetch_event, review_reply, stamp_reply, submit_event, submit_request::Part,
};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::connection::answered;
use crate::error::{ClientError, NotDone};
use crate::output::{refuse_existing, write_joined};
use crate::upload::Upload;
use crate::{Agent, Document};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;

/// What is asked for a document.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Name or id of the seal.
    pub seal: String,
    /// Why, in the applicant's words; at most 1000 characters.
    pub reason: String,
    /// Where the seal goes.
    pub placements: Vec<v1::Placement>,
    /// Class of the document by the agent's policy; empty: the policy's default.
    pub document_class: String,
    /// How many separately signed copies the request is for; 0: one.
    pub copies: u32,
    /// Id of the person who asks; empty: the caller.
    pub applicant: String,
}

impl Order {
    /// As it is asked of the agent.
    pub(crate) fn header(&self, document: &Document) -> v1::SubmitHeader {
        v1::SubmitHeader {
            file_name: document.file_name(),
            size: document.size(),
            sha256: document.sha256().to_vec(),
            seal: self.seal.clone(),
            reason: self.reason.clone(),
            document_class: self.document_class.clone(),
            copies: self.copies,
            placements: self.placements.clone(),
            applicant: self.applicant.clone(),
            ..Default::default()
        }
    }
}

/// A use prepared and reviewed, not confirmed yet.
///
/// Its `use_id` is fixed: confirming it again, after a lost answer or once the token is unlocked, never signs twice.
#[derive(Debug, Clone)]
pub struct Stamping {
    use_id: Uuid,
    request_id: String,
    prepared: v1::Prepared,
}

impl Stamping {
    /// The use.
    pub fn use_id(&self) -> Uuid {
        self.use_id
    }

    /// The request it belongs to.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What would be stamped: facts, findings, places.
    pub fn prepared(&self) -> &v1::Prepared {
        &self.prepared
    }

    /// The next copy of the same request, or a new try: a use of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { use_id: Uuid::new_v4(), ..self.clone() }
    }

    /// The confirmation without a PIN.
    fn bare_request(&self) -> v1::StampRequest {
        v1::StampRequest {
            request_id: self.request_id.clone(),
            use_id: self.use_id.to_string(),
            confirmed_sha256: self.prepared.prepared_sha256.clone(),
            pin: Vec::new(),
            final_try: false,
        }
    }
}

/// A stamped file.
#[derive(Debug, Clone)]
pub struct Stamped {
    /// The agent's receipt.
    pub receipt: v1::Receipt,
    /// Whether the agent knows that the file is safe. If not it keeps the appended bytes a while longer, nothing else.
    pub acknowledged: bool,
}

/// The most bytes an agent may tell a client to append; a revision with a seal takes a few hundred kB.
const APPENDED_LIMIT: u64 = 64 << 20;

/// How long to wait before asking again after a lost answer.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

impl Agent {
    /// Stamps `document` into the new file `target`, in one go: for callers who need not look at the review.
    ///
    /// # Errors
    /// Every [`ClientError`]. The token must be unlocked; else it is refused with `token-locked`.
    pub async fn stamp(
        &self,
        document: &Document,
        order: &Order,
        target: &Path,
    ) -> Result<Stamped, ClientError> {
        refuse_existing(target)?;
        let stamping = self.prepare(document, order).await?;
        self.confirm(&stamping).await?;
        let collected = self.collect(document, stamping.use_id, target).await;
        collected.map_err(|error| error.of_use(stamping.use_id))
    }

    /// Submits the document (its bytes go up only if the agent does not have them) and has the revision prepared.
    ///
    /// # Errors
    /// Every [`ClientError`] but [`ClientError::NotDone`].
    pub async fn prepare(&self, document: &Document, order: &Order) -> Result<Stamping, ClientError> {
        let submitted = self.submit(document, order).await?;
        let prepared = self.review(&submitted.request_id).await?;
        if prepared.facts.as_ref().is_none_or(|facts| facts.sha256[..] != document.sha256()[..]) {
            return Err(ClientError::answer("prepared another document"));
        }
        Ok(Stamping { use_id: Uuid::new_v4(), request_id: submitted.request_id, prepared })
    }

    /// The same of a request that the agent keeps already.
    ///
    /// # Errors
    /// Every [`ClientError`] but [`ClientError::NotDone`].
    pub async fn prepare_kept(&self, request_id: &str) -> Result<Stamping, ClientError> {
        let prepared = self.review(request_id).await?;
        Ok(Stamping { use_id: Uuid::new_v4(), request_id: request_id.to_owned(), prepared })
    }

    /// Confirms a prepared use: the token signs, if no rule stands against it. A key that asks for the PIN at each use
    /// takes [`Agent::confirm_with_pin`], unless it is typed on the token's own PIN pad.
    ///
    /// # Errors
    /// [`ClientError::NotDone`] where the use was begun and gave nothing: a new try needs [`Stamping::another`].
    /// [`ClientError::Refused`] where nothing was begun, and [`ClientError::Unsettled`] in every other case: the same
    /// `stamping` can be confirmed again, and of an unsettled one the result may be there to be collected.
    pub async fn confirm(&self, stamping: &Stamping) -> Result<v1::Receipt, ClientError> {
        let reply = persist_typed(|| self.stamp_once(stamping.bare_request())).await;
        outcome(stamping, reply)
    }

    /// The same with the PIN for a key that asks for it at each use; with other keys it is not looked at. `final_try` as in
    /// [`UnlockTerms`](crate::UnlockTerms::final_try).
    ///
    /// The PIN is consumed and sent once. Where the answer gets lost the use is asked for again without it: if it was
    /// recorded the answer is its outcome.
    ///
    /// # Errors
    /// As [`Agent::confirm`]. After a lost answer a refusal with `token-pin-needed` says that the use was not recorded;
    /// the same `stamping` can be confirmed with a PIN that a person typed anew.
    pub async fn confirm_with_pin(
        &self,
        stamping: &Stamping,
        pin: Pin,
        final_try: bool,
    ) -> Result<v1::Receipt, ClientError> {
        // The message wipes its PIN when it is dropped.
        let mut request = stamping.bare_request();
        request.pin = pin.expose().as_bytes().to_vec();
        request.final_try = final_try;
        drop(pin);
        match self.stamp_once(request).await {
            Err(error) if error.is_lost() => {
                let [pause, ..] = PAUSES;
                tokio::time::sleep(pause).await;
                self.confirm(stamping).await
            }
            answered => outcome(stamping, answered),
        }
    }

    async fn stamp_once(&self, request: v1::StampRequest) -> Result<v1::StampReply, ClientError> {
        answered(self.uses().stamp(request).await)
    }

    /// Fetches what a completed use appends, joins it to the document in the new file `target`, and acknowledges.
    /// Can be called again after any failure, also by a later process that still has the document.
    ///
    /// # Errors
    /// [`Reason::InputChanged`] where the use was of another document, what [`write_joined`] reports, and faults
    /// of the agent.
    pub async fn collect(
        &self,
        document: &Document,
        use_id: Uuid,
        target: &Path,
    ) -> Result<Stamped, ClientError> {
        let (receipt, appended) = self.fetch(use_id).await?;
        if receipt.input_sha256[..] != document.sha256()[..] || receipt.input_size != document.size() {
            return Err(ClientError::local(Reason::InputChanged, document.path().display()));
        }
        let (document, sha256, target) = (document.clone(), receipt.output_sha256.clone(), target.to_owned());
        blocking(move || write_joined(&document, &appended, &sha256, &target)).await??;
        let acknowledged = self.acknowledge(use_id).await.is_ok();
        Ok(Stamped { receipt, acknowledged })
    }

    /// Hands in a document with what is asked for it.
    ///
    /// # Errors
    /// Every [`ClientError`] but [`ClientError::NotDone`].
    pub async fn submit(&self, document: &Document, order: &Order) -> Result<v1::Submitted, ClientError> {
        let header = order.header(document);
        persist_typed(|| self.submit_once(document, header.clone())).await
    }

    async fn submit_once(
        &self,
        document: &Document,
        header: v1::SubmitHeader,
    ) -> Result<v1::Submitted, ClientError> {
        let (parts, receiver) = mpsc::channel(4);
        let header = v1::SubmitRequest { part: Some(Part::Header(header)) };
        parts.send(header).await.map_err(|_| lost("the upload was closed"))?;
        let mut events = self
            .uses()
            .submit(ReceiverStream::new(receiver))
            .await
            .map_err(|status| ClientError::from_status(&status))?
            .into_inner();
        let mut upload = Upload::Waiting(parts);
        let answer = loop {
            match events.message().await {
                Err(status) => break Err(ClientError::from_status(&status)),
                Ok(None) => break Err(lost("the agent ended the call without an answer")),
                Ok(Some(v1::SubmitEvent { event })) => match event {
                    Some(submit_event::Event::Upload(v1::Upload { wanted })) => {
                        upload = upload.begin(document, wanted, |chunk| v1::SubmitRequest {
                            part: Some(Part::Chunk(chunk)),
                        });
                    }
                    Some(submit_event::Event::Submitted(submitted)) => break Ok(submitted),
                    Some(submit_event::Event::Refused(refusal)) => {
                        break Err(ClientError::Refused(Box::new(refusal)));
                    }
                    // An event of a later version.
                    None => {}
                },
            }
        };
        // Closing the call ends an upload that nobody reads any more; what cannot be read explains any other answer.
        drop(events);
        upload.end(document).await?;
        answer
    }

    /// Prepares the revision of a request as it would be stamped now.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn review(&self, request_id: &str) -> Result<v1::Prepared, ClientError> {
        let reply = persist(|| {
            let (mut uses, request_id) = (self.uses(), request_id.to_owned());
            async move { uses.review(v1::ReviewRequest { request_id }).await }
        })
        .await?;
        match reply.into_inner().result {
            Some(review_reply::Result::Prepared(prepared)) => Ok(prepared),
            Some(review_reply::Result::Refused(refusal)) => Err(ClientError::Refused(Box::new(refusal))),
            None => Err(ClientError::answer("a review of no known kind")),
        }
    }

    /// The receipt and the bytes to append of a completed use.
    ///
    /// # Errors
    /// A fault: `use-unknown`, `use-not-complete`, `use-acknowledged`.
    pub async fn fetch(&self, use_id: Uuid) -> Result<(v1::Receipt, Vec<u8>), ClientError> {
        persist_typed(|| self.fetch_once(use_id)).await
    }

    async fn fetch_once(&self, use_id: Uuid) -> Result<(v1::Receipt, Vec<u8>), ClientError> {
        let of_status = |status| ClientError::from_status(&status);
        let request = v1::FetchRequest { use_id: use_id.to_string() };
        let mut events = self.uses().fetch(request).await.map_err(of_status)?.into_inner();
        let first = events.message().await.map_err(of_status)?;
        let Some(v1::FetchEvent { event: Some(fetch_event::Event::Receipt(receipt)) }) = first else {
            return Err(ClientError::answer("a fetch that does not begin with the receipt"));
        };
        let promised = receipt.output_size.checked_sub(receipt.input_size);
        let promised = promised.filter(|length| *length <= APPENDED_LIMIT);
        let promised =
            promised.ok_or_else(|| ClientError::answer("an impossible number of bytes to append"))?;
        let mut appended = Vec::new();
        while let Some(v1::FetchEvent { event }) = events.message().await.map_err(of_status)? {
            let Some(fetch_event::Event::Chunk(chunk)) = event else { continue };
            appended.extend_from_slice(&chunk);
            if appended.len() as u64 > promised {
                return Err(ClientError::answer("more bytes to append than promised"));
            }
        }
        if (appended.len() as u64) < promised {
            return Err(lost("the bytes to append broke off"));
        }
        Ok((receipt, appended))
    }

    /// Tells the agent that the result is safe.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn acknowledge(&self, use_id: Uuid) -> Result<(), ClientError> {
        persist(|| {
            let mut uses = self.uses();
            async move { uses.acknowledge(v1::AcknowledgeRequest { use_id: use_id.to_string() }).await }
        })
        .await
        .map(|_| ())
    }
}

/// How a use ended, if it did.
fn outcome(
    stamping: &Stamping,
    reply: Result<v1::StampReply, ClientError>,
) -> Result<v1::Receipt, ClientError> {
    let not_done =
        |may_have_signed, report| Err(ClientError::NotDone(Box::new(NotDone { may_have_signed, report })));
    match reply.map_err(|error| error.of_use(stamping.use_id))?.result {
        Some(stamp_reply::Result::Complete(receipt)) => Ok(receipt),
        Some(stamp_reply::Result::Failed(report)) => not_done(false, report),
        Some(stamp_reply::Result::Abandoned(report)) => not_done(true, report),
        Some(stamp_reply::Result::Refused(refusal)) => Err(ClientError::Refused(Box::new(refusal))),
        None => Err(ClientError::answer("an outcome of no known kind").of_use(stamping.use_id)),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ClientError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| stopped(&error))
}

pub(crate) fn stopped(error: &JoinError) -> ClientError {
    ClientError::local(Reason::ConnectionLost, error)
}

pub(crate) fn lost(what: &str) -> ClientError {
    ClientError::local(Reason::ConnectionLost, what)
}

/// Asks again, a few times, where only the answer was lost. For idempotent calls only.
async fn persist_typed<T, F, Call>(mut attempt: F) -> Result<T, ClientError>
where
    F: FnMut() -> Call,
    Call: Future<Output = Result<T, ClientError>>,
{
    for pause in PAUSES {
        match attempt().await {
            Err(error) if error.is_lost() => tokio::time::sleep(pause).await,
            answered => return answered,
        }
    }
    attempt().await
}

async fn persist<T, F, Call>(mut attempt: F) -> Result<T, ClientError>
where
    F: FnMut() -> Call,
    Call: Future<Output = Result<T, tonic::Status>>,
{
    persist_typed(|| {
        let call = attempt();
        async move { call.await.map_err(|status| ClientError::from_status(&status)) }
    })
    .await
}
