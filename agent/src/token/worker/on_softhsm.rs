//! The end of keys on a real token, with a module that fails to order in between. `tests/worker.sh`, a part of `tests/run.sh e2e`, makes the token
//! and names the modules.
//!
//! One process, and in it one module: these tests take turns. None changes what another one looks at.

use std::{
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use cryptoki::object::{Attribute, AttributeType, ObjectClass};

use super::module::Module;
use crate::token::wire::{
    DestroyKey, Destroyed, Failed, GenerateKey, ImportCertificate, Login, Logout, Object, Question, Reply,
    Sign,
};

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run tests/worker.sh"))
}

/// The module, logged in and without faults, for one test at a time.
struct Turn {
    module: &'static Module,
    _turn: MutexGuard<'static, ()>,
}

fn turn() -> Turn {
    static MODULE: OnceLock<Module> = OnceLock::new();
    static ONE: Mutex<()> = Mutex::new(());
    let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    fault("");
    let module = MODULE.get_or_init(|| Module::load(Path::new(&setting("MODULE"))).ok().unwrap().0);
    let turn = Turn { module, _turn: turn };
    turn.log_out();
    let mut login = Login::default();
    (login.serial, login.pin, login.login) = (setting("TOKEN_SERIAL"), setting("TEST_PIN"), 1);
    assert!(matches!(module.answer(Question::Login(login)), Reply::Looked(_)));
    turn
}

/// Has C_DestroyObject do this from now on.
fn fault(what: &str) {
    let (file, new) = (setting("SEALKEEPER_FAULTS"), setting("SEALKEEPER_FAULTS") + ".new");
    let fault = format!("[[fault]]\non = \"C_DestroyObject\"\nsince = \"change\"\n{what}\n");
    fs::write(&new, if what.is_empty() { String::new() } else { fault }).unwrap();
    fs::rename(new, file).unwrap();
}

fn object(id: Option<u8>, label: Option<&str>) -> Object {
    Object {
        serial: setting("TOKEN_SERIAL"),
        token: None,
        id: id.map(|id| vec![id]),
        label: label.map(str::to_owned),
    }
}

fn reason(failed: Failed) -> String {
    failed.into_error().to_string()
}

impl Turn {
    fn log_out(&self) {
        self.module.answer(Question::Logout(Logout { serial: setting("TOKEN_SERIAL"), login: 1 }));
    }

    fn destroy(&self, key: Object) -> Result<Destroyed, String> {
        let certificate = key.clone();
        match self.module.answer(Question::DestroyKey(DestroyKey { key, certificate })) {
            Reply::Destroyed(destroyed) => Ok(destroyed),
            Reply::Failed(failed) => Err(reason(failed)),
            _ => panic!("another answer"),
        }
    }

    fn generate(&self, id: u8, label: &str) {
        self.generate_of("ec-p256", id, label);
    }

    fn generate_of(&self, kind: &str, id: u8, label: &str) {
        let (serial, kind) = (setting("TOKEN_SERIAL"), kind.to_owned());
        let wanted = GenerateKey { serial, kind, id: vec![id], label: label.to_owned() };
        assert!(matches!(self.module.answer(Question::GenerateKey(wanted)), Reply::Key(_)));
    }

    /// Whether the key of this id signs.
    fn signs(&self, id: u8) -> bool {
        let mut sign = Sign::default();
        sign.key = object(Some(id), None);
        (sign.algorithm, sign.message) = ("ecdsa-p256-sha256".to_owned(), vec![7; 200]);
        matches!(self.module.answer(Question::Sign(sign)), Reply::Signature(_))
    }

    /// How many private keys, public keys and certificates there are of this id.
    fn objects(&self, id: u8) -> [usize; 3] {
        let session = self.module.writing_session(&setting("TOKEN_SERIAL")).ok().unwrap();
        [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE].map(|class| {
            session.find_objects(&[Attribute::Class(class), Attribute::Id(vec![id])]).unwrap().len()
        })
    }

