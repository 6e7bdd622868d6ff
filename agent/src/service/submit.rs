//! Submit: the ask, the upload, and what the document turns out to be.

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{Digest, PersonId, RequestId},
    office::RequestFacts,
    placement::SealBox,
    policy::Policy,
    reason::Reason,
    refusal::{Violation, Violations},
    request::{Asked, Terms},
};

use sealkeeper_pades::{may_be_pdf, revision::InputDigest};

use super::{DocumentFacts, Failure, Finding, SeenRequest, Service, Subject, disk, joined, refusal};
use crate::{
    pipeline::{At, Stop, drafted::drafted, identify::Caller, inspect::Content, kept::KeptRequest},
    spool::{Arrival, Incoming, Spooled},
};

/// A request whose document is being received, or is there already.
pub(crate) struct Upload {
    caller: Caller,
    applicant: PersonId,
    asked: Asked,
    seal: String,
    subject: Subject,
    incoming: Option<Incoming>,
    /// Until the request is kept, or will never be.
    arrival: Arrival,
}

/// A request that is kept.
#[derive(Debug)]
pub(crate) struct Submitted {
    pub(crate) request: RequestId,
    pub(crate) document: DocumentFacts,
    /// What is worth knowing and no reason to refuse.
    pub(crate) findings: Vec<Finding>,
    pub(crate) seal_box: SealBox,
    pub(crate) expires_us: u64,
    /// Of an office journal: where it stands, and what its applicant has to sign.
    pub(crate) seen: Option<SeenRequest>,
}

