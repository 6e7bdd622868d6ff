//! OfficeService: acts in, the office out.

mod pages;

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{Digest, PersonId},
    office::{Finding, Grant, Notice, Person, SealEntry, Status as Employment, Training, TrainingState},
};
use sealkeeper_proto::v1::{
    self, DescribeOfficeReply, DescribeOfficeRequest, FileActReply, FileActRequest, FiledAct, ListActsReply,
    ListActsRequest, ListedAct, ShowOfficeReply, ShowOfficeRequest, file_act_reply,
    office_service_server::OfficeService,
};
use tonic::{Request, Response, Status};

use super::{caller, inspection, peer, status, tokens, wire, within};
use crate::{
    pipeline::{
        identify::Origin,
        ports::{
            ledger::{ActChoice, FiledRow},
            token::OnePin,
        },
    },
    service::{self, Callers, Failure, Filed, Permit, Service, named},
};

/// The handlers.
pub(super) struct Offices(pub(super) Arc<Service>);

/// Acts when no number is given.
const DEFAULT_LIMIT: u32 = 100;
/// Most acts of one call, or things of the office.
const MAX_LIMIT: u32 = 1000;
/// Things of the office when no number is given.
const DEFAULT_ENTITIES: u32 = 500;

#[tonic::async_trait]
impl OfficeService for Offices {
    async fn describe_office(
        &self,
        request: Request<DescribeOfficeRequest>,
    ) -> Result<Response<DescribeOfficeReply>, Status> {
        let (_, _permit) = self.carrier(&request, "describe-office").await?;
        let service = &self.0;
        let policy = service.policy.now();
        let in_force = policy.sha256();
        let signed = service.office().ok().and_then(|desk| desk.now().office.policy);
        let reading = service.policy.clone();
        let on_disk = tokio::task::spawn_blocking(move || match reading.on_disk() {
            Ok(sha256) => Some(sha256),
            Err(rejection) => rejection.sha256,
        });
        let on_disk = on_disk.await.ok().flatten();
        Ok(Response::new(DescribeOfficeReply {
            origin: service.ledger.identity().origin.clone(),
            solo: service.office().is_err(),
            policy_sha256: signed
                .filter(|signed| *signed == in_force)
                .map(|digest| digest.0.to_vec())
                .unwrap_or_default(),
            policy_file_sha256: on_disk.map(|digest| digest.0.to_vec()).unwrap_or_default(),
            act_lifetime_s: policy.office.act_lifetime_s,
            ticket_lifetime_s: policy.ticket_lifetime_s,
            policy_toml: policy.text().to_owned(),
        }))
    }

    async fn file_act(&self, request: Request<FileActRequest>) -> Result<Response<FileActReply>, Status> {
        within(self.0.limits.call, async {
            let (origin, permit) = self.carrier(&request, "file-act").await?;
            let mut asked = request.into_inner();
            // The PIN moves into a type that wipes it; what is left of the message is wiped when it is dropped.
            let pin = tokens::pin_or_pad(std::mem::take(&mut asked.pin)).map_err(status::of_reason)?;
            let pin = OnePin { pin, final_try: asked.final_try };
            let (act, attachment) = (std::mem::take(&mut asked.act), std::mem::take(&mut asked.attachment));
            let filed = self.0.file_act(origin, (act, attachment), pin, permit).await;
            let result = match filed {
                Ok(filed) => file_act_reply::Result::Filed(on_wire(&filed)),
                Err(Failure::Refused(refused)) => file_act_reply::Result::Refused(wire::refused(&refused)),
                Err(Failure::Fault(reason)) => return Err(status::of_reason(reason)),
            };
            Ok(Response::new(FileActReply { result: Some(result) }))
        })
        .await
    }

