//! JSON that two readers cannot take differently (RFC 8259, RFC 7493): no member twice at any depth, integers below 2^53 alone.
//!
//! RFC 7515 §4 lets a reader take the last of two header members of one name; then what one program checks is not what another one acts on.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// How deep arrays and objects may stand in each other, the outermost counted.
pub(super) const DEPTH_LIMIT: u32 = 16;

/// First integer that a reader with doubles cannot tell from its neighbour (RFC 7493 §2.2).
const INTEGER_END: u64 = 1 << 53;

/// A JSON object read under these rules.
pub(super) struct StrictObject(pub(super) Map<String, Value>);

/// Reads one JSON object and nothing after it; the error says what is wrong and where.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    serde_json::from_str::<StrictObject>(text).map(|read| read.0).map_err(|error| error.to_string())
}

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match (Strict { depth_left: DEPTH_LIMIT }).deserialize(deserializer)? {
            Value::Object(members) => Ok(StrictObject(members)),
            _ => Err(D::Error::custom("not a JSON object")),
        }
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth_left: u32,
}

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Strict { depth_left }),
            None => Err(E::custom(format_args!("nested deeper than {DEPTH_LIMIT}"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floating-point numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() < INTEGER_END { Ok(value.into()) } else { Err(too_far_from_zero(value)) }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value < INTEGER_END { Ok(value.into()) } else { Err(too_far_from_zero(value)) }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            // Compared as read: `"a"` and `"\u0061"` are one name.
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("member {name:?} stands twice")));
            }
            let value = entries.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

fn too_far_from_zero<E: Error>(value: impl fmt::Display) -> E {
    E::custom(format_args!("{value} is not an integer between -2^53 and 2^53"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        object(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_read_is_what_a_plain_reader_reads() {
        let text =
            r#"{"a":[null,true,false,0,-1,9007199254740991,-9007199254740991,"用印\n\ud83d\ude00"],"b":{}}"#;
        assert_eq!(
            Value::Object(object(text.as_bytes()).unwrap()),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"{"o":{"a":1,"a":2}}"#,
            r#"{"o":[0,{"p":{"a":null,"a":null}}]}"#,
        ] {
            assert!(error(text).starts_with(r#"member "a" stands twice"#), "{text}: {}", error(text));
        }
        assert!(object(br#"{"a":{"a":{"a":1}}}"#).is_ok());
    }

    #[test]
    fn a_number_that_a_double_may_change_is_refused() {
        for number in [
            "1.0",
            "1e3",
            "0.5",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            "1e400",
        ] {
            assert!(object(format!("{{\"n\":{number}}}").as_bytes()).is_err(), "{number}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |arrays: usize| format!("{{\"a\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays));
        assert!(object(nested(DEPTH_LIMIT as usize - 1).as_bytes()).is_ok());
        assert!(error(&nested(DEPTH_LIMIT as usize)).starts_with("nested deeper than 16"));
        assert!(object(nested(8000).as_bytes()).is_err());
    }

    #[test]
    fn only_one_object_of_utf8_is_taken() {
        for text in [
            "",
            "[]",
            "1",
            "\"a\"",
            "null",
            "{}{}",
            "{} x",
            "{\"a\":1,}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
        ] {
            assert!(object(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}").unwrap_err(), "not UTF-8");
    }

    proptest! {
        #[test]
        fn what_is_accepted_agrees_with_a_plain_reader(text in r#"\{("[ab]":(-?[0-9]{1,3}|\[(1|"x")?\]|\{("a":1)?\}),?){0,3}\}"#) {
            if let Ok(members) = object(text.as_bytes()) {
                prop_assert_eq!(Value::Object(members), serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
