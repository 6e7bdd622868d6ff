//! The rules for text in a seal object.

use std::ops::RangeInclusive;

use crate::SesError;

/// Characters that turn the direction of what stands around them: with one, a seal's name could be read as another's.
const DIRECTION: [RangeInclusive<char>; 3] =
    ['\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];

/// Text in any script that people read.
pub(crate) fn check_name(field: &'static str, text: &str, most: usize) -> Result<(), SesError> {
    let allowed = |c: char| !c.is_control() && !DIRECTION.iter().any(|range| range.contains(&c));
    let fits = (1..=most).contains(&text.chars().count()) && text.trim() == text && text.chars().all(allowed);
    if fits {
        return Ok(());
    }
    let rule =
        format!("1 to {most} characters, none a control character, none turning direction, no outer space");
    Err(SesError::TextBad { field, rule })
}

/// Text for machines: what IA5String holds and a person can see.
pub(crate) fn check_ascii(field: &'static str, text: &str, most: usize) -> Result<(), SesError> {
    let fits = (1..=most).contains(&text.len())
        && text.trim() == text
        && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if fits {
        return Ok(());
    }
    Err(SesError::TextBad { field, rule: format!("1 to {most} printable ASCII characters, no outer space") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_any_script_and_show_what_they_are() {
        for good in ["合同专用章", "Contract Seal (1)", "a", "印"] {
            assert_eq!(check_name("name", good, 20), Ok(()));
        }
        let long = "章".repeat(21);
        for bad in
            ["", " ", "合同章 ", "\u{3000}章", "a\nb", "a\u{202e}b", "a\u{2066}b", "\u{200f}", long.as_str()]
        {
            assert_eq!(
                check_name("name", bad, 20).map_err(|error| error.code()),
                Err("ses-text-bad"),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn ids_are_printable_ascii() {
        assert_eq!(check_ascii("id", "contract-1 (a)", 64), Ok(()));
        for bad in ["", "章", "a\t", "\u{7f}", " a", "a ", "x".repeat(65).as_str()] {
            assert_eq!(
                check_ascii("id", bad, 64).map_err(|error| error.code()),
                Err("ses-text-bad"),
                "{bad:?}"
            );
        }
    }
}
