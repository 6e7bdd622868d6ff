//! Strings from outside, made safe to show on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character escaped that could move the cursor, change the terminal's state, turn the reading
/// direction (UAX #9 §2) or hide: `\n`, `\u{202e}`. Everything else stays as it is.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            deceptive if is_deceptive(deceptive) => {
                // Writing to a String does not fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(deceptive));
            }
            plain => escaped.push(plain),
        }
    }
    Cow::Owned(escaped)
}

/// JSON text with the same characters written as `\uXXXX`, which changes no value (RFC 8259 §7). They can stand only
/// inside its strings.
pub fn for_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if is_deceptive(character) && character != '\n' {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Control characters, bidirectional formatting, line and paragraph separators, invisible characters and tags.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_in_any_script_is_left_alone() {
        for plain in ["", "contract.pdf", "年度采购合同（终稿）.pdf", "naïve \\ café", "שלום", "🖋"]
        {
            assert!(matches!(for_terminal(plain), Cow::Borrowed(text) if text == plain));
        }
    }

    #[test]
    fn what_deceives_is_shown() {
        assert_eq!(for_terminal("a\u{1b}[2Jb\n\r\t\u{7}\u{9b}"), "a\\u{1b}[2Jb\\n\\r\\t\\u{7}\\u{9b}");
        assert_eq!(for_terminal("gpj.\u{202e}fdp"), "gpj.\\u{202e}fdp");
        for hidden in ['\u{2066}', '\u{2069}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{e0041}', '\u{61c}'] {
            assert_eq!(for_terminal(&hidden.to_string()), format!("\\u{{{:x}}}", u32::from(hidden)));
        }
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"name": "a\u{202e}b\u{e0041}\n合同", "n": [1]});
        let text = for_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.contains("a\\u202eb\\udb40\\udc41\\n合同"), "{text}");
        assert!(text.contains('\n'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
