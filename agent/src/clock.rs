//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

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
