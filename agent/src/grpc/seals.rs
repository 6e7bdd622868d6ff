//! SealService.

use std::sync::Arc;

use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{
    ListSealsReply, ListSealsRequest, Seal, ShowSealReply, ShowSealRequest, seal_service_server::SealService,
};
use tonic::{Request, Response, Status};
use x509_cert::{Certificate, der::Decode};

use super::{caller, status, within};
use crate::{pipeline::ports::registry::RegisteredSeal, service::Service};

/// The handlers.
pub(super) struct Seals(pub(super) Arc<Service>);

#[tonic::async_trait]
impl SealService for Seals {
    async fn list_seals(
        &self,
        request: Request<ListSealsRequest>,
    ) -> Result<Response<ListSealsReply>, Status> {
        within(self.0.limits.call, async {
            let _call = caller(&self.0, &request, "list-seals").await?;
            let mut seals = Vec::new();
            for registered in self.0.registry.all() {
                seals.push(self.describe(&registered).await?.0);
            }
            Ok(Response::new(ListSealsReply { seals }))
        })
        .await
    }

    async fn show_seal(&self, request: Request<ShowSealRequest>) -> Result<Response<ShowSealReply>, Status> {
        within(self.0.limits.call, async {
            let _call = caller(&self.0, &request, "show-seal").await?;
            let found = self.0.registry.find(&request.get_ref().seal);
            let registered = found.map_err(status::of_reason)?;
            let (seal, certificate) = self.describe(&registered).await?;
            let mut certificates_der: Vec<_> = certificate.into_iter().collect();
            certificates_der.extend(registered.issuers.iter().cloned());
            let picture_png = registered.picture_file.clone();
            Ok(Response::new(ShowSealReply { seal: Some(seal), picture_png, certificates_der }))
        })
        .await
    }
}

impl Seals {
    /// The seal as it stands now, with its certificate if the token is there.
    async fn describe(&self, registered: &RegisteredSeal) -> Result<(Seal, Option<Vec<u8>>), Status> {
        let seal = &registered.seal;
        let wanted = registered.on_token(self.0.clock.now_us());
        let mut described = Seal {
            id: seal.id.to_string(),
            name: seal.name.clone(),
            unit: seal.unit.clone(),
            width_um: seal.size.width_um(),
            height_um: seal.size.height_um(),
            key_uri: seal.key.to_string(),
            certificate_uri: seal.certificate.to_string(),
            token_serial: seal.key.serial.to_string(),
            ..Seal::default()
        };
        if let Err(violation) = self.0.check_inspection(&seal.key.serial) {
            described.problems.push(violation.reason.code().to_owned());
        }
        let key = match self.0.token.describe(wanted, self.0.limits.token).await {
            Ok(key) => key,
            Err(error) => {
                described.problems.push(error.reason.code().to_owned());
                return Ok((described, None));
            }
        };
        match registered.object_digest(&key.certificate, self.0.clock.now_us()) {
            Ok(digest) => described.object_sha256 = digest.0.to_vec(),
            Err(violation) => described.problems.push(violation.reason.code().to_owned()),
        }
        match Certificate::from_der(&key.certificate) {
            Ok(certificate) => {
                let validity = certificate.tbs_certificate().validity();
                let seconds = |time: x509_cert::time::Time| {
                    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
                };
                described.not_before_s = seconds(validity.not_before);
                described.not_after_s = seconds(validity.not_after);
                described.certificate_subject = certificate.tbs_certificate().subject().to_string();
                let now = i64::try_from(self.0.clock.now_us() / 1_000_000).unwrap_or(i64::MAX);
                if now < described.not_before_s {
                    described.problems.push(Reason::CertificateNotYetValid.code().to_owned());
                }
                if now > described.not_after_s {
                    described.problems.push(Reason::CertificateExpired.code().to_owned());
                }
            }
            Err(_) => described.problems.push(Reason::CertificateBad.code().to_owned()),
        }
        Ok((described, Some(key.certificate)))
    }
}
