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
        within("unlock.max_uses", raw.unlock.max_uses.into(), 1, 1_000_000, "from 1 to 1000000")?;
        within(
            "unlock.max_idle_minutes",
            raw.unlock.max_idle_minutes.into(),
            1,
            1440,
            "from 1 to 1440 minutes",
        )?;
        within(
            "unlock.default_idle_minutes",
            raw.unlock.default_idle_minutes.into(),
            1,
            raw.unlock.max_idle_minutes.into(),
            "from 1 minute to unlock.max_idle_minutes",
        )?;
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
            unlock: UnlockLimits {
                max_uses: raw.unlock.max_uses,
                max_idle_ms: u64::from(raw.unlock.max_idle_minutes) * 60_000,
                default_idle_ms: u64::from(raw.unlock.default_idle_minutes) * 60_000,
            },
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
}
