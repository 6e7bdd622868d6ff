//! How much one caller asks for at once, so that no single one takes what the others need.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sealkeeper_domain::{reason::Reason, refusal::Violation};

use crate::config::Limits;

/// What every caller has in progress, by system user.
#[derive(Debug)]
pub(crate) struct Callers {
    calls: Share,
    uploads: Share,
}

impl Callers {
    pub(crate) fn new(limits: &Limits) -> Self {
        Callers {
            calls: Share::new(Reason::TooManyCalls, limits.calls_per_caller),
            uploads: Share::new(Reason::TooManyUploads, limits.uploads_per_caller),
        }
    }

    /// Leave for one more call of this user that is no upload.
    pub(crate) fn call(&self, uid: u32) -> Result<Permit, Violation> {
        self.calls.take(uid)
    }

    /// Leave for one more upload of this user.
    pub(crate) fn upload(&self, uid: u32) -> Result<Permit, Violation> {
        self.uploads.take(uid)
    }
}

#[derive(Debug)]
struct Share {
    beyond: Reason,
    most: u32,
    held: Arc<Mutex<Held>>,
}

/// Permits each user holds; who holds none has no entry.
type Held = HashMap<u32, u32>;

impl Share {
    fn new(beyond: Reason, most: u32) -> Self {
        Share { beyond, most, held: Arc::default() }
    }

    fn take(&self, uid: u32) -> Result<Permit, Violation> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.get(&uid).copied().unwrap_or_default();
        if held >= self.most {
            return Err(Violation::new(self.beyond).with("limit", self.most));
        }
        all.insert(uid, held + 1);
        Ok(Permit { held: self.held.clone(), uid })
    }
}

/// One call or upload in progress; dropping it makes room for another.
#[derive(Debug)]
#[must_use]
pub(crate) struct Permit {
    held: Arc<Mutex<Held>>,
    uid: u32,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.uid) {
            Some(held) if *held > 1 => *held -= 1,
            _ => {
                all.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_beyond_the_limit_is_refused_until_another_ends() {
        let share = Share::new(Reason::TooManyUploads, 2);
        let first = share.take(7).unwrap();
        let _second = share.take(7).unwrap();
        let refused = share.take(7).unwrap_err();
        assert_eq!(refused.reason, Reason::TooManyUploads);
        assert_eq!(refused.details, Violation::new(Reason::TooManyUploads).with("limit", 2).details);
        drop(first);
        let _third = share.take(7).unwrap();
        assert!(share.take(7).is_err(), "a refusal takes nothing and gives nothing back");
    }

    #[test]
    fn one_caller_takes_nothing_of_anothers() {
        let share = Share::new(Reason::TooManyCalls, 1);
        let mine = share.take(7).unwrap();
        let _another = share.take(8).unwrap();
        assert!(share.take(7).is_err());
        drop(mine);
        assert_eq!(
            *share.held.lock().unwrap(),
            HashMap::from([(8, 1)]),
            "who has nothing in progress is forgotten"
        );
    }

    #[test]
    fn a_call_that_panics_gives_its_permit_back() {
        let share = Share::new(Reason::TooManyCalls, 1);
        let permit = share.take(7).unwrap();
        let panicked = std::thread::spawn(move || {
            let _permit = permit;
            panic!("on purpose")
        });
        assert!(panicked.join().is_err());
        let _again = share.take(7).unwrap();
    }
}
