//! A report of what does not add up (S2), from an agent: its records page by page, and the office beside them.

use std::collections::{BTreeMap, BTreeSet};

use sealkeeper_domain::act::jws::UnverifiedJws;
use sealkeeper_domain::pkcs11_uri::ObjectUri;
use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::audit::{
    CertificateView, Entry, FindingView, GrantView, Hours, NoticeView, OfficeView, PersonView, SealView,
    TicketRow, TrainingView,
};
use sealkeeper_journal::{Checker, Record, RecordBody, Report};
use sealkeeper_proto::v1;
use serde_json::Value;

use crate::connection::answered;
use crate::error::ClientError;
use crate::{Agent, CheckedRecord, Selection};

/// Records of one page.
const PAGE: u32 = 5_000;

/// A journal as an agent showed it, and what the check of it found.
#[derive(Debug)]
pub struct Verified {
    /// What the agent said its head is.
    pub head: v1::ShowHeadReply,
    /// What the records gave.
    pub report: Report,
}

impl Verified {
    /// Whether the records are consistent in themselves, as many as the head says, and give its root hash and origin.
    pub fn is_right(&self) -> bool {
        self.report.faults.is_empty() && self.has_head()
    }

    /// Whether the records are those of the head.
    pub fn has_head(&self) -> bool {
        let Report { size, root, origin, .. } = &self.report;
        *size == self.head.tree_size
            && root.as_bytes()[..] == self.head.root_hash[..]
            && origin.as_deref().is_none_or(|origin| origin == self.head.origin)
    }
}

impl Agent {
    /// The journal as durable now.
    ///
    /// # Errors
    /// A fault, or a lost connection.
    pub async fn journal_head(&self) -> Result<v1::ShowHeadReply, ClientError> {
        answered(self.journal_service().show_head(v1::ShowHeadRequest {}).await)
    }

    /// Every record below `size`, from the first, given to `take` one by one; read in pages, so that no call is long.
    ///
    /// # Errors
    /// [`Reason::AnswerBad`] where one is missing; those of [`Agent::records`].
    pub async fn each_record(
        &self,
        size: u64,
        mut take: impl FnMut(CheckedRecord),
    ) -> Result<(), ClientError> {
        let mut next = 0;
        while next < size {
            let most = u32::try_from(size - next).unwrap_or(PAGE).min(PAGE);
            let page = self.records(Selection::From(next, most)).await?;
            if page.is_empty() {
                return Err(missing(next));
            }
            for record in page {
                if record.seq != next {
                    return Err(missing(next));
                }
                next += 1;
                take(record);
            }
        }
        Ok(())
    }

    /// Reads the whole journal and checks it against the agent's head.
    ///
    /// # Errors
    /// Those of [`Agent::each_record`]. What is wrong with the journal is no error but told.
    pub async fn verify_journal(&self) -> Result<Verified, ClientError> {
        let head = self.journal_head().await?;
        let mut checker = Checker::default();
        self.each_record(head.tree_size, |record| checker.push(&record.bytes)).await?;
        Ok(Verified { head, report: checker.finish() })
    }
}

fn missing(seq: u64) -> ClientError {
    ClientError::local(Reason::AnswerBad, format_args!("record {seq} was left out"))
}

/// A record for the report, with the tickets and roles that came with it and are what it stands for; none where this version does not know
/// its type.
pub fn entry(checked: &CheckedRecord) -> Option<Entry> {
    let record = checked.record.clone()?;
    Some(Entry { tickets: tickets(&record, checked), roles: roles(&record, checked), record })
}

fn tickets(record: &Record, checked: &CheckedRecord) -> Option<Vec<TicketRow>> {
    let RecordBody::Intent(intent) = &record.body else { return None };
    if intent.tickets.count == 0 {
        return Some(Vec::new());
    }
    let list = checked.lists.get("tickets")?;
    if intent.tickets.matches(list) { serde_json::from_slice(list).ok() } else { None }
}

