//! Callers from afar (U10): whose login is good for whom, what may not be done from there, and what stands in the journal of it.

use sealkeeper_domain::{pin::Pin, policy::Authority};
use sealkeeper_journal::{Channel, Endpoint};

use super::*;
use crate::{
    pipeline::{identify::Person, ports::token::NewCertificate},
    service::tokens::within_policy,
};

fn afar(certificate: &[u8]) -> Origin {
    Origin::Remote { address: "192.0.2.7".parse().unwrap(), certificate: Digest::of(certificate) }
}

/// The custodian of the house, who shows this certificate from afar.
fn custodian_afar(certificate: &[u8]) -> Caller {
    struct Custodian;
    impl People for Custodian {
        fn by_uid(&self, _: u32) -> Option<Person> {
            None
        }
        fn by_certificate(&self, _: Digest) -> Option<Person> {
            Some(Person { id: "p-1".parse().unwrap(), name: "甲".into(), custodian: true })
        }
    }
    identify(afar(certificate), &Custodian).unwrap()
}

/// A house whose token is unlocked by this one.
fn house_unlocked_by(holder: Holder) -> House {
    let mut house = house(Manner::Signs);
    let token = FakeToken { holder, ..FakeToken::new(Manner::Signs, true, false) };
    house.token = Arc::new(token);
    Arc::get_mut(&mut house.service).unwrap().token = house.token.clone();
    house
}

impl House {
    async fn stamp_as(&self, caller: &Caller, request: RequestId) -> Result<StampOutcome, Failure> {
        let prepared = self.service.review(caller, request).await?.prepared;
        self.service.clone().stamp(caller.clone(), request, new_use(), prepared, no_pin()).await
    }

    /// What the journal says in the clear of the newest record, by its field.
    async fn disclosed(&self, field: &str) -> Option<String> {
        let newest = self.service.ledger.newest_records(1, Vec::new()).await.unwrap().remove(0);
        newest.disclosures.into_iter().find(|(name, ..)| name == field).map(|(_, _, value)| value)
    }
}

#[tokio::test]
async fn a_login_is_good_for_whoever_made_it_from_where_they_made_it() {
    let (mine, another) = (custodian_afar(b"mine"), custodian_afar(b"another"));
    let here = house(Manner::Signs).caller;
    for (holder, caller, refused) in [
        (Holder::Local, &mine, Some("pin-not-fresh")),
        (mine.holder(), &another, Some("pin-not-fresh")),
        (mine.holder(), &here, Some("token-locked")),
        (mine.holder(), &mine, None),
        (Holder::Local, &here, None),
    ] {
        let house = house_unlocked_by(holder);
        let request = house.submit(1).await;
        let stamped = house.stamp_as(caller, request).await;
        match refused {
            Some(reason) => {
                assert_eq!(reasons(stamped.unwrap_err()), reason);
                assert_eq!(house.types().await, ["refused"], "before there is an intent");
                assert_eq!(house.asked(), 0);
            }
            None => assert!(matches!(stamped.unwrap(), StampOutcome::Complete(_))),
        }
    }
}

#[tokio::test]
async fn a_use_from_afar_tells_both_ends() {
    let mine = custodian_afar(b"mine");
    let house = house_unlocked_by(mine.holder());
    let request = house.submit(1).await;
    house.stamp_as(&mine, request).await.unwrap();
    let RecordBody::Intent(intent) = house.records().await.remove(0) else { panic!("an intent") };
    let Endpoint { channel, uid, certificate, .. } = intent.custodian.from;
    assert_eq!((channel, uid), (Channel::Remote, None));
    assert!(certificate.is_some());
    let stored = house.service.ledger.records(0, 1, Vec::new()).await.unwrap().remove(0);
    let told = |field: &str| stored.disclosures.iter().find(|(name, ..)| name == field).unwrap().2.clone();
    assert_eq!(told("custodian.from.host"), "192.0.2.7");
    assert_eq!(told("custodian.from.certificate"), Digest::of(b"mine").to_string());
    assert_eq!(told("host"), "host", "where the token is");
}

