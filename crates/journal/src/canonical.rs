//! Canonical JSON (RFC 8785), narrowed to what every reader takes the same way.

use serde_json::Value;

use crate::RecordError;

/// Integers lie below this in magnitude: a reader that keeps numbers as IEEE 754 doubles loses none (RFC 8785 §3.2.2.3).
const INTEGER_LIMIT: u64 = 1 << 53;

/// The canonical bytes of `value`.
///
/// # Errors
/// [`RecordError::ForbiddenValue`] where it holds anything but strings, integers below 2^53, objects and arrays.
pub(crate) fn encode(value: &Value) -> Result<Vec<u8>, RecordError> {
    admit(value, &mut Vec::new())?;
    serde_json_canonicalizer::to_vec(value).map_err(|error| RecordError::Malformed(error.to_string()))
}

fn admit<'a>(value: &'a Value, path: &mut Vec<&'a str>) -> Result<(), RecordError> {
    let admitted = match value {
        Value::String(_) => true,
        Value::Number(number) => {
            number.as_i64().map(i64::unsigned_abs).is_some_and(|magnitude| magnitude < INTEGER_LIMIT)
        }
        Value::Null | Value::Bool(_) => false,
        Value::Array(items) => return items.iter().try_for_each(|item| admit(item, path)),
        Value::Object(fields) => {
            for (name, field) in fields {
                path.push(name);
                admit(field, path)?;
                path.pop();
            }
            true
        }
    };
    if admitted { Ok(()) } else { Err(RecordError::ForbiddenValue { field: path.join(".") }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_by_utf16_and_nothing_is_added() {
        let value = json!({"b": 1, "a": ["x", {"\u{20ac}": "\u{1}", "\r": "/"}]});
        let expected = "{\"a\":[\"x\",{\"\\r\":\"/\",\"\u{20ac}\":\"\\u0001\"}],\"b\":1}";
        assert_eq!(String::from_utf8(encode(&value).unwrap()).unwrap(), expected);
    }

    #[test]
    fn only_strings_and_integers_below_2_to_the_53() {
        assert!(encode(&json!({"n": 9_007_199_254_740_991_u64, "m": -9_007_199_254_740_991_i64})).is_ok());
        for forbidden in
            [json!(9_007_199_254_740_992_u64), json!(u64::MAX), json!(1.5), json!(true), json!(null)]
        {
            let error = encode(&json!({"a": {"b": [forbidden]}})).unwrap_err();
            assert_eq!(error, RecordError::ForbiddenValue { field: "a.b".into() });
        }
    }
}
