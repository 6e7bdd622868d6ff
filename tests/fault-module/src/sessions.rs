//! Sessions as the caller knows them. Handles are our own and never used twice, so that one from before the token was
//! pulled out can never name a session opened after it was put back.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use cryptoki_sys::*;

use crate::{lock, presence};

/// A session that can be used.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    /// Its handle in the real module.
    pub(crate) real: CK_SESSION_HANDLE,
    pub(crate) slot: CK_SLOT_ID,
    /// How often its token had been pulled out when it was opened.
    pub(crate) epoch: CK_ULONG,
    /// The signing operation that it is in the middle of.
    pub(crate) signing: Option<Signing>,
}

/// A signing operation with a key that may ask for a login of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    NotAuthenticated,
    Authenticated,
}

struct Sessions {
    last: CK_SESSION_HANDLE,
    open: BTreeMap<CK_SESSION_HANDLE, Open>,
    /// Ended because the token was pulled out of this slot.
    lost: BTreeMap<CK_SESSION_HANDLE, CK_SLOT_ID>,
}

static SESSIONS: Mutex<Sessions> =
    Mutex::new(Sessions { last: 0, open: BTreeMap::new(), lost: BTreeMap::new() });

/// Odd while the real module is initialised; grows with each C_Initialize and C_Finalize.
static ERA: AtomicU64 = AtomicU64::new(0);

/// Names the time between C_Initialize and C_Finalize that we are in, if we are in one.
pub(crate) fn era() -> Option<u64> {
    let era = ERA.load(Ordering::SeqCst);
    (era % 2 == 1).then_some(era)
}

/// C_Initialize succeeded.
pub(crate) fn initialized() {
    if era().is_none() {
        ERA.fetch_add(1, Ordering::SeqCst);
    }
}

/// C_Finalize succeeded.
pub(crate) fn finalized() {
    if era().is_some() {
        ERA.fetch_add(1, Ordering::SeqCst);
    }
    let mut sessions = lock(&SESSIONS);
    sessions.open.clear();
    sessions.lost.clear();
}

/// The session with this handle.
pub(crate) fn find(handle: CK_SESSION_HANDLE) -> Result<Open, CK_RV> {
    if era().is_none() {
        return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
    }
    let lost = {
        let sessions = lock(&SESSIONS);
        match sessions.open.get(&handle) {
            Some(open) => return Ok(*open),
            None => sessions.lost.get(&handle).copied(),
        }
    };
    Err(lost.and_then(presence::gone).unwrap_or(CKR_SESSION_HANDLE_INVALID))
}

/// Enters a session of the real module; the handle for the caller.
pub(crate) fn enter(real: CK_SESSION_HANDLE, slot: CK_SLOT_ID, epoch: CK_ULONG) -> CK_SESSION_HANDLE {
    let mut sessions = lock(&SESSIONS);
    sessions.last += 1;
    let handle = sessions.last;
    sessions.open.insert(handle, Open { real, slot, epoch, signing: None });
    handle
}

/// How many sessions are open on the slot.
pub(crate) fn count(slot: CK_SLOT_ID) -> usize {
    lock(&SESSIONS).open.values().filter(|open| open.slot == slot).count()
}

/// C_CloseSession succeeded.
pub(crate) fn close(handle: CK_SESSION_HANDLE) {
    lock(&SESSIONS).open.remove(&handle);
}

/// C_CloseAllSessions succeeded.
pub(crate) fn close_all(slot: CK_SLOT_ID) {
    lock(&SESSIONS).open.retain(|_, open| open.slot != slot);
}

/// The token was pulled out of the slot.
pub(crate) fn lose(slot: CK_SLOT_ID) {
    let sessions = &mut *lock(&SESSIONS);
    let lost = &mut sessions.lost;
    sessions.open.retain(|handle, open| {
        if open.slot == slot {
            lost.insert(*handle, slot);
        }
        open.slot != slot
    });
}

/// Notes where the session stands in signing.
pub(crate) fn set_signing(handle: CK_SESSION_HANDLE, signing: Option<Signing>) {
    if let Some(open) = lock(&SESSIONS).open.get_mut(&handle) {
        open.signing = signing;
    }
}
