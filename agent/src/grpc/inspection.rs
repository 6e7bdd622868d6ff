//! TokenService.InspectToken, and findings as the contract tells them.

use std::sync::Arc;

use sealkeeper_domain::{
    pin::Pin,
    reason::{Language, Reason},
};
use sealkeeper_journal::Severity;
use sealkeeper_proto::v1::{self, InspectTokenReply, InspectTokenRequest};
use tonic::{Request, Response, Status};

use super::{Admitted, caller, status, tokens::serial, wire, within};
use crate::{
    pipeline::ports::token::{OnePin, PinOrPad},
    service::{Finding, Service},
};

/// The handler.
pub(super) async fn inspect_token(
    service: &Arc<Service>,
    request: Request<InspectTokenRequest>,
) -> Result<Response<InspectTokenReply>, Status> {
    within(service.limits.call, async {
        let Admitted { caller, permit } = caller(service, &request, "inspect-token").await?;
        let holder = caller.holder();
        let mut asked = request.into_inner();
        // The PIN moves into a type that wipes it; what is left of the message is wiped when it is dropped.
        let pin = Some(std::mem::take(&mut asked.pin)).filter(|pin| !pin.is_empty());
        let pin = pin.map(Pin::new).transpose();
        let pin =
            pin.map(|pin| pin.map(|pin| OnePin { pin: PinOrPad::Pin(pin), final_try: asked.final_try }));
        let serial = serial(&asked.token_serial)?;
        // A client that goes away does not stop it between a signature and its record.
        let inspecting = service.clone();
        let inspecting = tokio::spawn(async move {
            let inspection = inspecting.inspect(&caller, serial, pin).await;
            drop(permit);
            inspection
        });
        let inspection = inspecting
            .await
            .map_err(|_| status::of_reason(Reason::Internal))?
            .map_err(|failure| status::of_failure(&failure))?;
        Ok(Response::new(InspectTokenReply {
            passed: inspection.passed,
            findings: inspection.findings.iter().map(finding).collect(),
            journal_seq: inspection.journal_seq,
            token: inspection.token.as_ref().map(|token| wire::token(token, holder, service)),
        }))
    })
    .await
}

/// A finding with the table's texts.
pub(super) fn finding(finding: &Finding) -> v1::Finding {
    let Finding { severity, violation, seal } = finding;
    let reason = violation.reason;
    let page =
        violation.details.iter().find(|(key, _)| **key == "page").and_then(|(_, page)| page.parse().ok());
    v1::Finding {
        severity: severity_code(*severity).to_owned(),
        reason: reason.code().to_owned(),
        page: page.unwrap_or_default(),
        text_zh: reason.text(Language::Chinese).to_owned(),
        text_en: reason.text(Language::English).to_owned(),
        hint_zh: reason.hint(Language::Chinese).to_owned(),
        hint_en: reason.hint(Language::English).to_owned(),
        seal_id: seal.as_ref().map(ToString::to_string).unwrap_or_default(),
        details: violation.details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    }
}

/// As the contract names it.
pub(super) fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Refuse => "refuse",
        Severity::Warn => "warn",
        Severity::Note => "note",
    }
}
