//! The agent's office: it keeps what it is given, and judges nothing.

use sealkeeper_proto::v1::{
    self, file_act_reply, office_service_server::OfficeService, request_service_server::RequestService,
};
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

use super::{Events, Service, status, uses::refusal};

/// Origin of its journal.
pub(crate) const ORIGIN: &str = "example.org/seal-journal/1";
/// Longest life of a ticket, seconds: less than the seven days of an act.
pub(crate) const TICKET_LIFETIME_S: u64 = 86_400;

/// What the office holds.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) told: v1::ShowOfficeReply,
    pub(crate) policy_file_sha256: Vec<u8>,
    /// In force.
    pub(crate) policy_toml: String,
    pub(crate) filed: Vec<v1::FileActRequest>,
    /// What is told of each act that is filed.
    pub(crate) findings: Vec<v1::Finding>,
    /// Reasons for which the next act is refused.
    pub(crate) stands_against: Vec<&'static str>,
    pub(crate) kept: Vec<v1::KeptRequest>,
    /// Which lists were asked for.
    pub(crate) listed: Vec<v1::ListRequestsRequest>,
    /// The document of each request, in place of the one that was submitted.
    pub(crate) document: Vec<u8>,
    /// Its pages, where there are more than five.
    pub(crate) pages: u32,
    /// What is submitted stays a draft of this request, bound so.
    pub(crate) drafts: Option<fn(v1::SubmitHeader) -> v1::KeptRequest>,
}

#[tonic::async_trait]
impl OfficeService for Service {
    async fn describe_office(
        &self,
        _: Request<v1::DescribeOfficeRequest>,
    ) -> Result<Response<v1::DescribeOfficeReply>, Status> {
        // Locked once: a second look while the first is held would wait for ever.
        let state = self.state();
        Ok(Response::new(v1::DescribeOfficeReply {
            origin: ORIGIN.into(),
            policy_file_sha256: state.desk.policy_file_sha256.clone(),
            policy_toml: state.desk.policy_toml.clone(),
            act_lifetime_s: 31 * 86_400,
            ticket_lifetime_s: TICKET_LIFETIME_S,
            ..Default::default()
        }))
    }

    async fn file_act(
        &self,
        request: Request<v1::FileActRequest>,
    ) -> Result<Response<v1::FileActReply>, Status> {
        self.trouble().await?;
        let desk = &mut self.state().desk;
        let result = if desk.stands_against.is_empty() {
            desk.filed.push(request.into_inner());
            for kept in &mut desk.kept {
                kept.state = if kept.state == "drafted" { "filed".into() } else { kept.state.clone() };
            }
            file_act_reply::Result::Filed(v1::FiledAct {
                act_id: "0c7c9a0e-6c1f-4a52-9a52-1c3a0f0b7c11".into(),
                typ: "request-approve".into(),
                seq: 7,
                signer: "zhang".into(),
                findings: desk.findings.clone(),
                ..Default::default()
            })
        } else {
            file_act_reply::Result::Refused(refusal(&std::mem::take(&mut desk.stands_against)))
        };
        Ok(Response::new(v1::FileActReply { result: Some(result) }))
    }

    async fn show_office(
        &self,
        _: Request<v1::ShowOfficeRequest>,
    ) -> Result<Response<v1::ShowOfficeReply>, Status> {
        Ok(Response::new(self.state().desk.told.clone()))
    }

    async fn list_acts(
        &self,
        _: Request<v1::ListActsRequest>,
    ) -> Result<Response<v1::ListActsReply>, Status> {
        Ok(Response::new(v1::ListActsReply::default()))
    }
}

#[tonic::async_trait]
impl RequestService for Service {
    type WatchRequestsStream = Events<v1::RequestEvent>;
    type FetchDocumentStream = Events<v1::FetchDocumentEvent>;

    async fn list_requests(
        &self,
        request: Request<v1::ListRequestsRequest>,
    ) -> Result<Response<v1::ListRequestsReply>, Status> {
        let desk = &mut self.state().desk;
        desk.listed.push(request.into_inner());
        Ok(Response::new(v1::ListRequestsReply { requests: desk.kept.clone(), ..Default::default() }))
    }

    async fn show_request(
        &self,
        request: Request<v1::ShowRequestRequest>,
    ) -> Result<Response<v1::ShowRequestReply>, Status> {
        let id = request.into_inner().request_id;
        let request = self.state().desk.kept.iter().find(|kept| kept.request_id == id).cloned();
        if request.is_none() {
            return Err(status("request-unknown"));
        }
        Ok(Response::new(v1::ShowRequestReply { request }))
    }

    async fn watch_requests(
        &self,
        _: Request<v1::WatchRequestsRequest>,
    ) -> Result<Response<Self::WatchRequestsStream>, Status> {
        let kept = self.state().desk.kept.clone();
        let events = kept.into_iter().map(|request| Ok(v1::RequestEvent { request: Some(request) }));
        let events: Vec<_> = events.chain([Err(status("agent-stopping"))]).collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(events))))
    }

    async fn fetch_document(
        &self,
        _: Request<v1::FetchDocumentRequest>,
    ) -> Result<Response<Self::FetchDocumentStream>, Status> {
        let document = self.state().desk.document.clone();
        let chunks: Vec<_> =
            document.chunks(7).map(|chunk| Ok(v1::FetchDocumentEvent { chunk: chunk.to_vec() })).collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }
}

impl Desk {
    /// What a review of this request tells; None where it is none of the office.
    pub(super) fn prepared(&self, request_id: &str) -> Option<(v1::KeptRequest, v1::Prepared)> {
        let kept = self.kept.iter().find(|kept| kept.request_id == request_id)?;
        let binding: serde_json::Value = serde_json::from_str(&kept.binding).unwrap();
        let text = |name: &str| binding[name].as_str().unwrap().to_owned();
        let copies = u32::try_from(binding["copies"].as_u64().unwrap()).unwrap();
        let prepared = v1::Prepared {
            prepared_sha256: vec![8; 32],
            facts: Some(v1::Facts {
                size: self.document.len() as u64,
                sha256: Sha256::digest(&self.document).to_vec(),
                pages: self.pages.max(5),
                pdf_version: "1.7".into(),
                ..Default::default()
            }),
            boxes: vec![v1::Box {
                page: 5,
                left_um: 46_000,
                top_um: 68_000,
                width_um: 40_000,
                height_um: 40_000,
            }],
            seal_id: text("seal"),
            seal_name: kept.seal_name.clone(),
            reason: text("reason"),
            file_name: text("file_name"),
            document_class: text("class"),
            copies,
            copies_left: copies - kept.copies_used,
            applicant: kept.applicant_name.clone(),
            approvers: kept.tickets.iter().map(|ticket| ticket.name.clone()).collect(),
            ..Default::default()
        };
        Some((kept.clone(), prepared))
    }
}
