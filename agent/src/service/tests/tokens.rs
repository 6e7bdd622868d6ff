//! Unlocking and locking, as they stand in the journal.

use sealkeeper_domain::pin::Pin;
use sealkeeper_journal::{LockCause, PinTries};

use super::*;
use crate::pipeline::ports::token::{Ended, LoginEnded, TokenNews};

/// A token whose logins succeed or fail as a test wants it, and whose lock takes a while.
pub(super) struct Turnstile(Result<bool, TokenError>);

#[async_trait]
impl Token for Turnstile {
    async fn list(&self, _: Duration) -> Result<Vec<TokenState>, TokenError> {
        Ok(Vec::new())
    }
    async fn unlock(&self, unlock: Unlock, _: Duration) -> Result<Unlocked, TokenError> {
        let text = String::new;
        let token = TokenState {
            serial: unlock.serial,
            label: text(),
            manufacturer: text(),
            model: text(),
            firmware: text(),
            hardware: String::new(),
            pin: PinFlags::default(),
            module: text(),
            unlocked: None,
        };
        self.0.clone().map(|replaced| Unlocked { token, replaced })
    }
    async fn lock(&self, _: TokenSerial, _: Duration) -> Result<bool, TokenError> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(true)
    }
    async fn describe(&self, _: KeyOnToken, _: Duration) -> Result<SigningKey, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
    }
    async fn find_key(&self, _: ObjectUri, _: Duration) -> Result<KeyFound, TokenError> {
        Err(TokenError::new(Reason::TokenAbsent))
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
    async fn change_pin(&self, change: PinChange, _: Duration) -> Result<(), TokenError> {
        drop(change);
        self.0.clone().map(|_| ())
    }
    async fn sign(&self, _: SignOrder, _: Duration) -> Result<Vec<u8>, SignError> {
        Err(SignError::TimedOut)
    }
}

pub(super) fn house_of(login: Result<bool, TokenError>) -> House {
    let mut house = house(Manner::Signs);
    Arc::get_mut(&mut house.service).unwrap().token = Arc::new(Turnstile(login));
    house
}

impl House {
    pub(super) async fn unlock(&self) -> Result<TokenState, Failure> {
        self.unlock_as(false).await
    }

    async fn unlock_as(&self, final_try: bool) -> Result<TokenState, Failure> {
        let pin = Ok(PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()));
        let serial = "1".parse().unwrap();
        let (idle, lifetime) = (Duration::from_secs(1), Duration::ZERO);
        let asked = UnlockAsked { serial, pin, uses: 1, idle, lifetime, final_try };
        self.service.unlock(&self.caller, asked).await
    }
}

#[tokio::test]
async fn an_unlock_that_takes_anothers_place_is_recorded_after_its_end() {
    let house = house_of(Ok(true));
    house.unlock().await.unwrap();
    assert_eq!(house.types().await, ["token_locked", "token_unlocked"]);
    let [RecordBody::TokenLocked(locked), _] = &house.records().await[..] else { panic!("no lock") };
    assert_eq!(locked.cause, LockCause::Request);
    assert!(locked.by.is_some());
}

#[tokio::test]
async fn a_pin_the_token_locked_at_login_is_recorded_as_tried() {
    let call =
        FailedCall { function: "C_Login".into(), told: Told::Returned(ReturnValue::from_number(0xa4_u64)) };
    let pin = Some(PinFlags { locked: true, ..PinFlags::default() });
    let refused = TokenError { call: Some(call), pin, ..TokenError::new(Reason::TokenPinLocked) };
    let house = house_of(Err(refused.clone()));
    assert_eq!(reasons(house.unlock().await.unwrap_err()), "token-pin-locked");
    let [RecordBody::WrongPin(wrong)] = &house.records().await[..] else { panic!("no try on record") };
    assert_eq!(wrong.tries, PinTries::Locked);

    // What the flags told beforehand used up no try.
    let house = house_of(Err(TokenError { call: None, ..refused }));
    house.unlock().await.unwrap_err();
    assert_eq!(house.types().await, ["refused"]);
}

#[tokio::test]
async fn a_lock_is_recorded_though_its_caller_went_away() {
    let house = house_of(Ok(false));
    let locking = house.service.lock(&house.caller, "1".parse().unwrap());
    assert!(tokio::time::timeout(Duration::from_millis(5), locking).await.is_err());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(house.types().await, ["token_locked"]);
}

