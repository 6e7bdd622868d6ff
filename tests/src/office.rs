//! An agent's home of an office, with its people, and everything they can say: acts as any signer mints them.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use p256::{
    ecdsa::{SigningKey, VerifyingKey},
    pkcs8::{EncodePublicKey as _, LineEnding},
};
use sealkeeper_domain::{
    act::{
        Claims, Statement, jws,
        key::ActKey,
        statement::{
            Binding, CarrierEnd, Destruction, GrantTerms, HandOver, IdentityDocument, MadeSeal, NamedObject,
            NamedSeal, PersonEntry, PhysicalSeal, PictureKind, PolicyDigest, ReportKind, Retirement,
            RevocationReason, SealApplication, SealIssue, SealKind, SealReport, SealReview, WithText,
        },
    },
    identity::{ActId, Digest, PersonId, SealId},
    office::Role,
};
use sealkeeper_proto::v1;
use sealkeeper_ses::{
    CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureSize, SealObject,
    SealProperties,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{AgentHome, Daemon, No, Rpc, repository};

/// The unit that has the seal.
pub const UNIT: &str = "示例科技有限公司";
/// Another unit.
pub const BRANCH: &str = "华东分公司";
/// The seal's id.
pub const SEAL: &str = "contract";
/// The seal's name.
pub const SEAL_NAME: &str = "合同专用章";
/// The key on the token that the seal is made with.
const KEY: u8 = 1;
/// Its side on paper, µm.
const SIDE_UM: u32 = 40_000;

/// Who works there besides `office`, the seal office's first person: id, unit, roles. `keeper` is the system user that runs the test and is the
/// seal's custodian; `left` is registered and has left.
pub const STAFF: &[(&str, &str, &[Role])] = &[
    ("office2", "印章管理部门", &[Role::SealOffice]),
    ("head", UNIT, &[Role::UnitHead]),
    ("deputy", UNIT, &[Role::UnitHead]),
    ("branch-head", BRANCH, &[Role::UnitHead]),
    ("keeper", UNIT, &[Role::Custodian, Role::Approver]),
    ("keeper2", UNIT, &[Role::Custodian]),
    ("applicant", UNIT, &[Role::Applicant, Role::Approver]),
    ("clerk", UNIT, &[Role::Applicant]),
    ("first", "总部", &[Role::Approver]),
    ("second", "总部", &[Role::Approver]),
    ("third", "总部", &[Role::Approver]),
    ("auditor", "监督部", &[Role::Auditor]),
    ("outsider", BRANCH, &[Role::Applicant]),
    ("partner", BRANCH, &[Role::Applicant]),
    ("left", UNIT, &[Role::UnitHead, Role::Applicant, Role::Approver]),
];

/// A person with the key they sign with.
#[derive(Clone, Debug)]
pub struct Persona {
    /// Id.
    pub id: PersonId,
    /// Private key.
    pub key: SigningKey,
}

impl Persona {
    /// With this id, and a key that is always the same for it.
    pub fn named(id: &str) -> Self {
        Self { id: id.parse().unwrap(), key: key_of(id) }
    }

    /// The same person with another key.
    pub fn with_key_of(&self, name: &str) -> Self {
        Self { id: self.id.clone(), key: key_of(name) }
    }

    /// The public key as an act registers it.
    pub fn jwk(&self) -> Value {
        serde_json::from_str(&ActKey::from(self.key.verifying_key()).to_jwk()).unwrap()
    }
}

fn key_of(name: &str) -> SigningKey {
    SigningKey::from_slice(&Digest::of(name.as_bytes()).0).unwrap()
}

/// A home of an office. Its first person is `office`.
pub struct OfficeHome {
    /// The home, its token and its socket.
    pub home: AgentHome,
    /// Origin of the journal: to whom acts are said.
    pub origin: String,
    office: Persona,
}

impl OfficeHome {
    /// A fresh one: nobody is registered but the first person.
    #[allow(
        clippy::new_without_default,
        reason = "it makes folders and runs programs, which no default does"
    )]
    pub fn new() -> Self {
        let key = key_of("office");
        let pem = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        let (home, said) = AgentHome::of_office(&pem);
        let word = |line: &str| {
            let line = said.lines().find_map(|said| said.trim_start().strip_prefix(line)).unwrap();
            line.split_whitespace().next().unwrap().to_owned()
        };
        let office = Persona { id: word("office ").parse().unwrap(), key };
        Self { origin: word("journal "), office, home }
    }

    /// The same once more, as it is on disk now. Its agent must not be running.
    pub fn copied(&self) -> Self {
        Self { home: self.home.copied(), origin: self.origin.clone(), office: self.office.clone() }
    }

    /// Starts the agent.
    pub async fn start(&self) -> (Daemon<'_>, Rpc) {
        let daemon = self.home.start();
        let rpc = Rpc::connect(&self.home.socket()).await;
        (daemon, rpc)
    }

    /// A person by name: `office`, one of [`STAFF`], or somebody unknown.
    pub fn who(&self, name: &str) -> Persona {
        if name == "office" { self.office.clone() } else { Persona::named(name) }
    }

    /// An act, signed now and good for an hour.
    pub fn act(&self, who: &Persona, statement: Statement) -> String {
        sign(who, &self.claims(who, statement))
    }

    /// What [`OfficeHome::act`] signs.
    pub fn claims(&self, who: &Persona, statement: Statement) -> Claims {
        Claims::new(who.id.clone(), &self.origin, Uuid::new_v4(), now_s(), 3600, statement)
    }

    /// Files an act of this person with what it names by digest.
    pub async fn says_with(
        &self,
        rpc: &Rpc,
        who: &str,
        (statement, attachment): (Statement, Vec<u8>),
    ) -> Result<v1::FiledAct, No> {
        rpc.file_with(&self.act(&self.who(who), statement), &attachment).await
    }

    /// Files an act of this person.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn says(&self, rpc: &Rpc, who: &str, statement: Statement) -> v1::FiledAct {
        let typ = statement.typ();
        self.says_with(rpc, who, (statement, Vec::new()))
            .await
            .unwrap_or_else(|no| panic!("{typ} by {who}: {no:?}"))
    }

    /// The act that puts the policy file in force as it is now.
    pub fn policy(&self) -> Statement {
        let file = fs::read(self.home.path().join("policy.toml")).unwrap();
        Statement::Policy(PolicyDigest { sha256: Digest::of(&file) })
    }

    /// The policy is in force and all [`STAFF`] is registered.
    pub async fn found(&self, rpc: &Rpc) {
        self.says(rpc, "office", self.policy()).await;
        for (id, ..) in STAFF {
            self.says(rpc, "office", self.registration(id)).await;
        }
        let reason = "离职".to_owned();
        let person = self.who("left").id;
        let leave = sealkeeper_domain::act::statement::NamedPerson { person, reason };
        self.says(rpc, "office", Statement::PersonLeave(leave)).await;
    }

    /// The registration of one of [`STAFF`] as they are from the start.
    pub fn registration(&self, id: &str) -> Statement {
        let uid = (id == "keeper").then(own_uid);
        Statement::PersonRegister(self.entry(id, uid))
    }

    /// The entry of one of [`STAFF`], or of `office`, as this system user.
    pub fn entry(&self, id: &str, uid: Option<u32>) -> PersonEntry {
        let office: (&str, &str, &[Role]) = ("office", "印章管理部门", &[Role::SealOffice]);
        let (_, unit, roles) = *STAFF.iter().chain([&office]).find(|(staff, ..)| *staff == id).unwrap();
        let persona = self.who(id);
        PersonEntry {
            person: persona.id.clone(),
            name: id.to_owned(),
            unit: unit.to_owned(),
            roles: roles.iter().copied().collect(),
            keys: vec![persona.jwk()],
            uid,
            certificates: Vec::new(),
        }
    }

    /// From nothing to the seal in use: asked for by `deputy`, approved by `head`, kept by `keeper`.
    pub async fn activate(&self, rpc: &Rpc) {
        self.hand_out(rpc).await;
        self.receive(rpc).await;
    }

    /// The same up to where its custodian has to receive it.
    pub async fn hand_out(&self, rpc: &Rpc) {
        self.says_with(rpc, "deputy", self.application()).await.unwrap();
        let about = self.about(rpc).await;
        self.says(rpc, "head", Statement::SealApprove(NamedSeal { seal: seal(), about })).await;
        self.says(rpc, "office", self.review(about)).await;
        self.says_with(rpc, "office", self.making("office", about)).await.unwrap();
        self.says(rpc, "office", self.issue()).await;
    }

    /// The custodian's receipt, with the token unlocked.
    pub async fn receive(&self, rpc: &Rpc) {
        rpc.unlock(&self.home.token, 5).await;
        self.says(rpc, "keeper", self.receipt()).await;
        rpc.lock(&self.home.token).await;
    }

    /// The act that the seal's next step has to name.
    pub async fn about(&self, rpc: &Rpc) -> ActId {
        rpc.show_office().await.unwrap().seals[0].about.parse().unwrap()
    }

    /// The application for the seal with its picture.
    pub fn application(&self) -> (Statement, Vec<u8>) {
        let picture = picture();
        let application = SealApplication {
            seal: seal(),
            name: SEAL_NAME.to_owned(),
            kind: SealKind::Contract,
            unit: UNIT.to_owned(),
            purpose: "签订合同".to_owned(),
            scope: ["ordinary", "important"].map(str::to_owned).into(),
            custodian: self.who("keeper").id,
            picture_kind: PictureKind::Png,
            picture_sha256: Digest::of(&picture),
            width_um: SIDE_UM,
            height_um: SIDE_UM,
        };
        (Statement::SealApply(Box::new(application)), picture)
    }

    /// The seal office's review.
    pub fn review(&self, about: ActId) -> Statement {
        Statement::SealReview(SealReview { seal: seal(), about, physical: PhysicalSeal::None })
    }

    /// The seal object as this person makes it: SES V4, signed with their key.
    pub fn object(&self, maker: &str) -> Vec<u8> {
        let token = &self.home.token;
        let key = self.who(maker).key;
        let (valid_from_s, valid_until_s) = (1_750_000_000, 2_400_000_000);
        let certificate =
            MakerCertificate::self_signed("示例科技 印章管理部门", &key, valid_from_s, valid_until_s)
                .unwrap();
        let object = SealObject::new(SealProperties {
            id: SEAL.to_owned(),
            vid: "sealkeeper".to_owned(),
            kind: OwnerKind::Organisation,
            name: SEAL_NAME.to_owned(),
            certificates: CertificateList::Whole(vec![token.certificate(KEY)]),
            created_s: valid_from_s,
            valid_from_s,
            valid_until_s,
            picture: Picture {
                kind: sealkeeper_ses::PictureKind::Png,
                data: picture(),
                size: PictureSize::from_um(SIDE_UM, SIDE_UM).unwrap(),
            },
            particulars: Some(Particulars {
                unit: UNIT.to_owned(),
                key: token.key_uri(KEY),
                certificate: token.certificate_uri(KEY),
            }),
            extensions: vec![],
        });
        object.unwrap().sign_with(&key, &certificate).unwrap()
    }

    /// The making of the seal by this person, with its object.
    pub fn making(&self, maker: &str, about: ActId) -> (Statement, Vec<u8>) {
        let object = self.object(maker);
        let token = &self.home.token;
        let made = MadeSeal {
            seal: seal(),
            about,
            object_sha256: Digest::of(&object),
            certificate_sha256: Digest::of(&token.certificate(KEY)),
            key_sha256: Digest::of(&token.public_key(KEY)),
            key: token.key_uri(KEY),
            certificate: token.certificate_uri(KEY),
        };
        (Statement::SealMake(made), object)
    }

    /// Its issue to the custodian.
    pub fn issue(&self) -> Statement {
        Statement::SealIssue(SealIssue {
            seal: seal(),
            object_sha256: Digest::of(&self.object("office")),
            custodian: self.who("keeper").id,
            identity: IdentityDocument { kind: "居民身份证".to_owned(), last: "123X".to_owned() },
        })
    }

    /// The custodian's receipt.
    pub fn receipt(&self) -> Statement {
        let object_sha256 = Digest::of(&self.object("office"));
        Statement::SealReceive(NamedObject { seal: seal(), object_sha256 })
    }

    /// The act by which the seal is used again after the suspension that this act was.
    pub fn resumption(about: ActId) -> Statement {
        Statement::SealResume(NamedSeal { seal: seal(), about })
    }

    /// The token passes an inspection.
    ///
    /// # Panics
    /// If it does not.
    pub async fn inspect(&self, rpc: &Rpc) {
        rpc.unlock(&self.home.token, 20).await;
        let token_serial = self.home.token.serial().to_owned();
        let request = v1::InspectTokenRequest { token_serial, pin: Vec::new(), final_try: false };
        let reply = rpc.tokens().inspect_token(request).await.unwrap().into_inner();
        assert!(reply.passed, "{:?}", reply.findings);
        rpc.lock(&self.home.token).await;
    }

    /// A hand-over from `keeper` to `keeper2`.
    pub fn hand_over(&self) -> HandOver {
        HandOver { seal: seal(), from: self.who("keeper").id, to: self.who("keeper2").id }
    }

    /// A grant of the seal, wide enough for whatever is not about grants.
    pub fn terms(&self, who: &str) -> GrantTerms {
        GrantTerms {
            person: self.who(who).id,
            seal: seal(),
            classes: ["ordinary", "important"].map(str::to_owned).into(),
            copies_per_request: 3,
            uses_per_day: 50,
            hours: None,
            until_s: now_s() + 864_000,
        }
    }

    /// Has a request filed by its applicant; gives what is bound.
    pub async fn files(&self, rpc: &Rpc, submitted: &v1::Submitted, applicant: &str) -> Binding {
        let binding: Binding = serde_json::from_str(&submitted.binding).unwrap();
        self.says(rpc, applicant, Statement::RequestFile(Box::new(binding.clone()))).await;
        binding
    }
}

