//! The functions of PKCS#11 v2.40, in the order of the specification: what each takes, and which behave in ways of their own.

use std::os::raw::c_void;

use cryptoki_sys::*;

use crate::{
    attributes,
    calls::{self, Output, Part},
    pin,
    real::{self, real},
    signing, slots,
};

/// The C type of an argument.
macro_rules! kind {
    (session) => { CK_SESSION_HANDLE };
    (session_out) => { *mut CK_SESSION_HANDLE };
    (session_info) => { *mut CK_SESSION_INFO };
    (slot) => { CK_SLOT_ID };
    (slots_out) => { *mut CK_SLOT_ID };
    (slot_info) => { *mut CK_SLOT_INFO };
    (token_info) => { *mut CK_TOKEN_INFO };
    (object) => { CK_OBJECT_HANDLE };
    (key) => { CK_OBJECT_HANDLE };
    (object_out) => { *mut CK_OBJECT_HANDLE };
    (template) => { *mut CK_ATTRIBUTE };
    (mechanism) => { *mut CK_MECHANISM };
    (mechanism_type) => { CK_MECHANISM_TYPE };
    (mechanism_types) => { *mut CK_MECHANISM_TYPE };
    (mechanism_info) => { *mut CK_MECHANISM_INFO };
    (text) => { *mut CK_UTF8CHAR };
    (data) => { *mut CK_BYTE };
    (out) => { *mut CK_BYTE };
    (out_len) => { *mut CK_ULONG };
    (number) => { CK_ULONG };
    (number_out) => { *mut CK_ULONG };
    (user) => { CK_USER_TYPE };
    (flags) => { CK_FLAGS };
    (flag) => { CK_BBOOL };
    (info) => { *mut CK_INFO };
    (notify) => { CK_NOTIFY };
    (pointer) => { *mut c_void };
}

/// An argument as far as faults of any function are concerned with it.
macro_rules! part {
    (out, $arg:ident) => {
        Part::Buffer($arg)
    };
    (out_len, $arg:ident) => {
        Part::Length($arg)
    };
    ($kind:ident, $arg:ident) => {
        Part::Other
    };
}

/// An argument as the real module gets it.
macro_rules! forwarded {
    (session, $arg:ident, $call:ident) => {
        $call.session($arg)?
    };
    (slot, $arg:ident, $call:ident) => {
        $call.slot($arg)?
    };
    (object, $arg:ident, $call:ident) => {
        $call.object($arg, CKR_OBJECT_HANDLE_INVALID)?
    };
    (key, $arg:ident, $call:ident) => {
        $call.object($arg, CKR_KEY_HANDLE_INVALID)?
    };
    (out, $arg:ident, $call:ident) => {
        $call.buffer($arg)
    };
    (out_len, $arg:ident, $call:ident) => {
        $call.length($arg)
    };
    ($kind:ident, $arg:ident, $call:ident) => {
        $arg
    };
}

/// What the real module gave back, as the caller gets it.
macro_rules! returned {
    (object_out, $arg:ident, $call:ident) => {
        if !$arg.is_null() {
            *$arg = $call.shown(*$arg);
        }
    };
    ($kind:ident, $arg:ident, $call:ident) => {};
}

/// Forwards a call, or lets its own handler do so.
macro_rules! body {
    ([$own:path], $name:ident, $call:ident, $($arg:ident: $kind:ident),*) => { $own($call, $($arg),*) };
    ([], $name:ident, $call:ident, $($arg:ident: $kind:ident),*) => {{
        let value = real!($name)($(forwarded!($kind, $arg, $call)),*);
        if value == CKR_OK {
            $(returned!($kind, $arg, $call);)*
        }
        Ok(value)
    }};
}

macro_rules! functions {
    ($($name:ident($($arg:ident: $kind:ident),*) $(=> $own:path)?;)*) => {
        /// The names of all functions.
        pub(crate) const NAMES: &[&str] = &["C_GetFunctionList", $(stringify!($name)),*];

        static LIST: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: CK_VERSION { major: 2, minor: 40 },
            C_GetFunctionList: Some(C_GetFunctionList),
            $($name: Some($name)),*
        };

        $(
            #[allow(non_snake_case, clippy::too_many_arguments, reason = "as PKCS#11 has it")]
            #[allow(unused_variables, reason = "a call without handles and without output needs nothing of `call`")]
            unsafe extern "C" fn $name($($arg: kind!($kind)),*) -> CK_RV {
                let output = Output::of(&[$(part!($kind, $arg)),*]);
                calls::run(stringify!($name), output, |call| {
                    // SAFETY: the caller gives what PKCS#11 asks for, and it goes on as it came; handles are looked up
                    // first, and a handle that is returned with CKR_OK was written by the real module.
                    unsafe { body!([$($own)?], $name, call, $($arg: $kind),*) }
                })
            }
        )*
    };
}

