//! Short texts that may stand in clear in a record: identifiers and codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is neither an identifier nor a code.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// Empty, or longer than the type allows.
    #[error("empty or longer than {limit} bytes")]
    Length {
        /// The most bytes it may have.
        limit: usize,
    },
    /// A control character in an identifier, or in a code anything but `a-z`, `0-9` and single hyphens between them.
    #[error("holds a character that is not allowed")]
    Character,
}

impl TextError {
    /// The stable reason code.
    pub fn code(&self) -> &'static str {
        "journal-text-invalid"
    }
}

/// An opaque identifier: of a person, a seal, a token (its serial number), a class, a clause, a version, a journal.
///
/// 1 to 320 bytes of UTF-8 without control characters (a journal's origin begins with a domain name of up to 253). It stands in clear, so it must not name a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

impl Id {
    const LIMIT: usize = 320;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stable code: lower-case ASCII letters and digits in words joined by single hyphens, 1 to 64 bytes
/// (`pdf-damaged`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

impl Code {
    const LIMIT: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        within(&text, Self::LIMIT)?;
        if text.chars().any(char::is_control) { Err(TextError::Character) } else { Ok(Self(text)) }
    }
}

impl TryFrom<String> for Code {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        within(&text, Self::LIMIT)?;
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.split('-').all(is_word) { Ok(Self(text)) } else { Err(TextError::Character) }
    }
}

fn within(text: &str, limit: usize) -> Result<(), TextError> {
    if text.is_empty() || text.len() > limit { Err(TextError::Length { limit }) } else { Ok(()) }
}

macro_rules! text_type {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

text_type!(Id);
text_type!(Code);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_short_and_printable() {
        for good in ["U4", "合同专用章", "3f2a 77", &"x".repeat(320)] {
            assert_eq!(good.parse::<Id>().unwrap().as_str(), good);
        }
        assert_eq!("".parse::<Id>(), Err(TextError::Length { limit: 320 }));
        assert_eq!("x".repeat(321).parse::<Id>(), Err(TextError::Length { limit: 320 }));
        assert_eq!("a\nb".parse::<Id>(), Err(TextError::Character));
    }

    #[test]
    fn codes_are_kebab_case() {
        for good in ["pdf-damaged", "admit", "u4", "ecdsa-p256-sha256"] {
            assert_eq!(good.parse::<Code>().unwrap().as_str(), good);
        }
        for bad in ["Pdf", "pdf_damaged", "-pdf", "pdf-", "a--b", "a b", "é"] {
            assert_eq!(bad.parse::<Code>(), Err(TextError::Character), "{bad}");
        }
        assert!("x".repeat(65).parse::<Code>().is_err());
    }
}
