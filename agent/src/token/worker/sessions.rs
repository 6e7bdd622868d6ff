//! The sessions of one login: as many as calls want at once and the token allows.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cryptoki::{
    context::Pkcs11,
    error::{Error, RvError},
    session::{Session, SessionState},
    slot::Slot,
};

use sealkeeper_domain::reason::Reason;

use super::{fault::session_lost, keys::FoundKey};
use crate::token::wire::{Failed, Object};

/// A session, and the keys found in it: object handles die with their session.
pub(super) struct KeySession {
    pub(super) session: Session,
    pub(super) keys: Vec<(Object, Arc<FoundKey>)>,
}

/// Sessions on one token.
pub(super) struct Sessions {
    pkcs11: Pkcs11,
    slot: Slot,
    kept: Mutex<Kept>,
    returned: Condvar,
}

struct Kept {
    free: Vec<KeySession>,
    open: usize,
    /// The token takes no more than are open.
    full: bool,
    /// Logged out: what comes back is closed.
    over: bool,
}

impl Sessions {
    /// With the session that was logged in. A login lasts as long as any session is open (PKCS#11 v3.0 §5.6.2), and some tokens allow one only.
    pub(super) fn new(pkcs11: Pkcs11, slot: Slot, first: Session) -> Self {
        let kept = Kept {
            free: vec![KeySession { session: first, keys: Vec::new() }],
            open: 1,
            full: false,
            over: false,
        };
        Sessions { pkcs11, slot, kept: Mutex::new(kept), returned: Condvar::new() }
    }

    /// Whether the token says that one of them is logged in. `None`: all are lent.
    pub(super) fn is_logged_in(&self) -> Option<bool> {
        let kept = self.kept();
        let session = &kept.free.last()?.session;
        Some(match session.get_session_info() {
            Ok(info) => matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser),
            Err(error) => !session_lost(&error),
        })
    }

    /// Logs out and closes what is not lent. A failed logout is followed by the close, which ends the login as well.
    pub(super) fn log_out(&self) {
        let mut kept = self.kept();
        // Any session logs all of them out (PKCS#11 v3.0 §5.6.9), also one that is opened for it while all are lent.
        let _ = match kept.free.last() {
            Some(any) => any.session.logout(),
            None => self.pkcs11.open_ro_session(self.slot).and_then(|session| session.logout()),
        };
        kept.open = kept.open.saturating_sub(kept.free.len());
        kept.free.clear();
        kept.over = true;
        // Whoever waits for a session learns that there will be none.
        self.returned.notify_all();
    }

    /// Forgets the keys found in sessions that are not lent: one of them is destroyed, and its handle would be taken for a lost login.
    pub(super) fn forget_keys(&self) {
        self.kept().free.iter_mut().for_each(|session| session.keys.clear());
    }

    /// Whether one is open, and so the login stands.
    pub(super) fn any_open(&self) -> bool {
        self.kept().open > 0
    }

    /// Lends a session; while the token allows no further one, the first that comes back.
    pub(super) fn lend(&self) -> Result<Lent<'_>, Failed> {
        let mut kept = self.kept();
        loop {
            // A session opened now would not be logged in.
            if kept.over || kept.open == 0 {
                return Err(Reason::TokenLocked.into());
            }
            if let Some(session) = kept.free.pop() {
                return Ok(Lent { sessions: self, session: Some(session) });
            }
            if kept.full && kept.open > 0 {
                // The agent ends a call that takes too long, and this process with it.
                kept = self.returned.wait(kept).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            kept.open += 1;
            drop(kept);
            let opened = self.pkcs11.open_ro_session(self.slot);
            kept = self.kept();
            match opened {
                Ok(session) => {
                    let session = KeySession { session, keys: Vec::new() };
                    return Ok(Lent { sessions: self, session: Some(session) });
                }
                Err(error) => {
                    kept.open -= 1;
                    let full = matches!(error, Error::Pkcs11(RvError::SessionCount, _));
                    if !(full && kept.open > 0) {
                        return Err(error.into());
                    }
                    kept.full = true;
                }
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session on loan. It is closed when this is dropped: only [`Lent::give_back`] says that nothing is left over in it.
pub(super) struct Lent<'s> {
    sessions: &'s Sessions,
    session: Option<KeySession>,
}

impl Lent<'_> {
    /// The session; `None` never while it is lent.
    pub(super) fn session(&mut self) -> Option<&mut KeySession> {
        self.session.as_mut()
    }

    /// Nothing failed in it: the next call may have it.
    pub(super) fn give_back(mut self) {
        let mut kept = self.sessions.kept();
        if !kept.over {
            kept.free.extend(self.session.take());
            self.sessions.returned.notify_one();
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // An operation that was left active ends with its session (PKCS#11 v3.0 §5.6.2).
        let Some(failed) = self.session.take() else { return };
        // With the last session the login would end; where the token allows no second one, it does.
        let is_last = {
            let kept = self.sessions.kept();
            kept.open == 1 && !kept.over
        };
        let other =
            if is_last { self.sessions.pkcs11.open_ro_session(self.sessions.slot).ok() } else { None };
        drop(failed);
        let mut kept = self.sessions.kept();
        kept.full = false;
        match other {
            Some(session) => kept.free.push(KeySession { session, keys: Vec::new() }),
            None => kept.open = kept.open.saturating_sub(1),
        }
        drop(kept);
        self.sessions.returned.notify_all();
    }
}
