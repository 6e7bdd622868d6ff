//! New keys, requests for their certificates and the certificates, as they stand in the journal.

use sealkeeper_domain::pin::Pin;
use sealkeeper_journal::{KeyPurpose, PinKind};
use x509_cert::{der::Decode, request::CertReq};

use super::*;
use crate::certificate_request::Subject as Name;

fn key_asked(id: &[u8]) -> KeyAsked {
    KeyAsked { serial: "1".parse().unwrap(), kind: "ec-p256", label: "章".into(), id: id.to_vec() }
}

fn request_asked(pin: Option<&str>) -> RequestAsked {
    let pin = pin.map_or(PinOrPad::Pad, |pin| PinOrPad::Pin(Pin::new(pin.as_bytes().to_vec()).unwrap()));
    RequestAsked {
        key: ObjectUri::parse("pkcs11:serial=1;id=%01;type=private").unwrap(),
        subject: Name::parse("CN=合同专用章,O=示例科技有限公司,C=CN").unwrap(),
        pin: Ok(OnePin { pin, final_try: false }),
    }
}

fn certificate(replace: bool) -> NewCertificate {
    NewCertificate { serial: "1".parse().unwrap(), certificate: CERTIFICATE.to_vec(), replace }
}

pub(super) fn asking(manner: Manner) -> House {
    let mut house = house(manner);
    let asking = FakeToken::new(manner, true, true);
    Arc::get_mut(&mut house.service).unwrap().token = Arc::new(asking);
    house
}

impl House {
    async fn request(&self, pin: Option<&str>) -> Result<Vec<u8>, String> {
        let requested = self.service.request_certificate(&self.caller, request_asked(pin)).await;
        requested.map(|requested| requested.request).map_err(reasons)
    }
}

#[tokio::test]
async fn a_new_key_is_on_record_and_named_by_the_id_that_was_chosen() {
    let house = house(Manner::Signs);
    let made = house.service.generate_key(&house.caller, key_asked(&[0xab, 1])).await.unwrap();
    assert_eq!(made.key.to_string(), "pkcs11:serial=1;id=%ab%01;type=private");
    let chosen = house.service.generate_key(&house.caller, key_asked(&[])).await.unwrap();
    let records = house.records().await;
    let [RecordBody::KeyGenerated(first), RecordBody::KeyGenerated(second)] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!((first.key_id.as_str(), first.algorithm.as_str()), ("ab01", "ec-p256"));
    assert_eq!(first.public_key_sha256.to_string(), Digest::of(b"a public key").to_string());
    assert_eq!(chosen.key.id.map(hex::encode).as_deref(), Some(second.key_id.as_str()));
    assert_eq!(second.key_id.as_str().len(), 16);
    assert_eq!((made.seq, chosen.seq), (0, 1));
}

#[tokio::test]
async fn a_request_is_signed_after_its_record_and_carries_the_keys_own_signature() {
    let house = house(Manner::Signs);
    let requested = house.service.request_certificate(&house.caller, request_asked(None)).await.unwrap();
    let request = CertReq::from_der(&requested.request).unwrap();
    assert_eq!(request.info.subject, *request_asked(None).subject.name());
    assert_eq!(request.algorithm.oid.to_string(), "1.2.840.10045.4.3.2", "ecdsa-with-SHA256, RFC 5758 §3.2");
    let records = house.records().await;
    let [RecordBody::KeyUsed(used)] = &records[..] else { panic!("{records:?}") };
    assert_eq!((used.purpose, requested.seq), (KeyPurpose::CertificateRequest, 0));
    let info = x509_cert::der::Encode::to_der(&request.info).unwrap();
    assert_eq!(used.digest.to_string(), Digest::of(&info).to_string());
}

#[tokio::test]
async fn a_signature_that_is_not_the_keys_makes_no_request() {
    for (manner, reason) in [
        (Manner::Babbles, "token-fault"),
        (Manner::Hangs, "token-timeout"),
        (Manner::IsGone, "token-fault"),
        (Manner::Refuses, "token-fault"),
    ] {
        let house = house(manner);
        assert_eq!(house.request(None).await, Err(reason.to_owned()));
        assert_eq!(house.types().await, ["key_used", "refused"]);
    }
}

#[tokio::test]
async fn a_key_is_not_asked_while_its_token_is_locked_or_without_the_pin_it_wants() {
    let locked = house_with(Manner::Signs, false);
    assert_eq!(locked.request(None).await, Err("token-locked".to_owned()));
    assert_eq!(locked.types().await, ["refused"]);

    let house = asking(Manner::Signs);
    assert_eq!(house.request(None).await, Err("token-pin-needed".to_owned()));
    house.request(Some("123456")).await.unwrap();
    assert_eq!(house.types().await, ["refused", "key_used"]);
}

