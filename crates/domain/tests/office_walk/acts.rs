//! What somebody may do next: plausible mostly, for else nothing would ever be stamped.

use std::collections::BTreeSet;

use sealkeeper_domain::{
    act::{Statement, key::ActKey, statement::*},
    identity::{ActId, PersonId, RequestId, SealId},
    office::{RequestFacts, RequestState, Role, SealEntry, SealLife},
};
use uuid::Uuid;

use crate::walk::{PEOPLE, UNIT, Walk, digest};

impl Walk {
    /// A new request, and in most cases its applicant's act.
    pub(crate) fn draft(&mut self) {
        let wanted = if self.chance.percent(85) { &["active"][..] } else { &["active", "suspended"] };
        let kept: Vec<_> = self
            .office
            .seals
            .values()
            .filter(|entry| wanted.contains(&entry.life.state()))
            .cloned()
            .collect();
        if kept.is_empty() {
            return;
        }
        let entry = self.chance.of(&kept);
        self.ids += 1;
        let mut applicant = self.one_of(Role::Applicant);
        let granted: Vec<_> = self
            .office
            .grants
            .keys()
            .filter(|(_, seal)| seal == entry.id())
            .map(|(who, _)| who.clone())
            .collect();
        if !granted.is_empty() && self.chance.percent(85) {
            applicant = self.chance.of(&granted);
        }
        let binding = Binding {
            request: RequestId::new(Uuid::from_u128(self.ids)),
            document_sha256: digest(&self.ids.to_string()),
            file_name: "合同.pdf".into(),
            seal: entry.id().clone(),
            seal_object_sha256: entry.life.made().unwrap().seal.object_sha256,
            boxes: vec![BoundBox { page: 1, left_um: 0, top_um: 0, width_um: 40_000, height_um: 40_000 }],
            class: self
                .chance
                .of(&["ordinary", "ordinary", "ordinary", "important", "important", "major"])
                .into(),
            copies: 1 + self.chance.below(3) as u32,
            reason: "采购".into(),
            applicant: applicant.clone(),
        };
        // By the custodian for themselves, at times, without a signature.
        let unsigned = entry.custodian() == Some(&applicant) && self.chance.percent(50);
        let state = if unsigned { RequestState::Filed(None) } else { RequestState::Drafted };
        let expires_us = self.now_us + 86_400_000_000;
        let request = RequestFacts { binding: binding.clone(), state, tickets: vec![], expires_us };
        self.requests.insert(binding.request, request);
        if self.requests.len() > 4 {
            self.requests.pop_first();
        }
        if !unsigned {
            self.file(applicant, Statement::RequestFile(Box::new(binding)));
        }
    }

    pub(crate) fn anyone(&mut self) -> PersonId {
        let ids: Vec<_> = self.office.people.keys().cloned().collect();
        self.chance.of(&ids)
    }

    /// Somebody with this role, mostly.
    pub(crate) fn one_of(&mut self, role: Role) -> PersonId {
        let ids: Vec<_> = self
            .office
            .people
            .values()
            .filter(|person| person.is(role))
            .map(|person| person.id.clone())
            .collect();
        if ids.is_empty() || self.chance.percent(7) { self.anyone() } else { self.chance.of(&ids) }
    }

    pub(crate) fn a_seal(&mut self) -> Option<SealEntry> {
        let entries: Vec<_> = self
            .office
            .seals
            .values()
            .filter(|entry| entry.life.is_live() || entry.life.state() == "revoked")
            .cloned()
            .collect();
        if entries.is_empty() { None } else { Some(self.chance.of(&entries)) }
    }

    pub(crate) fn next_act(&mut self) -> (PersonId, Statement) {
        let reason = || "原因".to_owned();
        match self.chance.below(100) {
            0..6 => (self.one_of(Role::SealOffice), self.registration()),
            6 if self.chance.percent(50) => {
                let person = self.anyone();
                let leaver = NamedPerson { person, reason: reason() };
                (self.one_of(Role::SealOffice), Statement::PersonLeave(leaver))
            }
            7 if self.chance.percent(50) => {
                let (person, topic) = (self.anyone(), "印章保管".to_owned());
                let until_s = self.now_us / 1_000_000 + 3600;
                let given = TrainingGiven { person, topic, until_s };
                (self.one_of(Role::SealOffice), Statement::Training(given))
            }
            7 => {
                let sha256 = digest(&self.ids.to_string());
                (self.one_of(Role::SealOffice), Statement::Policy(PolicyDigest { sha256 }))
            }
            8..10 => {
                let (person, text) = (self.anyone(), reason());
                let due_s = self.now_us / 1_000_000 + 60;
                (self.one_of(Role::Auditor), Statement::Finding(FindingText { person, text, due_s }))
            }
            10..12 => match self.office.findings.values().next_back() {
                Some(open) => {
                    let (about, by) = (open.by.act, open.finding.person.clone());
                    (by, Statement::FindingAnswer(FindingAnswer { about, text: reason() }))
                }
                None => (self.one_of(Role::Applicant), self.application()),
            },
            12..14 => match self.office.notices.keys().next_back().copied() {
                Some(about) => {
                    let role = self.chance.of(&[Role::SealOffice, Role::UnitHead]);
                    (self.one_of(role), Statement::NoticeAcknowledge(NamedAct { about }))
                }
                None => (self.one_of(Role::Applicant), self.application()),
            },
            14..56 => {
                self.act_on_request().unwrap_or_else(|| (self.one_of(Role::Applicant), self.application()))
            }
            56..59 => (self.one_of(Role::Applicant), self.application()),
            _ => match self.a_seal() {
                Some(entry) => self.act_on_seal(&entry),
                None => (self.one_of(Role::Applicant), self.application()),
            },
        }
    }

