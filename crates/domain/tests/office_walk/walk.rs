//! The walk: a world, a source of chance, and the next operation.

use std::collections::{BTreeMap, BTreeSet};

use p256::ecdsa::SigningKey;
use sealkeeper_domain::{
    act::{
        Claims, Statement, jws,
        key::ActKey,
        statement::{NamedPerson, NamedSeal},
    },
    channel::Channel,
    identity::{ActId, Digest, PersonId, RequestId, SealId},
    office::{
        Changed, MadeFacts, Office, Outside, Person, PictureFacts, RequestFacts, Role, SealLife, Status,
    },
    policy::{Authority, Policy},
    rule::usage::{self, Stamped, UseFacts},
};
use uuid::Uuid;

use crate::{
    chance::Chance,
    record::{Record, Use},
};

pub(crate) const UNIT: &str = "示例科技有限公司";
const START_US: u64 = 1_800_000_000_000_000;
pub(crate) const PEOPLE: [(&str, &[Role]); 12] = [
    ("office-1", &[Role::SealOffice]),
    ("office-2", &[Role::SealOffice]),
    ("head-1", &[Role::UnitHead]),
    ("head-2", &[Role::UnitHead, Role::Approver]),
    ("keeper-1", &[Role::Custodian]),
    ("keeper-2", &[Role::Custodian, Role::Approver]),
    ("asker-1", &[Role::Applicant]),
    ("asker-2", &[Role::Applicant, Role::Approver]),
    ("approver-1", &[Role::Approver]),
    ("approver-2", &[Role::Approver]),
    ("approver-3", &[Role::Approver]),
    ("auditor", &[Role::Auditor]),
];

/// What came of the steps.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: u32,
    pub(crate) refused: u32,
    pub(crate) cleared: u32,
    /// Of those cleared, the ones from another machine.
    pub(crate) from_afar: u32,
    pub(crate) uncleared: u32,
    pub(crate) replayed: u32,
    pub(crate) forged: u32,
    pub(crate) types: BTreeSet<&'static str>,
    /// What stood against uses, by reason.
    pub(crate) against: BTreeMap<&'static str, u32>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Tally) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.cleared += other.cleared;
        self.from_afar += other.from_afar;
        self.uncleared += other.uncleared;
        self.replayed += other.replayed;
        self.forged += other.forged;
        self.types.extend(&other.types);
        for (code, count) in &other.against {
            *self.against.entry(code).or_default() += count;
        }
    }
}

pub(crate) struct Walk {
    pub(crate) office: Office,
    pub(crate) record: Record,
    pub(crate) tally: Tally,
    policy: Policy,
    pub(crate) now_us: u64,
    pub(crate) chance: Chance,
    pub(crate) keys: BTreeMap<PersonId, SigningKey>,
    pub(crate) requests: BTreeMap<RequestId, RequestFacts>,
    copies: BTreeMap<RequestId, u32>,
    filed: Vec<String>,
    known: BTreeSet<ActId>,
    pub(crate) ids: u128,
}

pub(crate) fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

impl Walk {
    pub(crate) fn new(seed: u64) -> Self {
        let mut policy = Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap();
        // Every third office lets nobody use a seal from afar; in the others tickets grow too old for it while they are good nearby.
        policy.remote.allowed = !seed.is_multiple_of(3);
        policy.remote.ticket_lifetime_s = 1800;
        let mut walk = Walk {
            office: Office { origin: "example.com/seal-journal/walk".into(), ..Office::default() },
            record: Record::default(),
            tally: Tally::default(),
            policy,
            now_us: START_US,
            chance: Chance(seed),
            keys: BTreeMap::new(),
            requests: BTreeMap::new(),
            copies: BTreeMap::new(),
            filed: vec![],
            known: BTreeSet::new(),
            ids: 0,
        };
        for (id, roles) in PEOPLE {
            let (id, key): (PersonId, _) =
                (id.parse().unwrap(), SigningKey::from_slice(&digest(id).0).unwrap());
            let roles: BTreeSet<_> = roles.iter().copied().collect();
            walk.office.people.insert(
                id.clone(),
                Person {
                    id: id.clone(),
                    name: id.as_str().into(),
                    unit: UNIT.into(),
                    roles: roles.clone(),
                    keys: vec![ActKey::from(key.verifying_key())],
                    uid: None,
                    certificates: Vec::new(),
                    tickets_since_s: 0,
                    status: Status::Employed,
                },
            );
            walk.record.employ(id.clone(), roles);
            walk.keys.insert(id, key);
        }
        walk.begin();
        walk
    }

