//! Return values on the calls that were asked for.

use cryptoki::{error::RvError, session::SessionState};
use cryptoki_sys::{CK_RV, CKR_DEVICE_MEMORY};

use crate::{
    client::{Client, failure, functions, sign},
    place::{alone, in_turns},
};

#[test]
fn on_every_call() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[fault]]\non = \"C_Sign\"\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"");
        assert_eq!(failure(sign(&session, key)), RvError::DeviceError);
        assert_eq!(place.outcomes("C_Sign"), ["CKR_OK", "CKR_DEVICE_ERROR"], "a length query, and the call");
    });
}

#[test]
fn on_the_nth_call_since_the_change() {
    alone(|place| {
        let client = Client::new(place);
        let session = client.session();
        let random = || session.generate_random_vec(4);
        random().unwrap();
        place.set(
            "[[fault]]\non = \"C_GenerateRandom\"\ncall = 2\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"",
        );
        random().unwrap();
        assert_eq!(failure(random()), RvError::DeviceError);
        random().unwrap();
        place.set("[[fault]]\non = \"C_GenerateRandom\"\ncall = [1, 3]\ndo = \"return\"\nrv = 0x200");
        assert_eq!(failure(random()), RvError::FunctionRejected);
        random().unwrap();
        assert_eq!(failure(random()), RvError::FunctionRejected);
    });
}

#[test]
fn on_the_nth_call_since_the_module_was_loaded() {
    alone(|place| {
        let client = Client::new(place);
        let session = client.session();
        let random = || session.generate_random_vec(4);
        random().unwrap();
        place.set(concat!(
            "[[fault]]\non = \"C_GenerateRandom\"\nfrom = 3\nsince = \"load\"\n",
            "do = \"return\"\nrv = \"CKR_RANDOM_NO_RNG\"",
        ));
        random().unwrap();
        assert_eq!(failure(random()), RvError::RandomNoRng);
        assert_eq!(failure(random()), RvError::RandomNoRng);
    });
}

#[test]
fn on_the_nth_call_of_any_function() {
    alone(|place| {
        let client = Client::new(place);
        let session = client.session();
        place.set("[[fault]]\non = \"*\"\ncall = 3\ndo = \"return\"\nrv = \"CKR_HOST_MEMORY\"");
        session.generate_random_vec(4).unwrap();
        session.get_session_info().unwrap();
        assert_eq!(failure(client.pkcs11.get_library_info()), RvError::HostMemory);
        client.pkcs11.get_library_info().unwrap();
    });
}

#[test]
fn on_length_queries_when_asked_for() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        place.set("[[fault]]\non = \"C_Sign\"\ncall = 1\nqueries = true\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"");
        assert_eq!(failure(sign(&session, key)), RvError::DeviceError);
        let last = place.calls().pop().unwrap();
        assert_eq!((last.function.as_str(), last.detail.as_str()), ("C_Sign", "length"));
    });
}

#[test]
fn after_the_token_has_done_it() {
    alone(|place| {
        let client = Client::new(place);
        let (session, _) = client.ready();
        place.set(
            "[[fault]]\non = \"C_Logout\"\nwhen = \"after\"\ndo = \"return\"\nrv = \"CKR_DEVICE_ERROR\"",
        );
        assert_eq!(failure(session.logout()), RvError::DeviceError);
        assert_eq!(session.get_session_info().unwrap().session_state(), SessionState::RwPublic);
    });
}

#[test]
fn at_the_beginning_and_at_the_end() {
    alone(|place| {
        place.set("[[fault]]\non = [\"C_Initialize\", \"C_Finalize\"]\ncall = 1\ndo = \"return\"\nrv = \"CKR_CANT_LOCK\"");
        let client = Client::not_initialized(place);
        assert_eq!(failure(client.initialize()), RvError::CantLock);
        client.initialize().unwrap();
        client.session();
        assert_eq!(failure(client.pkcs11.finalize()), RvError::CantLock);
    });
}

#[test]
fn only_so_many_times_over_all_processes() {
    in_turns(2, |place| {
        place.set("[[fault]]\non = \"C_Initialize\"\ntimes = 1\ndo = \"return\"\nrv = \"CKR_GENERAL_ERROR\"");
        let client = Client::not_initialized(place);
        match place.turn {
            1 => assert_eq!(failure(client.initialize()), RvError::GeneralError),
            _ => client.initialize().unwrap(),
        }
    });
}

/// Calls each function with nothing but zeros, which would not be good for the real module.
macro_rules! with_zeros {
    ($list:ident: $($name:ident($($zero:expr),*))*) => {
        // SAFETY: none of these calls is forwarded.
        vec![$((stringify!($name), unsafe { $list.$name.unwrap()($($zero),*) })),*]
    };
}

