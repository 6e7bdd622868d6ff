//! Tokens that are pulled out, put back in, and exchanged.

use cryptoki::{error::RvError, object::AttributeType, session::SessionState};

use crate::{
    client::{Client, DIGEST, failure, private_key, sign, verifies},
    place::alone,
};

#[test]
fn a_token_that_is_pulled_out_is_gone() {
    alone(|place| {
        let client = Client::new(place);
        let slot = client.slot();
        let (session, key) = client.ready();
        let all = client.pkcs11.get_all_slots().unwrap();
        let serial = place.token("fault").serial;
        place.set(&format!("[[token]]\nserial = \"{serial}\"\npresent = false"));
        assert_eq!(failure(sign(&session, key)), RvError::DeviceRemoved);
        assert_eq!(failure(session.get_session_info()), RvError::DeviceRemoved);
        assert!(!client.pkcs11.get_slots_with_token().unwrap().contains(&slot));
        assert_eq!(client.pkcs11.get_all_slots().unwrap(), all, "the reader stays");
        let info = client.pkcs11.get_slot_info(slot).unwrap();
        assert!(info.removable_device() && !info.token_present());
        assert_eq!(failure(client.pkcs11.get_token_info(slot)), RvError::TokenNotPresent);
        assert_eq!(failure(client.pkcs11.open_rw_session(slot)), RvError::TokenNotPresent);
        assert_eq!(failure(client.pkcs11.get_mechanism_list(slot)), RvError::TokenNotPresent);
        // The other one has not been touched.
        let other = client.slot_of(&place.token("other").serial).unwrap();
        let session = client.pkcs11.open_rw_session(other).unwrap();
        client.login(&session).unwrap();
        sign(&session, private_key(&session)).unwrap();
    });
}

#[test]
fn a_token_that_is_put_back_in_has_forgotten() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[token]]\npresent = false\ngone = \"CKR_TOKEN_NOT_PRESENT\"");
        assert_eq!(failure(sign(&session, key)), RvError::TokenNotPresent);
        place.set("");
        assert_eq!(failure(sign(&session, key)), RvError::SessionHandleInvalid);
        let session = client.session();
        assert_eq!(session.get_session_info().unwrap().session_state(), SessionState::RwPublic);
        client.login(&session).unwrap();
        assert_eq!(failure(sign(&session, key)), RvError::KeyHandleInvalid);
        let read = session.get_attributes(key, &[AttributeType::Label]);
        assert_eq!(failure(read), RvError::ObjectHandleInvalid);
        let found = private_key(&session);
        assert_ne!(found, key);
        let signature = sign(&session, found).unwrap();
        assert!(verifies(&session, &DIGEST, &signature));
    });
}

#[test]
fn it_may_happen_faster_than_anyone_looks() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[token]]\ninsertion = 1");
        assert_eq!(failure(sign(&session, key)), RvError::SessionHandleInvalid);
        let (session, key) = client.ready();
        place.set("[[token]]\ninsertion = 1\nmax_sessions = 9");
        sign(&session, key).unwrap();
    });
}

#[test]
fn another_token_comes_into_the_same_slot() {
    alone(|place| {
        let client = Client::new(place);
        let slot = client.slot();
        let (session, key) = client.ready();
        let serial = place.token("fault").serial;
        place.set(&format!(
            "[[token]]\nserial = \"{serial}\"\nas_serial = \"feed0002\"\nas_label = \"another\""
        ));
        assert_eq!(failure(sign(&session, key)), RvError::SessionHandleInvalid);
        let token = client.pkcs11.get_token_info(slot).unwrap();
        assert_eq!((token.serial_number(), token.label()), ("feed0002", "another"));
        assert_eq!(client.slot_of(&serial), None);
    });
}

#[test]
fn the_slot_may_go_as_well() {
    alone(|place| {
        let client = Client::new(place);
        let slot = client.slot();
        let serial = place.token("fault").serial;
        place.set(&format!("[[token]]\nserial = \"{serial}\"\npresent = false\nslot_goes = true"));
        assert!(!client.pkcs11.get_all_slots().unwrap().contains(&slot));
        assert_eq!(failure(client.pkcs11.get_slot_info(slot)), RvError::SlotIdInvalid);
    });
}

#[test]
fn it_can_be_pulled_out_in_the_middle_of_a_call() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[fault]]\non = \"C_Sign\"\ndo = \"hang\"");
        std::thread::scope(|scope| {
            let signing = scope.spawn(move || sign(&session, key));
            crate::place::until("the call hangs", || place.outcomes("C_Sign").contains(&"HANGS".into()));
            place.set("[[token]]\npresent = false");
            assert_eq!(failure(signing.join().unwrap()), RvError::DeviceRemoved);
        });
    });
}

#[test]
fn it_may_be_away_from_the_beginning() {
    alone(|place| {
        place.set("[[token]]\npresent = false");
        let client = Client::new(place);
        assert!(client.pkcs11.get_slots_with_initialized_token().unwrap().is_empty());
        place.set("");
        let (session, key) = client.ready();
        sign(&session, key).unwrap();
    });
}

#[test]
fn flags_and_sessions_are_as_told() {
    alone(|place| {
        let client = Client::new(place);
        place.set(concat!(
            "[[token]]\nmax_sessions = 2\nset_flags = [\"CKF_ERROR_STATE\"]\n",
            "clear_flags = [\"CKF_USER_PIN_INITIALIZED\"]",
        ));
        let token = client.token();
        assert!(token.error_state() && !token.user_pin_initialized());
        assert_eq!(format!("{:?}", token.max_session_count()), "Max(2)");
        let (first, _second) = (client.session(), client.session());
        let slot = client.slot();
        assert_eq!(failure(client.pkcs11.open_ro_session(slot)), RvError::SessionCount);
        drop(first);
        client.session();
    });
}
