//! Submit: the ask, the upload, and what the document turns out to be.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sealkeeper_domain::{
    identity::{Digest, PersonId, RequestId},
    office::{RequestFacts, Role},
    placement::SealBox,
    reason::Reason,
    refusal::{Violation, Violations},
    request::{Asked, Terms},
};

use sealkeeper_pades::{may_be_pdf, revision::InputDigest};

use super::{DocumentFacts, Failure, Finding, SeenRequest, Service, Subject, disk, joined};
use crate::{
    pipeline::{At, Stop, drafted::drafted, identify::Caller, inspect::Content, kept::KeptRequest},
    policy::Thresholds,
    spool::{Arrival, Incoming, Reservation, Spooled},
};

/// A request whose document is being received, or is there already.
pub(crate) struct Upload {
    pub(super) caller: Caller,
    pub(super) applicant: PersonId,
    pub(super) asked: Asked,
    pub(super) seal: String,
    pub(super) subject: Subject,
    pub(super) incoming: Option<Incoming>,
    /// Until the request is kept, or will never be.
    pub(super) arrival: Arrival,
    /// Likewise.
    pub(super) reservation: Reservation,
    /// When all of it has to be there.
    pub(super) due: Instant,
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
            Ok((applicant, incoming, reservation)) => {
                let due = self.due(asked.size);
                Ok(Upload { caller, applicant, asked, seal, subject, incoming, arrival, reservation, due })
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
    ) -> Result<(PersonId, Option<Incoming>, Reservation), Stop> {
        self.check_may_bring(caller).at("admit")?;
        self.check_clock().at("admit")?;
        let applicant = self.applicant(caller, applicant).at("admit")?;
        self.admitted(asked, seal, applicant.clone(), &self.policy.now())?;
        let most = self.limits.requests_per_person;
        let reservation = self.share_of(&caller.person().id, asked.size, Some(most)).await?;
        if self.spool.holds(asked.sha256) && self.has_had(caller, asked.sha256).await? {
            return Ok((applicant, None, reservation));
        }
        Ok((applicant, Some(self.receive(asked.size)?), reservation))
    }

    /// The auditor changes nothing, and a draft in anybody's name is a change (G2).
    fn check_may_bring(&self, caller: &Caller) -> Result<(), Violation> {
        let Ok(desk) = self.office() else { return Ok(()) };
        let (current, own) = (desk.now(), &caller.person().id);
        let audits = current.office.people.get(own).is_some_and(|person| person.is(Role::Auditor));
        if audits { Err(Violation::new(Reason::AuditorOnlyReads).with("person", own)) } else { Ok(()) }
    }

    /// Until when a document of this size has to be there: so long as it takes at the least rate, and the longest pause more. Whoever sends a byte now
    /// and then holds their room no longer than that.
    pub(crate) fn due(&self, size: u64) -> Instant {
        let at_least = Duration::from_secs(size / self.limits.upload_rate.max(1));
        Instant::now() + self.limits.upload_idle + at_least
    }

    /// Whether a document is one that the caller has had in hand, or may fetch anyway: then it need not be sent again, and its digest is checked all
    /// the same before it is used. Of any other a digest proves nothing, for whoever knows it would get the document by asking for it to be stamped.
    async fn has_had(&self, caller: &Caller, sha256: Digest) -> Result<bool, Stop> {
        let own = &caller.person().id;
        let sees_all = self.office().is_ok_and(|desk| desk.now().oversees(own));
        let by = (!sees_all).then(|| own.clone());
        Ok(self.ledger.knows_document(sha256, by).await?)
    }

    /// Room in the spool for a document of this size.
    pub(super) fn receive(&self, size: u64) -> Result<Incoming, Stop> {
        let limit = self.limits.spool;
        let full = |used| Violation::new(Reason::SpoolFull).with("used", used).with("limit", limit);
        self.spool.receive(size, limit).map_err(|error| disk("admit", &error))?.map_err(full).at("admit")
    }

    /// One person takes no more of the spool, and of the store, than a share: whoever brings a document, for whomever it is. So nobody uses up
    /// another's. What they are bringing at this moment counts as what they have here. `most`: how many open requests they may have, where this makes
    /// one more.
    pub(super) async fn share_of(
        &self,
        carrier: &PersonId,
        size: u64,
        most: Option<u32>,
    ) -> Result<Reservation, Stop> {
        let reservation = self.spool.reserve(carrier, size);
        let held = self.ledger.held_by(carrier.clone()).await?;
        let mut violations = Violations::new();
        if let Some(most) = most.filter(|most| held.requests >= u64::from(*most)) {
            violations.push(Violation::new(Reason::RequestsTooMany).with("limit", most));
        }
        let (share, all) =
            (self.limits.spool_per_person, held.bytes.saturating_add(reservation.in_progress()));
        if all > share {
            let used = all.saturating_sub(size);
            violations.push(Violation::new(Reason::SpoolShareFull).with("used", used).with("limit", share));
        }
        violations.into_result().at("admit")?;
        Ok(reservation)
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
            if Instant::now() > upload.due {
                return Err(Stop::Refused { stage: "upload", refusal: Reason::UploadSlow.into() });
            }
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
        // Arrival and reservation end after the request was kept.
        let Upload {
            caller,
            applicant,
            asked,
            seal,
            incoming,
            arrival: _arrival,
            reservation: _reserved,
            ..
        } = upload;
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
        let findings = self.inspection_warning(&request.seal).into_iter().chain(findings).collect();
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
        policy: &Thresholds,
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

/// Whether all of it is there.
pub(super) fn check_size(incoming: &Incoming, asked: &Asked) -> Result<(), Stop> {
    if incoming.size() == asked.size {
        return Ok(());
    }
    let short = Violation::new(Reason::DocumentSizeMismatch).with("announced", asked.size);
    Err(short.with("received", incoming.size())).at("upload")
}

/// What came has this digest, not the one announced.
pub(super) fn other_digest(digest: Digest) -> Violation {
    Violation::new(Reason::DocumentDigestMismatch).with("sha256", digest)
}

fn keep(incoming: Incoming, asked: &Asked) -> Result<(), Stop> {
    check_size(&incoming, asked)?;
    incoming.keep(asked.sha256).map_err(|error| disk("upload", &error))?.map_err(other_digest).at("upload")
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
