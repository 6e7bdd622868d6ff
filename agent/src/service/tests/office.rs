//! The service in an office: its people, its seal, and everything they say as acts that are signed and filed.

mod reissue;
mod requests;
mod retention;
mod sight;
mod standing;
mod turns;

use sealkeeper_domain::{
    act::{
        Claims, Statement, jws,
        key::ActKey,
        statement::{
            Binding, GrantTerms, IdentityDocument, MadeSeal, NamedObject, NamedSeal, PersonEntry,
            PhysicalSeal, PictureKind, PolicyDigest, ReportKind, SealApplication, SealIssue, SealKind,
            SealReport, SealReview,
        },
    },
    identity::{ActId, SealId},
    office::Role,
};
use sealkeeper_ses::{
    CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureSize, SealObject,
    SealProperties,
};

use super::*;
use crate::{
    config::OfficeSeals,
    office::{OfficeDesk, Sealed},
    pipeline::ports::ledger::OfficeRoot,
    policy::PolicyAtStart,
    service::office::Filed,
};

/// From where acts are carried in.
pub(super) const HERE: Origin = Origin::Local { uid: UID };

const ORIGIN: &str = "localhost/seal-journal/office";
const UNIT: &str = "示例科技有限公司";
const NAME: &str = "合同专用章";
const URI: &str = "pkcs11:serial=1;id=%01";
const SIDE_UM: u32 = 40_000;
/// As fine as it must be for 40 mm, and no finer (A5).
const RING: &[u8] = include_bytes!("../../../fixtures/seal-40mm.png");

/// Who works there besides `office`, with the system user they are.
const STAFF: &[(&str, Role, u32)] = &[
    ("head", Role::UnitHead, 11),
    ("deputy", Role::UnitHead, 16),
    ("keeper", Role::Custodian, UID),
    ("clerk", Role::Applicant, 12),
    ("first", Role::Approver, 13),
    ("auditor", Role::Auditor, 14),
    ("partner", Role::Applicant, 15),
];

/// A house of an office.
pub(super) struct Bureau {
    pub(super) house: House,
    pub(super) desk: Arc<OfficeDesk>,
}

fn key_of(name: &str) -> SoftKey {
    SoftKey::from_slice(&Digest::of(name.as_bytes()).0).unwrap()
}

fn act_key(name: &str) -> ActKey {
    ActKey::from(key_of(name).verifying_key())
}

fn seal() -> SealId {
    "contract".parse().unwrap()
}

impl Bureau {
    /// With its people, its policy, and no seal.
    pub(super) async fn found() -> Self {
        let mut house = house(Manner::Signs);
        let root = OfficeRoot {
            id: "office".parse().unwrap(),
            name: "钱多".into(),
            unit: "印章管理部门".into(),
            key: act_key("office"),
        };
        let path = house.directory.path().join("office.db");
        let identity = Identity { origin: ORIGIN.into(), root: Root::Office(Box::new(root)) };
        create(&path, &identity).unwrap();
        let store = Arc::new(Store::open(&path, house.clock.clone()).unwrap());
        let sealed = Sealed(OfficeSeals { issuers: Vec::new(), unreported_accepted: Vec::new() });
        let desk = Arc::new(OfficeDesk::open(sealed, &*store).await.unwrap());
        let policy = house.directory.path().join(POLICY);
        std::fs::write(&policy, Policy::OFFICE_TOML).unwrap();
        let own_uid = rustix::process::geteuid().as_raw();
        let source = PolicySource { path: policy, own_uid, authority: PolicyAuthority::Office(desk.clone()) };
        let at_start = PolicyAtStart::choose(source, None).unwrap();
        let policy = at_start.begin(store.clone(), Scribe::new("host")).await.unwrap();

        let mut service = Arc::into_inner(house.service).unwrap();
        service.ledger = store.clone();
        (service.registry, service.people) = (desk.clone(), desk.clone());
        (service.office, service.policy) = (Some(desk.clone()), Arc::new(policy));
        (house.service, house.store) = (Arc::new(service), store);

        let bureau = Bureau { house, desk };
        let sha256 = Digest::of(Policy::OFFICE_TOML.as_bytes());
        bureau.says("office", Statement::Policy(PolicyDigest { sha256 })).await;
        bureau.says("office", register("office", Role::SealOffice, 10)).await;
        for (id, role, uid) in STAFF {
            bureau.says("office", register(id, *role, *uid)).await;
        }
        Bureau { house: House { caller: bureau.who("keeper"), ..bureau.house }, desk: bureau.desk }
    }

    /// The same with the seal issued to its custodian, whose receipt is missing.
    pub(super) async fn with_seal_issued() -> Self {
        let bureau = Self::found().await;
        bureau.issues(&seal(), "keeper").await;
        bureau
    }

