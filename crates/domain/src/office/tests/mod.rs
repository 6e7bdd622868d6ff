//! A small office, and acts judged as if their signatures had been verified; `authenticate` has its own tests.

mod custody;
mod ending;
mod making;
mod people;
mod requests;
mod suspension;
mod training;
mod usage;

use p256::ecdsa::SigningKey;
use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::{
    act::{Act, Claims, Statement, key::ActKey, statement::*},
    identity::RequestId,
    policy::{Authority, Policy},
    refusal::Refusal,
};

pub(crate) const UNIT: &str = "示例科技有限公司";
pub(crate) const NOW_US: u64 = 1_800_000_000_000_000;
pub(crate) const SECOND_US: u64 = 1_000_000;

pub(crate) fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

pub(crate) fn seal(id: &str) -> SealId {
    id.parse().unwrap()
}

pub(crate) fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

/// A key of its own for each name.
pub(crate) fn signing_key(of: &str) -> SigningKey {
    SigningKey::from_slice(&digest(of).0).unwrap()
}

pub(crate) fn jwk(of: &str) -> Value {
    serde_json::from_str(&ActKey::from(signing_key(of).verifying_key()).to_jwk()).unwrap()
}

fn set<T: Ord + Clone>(items: &[T]) -> std::collections::BTreeSet<T> {
    items.iter().cloned().collect()
}

pub(crate) struct World {
    pub(crate) office: Office,
    pub(crate) policy: Policy,
    pub(crate) now_us: u64,
    pub(crate) request: Option<RequestFacts>,
    acts: u128,
}

impl World {
    /// People and no seal.
    pub(crate) fn new() -> Self {
        let mut office = Office { origin: "example.com/seal-journal/1".into(), ..Office::default() };
        for (id, roles) in [
            ("office", &[Role::SealOffice] as &[Role]),
            ("head", &[Role::UnitHead]),
            ("custodian", &[Role::Custodian]),
            ("successor", &[Role::Custodian]),
            ("applicant", &[Role::Applicant]),
            ("approver", &[Role::Approver]),
            ("second", &[Role::Approver, Role::UnitHead]),
            ("auditor", &[Role::Auditor]),
        ] {
            let entry = Person {
                id: person(id),
                name: id.into(),
                unit: if id == "office" || id == "auditor" { "总部".into() } else { UNIT.into() },
                roles: set(roles),
                keys: vec![ActKey::from(signing_key(id).verifying_key())],
                uid: None,
                certificates: Vec::new(),
                tickets_since_s: 0,
                status: Status::Employed,
            };
            office.people.insert(entry.id.clone(), entry);
        }
        let policy = Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap();
        World { office, policy, now_us: NOW_US, request: None, acts: 0 }
    }

    /// With the seal `contract`, active, kept by `custodian`.
    pub(crate) fn with_seal() -> Self {
        let mut world = World::new();
        world.make("contract", "合同专用章", "custodian", "pkcs11:serial=1;id=%01");
        world
    }

    /// With a grant of that seal to `applicant`, and their request for it, filed.
    pub(crate) fn with_request() -> Self {
        let mut world = World::with_seal();
        world.done("office", Statement::Grant(grant_terms()));
        world.draft();
        let binding = world.binding();
        world.done("applicant", Statement::RequestFile(Box::new(binding)));
        world
    }

    /// From application to receipt.
    pub(crate) fn make(&mut self, id: &str, name: &str, custodian: &str, key: &str) {
        self.make_up_to_issue(id, name, custodian, key);
        self.done(custodian, receive(id));
    }

    pub(crate) fn make_up_to_issue(&mut self, id: &str, name: &str, custodian: &str, key: &str) {
        let about = self.done("applicant", Statement::SealApply(Box::new(application(id, name, custodian))));
        self.done("head", Statement::SealApprove(NamedSeal { seal: seal(id), about }));
        self.done("office", review(id, about));
        self.done("office", Statement::SealMake(made(id, about, key)));
        self.done("office", issue(id, custodian));
    }

