//! The office: roles (G2), notices (C4), findings (S3), custodians who have left (C2) or were not trained (C6), certificates that outlive their seal (R1).

use std::collections::{BTreeMap, BTreeSet};

use super::{Ground, Hours, Item, Kind};
use crate::{Record, RecordBody, Severity};

/// Of these roles nobody is two (G2).
const APART: [&str; 3] = ["seal-office", "custodian", "auditor"];
/// States of a seal in which somebody keeps it.
const KEPT: [&str; 2] = ["active", "suspended"];

/// The office as it stands, as far as a report needs it. Ids, roles and states are written as the contract writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeView {
    /// Who is registered.
    pub people: Vec<PersonView>,
    /// Who may use what.
    pub grants: Vec<GrantView>,
    /// Seals with their custodians.
    pub seals: Vec<SealView>,
    /// Reports (C4), open and closed.
    pub notices: Vec<NoticeView>,
    /// Findings (S3), open and answered.
    pub findings: Vec<FindingView>,
}

/// A person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonView {
    /// Id.
    pub person: String,
    /// Roles.
    pub roles: BTreeSet<String>,
    /// When they left, µs since the Unix epoch; none: they are employed.
    pub left_us: Option<u64>,
    /// How their training stands by the time the office was read, where the policy asks for it.
    pub training: Option<TrainingView>,
}

/// How a custodian's training stands (C6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingView {
    /// One counts, or counted, until then: µs since the Unix epoch.
    Until(u64),
    /// There never was one.
    Missing,
}

/// A grant (U1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantView {
    /// Whose.
    pub person: String,
    /// Of which seal.
    pub seal: String,
    /// Within which hours; none: any.
    pub hours: Option<Hours>,
}

/// A seal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealView {
    /// Id.
    pub seal: String,
    /// State.
    pub state: String,
    /// Its custodian.
    pub custodian: String,
    /// The token its key lies on.
    pub token_serial: Option<String>,
    /// Once it was revoked (R1): what became of its certificate.
    pub certificate: Option<CertificateView>,
}

/// The certificate of a seal that was revoked (R1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateView {
    /// The act that revoked the seal.
    pub act: String,
    /// When, µs since the Unix epoch.
    pub seal_revoked_us: u64,
    /// The authority, and when it was asked, µs since the Unix epoch; none: it was not.
    pub asked: Option<(String, u64)>,
    /// When it was said to have revoked the certificate, µs since the Unix epoch; none: not yet.
    pub revoked_us: Option<u64>,
}

/// A report (C4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeView {
    /// The act.
    pub act: String,
    /// Of which seal.
    pub seal: String,
    /// What.
    pub what: String,
    /// When, µs since the Unix epoch.
    pub time_us: u64,
    /// Whether the unit's head has taken note.
    pub head_acknowledged: bool,
    /// Whether the seal office has.
    pub office_acknowledged: bool,
}

/// A finding (S3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingView {
    /// The act.
    pub act: String,
    /// Who has to answer.
    pub person: String,
    /// When it was found, µs since the Unix epoch.
    pub time_us: u64,
    /// Until when, µs since the Unix epoch.
    pub due_us: u64,
    /// When it was answered, µs since the Unix epoch; none: not yet.
    pub answered_us: Option<u64>,
}

impl OfficeView {
    pub(super) fn has_live_seal_on(&self, serial: &str) -> bool {
        let live = self.seals.iter().filter(|seal| KEPT.contains(&seal.state.as_str()));
        live.into_iter().any(|seal| seal.token_serial.as_deref() == Some(serial))
    }
}

pub(super) fn look(ground: &Ground<'_>, items: &mut Vec<Item>) {
    if ground.wants_all() {
        roles(ground, items);
    }
    if let Some(office) = ground.office {
        items.extend(office.notices.iter().filter_map(|notice| open_notice(ground, notice)));
        if ground.wants_all() {
            items.extend(office.findings.iter().filter_map(|finding| told_finding(ground, finding)));
        }
        items.extend(office.seals.iter().filter_map(|seal| left_behind(ground, office, seal)));
        items.extend(office.seals.iter().filter_map(|seal| outlived(ground, seal)));
        if ground.wants_all() {
            items.extend(office.people.iter().filter_map(|person| untrained(ground, person)));
        }
    }
}

fn in_conflict(roles: &BTreeSet<String>) -> bool {
    let apart = roles.iter().filter(|role| APART.contains(&role.as_str())).count();
    // An auditor changes nothing, so they have no other role either.
    apart > 1 || (roles.contains("auditor") && roles.len() > 1)
}

