//! Inspections: what they find, what they cost, and what follows from them.

use std::sync::Mutex;

use sealkeeper_domain::pin::Pin;
use sealkeeper_journal::{KeyPurpose, Severity, TestSignature, TokenInspected, Verdict};

use super::*;
use crate::pipeline::ports::{
    token::{OnePin, PinOrPad, TokenNews, UnlockLeft},
    token_error::{FailedCall, PinFlags},
};

const DAY_US: u64 = 86_400_000_000;

/// A token whose every answer a test sets.
struct Model(Mutex<Shape>);

struct Shape {
    present: bool,
    pin: PinFlags,
    firmware: &'static str,
    uses: u32,
    asks_pin: bool,
    certificate: Vec<u8>,
    certificates: u32,
    unreported: Vec<String>,
    unfit: bool,
    manner: Manner,
    /// For each order to sign whether it takes a use, and its PIN.
    orders: Vec<(bool, Option<String>)>,
}

impl Model {
    fn state(&self, serial: TokenSerial) -> TokenState {
        let shape = self.0.lock().unwrap();
        let long = Duration::from_secs(600);
        TokenState {
            serial,
            label: String::new(),
            manufacturer: String::new(),
            model: String::new(),
            firmware: shape.firmware.to_owned(),
            hardware: String::new(),
            pin: shape.pin,
            module: "m".into(),
            unlocked: (shape.uses > 0).then_some(UnlockLeft {
                holder: Holder::Local,
                uses: shape.uses,
                idle: long,
                lifetime: long,
            }),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Shape)) {
        change(&mut self.0.lock().unwrap());
    }
}

#[async_trait]
impl Token for Model {
    async fn list(&self, _: Duration) -> Result<Vec<TokenState>, TokenError> {
        let present = self.0.lock().unwrap().present;
        Ok(if present { vec![self.state("1".parse().unwrap())] } else { Vec::new() })
    }
    async fn unlock(&self, unlock: Unlock, _: Duration) -> Result<Unlocked, TokenError> {
        self.change(|shape| shape.uses = unlock.uses);
        Ok(Unlocked { token: self.state(unlock.serial), replaced: false })
    }
    async fn lock(&self, _: TokenSerial, _: Duration) -> Result<bool, TokenError> {
        Ok(false)
    }
    async fn describe(&self, key: KeyOnToken, _: Duration) -> Result<SigningKey, TokenError> {
        let shape = self.0.lock().unwrap();
        if !shape.present {
            return Err(TokenError::new(Reason::TokenAbsent));
        }
        if shape.unfit && shape.uses > 0 {
            return Err(TokenError::new(Reason::KeyUnfit));
        }
        Ok(SigningKey {
            certificate: shape.certificate.clone(),
            ready: shape.uses > 0,
            holder: (shape.uses > 0).then_some(Holder::Local),
            serial: key.key.serial,
            algorithms: vec![SignatureAlgorithm::EcdsaP256Sha256],
            asks_pin: shape.asks_pin && shape.uses > 0,
            has_pad: false,
            unreported: shape.unreported.clone(),
            certificates: shape.certificates,
            key_id: vec![1],
        })
    }
    async fn generate_key(&self, _: NewKey, _: Duration) -> Result<Vec<u8>, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn import_certificate(
        &self,
        _: NewCertificate,
        _: Duration,
    ) -> Result<ImportedCertificate, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn destroy_key(&self, _: DestructionOrder, _: Duration) -> Result<DestroyedKey, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn change_pin(&self, _: PinChange, _: Duration) -> Result<(), TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn find_key(&self, _: ObjectUri, _: Duration) -> Result<KeyFound, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn sign(&self, order: SignOrder, _: Duration) -> Result<Vec<u8>, SignError> {
        let mut shape = self.0.lock().unwrap();
        let pin = order.pin().and_then(|one| match &one.pin {
            PinOrPad::Pin(pin) => Some(pin.expose().to_owned()),
            PinOrPad::Pad => None,
        });
        shape.orders.push((order.holder().is_some(), pin.clone()));
        shape.uses -= u32::from(order.holder().is_some());
        if shape.asks_pin && pin.as_deref() != Some("123456") {
            let told = Told::Returned(ReturnValue::from_number(0xa0_u64));
            let call = FailedCall { function: "C_Login".into(), told };
            let wrong = TokenError { call: Some(call), ..TokenError::new(Reason::TokenPinWrong) };
            return Err(SignError::NotSigned(wrong));
        }
        match shape.manner {
            Manner::Signs => {
                let signature: Signature = SoftKey::from_pkcs8_pem(KEY).unwrap().sign(order.message());
                Ok(signature.to_bytes().to_vec())
            }
            Manner::Refuses => Err(SignError::NotSigned(TokenError::new(Reason::TokenFault))),
            Manner::Hangs => Err(SignError::TimedOut),
            _ => Ok(vec![7; 64]),
        }
    }
}

