//! The policy file: every threshold of the regulation, in TOML, unknown keys refused. First as written, then resolved and checked.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Thresholds in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Class a request has that names none.
    pub default_class: String,
    /// Document classes by name.
    pub classes: BTreeMap<String, DocumentClass>,
    /// Most copies one request may ask for (U1).
    pub copies_per_request: u32,
    /// How long a request stays open, ms.
    pub request_lifetime_ms: u64,
    /// Unlocking (design: one use by default).
    pub unlock: UnlockLimits,
    /// Inspection of the tokens (C3).
    pub inspection: InspectionRules,
}

/// A class of documents (U2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentClass {
    /// Tickets each use needs; none can be asked for yet.
    pub tickets: u32,
}

/// How long an unlock lasts, whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlockLimits {
    /// Most signatures one unlock may be asked for.
    pub max_uses: u32,
    /// Longest idle time one unlock may be asked for, ms.
    pub max_idle_ms: u64,
    /// Idle time when none is asked for, ms.
    pub default_idle_ms: u64,
    /// Longest life one unlock may be asked for, in use or not, ms.
    pub max_lifetime_ms: u64,
    /// Life when none is asked for, ms.
    pub default_lifetime_ms: u64,
    /// Wrong PINs in a row after which no further one is tried unless a person says so, where the token does not tell the tries left.
    pub wrong_pins_before_caution: u32,
}

/// When tokens are inspected, and what follows if they are not (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionRules {
    /// How long an inspection that passed holds, ms.
    pub interval_ms: u64,
    /// How long after that it is overdue, ms.
    pub grace_ms: u64,
    /// Whether a seal whose token's inspection is overdue, or was not passed, is refused.
    pub block_overdue: bool,
    /// How long before its end a certificate is warned of, ms.
    pub certificate_warning_ms: u64,
}

