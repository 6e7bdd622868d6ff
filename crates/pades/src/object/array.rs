//! Arrays (ISO 32000-2 §7.3.6).

use super::Object;
use crate::error::ReadError;
use crate::lexer::{Lexer, Raw};

/// An array. Its elements are found anew at each pass, so that a large one costs no memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Array<'a> {
    raw: Raw<'a>,
}

impl<'a> Array<'a> {
    pub(crate) fn new(raw: Raw<'a>) -> Array<'a> {
        Array { raw }
    }

    /// The array as it stands in the file, brackets included.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw.bytes
    }

    /// Where the array stands in the file (see [`ReadError::Damaged`]).
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.raw.at
    }

    /// The elements in order; references are not followed. Ends after the first error.
    #[must_use]
    pub fn iter(&self) -> Elements<'a> {
        Elements { values: self.values() }
    }

    /// The bytes of each element in order.
    pub fn iter_raw(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values().map_while(|raw| raw.ok().map(|raw| raw.bytes))
    }

    /// How many elements there are. Reads all of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter_raw().count()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter_raw().next().is_none()
    }

    fn values(&self) -> Values<'a> {
        let mut lexer = self.raw.lexer();
        lexer.advance(1);
        Values { lexer, done: false }
    }
}

/// The elements of an [`Array`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    values: Values<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Object<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.values.next()?.and_then(Object::parse);
        self.values.done |= element.is_err();
        Some(element)
    }
}

#[derive(Debug, Clone)]
struct Values<'a> {
    lexer: Lexer<'a>,
    done: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Raw<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        self.lexer.skip_space();
        if matches!(self.lexer.peek(), None | Some(b']')) {
            self.done = true;
            return None;
        }
        let value = self.lexer.value();
        self.done = value.is_err();
        Some(value)
    }
}
