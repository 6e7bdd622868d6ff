//! PINs: counted and locked as real tokens do, typed at a PIN pad, asked for again before each signature.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, OnceLock},
    thread::sleep,
};

use cryptoki_sys::*;

use crate::{
    calls::Call,
    control::Control,
    lock, names, presence,
    real::real,
    sessions::{self, Signing},
    state,
};

/// Whose PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    User,
    SecurityOfficer,
}

/// C_Login.
///
/// # Safety
///
/// As for all handlers: what PKCS#11 asks of the caller of the C function.
pub(crate) unsafe fn login(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    call.detail = names::USER_TYPES.iter().find(|(_, known)| *known == user).map_or("", |(name, _)| name);
    let real_session = call.session(session)?;
    let slot = call.open.map_or(0, |open| open.slot);
    let whose = if user == CKU_SO { Whose::SecurityOfficer } else { Whose::User };
    let serial = shown_serial(&call.control, slot)?;
    refuse_locked(&call.control, &serial, whose)?;
    // SAFETY: the caller gives a PIN of this length, or none.
    let mut typed = unsafe { typed(call, pin, length, Pad::Known) }?;
    let value = if user == CKU_CONTEXT_SPECIFIC && call.control.always_authenticate {
        authenticate(call, session, slot, typed.bytes())?
    } else {
        let (pin, length) = typed.pointer();
        // SAFETY: the PIN is `length` bytes long.
        unsafe { real!(C_Login)(real_session, user, pin, length) }
    };
    if value == CKR_OK && user == CKU_USER {
        remember(slot, typed.bytes());
    }
    Ok(account(&call.control, &serial, whose, value))
}

/// C_SetPIN: of the user, unless the security officer is logged in.
pub(crate) unsafe fn set_pin(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    old: *mut CK_UTF8CHAR,
    old_length: CK_ULONG,
    new: *mut CK_UTF8CHAR,
    new_length: CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let slot = call.open.map_or(0, |open| open.slot);
    let mut info = CK_SESSION_INFO::default();
    // SAFETY: the function fills the structure.
    let value = unsafe { real!(C_GetSessionInfo)(real_session, &raw mut info) };
    let is_so = value == CKR_OK && info.state == CKS_RW_SO_FUNCTIONS;
    let whose = if is_so { Whose::SecurityOfficer } else { Whose::User };
    let serial = shown_serial(&call.control, slot)?;
    refuse_locked(&call.control, &serial, whose)?;
    // SAFETY: the caller gives two PINs of these lengths, or none.
    let (mut old, mut new) =
        unsafe { (typed(call, old, old_length, Pad::Known)?, typed(call, new, new_length, Pad::New)?) };
    let ((old, old_length), (new_pin, new_length)) = (old.pointer(), new.pointer());
    // SAFETY: the PINs have these lengths.
    let value = unsafe { real!(C_SetPIN)(real_session, old, old_length, new_pin, new_length) };
    if value == CKR_OK && whose == Whose::User {
        remember(slot, new.bytes());
    }
    Ok(account(&call.control, &serial, whose, value))
}

