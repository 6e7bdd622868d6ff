//! Every object in force, one after the other, as bytes.

use super::entries::Entry;
use super::{Document, indirect};
use crate::error::ReadError;
use crate::lexer::Raw;
use crate::object::Reference;

/// An object's value as bytes: a stream's dictionary, without its data.
pub(crate) struct Body<'s> {
    pub(crate) reference: Reference,
    pub(crate) raw: Raw<'s>,
    pub(crate) is_stream: bool,
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
                let (raw, is_stream) = indirect::body(self.bytes, at, self.boundary_after(at))?;
                self.charge(raw.bytes.len(), at)?;
                Ok(Some(Body { reference: Reference { number, generation }, raw, is_stream }))
            }
            Entry::Compressed { stream, index } => {
                let reference = Reference { number, generation: 0 };
                let raw = self.compressed_raw(reference, stream, index)?;
                Ok(Some(Body { reference, raw, is_stream: false }))
            }
        }
    }
}
