//! The library as a whole, slots, tokens, sessions.

use std::{os::raw::c_void, thread::sleep, time::Duration};

use cryptoki_sys::*;

use crate::{
    calls::Call,
    control::{self, SlotEvents},
    pin, presence,
    real::real,
    sessions,
};

/// How often a call that waits for an event looks for one.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// C_Initialize.
///
/// # Safety
///
/// As for all handlers: what PKCS#11 asks of the caller of the C function.
pub(crate) unsafe fn initialize(call: &mut Call, arguments: *mut c_void) -> Result<CK_RV, CK_RV> {
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_Initialize)(arguments) };
    if value == CKR_OK {
        sessions::initialized();
        // What is away now has not been pulled out later.
        presence::observe(&call.control);
    }
    Ok(value)
}

/// C_Finalize.
pub(crate) unsafe fn finalize(_call: &mut Call, reserved: *mut c_void) -> Result<CK_RV, CK_RV> {
    // SAFETY: the caller's argument goes on as it came.
    let value = unsafe { real!(C_Finalize)(reserved) };
    if value == CKR_OK {
        sessions::finalized();
        presence::finalized();
    }
    Ok(value)
}

/// C_GetSlotList.
pub(crate) unsafe fn slot_list(
    call: &mut Call,
    with_token: CK_BBOOL,
    list: *mut CK_SLOT_ID,
    count: *mut CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    if call.control.tokens.is_empty() || count.is_null() {
        // SAFETY: the caller's arguments go on as they came.
        return Ok(unsafe { real!(C_GetSlotList)(with_token, list, count) });
    }
    let mut slots = presence::real_slots(with_token)?;
    // The caller may be looking for a token that was initialised just now.
    presence::carry_out(&call.control);
    slots.retain(|slot| match with_token {
        CK_FALSE => !presence::is_slot_gone(*slot),
        _ => !presence::is_absent(*slot),
    });
    // SAFETY: it is not null; PKCS#11 §5.5 has the caller's room there.
    let room = unsafe { std::mem::replace(&mut *count, slots.len() as CK_ULONG) };
    if list.is_null() {
        return Ok(CKR_OK);
    }
    if room < slots.len() as CK_ULONG {
        return Ok(CKR_BUFFER_TOO_SMALL);
    }
    // SAFETY: there is room for that many slots.
    unsafe { std::ptr::copy_nonoverlapping(slots.as_ptr(), list, slots.len()) };
    Ok(CKR_OK)
}

/// C_GetSlotInfo.
pub(crate) unsafe fn slot_info(
    call: &mut Call,
    slot: CK_SLOT_ID,
    info: *mut CK_SLOT_INFO,
) -> Result<CK_RV, CK_RV> {
    if presence::is_slot_gone(slot) {
        return Err(CKR_SLOT_ID_INVALID);
    }
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_GetSlotInfo)(slot, info) };
    if value == CKR_OK && !call.control.tokens.is_empty() {
        // SAFETY: the real module has filled the structure.
        let info = unsafe { &mut *info };
        info.flags |= CKF_REMOVABLE_DEVICE;
        if presence::is_absent(slot) {
            info.flags &= !CKF_TOKEN_PRESENT;
        }
    }
    Ok(value)
}

/// C_GetTokenInfo.
pub(crate) unsafe fn token_info(
    call: &mut Call,
    slot: CK_SLOT_ID,
    info: *mut CK_TOKEN_INFO,
) -> Result<CK_RV, CK_RV> {
    let slot = call.slot(slot)?;
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_GetTokenInfo)(slot, info) };
    if value != CKR_OK {
        return Ok(value);
    }
    // SAFETY: the real module has filled the structure.
    let info = unsafe { &mut *info };
    let rule = call.control.token_rule(&presence::serial(info)).filter(|_| is_initialized(info));
    if let Some(rule) = rule {
        pad(&mut info.serialNumber, rule.as_serial.as_deref());
        pad(&mut info.label, rule.as_label.as_deref());
        if let Some(max) = rule.max_sessions {
            (info.ulMaxSessionCount, info.ulMaxRwSessionCount) = (max, max);
        }
    }
    info.flags = pin::flags(&call.control, &presence::serial(info), info.flags);
    if let Some(rule) = rule {
        info.flags = (info.flags | rule.set_flags) & !rule.clear_flags;
    }
    Ok(value)
}

