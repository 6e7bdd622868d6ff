//! Names, reasons, file names and texts of acts are kept as long as the policy says, and longer where something that is not over rests on them. Then
//! they are erased; the records stay, and so does every proof.

use std::collections::BTreeSet;

use sealkeeper_domain::{
    identity::{ActId, Digest, PersonId, RequestId, SealId},
    office::{Change, Office, SealLife},
};
use sealkeeper_journal::{Record, RecordBody};
use uuid::Uuid;

use super::Service;
use crate::pipeline::ports::ledger::{ActChoice, Erasure, FileError, LedgerError, RequestChoice};

/// Records looked at in one go, and erased in one transaction: nobody who writes waits for long.
const AT_ONCE: u32 = 256;

/// On what something rests that is not over.
#[derive(Default)]
struct Needed {
    /// Requests that are kept still.
    requests: BTreeSet<Uuid>,
    /// Acts that grants, reports nobody has closed, findings nobody has answered and the policy in force rest on.
    acts: BTreeSet<Uuid>,
    /// Seals that are neither refused nor destroyed: all acts of their lives.
    seals: BTreeSet<SealId>,
    /// Who is employed: the acts that say which keys are theirs.
    people: BTreeSet<PersonId>,
    /// Pictures and objects of those seals.
    attachments: BTreeSet<Digest>,
}

impl Needed {
    fn of(office: &Office) -> Self {
        let id = |act: ActId| act.uuid();
        let mut needed = Needed::default();
        needed.acts.extend(office.grants.values().map(|grant| id(grant.by.act)));
        let open = office.notices.values().filter(|notice| notice.head.is_none() || notice.office.is_none());
        needed.acts.extend(open.map(|notice| id(notice.by.act)));
        let open = office.findings.values().filter(|finding| finding.answered.is_none());
        needed.acts.extend(open.map(|finding| id(finding.by.act)));
        let employed = office.people.values().filter(|person| person.is_employed());
        needed.people.extend(employed.map(|person| person.id.clone()));
        for entry in office.seals.values() {
            if matches!(entry.life, SealLife::Refused(_) | SealLife::Destroyed { .. }) {
                continue;
            }
            needed.seals.insert(entry.id().clone());
            needed.attachments.insert(entry.application.picture_sha256);
            needed.attachments.extend(entry.life.made().map(|made| made.seal.object_sha256));
        }
        needed
    }

    /// Whether something rests on this record.
    fn holds(&self, body: &RecordBody) -> bool {
        let request = |id: &Option<Uuid>| id.is_some_and(|id| self.requests.contains(&id));
        match body {
            RecordBody::Act(filed) => {
                let typ = filed.typ.as_str();
                let whose = filed.person.as_ref().unwrap_or(&filed.signer.id);
                let of_seal = || filed.seal.as_ref().and_then(|seal| seal.as_str().parse().ok());
                self.acts.contains(&filed.act)
                    || request(&filed.request)
                    || (typ.starts_with("seal-") && of_seal().is_some_and(|seal| self.seals.contains(&seal)))
                    || (typ == "person-register"
                        && whose.as_str().parse().is_ok_and(|whose: PersonId| self.people.contains(&whose)))
            }
            RecordBody::RequestDrafted(drafted) => self.requests.contains(&drafted.request_id),
            RecordBody::Intent(intent) => self.requests.contains(&intent.request_id),
            RecordBody::Refused(refused) => request(&refused.request_id),
            _ => false,
        }
    }
}

impl Service {
    /// Erases what the policy no longer keeps. What could not be erased now is the next time.
    pub(crate) async fn erase_outdated(&self) {
        let kept_us = self.policy.now().personal_data_ms.saturating_mul(1000);
        let before_us = self.clock.now_us().saturating_sub(kept_us);
        match self.erase_before(before_us).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "names and texts were erased after their retention"),
            Err(error) => tracing::error!(%error, "names and texts cannot be erased after their retention"),
        }
        match self.forget_before(before_us).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "rows of the office were rid of names and texts"),
            Err(error) => tracing::error!(?error, "rows of the office still hold names and texts"),
        }
    }

    /// Rids the office's rows of what stood in the acts too: names of who has left, texts of what is closed. Tells of how many.
    async fn forget_before(&self, before_us: u64) -> Result<usize, FileError> {
        let Ok(desk) = self.office() else { return Ok(0) };
        // No act is judged by rows that are about to be others.
        let filing = desk.filing().await;
        let rows = desk.now().office.outdated(before_us);
        let count = rows.len();
        if count > 0 {
            self.ledger.forget(rows.clone()).await?;
            // A crash here leaves rows that the next start reads.
            filing.take_in(Change { entities: rows }, &*self.ledger).await;
        }
        Ok(count)
    }

    async fn erase_before(&self, before_us: u64) -> Result<u64, LedgerError> {
        let needed = self.needed().await?;
        let (mut from, mut count) = (0, 0);
        loop {
            let disclosed = self.ledger.disclosed(from, AT_ONCE).await?;
            let Some(last) = disclosed.last() else { return Ok(count) };
            from = last.seq.saturating_add(1);
            let mut erasure = Erasure { records: Vec::new(), attachments: Vec::new(), before_us };
            let mut reached = false;
            for stored in &disclosed {
                let record = Record::parse(&stored.bytes);
                let record = record.map_err(|error| LedgerError::Read(error.to_string()))?;
                // By `seq`, not by time: where the clock was set back, what follows waits until this one's time is over too.
                reached = record.time_us >= before_us;
                if reached {
                    break;
                }
                if needed.holds(&record.body) {
                    continue;
                }
                erasure.records.push(record.seq);
                if let RecordBody::Act(filed) = &record.body {
                    let attached = filed.attachment_sha256.map(|sha256| Digest(*sha256.as_bytes()));
                    erasure
                        .attachments
                        .extend(attached.filter(|sha256| !needed.attachments.contains(sha256)));
                }
            }
            if !erasure.records.is_empty() {
                count += self.ledger.erase(erasure).await?;
            }
            if reached {
                return Ok(count);
            }
        }
    }

    async fn needed(&self) -> Result<Needed, LedgerError> {
        let mut needed = match self.office() {
            Ok(desk) => Needed::of(&desk.now().office),
            Err(_) => Needed::default(),
        };
        let policies = ActChoice { typ: Some("policy".into()), ..ActChoice::default() };
        let policies = self.ledger.acts(policies, 0, u32::MAX).await?;
        needed.acts.extend(policies.last().map(|policy| policy.act.uuid()));
        let mut after: Option<(u64, RequestId)> = None;
        loop {
            let choice = RequestChoice { after, ..RequestChoice::default() };
            let rows = self.ledger.requests(choice, AT_ONCE).await?;
            needed.requests.extend(rows.iter().map(|kept| kept.id.uuid()));
            match rows.last() {
                Some(last) => after = Some((last.created_us, last.id)),
                None => return Ok(needed),
            }
        }
    }
}