    /// Acts that suspend a seal, or hand its token over with all that is on it.
    pub(crate) fn trouble_with(&mut self, entry: &SealEntry) -> Vec<(PersonId, Statement)> {
        let seal = entry.id().clone();
        let Some(from) = entry.custodian().cloned().filter(|_| self.chance.percent(50)) else {
            let suspend = WithText { seal, reason: "原因".into() };
            return vec![(self.one_of(Role::UnitHead), Statement::SealSuspend(suspend))];
        };
        let to = self.one_of(Role::Custodian);
        let mut acts = vec![];
        for beside in std::iter::once(entry).chain(self.office.beside_on_token(entry)) {
            let hand_over = HandOver { seal: beside.id().clone(), from: from.clone(), to: to.clone() };
            acts.push((from.clone(), Statement::SealOffer(hand_over.clone())));
            acts.push((to.clone(), Statement::SealAccept(hand_over)));
        }
        acts.push((self.one_of(Role::SealOffice), Statement::SealHandOver(HandOver { seal, from, to })));
        acts
    }

    /// As they were at first, mostly; else with any role more, an incompatible one too.
    pub(crate) fn registration(&mut self) -> Statement {
        let (id, roles) = self.chance.of(&PEOPLE);
        let mut roles: BTreeSet<_> = roles.iter().copied().collect();
        if self.chance.percent(30) {
            roles.insert(self.chance.of(&Role::ALL));
        }
        self.registered(id, roles)
    }

    /// One of [`PEOPLE`] with these roles.
    pub(crate) fn registered(&self, id: &str, roles: BTreeSet<Role>) -> Statement {
        let key = ActKey::from(self.keys[&id.parse().unwrap()].verifying_key());
        Statement::PersonRegister(PersonEntry {
            person: id.parse().unwrap(),
            name: id.into(),
            unit: UNIT.into(),
            roles,
            keys: vec![serde_json::from_str(&key.to_jwk()).unwrap()],
            uid: None,
            certificates: Vec::new(),
        })
    }

    pub(crate) fn application(&mut self) -> Statement {
        let number = self.chance.below(40);
        Statement::SealApply(Box::new(SealApplication {
            seal: format!("seal-{number}").parse().unwrap(),
            name: format!("印章{}", number % 5),
            kind: SealKind::Other,
            unit: UNIT.into(),
            purpose: "用印".into(),
            scope: ["ordinary", "important"].map(String::from).into(),
            custodian: self.one_of(Role::Custodian),
            picture_kind: PictureKind::Png,
            picture_sha256: digest("picture"),
            width_um: 40_000,
            height_um: 40_000,
        }))
    }

    pub(crate) fn act_on_request(&mut self) -> Option<(PersonId, Statement)> {
        let ids: Vec<_> = self.requests.keys().copied().collect();
        if ids.is_empty() {
            return None;
        }
        let mut binding = self.requests[&self.chance.of(&ids)].binding.clone();
        let ended = EndedRequest { request: binding.request, reason: "原因".into() };
        Some(match self.chance.below(40) {
            0 => (self.one_of(Role::Approver), Statement::RequestReject(ended)),
            1 => (binding.applicant, Statement::RequestWithdraw(ended)),
            2 => {
                binding.copies += 1;
                (self.one_of(Role::Approver), Statement::RequestApprove(Box::new(binding)))
            }
            3 => (self.anyone(), Statement::RequestFile(Box::new(binding))),
            _ => (self.one_of(Role::Approver), Statement::RequestApprove(Box::new(binding))),
        })
    }

