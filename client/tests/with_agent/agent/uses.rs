//! The agent's use of seals.

use sealkeeper_proto::v1::{
    self, fetch_event, review_reply, stamp_reply, submit_event, submit_request,
    use_service_server::UseService,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{APPENDED, Events, PIN, REQUEST_ID, Service, Trouble, status};

impl Service {
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
        let desk = &mut self.state().desk;
        if let Some(draft) = desk.drafts {
            let kept = draft(header);
            desk.kept.push(kept.clone());
            return submit_event::Event::Submitted(v1::Submitted {
                request_id: kept.request_id,
                state: kept.state,
                binding: kept.binding,
                ..Default::default()
            });
        }
        submit_event::Event::Submitted(v1::Submitted { request_id: REQUEST_ID.into(), ..Default::default() })
    }

    /// The one receipt of a use, however often it is asked for.
    fn receipt(&self, use_id: &str) -> v1::Receipt {
        let mut state = self.state();
        let document = match state.headers.last() {
            Some(header) => state.documents[&header.sha256].clone(),
            None => state.desk.document.clone(),
        };
        let mut whole = document.clone();
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
            input_sha256: Sha256::digest(&document).to_vec(),
            input_size: document.len() as u64,
            output_sha256,
            output_size: promised,
            solo: true,
            ..Default::default()
        };
        state.receipts.entry(use_id.to_owned()).or_insert(receipt).clone()
    }
}

fn violation(code: &str) -> v1::Violation {
    v1::Violation { reason: code.into(), ..Default::default() }
}

pub(super) fn refusal(codes: &[&str]) -> v1::Refusal {
    v1::Refusal {
        violations: codes.iter().map(|code| violation(code)).collect(),
        journal_seq: 9,
        journaled: true,
    }
}

#[tonic::async_trait]
impl UseService for Service {
    type SubmitStream = Events<v1::SubmitEvent>;
    type FetchStream = Events<v1::FetchEvent>;
    type ShowPagesStream = Events<v1::PagesEvent>;
    type PreviewStream = Events<v1::PreviewEvent>;

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

    async fn review(&self, request: Request<v1::ReviewRequest>) -> Result<Response<v1::ReviewReply>, Status> {
        let id = request.into_inner().request_id;
        let kept = self.state().desk.prepared(&id);
        if let Some((kept, prepared)) = kept {
            let result = match kept.state.as_str() {
                "filed" => review_reply::Result::Refused(refusal(&["tickets-unsupported"])),
                _ => review_reply::Result::Prepared(prepared),
            };
            return Ok(Response::new(v1::ReviewReply { result: Some(result) }));
        }
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

    async fn show_pages(
        &self,
        request: Request<v1::ShowPagesRequest>,
    ) -> Result<Response<Self::ShowPagesStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::iter(self.pages(request.into_inner())))))
    }

    async fn preview(
        &self,
        request: Request<Streaming<v1::PreviewRequest>>,
    ) -> Result<Response<Self::PreviewStream>, Status> {
        let (events, receiver) = mpsc::channel(4);
        let service = self.clone();
        tokio::spawn(async move { service.previewed(request.into_inner(), &events).await });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn stamp(&self, request: Request<v1::StampRequest>) -> Result<Response<v1::StampReply>, Status> {
        let request = request.into_inner();
        self.state().confirmed.push(request.confirmed_sha256.clone());
        self.state().use_ids.push(request.use_id.clone());
        let reply = |result| Ok(Response::new(v1::StampReply { result: Some(result) }));
        self.state().stamp_pins.push(request.pin.clone());
        if self.state().takes(Trouble::LoseStampUnmade) {
            self.cut().await;
            return reply(stamp_reply::Result::Refused(refusal(&[])));
        }
        if self.state().locked {
            return reply(stamp_reply::Result::Refused(refusal(&["token-locked"])));
        }
        let (is_known, asks_pin, has_pin_pad) = {
            let state = self.state();
            (state.receipts.contains_key(&request.use_id), state.key_asks_pin, state.has_pin_pad)
        };
        if asks_pin && !is_known && request.pin.is_empty() && !has_pin_pad {
            return reply(stamp_reply::Result::Refused(refusal(&["token-pin-needed"])));
        }
        if asks_pin && !is_known && request.pin != PIN && !has_pin_pad {
            let cause = Some(violation("token-pin-wrong"));
            let report = v1::NotDone { use_id: request.use_id.clone(), cause, intent_seq: 5, outcome_seq: 6 };
            return reply(stamp_reply::Result::Failed(report));
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