    /// Another public key object with the values of this one, under another id.
    fn copy_public_half(&self, id: u8, copy: u8) {
        let session = self.module.writing_session(&setting("TOKEN_SERIAL")).ok().unwrap();
        let half = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(vec![id])];
        let half = session.find_objects(&half).unwrap()[0];
        let asked =
            [AttributeType::Class, AttributeType::KeyType, AttributeType::EcParams, AttributeType::EcPoint];
        let mut template = session.get_attributes(half, &asked).unwrap();
        template.extend([Attribute::Token(true), Attribute::Private(false), Attribute::Id(vec![copy])]);
        session.create_object(&template).unwrap();
    }

    /// The private key of this id once more, under another one, as a vendor's tool may make it.
    fn copy_private_half(&self, id: u8, copy: u8) {
        let session = self.module.writing_session(&setting("TOKEN_SERIAL")).ok().unwrap();
        let half = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(vec![id])];
        let half = session.find_objects(&half).unwrap()[0];
        session.copy_object(half, &[Attribute::Token(true), Attribute::Id(vec![copy])]).unwrap();
    }

    /// The certificate of this id.
    fn certificate(&self, id: u8) -> Vec<u8> {
        let session = self.module.writing_session(&setting("TOKEN_SERIAL")).ok().unwrap();
        let wanted = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::Id(vec![id])];
        let handle = session.find_objects(&wanted).unwrap()[0];
        let values = session.get_attributes(handle, &[AttributeType::Value]).unwrap();
        let Some(Attribute::Value(der)) = values.into_iter().next() else { panic!("no value") };
        der
    }
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_key_goes_with_its_public_half_and_certificate_and_leaves_the_others() {
    let turn = turn();
    assert_eq!((turn.objects(1), turn.signs(1)), ([1, 1, 1], true));
    let destroyed = turn.destroy(object(Some(1), None)).unwrap();
    assert_eq!(
        (destroyed.gone, destroyed.key_id.as_slice(), destroyed.certificates_left),
        (true, &[1][..], 0)
    );
    assert_eq!((turn.objects(1), turn.signs(1)), ([0, 0, 0], false));
    assert_eq!((turn.objects(3), turn.signs(3)), ([1, 1, 1], true), "nobody named this one");
    let again = turn.destroy(object(Some(1), None)).unwrap();
    assert_eq!((again.gone, again.key_id.len()), (true, 0), "gone already");
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn what_a_crash_left_of_a_key_is_destroyed_by_the_next_order() {
    let turn = turn();
    fault("call = 2\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"");
    let no = turn.destroy(object(Some(2), None)).unwrap_err();
    assert_eq!(no, "token-device-error (C_DestroyObject returned CKR_DEVICE_ERROR)");
    assert_eq!(turn.objects(2), [0, 1, 1], "the private half goes first");
    fault("");
    let destroyed = turn.destroy(object(Some(2), None)).unwrap();
    assert_eq!((destroyed.gone, destroyed.certificates_left), (true, 0));
    assert_eq!(turn.objects(2), [0, 0, 0]);
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_token_that_says_no_keeps_its_key() {
    let turn = turn();
    for (rv, reason) in [
        ("CKR_ACTION_PROHIBITED", "key-destruction-refused"),
        ("CKR_TOKEN_WRITE_PROTECTED", "token-write-protected"),
        ("CKR_USER_NOT_LOGGED_IN", "token-locked"),
    ] {
        fault(&format!("do = \"return\"\nrv = \"{rv}\""));
        let no = turn.destroy(object(Some(3), None)).unwrap_err();
        assert_eq!(no, format!("{reason} (C_DestroyObject returned {rv})"));
    }
    assert_eq!((turn.objects(3), turn.signs(3)), ([1, 1, 1], true));
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_token_that_lies_about_it_is_found_out() {
    let turn = turn();
    turn.generate(0x21, "lie");
    fault("do = \"return\"\nrv = \"CKR_OK\"");
    assert!(!turn.destroy(object(Some(0x21), None)).unwrap().gone);
    assert!(turn.signs(0x21));
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_key_with_the_same_public_half_under_another_name_is_found() {
    let turn = turn();
    turn.generate(0x31, "one");
    turn.copy_public_half(0x31, 0x32);
    assert!(!turn.destroy(object(Some(0x31), None)).unwrap().gone, "somebody kept a part of it");
    assert_eq!((turn.objects(0x31), turn.objects(0x32)), ([0, 0, 0], [0, 1, 0]), "what nobody named stays");
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_copy_of_an_rsa_key_under_another_name_is_found_by_its_modulus() {
    let turn = turn();
    turn.generate_of("rsa-2048", 0x71, "original");
    turn.copy_private_half(0x71, 0x72);
    assert!(!turn.destroy(object(Some(0x71), None)).unwrap().gone);
    assert_eq!((turn.objects(0x71), turn.objects(0x72)), ([0, 0, 0], [1, 0, 0]));
    assert!(turn.destroy(object(Some(0x72), None)).unwrap().gone, "once it is named, it goes too");
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_name_that_several_keys_bear_destroys_none_of_them() {
    let turn = turn();
    turn.generate(0x41, "twice");
    turn.generate(0x42, "twice");
    assert_eq!(turn.destroy(object(None, Some("twice"))).unwrap_err(), "key-ambiguous");
    assert!(turn.signs(0x41) && turn.signs(0x42));
    let destroyed = turn.destroy(object(Some(0x41), Some("twice"))).unwrap();
    assert_eq!((destroyed.gone, turn.objects(0x41)), (true, [0, 0, 0]));
    assert!(turn.signs(0x42));
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_key_whose_named_certificate_is_for_another_one_is_not_destroyed() {
    let turn = turn();
    turn.generate(0x51, "other");
    let certificate = object(Some(3), None);
    let wanted = DestroyKey { key: object(Some(0x51), None), certificate };
    let Reply::Failed(no) = turn.module.answer(Question::DestroyKey(wanted)) else { panic!("not refused") };
    assert_eq!((reason(no), turn.signs(0x51)), ("certificate-mismatch".to_owned(), true));
    // The certificate of key 3 is there still, and is its only one.
    let import = ImportCertificate {
        serial: setting("TOKEN_SERIAL"),
        certificate: turn.certificate(3),
        replace: false,
    };
    let Reply::Failed(no) = turn.module.answer(Question::ImportCertificate(import)) else { panic!("taken") };
    assert_eq!(reason(no), "certificate-exists");
}

#[test]
#[ignore = "needs a token: tests/worker.sh"]
fn a_locked_token_destroys_nothing_and_tells_nothing_to_be_gone() {
    let turn = turn();
    turn.log_out();
    assert_eq!(turn.destroy(object(Some(3), None)).unwrap_err(), "token-locked");
    assert_eq!(turn.destroy(object(Some(0x61), None)).unwrap_err(), "token-locked", "there is none");
}