    /// Two seals on one token, and grants of both, so that there is something to use.
    fn begin(&mut self) {
        let id = |text: &str| text.parse::<PersonId>().unwrap();
        for number in 0..2 {
            let seal: SealId = format!("first-{number}").parse().unwrap();
            let Statement::SealApply(mut application) = self.application() else { unreachable!() };
            (application.seal, application.name) = (seal.clone(), format!("第{number}枚"));
            application.custodian = id("keeper-1");
            while !self.office.seals.contains_key(&seal) {
                self.file(id("asker-1"), Statement::SealApply(application.clone()));
            }
            let mut entry = self.office.seals[&seal].clone();
            while !matches!(entry.life, SealLife::Active(_)) {
                let (by, statement) = self.act_on_seal(&entry);
                if !matches!(statement, Statement::SealRefuse(_)) {
                    self.file(by, statement);
                }
                entry = self.office.seals[&seal].clone();
            }
            for person in ["asker-1", "asker-2", "keeper-1"] {
                let terms = self.grant(id(person), seal.clone());
                self.file(id("office-1"), Statement::Grant(terms));
            }
        }
    }

    /// One operation, and some time.
    pub(crate) fn step(&mut self) {
        self.now_us += [0, 1, 5, 20, 120][self.chance.below(5)] * 1_000_000 + 1;
        match self.chance.below(100) {
            0..27 => self.stamp_any(),
            27..29 => self.trouble(),
            29 if self.chance.percent(60) => self.absence(),
            29 => self.lateness(),
            30..34 => self.replay(),
            34..38 => self.forge(),
            38..46 => self.draft(),
            _ => {
                let (by, statement) = self.next_act();
                self.file(by, statement);
            }
        }
    }

    fn claims(&mut self, by: PersonId, statement: Statement) -> Claims {
        self.ids += 1;
        let lifetime_s = [600, 3600, 86_400][self.chance.below(3)];
        // Clocks differ a little, sometimes more than they may.
        let issued_s = self.now_us / 1_000_000 + [0, 0, 0, 60, 300, 301][self.chance.below(6)];
        Claims::new(by, &self.office.origin, Uuid::from_u128(self.ids), issued_s, lifetime_s, statement)
    }

    fn sign(&self, claims: &Claims, by: &PersonId) -> String {
        jws::sign(claims.statement.typ(), &claims.payload(), &self.keys[by]).unwrap()
    }

    pub(crate) fn file(&mut self, by: PersonId, statement: Statement) {
        let claims = self.claims(by.clone(), statement);
        let text = self.sign(&claims, &by);
        if self.submit(&text) {
            self.filed.push(text);
        }
    }

    /// The whole way of an act, as the agent takes it.
    fn submit(&mut self, text: &str) -> bool {
        let judged = self.office.authenticate(text, self.now_us).and_then(|act| {
            let mut outside = self.outside(&act.claims().statement);
            outside.is_known = self.known.contains(&act.claims().id);
            let change = self.office.judge(&act, &outside)?;
            Ok((act, change))
        });
        let Ok((act, change)) = judged else {
            self.tally.refused += 1;
            return false;
        };
        for entity in &change.entities {
            if let Changed::Request(request) = entity {
                self.requests.insert(request.binding.request, (**request).clone());
            }
        }
        self.office.apply(change);
        self.known.insert(act.claims().id);
        self.tally.accepted += 1;
        self.tally.types.insert(act.claims().statement.typ());
        self.record.accept(act.claims().clone(), self.now_us);
        true
    }

