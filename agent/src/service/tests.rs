//! The pipeline over the real store, with a token that does what real ones do at their worst.

mod diagnosis;
mod inspection;
mod keys;
mod pins;
mod tokens;

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
use sealkeeper_journal::{Mode, Record, RecordBody};
use sealkeeper_pades::{
    cms::{PublicKey, SignatureAlgorithm},
    picture::SealPicture,
};
use tempfile::TempDir;

use super::*;
use crate::{
    people::Solo,
    pipeline::ports::ledger::{Identity, SoloPerson},
    pipeline::{
        ports::{
            key::{KeyFound, KeyOnToken, SigningKey},
            registry::RegisteredSeal,
            token::{
                ImportedCertificate, NewCertificate, NewKey, OnePin, PinChange, PinOrPad, TokenState, Unlock,
                Unlocked,
            },
            token_error::{FailedCall, PinFlags, SignError, TokenError, Told},
        },
        record::SignOrder,
        unfinished::recover,
    },
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
        Ok(false)
    }
    async fn describe(&self, key: KeyOnToken, _: Duration) -> Result<SigningKey, TokenError> {
        Ok(SigningKey {
            certificate: CERTIFICATE.to_vec(),
            ready: self.unlocked,
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
    async fn change_pin(&self, _: PinChange, _: Duration) -> Result<(), TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn sign(&self, order: SignOrder, _: Duration) -> Result<Vec<u8>, SignError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
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
        Identity { origin: "localhost/seal-journal/test".into(), mode: Mode::Solo, person: person.clone() };
    create(&directory.path().join("journal.db"), &identity).unwrap();
    let clock = Arc::new(FixedClock(AtomicU64::new(NOW_US)));
    let store = Arc::new(Store::open(&directory.path().join("journal.db"), clock.clone()).unwrap());
    let token = Arc::new(FakeToken { manner, asked: AtomicU64::new(0), unlocked, asks_pin: false });
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
    };
    let limits = Limits {
        document: 1 << 20,
        spool: 1 << 20,
        upload_idle: Duration::from_secs(5),
        call: Duration::from_secs(60),
        token: Duration::from_secs(5),
        pin_pad: Duration::from_secs(60),
        uses_at_once: 8,
        calls_per_caller: 8,
        uploads_per_caller: 2,
    };
    let people = Arc::new(Solo::new(&person).unwrap());
    let caller = identify(UID, &*people).unwrap();
    let service = Arc::new(Service::new(
        store.clone(),
        token.clone(),
        Arc::new(ConfiguredSeals::new(vec![registered])),
        people,
        clock.clone(),
        Scribe::new("host"),
        Arc::new(Policy::from_toml(Policy::SOLO_TOML).unwrap()),
        limits,
        Spool::open(directory.path().join("spool")).unwrap(),
        Recalled::default(),
        Surroundings {
            home: directory.path().to_owned(),
            socket: directory.path().join("agent.sock"),
            policy_sha256: Digest::of(Policy::SOLO_TOML.as_bytes()),
            modules: Arc::new(diagnosis::Shelf::default()),
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
            self.service.begin_submit(self.caller.clone(), asked, "contract".into()).await.unwrap();
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
    }
    identify(UID, &Visitor).unwrap()
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

#[tokio::test]
async fn a_use_is_recorded_before_and_after_and_its_bytes_make_the_whole() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let use_id = new_use();
    let outcome = house.stamp(request, use_id).await.unwrap();
    let StampOutcome::Complete(receipt) = outcome else { panic!("{outcome:?}") };
    assert_eq!(house.types().await, ["intent", "complete"]);
    let (again, appended) = house.service.fetch(&house.caller, use_id).await.unwrap();
    assert_eq!(again, *receipt);
    let whole = [document(), appended].concat();
    assert_eq!(Digest::of(&whole).to_string(), receipt.output_sha256.to_string());
    assert_eq!((receipt.intent_seq, receipt.outcome_seq, receipt.tree_size), (0, 1, 0));
    let reports = sealkeeper_pades::validate::validate(&whole).unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].verdict, sealkeeper_pades::validate::Verdict::Intact);

    house.service.acknowledge(&house.caller, use_id).await.unwrap();
    house.service.acknowledge(&house.caller, use_id).await.unwrap();
    assert_eq!(reasons(house.service.fetch(&house.caller, use_id).await.unwrap_err()), "use-acknowledged");
}

#[tokio::test]
async fn the_same_use_is_never_signed_twice() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let use_id = new_use();
    let prepared = house.service.review(&house.caller, request).await.unwrap().prepared;
    let all = (0..8).map(|_| {
        tokio::spawn(house.service.clone().stamp(house.caller.clone(), request, use_id, prepared, no_pin()))
    });
    let mut receipts = Vec::new();
    for one in all.collect::<Vec<_>>() {
        match one.await.unwrap().unwrap() {
            StampOutcome::Complete(receipt) => receipts.push(*receipt),
            other => panic!("{other:?}"),
        }
    }
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(house.asked(), 1);
    assert_eq!(house.types().await, ["intent", "complete"]);
    let other = house.submit(1).await;
    assert_eq!(reasons(house.stamp(other, use_id).await.unwrap_err()), "use-id-taken");
}

