//! New PINs, and the PIN of one signature, as they stand in the journal.

use sealkeeper_domain::pin::Pin;
use sealkeeper_journal::{LockCause, PinChange as How, PinEntry, PinKind, PinTries};

use super::{tokens::house_of, *};
use crate::pipeline::ports::ledger::TokenPin;

fn pin(text: &str) -> Pin {
    Pin::new(text.as_bytes().to_vec()).unwrap()
}

fn change(by_officer: bool) -> PinChangeAsked {
    let pins = Ok(Some((pin("123456"), pin("654321"))));
    PinChangeAsked { serial: "1".parse().unwrap(), by_officer, pins, final_try: false, one_time: false }
}

fn refused(reason: Reason) -> House {
    let flags = PinFlags { count_low: true, so_final_try: true, ..PinFlags::default() };
    house_of(Err(TokenError { call: Some(wrong_pin_call()), pin: Some(flags), ..TokenError::new(reason) }))
}

impl House {
    async fn change_pin(&self, asked: PinChangeAsked) -> Result<(), String> {
        self.service.change_pin(&self.caller, asked).await.map(|_| ()).map_err(reasons)
    }
}

#[tokio::test]
async fn a_new_pin_is_on_record_with_the_right_it_was_set_by() {
    let house = house_of(Ok(false));
    house.change_pin(change(false)).await.unwrap();
    let on_pad = PinChangeAsked { pins: Ok(None), ..change(false) };
    house.change_pin(on_pad).await.unwrap();
    house.change_pin(change(true)).await.unwrap();
    let records = house.records().await;
    let [
        RecordBody::PinChanged(first),
        RecordBody::PinChanged(second),
        RecordBody::TokenLocked(locked),
        RecordBody::PinChanged(third),
    ] = &records[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!((first.how, first.entry), (How::Changed, PinEntry::Caller));
    assert_eq!((second.how, second.entry), (How::Changed, PinEntry::PinPad));
    assert_eq!((third.how, third.entry), (How::SetBySecurityOfficer, PinEntry::Caller));
    assert_eq!(locked.cause, LockCause::Request, "the officer's login ends the user's");
    assert!(locked.by.is_some());
}

#[tokio::test]
async fn a_wrong_pin_is_on_record_as_whose_it_was() {
    for (reason, by_officer, kind, tries) in [
        (Reason::TokenPinWrong, false, PinKind::User, PinTries::Low),
        (Reason::TokenSoPinWrong, true, PinKind::SecurityOfficer, PinTries::Final),
    ] {
        let house = refused(reason);
        assert_eq!(house.change_pin(change(by_officer)).await, Err(reason.code().to_owned()));
        let records = house.records().await;
        let Some(RecordBody::WrongPin(wrong)) = records.last() else { panic!("{records:?}") };
        assert_eq!((wrong.pin, wrong.tries), (kind, tries));
        assert_eq!(records.len(), if by_officer { 2 } else { 1 }, "no refusal beside it");
    }
}

#[tokio::test]
async fn wrong_pins_in_a_row_are_counted_for_user_and_officer_apart_and_over_a_restart() {
    let mut house = refused(Reason::TokenSoPinWrong);
    let wrong = || Err("token-so-pin-wrong".to_owned());
    for _ in 0..3 {
        assert_eq!(house.change_pin(change(true)).await, wrong());
    }
    let repeatedly = || Err("token-pin-wrong-repeatedly".to_owned());
    assert_eq!(house.change_pin(change(true)).await, repeatedly());
    assert_eq!(house.service.wrong_pins.of(&"1".parse().unwrap()), 0, "none of them was the user's");

    let recalled = Recalled::from(&*house.store).await.unwrap();
    let service = Arc::get_mut(&mut house.service).unwrap();
    service.wrong_pins = recalled.wrong_pins;
    assert_eq!(house.change_pin(change(true)).await, repeatedly());
    assert_eq!(house.change_pin(PinChangeAsked { final_try: true, ..change(true) }).await, wrong());

    let user = refused(Reason::TokenPinWrong);
    for _ in 0..3 {
        assert_eq!(user.change_pin(change(false)).await, Err("token-pin-wrong".to_owned()));
    }
    assert_eq!(user.change_pin(change(false)).await, repeatedly());
}

#[tokio::test]
async fn a_one_time_pin_is_good_for_nothing_but_its_change() {
    let mut house = house_of(Ok(false));
    house.unlock().await.unwrap();
    house.change_pin(PinChangeAsked { one_time: true, ..change(true) }).await.unwrap();
    let not_own = "pin-not-own";
    assert_eq!(reasons(house.unlock().await.unwrap_err()), not_own);
    let serial: TokenSerial = "1".parse().unwrap();
    assert!(house.service.pin_not_own(&serial).is_some());
    let (kind, label) = ("ec-p256", String::from("x"));
    let key = KeyAsked { serial: serial.clone(), kind, label, id: vec![1] };
    let made = house.service.generate_key(&house.caller, key).await.map(|_| ());
    assert_eq!(made.map_err(reasons), Err(not_own.to_owned()));
    let asked = RequestAsked {
        key: ObjectUri::parse("pkcs11:serial=1;id=%01;type=private").unwrap(),
        subject: crate::certificate_request::Subject::parse("CN=x").unwrap(),
        pin: Ok(OnePin { pin: PinOrPad::Pin(pin("123456")), final_try: false }),
    };
    let requested = house.service.request_certificate(&house.caller, asked).await.map(|_| ());
    assert_eq!(requested.map_err(reasons), Err(not_own.to_owned()));
    let one = OnePin { pin: PinOrPad::Pin(pin("123456")), final_try: false };
    let inspected = house.service.inspect(&house.caller, serial.clone(), Ok(Some(one))).await.map(|_| ());
    assert_eq!(inspected.map_err(reasons), Err(not_own.to_owned()));

    // The same over a restart; and a change that changes nothing is none.
    let recalled = Recalled::from(&*house.store).await.unwrap();
    Arc::get_mut(&mut house.service).unwrap().token_pins = recalled.token_pins;
    let same = PinChangeAsked { pins: Ok(Some((pin("123456"), pin("123456")))), ..change(false) };
    assert_eq!(house.change_pin(same).await, Err(not_own.to_owned()));
    house.change_pin(change(false)).await.unwrap();
    assert!(house.service.pin_not_own(&serial).is_none());
    house.unlock().await.unwrap();
    let changed = house.records().await.into_iter().filter_map(|body| match body {
        RecordBody::PinChanged(changed) => Some(changed.how),
        _ => None,
    });
    assert_eq!(changed.collect::<Vec<_>>(), [How::SetOneTime, How::Changed]);
}

#[tokio::test]
async fn nothing_is_stamped_with_a_pin_that_is_not_ones_own() {
    let house = house(Manner::Signs);
    let request = house.submit(9).await;
    let reviewed = house.service.review(&house.caller, request).await.unwrap();
    let (serial, person) = ("1".parse().unwrap(), "p-2".parse().unwrap());
    house.service.token_pins.leave_behind(TokenPin { serial, person, one_time: false });
    let pad = OnePin { pin: PinOrPad::Pad, final_try: false };
    let stamped =
        house.service.clone().stamp(house.caller.clone(), request, new_use(), reviewed.prepared, pad);
    assert_eq!(reasons(stamped.await.unwrap_err()), "pin-not-own");
    assert_eq!(house.asked(), 0, "the token is not asked");
}

#[tokio::test]
async fn no_pin_is_tried_for_a_stranger_or_while_the_agent_stops() {
    let house = house_of(Ok(false));
    let unusable = PinChangeAsked { pins: Err(Reason::TokenPinUnusable), ..change(false) };
    assert_eq!(house.change_pin(unusable).await, Err("token-pin-unusable".to_owned()));
    house.service.drain(Duration::from_secs(1)).await;
    assert_eq!(house.change_pin(change(true)).await, Err("agent-stopping".to_owned()));
    assert_eq!(house.types().await, ["refused", "refused"]);

    let visitor = visitor();
    let refused = house.service.change_pin(&visitor, change(false)).await;
    assert_eq!(refused.map_err(reasons).unwrap_err(), "not-custodian");
}

#[tokio::test]
async fn a_wrong_pin_at_a_signature_fails_the_use_and_is_on_record_itself() {
    let mut house = house(Manner::RefusesThePin);
    let asking = FakeToken::new(Manner::RefusesThePin, true, true);
    Arc::get_mut(&mut house.service).unwrap().token = Arc::new(asking);
    let request = house.submit(9).await;
    let stamp = async |final_try| {
        let reviewed = house.service.review(&house.caller, request).await.unwrap();
        let pin = OnePin { pin: PinOrPad::Pin(pin("123456")), final_try };
        let caller = house.caller.clone();
        house.service.clone().stamp(caller, request, new_use(), reviewed.prepared, pin).await
    };
    for _ in 0..3 {
        let outcome = stamp(false).await.unwrap();
        let StampOutcome::NotDone { abandoned: false, reason: Reason::TokenPinWrong, .. } = outcome else {
            panic!("{outcome:?}")
        };
    }
    assert_eq!(house.types().await, ["intent", "failed", "wrong_pin"].repeat(3));
    let records = house.records().await;
    let Some(RecordBody::WrongPin(wrong)) = records.last() else { panic!("{records:?}") };
    assert_eq!((wrong.pin, wrong.tries), (PinKind::ContextSpecific, PinTries::Low));

    assert_eq!(reasons(stamp(false).await.unwrap_err()), "token-pin-wrong-repeatedly");
    assert!(stamp(true).await.is_ok(), "tried once more, for a person said so");
    assert_eq!(house.types().await[9..], ["refused", "intent", "failed", "wrong_pin"]);
}

#[tokio::test]
async fn a_one_time_pin_is_one_although_the_agent_dies_before_the_record_of_it() {
    let serial: TokenSerial = "1".parse().unwrap();
    let ordered = PinChangeAsked { one_time: true, ..change(true) };
    let kept = async |house: &House| house.store.token_pins().await.unwrap();
    // The token said nothing, as after a crash in between: it may have the new PIN.
    let silent = house_of(Err(TokenError::new(Reason::TokenTimeout)));
    silent.store.append(Scribe::plain(stopped())).await.unwrap();
    let one_time = TokenPin { serial: serial.clone(), person: "p-1".parse().unwrap(), one_time: true };
    let refused = silent.change_pin(ordered).await;
    assert_eq!(refused, Err("token-timeout".to_owned()));
    assert_eq!(kept(&silent).await, [one_time]);
    assert!(silent.service.pin_not_own(&serial).is_some());

    let refusing = refused_by_officer();
    refusing.store.append(Scribe::plain(stopped())).await.unwrap();
    let again = PinChangeAsked { one_time: true, ..change(true) };
    assert_eq!(refusing.change_pin(again).await, Err("token-so-pin-wrong".to_owned()));
    assert_eq!(kept(&refusing).await, [], "it has the PIN it had");
    assert!(refusing.service.pin_not_own(&serial).is_none());
}

#[tokio::test]
async fn who_changes_a_pin_that_was_anothers_ends_the_login_made_with_it() {
    let house = house_of(Ok(false));
    let left = TokenPin { serial: "1".parse().unwrap(), person: "p-9".parse().unwrap(), one_time: false };
    house.service.token_pins.leave_behind(left);
    house.change_pin(change(false)).await.unwrap();
    house.change_pin(change(false)).await.unwrap();
    assert_eq!(house.types().await, ["token_locked", "pin_changed", "pin_changed"], "only the first time");
}

fn refused_by_officer() -> House {
    refused(Reason::TokenSoPinWrong)
}

fn stopped() -> RecordBody {
    RecordBody::AgentStopped(sealkeeper_journal::AgentStopped {
        cause: sealkeeper_journal::StopCause::Request,
    })
}
