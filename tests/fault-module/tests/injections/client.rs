//! The caller: a program that uses the faulty module as any other.

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_OK};
use sealkeeper_fault_module::module_path;

use crate::place::Place;

/// What is signed: 32 bytes, as a SHA-256 digest is.
pub(crate) const DIGEST: [u8; 32] = [0x5a; 32];

/// The loaded and initialised module.
pub(crate) struct Client {
    pub(crate) pkcs11: Pkcs11,
    serial: String,
    pin: String,
}

impl Client {
    pub(crate) fn new(place: &Place) -> Self {
        let client = Client::not_initialized(place);
        client.initialize().unwrap();
        client
    }

    pub(crate) fn not_initialized(place: &Place) -> Self {
        let token = place.token("fault");
        let pkcs11 = Pkcs11::new(module_path().unwrap()).unwrap();
        Client { pkcs11, serial: token.serial, pin: token.pin }
    }

    pub(crate) fn initialize(&self) -> Result<(), Error> {
        self.pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
    }

    /// The slot of the token with this serial number, if it shows.
    pub(crate) fn slot_of(&self, serial: &str) -> Option<Slot> {
        let slots = self.pkcs11.get_slots_with_token().unwrap();
        slots
            .into_iter()
            .find(|slot| self.pkcs11.get_token_info(*slot).is_ok_and(|info| info.serial_number() == serial))
    }

    pub(crate) fn slot(&self) -> Slot {
        self.slot_of(&self.serial).expect("the token is there")
    }

    pub(crate) fn token(&self) -> TokenInfo {
        self.pkcs11.get_token_info(self.slot()).unwrap()
    }

    pub(crate) fn session(&self) -> Session {
        self.pkcs11.open_rw_session(self.slot()).unwrap()
    }

    pub(crate) fn login(&self, session: &Session) -> Result<(), Error> {
        session.login(UserType::User, Some(&pin(&self.pin)))
    }

    pub(crate) fn pin(&self) -> &str {
        &self.pin
    }

    /// A session with the user logged in, and the private key.
    pub(crate) fn ready(&self) -> (Session, ObjectHandle) {
        let session = self.session();
        self.login(&session).unwrap();
        let key = private_key(&session);
        (session, key)
    }
}

pub(crate) fn pin(text: &str) -> AuthPin {
    AuthPin::new(text.into())
}

pub(crate) fn private_key(session: &Session) -> ObjectHandle {
    object(session, ObjectClass::PRIVATE_KEY)
}

pub(crate) fn object(session: &Session, class: ObjectClass) -> ObjectHandle {
    session.find_objects(&[Attribute::Class(class)]).unwrap()[0]
}

pub(crate) fn sign(session: &Session, key: ObjectHandle) -> Result<Vec<u8>, Error> {
    session.sign(&Mechanism::Ecdsa, key, &DIGEST)
}

/// Whether the token's public key verifies the signature.
pub(crate) fn verifies(session: &Session, data: &[u8], signature: &[u8]) -> bool {
    let public = object(session, ObjectClass::PUBLIC_KEY);
    session.verify(&Mechanism::Ecdsa, public, data, signature).is_ok()
}

/// The return value that a call failed with.
#[track_caller]
pub(crate) fn failure<T>(result: Result<T, Error>) -> RvError {
    match result {
        Err(Error::Pkcs11(value, _)) => value,
        Err(other) => panic!("no return value, but {other}"),
        Ok(_) => panic!("it succeeded"),
    }
}

/// The module's functions, for what `cryptoki` cannot do. The module must have been loaded.
pub(crate) fn functions() -> CK_FUNCTION_LIST {
    let mut list = std::ptr::null_mut();
    // SAFETY: the symbol has this type, the list it gives is never freed.
    unsafe {
        let library = libloading::Library::new(module_path().unwrap()).unwrap();
        let function = library
            .get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(b"C_GetFunctionList\0")
            .unwrap();
        assert_eq!(function(&raw mut list), CKR_OK);
        *list
    }
}