#[tokio::test]
async fn what_takes_a_pin_or_the_token_itself_is_not_done_from_afar() {
    let caller = custodian_afar(b"mine");
    let serial: TokenSerial = "1".parse().unwrap();
    let house = house_unlocked_by(caller.holder());
    let service = &house.service;
    let pin = || Pin::new(b"123456".to_vec()).unwrap();
    let mut refused = Vec::new();
    for by_officer in [false, true] {
        let change = PinChangeAsked {
            serial: serial.clone(),
            by_officer,
            one_time: false,
            pins: Ok(Some((pin(), pin()))),
            final_try: false,
        };
        refused.push(reasons(service.change_pin(&caller, change).await.unwrap_err()));
    }
    let key = KeyAsked { serial: serial.clone(), kind: "ec-p256", label: "k".into(), id: Vec::new() };
    refused.push(reasons(service.generate_key(&caller, key).await.err().unwrap()));
    let certificate =
        NewCertificate { serial: serial.clone(), certificate: CERTIFICATE.to_vec(), replace: false };
    refused.push(reasons(service.import_certificate(&caller, certificate).await.err().unwrap()));
    let csr = RequestAsked {
        key: ObjectUri::parse("pkcs11:serial=1;id=%01;type=private").unwrap(),
        subject: crate::certificate_request::Subject::parse("CN=x").unwrap(),
        pin: Ok(no_pin()),
    };
    refused.push(reasons(service.request_certificate(&caller, csr).await.err().unwrap()));
    let one = OnePin { pin: PinOrPad::Pin(pin()), final_try: false };
    refused.push(reasons(service.inspect(&caller, serial, Ok(Some(one))).await.unwrap_err()));
    assert_eq!(refused, ["not-from-afar"; 6]);
    let records = house.refusals().await;
    assert_eq!(records.len(), 6, "all of it is on record");
    assert!(records.iter().all(|record| record.from.channel == Channel::Remote));
}

#[tokio::test]
async fn whether_seals_are_used_from_afar_is_the_policys_to_say() {
    let (here, there) = (house(Manner::Signs).caller, custodian_afar(b"mine"));
    let asked = |pin: PinOrPad, uses: u32, seconds: u64| UnlockAsked {
        serial: "1".parse().unwrap(),
        pin: Ok(pin),
        uses,
        idle: Duration::ZERO,
        lifetime: Duration::from_secs(seconds),
        final_try: false,
    };
    let typed = || PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap());
    let closed = Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap();
    let open = Policy::OFFICE_TOML.replace("\nallowed = false", "\nallowed = true");
    let open = Policy::from_toml(&open, Authority::Office).unwrap();
    let told = |policy: &Policy, asked, caller: &Caller| {
        within_policy(policy, asked, caller).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(told(&closed, asked(typed(), 1, 0), &there).unwrap_err(), "remote-not-allowed");
    assert!(told(&closed, asked(PinOrPad::Pad, 9, 0), &here).is_ok());

    let unlock = told(&open, asked(typed(), 0, 0), &there).unwrap();
    let fresh = Duration::from_secs(open.remote.pin_s);
    assert_eq!((unlock.uses, unlock.idle, unlock.lifetime), (1, fresh, fresh));
    assert_eq!(unlock.holder, there.holder());
    for beyond in [asked(typed(), 2, 0), asked(typed(), 1, open.remote.pin_s + 1)] {
        assert_eq!(told(&open, beyond, &there).unwrap_err(), "unlock-beyond-policy");
    }
    // Whoever stands before the token is not the caller.
    assert_eq!(told(&open, asked(PinOrPad::Pad, 1, 0), &there).unwrap_err(), "not-from-afar");
}

#[tokio::test]
async fn a_stranger_from_afar_is_on_record_once_whatever_address_they_call_from() {
    let house = house(Manner::Signs);
    let call = async |address: &str, certificate: &[u8]| {
        let address = address.parse().unwrap();
        let origin = Some(Origin::Remote { address, certificate: Digest::of(certificate) });
        house.service.identify(Peer { origin }, "list-seals").await.map(|_| ()).map_err(reasons)
    };
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        assert_eq!(call(address, b"x").await, Err("person-unknown".to_owned()));
    }
    assert_eq!(house.types().await, ["refused"], "the others are counted");
    assert_eq!(house.disclosed("from.certificate").await, Some(Digest::of(b"x").to_string()));
    call("192.0.2.1", b"y").await.unwrap_err();
    assert_eq!(house.types().await, ["refused"; 2]);
    house.service.flush_refusals(true).await;
    let counted = house.refusals().await.pop().unwrap();
    assert_eq!((counted.count, counted.person), (2, None));
}

#[tokio::test]
async fn who_may_open_the_socket_carries_acts_and_from_afar_who_is_registered() {
    let house = house(Manner::Signs);
    let stranger = Peer { origin: Some(Origin::Local { uid: 4711 }) };
    assert!(house.service.carrier(stranger, "file-act").await.is_ok());
    let stranger = Peer { origin: Some(afar(b"nobody's")) };
    let refused = house.service.carrier(stranger, "file-act").await.map(|_| ()).map_err(reasons);
    assert_eq!(refused, Err("person-unknown".to_owned()));
    assert_eq!(house.types().await, ["refused"]);
}