    async fn show_office(
        &self,
        request: Request<ShowOfficeRequest>,
    ) -> Result<Response<ShowOfficeReply>, Status> {
        let call = caller(&self.0, &request, "show-office").await?;
        let current = self.0.office().map_err(status::of_reason)?.now();
        let ShowOfficeRequest { limit, after } = request.get_ref();
        let after = match after.as_str() {
            "" => None,
            text => Some(pages::Place::parse(text).ok_or_else(|| status::bad_argument("after", text))?),
        };
        let limit = if *limit == 0 { DEFAULT_ENTITIES } else { *limit.min(&MAX_LIMIT) };
        let training = |who: &PersonId| self.0.training_of(&current.office, who);
        let findings = |entry: &SealEntry| self.0.findings_of_seal(entry);
        let (own, reader) = (&call.person().id, self.0.reader(&current, &call));
        let known = pages::Known { own, reader, training: &training, findings: &findings };
        let page = pages::page(&current.office, known, after.as_ref(), limit as usize);
        Ok(Response::new(page))
    }

    async fn list_acts(&self, request: Request<ListActsRequest>) -> Result<Response<ListActsReply>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "list-acts").await?;
            let asked = request.into_inner();
            let choice = choice(&asked)?;
            let limit = if asked.limit == 0 { DEFAULT_LIMIT } else { asked.limit.min(MAX_LIMIT) };
            let rows = self.0.acts(&call, choice, asked.from_seq, limit).await;
            let rows = rows.map_err(|failure| status::of_failure(&failure))?;
            let current = self.0.office().map_err(status::of_reason)?.now();
            let acts = rows.into_iter().map(|row| {
                let signer_name = current.name_of(&row.signer);
                listed(row, signer_name)
            });
            Ok(Response::new(ListActsReply { acts: acts.collect() }))
        })
        .await
    }
}

impl Offices {
    /// Whoever may open the socket may carry an act, and from afar whoever is registered, as often at once as any caller may ask for anything.
    async fn carrier<T>(
        &self,
        request: &Request<T>,
        operation: &'static str,
    ) -> Result<(Origin, Permit), Status> {
        let carrier = self.0.carrier(peer(request), operation).await;
        let (origin, sender) = carrier.map_err(|failure| status::of_failure(&failure))?;
        let leave = Callers::call(&self.0.callers, &sender);
        leave.map(|permit| (origin, permit)).map_err(|beyond| status::of_violation(&beyond))
    }
}

fn choice(asked: &ListActsRequest) -> Result<ActChoice, Status> {
    fn named<T: std::str::FromStr>(text: &str, field: &'static str) -> Result<Option<T>, Status>
    where
        T::Err: std::fmt::Display,
    {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error| status::bad_argument(field, error))
    }
    Ok(ActChoice {
        seal: named(&asked.seal_id, "seal_id")?,
        person: named(&asked.person_id, "person_id")?,
        request: named(&asked.request_id, "request_id")?,
        typ: named(&asked.typ, "typ")?,
        seen_by: None,
    })
}

fn on_wire(filed: &Filed) -> FiledAct {
    FiledAct {
        act_id: filed.act.to_string(),
        typ: filed.typ.to_owned(),
        seq: filed.committed.seq,
        leaf_hash: filed.committed.leaf.as_bytes().to_vec(),
        time_us: filed.committed.time_us,
        signer: filed.signer.to_string(),
        findings: filed.findings.iter().map(inspection::finding).collect(),
    }
}

fn listed(row: FiledRow, signer_name: String) -> ListedAct {
    ListedAct {
        filed: Some(FiledAct {
            act_id: row.act.to_string(),
            typ: row.typ,
            seq: row.seq,
            leaf_hash: row.leaf.as_bytes().to_vec(),
            time_us: row.time_us,
            signer: row.signer.to_string(),
            findings: Vec::new(),
        }),
        signer_name,
        act: row.text.unwrap_or_default(),
        seal_id: row.seal.map(|seal| seal.to_string()).unwrap_or_default(),
        request_id: row.request.map(|request| request.to_string()).unwrap_or_default(),
    }
}

fn person(person: &Person, is_caller: bool, training: Option<TrainingState>) -> v1::OfficePerson {
    v1::OfficePerson {
        person_id: person.id.to_string(),
        name: person.name.clone(),
        unit: person.unit.clone(),
        roles: person.roles.iter().map(named).collect(),
        key_ids: person.keys.iter().map(|key| key.thumbprint().to_string()).collect(),
        left_us: match person.status {
            Employment::Employed => 0,
            Employment::Left(us) => us,
        },
        is_caller,
        certificates_sha256: person.certificates.iter().map(|digest| digest.0.to_vec()).collect(),
        training: training.map(|state| state.code().to_owned()).unwrap_or_default(),
        trained_until_us: training.and_then(TrainingState::until_us).unwrap_or(0),
    }
}

