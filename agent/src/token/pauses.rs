//! When a module's process is started anew, and when it is left alone.

use std::time::{Duration, Instant};

use crate::pipeline::ports::token_error::TokenError;

/// Longest a module that ends again and again is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long one that ended without an answer is left alone the first time, doubled each time.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The same of one that cannot even be loaded.
pub(super) const LOAD_PAUSE: Duration = Duration::from_secs(5);

/// What went wrong with it lately.
#[derive(Default)]
pub(super) struct Trouble {
    /// Workers that ended without having answered anything, in a row.
    pub(super) failures: u32,
    /// When the next one may be started.
    pub(super) not_before: Option<Instant>,
    /// Why the last one could not be used.
    pub(super) at_load: Option<TokenError>,
}

impl Trouble {
    /// One more that was of no use; tells how long the next one must wait.
    pub(super) fn failed(&mut self, first: Duration) -> Duration {
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(Instant::now() + pause);
        pause
    }
}

/// When a module is loaded anew to look for a token: soon after one went, and ever more seldom the longer nothing changes.
pub(super) struct Refresh {
    not_before: Instant,
    pause: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        let pause = Duration::from_secs(1);
        Refresh { not_before: Instant::now() + pause, pause }
    }
}

impl Refresh {
    /// Longest pause.
    const SELDOM: Duration = Duration::from_secs(30);
    /// How often it is soon.
    const STEP: f64 = 1.1;

    pub(super) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now >= self.not_before;
        if is_due {
            self.not_before = now + self.pause;
            self.pause = self.pause.mul_f64(Self::STEP).min(Self::SELDOM);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_longest_one() {
        let mut trouble = Trouble::default();
        let pauses: Vec<_> = (0..12).map(|_| trouble.failed(FIRST_PAUSE).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn a_module_is_looked_into_soon_and_then_ever_more_seldom() {
        let mut refresh = Refresh::default();
        assert!(!refresh.is_due(), "what was just loaded has seen all there is");
        let pauses: Vec<_> = (0..60)
            .map(|_| {
                refresh.not_before = Instant::now();
                assert!(refresh.is_due() && !refresh.is_due());
                refresh.pause
            })
            .collect();
        assert!(pauses[0] < Duration::from_secs(2) && pauses[59] == Refresh::SELDOM);
    }
}
