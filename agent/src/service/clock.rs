//! A clock that was set back: what was over stays so, and nothing is used until it is right again.

use sealkeeper_domain::{
    act::{Act, Statement},
    policy::ClockBehind,
    reason::Reason,
    refusal::{Refusal, Violation},
};

use super::Service;
use crate::office::InForce;

/// µs by which the clock may be behind the newest record without a word: more than any time server steps.
pub(super) const TOLERATED_US: u64 = 5 * 60 * 1_000_000;

impl Service {
    /// What stands against uses and unlocks while the clock is behind the newest record. Reading goes on, and so do acts, so that it can be put right.
    pub(super) fn check_clock(&self) -> Result<(), Violation> {
        let behind_us = self.clock.behind_us();
        if behind_us <= TOLERATED_US || self.policy.now().clock_behind == ClockBehind::Warn {
            return Ok(());
        }
        Err(Violation::new(Reason::ClockBehind).with("seconds-back", behind_us / 1_000_000))
    }

    /// Goes by the clock that the policy in force trusts.
    pub(super) fn follow_policy(&self) {
        self.clock.trust_system(self.policy.now().clock_behind == ClockBehind::Warn);
    }

    /// The act, and the time it is judged at. A policy may be good by the system's clock alone: were the journal's time wrongly ahead, no act of today
    /// could otherwise say so. It names itself the newest policy, so an older one is refused as such.
    pub(super) fn act_now(&self, current: &InForce, text: &str) -> Result<(Act, u64), Refusal> {
        let (now_us, system_us) = (self.clock.now_us(), self.clock.system_us());
        let judged = current.office.authenticate(text, now_us);
        let behind = self.clock.behind_us() > TOLERATED_US;
        match judged {
            Err(_) if behind && system_us < now_us => match current.office.authenticate(text, system_us) {
                Ok(act) if matches!(act.claims().statement, Statement::Policy(_)) => Ok((act, system_us)),
                _ => judged.map(|act| (act, now_us)),
            },
            judged => judged.map(|act| (act, now_us)),
        }
    }
}
