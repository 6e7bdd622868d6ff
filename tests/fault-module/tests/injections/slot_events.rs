//! C_WaitForSlotEvent.

use std::thread;

use cryptoki::error::RvError;

use crate::{
    client::{Client, failure},
    place::{alone, until},
};

#[test]
fn each_change_is_told_once() {
    alone(|place| {
        let client = Client::new(place);
        let slot = client.slot();
        let serial = place.token("fault").serial;
        let event = || client.pkcs11.get_slot_event().unwrap();
        assert_eq!(event(), None);
        place.set(&format!("[[token]]\nserial = \"{serial}\"\npresent = false"));
        assert_eq!(event(), Some(slot));
        assert_eq!(event(), None);
        place.set("");
        assert_eq!(event(), Some(slot));
        assert_eq!(event(), None);
        place.set(&format!("[[token]]\nserial = \"{serial}\"\nas_serial = \"0002\""));
        assert_eq!(event(), Some(slot));
    });
}

#[test]
fn what_is_found_at_the_start_is_no_event() {
    alone(|place| {
        place.set("[[token]]\npresent = false");
        let client = Client::new(place);
        assert_eq!(client.pkcs11.get_slot_event().unwrap(), None);
    });
}

#[test]
fn waits_until_something_happens() {
    alone(|place| {
        let client = Client::new(place);
        let slot = client.slot();
        let serial = place.token("fault").serial;
        thread::scope(|scope| {
            let waiting = scope.spawn(|| client.pkcs11.wait_for_slot_event());
            thread::sleep(std::time::Duration::from_millis(50));
            assert!(!waiting.is_finished());
            place.set(&format!("[[token]]\nserial = \"{serial}\"\npresent = false"));
            assert_eq!(waiting.join().unwrap().unwrap(), slot);
        });
    });
}

#[test]
fn finalisation_ends_the_waiting() {
    alone(|place| {
        let client = Client::new(place);
        let pkcs11 = client.pkcs11.clone();
        let waiting = thread::spawn(move || pkcs11.wait_for_slot_event());
        thread::sleep(std::time::Duration::from_millis(50));
        client.pkcs11.finalize().unwrap();
        until("the waiting ends", || waiting.is_finished());
        assert_eq!(failure(waiting.join().unwrap()), RvError::CryptokiNotInitialized);
    });
}

#[test]
fn not_supported_when_so_told() {
    alone(|place| {
        place.set("slot_events = \"unsupported\"");
        let client = Client::new(place);
        assert_eq!(failure(client.pkcs11.wait_for_slot_event()), RvError::FunctionNotSupported);
        assert_eq!(failure(client.pkcs11.get_slot_event()), RvError::FunctionNotSupported);
    });
}

#[test]
fn the_real_module_may_be_asked() {
    alone(|place| {
        let client = Client::new(place);
        place.set("slot_events = \"forward\"\n[[token]]\npresent = false");
        assert_eq!(client.pkcs11.get_slot_event().unwrap(), None, "SoftHSM knows of no removal");
    });
}