    fn replay(&mut self) {
        if self.filed.is_empty() {
            return;
        }
        let text = self.chance.of(&self.filed.clone());
        self.tally.replayed += 1;
        assert!(!self.submit(&text), "an act was filed twice: {text}");
    }

    /// Somebody signs in another's name, or to another journal, or changes what was signed.
    fn forge(&mut self) {
        let (by, statement) = self.next_act();
        let mut claims = self.claims(by.clone(), statement);
        claims.issued_s = self.now_us / 1_000_000;
        let other = self.anyone();
        let text = match self.chance.below(3) {
            0 if other != by => self.sign(&claims, &other),
            1 => {
                let signed = self.sign(&claims, &by);
                claims.expires_s += 1;
                let changed = self.sign(&claims, &by);
                let (head, _) = changed.rsplit_once('.').unwrap();
                format!("{head}.{}", signed.rsplit_once('.').unwrap().1)
            }
            _ => {
                claims.audience.push('x');
                self.sign(&claims, &by)
            }
        };
        self.tally.forged += 1;
        assert!(!self.submit(&text), "a forged act was accepted: {text}");
    }

    fn stamp_any(&mut self) {
        let ids: Vec<_> = self.requests.keys().copied().collect();
        if !ids.is_empty() {
            let id = self.chance.of(&ids);
            self.stamp(id);
        }
    }

    /// A request that has tickets, and more of them rather than fewer.
    fn an_approved_one(&mut self) -> Option<RequestFacts> {
        let most = self.requests.values().max_by_key(|request| request.tickets.len());
        most.filter(|request| !request.tickets.is_empty()).cloned()
    }

    /// What is rare by chance alone: who approved a request leaves and comes back, and then it is used.
    fn absence(&mut self) {
        let Some(request) = self.an_approved_one() else { return };
        let person = self.chance.of(&request.tickets).by;
        let Some((id, roles)) = PEOPLE.into_iter().find(|(id, _)| *id == person.as_str()) else { return };
        let office: PersonId = if id == "office-1" { "office-2" } else { "office-1" }.parse().unwrap();
        let roles: BTreeSet<_> = roles.iter().copied().collect();
        let leave = NamedPerson { person: person.clone(), reason: "离职".into() };
        self.file(office.clone(), Statement::PersonLeave(leave));
        // An entry that seems older than the leave, for clocks differ, does not bring anybody back.
        for _ in 0..8 {
            if !self.office.people[&person].is_employed() {
                let back = self.registered(id, roles.clone());
                self.file(office.clone(), back);
            }
        }
        self.stamp_often(request.binding.request);
    }

    /// What is rare by chance alone: a request is used when its tickets have become too old for a use from afar.
    fn lateness(&mut self) {
        let Some(request) = self.an_approved_one() else { return };
        self.now_us += 1_800_000_000;
        self.stamp_often(request.binding.request);
    }

    fn stamp_often(&mut self, id: RequestId) {
        for _ in 0..3 {
            self.stamp(id);
        }
    }

    /// What is rare by chance alone: the seal of an approved request is suspended and resumed, or handed over, and then used.
    fn trouble(&mut self) {
        let approved: Vec<_> =
            self.requests.values().filter(|request| !request.tickets.is_empty()).cloned().collect();
        if approved.is_empty() {
            return;
        }
        let binding = self.chance.of(&approved).binding;
        let Some(entry) = self.office.seals.get(&binding.seal).cloned() else { return };
        for (by, statement) in self.trouble_with(&entry) {
            self.file(by, statement);
        }
        let suspended = match &self.office.seals[&binding.seal].life {
            SealLife::Suspended(suspended) => Some(suspended.by.act),
            _ => None,
        };
        for role in [Role::UnitHead, Role::SealOffice] {
            if let Some(about) = suspended {
                let by = self.one_of(role);
                self.file(by, Statement::SealResume(NamedSeal { seal: binding.seal.clone(), about }));
            }
        }
        self.stamp(binding.request);
    }

