//! What another policy file says otherwise, key by key: whoever puts one in force sees what they change, and no comment hides it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::PolicyError;

/// One key that two policy files do not say alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Dotted key, `unlock.max_uses`.
    pub key: String,
    /// As the first file writes its value; `None`: it does not name the key.
    pub from: Option<String>,
    /// As the second one does.
    pub to: Option<String>,
}

/// What the second of two policy files says otherwise than the first, by key. Comments, order and spacing are no change.
///
/// # Errors
/// [`PolicyError::Syntax`] where one of them is no TOML.
pub fn changes(before: &str, after: &str) -> Result<Vec<Change>, PolicyError> {
    let (mut before, after) = (keys(before)?, keys(after)?);
    let mut changes = Vec::new();
    for (key, to) in after {
        let from = before.remove(&key);
        if from.as_ref() != Some(&to) {
            changes.push(Change { key, from, to: Some(to) });
        }
    }
    changes.extend(before.into_iter().map(|(key, from)| Change { key, from: Some(from), to: None }));
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(changes)
}

fn keys(text: &str) -> Result<BTreeMap<String, String>, PolicyError> {
    let table: Table =
        text.parse().map_err(|error: toml::de::Error| PolicyError::Syntax(error.to_string()))?;
    let mut keys = BTreeMap::new();
    flatten("", table, &mut keys);
    Ok(keys)
}

fn flatten(above: &str, table: Table, into: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if above.is_empty() { name } else { format!("{above}.{name}") };
        match value {
            Value::Table(table) => flatten(&key, table, into),
            value => drop(into.insert(key, written(&value))),
        }
    }
}

/// As TOML writes it, on one line.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is) => is.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let members = table.iter().map(|(name, value)| format!("{name} = {}", written(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn every_value_that_is_another_is_told_and_nothing_else() {
        let before = Policy::OFFICE_TOML;
        let after = before
            .replace("max_uses = 10000", "max_uses=20 # fewer")
            .replace("[classes.major]\ntickets = 3", "[classes.grave]\ntickets = 3");
        let told: Vec<_> = changes(before, &after)
            .unwrap()
            .into_iter()
            .map(|Change { key, from, to }| {
                format!("{key}: {} → {}", from.as_deref().unwrap_or("-"), to.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            told,
            [
                "classes.grave.importance: - → \"major\"",
                "classes.grave.secrecy: - → \"confidential\"",
                "classes.grave.tickets: - → 3",
                "classes.major.importance: \"major\" → -",
                "classes.major.secrecy: \"confidential\" → -",
                "classes.major.tickets: 3 → -",
                "unlock.max_uses: 10000 → 20",
            ]
        );
        let commented: String = before.lines().rev().filter(|line| line.starts_with('#')).collect();
        assert_eq!(changes(before, &format!("# {commented}\n{before}")), Ok(Vec::new()));
        assert!(matches!(changes(before, "= 1"), Err(PolicyError::Syntax(_))));
    }
}
