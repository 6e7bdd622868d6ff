//! What else the agent tells: its seals, and what is wrong.

use sealkeeper_proto::v1::{
    self, diagnosis_service_server::DiagnosisService, seal_service_server::SealService,
};
use tonic::{Request, Response, Status};

use super::{SERIAL, Service, Trouble, status};

fn seal() -> v1::Seal {
    v1::Seal {
        id: "contract".into(),
        name: "合同专用章".into(),
        unit: "示例科技有限公司".into(),
        width_um: 40_000,
        height_um: 38_500,
        key_uri: "pkcs11:serial=00aa11;id=%01".into(),
        certificate_uri: "pkcs11:serial=00aa11;object=contract".into(),
        certificate_subject: "CN=示例科技有限公司".into(),
        token_serial: SERIAL.into(),
        object_sha256: vec![0xab; 32],
        not_before_s: 1_700_000_000,
        // The end of RFC 5280 §4.1.2.5 for certificates without one.
        not_after_s: 253_402_300_799,
        ..Default::default()
    }
}

#[tonic::async_trait]
impl SealService for Service {
    async fn list_seals(
        &self,
        _: Request<v1::ListSealsRequest>,
    ) -> Result<Response<v1::ListSealsReply>, Status> {
        let ready = seal();
        let broken = v1::Seal {
            id: "finance".into(),
            name: "财务专用章".into(),
            problems: vec!["certificate-expired".into(), "from-a-later-version".into()],
            ..Default::default()
        };
        Ok(Response::new(v1::ListSealsReply { seals: vec![ready, broken] }))
    }

    async fn show_seal(
        &self,
        _: Request<v1::ShowSealRequest>,
    ) -> Result<Response<v1::ShowSealReply>, Status> {
        let seal = self.state().shown.clone().unwrap_or_else(seal);
        Ok(Response::new(v1::ShowSealReply { seal: Some(seal), ..Default::default() }))
    }
}

#[tonic::async_trait]
impl DiagnosisService for Service {
    async fn diagnose(&self, _: Request<v1::DiagnoseRequest>) -> Result<Response<v1::DiagnoseReply>, Status> {
        if self.state().takes(Trouble::FaultToken("internal")) {
            return Err(status("internal"));
        }
        let checks = self.state().checks.clone();
        Ok(Response::new(v1::DiagnoseReply { agent_version: "0.1.0".into(), checks }))
    }
}