/// People with roles that nobody has together: by the office as it stands, and by each registration whose text is there.
fn roles(ground: &Ground<'_>, items: &mut Vec<Item>) {
    let conflict = |roles: &BTreeSet<String>, item: Item, state: &'static str| {
        let roles: Vec<_> = roles.iter().map(String::as_str).collect();
        item.with("roles", roles.join(" ")).with("state", state)
    };
    let mut registered: BTreeMap<&str, &Record> = BTreeMap::new();
    let mut conflicting = Vec::new();
    let mut left = BTreeMap::new();
    for entry in ground.entries {
        let RecordBody::Act(filed) = &entry.record.body else { continue };
        let Some(person) = filed.person.as_ref().map(crate::Id::as_str) else { continue };
        match filed.typ.as_str() {
            "person-register" => {
                registered.insert(person, &entry.record);
                if let Some(roles) = entry.roles.as_ref().filter(|roles| in_conflict(roles)) {
                    conflicting.push((person, &entry.record, roles));
                }
            }
            "person-leave" => drop(left.insert(person, entry.record.seq)),
            _ => {}
        }
    }
    for (person, record, roles) in conflicting {
        let is_last = registered.get(person).is_some_and(|last| last.seq == record.seq);
        let is_employed = left.get(person).is_none_or(|left| *left < record.seq);
        let stands = is_last && is_employed;
        // The office as it stands tells of it itself.
        let is_told = stands && ground.office.is_some();
        let is_in_time =
            if stands { record.time_us < ground.terms.until_us } else { ground.terms.holds(record.time_us) };
        if is_in_time && !is_told {
            let (severity, state) =
                if stands { (Severity::Refuse, "stands") } else { (Severity::Warn, "past") };
            let item = Item::at(Kind::RolesInConflict, severity, record).person(person);
            items.push(conflict(roles, item, state));
        }
    }
    let people = ground.office.into_iter().flat_map(|office| &office.people);
    for person in people.filter(|person| person.left_us.is_none() && in_conflict(&person.roles)) {
        let item = match registered.get(person.person.as_str()) {
            Some(record) => Item::at(Kind::RolesInConflict, Severity::Refuse, record),
            // The first person of the seal office was registered by no act.
            None => Item::new(Kind::RolesInConflict, Severity::Refuse, ground.terms.moment_us()),
        };
        if item.time_us <= ground.terms.until_us {
            items.push(conflict(&person.roles, item.person(&person.person), "stands"));
        }
    }
}

fn open_notice(ground: &Ground<'_>, notice: &NoticeView) -> Option<Item> {
    let missing: Vec<_> =
        [(notice.head_acknowledged, "unit-head"), (notice.office_acknowledged, "seal-office")]
            .into_iter()
            .filter_map(|(is_done, who)| (!is_done).then_some(who))
            .collect();
    if missing.is_empty() || notice.time_us >= ground.terms.until_us || !ground.wants(Some(&notice.seal)) {
        return None;
    }
    let item = Item::new(Kind::NoticeOpen, Severity::Warn, notice.time_us).seal(&notice.seal);
    let item = Item { seq: ground.act(&notice.act), ..item };
    Some(item.with("act", &notice.act).with("what", &notice.what).with("missing", missing.join(" ")))
}

fn told_finding(ground: &Ground<'_>, finding: &FindingView) -> Option<Item> {
    let terms = ground.terms;
    let is_late = |by_us: u64| finding.due_us < by_us;
    let (kind, severity) = match finding.answered_us {
        Some(answered) if !terms.holds(answered) => return None,
        Some(answered) if is_late(answered) => (Kind::FindingOverdue, Severity::Warn),
        Some(_) => (Kind::FindingAnswered, Severity::Note),
        None if finding.time_us >= terms.until_us => return None,
        None if is_late(terms.moment_us()) => (Kind::FindingOverdue, Severity::Refuse),
        None => (Kind::FindingOpen, Severity::Note),
    };
    let item = Item::new(kind, severity, finding.time_us).person(&finding.person);
    let item = Item { seq: ground.act(&finding.act), ..item };
    let item = item.with("act", &finding.act).with("due-us", finding.due_us);
    Some(match finding.answered_us {
        Some(answered) => item.with("answered-us", answered),
        None => item,
    })
}

fn left_behind(ground: &Ground<'_>, office: &OfficeView, seal: &SealView) -> Option<Item> {
    let custodian = office.people.iter().find(|person| person.person == seal.custodian)?;
    let left_us = custodian.left_us.filter(|left| *left < ground.terms.until_us)?;
    if !KEPT.contains(&seal.state.as_str()) || !ground.wants(Some(&seal.seal)) {
        return None;
    }
    let left = ground.all().filter(|record| match &record.body {
        RecordBody::Act(filed) => {
            filed.typ.as_str() == "person-leave"
                && filed.person.as_ref().is_some_and(|person| person.as_str() == seal.custodian)
        }
        _ => false,
    });
    let item = Item::new(Kind::CustodianLeft, Severity::Refuse, left_us);
    let item = Item { seq: left.last().map(|record| record.seq), ..item };
    Some(item.seal(&seal.seal).person(&seal.custodian).with("left-us", left_us))
}

/// A seal whose certificate is still good as far as anybody who verifies with it can tell.
fn outlived(ground: &Ground<'_>, seal: &SealView) -> Option<Item> {
    let certificate = seal.certificate.as_ref()?;
    let until_us = ground.terms.until_us;
    let is_done = certificate.revoked_us.is_some_and(|revoked| revoked < until_us);
    if is_done || certificate.seal_revoked_us >= until_us || !ground.wants(Some(&seal.seal)) {
        return None;
    }
    let asked = certificate.asked.as_ref().filter(|(_, asked_us)| *asked_us < until_us);
    let severity = if asked.is_some() { Severity::Note } else { Severity::Warn };
    let item = Item::new(Kind::CertificateNotRevoked, severity, certificate.seal_revoked_us).seal(&seal.seal);
    let item = Item { seq: ground.act(&certificate.act), ..item };
    Some(match asked {
        Some((authority, asked_us)) => {
            item.with("state", "asked").with("authority", authority).with("asked-us", asked_us)
        }
        None => item.with("state", "not-asked"),
    })
}

/// A custodian whose training does not count when what stands open is judged. It is known of now: an earlier one may have counted then.
fn untrained(ground: &Ground<'_>, person: &PersonView) -> Option<Item> {
    let moment_us = ground.terms.moment_us();
    let of = |time_us| Item::new(Kind::TrainingMissing, Severity::Warn, time_us).person(&person.person);
    match person.training? {
        TrainingView::Missing => Some(of(moment_us).with("state", "missing")),
        TrainingView::Until(until_us) if until_us <= moment_us => {
            Some(of(until_us).with("state", "past").with("until-us", until_us))
        }
        TrainingView::Until(_) => None,
    }
}
