//! The system's clock, and the time that everything is judged by.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::pipeline::ports::clock::Clock;

/// Reads the system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> u64 {
        // A clock before 1970 reads as 1970: certificates are not valid then, and nothing is stamped.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
    }
}

/// The system's clock, but never before the newest record: nothing that was over becomes good again because somebody set the clock back. Where the
/// policy says that it is the journal which was wrong, the system's clock alone.
pub(crate) struct JournalClock {
    system: Arc<dyn Clock>,
    newest_us: AtomicU64,
    trusts_system: AtomicBool,
}

impl JournalClock {
    /// Over a journal whose newest record is of that time, µs since the Unix epoch.
    pub(crate) fn new(system: Arc<dyn Clock>, newest_us: u64) -> Self {
        JournalClock { system, newest_us: AtomicU64::new(newest_us), trusts_system: AtomicBool::new(false) }
    }

    /// A record of this time is the newest one.
    pub(crate) fn recorded(&self, time_us: u64) {
        self.newest_us.store(time_us, Ordering::Release);
    }
}

impl Clock for JournalClock {
    fn now_us(&self) -> u64 {
        let now_us = self.system.now_us();
        if self.trusts_system.load(Ordering::Acquire) {
            return now_us;
        }
        now_us.max(self.newest_us.load(Ordering::Acquire))
    }

    fn system_us(&self) -> u64 {
        self.system.now_us()
    }

    fn behind_us(&self) -> u64 {
        self.newest_us.load(Ordering::Acquire).saturating_sub(self.system.now_us())
    }

    fn trust_system(&self, trusted: bool) {
        self.trusts_system.store(trusted, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shown(AtomicU64);
    impl Clock for Shown {
        fn now_us(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn time_stands_still_while_the_clock_is_behind_the_journal_unless_the_policy_trusts_the_clock() {
        let shown = Arc::new(Shown(AtomicU64::new(100)));
        let clock = JournalClock::new(shown.clone(), 40);
        assert_eq!((clock.now_us(), clock.behind_us()), (100, 0));
        clock.recorded(100);
        shown.0.store(70, Ordering::SeqCst);
        assert_eq!((clock.now_us(), clock.system_us(), clock.behind_us()), (100, 70, 30));
        clock.trust_system(true);
        assert_eq!((clock.now_us(), clock.behind_us()), (70, 30));
        // The next record is of the true time, and from then on there is nothing to trust.
        clock.recorded(70);
        clock.trust_system(false);
        assert_eq!((clock.now_us(), clock.behind_us()), (70, 0));
    }
}