    fn stamp(&mut self, id: RequestId) {
        let request = self.requests[&id].clone();
        let Some(entry) = self.office.seals.get(&request.binding.seal) else { return };
        let confirms = match entry.custodian() {
            Some(custodian) if self.chance.percent(90) => custodian.clone(),
            _ => self.anyone(),
        };
        let mut stamped = request.binding.clone();
        let altered = self.chance.below(20);
        match altered {
            0 => stamped.document_sha256 = digest("another"),
            1 => stamped.boxes[0].top_um += 1,
            2 => stamped.seal_object_sha256 = digest("another"),
            _ => {}
        }
        // From afar one ticket never does.
        let afar = if request.tickets.len() > 1 { 70 } else { 10 };
        let channel = if self.chance.percent(afar) { Channel::Remote } else { Channel::Local };
        let entry = &self.office.seals[&request.binding.seal];
        let facts = UseFacts {
            now_us: self.now_us,
            policy: &self.policy,
            office: &self.office,
            request: &request,
            seal: entry,
            custodian: self.office.people.get(&confirms),
            channel,
            stamped: Stamped {
                document_sha256: stamped.document_sha256,
                seal_object_sha256: stamped.seal_object_sha256,
                boxes: &stamped.boxes,
            },
            copies_used: self.copies.get(&request.binding.request).copied().unwrap_or(0),
            used_today: 0,
        };
        let cleared = match usage::check(&facts) {
            Ok(cleared) => cleared,
            Err(refusal) => {
                self.tally.uncleared += 1;
                for found in refusal.violations() {
                    *self.tally.against.entry(found.reason.code()).or_default() += 1;
                }
                return;
            }
        };
        let mut tickets_needed = self.policy.classes[&request.binding.class].tickets as usize;
        let mut ticket_lifetime_s = self.policy.ticket_lifetime_s;
        if channel == Channel::Remote {
            assert!(self.policy.remote.allowed, "a use from afar was cleared");
            tickets_needed += 1;
            ticket_lifetime_s = 1800;
            self.tally.from_afar += 1;
        }
        assert!(altered > 2, "what was altered was cleared");
        assert_eq!(cleared.tickets().len(), tickets_needed);
        self.tally.cleared += 1;
        *self.copies.entry(request.binding.request).or_default() += 1;
        self.record.cleared(&Use {
            binding: &request.binding,
            confirmed_by: &confirms,
            tickets_needed,
            ticket_lifetime_s,
            now_us: self.now_us,
        });
    }

    /// What the agent would find beside the act.
    fn outside(&self, statement: &Statement) -> Outside<'_> {
        let mut outside = Outside::new(self.now_us, &self.policy);
        (outside.control_proved, outside.inspection_passed, outside.key_gone) = (true, true, true);
        match statement {
            Statement::SealApply(application) => outside.attachment = Some(application.picture_sha256),
            Statement::SealMake(made) => {
                outside.attachment = Some(made.object_sha256);
                outside.made = self.office.seals.get(&made.seal).map(|entry| MadeFacts {
                    id: made.seal.clone(),
                    name: entry.application.name.clone(),
                    width_um: entry.application.width_um,
                    height_um: entry.application.height_um,
                    picture_sha256: entry.application.picture_sha256,
                    picture: PictureFacts { bytes: 1, pixels: None },
                    certificate_sha256: made.certificate_sha256,
                    key_sha256: made.key_sha256,
                    valid_from_us: START_US,
                    valid_until_us: u64::MAX,
                    maker: ActKey::from(self.keys.values().next().unwrap().verifying_key()),
                });
            }
            Statement::RequestFile(binding) | Statement::RequestApprove(binding) => {
                outside.request = self.requests.get(&binding.request);
            }
            Statement::RequestReject(ended) | Statement::RequestWithdraw(ended) => {
                outside.request = self.requests.get(&ended.request);
            }
            _ => {}
        }
        outside
    }
}
