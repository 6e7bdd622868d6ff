//! Dictionaries (ISO 32000-2 §7.3.7).

use super::{Name, Object};
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::Raw;

/// Keys in one dictionary.
const MAX_KEYS: usize = 262_144;

/// Keys that are compared with each other rather than sorted.
const FEW: usize = 12;

/// A dictionary: keys in the file's order, values unparsed until asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary<'a> {
    raw: Raw<'a>,
    entries: Vec<(Name<'a>, Raw<'a>)>,
}

impl<'a> Dictionary<'a> {
    /// Finds the entries. A key that comes twice with different values is damage: readers differ on which one counts.
    pub(crate) fn parse(raw: Raw<'a>) -> Result<Dictionary<'a>, ReadError> {
        let mut lexer = raw.lexer();
        if !lexer.take(b"<<") {
            return Err(raw.damaged(Damage::Syntax));
        }
        let mut entries = Vec::new();
        loop {
            lexer.skip_space();
            if lexer.take(b">>") {
                break;
            }
            if !lexer.take(b"/") {
                return Err(lexer.damaged(Damage::Syntax));
            }
            let key = Name::new(lexer.regular());
            lexer.skip_space();
            entries.push((key, lexer.value()?));
            if entries.len() > MAX_KEYS {
                return Err(ReadError::TooComplex { what: Limit::Keys, offset: raw.at });
            }
        }
        let dictionary = Dictionary { raw, entries };
        dictionary.refuse_conflicting_keys()?;
        Ok(dictionary)
    }

    fn refuse_conflicting_keys(&self) -> Result<(), ReadError> {
        // Most dictionaries are small, and there may be a million of them.
        if self.entries.len() <= FEW {
            let mut pairs = self.entries.iter().enumerate().flat_map(|(index, first)| {
                self.entries.iter().skip(index + 1).map(move |other| (first, other))
            });
            let conflict = pairs.find(|((key, value), (other, second))| {
                value.bytes != second.bytes && key.bytes() == other.bytes()
            });
            return conflict.map_or(Ok(()), |(_, (_, value))| Err(value.damaged(Damage::DuplicateKey)));
        }
        let mut sorted: Vec<_> = self.entries.iter().map(|(key, value)| (key.bytes(), value)).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let conflict = sorted.windows(2).find_map(|pair| match pair {
            [(key, value), (next, other)] if key == next && value.bytes != other.bytes => Some(*other),
            _ => None,
        });
        conflict.map_or(Ok(()), |value| Err(value.damaged(Damage::DuplicateKey)))
    }

    /// The dictionary as it stands in the file, `<<` and `>>` included.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw.bytes
    }

    /// The same, to go through token by token.
    pub(crate) fn tokens(&self) -> Raw<'a> {
        self.raw
    }

    /// Where the dictionary stands in the file (see [`ReadError::Damaged`]).
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.raw.at
    }

    /// The value of `key`, [`Object::Null`] if there is none (ISO 32000-2 §7.3.7: the two are the same). References are not
    /// followed.
    pub fn get(&self, key: &str) -> Result<Object<'a>, ReadError> {
        self.value(key).map_or(Ok(Object::Null), Object::parse)
    }

    /// The bytes of the value of `key` as they stand in the file.
    #[must_use]
    pub fn get_raw(&self, key: &str) -> Option<&'a [u8]> {
        self.value(key).map(|raw| raw.bytes)
    }

    /// Whether `key` is present, be it with a null.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// The entries in the file's order: key, and the bytes of the value.
    pub fn iter(&self) -> impl Iterator<Item = (Name<'a>, &'a [u8])> + '_ {
        self.entries.iter().map(|(key, value)| (*key, value.bytes))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `/Type` is the name `expected`.
    #[must_use]
    pub fn is_type(&self, expected: &str) -> bool {
        matches!(self.get("Type"), Ok(Object::Name(name)) if name.is(expected))
    }

    fn value(&self, key: &str) -> Option<Raw<'a>> {
        self.entries.iter().find(|(name, _)| name.is(key)).map(|(_, value)| *value)
    }
}
