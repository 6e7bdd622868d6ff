//! Every object in force, one after the other, as bytes.

use super::entries::Entry;
use super::{Document, indirect};
use crate::error::ReadError;
use crate::lexer::{Raw, decimal, is_space};
use crate::object::{Dictionary, Reference, Stream};
use std::collections::HashSet;

/// White space between number, generation and `obj`, and digits of each, when they are searched for.
const MOST_BETWEEN: usize = 16;

/// An object's value as bytes: a stream's dictionary, without its data.
pub(crate) struct Body<'s> {
    pub(crate) reference: Reference,
    pub(crate) raw: Raw<'s>,
    /// Where the keyword `stream` ends, if it is one.
    after_keyword: Option<u64>,
}

impl Body<'_> {
    pub(crate) fn is_stream(&self) -> bool {
        self.after_keyword.is_some()
    }
}

impl Document<'_> {
    /// How many objects have an entry, free ones included: the places that [`Document::body`] knows.
    pub(crate) fn places(&self) -> usize {
        self.entries.len()
    }

    /// The place of the object called `number`.
    pub(crate) fn place_of(&self, number: u32) -> Option<usize> {
        self.entries.place_of(number)
    }

    /// Number and generation of the object at `place`, if it is in use.
    pub(crate) fn body_name(&self, place: usize) -> Option<(u32, u16)> {
        match self.entries.at(place)? {
            (_, Entry::Free) => None,
            (number, Entry::InUse { generation, .. }) => Some((number, generation)),
            (number, Entry::Compressed { .. }) => Some((number, 0)),
        }
    }

    /// The object at `place` among all entries, ascending by number; `None` if it is free.
    pub(crate) fn body(&self, place: usize) -> Result<Option<Body<'_>>, ReadError> {
        let Some((number, entry)) = self.entries.at(place) else { return Ok(None) };
        match entry {
            Entry::Free => Ok(None),
            Entry::InUse { offset, generation } => {
                let at = offset.saturating_add(self.offset_base);
                let (raw, after_keyword) = indirect::body(self.bytes, at, self.boundary_after(at))?;
                self.charge(raw.bytes.len(), at)?;
                Ok(Some(Body { reference: Reference { number, generation }, raw, after_keyword }))
            }
            Entry::Compressed { stream, index } => {
                let reference = Reference { number, generation: 0 };
                let raw = self.compressed_raw(reference, stream, index)?;
                Ok(Some(Body { reference, raw, after_keyword: None }))
            }
        }
    }

    /// Whether the object called `number` is, byte for byte, the one that an earlier part of the same file has.
    pub(crate) fn stands_as_in(&self, earlier: &Document<'_>, number: u32) -> bool {
        let (now, then) = (self.entries.find(number), earlier.entries.find(number));
        now == then
            && match now {
                Some(Entry::Compressed { stream, .. }) => {
                    self.entries.find(stream) == earlier.entries.find(stream)
                }
                _ => true,
            }
    }

    /// Whether an object that is a stream ends where its /Length says; others do. Where it does not, readers search for the end, and
    /// data may well hold what looks like one.
    pub(crate) fn ends_where_it_says(&self, body: &Body<'_>) -> bool {
        let Some(after_keyword) = body.after_keyword else { return true };
        match Dictionary::parse(body.raw) {
            // External data are not in this file, and nobody looks at what stands here.
            Ok(dictionary) if dictionary.contains("F") => true,
            Ok(dictionary) => {
                self.line_ends_at(after_keyword)
                    && self.stream_data(&Stream { dictionary, after_keyword }).is_ok()
            }
            Err(_) => false,
        }
    }

    /// Whether a line ends at this offset. What is structure may have blanks before; not all who draw pages pass over them.
    fn line_ends_at(&self, offset: u64) -> bool {
        let at = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset));
        matches!(at, Some(b'\r' | b'\n'))
    }

    /// Those of these objects that stand in the file though its cross references say that they are not there: a reader that rebuilds them
    /// once it misses an object (poppler does) shows what the others do not.
    pub(crate) fn remains(&self, missing: &HashSet<u32>) -> HashSet<u32> {
        let mut found: HashSet<u32> =
            missing.iter().copied().filter(|number| self.entries.was_freed(*number)).collect();
        if missing.is_empty() {
            return found;
        }
        let heads = self.bytes.windows(3).enumerate().filter(|(_, window)| *window == b"obj");
        found.extend(
            heads
                .filter_map(|(at, _)| number_before(self.bytes.get(..at)?))
                .filter(|number| missing.contains(number)),
        );
        found
    }
}

/// The object number in `number generation `, which stands at the end of `bytes`.
fn number_before(bytes: &[u8]) -> Option<u32> {
    let (bytes, generation) = digits_before(bytes)?;
    let (_, number) = digits_before(bytes)?;
    u32::try_from(decimal(generation).and(decimal(number))?).ok()
}

/// The digits that stand before the white space at the end of `bytes`, and what stands before them.
fn digits_before(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let spaces = bytes.iter().rev().take_while(|byte| is_space(**byte)).take(MOST_BETWEEN).count();
    let bytes = bytes.get(..bytes.len().checked_sub(spaces)?)?;
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).take(MOST_BETWEEN).count();
    if spaces == 0 || digits == 0 { None } else { bytes.split_at_checked(bytes.len().checked_sub(digits)?) }
}

/// A set of places.
pub(crate) struct Places(Vec<u64>);

impl Places {
    pub(crate) fn new(count: usize) -> Places {
        Places(vec![0; count.div_ceil(64)])
    }

    pub(crate) fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Whether it was not in there yet.
    pub(crate) fn insert(&mut self, place: usize) -> bool {
        let new = !self.contains(place);
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
        new
    }
}
