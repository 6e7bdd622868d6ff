//! When a module's process is started anew, and when it is left alone.

use std::time::{Duration, Instant};

use crate::pipeline::ports::token_error::TokenError;

/// Longest a module that ends again and again is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long one that ended without an answer is left alone the first time, doubled each time.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The same of one that cannot even be loaded.
pub(super) const LOAD_PAUSE: Duration = Duration::from_secs(5);
/// One that lives longer is no reason to leave the next one alone.
const BRIEF: Duration = Duration::from_secs(60);

/// What went wrong with it lately.
#[derive(Default)]
pub(super) struct Trouble {
    /// Workers that ended without having answered anything, in a row.
    pub(super) failures: u32,
    /// When the next one may be started.
    pub(super) not_before: Option<Instant>,
    /// Why the last one could not be used.
    pub(super) at_load: Option<TokenError>,
    /// When the last one was started.
    pub(super) started: Option<Instant>,
    /// Workers in a row that were of use and soon ended all the same.
    brief: u32,
    /// When the next one may be started only to look whether tokens came or went.
    no_look_before: Option<Instant>,
}

impl Trouble {
    /// One more that was of no use; tells how long the next one must wait.
    pub(super) fn failed(&mut self, first: Duration) -> Duration {
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(Instant::now() + pause);
        pause
    }

    /// One that was of use ended. It is replaced as soon as something is asked; but where it was the looking that ended it, the next one
    /// would end too, and each is on record.
    pub(super) fn ended(&mut self) {
        let now = Instant::now();
        let was_brief = self.started.is_some_and(|started| now.saturating_duration_since(started) < BRIEF);
        self.brief = if was_brief { self.brief.saturating_add(1) } else { 1 };
        let pause = match self.brief {
            1 => Duration::ZERO,
            more => FIRST_PAUSE.saturating_mul(1 << (more - 2).min(16)).min(LONGEST_PAUSE),
        };
        self.no_look_before = Some(now + pause);
    }

    /// Whether the module is left alone by whoever only looks; `is_gone`: that would take a new worker.
    pub(super) fn forbids_look(&self, is_gone: bool) -> bool {
        let too_soon = self.no_look_before.is_some_and(|moment| Instant::now() < moment);
        self.at_load.is_some() || (is_gone && too_soon)
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