#[test]
fn on_each_function() {
    alone(|place| {
        let client = Client::new(place);
        let list = functions();
        place.set("[[fault]]\non = \"*\"\ndo = \"return\"\nrv = \"CKR_DEVICE_MEMORY\"");
        let (o, n) = (std::ptr::null_mut(), 0);
        let values: Vec<(&str, CK_RV)> = with_zeros! { list:
            C_Initialize(o) C_Finalize(o) C_GetInfo(o.cast()) C_GetSlotList(0, o.cast(), o.cast())
            C_GetSlotInfo(n, o.cast()) C_GetTokenInfo(n, o.cast()) C_GetMechanismList(n, o.cast(), o.cast())
            C_GetMechanismInfo(n, n, o.cast()) C_InitToken(n, o.cast(), n, o.cast()) C_InitPIN(n, o.cast(), n)
            C_SetPIN(n, o.cast(), n, o.cast(), n) C_OpenSession(n, n, o, None, o.cast()) C_CloseSession(n)
            C_CloseAllSessions(n) C_GetSessionInfo(n, o.cast()) C_GetOperationState(n, o.cast(), o.cast())
            C_SetOperationState(n, o.cast(), n, n, n) C_Login(n, n, o.cast(), n) C_Logout(n)
            C_CreateObject(n, o.cast(), n, o.cast()) C_CopyObject(n, n, o.cast(), n, o.cast())
            C_DestroyObject(n, n) C_GetObjectSize(n, n, o.cast()) C_GetAttributeValue(n, n, o.cast(), n)
            C_SetAttributeValue(n, n, o.cast(), n) C_FindObjectsInit(n, o.cast(), n)
            C_FindObjects(n, o.cast(), n, o.cast()) C_FindObjectsFinal(n) C_EncryptInit(n, o.cast(), n)
            C_Encrypt(n, o.cast(), n, o.cast(), o.cast()) C_EncryptUpdate(n, o.cast(), n, o.cast(), o.cast())
            C_EncryptFinal(n, o.cast(), o.cast()) C_DecryptInit(n, o.cast(), n)
            C_Decrypt(n, o.cast(), n, o.cast(), o.cast()) C_DecryptUpdate(n, o.cast(), n, o.cast(), o.cast())
            C_DecryptFinal(n, o.cast(), o.cast()) C_DigestInit(n, o.cast())
            C_Digest(n, o.cast(), n, o.cast(), o.cast()) C_DigestUpdate(n, o.cast(), n) C_DigestKey(n, n)
            C_DigestFinal(n, o.cast(), o.cast()) C_SignInit(n, o.cast(), n)
            C_Sign(n, o.cast(), n, o.cast(), o.cast()) C_SignUpdate(n, o.cast(), n)
            C_SignFinal(n, o.cast(), o.cast()) C_SignRecoverInit(n, o.cast(), n)
            C_SignRecover(n, o.cast(), n, o.cast(), o.cast()) C_VerifyInit(n, o.cast(), n)
            C_Verify(n, o.cast(), n, o.cast(), n) C_VerifyUpdate(n, o.cast(), n) C_VerifyFinal(n, o.cast(), n)
            C_VerifyRecoverInit(n, o.cast(), n) C_VerifyRecover(n, o.cast(), n, o.cast(), o.cast())
            C_DigestEncryptUpdate(n, o.cast(), n, o.cast(), o.cast())
            C_DecryptDigestUpdate(n, o.cast(), n, o.cast(), o.cast())
            C_SignEncryptUpdate(n, o.cast(), n, o.cast(), o.cast())
            C_DecryptVerifyUpdate(n, o.cast(), n, o.cast(), o.cast()) C_GenerateKey(n, o.cast(), o.cast(), n, o.cast())
            C_GenerateKeyPair(n, o.cast(), o.cast(), n, o.cast(), n, o.cast(), o.cast())
            C_WrapKey(n, o.cast(), n, n, o.cast(), o.cast())
            C_UnwrapKey(n, o.cast(), n, o.cast(), n, o.cast(), n, o.cast())
            C_DeriveKey(n, o.cast(), n, o.cast(), n, o.cast()) C_SeedRandom(n, o.cast(), n)
            C_GenerateRandom(n, o.cast(), n) C_GetFunctionStatus(n) C_CancelFunction(n)
            C_WaitForSlotEvent(n, o.cast(), o)
        };
        assert_eq!(values.len(), 67, "68 functions of PKCS#11 v2.40, without C_GetFunctionList");
        for (name, value) in values {
            assert_eq!(value, CKR_DEVICE_MEMORY, "{name}");
            assert_eq!(place.outcomes(name).pop().as_deref(), Some("CKR_DEVICE_MEMORY"));
        }
        drop(client);
    });
}
