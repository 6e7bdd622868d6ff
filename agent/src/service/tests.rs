//! The pipeline over the real store, with a token that does what real ones do at their worst.

mod clock;
mod destruction;
mod diagnosis;
mod inspection;
mod journal;
mod keys;
mod office;
mod pictures;
mod pins;
mod refusals;
mod remote;
mod tokens;
mod uses;

use std::collections::BTreeMap;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use p256::{
    ecdsa::{Signature, SigningKey as SoftKey, signature::Signer as _},
    pkcs8::DecodePrivateKey,
};
use sealkeeper_domain::{
    identity::TokenSerial,
    pkcs11_uri::ObjectUri,
    placement::{PageChoice, Placement},
    return_value::ReturnValue,
    seal::{Seal, SealSize},
};
use sealkeeper_journal::{Record, RecordBody};
use sealkeeper_pades::{
    cms::{PublicKey, SignatureAlgorithm},
    picture::SealPicture,
};
use tempfile::TempDir;

use super::*;
use crate::{
    init::POLICY,
    people::Solo,
    pipeline::identify::Holder,
    pipeline::ports::ledger::{Identity, Root, SoloPerson},
    pipeline::{
        destruction::DestructionOrder,
        ports::{
            key::{KeyFound, KeyOnToken, SigningKey},
            registry::RegisteredSeal,
            token::{
                DestroyedKey, ImportedCertificate, NewCertificate, NewKey, OnePin, PinChange, PinOrPad,
                TokenState, Unlock, Unlocked,
            },
            token_error::{FailedCall, PinFlags, SignError, TokenError, Told},
        },
        record::SignOrder,
        unfinished::recover,
    },
    policy::{PolicyAuthority, PolicySource},
    registry::ConfiguredSeals,
    store::{Store, create},
};

const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/test-certificate.der");
const KEY: &str = include_str!("../../fixtures/test-key.pem");
const PICTURE: &[u8] = include_bytes!("../../fixtures/seal.png");
const UID: u32 = 7;
/// 2030-01-01.
const NOW_US: u64 = 1_893_456_000_000_000;

/// What the token does when it is asked to sign.
#[derive(Clone, Copy)]
enum Manner {
    Signs,
    Refuses,
    FailsVaguely,
    Hangs,
    Babbles,
    IsGone,
    Panics,
    /// The key asks for the PIN, and it is the wrong one.
    RefusesThePin,
}

struct FakeToken {
    manner: Manner,
    asked: AtomicU64,
    unlocked: bool,
    /// CKA_ALWAYS_AUTHENTICATE.
    asks_pin: bool,
    /// Whose the login is, where it is unlocked.
    holder: Holder,
    /// How often it was asked for a key and certificate.
    described: AtomicU64,
    /// Whoever holds one of these makes it hang there.
    describing: tokio::sync::RwLock<()>,
    signing: tokio::sync::RwLock<()>,
    locking: tokio::sync::RwLock<()>,
    /// How often it was locked.
    locked: AtomicU64,
}