#[tokio::test]
async fn what_certainly_was_not_signed_gives_the_copy_back() {
    let house = house(Manner::Refuses);
    let request = house.submit(1).await;
    for _ in 0..2 {
        let outcome = house.stamp(request, new_use()).await.unwrap();
        assert!(
            matches!(outcome, StampOutcome::NotDone { abandoned: false, reason: Reason::SignRefused, .. }),
            "{outcome:?}"
        );
    }
    assert_eq!(house.types().await, ["intent", "failed", "intent", "failed"]);
    let copies: Vec<_> = house
        .records()
        .await
        .into_iter()
        .filter_map(|body| if let RecordBody::Intent(intent) = body { Some(intent.copy) } else { None })
        .collect();
    assert_eq!(copies, [1, 1], "the copy given back is had again");
}

#[tokio::test]
async fn whatever_may_have_been_signed_is_abandoned_and_the_copy_is_gone() {
    for (manner, reason) in [
        (Manner::FailsVaguely, Reason::AbandonedTokenFault),
        (Manner::IsGone, Reason::AbandonedTokenFault),
        (Manner::Hangs, Reason::AbandonedTimeout),
        (Manner::Babbles, Reason::AbandonedSignature),
        (Manner::Panics, Reason::AbandonedFault),
    ] {
        let house = house(manner);
        let request = house.submit(1).await;
        let use_id = new_use();
        for _ in 0..2 {
            let outcome = house.stamp_again(request, use_id).await;
            assert!(
                matches!(outcome, StampOutcome::NotDone { abandoned: true, reason: r, .. } if r == reason),
                "{outcome:?}"
            );
        }
        assert_eq!(house.asked(), 1, "the same use gives the same outcome");
        assert_eq!(house.types().await, ["intent", "abandoned"]);
        assert_eq!(
            reasons(house.service.fetch(&house.caller, use_id).await.unwrap_err()),
            "use-not-complete"
        );
        assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "copies-used-up");
    }
}

impl House {
    async fn stamp_again(&self, request: RequestId, use_id: UseId) -> StampOutcome {
        let prepared = self.service.review(&self.caller, request).await.unwrap().prepared;
        self.service.clone().stamp(self.caller.clone(), request, use_id, prepared, no_pin()).await.unwrap()
    }
}

#[tokio::test]
async fn an_open_use_whose_id_is_sent_again_is_closed_then() {
    let house = house(Manner::Signs);
    let request = house.submit(2).await;
    house.stamp(request, new_use()).await.unwrap();
    let intent =
        house.records().await.into_iter().find(|body| matches!(body, RecordBody::Intent(_))).unwrap();
    let use_id = new_use();
    let entry =
        crate::pipeline::ports::ledger::Entry { body: intent, disclosures: Vec::new(), lists: Vec::new() };
    house.service.ledger.begin_use(use_id, request, entry).await.unwrap();
    let stamp = house.service.clone().stamp(house.caller.clone(), request, use_id, Digest([0; 32]), no_pin());
    let outcome = stamp.await.unwrap();
    assert!(
        matches!(outcome, StampOutcome::NotDone { abandoned: true, reason: Reason::AbandonedFault, .. }),
        "{outcome:?}"
    );
    assert_eq!(house.asked(), 1);
}