    pub(crate) fn draft(&mut self) {
        let binding = Binding {
            request: RequestId::new(Uuid::from_u128(1)),
            document_sha256: digest("document"),
            file_name: "合同.pdf".into(),
            seal: seal("contract"),
            seal_object_sha256: digest("object of contract"),
            boxes: vec![BoundBox { page: 1, left_um: 100, top_um: 200, width_um: 40_000, height_um: 40_000 }],
            class: "important".into(),
            copies: 2,
            reason: "采购合同".into(),
            applicant: person("applicant"),
        };
        self.request = Some(RequestFacts {
            binding,
            state: RequestState::Drafted,
            tickets: vec![],
            expires_us: self.now_us + 72 * 3600 * SECOND_US,
        });
    }

    pub(crate) fn binding(&self) -> Binding {
        self.request.as_ref().unwrap().binding.clone()
    }

    pub(crate) fn approve(&mut self, by: &str) -> Result<ActId, Refusal> {
        let binding = self.binding();
        self.file(by, Statement::RequestApprove(Box::new(binding)), |_| {})
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now_us += seconds * SECOND_US;
    }

    /// An act for an hour from now.
    pub(crate) fn act(&mut self, by: &str, statement: Statement) -> Act {
        self.acts += 1;
        let id = Uuid::from_u128(self.acts);
        let claims =
            Claims::new(person(by), &self.office.origin, id, self.now_us / SECOND_US, 3600, statement);
        Act { claims, text: String::new(), key: ActKey::from(signing_key(by).verifying_key()).thumbprint() }
    }

    /// What the agent would find for this act if all is as it should be.
    pub(crate) fn outside(&self, statement: &Statement) -> Outside<'_> {
        let mut outside = Outside::new(self.now_us, &self.policy);
        outside.request = self.request.as_ref();
        (outside.control_proved, outside.inspection_passed, outside.key_gone) = (true, true, true);
        outside.attachment = match statement {
            Statement::SealApply(application) => Some(application.picture_sha256),
            Statement::SealMake(made) => Some(made.object_sha256),
            _ => None,
        };
        if let Statement::SealMake(made) = statement
            && let Some(entry) = self.office.seals.get(&made.seal)
        {
            outside.made = Some(MadeFacts {
                id: made.seal.clone(),
                name: entry.application.name.clone(),
                width_um: entry.application.width_um,
                height_um: entry.application.height_um,
                picture_sha256: entry.application.picture_sha256,
                picture: PictureFacts { bytes: 1, pixels: None },
                certificate_sha256: made.certificate_sha256,
                key_sha256: made.key_sha256,
                valid_from_us: NOW_US - 86_400 * SECOND_US,
                valid_until_us: NOW_US + 365 * 86_400 * SECOND_US,
                maker: ActKey::from(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap().verifying_key()),
            });
        }
        outside
    }

    /// Judges an act and, if nothing stands against it, lets it change the world.
    pub(crate) fn file(
        &mut self,
        by: &str,
        statement: Statement,
        found: impl FnOnce(&mut Outside<'_>),
    ) -> Result<ActId, Refusal> {
        let act = self.act(by, statement);
        let mut outside = self.outside(&act.claims.statement);
        found(&mut outside);
        let change = self.office.judge(&act, &outside)?;
        for entity in &change.entities {
            if let Changed::Request(request) = entity {
                self.request = Some((**request).clone());
            }
        }
        self.office.apply(change);
        Ok(act.claims.id)
    }

    pub(crate) fn done(&mut self, by: &str, statement: Statement) -> ActId {
        self.file(by, statement, |_| {}).unwrap_or_else(|refusal| panic!("{by}: {refusal:?}"))
    }

    /// The codes an act is refused with.
    pub(crate) fn refused(&mut self, by: &str, statement: Statement) -> String {
        self.refused_with(by, statement, |_| {})
    }

    pub(crate) fn refused_with(
        &mut self,
        by: &str,
        statement: Statement,
        found: impl FnOnce(&mut Outside<'_>),
    ) -> String {
        match self.file(by, statement, found) {
            Err(refusal) => refusal.to_string(),
            Ok(_) => "accepted".into(),
        }
    }

    /// Puts the seal `contract` into another state, as if its acts had been filed, and names the reason it is then not used for.
    pub(crate) fn end_states(&self) -> Vec<(&'static str, SealLife)> {
        let active = self.office.seals[&seal("contract")].kept().unwrap().clone();
        let by = || ActRef { act: ActId::new(Uuid::from_u128(7)), by: person("office"), at_us: NOW_US };
        let retirement =
            Retirement { seal: seal("contract"), reason: RevocationReason::Other, text: "其他".into() };
        let ended = Ended {
            made: Some(active.made.clone()),
            custodian: Some(active.custodian.clone()),
            retiring: Retiring { retirement, asked: by(), approved: Some(by()) },
            by: by(),
            certificate: None,
            destroying: None,
        };
        let destruction = Destruction { seal: seal("contract"), carrier: CarrierEnd::KeyDestroyed };
        vec![
            ("seal-refused", SealLife::Refused(by())),
            ("seal-revoked", SealLife::Revoked(ended.clone())),
            ("seal-destroyed", SealLife::Destroyed { ended, by: [by(), by()], destruction }),
        ]
    }

    pub(crate) fn set_life(&mut self, life: SealLife) {
        self.office.seals.get_mut(&seal("contract")).unwrap().life = life;
    }

    pub(crate) fn state(&self, id: &str) -> &'static str {
        self.office.seals[&seal(id)].life.state()
    }
}

