//! Lexical conventions (ISO 32000-2 §7.2, §7.3): finds where a value ends without building it.
//!
//! Nothing here recurses; nesting lives on a bounded stack, so no input can exhaust the thread's own.

use crate::error::{Damage, Limit, ReadError};

/// Arrays and dictionaries may nest this deeply.
const MAX_NESTING: usize = 256;

/// The bytes of one value as they stand in the file, and where that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Raw<'a> {
    pub(crate) bytes: &'a [u8],
    /// Offset of the first byte in the file; within an object stream, of that stream's data (see [`Lexer::fixed`]).
    pub(crate) at: u64,
    /// True where `at` does not advance with the bytes because they are decoded ones.
    pub(crate) fixed: bool,
}

impl<'a> Raw<'a> {
    pub(crate) fn lexer(self) -> Lexer<'a> {
        Lexer { bytes: self.bytes, position: 0, at: self.at, fixed: self.fixed }
    }

    pub(crate) fn damaged(self, what: Damage) -> ReadError {
        ReadError::damaged(what, self.at)
    }
}

/// White space (ISO 32000-2 Table 1).
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

/// Delimiters (ISO 32000-2 Table 2). Braces are delimiters in PostScript functions only, but not all readers know that; see
/// [`Lexer::refuse_braces`].
pub(crate) fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'/' | b'%')
}

/// Everything else.
pub(crate) fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

/// A position in a run of bytes.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    position: usize,
    at: u64,
    fixed: bool,
}

/// What the scanner is inside of.
enum Container {
    Array,
    /// True when the next thing is a key (or the end).
    Dictionary {
        key_next: bool,
    },
}

impl<'a> Lexer<'a> {
    /// A lexer over file bytes, the first of which stands at the offset `at`.
    pub(crate) fn new(bytes: &'a [u8], at: u64) -> Lexer<'a> {
        Lexer { bytes, position: 0, at, fixed: false }
    }

    /// A lexer over decoded bytes; errors name the offset `at` throughout.
    pub(crate) fn fixed(bytes: &'a [u8], at: u64) -> Lexer<'a> {
        Lexer { bytes, position: 0, at, fixed: true }
    }

    /// How many bytes lie behind.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The offset in the file to name in an error here.
    pub(crate) fn offset(&self) -> u64 {
        self.offset_of(self.position)
    }

    fn offset_of(&self, position: usize) -> u64 {
        if self.fixed { self.at } else { self.at.saturating_add(position as u64) }
    }

    pub(crate) fn damaged(&self, what: Damage) -> ReadError {
        ReadError::damaged(what, self.offset())
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn peek_second(&self) -> Option<u8> {
        self.bytes.get(self.position + 1).copied()
    }

    pub(crate) fn advance(&mut self, count: usize) {
        self.position = self.position.saturating_add(count).min(self.bytes.len());
    }

    /// Skips white space only; returns how much.
    pub(crate) fn skip_white(&mut self) -> usize {
        let count = self.rest().iter().take_while(|b| is_space(**b)).count();
        self.advance(count);
        count
    }

    /// Skips white space and comments (ISO 32000-2 §7.2.4).
    pub(crate) fn skip_space(&mut self) {
        loop {
            self.skip_white();
            if self.peek() != Some(b'%') {
                return;
            }
            let line = self.rest().iter().take_while(|b| !matches!(b, b'\n' | b'\r')).count();
            self.advance(line);
        }
    }

    /// Takes `text` if it stands here.
    pub(crate) fn take(&mut self, text: &[u8]) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.advance(text.len());
        }
        here
    }

    /// Takes the keyword `word` if it stands here as a token of its own.
    pub(crate) fn take_keyword(&mut self, word: &[u8]) -> bool {
        let rest = self.rest();
        let here = rest.starts_with(word) && rest.get(word.len()).is_none_or(|b| !is_regular(*b));
        if here {
            self.advance(word.len());
        }
        here
    }

    /// The run of regular characters that stands here; may be empty.
    pub(crate) fn regular(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().take_while(|b| is_regular(**b)).count();
        self.advance(length);
        rest.get(..length).unwrap_or_default()
    }

    /// An unsigned decimal number that stands here as a token of its own; the position stays if there is none.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let start = self.position;
        let value = decimal(self.regular());
        if value.is_none() {
            self.position = start;
        }
        value
    }

    /// `number generation obj`, the head of an indirect object (ISO 32000-2 §7.3.10).
    pub(crate) fn object_header(&mut self) -> Option<(u32, u16)> {
        let number = u32::try_from(self.unsigned()?).ok()?;
        self.skip_space();
        let generation = u16::try_from(self.unsigned()?).ok()?;
        self.skip_space();
        self.take_keyword(b"obj").then_some((number, generation))
    }

