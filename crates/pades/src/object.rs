//! Objects as they stand in the file (ISO 32000-2 §7.3): borrowed, and parsed only as far as somebody looks.
//!
//! `'a` is the life of the bytes: the file's, or those of an object stream that the [`crate::Document`] keeps decoded.
//! Every value remembers its own bytes, so that what a revision does not touch can be copied verbatim.

mod array;
mod dictionary;
mod name;
mod string;

pub use array::Array;
pub use dictionary::Dictionary;
pub use name::Name;
pub use string::PdfString;
pub(crate) use string::utf16;

use crate::error::{Damage, ReadError};
use crate::lexer::{Lexer, Raw, decimal};
use std::fmt;

/// The name of an indirect object (ISO 32000-2 §7.3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Object number.
    pub number: u32,
    /// Generation number; 0 for everything in an object stream.
    pub generation: u16,
}

impl fmt::Display for Reference {
    /// As a PDF writes it: `12 0 R`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} R", self.number, self.generation)
    }
}

/// A real number (ISO 32000-2 §7.3.3), or an integer that does not fit 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Real<'a> {
    /// The number as written.
    pub raw: &'a [u8],
    /// Its value, finite.
    pub value: f64,
}

/// A stream (ISO 32000-2 §7.3.8). Its data are reached through [`crate::Document::stream_data`] and
/// [`crate::Document::decode`], for the length may be an object of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream<'a> {
    /// The stream's dictionary.
    pub dictionary: Dictionary<'a>,
    /// Offset in the file of the byte after the keyword `stream`.
    pub(crate) after_keyword: u64,
}

/// Any object.
#[derive(Debug, Clone, PartialEq)]
pub enum Object<'a> {
    /// `null`, and everything that is missing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A real number.
    Real(Real<'a>),
    /// A name.
    Name(Name<'a>),
    /// A literal or hexadecimal string.
    String(PdfString<'a>),
    /// An array.
    Array(Array<'a>),
    /// A dictionary that is not a stream's.
    Dictionary(Dictionary<'a>),
    /// A stream. Only indirect objects can be streams.
    Stream(Stream<'a>),
    /// A reference, not followed.
    Reference(Reference),
}

impl<'a> Object<'a> {
    /// Parses one value; what it contains stays unparsed.
    pub(crate) fn parse(raw: Raw<'a>) -> Result<Object<'a>, ReadError> {
        match raw.bytes {
            [b'<', b'<', ..] => Dictionary::parse(raw).map(Object::Dictionary),
            [b'[', ..] => Ok(Object::Array(Array::new(raw))),
            [b'/', name @ ..] => Ok(Object::Name(Name::new(name))),
            [b'(' | b'<', ..] => Ok(Object::String(PdfString::new(raw.bytes))),
            b"null" => Ok(Object::Null),
            b"true" => Ok(Object::Boolean(true)),
            b"false" => Ok(Object::Boolean(false)),
            [.., b'R'] => reference(raw).map(Object::Reference),
            _ => number(raw),
        }
    }

    /// The integer this is, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Object::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The number this is, integer or real.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            // Coordinates lie far within the 53 bits that survive.
            Object::Integer(value) => Some(*value as f64),
            Object::Real(real) => Some(real.value),
            _ => None,
        }
    }

    /// The name this is, if it is one.
    #[must_use]
    pub fn as_name(&self) -> Option<Name<'a>> {
        match self {
            Object::Name(name) => Some(*name),
            _ => None,
        }
    }

    /// The string this is, if it is one.
    #[must_use]
    pub fn as_string(&self) -> Option<PdfString<'a>> {
        match self {
            Object::String(string) => Some(*string),
            _ => None,
        }
    }

    /// The array this is, if it is one.
    #[must_use]
    pub fn as_array(&self) -> Option<Array<'a>> {
        match self {
            Object::Array(array) => Some(*array),
            _ => None,
        }
    }

    /// The dictionary this is; a stream is not one here.
    #[must_use]
    pub fn as_dictionary(&self) -> Option<&Dictionary<'a>> {
        match self {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// The reference this is, if it is one.
    #[must_use]
    pub fn as_reference(&self) -> Option<Reference> {
        match self {
            Object::Reference(reference) => Some(*reference),
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Object::Null)
    }
}

fn reference(raw: Raw<'_>) -> Result<Reference, ReadError> {
    let mut lexer: Lexer<'_> = raw.lexer();
    let number = lexer.unsigned().and_then(|n| u32::try_from(n).ok());
    lexer.skip_space();
    let generation = lexer.unsigned().and_then(|g| u16::try_from(g).ok());
    match (number, generation) {
        (Some(number), Some(generation)) => Ok(Reference { number, generation }),
        _ => Err(raw.damaged(Damage::Syntax)),
    }
}

fn number(raw: Raw<'_>) -> Result<Object<'_>, ReadError> {
    let unsigned = match raw.bytes {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    let negative = raw.bytes.first() == Some(&b'-');
    if let Some(value) = decimal(unsigned).and_then(|v| i64::try_from(v).ok()) {
        return Ok(Object::Integer(if negative { -value } else { value }));
    }
    let points = unsigned.iter().filter(|b| **b == b'.').count();
    let digits = unsigned.iter().filter(|b| b.is_ascii_digit()).count();
    if points > 1 || digits == 0 || points + digits != unsigned.len() {
        return Err(raw.damaged(Damage::Syntax));
    }
    let text = std::str::from_utf8(raw.bytes).ok();
    match text.and_then(|t| t.parse::<f64>().ok()).filter(|v| v.is_finite()) {
        Some(value) => Ok(Object::Real(Real { raw: raw.bytes, value })),
        None => Err(raw.damaged(Damage::Syntax)),
    }
}
