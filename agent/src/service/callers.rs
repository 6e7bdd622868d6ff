//! How much one caller asks for at once, so that no single one takes what the others need.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sealkeeper_domain::{reason::Reason, refusal::Violation};

use crate::{config::Limits, pipeline::identify::Sender};

/// What every caller has in progress, by person wherever they call from; who is not registered, by how they show themselves.
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

    /// Leave for one more call of this sender that is no upload.
    pub(crate) fn call(&self, sender: &Sender) -> Result<Permit, Violation> {
        self.calls.take(sender)
    }

    /// Leave for one more upload of this sender.
    pub(crate) fn upload(&self, sender: &Sender) -> Result<Permit, Violation> {
        self.uploads.take(sender)
    }
}

#[derive(Debug)]
struct Share {
    beyond: Reason,
    most: u32,
    held: Arc<Mutex<Held>>,
}

/// Permits each sender holds; who holds none has no entry.
type Held = HashMap<Sender, u32>;

impl Share {
    fn new(beyond: Reason, most: u32) -> Self {
        Share { beyond, most, held: Arc::default() }
    }

    fn take(&self, sender: &Sender) -> Result<Permit, Violation> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all.get(sender).copied().unwrap_or_default();
        if held >= self.most {
            return Err(Violation::new(self.beyond).with("limit", self.most));
        }
        all.insert(sender.clone(), held + 1);
        Ok(Permit { held: self.held.clone(), sender: sender.clone() })
    }
}

/// One call or upload in progress; dropping it makes room for another.
#[derive(Debug)]
#[must_use]
pub(crate) struct Permit {
    held: Arc<Mutex<Held>>,
    sender: Sender,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.sender) {
            Some(held) if *held > 1 => *held -= 1,
            _ => {
                all.remove(&self.sender);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(uid: u32) -> Sender {
        Sender::Uid(uid)
    }

    #[test]
    fn one_beyond_the_limit_is_refused_until_another_ends() {
        let share = Share::new(Reason::TooManyUploads, 2);
        let first = share.take(&uid(7)).unwrap();
        let _second = share.take(&uid(7)).unwrap();
        let refused = share.take(&uid(7)).unwrap_err();
        assert_eq!(refused.reason, Reason::TooManyUploads);
        assert_eq!(refused.details, Violation::new(Reason::TooManyUploads).with("limit", 2).details);
        drop(first);
        let _third = share.take(&uid(7)).unwrap();
        assert!(share.take(&uid(7)).is_err(), "a refusal takes nothing and gives nothing back");
    }

    #[test]
    fn one_caller_takes_nothing_of_anothers() {
        let share = Share::new(Reason::TooManyCalls, 1);
        let mine = share.take(&uid(7)).unwrap();
        let _another = share.take(&uid(8)).unwrap();
        assert!(share.take(&uid(7)).is_err());
        drop(mine);
        assert_eq!(
            *share.held.lock().unwrap(),
            HashMap::from([(uid(8), 1)]),
            "who has nothing in progress is forgotten"
        );
    }

    #[test]
    fn a_call_that_panics_gives_its_permit_back() {
        let share = Share::new(Reason::TooManyCalls, 1);
        let permit = share.take(&uid(7)).unwrap();
        let panicked = std::thread::spawn(move || {
            let _permit = permit;
            panic!("on purpose")
        });
        assert!(panicked.join().is_err());
        let _again = share.take(&uid(7)).unwrap();
    }
}