#[tokio::test]
async fn no_unlock_begins_once_the_agent_stops() {
    let house = house_of(Ok(false));
    house.service.drain(Duration::from_secs(1)).await;
    assert_eq!(reasons(house.unlock().await.unwrap_err()), "agent-stopping");
}

#[tokio::test]
async fn logins_that_ended_say_why() {
    let house = house(Manner::Signs);
    for (why, cause) in [
        (Ended::Asked, LockCause::Request),
        (Ended::Failed, LockCause::Fault),
        (Ended::Lost, LockCause::Removed),
        (Ended::Expired, LockCause::Expired),
    ] {
        let ended = LoginEnded { serial: "1".parse().unwrap(), why };
        house.service.news(TokenNews::LoginEnded(ended)).await;
        let records = house.records().await;
        assert!(matches!(records.last(), Some(RecordBody::TokenLocked(locked)) if locked.cause == cause));
    }
}

#[tokio::test]
async fn after_wrong_pins_in_a_row_none_is_tried_unless_a_person_says_so_and_a_restart_forgets_nothing() {
    let call =
        FailedCall { function: "C_Login".into(), told: Told::Returned(ReturnValue::from_number(0xa0_u64)) };
    let wrong = TokenError { call: Some(call), ..TokenError::new(Reason::TokenPinWrong) };
    let mut house = house_of(Err(wrong));
    for _ in 0..3 {
        assert_eq!(reasons(house.unlock().await.unwrap_err()), "token-pin-wrong");
    }
    assert_eq!(reasons(house.unlock().await.unwrap_err()), "token-pin-wrong-repeatedly");
    assert_eq!(reasons(house.unlock_as(true).await.unwrap_err()), "token-pin-wrong");

    let recalled = Recalled::from(&*house.store).await.unwrap();
    assert_eq!(recalled.wrong_pins.of(&"1".parse().unwrap()), 4);
    let service = Arc::get_mut(&mut house.service).unwrap();
    service.wrong_pins = recalled.wrong_pins;
    service.token = Arc::new(Turnstile(Ok(false)));
    assert_eq!(reasons(house.unlock().await.unwrap_err()), "token-pin-wrong-repeatedly");
    house.unlock_as(true).await.unwrap();
    house.unlock().await.unwrap();
    let recalled = Recalled::from(&*house.store).await.unwrap();
    assert_eq!(recalled.wrong_pins.of(&"1".parse().unwrap()), 0, "a right one takes them back");
}

#[tokio::test]
async fn a_key_that_asks_for_the_pin_at_each_use_is_not_asked_without_it() {
    let mut house = house(Manner::Signs);
    let asking = FakeToken::new(Manner::Signs, true, true);
    Arc::get_mut(&mut house.service).unwrap().token = Arc::new(asking);
    let request = house.submit(1).await;
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "token-pin-needed");
    assert!(house.service.asking_pin.contains(&"contract".parse().unwrap()));
    let reviewed = house.service.review(&house.caller, request).await.unwrap();
    let pin = OnePin { pin: PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()), final_try: false };
    let stamp = house.service.clone().stamp(house.caller.clone(), request, new_use(), reviewed.prepared, pin);
    assert!(matches!(stamp.await.unwrap(), StampOutcome::Complete(_)));
}

#[tokio::test]
async fn a_token_is_locked_by_who_keeps_it_or_by_the_seal_office_and_by_nobody_else() {
    let bureau = super::office::Bureau::with_seal().await;
    let lock = async |who: &str| bureau.house.service.lock(&bureau.who(who), "1".parse().unwrap()).await;
    for who in ["clerk", "first", "auditor", "head"] {
        assert_eq!(reasons(lock(who).await.unwrap_err()), "not-custodian", "{who}");
    }
    for who in ["keeper", "office"] {
        assert!(lock(who).await.is_ok(), "{who}");
    }
    let solo = house(Manner::Signs);
    let refused = solo.service.lock(&visitor(), "1".parse().unwrap()).await.unwrap_err();
    assert_eq!(reasons(refused), "not-custodian");
    assert!(solo.service.lock(&solo.caller, "1".parse().unwrap()).await.is_ok());
}
