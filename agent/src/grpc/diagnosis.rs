//! DiagnosisService.

use std::sync::Arc;

use sealkeeper_domain::reason::Language;
use sealkeeper_proto::v1::{
    self, DiagnoseReply, DiagnoseRequest, diagnosis_service_server::DiagnosisService,
};
use tonic::{Request, Response, Status};

use super::{caller, inspection::severity_code, within};
use crate::service::{Check, Found, Service};

/// The handler.
pub(super) struct Diagnosis(pub(super) Arc<Service>);

#[tonic::async_trait]
impl DiagnosisService for Diagnosis {
    async fn diagnose(&self, request: Request<DiagnoseRequest>) -> Result<Response<DiagnoseReply>, Status> {
        within(self.0.limits.call, async {
            let _call = caller(&self.0, &request, "diagnose").await?;
            let checks = self.0.diagnose().await.into_iter().map(on_wire).collect();
            Ok(Response::new(DiagnoseReply { agent_version: env!("CARGO_PKG_VERSION").to_owned(), checks }))
        })
        .await
    }
}

fn on_wire(check: Check) -> v1::Check {
    let told = |details: &std::collections::BTreeMap<&'static str, String>| {
        details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    };
    match check.found {
        Found::Well { zh, en, details } => v1::Check {
            subject: check.subject,
            severity: "ok".to_owned(),
            text_zh: zh,
            text_en: en,
            details: told(&details),
            ..v1::Check::default()
        },
        Found::Wrong { severity, violation } => v1::Check {
            subject: check.subject,
            severity: severity_code(severity).to_owned(),
            reason: violation.reason.code().to_owned(),
            text_zh: violation.reason.text(Language::Chinese).to_owned(),
            text_en: violation.reason.text(Language::English).to_owned(),
            hint_zh: violation.reason.hint(Language::Chinese).to_owned(),
            hint_en: violation.reason.hint(Language::English).to_owned(),
            details: told(&violation.details),
        },
    }
}
