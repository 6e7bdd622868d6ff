//! SealService.

use std::sync::Arc;

use sealkeeper_domain::{
    office::{SealEntry, SealLife},
    reason::Reason,
};
use sealkeeper_proto::v1::{
    ListSealsReply, ListSealsRequest, Seal, ShowSealReply, ShowSealRequest, seal_service_server::SealService,
};
use tonic::{Request, Response, Status};
use x509_cert::{Certificate, der::Decode};

use super::{caller, status, within};
use crate::{
    pipeline::ports::registry::RegisteredSeal,
    service::{KnownSeal, Service},
};

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
            for known in self.0.known_seals() {
                seals.push(self.describe(&known).await.0);
            }
            Ok(Response::new(ListSealsReply { seals }))
        })
        .await
    }

    async fn show_seal(&self, request: Request<ShowSealRequest>) -> Result<Response<ShowSealReply>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "show-seal").await?;
            let known = self.0.known_seal(&request.get_ref().seal).map_err(status::of_reason)?;
            let (mut seal, certificate) = self.describe(&known).await;
            let sees = self.0.sees_of(&call, &known);
            if let Some(entry) = &known.entry {
                let why = self.0.why(entry).await.map_err(|failure| status::of_failure(&failure))?;
                seal.state_reason = why.code;
                if sees.affairs {
                    seal.state_text = why.text;
                }
            }
            let mut certificates_der: Vec<_> = certificate.into_iter().collect();
            let mut picture_png = Vec::new();
            if let Some(Ok(registered)) = &known.registered {
                certificates_der.extend(registered.issuers.iter().cloned());
                if sees.picture {
                    picture_png.clone_from(&registered.picture_file);
                }
            }
            Ok(Response::new(ShowSealReply { seal: Some(seal), picture_png, certificates_der }))
        })
        .await
    }
}

impl Seals {
    /// The seal as it stands now, with its certificate if the token is there.
    async fn describe(&self, known: &KnownSeal) -> (Seal, Option<Vec<u8>>) {
        let mut described = known.entry.as_ref().map(of_life).unwrap_or_default();
        let registered = match &known.registered {
            Some(Ok(registered)) => registered,
            Some(Err(reason)) => {
                described.problems.push(reason.code().to_owned());
                return (described, None);
            }
            None => return (described, None),
        };
        of_object(&mut described, registered);
        if matches!(known.entry.as_ref().map(|entry| &entry.life), Some(SealLife::Destroyed { .. })) {
            // Its key is gone, and what its token looks like now is nothing of its.
            return (described, None);
        }
        let is_live = known.entry.as_ref().is_none_or(|entry| entry.life.is_live());
        let certificate = self.on_token(&mut described, registered, is_live).await;
        (described, certificate)
    }

    /// What its token tells, and the certificate on it. What is wrong there is no problem of a seal that has ended.
    async fn on_token(
        &self,
        described: &mut Seal,
        registered: &RegisteredSeal,
        is_live: bool,
    ) -> Option<Vec<u8>> {
        let problem = |described: &mut Seal, reason: Reason| {
            if is_live {
                described.problems.push(reason.code().to_owned());
            }
        };
        if let Err(violation) = self.0.check_inspection(&registered.seal.key.serial) {
            problem(described, violation.reason);
        }
        let wanted = registered.on_token(self.0.clock.now_us());
        let key = match self.0.token.describe(wanted, self.0.limits.token).await {
            Ok(key) => key,
            Err(error) => {
                problem(described, error.reason);
                return None;
            }
        };
        match registered.object_digest(&key.certificate, self.0.clock.now_us()) {
            Ok(digest) => described.object_sha256 = digest.0.to_vec(),
            Err(violation) => problem(described, violation.reason),
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
                    problem(described, Reason::CertificateNotYetValid);
                }
                if now > described.not_after_s {
                    problem(described, Reason::CertificateExpired);
                }
            }
            Err(_) => problem(described, Reason::CertificateBad),
        }
        Some(key.certificate)
    }
}

/// What acts have made of it.
fn of_life(entry: &SealEntry) -> Seal {
    let (application, made) = (&entry.application, entry.life.made());
    let certificate = entry.life.ended().and_then(|ended| ended.certificate.as_ref());
    Seal {
        id: entry.id().to_string(),
        name: application.name.clone(),
        unit: application.unit.clone(),
        width_um: application.width_um,
        height_um: application.height_um,
        key_uri: made.map(|made| made.seal.key.clone()).unwrap_or_default(),
        certificate_uri: made.map(|made| made.seal.certificate.clone()).unwrap_or_default(),
        object_sha256: made.map(|made| made.seal.object_sha256.0.to_vec()).unwrap_or_default(),
        problems: entry.life.active().err().map(|reason| reason.code().to_owned()).into_iter().collect(),
        state: entry.life.state().to_owned(),
        state_since_us: since_us(entry),
        certificate_authority: certificate.map(|asked| asked.authority.clone()).unwrap_or_default(),
        certificate_asked_us: certificate.map_or(0, |asked| asked.asked.at_us),
        certificate_revoked_us: certificate
            .and_then(|asked| asked.revoked.as_ref())
            .map_or(0, |revoked| revoked.at_us),
        ..Seal::default()
    }
}

/// When it came to be in the state it is in: the first of the last steps that left it there.
fn since_us(entry: &SealEntry) -> u64 {
    let state = entry.life.state();
    let steps = entry.history.iter().rev().take_while(|step| step.state == state);
    steps.last().map_or(entry.applied.at_us, |step| step.by.at_us)
}

/// What its object says, or the configuration of a solo journal.
fn of_object(described: &mut Seal, registered: &RegisteredSeal) {
    let seal = &registered.seal;
    described.id = seal.id.to_string();
    described.name.clone_from(&seal.name);
    described.unit.clone_from(&seal.unit);
    (described.width_um, described.height_um) = (seal.size.width_um(), seal.size.height_um());
    (described.key_uri, described.certificate_uri) = (seal.key.to_string(), seal.certificate.to_string());
    described.token_serial = seal.key.serial.to_string();
}