functions! {
    C_Initialize(arguments: pointer) => slots::initialize;
    C_Finalize(reserved: pointer) => slots::finalize;
    C_GetInfo(info: info);
    C_GetSlotList(with_token: flag, list: slots_out, count: number_out) => slots::slot_list;
    C_GetSlotInfo(slot: slot, info: slot_info) => slots::slot_info;
    C_GetTokenInfo(slot: slot, info: token_info) => slots::token_info;
    C_GetMechanismList(slot: slot, list: mechanism_types, count: number_out);
    C_GetMechanismInfo(slot: slot, mechanism: mechanism_type, info: mechanism_info);
    C_InitToken(slot: slot, pin: text, length: number, label: text) => pin::init_token;
    C_InitPIN(session: session, pin: text, length: number) => pin::init_pin;
    C_SetPIN(session: session, old: text, old_length: number, new: text, new_length: number) => pin::set_pin;
    C_OpenSession(slot: slot, flags: flags, application: pointer, notify: notify, session: session_out)
        => slots::open_session;
    C_CloseSession(session: session) => slots::close_session;
    C_CloseAllSessions(slot: slot) => slots::close_all_sessions;
    C_GetSessionInfo(session: session, info: session_info);
    C_GetOperationState(session: session, state: out, length: out_len);
    C_SetOperationState(session: session, state: data, length: number, encryption: key, authentication: key);
    C_Login(session: session, user: user, pin: text, length: number) => pin::login;
    C_Logout(session: session);
    C_CreateObject(session: session, template: template, count: number, object: object_out);
    C_CopyObject(session: session, object: object, template: template, count: number, copy: object_out);
    C_DestroyObject(session: session, object: object);
    C_GetObjectSize(session: session, object: object, size: number_out);
    C_GetAttributeValue(session: session, object: object, template: template, count: number)
        => attributes::attribute_value;
    C_SetAttributeValue(session: session, object: object, template: template, count: number);
    C_FindObjectsInit(session: session, template: template, count: number);
    C_FindObjects(session: session, list: object_out, room: number, count: number_out) => attributes::find_objects;
    C_FindObjectsFinal(session: session);
    C_EncryptInit(session: session, mechanism: mechanism, key: key);
    C_Encrypt(session: session, data: data, length: number, encrypted: out, encrypted_length: out_len);
    C_EncryptUpdate(session: session, part: data, length: number, encrypted: out, encrypted_length: out_len);
    C_EncryptFinal(session: session, encrypted: out, encrypted_length: out_len);
    C_DecryptInit(session: session, mechanism: mechanism, key: key);
    C_Decrypt(session: session, encrypted: data, length: number, data: out, data_length: out_len);
    C_DecryptUpdate(session: session, encrypted: data, length: number, part: out, part_length: out_len);
    C_DecryptFinal(session: session, part: out, part_length: out_len);
    C_DigestInit(session: session, mechanism: mechanism);
    C_Digest(session: session, data: data, length: number, digest: out, digest_length: out_len);
    C_DigestUpdate(session: session, part: data, length: number);
    C_DigestKey(session: session, key: key);
    C_DigestFinal(session: session, digest: out, digest_length: out_len);
    C_SignInit(session: session, mechanism: mechanism, key: key) => signing::sign_init;
    C_Sign(session: session, data: data, length: number, signature: out, signature_length: out_len) => signing::sign;
    C_SignUpdate(session: session, part: data, length: number) => signing::sign_update;
    C_SignFinal(session: session, signature: out, signature_length: out_len) => signing::sign_final;
    C_SignRecoverInit(session: session, mechanism: mechanism, key: key);
    C_SignRecover(session: session, data: data, length: number, signature: out, signature_length: out_len);
    C_VerifyInit(session: session, mechanism: mechanism, key: key);
    C_Verify(session: session, data: data, length: number, signature: data, signature_length: number);
    C_VerifyUpdate(session: session, part: data, length: number);
    C_VerifyFinal(session: session, signature: data, length: number);
    C_VerifyRecoverInit(session: session, mechanism: mechanism, key: key);
    C_VerifyRecover(session: session, signature: data, length: number, data: out, data_length: out_len);
    C_DigestEncryptUpdate(session: session, part: data, length: number, encrypted: out, encrypted_length: out_len);
    C_DecryptDigestUpdate(session: session, encrypted: data, length: number, part: out, part_length: out_len);
    C_SignEncryptUpdate(session: session, part: data, length: number, encrypted: out, encrypted_length: out_len);
    C_DecryptVerifyUpdate(session: session, encrypted: data, length: number, part: out, part_length: out_len);
    C_GenerateKey(session: session, mechanism: mechanism, template: template, count: number, key: object_out);
    C_GenerateKeyPair(session: session, mechanism: mechanism, public: template, public_count: number,
        private: template, private_count: number, public_key: object_out, private_key: object_out);
    C_WrapKey(session: session, mechanism: mechanism, wrapping: key, key: key, wrapped: out, length: out_len);
    C_UnwrapKey(session: session, mechanism: mechanism, unwrapping: key, wrapped: data, length: number,
        template: template, count: number, key: object_out);
    C_DeriveKey(session: session, mechanism: mechanism, base: key, template: template, count: number,
        key: object_out);
    C_SeedRandom(session: session, seed: data, length: number);
    C_GenerateRandom(session: session, random: data, length: number);
    C_GetFunctionStatus(session: session);
    C_CancelFunction(session: session);
    C_WaitForSlotEvent(flags: flags, slot: slots_out, reserved: pointer) => slots::wait_for_slot_event;
}

/// Gives the list of this module's functions, and loads the real module.
///
/// # Safety
///
/// As PKCS#11 §5.4 says: `list` is null or points to where the address of the list may be written.
#[allow(non_snake_case, reason = "as PKCS#11 has it")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    calls::run("C_GetFunctionList", Output::of(&[]), |call| {
        if list.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        real::load(&call.control)?;
        // SAFETY: it is not null, so the address of the list may be written there.
        unsafe { *list = (&raw const LIST).cast_mut() };
        Ok(CKR_OK)
    })
}
