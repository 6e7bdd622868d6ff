//! Records as a table of cases expects them: `token_locked cause=fault`.

use std::fmt;

use serde_json::Value;

/// One record: its type and the fields that matter. Fields not named are not compared.
///
/// A field is looked for in the record itself, then in its `token_error`, then in its first violation. `-` is a field that
/// must not be there, `1|2` is either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    type_name: String,
    fields: Vec<(String, String)>,
}

/// The next records of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This one.
    One(Pattern),
    /// These, in any order: what one event sets off in several places, each writing for itself.
    AnyOrder(Vec<Pattern>),
}

/// What is told of a record beside its type, where it has it.
const TELLING: &[&str] = &[
    "cause",
    "code",
    "function",
    "return_value",
    "operation",
    "stage",
    "pin",
    "entry",
    "tries",
    "uses",
    "count",
    "module",
    "signal",
    "exit_code",
    "in_flight",
    "severity",
    "finding",
    "token_serial",
    "seal",
];

impl Pattern {
    /// Reads `TYPE FIELD=VALUE …`.
    ///
    /// # Errors
    /// The word that is no field with its value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let type_name = words.next().ok_or("a record without a type")?.to_owned();
        let field = |word: &str| {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("{word:?} is no FIELD=VALUE"))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        Ok(Self {
            text: text.to_owned(),
            type_name,
            fields: words.map(field).collect::<Result<_, String>>()?,
        })
    }

    /// Whether this record, as JSON, is such a one.
    pub fn matches(&self, record: &Value) -> bool {
        let wanted = |(name, value): &(String, String)| match field(record, name) {
            Some(found) => value.split('|').any(|either| found == either),
            None => value == "-",
        };
        record["type"] == *self.type_name && self.fields.iter().all(wanted)
    }

    /// Whether it is of this type.
    pub fn is_of(&self, type_name: &str) -> bool {
        self.type_name == type_name
    }

    /// Whether it asks for this value of this field.
    pub fn asks(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(asked, wanted)| asked == name && wanted == value)
    }
}

impl Expected {
    /// All patterns in it.
    pub fn patterns(&self) -> &[Pattern] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::AnyOrder(patterns) => patterns,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(pattern) => pattern.fmt(f),
            Self::AnyOrder(patterns) => {
                let texts: Vec<_> = patterns.iter().map(|pattern| pattern.text.as_str()).collect();
                write!(f, "in any order: {}", texts.join(", "))
            }
        }
    }
}

/// Whether these records are just the expected ones, in order.
pub fn are_as_expected(expected: &[Expected], mut records: &[&Value]) -> bool {
    for group in expected {
        let patterns = group.patterns();
        let Some((next, rest)) = records.split_at_checked(patterns.len()) else { return false };
        if !can_be_paired(patterns, next) {
            return false;
        }
        records = rest;
    }
    records.is_empty()
}

/// Whether each pattern has a record of its own. Groups are small.
fn can_be_paired(patterns: &[Pattern], records: &[&Value]) -> bool {
    let Some((first, others)) = patterns.split_first() else { return records.is_empty() };
    (0..records.len()).any(|index| {
        let mut left = records.to_vec();
        first.matches(left.remove(index)) && can_be_paired(others, &left)
    })
}

/// A record in the words of a pattern, with all that is telling of it.
pub fn told(record: &Value) -> String {
    let type_name = record["type"].as_str().unwrap_or("?");
    let fields = TELLING.iter().filter_map(|name| Some(format!(" {name}={}", field(record, name)?)));
    fields.fold(type_name.to_owned(), |text, field| text + &field)
}

fn field(record: &Value, name: &str) -> Option<String> {
    let places = [record, &record["token_error"], &record["violations"][0]];
    let value = places.into_iter().find_map(|place| place.get(name))?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(text: &str) -> Expected {
        Expected::One(Pattern::parse(text).unwrap())
    }

    #[test]
    fn a_record_is_what_its_type_and_the_named_fields_say() {
        let record = json!({
            "type": "failed", "code": "token-device-error", "intent": 7,
            "token_error": {"function": "C_SignInit", "return_value": "CKR_DEVICE_ERROR"}
        });
        for fits in [
            "failed",
            "failed intent=7 code=token-device-error",
            "failed function=C_SignInit cause=-",
            "failed intent=6|7",
        ] {
            assert!(Pattern::parse(fits).unwrap().matches(&record), "{fits}");
        }
        for other in
            ["abandoned", "failed code=-", "failed function=C_Sign", "failed cause=fault", "failed intent=8"]
        {
            assert!(!Pattern::parse(other).unwrap().matches(&record), "{other}");
        }
        assert_eq!(
            told(&record),
            "failed code=token-device-error function=C_SignInit return_value=CKR_DEVICE_ERROR"
        );
        assert!(Pattern::parse("failed cause").is_err() && Pattern::parse("").is_err());
    }

    #[test]
    fn records_are_expected_in_order_and_none_beside_them() {
        let [a, b, b2] = [json!({"type": "a"}), json!({"type": "b"}), json!({"type": "b", "x": "2"})];
        assert!(are_as_expected(&[one("a"), one("b")], &[&a, &b]));
        assert!(!are_as_expected(&[one("a"), one("b")], &[&b, &a]));
        assert!(!are_as_expected(&[one("a")], &[&a, &b]));
        assert!(!are_as_expected(&[one("a"), one("b")], &[&a]));
        // The broad pattern must not take the record that only the narrow one fits.
        let group = Expected::AnyOrder(["b", "b x=2", "a"].map(|text| Pattern::parse(text).unwrap()).into());
        assert!(are_as_expected(std::slice::from_ref(&group), &[&b2, &a, &b]));
        assert!(!are_as_expected(&[group], &[&b, &a, &b]));
    }
}
