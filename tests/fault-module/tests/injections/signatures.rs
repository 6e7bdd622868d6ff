//! Signatures that are none, buffers that are too small, and keys that ask for the PIN each time.

use cryptoki::{
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, ObjectHandle},
    session::{Session, UserType},
};
use cryptoki_sys::{CK_ULONG, CKR_BUFFER_TOO_SMALL, CKR_OK, CKR_USER_NOT_LOGGED_IN};

use crate::{
    client::{Client, DIGEST, failure, functions, pin, sign, verifies},
    place::{Place, alone},
};

fn garbled(place: &Place, with: &str) -> (Session, Vec<u8>) {
    let client = Client::new(place);
    let (session, key) = client.ready();
    place.set(&format!("[[fault]]\non = \"C_Sign\"\ncall = 1\ndo = \"garble\"\nwith = {with}"));
    let signature = sign(&session, key).unwrap();
    let next = sign(&session, key).unwrap();
    assert!(verifies(&session, &DIGEST, &next), "only the first call");
    (session, signature)
}

#[test]
fn random_bytes() {
    alone(|place| {
        let (session, signature) = garbled(place, "\"random\"");
        assert_eq!(signature.len(), 64);
        assert!(!verifies(&session, &DIGEST, &signature));
        assert!(signature.iter().any(|byte| *byte != 0));
    });
}

#[test]
fn nothing_but_zeros() {
    alone(|place| assert_eq!(garbled(place, "\"zero\"").1, [0; 64]));
}

#[test]
fn too_short() {
    alone(|place| {
        assert_eq!(garbled(place, "\"length\"\nlength = 63").1.len(), 63);
    });
}

#[test]
fn too_long() {
    alone(|place| {
        assert_eq!(garbled(place, "\"length\"\nlength = 66").1.len(), 66);
    });
}

#[test]
fn a_signature_of_other_data() {
    alone(|place| {
        let (session, signature) = garbled(place, "\"other-data\"");
        assert!(!verifies(&session, &DIGEST, &signature));
        let mut other = DIGEST;
        other[0] ^= 1;
        assert!(verifies(&session, &other, &signature));
    });
}

#[test]
fn a_buffer_that_is_too_small() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[fault]]\non = \"C_Sign\"\ncall = 1\ndo = \"short-buffer\"");
        let list = functions();
        session.sign_init(&Mechanism::Ecdsa, key).unwrap();
        let (mut data, mut signature, mut length): (_, _, CK_ULONG) = (DIGEST, [0; 64], 64);
        let mut sign = || {
            // SAFETY: the buffers have these lengths.
            let value = unsafe {
                list.C_Sign.unwrap()(
                    session.handle(),
                    data.as_mut_ptr(),
                    32,
                    signature.as_mut_ptr(),
                    &raw mut length,
                )
            };
            (value, length)
        };
        assert_eq!(sign(), (CKR_BUFFER_TOO_SMALL, 128));
        assert_eq!(sign(), (CKR_OK, 64), "the operation went on");
        assert!(verifies(&session, &DIGEST, &signature));
    });
}

/// C_SignInit, C_Login for this operation, C_Sign.
fn sign_with_login(session: &Session, key: ObjectHandle, text: &str) -> (Result<(), Error>, u64) {
    session.sign_init(&Mechanism::Ecdsa, key).unwrap();
    let login = session.login(UserType::ContextSpecific, Some(&pin(text)));
    let (mut data, mut signature, mut length): (_, _, CK_ULONG) = (DIGEST, [0; 64], 64);
    // SAFETY: the buffers have these lengths.
    let value = unsafe {
        let sign = functions().C_Sign.unwrap();
        sign(session.handle(), data.as_mut_ptr(), 32, signature.as_mut_ptr(), &raw mut length)
    };
    assert_eq!(value == CKR_OK, verifies(session, &DIGEST, &signature));
    (login, value)
}

#[test]
fn a_login_for_each_signature() {
    alone(|place| {
        place.set("always_authenticate = true\n[pin]\ntries = 3");
        let client = Client::new(place);
        let (session, key) = client.ready();
        let told = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]).unwrap();
        assert_eq!(told, [Attribute::AlwaysAuthenticate(true)]);
        let early = session.login(UserType::ContextSpecific, Some(&pin(client.pin())));
        assert_eq!(failure(early), RvError::OperationNotInitialized);
        assert_eq!(failure(sign(&session, key)), RvError::UserNotLoggedIn);
        for _ in 0..2 {
            let (login, value) = sign_with_login(&session, key, client.pin());
            login.unwrap();
            assert_eq!(value, CKR_OK);
        }
        let (login, value) = sign_with_login(&session, key, "not it");
        assert_eq!(failure(login), RvError::PinIncorrect);
        assert_eq!(value, CKR_USER_NOT_LOGGED_IN);
        assert!(client.token().user_pin_count_low());
        let (login, value) = sign_with_login(&session, key, client.pin());
        login.unwrap();
        assert_eq!(value, CKR_OK, "the refused operation has ended");
        let details: Vec<_> = place.calls().into_iter().filter(|call| call.function == "C_Login").collect();
        assert_eq!(details.iter().filter(|call| call.detail == "CKU_CONTEXT_SPECIFIC").count(), 5);
    });
}

#[test]
fn a_refused_operation_may_stay_open() {
    alone(|place| {
        place.set("always_authenticate = true\nrefused_sign_stays_open = true");
        let client = Client::new(place);
        let (session, key) = client.ready();
        assert_eq!(failure(sign(&session, key)), RvError::UserNotLoggedIn);
        assert_eq!(failure(sign(&session, key)), RvError::OperationActive);
    });
}
