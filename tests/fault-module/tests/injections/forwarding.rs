//! Without faults the module is as good as the real one.

use cryptoki::{
    context::Function,
    mechanism::Mechanism,
    object::{Attribute, AttributeType, ObjectClass},
};

use crate::{
    client::{Client, DIGEST, private_key, sign, verifies},
    place::alone,
};

#[test]
fn signs_and_verifies() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        let signature = sign(&session, key).unwrap();
        assert_eq!(signature.len(), 64);
        assert!(verifies(&session, &DIGEST, &signature));
        assert_eq!(session.generate_random_vec(16).unwrap().len(), 16);
        let digest = session.digest(&Mechanism::Sha256, b"abc").unwrap();
        assert_eq!(hex::encode(&digest[..4]), "ba7816bf");
        session.logout().unwrap();
        assert!(session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap().is_empty());
        client.pkcs11.finalize().unwrap();
    });
}

#[test]
fn objects_come_and_go() {
    alone(|place| {
        let client = Client::new(place);
        let (session, _) = client.ready();
        let template = [
            Attribute::Token(false),
            Attribute::EcParams(vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ];
        let private = [Attribute::Token(false), Attribute::Label(b"of this session".to_vec())];
        let (_, key) = session.generate_key_pair(&Mechanism::EccKeyPairGen, &template, &private).unwrap();
        let label = session.get_attributes(key, &[AttributeType::Label]).unwrap();
        assert_eq!(label, [Attribute::Label(b"of this session".to_vec())]);
        session.destroy_object(key).unwrap();
        assert!(sign(&session, key).is_err());
        session.close().unwrap();
        assert!(client.session().find_objects(&private).unwrap().is_empty());
    });
}

#[test]
fn no_function_is_missing() {
    alone(|place| {
        let client = Client::new(place);
        let (session, _) = client.ready();
        for function in [Function::WrapKey, Function::DigestEncryptUpdate, Function::CancelFunction] {
            assert!(client.pkcs11.is_fn_supported(function), "{function}");
        }
        drop(session);
    });
}

#[test]
fn every_call_is_logged_once() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        sign(&session, key).unwrap();
        let calls = place.calls();
        assert_eq!(calls[0].function, "C_GetFunctionList");
        assert_eq!(calls[1].function, "C_Initialize");
        let numbers: Vec<u64> = calls.iter().map(|call| call.number).collect();
        assert_eq!(numbers, (1..=calls.len() as u64).collect::<Vec<_>>());
        assert!(calls.iter().all(|call| call.pid == std::process::id() && call.outcome == "CKR_OK"));
        let logins: Vec<_> = calls.iter().filter(|call| call.function == "C_Login").collect();
        assert_eq!(logins.len(), 1);
        assert_eq!(logins[0].detail, "CKU_USER");
        let signs: Vec<_> = calls.iter().filter(|call| call.function == "C_Sign").collect();
        assert_eq!(signs.iter().map(|call| call.detail.as_str()).collect::<Vec<_>>(), ["length", ""]);
        // The key was found, and the PIN never written.
        private_key(&session);
        let log = format!("{:?}", place.calls());
        assert!(!log.contains(client.pin()));
    });
}
