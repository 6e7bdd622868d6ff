//! When a token has to be inspected, and what follows if it was not or did not pass (C3). Times are µs since the Unix epoch; the rule asks
//! no clock.

use crate::{policy::InspectionRules, reason::Reason, refusal::Violation};

/// What is known of a token's inspections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// When it first showed itself.
    pub first_seen_us: Option<u64>,
    /// When it last passed, with a test signature of each of its seals.
    pub passed_us: Option<u64>,
    /// When it did not pass, unless it has passed since.
    pub failed_us: Option<u64>,
}

/// What is to be said of a token's inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// The reason, with its particulars.
    pub violation: Violation,
    /// Whether the token's seals are refused for it; else it is a warning.
    pub stands_against_use: bool,
}

/// Microseconds of a day.
const DAY_US: u64 = 86_400_000_000;

impl Inspected {
    /// When it is due again: an interval after it last passed or else first showed itself, and at once after it failed. `None` while it
    /// never showed itself.
    pub fn due_us(&self, rules: &InspectionRules) -> Option<u64> {
        let counted_from = self.passed_us.or(self.first_seen_us);
        let regular = counted_from.map(|from| from.saturating_add(rules.interval_ms.saturating_mul(1000)));
        match (regular, self.failed_us) {
            (Some(regular), Some(failed)) => Some(regular.min(failed)),
            (regular, failed) => regular.or(failed),
        }
    }

    /// What is to be said of it at `now_us`; `None`: all is well. Only an inspection that passes ends it.
    pub fn concern(&self, rules: &InspectionRules, now_us: u64) -> Option<Concern> {
        let due = self.due_us(rules).filter(|due| *due <= now_us || self.failed_us.is_some())?;
        let overdue = due.saturating_add(rules.grace_ms.saturating_mul(1000));
        let days = now_us.saturating_sub(due) / DAY_US;
        let (reason, stands_against_use) = match self.failed_us {
            Some(_) => (Reason::InspectionFailed, rules.block_overdue),
            None if overdue <= now_us => (Reason::InspectionOverdue, rules.block_overdue),
            None => (Reason::InspectionDue, false),
        };
        let violation = Violation::new(reason).with("due-us", due).with("days-since", days);
        Some(Concern { violation, stands_against_use })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 86_400_000;
    const RULES: InspectionRules = InspectionRules {
        interval_ms: 30 * DAY_MS,
        grace_ms: 7 * DAY_MS,
        block_overdue: true,
        certificate_warning_ms: 0,
    };
    const FIRST: u64 = 1_893_456_000_000_000;

    fn said(inspected: Inspected, rules: &InspectionRules, days: u64) -> Option<(&'static str, bool)> {
        let concern = inspected.concern(rules, FIRST + days * DAY_US)?;
        Some((concern.violation.reason.code(), concern.stands_against_use))
    }

    #[test]
    fn a_token_is_due_after_the_interval_and_refused_after_the_grace() {
        let seen = Inspected { first_seen_us: Some(FIRST), ..Inspected::default() };
        for (days, expected) in [
            (0, None),
            (29, None),
            (30, Some(("inspection-due", false))),
            (36, Some(("inspection-due", false))),
            (37, Some(("inspection-overdue", true))),
            (400, Some(("inspection-overdue", true))),
        ] {
            assert_eq!(said(seen, &RULES, days), expected, "day {days}");
        }
        let passed = Inspected { passed_us: Some(FIRST + 40 * DAY_US), ..seen };
        assert_eq!(said(passed, &RULES, 69), None);
        assert_eq!(said(passed, &RULES, 70), Some(("inspection-due", false)));
        assert_eq!(said(passed, &RULES, 77), Some(("inspection-overdue", true)));
        assert_eq!(said(Inspected::default(), &RULES, 400), None, "nobody ever saw it");
    }

    #[test]
    fn one_that_failed_is_due_at_once_and_refused_until_it_passes() {
        let failed = Inspected {
            first_seen_us: Some(FIRST),
            failed_us: Some(FIRST + 5 * DAY_US),
            ..Inspected::default()
        };
        assert_eq!(failed.due_us(&RULES), Some(FIRST + 5 * DAY_US));
        assert_eq!(said(failed, &RULES, 5), Some(("inspection-failed", true)));
        assert_eq!(said(failed, &RULES, 50), Some(("inspection-failed", true)));
        let late = Inspected { failed_us: Some(FIRST + 50 * DAY_US), ..failed };
        assert_eq!(late.due_us(&RULES), Some(FIRST + 30 * DAY_US), "it was due long before");
        let days = &late.concern(&RULES, FIRST + 50 * DAY_US).unwrap().violation.details["days-since"];
        assert_eq!(days, "20");
    }

    #[test]
    fn a_policy_that_does_not_block_warns_instead() {
        let lenient = InspectionRules { block_overdue: false, ..RULES };
        let seen = Inspected { first_seen_us: Some(FIRST), ..Inspected::default() };
        assert_eq!(said(seen, &lenient, 37), Some(("inspection-overdue", false)));
        let failed = Inspected { failed_us: Some(FIRST), ..seen };
        assert_eq!(said(failed, &lenient, 1), Some(("inspection-failed", false)));
    }

    #[test]
    fn a_clock_set_back_makes_nothing_due_and_takes_no_failure_back() {
        let passed = Inspected { passed_us: Some(FIRST), ..Inspected::default() };
        assert_eq!(passed.concern(&RULES, 0), None);
        let never = Inspected { passed_us: Some(u64::MAX), ..Inspected::default() };
        assert_eq!(never.concern(&RULES, u64::MAX - 1), None);
        let failed = Inspected { failed_us: Some(FIRST), ..passed };
        assert!(failed.concern(&RULES, 0).unwrap().stands_against_use);
    }
}
