//! DiagnosisService.

use sealkeeper_proto::v1::{DiagnoseReply, DiagnoseRequest, diagnosis_service_server::DiagnosisService};
use tonic::{Request, Response, Status};

use super::not_yet::not_yet;

/// The handler.
pub(super) struct Diagnosis;

#[tonic::async_trait]
impl DiagnosisService for Diagnosis {
    async fn diagnose(&self, _: Request<DiagnoseRequest>) -> Result<Response<DiagnoseReply>, Status> {
        not_yet("Diagnose")
    }
}