#[tokio::test]
async fn nothing_is_recorded_as_a_use_unless_it_was_confirmed_and_the_token_is_ready() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let stamp =
        house.service.clone().stamp(house.caller.clone(), request, new_use(), Digest([0; 32]), no_pin());
    assert_eq!(reasons(stamp.await.unwrap_err()), "confirmation-mismatch");
    assert_eq!(house.types().await, ["refused"]);

    let locked = house_with(Manner::Signs, false);
    let request = locked.submit(1).await;
    assert_eq!(reasons(locked.stamp(request, new_use()).await.unwrap_err()), "token-locked");
    assert_eq!(locked.types().await, ["refused"]);
    assert_eq!(house.asked() + locked.asked(), 0);
}

#[tokio::test]
async fn what_cannot_be_a_pdf_is_refused_before_it_is_whole() {
    let house = house(Manner::Signs);
    let asked = sealkeeper_domain::request::Asked {
        file_name: "x.pdf".into(),
        size: 1 << 20,
        sha256: Digest([1; 32]),
        reason: "r".into(),
        document_class: String::new(),
        copies: 1,
        placements: vec![Placement::new(PageChoice::Last, 100_000, 200_000)],
        tickets: 0,
        edge_seal: false,
    };
    let upload = house.service.begin_submit(house.caller.clone(), asked, "contract".into()).await.unwrap();
    let upload = house.service.take_chunk(upload, vec![b' '; 1023]).await.unwrap();
    let refused = house.service.take_chunk(upload, vec![b' ']).await.err().unwrap();
    assert_eq!(reasons(refused), "pdf-not-a-pdf");
    assert_eq!(house.service.spool.used().unwrap(), 0);
}

#[tokio::test]
async fn requests_end_with_their_time_and_documents_with_their_requests() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let sha256 = Digest::of(&document());
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256));
    house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "request-expired");
    house.service.tidy().await;
    assert!(!house.service.spool.holds(sha256));
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "request-unknown");
}

#[tokio::test]
async fn certificates_are_valid_at_the_time_of_use_only() {
    let house = house(Manner::Signs);
    house.clock.0.store(4_200_000_000_000_000, Ordering::SeqCst);
    let request = house.submit(1).await;
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "certificate-expired");
    house.clock.0.store(1_000_000_000_000_000, Ordering::SeqCst);
    let request = house.submit(1).await;
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "certificate-not-yet-valid");
}

#[tokio::test]
async fn what_a_crash_leaves_open_is_closed_as_abandoned_at_the_next_start() {
    let house = house(Manner::Signs);
    let request = house.submit(2).await;
    house.stamp(request, new_use()).await.unwrap();
    // A crash between intent and outcome: the intent is durable, nothing else happened.
    let use_id = new_use();
    let intent =
        house.records().await.into_iter().find(|body| matches!(body, RecordBody::Intent(_))).unwrap();
    let entry =
        crate::pipeline::ports::ledger::Entry { body: intent, disclosures: Vec::new(), lists: Vec::new() };
    house.service.ledger.begin_use(use_id, request, entry).await.unwrap();

    let House { service, directory, clock, store, .. } = house;
    drop(service);
    Arc::into_inner(store).unwrap().close();
    let store = Store::open(&directory.path().join("journal.db"), clock).unwrap();
    assert_eq!(recover(&store).await.unwrap(), 1);
    assert_eq!(recover(&store).await.unwrap(), 0);
    let last = store.newest_records(1, Vec::new()).await.unwrap();
    let Record { body: RecordBody::Abandoned(abandoned), .. } = Record::parse(&last[0].bytes).unwrap() else {
        panic!()
    };
    assert_eq!(abandoned.cause, sealkeeper_journal::AbandonCause::Crash);
    assert_eq!(abandoned.use_id, use_id.uuid());
}

#[tokio::test]
async fn equal_refusals_are_counted_into_one_record() {
    let house = house(Manner::Signs);
    for round in 0..5 {
        let failure =
            house.service.review(&house.caller, RequestId::new(uuid::Uuid::new_v4())).await.err().unwrap();
        let Failure::Refused(refused) = failure else { panic!("{failure:?}") };
        assert_eq!(refused.journal_seq.is_some(), round == 0);
    }
    house.service.flush_refusals(true).await;
    let counts: Vec<_> = house
        .records()
        .await
        .into_iter()
        .filter_map(|body| if let RecordBody::Refused(refused) = body { Some(refused.count) } else { None })
        .collect();
    assert_eq!(counts, [1, 4]);
}