#[tokio::test]
async fn a_wrong_pin_for_a_request_is_counted_until_a_right_one() {
    let mut house = asking(Manner::RefusesThePin);
    for _ in 0..2 {
        assert_eq!(house.request(Some("123456")).await, Err("token-pin-wrong".to_owned()));
    }
    assert_eq!(house.types().await, ["key_used", "wrong_pin"].repeat(2));
    let records = house.records().await;
    assert!(matches!(&records[3], RecordBody::WrongPin(wrong) if wrong.pin == PinKind::ContextSpecific));
    let serial = "1".parse().unwrap();
    assert_eq!(house.service.wrong_pins.of(&serial), 2);
    let right = FakeToken::new(Manner::Signs, true, true);
    Arc::get_mut(&mut house.service).unwrap().token = Arc::new(right);
    house.request(Some("654321")).await.unwrap();
    assert_eq!(house.service.wrong_pins.of(&serial), 0);
}

#[tokio::test]
async fn an_imported_certificate_is_on_record_with_those_it_took_the_place_of() {
    let house = house(Manner::Signs);
    let imported = house.service.import_certificate(&house.caller, certificate(false)).await.unwrap();
    assert_eq!(imported.certificate.to_string(), "pkcs11:serial=1;id=%ab%01;type=cert");
    assert_eq!(imported.key.to_string(), "pkcs11:serial=1;id=%ab%01;type=private");
    assert_eq!(imported.warnings, []);
    let replacing = house.service.import_certificate(&house.caller, certificate(true)).await.unwrap();
    let told: Vec<_> = replacing.warnings.iter().map(|warning| warning.reason).collect();
    assert_eq!(told, [Reason::CertificateSeveral], "one did not go");
    let records = house.records().await;
    let [RecordBody::CertificateImported(first), RecordBody::CertificateImported(second)] = &records[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!(first.certificate_sha256.to_string(), Digest::of(CERTIFICATE).to_string());
    assert_eq!((first.replaced_sha256.len(), second.replaced_sha256.len()), (0, 1));
}

#[tokio::test]
async fn what_is_no_certificate_never_reaches_the_token() {
    let house = house(Manner::Signs);
    for der in
        [b"-----BEGIN CERTIFICATE-----".to_vec(), vec![0; (64 << 10) + 1], [CERTIFICATE, &[0]].concat()]
    {
        let wanted = NewCertificate { certificate: der, ..certificate(false) };
        let refused = house.service.import_certificate(&house.caller, wanted).await;
        assert_eq!(refused.map_err(reasons).err().as_deref(), Some("certificate-unreadable"));
    }
    assert!(house.types().await.iter().all(|record| *record == "refused"));
}

#[tokio::test]
async fn a_certificate_outside_its_time_is_imported_with_a_warning() {
    let house = house(Manner::Signs);
    let year = 365 * 24 * 3600 * 1_000_000;
    for (now, warning) in [
        (NOW_US - 20 * year, Reason::CertificateNotYetValid),
        (NOW_US + 100 * year, Reason::CertificateExpired),
    ] {
        house.clock.0.store(now, Ordering::SeqCst);
        let imported = house.service.import_certificate(&house.caller, certificate(false)).await.unwrap();
        let told: Vec<_> = imported.warnings.iter().map(|warning| warning.reason).collect();
        assert_eq!(told, [warning]);
    }
}

#[tokio::test]
async fn nobody_but_the_custodian_makes_keys_and_none_is_made_once_the_agent_stops() {
    let house = house(Manner::Signs);
    let visitor = visitor();
    let service = &house.service;
    let no = |failure: Failure| assert_eq!(reasons(failure), "not-custodian");
    no(service.generate_key(&visitor, key_asked(&[1])).await.map(|_| ()).unwrap_err());
    no(service.request_certificate(&visitor, request_asked(None)).await.map(|_| ()).unwrap_err());
    no(service.import_certificate(&visitor, certificate(false)).await.map(|_| ()).unwrap_err());
    assert_eq!(house.types().await, ["refused"; 3]);
    service.drain(Duration::from_secs(1)).await;
    let stopping = service.generate_key(&house.caller, key_asked(&[1])).await;
    assert_eq!(stopping.map_err(reasons).err().as_deref(), Some("agent-stopping"));
    assert_eq!(house.request(None).await, Err("agent-stopping".to_owned()));
}