fn roles(record: &Record, checked: &CheckedRecord) -> Option<BTreeSet<String>> {
    match &record.body {
        RecordBody::Act(filed) if filed.typ.as_str() == "person-register" => {}
        _ => return None,
    }
    // The agent verified its signature when it was filed; that this is the text it filed, the commitment says.
    let act = UnverifiedJws::parse(checked.disclosed.get("text")?).ok()?;
    let roles = act.unverified_claims().get("roles")?.as_array()?;
    roles.iter().map(|role| role.as_str().map(str::to_owned)).collect()
}

/// The office for the report.
pub fn office_view(office: &v1::ShowOfficeReply) -> OfficeView {
    let some = |us: u64| (us != 0).then_some(us);
    OfficeView {
        people: office
            .people
            .iter()
            .map(|person| PersonView {
                person: person.person_id.clone(),
                roles: person.roles.iter().cloned().collect(),
                left_us: some(person.left_us),
                training: training(person),
            })
            .collect(),
        grants: office
            .grants
            .iter()
            .map(|grant| GrantView {
                person: grant.person_id.clone(),
                seal: grant.seal_id.clone(),
                hours: (grant.until_minute != 0)
                    .then_some(Hours { from_minute: grant.from_minute, until_minute: grant.until_minute }),
            })
            .collect(),
        seals: office
            .seals
            .iter()
            .map(|seal| SealView {
                seal: seal.seal_id.clone(),
                state: seal.state.clone(),
                custodian: seal.custodian.clone(),
                token_serial: ObjectUri::parse(&seal.key_uri).ok().map(|uri| uri.serial.to_string()),
                certificate: certificate(seal),
            })
            .collect(),
        notices: office
            .notices
            .iter()
            .map(|notice| NoticeView {
                act: notice.act_id.clone(),
                seal: notice.seal_id.clone(),
                what: notice.what.clone(),
                time_us: notice.time_us,
                head_acknowledged: notice.head_acknowledged,
                office_acknowledged: notice.office_acknowledged,
            })
            .collect(),
        findings: office
            .findings
            .iter()
            .map(|finding| FindingView {
                act: finding.act_id.clone(),
                person: finding.person_id.clone(),
                time_us: finding.time_us,
                due_us: finding.due_s.saturating_mul(1_000_000),
                answered_us: some(finding.answered_us),
            })
            .collect(),
    }
}

/// How a custodian's training stands, where the policy asks for it.
fn training(person: &v1::OfficePerson) -> Option<TrainingView> {
    match person.training.as_str() {
        "" => None,
        "missing" => Some(TrainingView::Missing),
        _ => Some(TrainingView::Until(person.trained_until_us)),
    }
}

/// What became of the certificate of a seal that was revoked (R1).
fn certificate(seal: &v1::OfficeSeal) -> Option<CertificateView> {
    let revoked = seal.history.iter().find(|step| step.typ == "seal-revoke")?;
    let us = seal.certificate_asked_us;
    Some(CertificateView {
        act: revoked.act_id.clone(),
        seal_revoked_us: revoked.time_us,
        asked: (us != 0).then(|| (seal.certificate_authority.clone(), us)),
        revoked_us: (seal.certificate_revoked_us != 0).then_some(seal.certificate_revoked_us),
    })
}

/// Names by id, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Of people.
    pub people: BTreeMap<String, String>,
    /// Of seals.
    pub seals: BTreeMap<String, String>,
}

impl Names {
    /// Learns the names a record discloses; a later record's name takes the place of an earlier one's.
    pub fn learn(&mut self, checked: &CheckedRecord) {
        for (path, name) in &checked.disclosed {
            if let Some(person) = path.strip_suffix(".name")
                && let Some(id) = checked.value.pointer(&format!("/{}/id", person.replace('.', "/")))
                && let Some(id) = Value::as_str(id)
            {
                self.people.insert(id.to_owned(), name.clone());
            }
        }
    }

    /// Learns the names of an office as it stands.
    pub fn learn_office(&mut self, office: &v1::ShowOfficeReply) {
        self.people.extend(office.people.iter().map(|one| (one.person_id.clone(), one.name.clone())));
        self.seals.extend(office.seals.iter().map(|one| (one.seal_id.clone(), one.name.clone())));
    }
}
