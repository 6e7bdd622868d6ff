//! Signing: with keys that ask for a login before each signature, and over other data than was given.

use cryptoki_sys::*;

use crate::{
    calls::Call,
    real::real,
    sessions::{self, Signing},
};

/// Room for a signature that nobody gets.
const SCRATCH: usize = 1 << 14;

/// C_SignInit.
///
/// # Safety
///
/// As for all handlers: what PKCS#11 asks of the caller of the C function.
pub(crate) unsafe fn sign_init(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let key = call.object(key, CKR_KEY_HANDLE_INVALID)?;
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_SignInit)(real_session, mechanism, key) };
    if value == CKR_OK {
        sessions::set_signing(session, Some(Signing::NotAuthenticated));
    }
    Ok(value)
}

/// C_Sign.
pub(crate) unsafe fn sign(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    length: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_length: *mut CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let function = real!(C_Sign);
    refuse_unauthenticated(call, session, |scratch, room| {
        // SAFETY: the caller's data, and room for any signature.
        unsafe { function(real_session, data, length, scratch, room) };
    })?;
    // SAFETY: the caller gives `length` bytes of data.
    let mut other = unsafe { other_data(call, data, length) };
    let data = other.as_mut().map_or(data, |other| other.as_mut_ptr());
    // SAFETY: `data` is still `length` bytes long; the rest goes on as it came, or is a larger buffer of our own.
    let value = unsafe {
        function(real_session, data, length, call.buffer(signature), call.length(signature_length))
    };
    note_end(call, session, value);
    Ok(value)
}

/// C_SignUpdate.
pub(crate) unsafe fn sign_update(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    part: *mut CK_BYTE,
    length: CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let end = real!(C_SignFinal);
    refuse_unauthenticated(call, session, |scratch, room| {
        // SAFETY: there is room for any signature.
        unsafe { end(real_session, scratch, room) };
    })?;
    // SAFETY: the caller gives `length` bytes of data.
    let mut other = unsafe { other_data(call, part, length) };
    let part = other.as_mut().map_or(part, |other| other.as_mut_ptr());
    // SAFETY: `part` is still `length` bytes long.
    Ok(unsafe { real!(C_SignUpdate)(real_session, part, length) })
}

/// C_SignFinal.
pub(crate) unsafe fn sign_final(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    signature: *mut CK_BYTE,
    signature_length: *mut CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let function = real!(C_SignFinal);
    refuse_unauthenticated(call, session, |scratch, room| {
        // SAFETY: there is room for any signature.
        unsafe { function(real_session, scratch, room) };
    })?;
    // SAFETY: the caller's arguments go on as they came, or are a larger buffer of our own.
    let value = unsafe { function(real_session, call.buffer(signature), call.length(signature_length)) };
    note_end(call, session, value);
    Ok(value)
}

/// PKCS#11 §5.6: CKA_ALWAYS_AUTHENTICATE asks for a context-specific login after C_SignInit. A refused operation is
/// over, which `end` brings about in the real module, unless the control file wants it left open.
fn refuse_unauthenticated(
    call: &Call,
    session: CK_SESSION_HANDLE,
    end: impl FnOnce(*mut CK_BYTE, *mut CK_ULONG),
) -> Result<(), CK_RV> {
    let signing = call.open.and_then(|open| open.signing);
    if !call.control.always_authenticate || signing != Some(Signing::NotAuthenticated) {
        return Ok(());
    }
    if !call.control.refused_sign_stays_open {
        let (mut scratch, mut room) = (vec![0; SCRATCH], SCRATCH as CK_ULONG);
        end(scratch.as_mut_ptr(), &raw mut room);
        sessions::set_signing(session, None);
    }
    Err(CKR_USER_NOT_LOGGED_IN)
}

/// PKCS#11 §5.2: an operation ends with its result or with an error, but neither with a length query nor with a buffer
/// that is too small.
fn note_end(call: &Call, session: CK_SESSION_HANDLE, value: CK_RV) {
    if !(call.output.is_query() && value == CKR_OK) && value != CKR_BUFFER_TOO_SMALL {
        sessions::set_signing(session, None);
    }
}

/// Data of the same length that differs in one bit, where the control file wants that signed.
///
/// # Safety
///
/// `data` is null or points to `length` bytes.
unsafe fn other_data(call: &Call, data: *const CK_BYTE, length: CK_ULONG) -> Option<Vec<CK_BYTE>> {
    if !call.other_data || data.is_null() {
        return None;
    }
    // SAFETY: it points to `length` bytes.
    let mut other = unsafe { std::slice::from_raw_parts(data, length as usize) }.to_vec();
    if let Some(first) = other.first_mut() {
        *first ^= 1;
    }
    Some(other)
}