    pub(crate) fn act_on_seal(&mut self, entry: &SealEntry) -> (PersonId, Statement) {
        let seal = entry.id().clone();
        let named = |about| NamedSeal { seal: seal.clone(), about };
        let because = || WithText { seal: seal.clone(), reason: "原因".into() };
        let applied = entry.applied.act;
        if self.chance.percent(2) {
            return (self.one_of(Role::UnitHead), Statement::SealRefuse(because()));
        }
        let object_sha256 = digest(&format!("object of {seal}"));
        match &entry.life {
            SealLife::Applied => (self.one_of(Role::UnitHead), Statement::SealApprove(named(applied))),
            SealLife::Approved(_) => {
                let review = SealReview { seal, about: applied, physical: PhysicalSeal::None };
                (self.one_of(Role::SealOffice), Statement::SealReview(review))
            }
            SealLife::Reviewed { .. } => (self.one_of(Role::SealOffice), self.making(&seal, applied)),
            SealLife::Made(_) => {
                let identity = IdentityDocument { kind: "居民身份证".into(), last: "1234".into() };
                let custodian = entry.application.custodian.clone();
                let issue = SealIssue { seal, object_sha256, custodian, identity };
                (self.one_of(Role::SealOffice), Statement::SealIssue(issue))
            }
            SealLife::Issued { .. } => {
                let by = entry.application.custodian.clone();
                (by, Statement::SealReceive(NamedObject { seal, object_sha256 }))
            }
            SealLife::Suspended(suspended) if self.chance.percent(70) => {
                let role = self.chance.of(&[Role::SealOffice, Role::UnitHead]);
                (self.one_of(role), Statement::SealResume(named(suspended.by.act)))
            }
            SealLife::Revoked(ended) if self.chance.percent(40) => {
                let is_asked = ended.certificate.is_some();
                let step = if is_asked { RevocationStep::Revoked } else { RevocationStep::Asked };
                let (authority, text) =
                    (self.chance.of(&["甲机构", "甲机构", "乙机构"]), "受理号 1".to_owned());
                let (about, authority) = (ended.by.act, authority.to_owned());
                let said = CertificateStep { seal, about, step, authority, text };
                (self.one_of(Role::SealOffice), Statement::CertificateRevocation(said))
            }
            SealLife::Revoked(_) => {
                let carrier =
                    self.chance.of(&[CarrierEnd::KeyDestroyed, CarrierEnd::Statement("粉碎".into())]);
                let role = self.chance.of(&[Role::SealOffice, Role::SealOffice, Role::Auditor]);
                (self.one_of(role), Statement::SealDestroy(Destruction { seal, carrier }))
            }
            _ => self.act_in_custody(entry),
        }
    }

    pub(crate) fn making(&mut self, seal: &SealId, about: ActId) -> Statement {
        let serial = if seal.as_str().starts_with("first") { 0 } else { self.chance.below(3) };
        let key = format!("pkcs11:serial={serial};id=%{:02x}", self.chance.below(16));
        Statement::SealMake(MadeSeal {
            seal: seal.clone(),
            about,
            object_sha256: digest(&format!("object of {seal}")),
            certificate_sha256: digest(&format!("certificate of {seal}")),
            key_sha256: digest(&key),
            key: format!("{key};type=private"),
            certificate: format!("{key};type=cert"),
        })
    }

    /// Of a seal somebody keeps, or has kept.
    pub(crate) fn act_in_custody(&mut self, entry: &SealEntry) -> (PersonId, Statement) {
        let seal = entry.id().clone();
        let named = |about| NamedSeal { seal: seal.clone(), about };
        let Some(active) = entry.kept() else {
            return (self.one_of(Role::SealOffice), Statement::SealRevoke(named(entry.applied.act)));
        };
        let from = active.custodian.clone();
        match self.chance.below(100) {
            0..45 => {
                let person = if self.chance.percent(15) { from } else { self.one_of(Role::Applicant) };
                if self.chance.percent(4) {
                    let end = EndedGrant { person, seal, reason: "原因".into() };
                    return (self.one_of(Role::SealOffice), Statement::GrantEnd(end));
                }
                let terms = self.grant(person, seal);
                (self.one_of(Role::SealOffice), Statement::Grant(terms))
            }
            45..47 => {
                let reason = "原因".to_owned();
                (self.one_of(Role::UnitHead), Statement::SealSuspend(WithText { seal, reason }))
            }
            47..49 => {
                let report = SealReport { seal, what: ReportKind::Loss, text: "丢失".into() };
                (self.anyone(), Statement::SealReport(report))
            }
            49..90 => match &active.handing_over {
                None => {
                    let to = self.one_of(Role::Custodian);
                    (from.clone(), Statement::SealOffer(HandOver { seal, from, to }))
                }
                Some(offered) => {
                    let to = offered.to.clone();
                    let hand_over = HandOver { seal, from, to: to.clone() };
                    if offered.accepted.is_none() {
                        (to, Statement::SealAccept(hand_over))
                    } else {
                        (self.one_of(Role::SealOffice), Statement::SealHandOver(hand_over))
                    }
                }
            },
            _ => match &active.retiring {
                None => {
                    let reason = RevocationReason::Other;
                    let retirement = Retirement { seal, reason, text: "其他".into() };
                    (self.one_of(Role::Applicant), Statement::SealRetire(retirement))
                }
                Some(retiring) if retiring.approved.is_none() => {
                    (self.one_of(Role::UnitHead), Statement::SealRetireApprove(named(retiring.asked.act)))
                }
                Some(retiring) => {
                    (self.one_of(Role::SealOffice), Statement::SealRevoke(named(retiring.asked.act)))
                }
            },
        }
    }

    pub(crate) fn grant(&mut self, person: PersonId, seal: SealId) -> GrantTerms {
        GrantTerms {
            person,
            seal,
            classes: ["ordinary", "important"].map(String::from).into(),
            copies_per_request: 2 + self.chance.below(3) as u32,
            uses_per_day: 100,
            hours: None,
            until_s: self.now_us / 1_000_000 + 86_400,
        }
    }
}