impl FakeToken {
    fn new(manner: Manner, unlocked: bool, asks_pin: bool) -> Self {
        FakeToken {
            manner,
            asked: AtomicU64::new(0),
            unlocked,
            asks_pin,
            holder: Holder::Local,
            described: AtomicU64::new(0),
            describing: tokio::sync::RwLock::default(),
            signing: tokio::sync::RwLock::default(),
            locking: tokio::sync::RwLock::default(),
            locked: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Token for FakeToken {
    async fn list(&self, _: Duration) -> Result<Vec<TokenState>, TokenError> {
        Ok(Vec::new())
    }
    async fn unlock(&self, _: Unlock, _: Duration) -> Result<Unlocked, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn lock(&self, _: TokenSerial, _: Duration) -> Result<bool, TokenError> {
        let _hangs = self.locking.read().await;
        self.locked.fetch_add(1, Ordering::SeqCst);
        Ok(false)
    }
    async fn describe(&self, key: KeyOnToken, _: Duration) -> Result<SigningKey, TokenError> {
        self.described.fetch_add(1, Ordering::SeqCst);
        let _hangs = self.describing.read().await;
        Ok(SigningKey {
            certificate: CERTIFICATE.to_vec(),
            ready: self.unlocked,
            holder: self.unlocked.then_some(self.holder),
            serial: key.key.serial,
            algorithms: vec![SignatureAlgorithm::EcdsaP256Sha256],
            asks_pin: self.asks_pin,
            has_pad: false,
            unreported: Vec::new(),
            certificates: 1,
            key_id: vec![1],
        })
    }
    async fn find_key(&self, _: ObjectUri, _: Duration) -> Result<KeyFound, TokenError> {
        Ok(KeyFound {
            ready: self.unlocked,
            public_key: PublicKey::of_certificate(CERTIFICATE).unwrap(),
            algorithms: vec![SignatureAlgorithm::EcdsaP256Sha256],
            asks_pin: self.asks_pin,
            has_pad: false,
            key_id: vec![1],
        })
    }
    async fn generate_key(&self, wanted: NewKey, _: Duration) -> Result<Vec<u8>, TokenError> {
        assert!(!wanted.id.is_empty());
        Ok(b"a public key".to_vec())
    }
    async fn import_certificate(
        &self,
        wanted: NewCertificate,
        _: Duration,
    ) -> Result<ImportedCertificate, TokenError> {
        let (replaced, left) = if wanted.replace { (vec![[7; 32]], 1) } else { (Vec::new(), 0) };
        Ok(ImportedCertificate { key_id: vec![0xab, 1], replaced, left })
    }
    async fn destroy_key(&self, _: DestructionOrder, _: Duration) -> Result<DestroyedKey, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn change_pin(&self, _: PinChange, _: Duration) -> Result<(), TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn sign(&self, order: SignOrder, _: Duration) -> Result<Vec<u8>, SignError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _hangs = self.signing.read().await;
        let error = || TokenError::new(Reason::TokenFault);
        match self.manner {
            Manner::Signs => {
                let signature: Signature = SoftKey::from_pkcs8_pem(KEY).unwrap().sign(order.message());
                Ok(signature.to_bytes().to_vec())
            }
            Manner::Refuses => Err(SignError::NotSigned(error())),
            Manner::FailsVaguely => Err(SignError::MayHaveSigned(TokenError {
                call: Some(FailedCall {
                    function: "C_Sign".into(),
                    told: Told::Returned(ReturnValue::from_number(0x30_u64)),
                }),
                ..error()
            })),
            Manner::Hangs => Err(SignError::TimedOut),
            Manner::Babbles => Ok(vec![7; 64]),
            Manner::IsGone => Err(SignError::MayHaveSigned(error())),
            Manner::Panics => panic!("as a bug would"),
            Manner::RefusesThePin => {
                let (call, pin) = (wrong_pin_call(), PinFlags { count_low: true, ..PinFlags::default() });
                let wrong = TokenError::new(Reason::TokenPinWrong);
                Err(SignError::NotSigned(TokenError { call: Some(call), pin: Some(pin), ..wrong }))
            }
        }
    }
}

fn wrong_pin_call() -> FailedCall {
    FailedCall { function: "C_Login".into(), told: Told::Returned(ReturnValue::from_number(0xa0_u64)) }
}

struct FixedClock(AtomicU64);

impl Clock for FixedClock {
    fn now_us(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct House {
    service: Arc<Service>,
    token: Arc<FakeToken>,
    clock: Arc<FixedClock>,
    caller: Caller,
    store: Arc<Store>,
    directory: TempDir,
}

fn house(manner: Manner) -> House {
    house_with(manner, true)
}

fn house_with(manner: Manner, unlocked: bool) -> House {
    let directory = tempfile::tempdir().unwrap();
    let person = SoloPerson { id: "p-1".into(), name: "甲".into(), uid: UID };
    let identity =
        Identity { origin: "localhost/seal-journal/test".into(), root: Root::Solo(person.clone()) };
    create(&directory.path().join("journal.db"), &identity).unwrap();
    let clock = Arc::new(FixedClock(AtomicU64::new(NOW_US)));
    let store = Arc::new(Store::open(&directory.path().join("journal.db"), clock.clone()).unwrap());
    let token = Arc::new(FakeToken::new(manner, unlocked, false));
    let seal = Seal {
        id: "contract".parse().unwrap(),
        name: "合同专用章".into(),
        unit: "示例科技有限公司".into(),
        size: SealSize::new(40_000, 40_000).unwrap(),
        key: ObjectUri::parse("pkcs11:serial=1;id=%01;type=private").unwrap(),
        certificate: ObjectUri::parse("pkcs11:serial=1;id=%01;type=cert").unwrap(),
    };
    let registered = RegisteredSeal {
        seal,
        picture_file: PICTURE.to_vec(),
        picture_digest: Digest::of(PICTURE),
        picture: SealPicture::from_png(PICTURE).unwrap(),
        unreported_accepted: Vec::new(),
        issuers: Vec::new(),
        custodian: None,
        form: crate::pipeline::ports::registry::SealForm::Configured,
    };
    let limits = Limits {
        document: 1 << 20,
        document_worker_mib: 512,
        document_worker: Duration::from_secs(20),
        spool: 1 << 20,
        spool_per_person: 1 << 20,
        requests_per_person: 100,
        upload_idle: Duration::from_secs(5),
        upload_rate: 64 << 10,
        call: Duration::from_secs(60),
        token: Duration::from_secs(5),
        pin_pad: Duration::from_secs(60),
        uses_at_once: 8,
        calls_per_caller: 8,
        uploads_per_caller: 2,
    };
    let people = Arc::new(Solo::new(&person).unwrap());
    let caller = identify(Origin::Local { uid: UID }, &*people).unwrap();
    let policy_file = directory.path().join(POLICY);
    std::fs::write(&policy_file, Policy::SOLO_TOML).unwrap();
    let own_uid = rustix::process::geteuid().as_raw();
    let source = PolicySource { path: policy_file, own_uid, authority: PolicyAuthority::Solo };
    let policy = PolicyInForce::unrecorded(source, store.clone(), Scribe::new("host"));
    let service = Arc::new(Service::new(
        store.clone(),
        token.clone(),
        Arc::new(ConfiguredSeals::new(vec![registered])),
        people,
        None,
        clock.clone(),
        Scribe::new("host"),
        Arc::new(policy),
        limits,
        Spool::open(directory.path().join("spool")).unwrap(),
        Recalled::default(),
        Documents::new(Arc::new(diagnosis::Confined::wholly())),
        Surroundings {
            home: directory.path().to_owned(),
            socket: directory.path().join("agent.sock"),
            modules: Arc::new(diagnosis::Shelf::default()),
            module_files: BTreeMap::new(),
            remote: None,
        },
    ));
    House { service, token, clock, caller, store, directory }
}

/// One A4 page with a classic table.
fn document() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for body in [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    ] {
        offsets.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n{body}\nendobj\n", offsets.len()).bytes());
    }
    let xref = pdf.len();
    pdf.extend(b"xref\n0 4\n0000000000 65535 f \n");
    for offset in offsets {
        pdf.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    pdf.extend(format!("trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n{xref}\n%%EOF\n").bytes());
    pdf
}

fn asked_for(pdf: &[u8]) -> sealkeeper_domain::request::Asked {
    sealkeeper_domain::request::Asked {
        file_name: "合同.pdf".into(),
        size: pdf.len() as u64,
        sha256: Digest::of(pdf),
        reason: "采购".into(),
        document_class: String::new(),
        copies: 1,
        placements: vec![Placement::new(PageChoice::Last, 100_000, 200_000)],
        tickets: 0,
        edge_seal: false,
    }
}

impl House {
    async fn refusals(&self) -> Vec<sealkeeper_journal::Refused> {
        let refused = |body| if let RecordBody::Refused(refused) = body { Some(refused) } else { None };
        self.records().await.into_iter().filter_map(refused).collect()
    }

    async fn submit(&self, copies: u32) -> RequestId {
        let pdf = document();
        let asked = sealkeeper_domain::request::Asked { copies, ..asked_for(&pdf) };
        let mut upload =
            self.service.begin_submit(self.caller.clone(), asked, "contract".into(), "").await.unwrap();
        if upload.wanted() {
            upload = self.service.take_chunk(upload, pdf).await.unwrap();
        }
        self.service.finish_submit(upload).await.unwrap().request
    }

    async fn stamp(&self, request: RequestId, use_id: UseId) -> Result<StampOutcome, Failure> {
        let reviewed = self.service.review(&self.caller, request).await?;
        self.service.clone().stamp(self.caller.clone(), request, use_id, reviewed.prepared, no_pin()).await
    }

    async fn records(&self) -> Vec<RecordBody> {
        let stored = self.service.ledger.records(0, 1000, Vec::new()).await.unwrap();
        stored.iter().map(|record| Record::parse(&record.bytes).unwrap().body).collect()
    }

    async fn types(&self) -> Vec<&'static str> {
        self.records().await.iter().map(RecordBody::type_name).collect()
    }

    fn asked(&self) -> u64 {
        self.token.asked.load(Ordering::SeqCst)
    }
}

/// What is sent with a stamping by a key that does not ask for the PIN.
fn no_pin() -> OnePin {
    OnePin { pin: PinOrPad::Pad, final_try: false }
}

/// A registered person who keeps no seals.
fn visitor() -> Caller {
    struct Visitor;
    impl People for Visitor {
        fn by_uid(&self, _: u32) -> Option<crate::pipeline::identify::Person> {
            let id = "p-2".parse().unwrap();
            Some(crate::pipeline::identify::Person { id, name: "乙".into(), custodian: false })
        }
        fn by_certificate(&self, _: Digest) -> Option<crate::pipeline::identify::Person> {
            None
        }
    }
    identify(Origin::Local { uid: UID }, &Visitor).unwrap()
}

fn new_use() -> UseId {
    UseId::new(uuid::Uuid::new_v4())
}

fn reasons(failure: Failure) -> String {
    match failure {
        Failure::Refused(refused) => refused.refusal.to_string(),
        Failure::Fault(reason) => format!("fault: {}", reason.code()),
    }
}

impl House {
    async fn stamp_again(&self, request: RequestId, use_id: UseId) -> StampOutcome {
        let prepared = self.service.review(&self.caller, request).await.unwrap().prepared;
        self.service.clone().stamp(self.caller.clone(), request, use_id, prepared, no_pin()).await.unwrap()
    }
}