    /// A seal of the one key there is, from its application until it is issued.
    pub(super) async fn issues(&self, id: &SealId, custodian: &str) {
        let application = SealApplication {
            seal: id.clone(),
            name: NAME.into(),
            kind: SealKind::Contract,
            unit: UNIT.into(),
            purpose: "签订合同".into(),
            scope: ["ordinary", "important"].map(str::to_owned).into(),
            custodian: custodian.parse().unwrap(),
            picture_kind: PictureKind::Png,
            picture_sha256: Digest::of(RING),
            width_um: SIDE_UM,
            height_um: SIDE_UM,
        };
        let applied = Statement::SealApply(Box::new(application));
        self.says_with("deputy", applied, RING.to_vec()).await.unwrap();
        let about = self.desk.now().office.seals[id].about();
        self.says("head", Statement::SealApprove(NamedSeal { seal: id.clone(), about })).await;
        let physical = PhysicalSeal::None;
        self.says("office", Statement::SealReview(SealReview { seal: id.clone(), about, physical })).await;
        let object = object_of(id);
        let made = MadeSeal {
            seal: id.clone(),
            about,
            object_sha256: Digest::of(&object),
            certificate_sha256: Digest::of(CERTIFICATE),
            key_sha256: Digest::of(
                &p256::pkcs8::EncodePublicKey::to_public_key_der(
                    SoftKey::from_pkcs8_pem(KEY).unwrap().verifying_key(),
                )
                .unwrap()
                .into_vec(),
            ),
            key: format!("{URI};type=private"),
            certificate: format!("{URI};type=cert"),
        };
        self.says_with("office", Statement::SealMake(made), object.clone()).await.unwrap();
        let issue = SealIssue {
            seal: id.clone(),
            object_sha256: Digest::of(&object),
            custodian: custodian.parse().unwrap(),
            identity: IdentityDocument { kind: "居民身份证".into(), last: "123X".into() },
        };
        self.says("office", Statement::SealIssue(issue)).await;
    }

    /// The same with the seal in use, and grants of it to `clerk` and to its custodian.
    pub(super) async fn with_seal() -> Self {
        let bureau = Self::with_seal_issued().await;
        bureau.says("keeper", receipt()).await;
        for person in ["clerk", "keeper"] {
            bureau.says("office", Statement::Grant(terms(person))).await;
        }
        bureau
    }

    /// A person of this name who calls.
    pub(super) fn who(&self, name: &str) -> Caller {
        let uid = STAFF.iter().find(|(id, ..)| *id == name).map_or(10, |(_, _, uid)| *uid);
        identify(Origin::Local { uid }, &*self.desk).unwrap()
    }

    /// An act of theirs for an hour from now.
    pub(super) fn act(&self, who: &str, statement: Statement) -> String {
        let now_s = self.house.clock.now_us() / 1_000_000;
        let id = uuid::Uuid::new_v4();
        let claims = Claims::new(who.parse().unwrap(), ORIGIN, id, now_s, 3600, statement);
        jws::sign(claims.statement.typ(), &claims.payload(), &key_of(who)).unwrap()
    }

    /// Files it, carried by the custodian's system user.
    pub(super) async fn says_with(
        &self,
        who: &str,
        statement: Statement,
        attachment: Vec<u8>,
    ) -> Result<Filed, Failure> {
        let permit = self.house.service.callers.call(&HERE.sender()).unwrap();
        self.house.service.file_act(HERE, (self.act(who, statement), attachment), no_pin(), permit).await
    }

    pub(super) async fn says(&self, who: &str, statement: Statement) -> Filed {
        let typ = statement.typ();
        let filed = self.says_with(who, statement, Vec::new()).await;
        filed.unwrap_or_else(|no| panic!("{typ} by {who}: {}", reasons(no)))
    }

    fn about(&self) -> ActId {
        self.desk.now().office.seals[&seal()].about()
    }

    pub(super) fn state(&self) -> &'static str {
        self.desk.now().office.seals[&seal()].life.state()
    }
}

fn register(id: &str, role: Role, uid: u32) -> Statement {
    Statement::PersonRegister(PersonEntry {
        person: id.parse().unwrap(),
        name: format!("{id} 某"),
        unit: if matches!(role, Role::UnitHead | Role::Custodian | Role::Applicant) {
            UNIT
        } else {
            "总部"
        }
        .into(),
        roles: [role].into(),
        keys: vec![serde_json::from_str(&act_key(id).to_jwk()).unwrap()],
        uid: Some(uid),
        certificates: Vec::new(),
    })
}

pub(super) fn terms(person: &str) -> GrantTerms {
    GrantTerms {
        person: person.parse().unwrap(),
        seal: seal(),
        classes: ["ordinary", "important"].map(str::to_owned).into(),
        copies_per_request: 5,
        uses_per_day: 5,
        hours: None,
        until_s: NOW_US / 1_000_000 + 30 * 86_400,
    }
}

fn receipt() -> Statement {
    Statement::SealReceive(NamedObject { seal: seal(), object_sha256: Digest::of(&object()) })
}

pub(super) fn loss() -> Statement {
    Statement::SealReport(SealReport { seal: seal(), what: ReportKind::Loss, text: "找不到了".into() })
}

/// What a request that is kept binds.
async fn binding_of(bureau: &Bureau, id: RequestId) -> Binding {
    bureau.house.service.ledger.request(id).await.unwrap().unwrap().facts.unwrap().binding
}

/// The seal object as `office` makes it: the same each time.
fn object() -> Vec<u8> {
    object_of(&seal())
}

fn object_of(id: &SealId) -> Vec<u8> {
    let (valid_from_s, valid_until_s) = (1_750_000_000, 2_400_000_000);
    let key = key_of("office");
    let maker = MakerCertificate::self_signed("印章管理部门", &key, valid_from_s, valid_until_s).unwrap();
    let properties = SealProperties {
        id: id.to_string(),
        vid: "sealkeeper".into(),
        kind: OwnerKind::Organisation,
        name: NAME.into(),
        certificates: CertificateList::Whole(vec![CERTIFICATE.to_vec()]),
        created_s: valid_from_s,
        valid_from_s,
        valid_until_s,
        picture: Picture {
            kind: sealkeeper_ses::PictureKind::Png,
            data: RING.to_vec(),
            size: PictureSize::from_um(SIDE_UM, SIDE_UM).unwrap(),
        },
        particulars: Some(Particulars {
            unit: UNIT.into(),
            key: format!("{URI};type=private"),
            certificate: format!("{URI};type=cert"),
        }),
        extensions: vec![],
    };
    SealObject::new(properties).unwrap().sign_with(&key, &maker).unwrap()
}