#[tokio::test]
async fn a_damaged_document_is_removed_and_can_be_sent_again() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let name = house.directory.path().join("spool").join(Digest::of(&document()).to_string());
    // As a power cut leaves it; replaced, not cut short, for the agent may have the old one mapped.
    let empty = house.directory.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    std::fs::rename(&empty, &name).unwrap();
    let failure = house.service.review(&house.caller, request).await.err().unwrap();
    assert_eq!(reasons(failure), "document-gone");
    assert!(!name.exists());
    house.submit(1).await;
    assert!(house.service.review(&house.caller, request).await.is_ok(), "the first request goes on");
}

#[tokio::test]
async fn a_document_whose_copies_are_used_up_is_sent_again() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let sha256 = Digest::of(&document());
    assert!(house.service.ledger.knows_document(sha256).await.unwrap());
    house.stamp(request, new_use()).await.unwrap();
    assert!(!house.service.ledger.knows_document(sha256).await.unwrap());
}

#[tokio::test]
async fn a_document_is_not_tidied_away_before_its_request_is_kept() {
    let house = house(Manner::Signs);
    house.submit(1).await;
    let pdf = document();
    let asked = asked_for(&pdf);
    let sha256 = asked.sha256;
    let upload = house.service.begin_submit(house.caller.clone(), asked, "contract".into()).await.unwrap();
    assert!(!upload.wanted());
    house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256), "its first request expired, its second comes");
    house.service.finish_submit(upload).await.unwrap();
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256));
}

#[tokio::test]
async fn refusals_name_the_token_they_are_about() {
    let house = house(Manner::Signs);
    for serial in ["1", "1", "2", "3", "2"] {
        let pin = Err(Reason::TokenPinUnusable);
        let serial = serial.parse().unwrap();
        let (idle, lifetime) = (Duration::ZERO, Duration::ZERO);
        let asked = UnlockAsked { serial, pin, uses: 1, idle, lifetime, final_try: false };
        let unlock = house.service.unlock(&house.caller, asked).await;
        assert_eq!(reasons(unlock.err().unwrap()), "token-pin-unusable");
    }
    house.service.flush_refusals(true).await;
    let mut told: Vec<_> = house
        .refusals()
        .await
        .into_iter()
        .map(|refused| (refused.token_serial.map(|serial| serial.to_string()), refused.count))
        .collect();
    told.sort();
    let some = |serial: &str| Some(serial.to_owned());
    // A seal's key lies on token 1; the others are anything a caller may think of, and count together.
    assert_eq!(told, [(None, 2), (some("1"), 1), (some("1"), 1), (some("2"), 1)]);
}

#[tokio::test]
async fn a_counting_record_tells_only_what_is_true_of_all() {
    let house = house(Manner::Signs);
    let request = RequestId::new(uuid::Uuid::new_v4());
    let refuse = async |request, use_id| {
        let stamp =
            house.service.clone().stamp(house.caller.clone(), request, use_id, Digest([0; 32]), no_pin());
        assert_eq!(reasons(stamp.await.err().unwrap()), "request-unknown");
    };
    for _ in 0..3 {
        refuse(request, new_use()).await;
    }
    house.service.flush_refusals(true).await;
    let counted = house.refusals().await.pop().unwrap();
    assert_eq!((counted.count, counted.request_id, counted.use_id), (2, Some(request.uuid()), None));
}

#[tokio::test]
async fn seals_nobody_has_are_one_kind_of_refusal_and_long_ones_are_not_kept() {
    let house = house(Manner::Signs);
    for seal in ["x".to_owned(), "y".repeat(1 << 20), "z".into()] {
        let asked = asked_for(&document());
        let failure = house.service.begin_submit(house.caller.clone(), asked, seal).await.err().unwrap();
        assert_eq!(reasons(failure), "seal-unknown");
    }
    house.service.flush_refusals(true).await;
    let counts: Vec<_> = house.refusals().await.iter().map(|refused| refused.count).collect();
    assert_eq!(counts, [1, 2]);
}

#[tokio::test]
async fn what_could_not_be_recorded_opens_no_window() {
    let house = house(Manner::Signs);
    let stranger = || Subject::stranger("Not a code", UID);
    let refused = || Stop::Refused { stage: "admit", refusal: Reason::RequestUnknown.into() };
    for _ in 0..2 {
        let failure = house.service.refuse(stranger(), refused()).await;
        assert!(matches!(failure, Failure::Fault(Reason::JournalFailed)), "{failure:?}");
    }
}