/// A house whose token is unlocked for ten uses and showed itself at [`NOW_US`].
struct Inspected {
    house: House,
    model: Arc<Model>,
}

async fn inspected() -> Inspected {
    let mut house = house(Manner::Signs);
    let model = Arc::new(Model(Mutex::new(Shape {
        present: true,
        pin: PinFlags { initialized: true, ..PinFlags::default() },
        firmware: "2.6",
        uses: 10,
        asks_pin: false,
        certificate: CERTIFICATE.to_vec(),
        certificates: 1,
        unreported: Vec::new(),
        unfit: false,
        manner: Manner::Signs,
        orders: Vec::new(),
    })));
    Arc::get_mut(&mut house.service).unwrap().token = model.clone();
    let token = model.state("1".parse().unwrap());
    house.service.news(TokenNews::Inserted { module: "m".into(), token }).await;
    Inspected { house, model }
}

impl Inspected {
    async fn inspect(&self, pin: Option<&str>) -> crate::service::inspect::Inspection {
        let pin = pin.map(|pin| OnePin {
            pin: PinOrPad::Pin(Pin::new(pin.as_bytes().to_vec()).unwrap()),
            final_try: false,
        });
        self.house.service.inspect(&self.house.caller, "1".parse().unwrap(), Ok(pin)).await.unwrap()
    }

    /// Severity and code of each finding.
    async fn found(&self, pin: Option<&str>) -> Vec<(Severity, &'static str)> {
        let inspection = self.inspect(pin).await;
        let told = inspection.findings.iter();
        told.map(|finding| (finding.severity, finding.violation.reason.code())).collect()
    }

    async fn last(&self) -> TokenInspected {
        let inspected = |body| if let RecordBody::TokenInspected(told) = body { Some(told) } else { None };
        self.house.records().await.into_iter().filter_map(inspected).next_back().unwrap()
    }

    async fn unlock(&self, uses: u32) -> TokenState {
        let pin = Ok(PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()));
        let (serial, idle, lifetime) = ("1".parse().unwrap(), Duration::ZERO, Duration::ZERO);
        let asked = UnlockAsked { serial, pin, uses, idle, lifetime, final_try: false };
        self.house.service.unlock(&self.house.caller, asked).await.unwrap()
    }

    fn days_later(&self, days: u64) {
        self.house.clock.0.store(NOW_US + days * DAY_US, Ordering::SeqCst);
    }

    async fn submit(&self) -> Result<Submitted, Failure> {
        let (service, pdf) = (&self.house.service, document());
        let (caller, asked) = (self.house.caller.clone(), asked_for(&pdf));
        let mut upload = service.begin_submit(caller, asked, "contract".into(), "").await?;
        if upload.wanted() {
            upload = service.take_chunk(upload, pdf).await?;
        }
        service.finish_submit(upload).await
    }

    fn due_us(&self) -> u64 {
        self.house.service.inspection_due_us(&"1".parse().unwrap())
    }
}