impl Service {
    /// Everything that can be decided before the document is there.
    pub(crate) async fn begin_submit(
        &self,
        caller: Caller,
        asked: Asked,
        seal: String,
        applicant: &str,
    ) -> Result<Upload, Failure> {
        let subject = Subject::new("submit", &caller).seal(&seal).document(asked.sha256);
        // Before it is looked for in the spool: what is found there stays there.
        let arrival = self.spool.arrive(asked.sha256);
        match self.begin(&caller, &asked, &seal, applicant).await {
            Ok((applicant, incoming)) => {
                Ok(Upload { caller, applicant, asked, seal, subject, incoming, arrival })
            }
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn begin(
        &self,
        caller: &Caller,
        asked: &Asked,
        seal: &str,
        applicant: &str,
    ) -> Result<(PersonId, Option<Incoming>), Stop> {
        let applicant = self.applicant(caller, applicant).at("admit")?;
        self.admitted(asked, seal, applicant.clone(), &self.policy.now())?;
        self.check_share(&caller.person().id, asked).await?;
        // A document that some request in hand is for need not be sent again; its digest is checked all the same before it is used.
        if self.spool.holds(asked.sha256) && self.ledger.knows_document(asked.sha256).await? {
            return Ok((applicant, None));
        }
        let limit = self.limits.spool;
        match self.spool.receive(asked.size, limit).map_err(|error| disk("admit", &error))? {
            Ok(incoming) => Ok((applicant, Some(incoming))),
            Err(used) => {
                Err(Violation::new(Reason::SpoolFull).with("used", used).with("limit", limit)).at("admit")
            }
        }
    }

    /// One person takes no more of the spool, and of the store, than a share: whoever brings a document, for whomever it is. So nobody uses up
    /// another's. What is being uploaded at this moment is not counted; the limit on uploads of one caller bounds it.
    async fn check_share(&self, carrier: &PersonId, asked: &Asked) -> Result<(), Stop> {
        let held = self.ledger.held_by(carrier.clone()).await?;
        let (share, most) = (self.limits.spool_per_person, self.limits.requests_per_person);
        let mut violations = Violations::new();
        if held.requests >= u64::from(most) {
            violations.push(Violation::new(Reason::RequestsTooMany).with("limit", most));
        }
        if held.bytes.saturating_add(asked.size) > share {
            violations
                .push(Violation::new(Reason::SpoolShareFull).with("used", held.bytes).with("limit", share));
        }
        violations.into_result().at("admit")
    }

    /// Takes the next bytes of the document; more than announced is refused at once.
    pub(crate) async fn take_chunk(&self, mut upload: Upload, chunk: Vec<u8>) -> Result<Upload, Failure> {
        let size = upload.asked.size;
        let subject = upload.subject.clone();
        let written = tokio::task::spawn_blocking(move || {
            // Not asked for: the handlers read nothing of a caller whose document is known.
            let Some(incoming) = &mut upload.incoming else {
                return Err(Stop::Refused { stage: "upload", refusal: Reason::UploadOutOfOrder.into() });
            };
            if chunk.is_empty() || chunk.len() > sealkeeper_proto::MAX_CHUNK {
                return Err(Stop::Refused { stage: "upload", refusal: Reason::UploadOutOfOrder.into() });
            }
            if incoming.size() + chunk.len() as u64 > size {
                let more = Violation::new(Reason::DocumentSizeMismatch).with("announced", size);
                return Err(Stop::Refused { stage: "upload", refusal: more.into() });
            }
            match incoming.write(&chunk) {
                // A gigabyte that is no PDF need not be sent to its end.
                Ok(()) if !may_be_pdf(incoming.head()) => {
                    Err(Stop::Refused { stage: "upload", refusal: Reason::PdfNotAPdf.into() })
                }
                Ok(()) => Ok(upload),
                Err(error) => Err(disk("upload", &error)),
            }
        });
        match joined(written.await).and_then(|written| written) {
            Ok(upload) => Ok(upload),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    /// An upload that stopped for this reason.
    pub(crate) async fn upload_failed(&self, upload: Upload, reason: Reason) -> Failure {
        self.refuse(upload.subject, Stop::Refused { stage: "upload", refusal: reason.into() }).await
    }

    /// The document is there: what it is, whether the seal can go where it is asked to, and the request that is kept of it.
    pub(crate) async fn finish_submit(self: &Arc<Self>, upload: Upload) -> Result<Submitted, Failure> {
        let subject = upload.subject.clone();
        match self.finish(upload).await {
            Ok(submitted) => Ok(submitted),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn finish(self: &Arc<Self>, upload: Upload) -> Result<Submitted, Stop> {
        // The arrival ends after the request was kept.
        let Upload { caller, applicant, asked, seal, incoming, arrival: _arrival, .. } = upload;
        let policy = self.policy.now();
        let (id, created_us) = (RequestId::new(uuid::Uuid::new_v4()), self.clock.now_us());
        let expires_us = created_us.saturating_add(policy.request_lifetime_ms.saturating_mul(1000));
        let (service, carrier) = (self.clone(), caller.clone());
        let asked = match incoming {
            Some(incoming) => {
                let keeping = tokio::task::spawn_blocking(move || keep(incoming, &asked).map(|()| asked));
                joined(keeping.await)??
            }
            None => asked,
        };
        let read = self.examined(&asked, policy.document.clone()).await?;
        let judged = tokio::task::spawn_blocking(move || {
            service.judge(&carrier, (&asked, &seal), applicant, (id, expires_us), read, &policy)
        });
        let Judged { terms, document, seal_box, facts, findings } = joined(judged.await)??;
        let request = KeptRequest {
            id,
            seal: terms.seal.clone(),
            applicant: terms.applicant.clone(),
            carried_by: caller.person().id.clone(),
            asked: terms.into(),
            created_us,
            expires_us,
            copies_used: 0,
            facts,
        };
        let of_token =
            self.registry.by_id(&request.seal).ok().and_then(|found| self.inspection_warning(&found));
        let findings = of_token.into_iter().chain(findings).collect();
        let record = match &request.facts {
            Some(facts) => {
                let applicant = self.name_of_applicant(&request, &caller);
                Some(drafted(&request, facts, &applicant, &caller, &self.scribe)?)
            }
            None => None,
        };
        self.ledger.add_request(request.clone(), record).await?;
        self.request_changed(id);
        let seen = self.office().ok().and_then(|desk| self.seen(&desk.now(), request));
        Ok(Submitted { request: id, document, findings, seal_box, expires_us, seen })
    }

    /// All stages up to the approval, over the document in the spool.
    fn judge(
        &self,
        caller: &Caller,
        (asked, seal): (&Asked, &str),
        applicant: PersonId,
        (id, expires_us): (RequestId, u64),
        (spooled, input, content): (Spooled, InputDigest, Content),
        policy: &Policy,
    ) -> Result<Judged, Stop> {
        let read = (&spooled, input, content);
        let (placed, document) = self.place(asked, seal, applicant.clone(), read, policy)?;
        let findings = Finding::of_document(placed.findings());
        let (terms, seal_box) = (placed.terms().clone(), placed.seal_box());
        let facts = self.drafted(&placed, id, caller, &applicant, expires_us, policy)?;
        // What forbids a revision is told now, not when the custodian is asked.
        placed.check_revisable()?;
        if facts.is_none() {
            placed.approve_solo(policy).at("approve")?;
        }
        Ok(Judged { terms, document, seal_box, facts, findings })
    }
}

/// What became of a document that was submitted.
struct Judged {
    terms: Terms,
    document: DocumentFacts,
    seal_box: SealBox,
    facts: Option<RequestFacts>,
    findings: Vec<Finding>,
}

fn keep(incoming: Incoming, asked: &Asked) -> Result<(), Stop> {
    if incoming.size() != asked.size {
        let short = Violation::new(Reason::DocumentSizeMismatch)
            .with("announced", asked.size)
            .with("received", incoming.size());
        return Err(Stop::Refused { stage: "upload", refusal: refusal(short) });
    }
    let wrong = |digest: Digest| Violation::new(Reason::DocumentDigestMismatch).with("sha256", digest);
    incoming.keep(asked.sha256).map_err(|error| disk("upload", &error))?.map_err(wrong).at("upload")
}

impl Upload {
    /// Whether the document has to be sent.
    pub(crate) fn wanted(&self) -> bool {
        self.incoming.is_some()
    }

    /// Whether all announced bytes are there.
    pub(crate) fn is_whole(&self) -> bool {
        self.incoming.as_ref().is_none_or(|incoming| incoming.size() == self.asked.size)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_full_disk_and_a_used_up_quota_are_told_as_no_room() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            let stop = disk("upload", &kind.into());
            let Stop::Refused { stage: "upload", refusal } = stop else { panic!("{stop:?}") };
            assert_eq!(refusal.first().reason, Reason::SpoolFull);
        }
        assert!(matches!(disk("upload", &io::ErrorKind::PermissionDenied.into()), Stop::Fault(_)));
    }
}