pub(crate) fn application(id: &str, name: &str, custodian: &str) -> SealApplication {
    SealApplication {
        seal: seal(id),
        name: name.into(),
        kind: SealKind::Contract,
        unit: UNIT.into(),
        purpose: "签订合同".into(),
        scope: set(&["ordinary".to_owned(), "important".to_owned()]),
        custodian: person(custodian),
        picture_kind: PictureKind::Png,
        picture_sha256: digest("picture"),
        width_um: 40_000,
        height_um: 40_000,
    }
}

pub(crate) fn review(id: &str, about: ActId) -> Statement {
    Statement::SealReview(SealReview { seal: seal(id), about, physical: PhysicalSeal::None })
}

/// The key by its URI without `type`.
pub(crate) fn made(id: &str, about: ActId, key: &str) -> MadeSeal {
    MadeSeal {
        seal: seal(id),
        about,
        object_sha256: digest(&format!("object of {id}")),
        certificate_sha256: digest(&format!("certificate of {id}")),
        key_sha256: digest(key),
        key: format!("{key};type=private"),
        certificate: format!("{key};type=cert"),
    }
}

pub(crate) fn issue(id: &str, custodian: &str) -> Statement {
    Statement::SealIssue(SealIssue {
        seal: seal(id),
        object_sha256: digest(&format!("object of {id}")),
        custodian: person(custodian),
        identity: IdentityDocument { kind: "居民身份证".into(), last: "123X".into() },
    })
}

pub(crate) fn receive(id: &str) -> Statement {
    Statement::SealReceive(NamedObject { seal: seal(id), object_sha256: digest(&format!("object of {id}")) })
}

pub(crate) fn grant_terms() -> GrantTerms {
    GrantTerms {
        person: person("applicant"),
        seal: seal("contract"),
        classes: set(&["ordinary".to_owned(), "important".to_owned()]),
        copies_per_request: 2,
        uses_per_day: 3,
        hours: None,
        until_s: NOW_US / SECOND_US + 30 * 86_400,
    }
}

pub(crate) fn entry(id: &str, roles: &[Role]) -> PersonEntry {
    PersonEntry {
        person: person(id),
        name: "张三".into(),
        unit: UNIT.into(),
        roles: set(roles),
        keys: vec![jwk(id)],
        uid: None,
        certificates: Vec::new(),
    }
}

pub(crate) fn leave(id: &str) -> Statement {
    Statement::PersonLeave(NamedPerson { person: person(id), reason: "离职".into() })
}

pub(crate) fn because(id: &str) -> WithText {
    WithText { seal: seal(id), reason: "原因".into() }
}

pub(crate) fn report(id: &str, what: ReportKind) -> Statement {
    Statement::SealReport(SealReport { seal: seal(id), what, text: "找不到了".into() })
}

pub(crate) fn hand_over(id: &str, from: &str, to: &str) -> HandOver {
    HandOver { seal: seal(id), from: person(from), to: person(to) }
}