    /// Passes over one value that begins here and returns its bytes. Everything inside is checked to be balanced; what single tokens
    /// mean is found out only by who asks for them.
    pub(crate) fn value(&mut self) -> Result<Raw<'a>, ReadError> {
        let start = self.position;
        let mut stack: Vec<Container> = Vec::new();
        loop {
            if !stack.is_empty() {
                self.skip_space();
            }
            let completed = self.step(&mut stack)?;
            if !completed {
                continue;
            }
            match stack.last_mut() {
                None => return Ok(self.raw_from(start)),
                Some(Container::Array) => {}
                Some(Container::Dictionary { key_next }) if !*key_next => *key_next = true,
                Some(Container::Dictionary { .. }) => return Err(self.damaged(Damage::Syntax)),
            }
        }
    }

    /// Braces in names and words: a delimiter to some readers, regular characters to others.
    fn refuse_braces(&self) -> Result<(), ReadError> {
        let word = self.rest().iter().take_while(|b| is_regular(**b));
        if word.copied().any(|b| matches!(b, b'{' | b'}')) {
            Err(self.damaged(Damage::Syntax))
        } else {
            Ok(())
        }
    }

    fn raw_from(&self, start: usize) -> Raw<'a> {
        let bytes = self.bytes.get(start..self.position).unwrap_or_default();
        Raw { bytes, at: self.offset_of(start), fixed: self.fixed }
    }

    /// Takes one token; true if it completes a value.
    fn step(&mut self, stack: &mut Vec<Container>) -> Result<bool, ReadError> {
        let Some(first) = self.peek() else { return Err(self.damaged(Damage::Unfinished)) };
        match (first, self.peek_second()) {
            (b'<', Some(b'<')) => {
                self.open(stack, Container::Dictionary { key_next: true })?;
                self.advance(2);
                Ok(false)
            }
            (b'[', _) => {
                self.open(stack, Container::Array)?;
                self.advance(1);
                Ok(false)
            }
            (b'>', Some(b'>')) => match stack.pop() {
                Some(Container::Dictionary { key_next: true }) => {
                    self.advance(2);
                    Ok(true)
                }
                _ => Err(self.damaged(Damage::Syntax)),
            },
            (b']', _) => match stack.pop() {
                Some(Container::Array) => {
                    self.advance(1);
                    Ok(true)
                }
                _ => Err(self.damaged(Damage::Syntax)),
            },
            (b'/', _) => {
                self.advance(1);
                self.refuse_braces()?;
                self.regular();
                if let Some(Container::Dictionary { key_next: key_next @ true }) = stack.last_mut() {
                    *key_next = false;
                    return Ok(false);
                }
                Ok(true)
            }
            (b'(', _) => self.literal_string().map(|()| true),
            (b'<', _) => self.hex_string().map(|()| true),
            (b')' | b'>', _) => Err(self.damaged(Damage::Syntax)),
            _ => self.word().map(|()| true),
        }
    }

    fn open(&self, stack: &mut Vec<Container>, container: Container) -> Result<(), ReadError> {
        if stack.len() >= MAX_NESTING {
            return Err(ReadError::TooComplex { what: Limit::Nesting, offset: self.offset() });
        }
        // A container where a key should stand is no value.
        if matches!(stack.last(), Some(Container::Dictionary { key_next: true })) {
            return Err(self.damaged(Damage::Syntax));
        }
        stack.push(container);
        Ok(())
    }

    /// ISO 32000-2 §7.3.4.2: balanced parentheses need no escape.
    fn literal_string(&mut self) -> Result<(), ReadError> {
        let mut depth = 0usize;
        let mut rest = self.rest().iter().enumerate();
        while let Some((index, byte)) = rest.next() {
            match byte {
                b'\\' => {
                    rest.next();
                }
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        self.advance(index + 1);
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(self.damaged(Damage::Unfinished))
    }

    /// ISO 32000-2 §7.3.4.3.
    fn hex_string(&mut self) -> Result<(), ReadError> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let length = rest.iter().take_while(|b| b.is_ascii_hexdigit() || is_space(**b)).count();
        match rest.get(length) {
            Some(b'>') => {}
            Some(_) => return Err(self.damaged(Damage::Syntax)),
            None => return Err(self.damaged(Damage::Unfinished)),
        }
        self.advance(length + 2);
        Ok(())
    }

    /// A number, a keyword, or a whole reference.
    fn word(&mut self) -> Result<(), ReadError> {
        self.refuse_braces()?;
        let start = self.clone();
        let word = self.regular();
        // Odd numbers such as `--5` trouble nobody who passes over them; any other word ends the object for some readers.
        let number = matches!(word.first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.'));
        if !number && !matches!(word, b"true" | b"false" | b"null") {
            return Err(start.damaged(Damage::Syntax));
        }
        if decimal(word).is_some() {
            let mut ahead = self.clone();
            ahead.skip_space();
            if ahead.unsigned().is_some() {
                ahead.skip_space();
                if ahead.take_keyword(b"R") {
                    *self = ahead;
                }
            }
        }
        Ok(())
    }
}

/// Digits only, at least one, no overflow.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        if !byte.is_ascii_digit() {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    })
}
