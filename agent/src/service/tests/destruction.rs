//! A seal's key at its two ends: the proof of control when the seal is received, and the destruction, as they stand in the journal.

use std::sync::Mutex;

use sealkeeper_domain::pin::Pin;
use sealkeeper_journal::{KeyPurpose, KeySearch, PinKind};

use super::{keys::asking, *};
use crate::pipeline::ports::token::UnlockLeft;

/// A token that destroys a key as a test wants it.
pub(super) struct Furnace {
    /// `None`: it is not there.
    uses: Option<u32>,
    answer: Result<DestroyedKey, TokenError>,
    /// Key and certificate of each order.
    pub(super) asked: Mutex<Vec<(String, String)>>,
    /// Whoever holds it makes the token hang.
    pub(super) burning: tokio::sync::RwLock<()>,
}

impl Furnace {
    /// Which has a key, and destroys it.
    pub(super) fn of_a_key() -> Self {
        Self::new(Some(1), destroyed(true, Some(&[1])))
    }

    fn new(uses: Option<u32>, answer: Result<DestroyedKey, TokenError>) -> Self {
        Furnace { uses, answer, asked: Mutex::default(), burning: tokio::sync::RwLock::default() }
    }
}

#[async_trait]
impl Token for Furnace {
    async fn list(&self, _: Duration) -> Result<Vec<TokenState>, TokenError> {
        let long = Duration::from_secs(600);
        let state = |uses: u32| TokenState {
            serial: "1".parse().unwrap(),
            label: String::new(),
            manufacturer: String::new(),
            model: String::new(),
            firmware: String::new(),
            hardware: String::new(),
            pin: PinFlags::default(),
            module: "m".into(),
            unlocked: (uses > 0).then_some(UnlockLeft {
                holder: Holder::Local,
                uses,
                idle: long,
                lifetime: long,
            }),
        };
        Ok(self.uses.map(state).into_iter().collect())
    }
    async fn unlock(&self, _: Unlock, _: Duration) -> Result<Unlocked, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn lock(&self, _: TokenSerial, _: Duration) -> Result<bool, TokenError> {
        Ok(false)
    }
    async fn describe(&self, _: KeyOnToken, _: Duration) -> Result<SigningKey, TokenError> {
        Err(TokenError::new(Reason::KeyAbsent))
    }
    async fn find_key(&self, _: ObjectUri, _: Duration) -> Result<KeyFound, TokenError> {
        Err(TokenError::new(Reason::KeyAbsent))
    }
    async fn sign(&self, _: SignOrder, _: Duration) -> Result<Vec<u8>, SignError> {
        Err(SignError::NotSigned(TokenError::new(Reason::KeyAbsent)))
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
    async fn destroy_key(&self, order: DestructionOrder, _: Duration) -> Result<DestroyedKey, TokenError> {
        self.asked.lock().unwrap().push((order.key().to_string(), order.certificate().to_string()));
        let _hangs = self.burning.read().await;
        self.answer.clone()
    }
    async fn change_pin(&self, _: PinChange, _: Duration) -> Result<(), TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
}

fn furnace(uses: Option<u32>, answer: Result<DestroyedKey, TokenError>) -> (House, Arc<Furnace>) {
    let mut house = house(Manner::Signs);
    let furnace = Arc::new(Furnace::new(uses, answer));
    Arc::get_mut(&mut house.service).unwrap().token = furnace.clone();
    (house, furnace)
}

fn destroyed(gone: bool, key_id: Option<&[u8]>) -> Result<DestroyedKey, TokenError> {
    Ok(DestroyedKey { gone, key_id: key_id.map(<[u8]>::to_vec), certificates_left: 1 })
}

const ACT: uuid::Uuid = uuid::Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0007);

fn told(stop: Stop) -> String {
    match stop {
        Stop::Refused { stage, refusal } => format!("{stage}: {refusal}"),
        Stop::OnRecord { refusal, seq } => format!("#{seq}: {refusal}"),
        other => panic!("{other:?}"),
    }
}

impl House {
    async fn destroy(&self) -> Result<bool, String> {
        let registered = self.service.registry.all().remove(0);
        let done = async {
            self.service.check_unlocked_here(&registered.seal.key.serial).await.at("destroy-key")?;
            let ordered =
                self.service.order_destruction(&registered, Origin::Local { uid: 1000 }, ACT).await?;
            self.service.destroy_key(&registered, ordered).await
        };
        done.await.map_err(told)
    }

    async fn prove(&self, pin: Option<&str>) -> Result<(), String> {
        let registered = self.service.registry.all().remove(0);
        let pin = pin.map_or(PinOrPad::Pad, |pin| PinOrPad::Pin(Pin::new(pin.as_bytes().to_vec()).unwrap()));
        let (by, pin) = (self.caller.as_custodian().unwrap(), OnePin { pin, final_try: false });
        self.service.prove_control(&registered, by, pin).await.map(|_| ()).map_err(told)
    }
}