#[tokio::test]
async fn a_sound_token_passes_and_each_test_signature_stands_in_the_journal_before_it_is_made() {
    let inspected = inspected().await;
    let inspection = inspected.inspect(None).await;
    assert!(inspection.passed && inspection.findings.is_empty(), "{:?}", inspection.findings);
    assert_eq!(inspection.token.unwrap().unlocked.unwrap().uses, 9);
    assert_eq!(inspected.house.types().await, ["token_inserted", "key_used", "token_inspected"]);
    assert_eq!(inspection.journal_seq, 2);
    let [_, RecordBody::KeyUsed(used), RecordBody::TokenInspected(told)] =
        &inspected.house.records().await[..]
    else {
        panic!("not on record")
    };
    assert_eq!((used.purpose, used.by.is_some()), (KeyPurpose::Inspection, true));
    assert_eq!((told.verdict, told.test_signature), (Verdict::Passed, TestSignature::Verified));
    assert_eq!(told.firmware.as_ref().map(|firmware| firmware.as_str()), Some("2.6"));
    assert!(told.by.is_some());
    let stored = inspected.house.service.ledger.records(2, 1, Vec::new()).await.unwrap();
    let (field, list) = &stored[0].lists[0];
    assert_eq!((field.as_str(), list.as_slice()), ("seals", br#"["contract"]"#.as_slice()));
    assert!(told.seals.matches(list));
}

#[tokio::test]
async fn what_is_wrong_is_found_with_its_gravity_the_gravest_first() {
    use Severity::{Note, Refuse, Warn};
    let inspected = inspected().await;
    inspected.inspect(None).await;
    inspected.model.change(|shape| {
        shape.firmware = "2.7";
        shape.unreported = vec!["CKA_LOCAL".into()];
        shape.certificates = 2;
        shape.pin.final_try = true;
    });
    let expected = [
        (Warn, "token-pin-tries-one"),
        (Warn, "firmware-changed"),
        (Note, "key-attributes-not-told"),
        (Note, "certificate-several"),
    ];
    assert_eq!(inspected.found(None).await, expected);
    assert_eq!(inspected.last().await.verdict, Verdict::Passed);
    inspected.model.change(|shape| {
        shape.pin = PinFlags { initialized: true, locked: true, ..PinFlags::default() };
        (shape.unreported, shape.certificates) = (Vec::new(), 1);
    });
    assert_eq!(inspected.found(None).await, [(Refuse, "token-pin-locked")], "the firmware is known by now");
    inspected.model.change(|shape| {
        shape.pin.locked = false;
        shape.unfit = true;
    });
    assert_eq!(inspected.found(None).await, [(Refuse, "key-unfit")]);
    let told = inspected.last().await;
    assert_eq!((told.verdict, told.test_signature), (Verdict::Failed, TestSignature::NotMade));
    assert_eq!(told.findings[0].seal.as_ref().map(|seal| seal.as_str()), Some("contract"));
}

#[tokio::test]
async fn a_certificate_is_judged_by_the_day() {
    let inspected = inspected().await;
    let chain = sealkeeper_pades::cms::SigningChain::from_der(CERTIFICATE, std::iter::empty::<&[u8]>());
    let until = chain.unwrap().signer().certificate().tbs_certificate().validity().not_after;
    let end_us = u64::try_from(until.to_unix_duration().as_micros()).unwrap();
    let at = |us| inspected.house.clock.0.store(us, Ordering::SeqCst);
    at(end_us - 31 * DAY_US);
    assert_eq!(inspected.found(None).await, []);
    at(end_us - 29 * DAY_US + DAY_US / 2);
    let soon = inspected.inspect(None).await;
    assert!(soon.passed);
    assert_eq!(soon.findings[0].violation.details["days-left"], "28");
    at(end_us + DAY_US);
    assert_eq!(inspected.found(None).await, [(Severity::Refuse, "certificate-expired")]);
    assert_eq!(inspected.last().await.test_signature, TestSignature::NotMade);
}

#[tokio::test]
async fn a_test_signature_that_fails_says_whose_fault_it_is() {
    for (manner, code, test_signature) in [
        (Manner::Babbles, "test-signature-wrong", TestSignature::Wrong),
        (Manner::Refuses, "sign-refused", TestSignature::NotMade),
        (Manner::Hangs, "token-timeout", TestSignature::NotMade),
    ] {
        let inspected = inspected().await;
        inspected.model.change(|shape| shape.manner = manner);
        assert_eq!(inspected.found(None).await, [(Severity::Refuse, code)]);
        assert_eq!(inspected.last().await.test_signature, test_signature);
        assert_eq!(reasons(inspected.submit().await.unwrap_err()), "inspection-failed");
    }
}

#[tokio::test]
async fn a_locked_token_is_inspected_as_far_as_that_goes_and_it_counts_for_nothing() {
    let inspected = inspected().await;
    inspected.model.change(|shape| shape.uses = 0);
    let due = inspected.due_us();
    assert_eq!(due, NOW_US + 30 * DAY_US);
    inspected.days_later(31);
    let found = [(Severity::Warn, "test-signature-not-made")];
    assert_eq!(inspected.found(None).await, found);
    assert_eq!(inspected.last().await.test_signature, TestSignature::NotMade);
    assert_eq!(inspected.due_us(), due, "it is due as before");
    // Nor does it take back what an inspection with a test signature found.
    inspected.model.change(|shape| (shape.uses, shape.manner) = (1, Manner::Babbles));
    assert_eq!(inspected.found(None).await, [(Severity::Refuse, "test-signature-wrong")]);
    assert_eq!(inspected.found(None).await, found, "the unlock's one use is spent");
    assert_eq!(reasons(inspected.submit().await.unwrap_err()), "inspection-failed");
    inspected.model.change(|shape| (shape.uses, shape.manner) = (1, Manner::Signs));
    assert!(inspected.inspect(None).await.passed);
    inspected.submit().await.unwrap();
    assert_eq!(inspected.due_us(), NOW_US + 61 * DAY_US);
}

#[tokio::test]
async fn a_pin_for_each_use_is_tried_once_and_goes_on_record_when_it_is_wrong() {
    let inspected = inspected().await;
    inspected.model.change(|shape| shape.asks_pin = true);
    let not_made = [(Severity::Warn, "test-signature-not-made")];
    assert_eq!(inspected.found(None).await, not_made);
    assert!(inspected.model.0.lock().unwrap().orders.is_empty(), "not asked without it");
    let wrong = inspected.inspect(Some("999999")).await;
    assert!(wrong.passed, "it says nothing against the token");
    // The try is told as well: it is one less.
    let codes: Vec<_> = wrong.findings.iter().map(|finding| finding.violation.reason.code()).collect();
    assert_eq!(codes, ["test-signature-not-made"]);
    assert_eq!(wrong.findings[0].violation.details["cause"], "token-pin-wrong");
    assert_eq!(inspected.house.types().await[2..], ["key_used", "wrong_pin", "token_inspected"]);
    assert_eq!(inspected.found(Some("123456")).await, [(Severity::Note, "token-pin-tries-few")]);
    assert_eq!(inspected.last().await.test_signature, TestSignature::Verified);
    for _ in 0..2 {
        inspected.inspect(Some("999999")).await;
    }
    let asked = inspected.model.0.lock().unwrap().orders.len();
    let cautious = inspected.inspect(Some("123456")).await;
    let cause = cautious.findings.iter().find_map(|finding| finding.violation.details.get("cause"));
    assert_eq!(cause.map(String::as_str), Some("token-pin-wrong-repeatedly"));
    assert_eq!(inspected.model.0.lock().unwrap().orders.len(), asked, "not tried");
}

#[tokio::test]
async fn a_token_that_is_not_there_fails_if_it_holds_a_seal_and_is_nothing_else() {
    let inspected = inspected().await;
    inspected.model.change(|shape| shape.present = false);
    assert_eq!(inspected.found(None).await, [(Severity::Refuse, "token-absent")]);
    assert!(inspected.last().await.firmware.is_none());
    let (service, caller) = (&inspected.house.service, &inspected.house.caller);
    let elsewhere = service.inspect(caller, "2".parse().unwrap(), Ok(None)).await.unwrap_err();
    assert_eq!(reasons(elsewhere), "token-absent");
    assert_eq!(inspected.house.types().await, ["token_inserted", "token_inspected", "refused"]);
}

#[tokio::test]
async fn a_token_with_a_pin_pad_takes_no_pin_from_elsewhere() {
    let inspected = inspected().await;
    inspected.model.change(|shape| shape.pin.protected_path = true);
    let pin = OnePin { pin: PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()), final_try: false };
    let (service, caller) = (&inspected.house.service, &inspected.house.caller);
    let refused = service.inspect(caller, "1".parse().unwrap(), Ok(Some(pin))).await.unwrap_err();
    assert_eq!(reasons(refused), "token-pin-pad");
    assert!(inspected.inspect(None).await.passed);
}

#[tokio::test]
async fn only_the_custodian_inspects() {
    struct Applicant;
    impl People for Applicant {
        fn by_uid(&self, _: u32) -> Option<crate::pipeline::identify::Person> {
            let id = "p-2".parse().unwrap();
            Some(crate::pipeline::identify::Person { id, name: "乙".into(), custodian: false })
        }
        fn by_certificate(&self, _: Digest) -> Option<crate::pipeline::identify::Person> {
            None
        }
    }
    let inspected = inspected().await;
    let caller = identify(Origin::Local { uid: UID }, &Applicant).unwrap();
    let refused = inspected.house.service.inspect(&caller, "1".parse().unwrap(), Ok(None)).await;
    assert_eq!(reasons(refused.unwrap_err()), "not-custodian");
    assert_eq!(inspected.house.types().await, ["token_inserted", "refused"]);
}

#[tokio::test]
async fn an_overdue_token_is_warned_of_then_refused_at_every_step_until_it_passes() {
    let inspected = inspected().await;
    let request = inspected.submit().await.unwrap();
    assert!(request.findings.is_empty());
    inspected.days_later(31);
    let request = inspected.submit().await.unwrap();
    assert_eq!(request.findings[0].violation.reason, Reason::InspectionDue);
    let service = &inspected.house.service;
    let reviewed = service.review(&inspected.house.caller, request.request).await.unwrap();
    assert_eq!(reviewed.findings, request.findings);

    inspected.days_later(37);
    assert_eq!(reasons(inspected.submit().await.unwrap_err()), "inspection-overdue");
    // A request from before does not go on either; a lifetime of 72 hours is over, so it is made anew in time.
    inspected.days_later(36);
    let late = inspected.submit().await.unwrap();
    inspected.days_later(37);
    let refused = service.review(&inspected.house.caller, late.request).await.err().unwrap();
    assert_eq!(reasons(refused), "inspection-overdue");
    let stamp = service.clone().stamp(
        inspected.house.caller.clone(),
        late.request,
        new_use(),
        reviewed.prepared,
        OnePin { pin: PinOrPad::Pad, final_try: false },
    );
    assert_eq!(reasons(stamp.await.unwrap_err()), "inspection-overdue");
    assert!(inspected.model.0.lock().unwrap().orders.is_empty());

    assert!(inspected.inspect(None).await.passed);
    let outcome = inspected.house.stamp(late.request, new_use()).await.unwrap();
    assert!(matches!(outcome, StampOutcome::Complete(_)), "{outcome:?}");
}

#[tokio::test]
async fn everything_that_stands_against_a_request_is_told_with_it() {
    let inspected = inspected().await;
    inspected.days_later(37);
    let asked = sealkeeper_domain::request::Asked { copies: 5000, ..asked_for(&document()) };
    let begun =
        inspected.house.service.begin_submit(inspected.house.caller.clone(), asked, "contract".into(), "");
    assert_eq!(reasons(begun.await.err().unwrap()), "copies-out-of-range, inspection-overdue");
}

#[tokio::test]
async fn an_unlock_for_other_work_makes_the_inspection_that_is_due_and_keeps_all_its_uses() {
    let inspected = inspected().await;
    inspected.days_later(29);
    inspected.unlock(1).await;
    assert_eq!(inspected.house.types().await, ["token_inserted", "token_unlocked"], "not due yet");
    inspected.days_later(37);
    let token = inspected.unlock(1).await;
    assert_eq!(token.unlocked.unwrap().uses, 1);
    assert_eq!(inspected.house.types().await[2..], ["token_unlocked", "key_used", "token_inspected"]);
    let told = inspected.last().await;
    assert!(told.by.is_none(), "nobody asked for it");
    assert_eq!((told.verdict, told.test_signature), (Verdict::Passed, TestSignature::Verified));
    assert_eq!(inspected.model.0.lock().unwrap().orders, [(false, None)]);
    let request = inspected.submit().await.unwrap();
    let outcome = inspected.house.stamp(request.request, new_use()).await.unwrap();
    assert!(matches!(outcome, StampOutcome::Complete(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_key_that_asks_for_the_pin_is_left_to_the_person_when_due() {
    let inspected = inspected().await;
    inspected.model.change(|shape| shape.asks_pin = true);
    inspected.days_later(31);
    inspected.unlock(1).await;
    assert_eq!(inspected.house.types().await, ["token_inserted", "token_unlocked"]);
}

#[tokio::test]
async fn a_failure_goes_with_the_next_unlock_once_its_cause_is_gone_and_outlives_a_restart() {
    let mut inspected = inspected().await;
    inspected.model.change(|shape| shape.present = false);
    inspected.inspect(None).await;
    let recalled = Recalled::from(&*inspected.house.store).await.unwrap();
    Arc::get_mut(&mut inspected.house.service).unwrap().inspections = recalled.inspections;
    assert_eq!(reasons(inspected.submit().await.unwrap_err()), "inspection-failed");
    inspected.model.change(|shape| shape.present = true);
    inspected.unlock(1).await;
    assert_eq!(inspected.last().await.verdict, Verdict::Passed);
    inspected.submit().await.unwrap();
    let recalled = Recalled::from(&*inspected.house.store).await.unwrap();
    let known = recalled.inspections.of(&"1".parse().unwrap());
    assert_eq!((known.passed_us, known.failed_us), (Some(NOW_US), None));
}

#[tokio::test]
async fn the_log_is_told_once_of_each_change() {
    let inspected = inspected().await;
    let (service, serial) = (&inspected.house.service, "1".parse().unwrap());
    let told = |days| {
        inspected.days_later(days);
        let concern = service.concern(&serial).map(|concern| concern.violation.reason);
        service.inspections.is_news(&serial, concern)
    };
    let news: Vec<_> = [0, 31, 32, 37, 38].map(told).into();
    assert_eq!(news, [false, true, false, true, false]);
}

#[tokio::test]
async fn a_resumption_may_rest_on_the_last_inspection_that_passed_with_its_test_signatures_until_one_fails() {
    let inspected = inspected().await;
    let passed = || inspected.house.service.last_passed_inspection_us(&"1".parse().unwrap());
    assert_eq!(passed(), None, "never inspected");
    inspected.inspect(None).await;
    assert_eq!(passed(), Some(NOW_US));
    inspected.days_later(1);
    inspected.model.change(|shape| shape.uses = 0);
    assert!(inspected.inspect(None).await.passed, "locked: without test signatures");
    assert_eq!(passed(), Some(NOW_US));
    inspected.model.change(|shape| (shape.uses, shape.manner) = (10, Manner::Babbles));
    assert!(!inspected.inspect(None).await.passed);
    assert_eq!(passed(), None, "the older one says nothing any more");
    inspected.model.change(|shape| shape.manner = Manner::Signs);
    inspected.days_later(2);
    inspected.inspect(None).await;
    assert_eq!(passed(), Some(NOW_US + 2 * DAY_US));
}
