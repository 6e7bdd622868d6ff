//! PIN tries: counted, shown, locked, given back.

use cryptoki::{
    error::{Error, RvError},
    session::{Session, UserType},
    slot::TokenInfo,
};

use crate::{
    client::{Client, failure, pin, sign},
    place::{alone, in_turns},
};

fn wrong_login(session: &Session) -> Result<(), Error> {
    session.login(UserType::User, Some(&pin("not it")))
}

/// COUNT_LOW, FINAL_TRY, LOCKED of the user PIN.
fn user_flags(token: &TokenInfo) -> [bool; 3] {
    [token.user_pin_count_low(), token.user_pin_final_try(), token.user_pin_locked()]
}

#[test]
fn locks_after_three_wrong_tries() {
    alone(|place| {
        place.set("[pin]\ntries = 3");
        let client = Client::new(place);
        let session = client.session();
        assert_eq!(user_flags(&client.token()), [false, false, false]);
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(user_flags(&client.token()), [true, false, false]);
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(user_flags(&client.token()), [true, true, false]);
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(user_flags(&client.token()), [true, false, true]);
        assert_eq!(failure(client.login(&session)), RvError::PinLocked);
    });
}

#[test]
fn tries_outlive_the_process() {
    in_turns(3, |place| {
        place.set("[pin]\ntries = 2\nlast_wrong = \"CKR_PIN_LOCKED\"");
        let client = Client::new(place);
        let session = client.session();
        match place.turn {
            1 => assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect),
            2 => {
                assert_eq!(user_flags(&client.token()), [true, true, false]);
                assert_eq!(failure(wrong_login(&session)), RvError::PinLocked, "the try that locks says so");
            }
            _ => {
                assert_eq!(user_flags(&client.token()), [true, false, true]);
                assert_eq!(failure(client.login(&session)), RvError::PinLocked);
            }
        }
    });
}

#[test]
fn success_gives_all_tries_back() {
    alone(|place| {
        place.set("[pin]\ntries = 2");
        let client = Client::new(place);
        let session = client.session();
        for _ in 0..2 {
            assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
            client.login(&session).unwrap();
            session.logout().unwrap();
            assert_eq!(user_flags(&client.token()), [false, false, false]);
        }
    });
}

#[test]
fn the_security_officer_sets_the_pin_anew() {
    alone(|place| {
        place.set("[pin]\ntries = 1\nso_tries = 2");
        let client = Client::new(place);
        let session = client.session();
        assert_eq!(user_flags(&client.token()), [false, true, false], "one try is the final try");
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(failure(session.login(UserType::So, Some(&pin("nor this")))), RvError::PinIncorrect);
        assert!(client.token().so_pin_final_try());
        // setup.sh gives both the same PIN.
        session.login(UserType::So, Some(&pin(client.pin()))).unwrap();
        session.init_pin(&pin("87654321")).unwrap();
        session.logout().unwrap();
        assert_eq!(user_flags(&client.token()), [false, true, false]);
        session.login(UserType::User, Some(&pin("87654321"))).unwrap();
        assert_eq!(failure(session.set_pin(&pin("wrong again"), &pin("11111111"))), RvError::PinIncorrect);
        assert!(client.token().user_pin_locked(), "C_SetPIN costs a try too");
    });
}

#[test]
fn the_security_officer_is_locked_too() {
    alone(|place| {
        place.set("[pin]\nso_tries = 1");
        let client = Client::new(place);
        let session = client.session();
        assert_eq!(failure(session.login(UserType::So, Some(&pin("not it")))), RvError::PinIncorrect);
        assert!(client.token().so_pin_locked());
        assert_eq!(failure(session.login(UserType::So, Some(&pin(client.pin())))), RvError::PinLocked);
        client.login(&session).unwrap();
    });
}

#[test]
fn some_modules_tell_nothing() {
    alone(|place| {
        place.set("[pin]\ntries = 2\nflags = false");
        let client = Client::new(place);
        let session = client.session();
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(user_flags(&client.token()), [false, false, false]);
        assert_eq!(failure(wrong_login(&session)), RvError::PinIncorrect);
        assert_eq!(user_flags(&client.token()), [false, false, false]);
        assert_eq!(failure(client.login(&session)), RvError::PinLocked);
    });
}

#[test]
fn another_token_has_tries_of_its_own() {
    alone(|place| {
        place.set("[pin]\ntries = 1");
        let client = Client::new(place);
        let (serial, other) = (place.token("fault").serial, place.token("other").serial);
        assert_eq!(failure(wrong_login(&client.session())), RvError::PinIncorrect);
        assert_eq!(failure(client.login(&client.session())), RvError::PinLocked);
        let slot = client.slot_of(&other).unwrap();
        client.login(&client.pkcs11.open_rw_session(slot).unwrap()).unwrap();
        place.set(&format!("[pin]\ntries = 1\n[[token]]\nserial = \"{serial}\"\nas_serial = \"0002\""));
        let slot = client.slot_of("0002").unwrap();
        client.login(&client.pkcs11.open_rw_session(slot).unwrap()).unwrap();
    });
}

#[test]
fn a_pin_pad_is_typed_at() {
    alone(|place| {
        place.set("[pin]\npad = \"12345678\"\npad_new = \"87654321\"\npad_ms = 100");
        let client = Client::new(place);
        let session = client.session();
        assert!(client.token().protected_authentication_path());
        assert_eq!(failure(client.login(&session)), RvError::ArgumentsBad, "a PIN was sent");
        let start = std::time::Instant::now();
        session.login(UserType::User, None).unwrap();
        assert!(start.elapsed() >= std::time::Duration::from_millis(100));
        assert_eq!(sign(&session, crate::client::private_key(&session)).unwrap().len(), 64);
        session.logout().unwrap();
        place.set("[pin]\ntries = 1\npad = \"mistyped\"");
        assert_eq!(failure(session.login(UserType::User, None)), RvError::PinIncorrect);
        assert!(client.token().user_pin_locked());
    });
}