/// Why a policy file is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML of the expected shape; the message tells where.
    #[error("{0}")]
    Syntax(String),
    /// A value out of its range.
    #[error("{key}: {rule}")]
    Range {
        /// Dotted key.
        key: String,
        /// What it must be.
        rule: &'static str,
    },
    /// The policy asks for tickets.
    #[error("classes.{0}.tickets: approvals by ticket are not supported yet; only 0 is accepted")]
    TicketsUnsupported(String),
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    version: u32,
    requests: RawRequests,
    unlock: RawUnlock,
    inspection: RawInspection,
    classes: BTreeMap<String, RawClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequests {
    default_class: String,
    copies_per_request: u32,
    lifetime_hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnlock {
    max_uses: u32,
    max_idle_minutes: u32,
    default_idle_minutes: u32,
    max_minutes: u32,
    default_minutes: u32,
    wrong_pins_before_caution: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInspection {
    interval_days: u32,
    grace_days: u32,
    block_overdue: bool,
    certificate_warning_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    tickets: u32,
}

impl Policy {
    /// The policy `init --solo` writes, with a comment and unit for each threshold.
    pub const SOLO_TOML: &'static str = include_str!("solo_policy.toml");

    /// Reads and checks a policy file.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let raw: RawPolicy =
            toml::from_str(text).map_err(|e| PolicyError::Syntax(e.to_string().trim_end().to_owned()))?;
        within("version", u64::from(raw.version), 1, 1, "this agent reads version 1")?;
        within(
            "requests.copies_per_request",
            raw.requests.copies_per_request.into(),
            1,
            10_000,
            "from 1 to 10000",
        )?;
        within(
            "requests.lifetime_hours",
            raw.requests.lifetime_hours.into(),
            1,
            8784,
            "from 1 to 8784 hours",
        )?;
        let unlock = raw.unlock.resolved()?;
        let inspection = raw.inspection.resolved()?;
        for (name, class) in &raw.classes {
            within(
                &format!("classes.{name:?}"),
                name.chars().count() as u64,
                1,
                64,
                "a name of 1 to 64 characters",
            )?;
            if name.chars().any(char::is_control) {
                let (key, rule) = (format!("classes.{name:?}"), "a name without control characters");
                return Err(PolicyError::Range { key, rule });
            }
            if class.tickets > 0 {
                return Err(PolicyError::TicketsUnsupported(name.clone()));
            }
        }
        if !raw.classes.contains_key(&raw.requests.default_class) {
            return Err(PolicyError::Range {
                key: "requests.default_class".into(),
                rule: "one of the classes",
            });
        }
        Ok(Policy {
            default_class: raw.requests.default_class,
            classes: raw
                .classes
                .into_iter()
                .map(|(name, class)| (name, DocumentClass { tickets: class.tickets }))
                .collect(),
            copies_per_request: raw.requests.copies_per_request,
            request_lifetime_ms: u64::from(raw.requests.lifetime_hours) * 3_600_000,
            unlock,
            inspection,
        })
    }
}

impl RawUnlock {
    fn resolved(self) -> Result<UnlockLimits, PolicyError> {
        let minutes = |key, value: u32, most, rule| {
            within(key, value.into(), 1, most, rule)?;
            Ok(u64::from(value) * 60_000)
        };
        const DAY: &str = "from 1 to 1440 minutes";
        within("unlock.max_uses", self.max_uses.into(), 1, 1_000_000, "from 1 to 1000000")?;
        within(
            "unlock.wrong_pins_before_caution",
            self.wrong_pins_before_caution.into(),
            1,
            10,
            "from 1 to 10",
        )?;
        Ok(UnlockLimits {
            max_uses: self.max_uses,
            max_idle_ms: minutes("unlock.max_idle_minutes", self.max_idle_minutes, 1440, DAY)?,
            default_idle_ms: minutes(
                "unlock.default_idle_minutes",
                self.default_idle_minutes,
                self.max_idle_minutes.into(),
                "from 1 minute to unlock.max_idle_minutes",
            )?,
            max_lifetime_ms: minutes("unlock.max_minutes", self.max_minutes, 1440, DAY)?,
            default_lifetime_ms: minutes(
                "unlock.default_minutes",
                self.default_minutes,
                self.max_minutes.into(),
                "from 1 minute to unlock.max_minutes",
            )?,
            wrong_pins_before_caution: self.wrong_pins_before_caution,
        })
    }
}

impl RawInspection {
    fn resolved(self) -> Result<InspectionRules, PolicyError> {
        let days = |key, value: u32, least, rule| {
            within(key, value.into(), least, 366, rule)?;
            Ok(u64::from(value) * 86_400_000)
        };
        const YEAR: &str = "from 0 to 366 days";
        Ok(InspectionRules {
            interval_ms: days("inspection.interval_days", self.interval_days, 1, "from 1 to 366 days")?,
            grace_ms: days("inspection.grace_days", self.grace_days, 0, YEAR)?,
            block_overdue: self.block_overdue,
            certificate_warning_ms: days(
                "inspection.certificate_warning_days",
                self.certificate_warning_days,
                0,
                YEAR,
            )?,
        })
    }
}

fn within(key: &str, value: u64, least: u64, most: u64, rule: &'static str) -> Result<(), PolicyError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(PolicyError::Range { key: key.to_owned(), rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_init_writes_is_accepted() {
        let policy = Policy::from_toml(Policy::SOLO_TOML).unwrap();
        assert_eq!(policy.classes[&policy.default_class].tickets, 0);
        assert_eq!(policy.unlock.default_idle_ms, 300_000);
        assert_eq!(
            (policy.unlock.max_lifetime_ms, policy.unlock.default_lifetime_ms),
            (28_800_000, 3_600_000)
        );
        assert_eq!(policy.unlock.wrong_pins_before_caution, 3);
        let InspectionRules { interval_ms, grace_ms, block_overdue, certificate_warning_ms } =
            policy.inspection;
        assert_eq!((interval_ms, grace_ms), (30 * 86_400_000, 7 * 86_400_000));
        assert_eq!((block_overdue, certificate_warning_ms), (true, 30 * 86_400_000));
    }

    #[test]
    fn what_it_cannot_hold_to_is_refused() {
        let refused =
            |from: &str, to: &str| Policy::from_toml(&Policy::SOLO_TOML.replace(from, to)).unwrap_err();
        assert_eq!(refused("tickets = 0", "tickets = 1"), PolicyError::TicketsUnsupported("ordinary".into()));
        assert!(
            matches!(refused("max_uses = ", "most_uses = "), PolicyError::Syntax(m) if m.contains("most_uses"))
        );
        assert!(
            matches!(refused("lifetime_hours = 72", "lifetime_hours = 0"), PolicyError::Range { key, .. } if key == "requests.lifetime_hours")
        );
        assert!(matches!(
            refused("default_class = \"ordinary\"", "default_class = \"x\""),
            PolicyError::Range { .. }
        ));
        let unprintable = format!("{}\n[classes.\"a\\u001bb\"]\ntickets = 0\n", Policy::SOLO_TOML);
        assert!(matches!(
            Policy::from_toml(&unprintable).unwrap_err(),
            PolicyError::Range { rule: "a name without control characters", .. }
        ));
        assert!(matches!(refused("version = 1", "version = 2"), PolicyError::Range { .. }));
    }

    #[test]
    fn each_threshold_has_its_range() {
        let read = |from: &str, to: &str| {
            assert!(Policy::SOLO_TOML.contains(from), "{from}");
            Policy::from_toml(&Policy::SOLO_TOML.replace(from, to))
        };
        for (key, from, good, bad) in [
            ("unlock.max_idle_minutes", "max_idle_minutes = 60", "1440", "1441"),
            ("unlock.default_idle_minutes", "default_idle_minutes = 5", "60", "61"),
            ("unlock.max_minutes", "\nmax_minutes = 480", "1440", "1441"),
            ("unlock.default_minutes", "\ndefault_minutes = 60", "480", "481"),
            ("unlock.wrong_pins_before_caution", "wrong_pins_before_caution = 3", "10", "0"),
            ("inspection.interval_days", "interval_days = 30", "366", "0"),
            ("inspection.grace_days", "grace_days = 7", "0", "367"),
            ("inspection.certificate_warning_days", "certificate_warning_days = 30", "0", "367"),
        ] {
            let name = from.split('=').next().unwrap();
            assert!(read(from, &format!("{name}= {good}")).is_ok(), "{key}");
            let error = read(from, &format!("{name}= {bad}")).unwrap_err();
            assert!(matches!(&error, PolicyError::Range { key: told, .. } if told == key), "{error}");
        }
        let lenient = read("block_overdue = true", "block_overdue = false").unwrap();
        assert!(!lenient.inspection.block_overdue);
        // Every threshold stands in the file: one left out is told, not guessed.
        let gap = read("grace_days = 7\n", "").unwrap_err();
        assert!(matches!(&gap, PolicyError::Syntax(message) if message.contains("grace_days")), "{gap}");
    }
}