/// The seal's id.
pub fn seal() -> SealId {
    SEAL.parse().unwrap()
}

/// The seal and some reason.
pub fn with_text() -> WithText {
    WithText { seal: seal(), reason: "端到端测试".to_owned() }
}

/// A report of a loss.
pub fn report() -> Statement {
    Statement::SealReport(SealReport {
        seal: seal(), what: ReportKind::Loss, text: "找不到了".to_owned()
    })
}

/// A retirement.
pub fn retirement() -> Statement {
    let (reason, text) = (RevocationReason::Retired, "换章".to_owned());
    Statement::SealRetire(Retirement { seal: seal(), reason, text })
}

/// A destruction of a token that is dead.
pub fn destruction() -> Statement {
    let carrier = CarrierEnd::Statement("载体已粉碎".to_owned());
    Statement::SealDestroy(Destruction { seal: seal(), carrier })
}

/// An act of these claims, signed with the person's key.
pub fn sign(who: &Persona, claims: &Claims) -> String {
    jws::sign(claims.statement.typ(), &claims.payload(), &who.key).unwrap()
}

/// The system user that runs the test.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Seconds since the Unix epoch.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn picture() -> Vec<u8> {
    fs::read(repository().join("softhsm-setup/demo/contract-seal.png")).unwrap()
}

/// The thumbprint of a key, as ShowOffice tells it.
pub fn key_id(key: &VerifyingKey) -> String {
    ActKey::from(key).thumbprint().to_string()
}