#[tokio::test]
async fn a_destruction_is_ordered_on_record_and_its_outcome_follows() {
    let (house, furnace) = furnace(Some(1), destroyed(true, Some(&[0xab, 1])));
    assert_eq!(house.destroy().await, Ok(true));
    let named = ("pkcs11:serial=1;id=%01;type=private".into(), "pkcs11:serial=1;id=%01;type=cert".into());
    assert_eq!(*furnace.asked.lock().unwrap(), [named]);
    let records = house.records().await;
    let [RecordBody::KeyDestructionOrdered(ordered), RecordBody::KeyDestroyed(done)] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!((ordered.act, ordered.seal.as_str(), ordered.token_serial.as_str()), (ACT, "contract", "1"));
    assert_eq!((done.act, done.seal.as_str(), done.token_serial.as_str()), (ACT, "contract", "1"));
    let ids = [&ordered.key_id, &done.key_id].map(|id| id.as_ref().map(|id| id.as_str()));
    assert_eq!(ids, [Some("01"), Some("ab01")], "as it is named, and as the token told it");
    assert_eq!(done.found, KeySearch::Gone);
    let disclosed = house.service.ledger.records(0, 1, Vec::new()).await.unwrap().remove(0).disclosures;
    let uid = disclosed.iter().find(|(field, ..)| field == "from.uid").unwrap();
    assert_eq!(uid.2, "1000", "who handed the act in, which need not be whoever unlocked");
}

#[tokio::test]
async fn a_key_that_is_still_found_is_not_told_to_be_gone_and_one_that_was_gone_already_is() {
    let (house, _) = furnace(Some(1), destroyed(false, Some(&[1])));
    assert_eq!(house.destroy().await, Ok(false));
    let records = house.records().await;
    assert!(matches!(&records[1], RecordBody::KeyDestroyed(done) if done.found == KeySearch::Present));

    let (house, _) = furnace(Some(1), destroyed(true, None));
    assert_eq!(house.destroy().await, Ok(true));
    assert_eq!(house.destroy().await, Ok(true));
    let twice = ["key_destruction_ordered", "key_destroyed"].repeat(2);
    assert_eq!(house.types().await, twice);
}

#[tokio::test]
async fn a_token_that_says_no_leaves_an_order_and_no_destruction() {
    let barred = TokenError {
        call: Some(FailedCall {
            function: "C_DestroyObject".into(),
            told: Told::Returned(ReturnValue::from_number(0x1b_u64)),
        }),
        ..TokenError::new(Reason::KeyDestructionRefused)
    };
    let timeout = TokenError::new(Reason::TokenTimeout);
    for (error, reason) in
        [(barred, "destroy-key: key-destruction-refused"), (timeout, "destroy-key: token-timeout")]
    {
        let (house, _) = furnace(Some(1), Err(error));
        assert_eq!(house.destroy().await, Err(reason.to_owned()));
        assert_eq!(house.types().await, ["key_destruction_ordered"]);
    }
}

#[tokio::test]
async fn nothing_is_ordered_of_a_token_that_is_locked_or_absent() {
    for (uses, reason) in [(Some(0), "destroy-key: token-locked"), (None, "destroy-key: token-absent")] {
        let (house, furnace) = furnace(uses, destroyed(true, None));
        assert_eq!(house.destroy().await, Err(reason.to_owned()));
        assert!(house.types().await.is_empty() && furnace.asked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn control_of_a_token_is_proved_by_a_signature_that_is_on_record_before_it_is_made() {
    let house = house(Manner::Signs);
    house.prove(None).await.unwrap();
    let records = house.records().await;
    let [RecordBody::KeyUsed(used)] = &records[..] else { panic!("{records:?}") };
    assert_eq!((used.purpose, used.by.is_some()), (KeyPurpose::ControlProof, true));
    house.prove(None).await.unwrap();
    let [_, RecordBody::KeyUsed(again)] = &house.records().await[..] else { panic!("no second record") };
    assert_ne!(used.digest, again.digest, "each challenge is fresh");
}

#[tokio::test]
async fn whatever_is_not_the_certificates_signature_proves_nothing() {
    for (manner, reason) in [
        (Manner::Babbles, "sign: test-signature-wrong"),
        (Manner::Refuses, "sign: token-fault"),
        (Manner::IsGone, "sign: token-fault"),
        (Manner::Hangs, "sign: token-timeout"),
    ] {
        let house = house(manner);
        assert_eq!(house.prove(None).await, Err(reason.to_owned()));
        assert_eq!(house.types().await, ["key_used"]);
    }
}

#[tokio::test]
async fn a_locked_token_or_a_certificate_outside_its_time_is_not_asked_for_a_proof() {
    let locked = house_with(Manner::Signs, false);
    assert_eq!(locked.prove(None).await, Err("prepare: token-locked".to_owned()));
    let expired = house(Manner::Signs);
    expired.clock.0.store(NOW_US + 100 * 365 * 86_400_000_000, Ordering::SeqCst);
    assert_eq!(expired.prove(None).await, Err("prepare: certificate-expired".to_owned()));
    assert!(locked.types().await.is_empty() && expired.types().await.is_empty());
    assert_eq!((locked.asked(), expired.asked()), (0, 0));
}

#[tokio::test]
async fn a_key_that_asks_for_the_pin_proves_control_with_it_and_a_wrong_one_is_on_record() {
    let right = asking(Manner::Signs);
    assert_eq!(right.prove(None).await, Err("prepare: token-pin-needed".to_owned()));
    right.prove(Some("123456")).await.unwrap();
    assert_eq!(right.types().await, ["key_used"]);

    let wrong = asking(Manner::RefusesThePin);
    assert_eq!(wrong.prove(Some("123456")).await, Err("#1: token-pin-wrong".to_owned()));
    let records = wrong.records().await;
    assert!(matches!(&records[1], RecordBody::WrongPin(told) if told.pin == PinKind::ContextSpecific));
    assert_eq!(wrong.service.wrong_pins.of(&"1".parse().unwrap()), 1);
}
