//! The control file itself.

use cryptoki::{context::Pkcs11, error::RvError};
use cryptoki_sys::CK_INFO;
use sealkeeper_fault_module::{CONTROL_INVALID, module_path};

use crate::{
    client::{Client, failure, functions},
    place::alone,
};

#[test]
fn what_is_not_understood_is_not_ignored() {
    alone(|place| {
        let client = Client::new(place);
        let (list, mut info) = (functions(), CK_INFO::default());
        for wrong in [
            "[[fault]]\non = \"C_Sing\"\ndo = \"abort\"",
            "[[fault]]\non = \"C_Sign\"\ndo = \"abrot\"",
            "[[fault]]\non = \"C_Sign\"\ndo = \"abort\"\nms = 5",
            "[[fault]]\non = \"C_Sign\"\ndo = \"return\"",
            "[[fault]]\non = \"C_Sign\"\ndo = \"return\"\nrv = \"CKR_OKAY\"",
            "[[fault]]\non = \"C_Sign\"\ncall = 1\nfrom = 2\ndo = \"abort\"",
            "[[fault]]\non = \"C_Sign\"\nwhen = \"after\"\ndo = \"short-buffer\"",
            "[[attribute]]\ntype = \"CKA_LOCAL\"",
            "[[token]]\nas_serial = \"longer than sixteen\"",
            "[[token]]\nabsent = true",
            "[pin]\ntries = 0",
            "alway_authenticate = true",
            "not toml",
        ] {
            place.set(wrong);
            // SAFETY: there is room for the information.
            let value = unsafe { list.C_GetInfo.unwrap()(&raw mut info) };
            assert_eq!(value, CONTROL_INVALID, "{wrong}");
        }
        place.set("");
        client.pkcs11.get_library_info().unwrap();
    });
}

#[test]
fn no_file_means_no_faults() {
    alone(|place| {
        place.set("[[fault]]\non = \"C_GetInfo\"\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"");
        let client = Client::new(place);
        client.pkcs11.get_library_info().unwrap_err();
        std::fs::remove_file(place.control.path()).unwrap();
        client.pkcs11.get_library_info().unwrap();
    });
}

#[test]
fn counts_are_kept_beside_it() {
    alone(|place| {
        assert!(!place.control.state_path().exists());
        place.set("[[fault]]\non = \"C_GetInfo\"\ntimes = 1\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"");
        let client = Client::new(place);
        client.pkcs11.get_library_info().unwrap_err();
        client.pkcs11.get_library_info().unwrap();
        std::fs::remove_file(place.control.state_path()).unwrap();
        client.pkcs11.get_library_info().unwrap_err();
    });
}

#[test]
fn it_names_the_real_module() {
    alone(|place| {
        place.set("module = \"no-such-module.so\"");
        let loaded = Pkcs11::new(module_path().unwrap());
        assert_eq!(failure(loaded), RvError::GeneralError);
        place.set(&format!("module = \"{}\"", place.token("fault").module.display()));
        Client::new(place).session();
    });
}

#[test]
fn half_a_file_is_given_time() {
    alone(|place| {
        let client = Client::new(place);
        std::fs::write(place.control.path(), "[[fault]]\non = \"C_GetInfo").unwrap();
        std::thread::scope(|scope| {
            let called = scope.spawn(|| client.pkcs11.get_library_info());
            std::thread::sleep(std::time::Duration::from_millis(20));
            place.set("");
            called.join().unwrap().unwrap();
        });
    });
}