/// C_InitPIN: a new PIN for the user, who may try again.
pub(crate) unsafe fn init_pin(
    call: &mut Call,
    session: CK_SESSION_HANDLE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> Result<CK_RV, CK_RV> {
    let real_session = call.session(session)?;
    let serial = shown_serial(&call.control, call.open.map_or(0, |open| open.slot))?;
    // SAFETY: the caller gives a PIN of this length, or none.
    let mut pin = unsafe { typed(call, pin, length, Pad::New) }?;
    let (pin, length) = pin.pointer();
    // SAFETY: the PIN is `length` bytes long.
    let value = unsafe { real!(C_InitPIN)(real_session, pin, length) };
    if value == CKR_OK {
        account(&call.control, &serial, Whose::User, CKR_OK);
    }
    Ok(value)
}

/// C_InitToken.
pub(crate) unsafe fn init_token(
    call: &mut Call,
    slot: CK_SLOT_ID,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
    label: *mut CK_UTF8CHAR,
) -> Result<CK_RV, CK_RV> {
    let slot = call.slot(slot)?;
    let serial = shown_serial(&call.control, slot)?;
    refuse_locked(&call.control, &serial, Whose::SecurityOfficer)?;
    // SAFETY: the caller's arguments go on as they came.
    let value = unsafe { real!(C_InitToken)(slot, pin, length, label) };
    if value == CKR_OK {
        account(&call.control, &serial, Whose::User, value);
    }
    Ok(account(&call.control, &serial, Whose::SecurityOfficer, value))
}

/// The flags of a token whose real ones are `flags`, with what has been counted of its PINs.
pub(crate) fn flags(control: &Control, serial: &str, mut flags: CK_FLAGS) -> CK_FLAGS {
    const USER: [CK_FLAGS; 3] = [CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED];
    const OFFICER: [CK_FLAGS; 3] = [CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED];
    let rules = &control.pin;
    if rules.pad.is_some() {
        flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    }
    for (whose, tries, [low, last, locked]) in
        [(Whose::User, rules.tries, USER), (Whose::SecurityOfficer, rules.so_tries, OFFICER)]
    {
        if tries.is_some() || !rules.flags {
            flags &= !(low | last | locked);
        }
        let (Some(tries), true) = (tries, rules.flags) else { continue };
        match wrong(serial, whose) {
            0 if tries == 1 => flags |= last,
            0 => {}
            wrong if wrong >= tries => flags |= low | locked,
            wrong if wrong + 1 == tries => flags |= low | last,
            _ => flags |= low,
        }
    }
    flags
}

fn wrong(serial: &str, whose: Whose) -> u32 {
    let wrong = state::wrong(serial);
    if whose == Whose::User { wrong.user } else { wrong.so }
}

fn tries(control: &Control, whose: Whose) -> Option<u32> {
    if whose == Whose::User { control.pin.tries } else { control.pin.so_tries }
}

fn refuse_locked(control: &Control, serial: &str, whose: Whose) -> Result<(), CK_RV> {
    match tries(control, whose) {
        Some(tries) if wrong(serial, whose) >= tries => Err(CKR_PIN_LOCKED),
        _ => Ok(()),
    }
}

/// Counts what came of a try, and says what the caller gets for it.
fn account(control: &Control, serial: &str, whose: Whose, value: CK_RV) -> CK_RV {
    let Some(tries) = tries(control, whose) else { return value };
    if value != CKR_OK && value != CKR_PIN_INCORRECT {
        return value;
    }
    let wrong = state::update(|state| {
        let counted = state.wrong.entry(serial.to_owned()).or_default();
        let wrong = if whose == Whose::User { &mut counted.user } else { &mut counted.so };
        *wrong = if value == CKR_OK { 0 } else { wrong.saturating_add(1) };
        *wrong
    });
    if wrong >= tries { control.pin.last_wrong } else { value }
}

/// The serial number that the token in this slot shows: another token has a PIN of its own.
fn shown_serial(control: &Control, slot: CK_SLOT_ID) -> Result<String, CK_RV> {
    let serial = presence::serial(&presence::real_token(slot)?);
    Ok(control.token_rule(&serial).and_then(|rule| rule.as_serial.clone()).unwrap_or(serial))
}

/// A PIN from the caller, or from the PIN pad.
enum Typed {
    Given(*mut CK_UTF8CHAR, CK_ULONG),
    AtPad(Vec<CK_UTF8CHAR>),
}

/// What the person at the PIN pad is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pad {
    Known,
    New,
}

/// The PIN that a call is about.
///
/// # Safety
///
/// `pin` is null or points to `length` bytes for as long as the result is used.
unsafe fn typed(call: &Call, pin: *mut CK_UTF8CHAR, length: CK_ULONG, asked: Pad) -> Result<Typed, CK_RV> {
    let Some(pad) = &call.control.pin.pad else { return Ok(Typed::Given(pin, length)) };
    if !pin.is_null() {
        // PKCS#11 §5.6: with a protected authentication path the PIN is null. Some tokens would take one nevertheless;
        // this one shows who sends one.
        return Err(CKR_ARGUMENTS_BAD);
    }
    sleep(pad.takes);
    let pin = if asked == Pad::Known { &pad.pin } else { &pad.new_pin };
    Ok(Typed::AtPad(pin.as_bytes().to_vec()))
}

impl Typed {
    fn pointer(&mut self) -> (*mut CK_UTF8CHAR, CK_ULONG) {
        match self {
            Typed::Given(pin, length) => (*pin, *length),
            Typed::AtPad(pin) => (pin.as_mut_ptr(), pin.len() as CK_ULONG),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Typed::Given(pin, _) if pin.is_null() => &[],
            // SAFETY: `typed` was promised that it points to so many bytes.
            Typed::Given(pin, length) => unsafe { std::slice::from_raw_parts(*pin, *length as usize) },
            Typed::AtPad(pin) => pin,
        }
    }
}

/// C_Login for a key that asks for the PIN before each signature. The real key does not, so the PIN is compared with the
/// one that the user logged in with.
fn authenticate(
    call: &Call,
    session: CK_SESSION_HANDLE,
    slot: CK_SLOT_ID,
    pin: &[u8],
) -> Result<CK_RV, CK_RV> {
    if call.open.and_then(|open| open.signing).is_none() {
        return Err(CKR_OPERATION_NOT_INITIALIZED);
    }
    match lock(&GOOD_PINS).get(&slot) {
        None => return Err(CKR_USER_NOT_LOGGED_IN),
        Some(good) if *good != mark(pin) => return Ok(CKR_PIN_INCORRECT),
        Some(_) => {}
    }
    sessions::set_signing(session, Some(Signing::Authenticated));
    Ok(CKR_OK)
}

/// The PIN of the last successful login, by slot; not the PIN itself.
static GOOD_PINS: Mutex<BTreeMap<CK_SLOT_ID, u64>> = Mutex::new(BTreeMap::new());

fn remember(slot: CK_SLOT_ID, pin: &[u8]) {
    lock(&GOOD_PINS).insert(slot, mark(pin));
}

/// Tells PINs apart within this process.
fn mark(pin: &[u8]) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    KEY.get_or_init(RandomState::new).hash_one(pin)
}
