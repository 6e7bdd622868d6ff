//! Tokens that are pulled out and put back in, as the control file says.

use std::{collections::BTreeMap, sync::Mutex};

use cryptoki_sys::*;

use crate::{
    control::{Control, TokenRule},
    lock,
    real::real,
    sessions,
};

struct Slots {
    /// The generation of the control file that was carried out last; `None` before the first.
    observed: Option<u64>,
    known: BTreeMap<CK_SLOT_ID, Known>,
}

/// What we know of a slot whose token a rule applies to, or once applied to.
struct Known {
    identity: Identity,
    /// What calls on its lost sessions return.
    gone: CK_RV,
    slot_goes: bool,
    /// How often the token was pulled out.
    epoch: CK_ULONG,
    /// Whether C_WaitForSlotEvent has yet to tell.
    event: bool,
}

/// While this stays the same, it is the same token, and has been there all the time.
#[derive(Clone, PartialEq, Eq)]
struct Identity {
    present: bool,
    insertion: u64,
    as_serial: Option<String>,
}

static SLOTS: Mutex<Slots> = Mutex::new(Slots { observed: None, known: BTreeMap::new() });

impl Control {
    /// The rule for the real token `serial`.
    pub(crate) fn token_rule(&self, serial: &str) -> Option<&TokenRule> {
        self.tokens.iter().find(|rule| rule.serial.as_ref().is_none_or(|known| known == serial))
    }
}

/// Carries out what the control file says of tokens, if it has changed.
pub(crate) fn observe(control: &Control) {
    {
        let slots = &mut *lock(&SLOTS);
        if slots.observed >= Some(control.generation) {
            return;
        }
        if control.tokens.is_empty() && slots.known.is_empty() && sessions::era().is_some() {
            slots.observed = Some(control.generation);
            return;
        }
    }
    carry_out(control);
}

/// The same when slots may have come by themselves.
pub(crate) fn carry_out(control: &Control) {
    if sessions::era().is_none() {
        return;
    }
    let Ok(tokens) = real_tokens() else { return };
    let mut pulled = Vec::new();
    {
        let slots = &mut *lock(&SLOTS);
        if slots.observed > Some(control.generation) {
            return;
        }
        // What is found at the start is no event.
        let events = slots.observed.is_some();
        for (slot, serial) in tokens {
            let rule = control.token_rule(&serial);
            let known = slots.known.entry(slot).or_insert(Known::untouched());
            let identity = Identity::of(rule);
            known.gone = rule.map_or(CKR_DEVICE_REMOVED, |rule| rule.gone);
            known.slot_goes = rule.is_some_and(|rule| rule.slot_goes);
            if known.identity != identity {
                known.event = events;
                if known.identity.present {
                    known.epoch += 1;
                    sessions::lose(slot);
                    pulled.push(slot);
                }
                known.identity = identity;
            }
        }
        slots.observed = Some(control.generation);
    }
    // PKCS#11 §5.6: with its sessions the login ends. The lock is released: the real module may take its time.
    for slot in pulled {
        let _ = close_real_sessions(slot);
    }
}

/// C_Finalize succeeded: handles of all kinds are void, and events forgotten.
pub(crate) fn finalized() {
    let mut slots = lock(&SLOTS);
    slots.observed = None;
    slots.known.clear();
}

/// Whether the token has been pulled out of this slot.
pub(crate) fn is_absent(slot: CK_SLOT_ID) -> bool {
    gone(slot).is_some()
}

/// What calls on lost sessions return while the token is away.
pub(crate) fn gone(slot: CK_SLOT_ID) -> Option<CK_RV> {
    lock(&SLOTS).known.get(&slot).filter(|known| !known.identity.present).map(|known| known.gone)
}

/// Whether the slot itself has gone with the token.
pub(crate) fn is_slot_gone(slot: CK_SLOT_ID) -> bool {
    lock(&SLOTS).known.get(&slot).is_some_and(|known| !known.identity.present && known.slot_goes)
}

/// How often the token was pulled out of this slot.
pub(crate) fn epoch(slot: CK_SLOT_ID) -> CK_ULONG {
    lock(&SLOTS).known.get(&slot).map_or(0, |known| known.epoch)
}

/// Takes one event that has not been told yet.
pub(crate) fn take_event() -> Option<CK_SLOT_ID> {
    let mut slots = lock(&SLOTS);
    let (slot, known) = slots.known.iter_mut().find(|(_, known)| known.event)?;
    known.event = false;
    Some(*slot)
}

/// All slots of the real module, or those that hold a token.
pub(crate) fn real_slots(with_token: CK_BBOOL) -> Result<Vec<CK_SLOT_ID>, CK_RV> {
    let list = real!(C_GetSlotList);
    let mut count = 0;
    // SAFETY: PKCS#11 §5.5: without a list the function tells how long it is.
    let rv = unsafe { list(with_token, std::ptr::null_mut(), &raw mut count) };
    if rv != CKR_OK {
        return Err(rv);
    }
    let mut slots = vec![0; count as usize];
    // SAFETY: there is room for `count` slots.
    let rv = unsafe { list(with_token, slots.as_mut_ptr(), &raw mut count) };
    if rv != CKR_OK {
        return Err(rv);
    }
    slots.truncate(count as usize);
    Ok(slots)
}

/// What the real module says of the token in this slot.
pub(crate) fn real_token(slot: CK_SLOT_ID) -> Result<CK_TOKEN_INFO, CK_RV> {
    let mut info = CK_TOKEN_INFO::default();
    // SAFETY: the function fills the structure.
    let rv = unsafe { real!(C_GetTokenInfo)(slot, &raw mut info) };
    if rv == CKR_OK { Ok(info) } else { Err(rv) }
}

/// The serial number of a token, without its padding.
pub(crate) fn serial(info: &CK_TOKEN_INFO) -> String {
    String::from_utf8_lossy(&info.serialNumber).trim_end_matches([' ', '\0']).to_owned()
}

/// Slot and serial number of each initialised token.
fn real_tokens() -> Result<Vec<(CK_SLOT_ID, String)>, CK_RV> {
    let tokens = real_slots(CK_TRUE)?.into_iter().filter_map(|slot| Some((slot, real_token(slot).ok()?)));
    let initialized = tokens.filter(|(_, info)| info.flags & CKF_TOKEN_INITIALIZED != 0);
    Ok(initialized.map(|(slot, info)| (slot, serial(&info))).collect())
}

fn close_real_sessions(slot: CK_SLOT_ID) -> Result<CK_RV, CK_RV> {
    // SAFETY: the function takes a number.
    Ok(unsafe { real!(C_CloseAllSessions)(slot) })
}

impl Known {
    fn untouched() -> Self {
        let identity = Identity::of(None);
        Known { identity, gone: CKR_DEVICE_REMOVED, slot_goes: false, epoch: 0, event: false }
    }
}

impl Identity {
    fn of(rule: Option<&TokenRule>) -> Self {
        match rule {
            None => Identity { present: true, insertion: 0, as_serial: None },
            Some(rule) => Identity {
                present: rule.present,
                insertion: rule.insertion,
                as_serial: rule.as_serial.clone(),
            },
        }
    }
}