fn grant(Grant { terms, by }: &Grant) -> v1::OfficeGrant {
    v1::OfficeGrant {
        person_id: terms.person.to_string(),
        seal_id: terms.seal.to_string(),
        classes: terms.classes.iter().cloned().collect(),
        copies_per_request: terms.copies_per_request,
        uses_per_day: terms.uses_per_day,
        from_minute: terms.hours.map_or(0, |hours| hours.from_minute),
        until_minute: terms.hours.map_or(0, |hours| hours.until_minute),
        until_s: terms.until_s,
        act_id: by.act.to_string(),
    }
}

fn seal(entry: &SealEntry, findings: &[service::Finding]) -> v1::OfficeSeal {
    let application = &entry.application;
    let made = entry.life.made();
    let bytes = |digest: Digest| digest.0.to_vec();
    let offer = entry.kept().and_then(|active| active.handing_over.as_ref());
    let certificate = entry.life.ended().and_then(|ended| ended.certificate.as_ref());
    let custodian = entry.custodian().unwrap_or(&application.custodian);
    v1::OfficeSeal {
        seal_id: entry.id().to_string(),
        name: application.name.clone(),
        unit: application.unit.clone(),
        kind: named(&application.kind),
        state: entry.life.state().to_owned(),
        custodian: custodian.to_string(),
        scope: application.scope.iter().cloned().collect(),
        purpose: application.purpose.clone(),
        width_um: application.width_um,
        height_um: application.height_um,
        picture_sha256: bytes(application.picture_sha256),
        object_sha256: made.map(|made| bytes(made.seal.object_sha256)).unwrap_or_default(),
        key_uri: made.map(|made| made.seal.key.clone()).unwrap_or_default(),
        certificate_uri: made.map(|made| made.seal.certificate.clone()).unwrap_or_default(),
        history: entry
            .history
            .iter()
            .map(|step| v1::SealStep {
                typ: step.typ.clone(),
                act_id: step.by.act.to_string(),
                person_id: step.by.by.to_string(),
                time_us: step.by.at_us,
                state: step.state.clone(),
            })
            .collect(),
        about: entry.about().to_string(),
        offered_to: offer.map(|offer| offer.to.to_string()).unwrap_or_default(),
        certificate_authority: certificate.map(|asked| asked.authority.clone()).unwrap_or_default(),
        certificate_asked_us: certificate.map_or(0, |asked| asked.asked.at_us),
        certificate_revoked_us: certificate
            .and_then(|asked| asked.revoked.as_ref())
            .map_or(0, |revoked| revoked.at_us),
        offer_accepted: offer.is_some_and(|offer| offer.accepted.is_some()),
        findings: findings.iter().map(inspection::finding).collect(),
    }
}

fn training(training: &Training) -> v1::OfficeTraining {
    v1::OfficeTraining {
        act_id: training.by.act.to_string(),
        person_id: training.given.person.to_string(),
        topic: training.given.topic.clone(),
        until_s: training.given.until_s,
        time_us: training.by.at_us,
    }
}

fn notice(notice: &Notice) -> v1::OfficeNotice {
    v1::OfficeNotice {
        act_id: notice.by.act.to_string(),
        seal_id: notice.seal.to_string(),
        what: named(&notice.what),
        text: notice.text.clone(),
        time_us: notice.by.at_us,
        head_acknowledged: notice.head.is_some(),
        office_acknowledged: notice.office.is_some(),
    }
}

fn finding(found: &Finding) -> v1::OfficeFinding {
    let answered = found.answered.as_ref();
    v1::OfficeFinding {
        act_id: found.by.act.to_string(),
        person_id: found.finding.person.to_string(),
        text: found.finding.text.clone(),
        due_s: found.finding.due_s,
        answer: answered.map(|(_, text)| text.clone()).unwrap_or_default(),
        answered_us: answered.map_or(0, |(by, _)| by.at_us),
        time_us: found.by.at_us,
    }
}