fn is_initialized(info: &CK_TOKEN_INFO) -> bool {
    info.flags & CKF_TOKEN_INITIALIZED != 0
}

/// PKCS#11 §3.2: text fields are padded with blanks.
fn pad(field: &mut [u8], text: Option<&str>) {
    let Some(text) = text else { return };
    field.fill(b' ');
    field.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
}

/// C_OpenSession.
pub(crate) unsafe fn open_session(
    call: &mut Call,
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: *mut c_void,
    notify: CK_NOTIFY,
    session: *mut CK_SESSION_HANDLE,
) -> Result<CK_RV, CK_RV> {
    let slot = call.slot(slot)?;
    if call.control.tokens.iter().any(|rule| rule.max_sessions.is_some()) {
        let serial = presence::serial(&presence::real_token(slot)?);
        let max = call.control.token_rule(&serial).and_then(|rule| rule.max_sessions);
        if max.is_some_and(|max| sessions::count(slot) as CK_ULONG >= max) {
            return Err(CKR_SESSION_COUNT);
        }
    }
    let epoch = presence::epoch(slot);
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_OpenSession)(slot, flags, application, notify, session) };
    if value == CKR_OK {
        // SAFETY: the real module has written its handle there.
        unsafe { *session = sessions::enter(*session, slot, epoch) };
    }
    Ok(value)
}

/// C_CloseSession.
pub(crate) unsafe fn close_session(call: &mut Call, session: CK_SESSION_HANDLE) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    // SAFETY: the function takes a number.
    let value = unsafe { real!(C_CloseSession)(real_session) };
    if value == CKR_OK {
        sessions::close(session);
    }
    Ok(value)
}

/// C_CloseAllSessions.
pub(crate) unsafe fn close_all_sessions(call: &mut Call, slot: CK_SLOT_ID) -> Result<CK_RV, CK_RV> {
    let slot = call.slot(slot)?;
    // SAFETY: the function takes a number.
    let value = unsafe { real!(C_CloseAllSessions)(slot) };
    if value == CKR_OK {
        sessions::close_all(slot);
    }
    Ok(value)
}

/// C_WaitForSlotEvent.
pub(crate) unsafe fn wait_for_slot_event(
    call: &mut Call,
    flags: CK_FLAGS,
    slot: *mut CK_SLOT_ID,
    reserved: *mut c_void,
) -> Result<CK_RV, CK_RV> {
    let era = sessions::era().ok_or(CKR_CRYPTOKI_NOT_INITIALIZED)?;
    if slot.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    loop {
        match call.control.slot_events {
            SlotEvents::Own => {}
            SlotEvents::Unsupported => return Err(CKR_FUNCTION_NOT_SUPPORTED),
            // SAFETY: the caller's arguments go on as they came.
            SlotEvents::Forward => return Ok(unsafe { real!(C_WaitForSlotEvent)(flags, slot, reserved) }),
        }
        presence::observe(&call.control);
        if let Some(event) = presence::take_event() {
            // SAFETY: it is not null; PKCS#11 §5.5 has the slot written there.
            unsafe { *slot = event };
            return Ok(CKR_OK);
        }
        if flags & CKF_DONT_BLOCK != 0 {
            return Ok(CKR_NO_EVENT);
        }
        sleep(LOOK_AGAIN);
        // PKCS#11 §5.5: C_Finalize ends the waiting.
        if sessions::era() != Some(era) {
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
        }
        if let Ok(control) = control::current() {
            call.control = control;
        }
    }
}
