//! Object streams (ISO 32000-2 §7.5.7).

use super::Document;
use super::entries::Entry;
use super::stream;
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::{Lexer, Raw};
use crate::object::{Object, Reference};
use std::ops::Range;
use std::sync::atomic::Ordering;

/// One object stream may decode to this much, ...
const MAX_DECODED: usize = 64 << 20;
/// ... and all together, as they are kept, to this much.
const MAX_TOGETHER: usize = 256 << 20;

/// A decoded object stream.
pub(super) struct ObjectStream {
    plain: Vec<u8>,
    /// Number and place in `plain` of each object, in the stream's order.
    index: Vec<(u32, Range<usize>)>,
    /// Offset in the file that errors name.
    at: u64,
}

impl ObjectStream {
    fn read(document: &Document<'_>, number: u32) -> Result<ObjectStream, ReadError> {
        let reference = Reference { number, generation: 0 };
        let Object::Stream(stream) = document.uncompressed(reference)? else {
            return Err(ReadError::damaged(Damage::ObjectStream, 0));
        };
        let at = stream.after_keyword;
        let broken = ReadError::damaged(Damage::ObjectStream, at);
        if !stream.dictionary.is_type("ObjStm") {
            return Err(broken);
        }
        let size = |key: &str| -> Result<usize, ReadError> {
            let value = stream.dictionary.get(key)?.as_integer();
            value.and_then(|value| usize::try_from(value).ok()).ok_or(broken)
        };
        let (count, first) = (size("N")?, size("First")?);
        let data = document.structural_data(&stream)?;
        let plain = stream::decode_direct(&stream, data, MAX_DECODED)?.into_owned();
        let together = document.decoded.fetch_add(plain.len(), Ordering::Relaxed).saturating_add(plain.len());
        if together > MAX_TOGETHER {
            return Err(ReadError::TooComplex { what: Limit::ObjectStreams, offset: at });
        }
        let in_force = |object: u32, index: u32| {
            document.entries.find(object) == Some(Entry::Compressed { stream: number, index })
        };
        let index = index(&plain, count, first, at, &in_force).ok_or(broken)?;
        // Some readers parse all of them one after the other, so that one malformed object takes its neighbours along.
        for (place, (object, range)) in (0u32..).zip(&index) {
            if in_force(*object, place) {
                value(&plain, range, at)?;
            }
        }
        Ok(ObjectStream { plain, index, at })
    }

    /// The object at `place`, which must be the one called `number`.
    fn raw(&self, place: u32, number: u32) -> Result<Raw<'_>, ReadError> {
        let broken = ReadError::damaged(Damage::ObjectStream, self.at);
        let (found, range) = self.index.get(place as usize).ok_or(broken)?;
        if *found != number {
            return Err(broken);
        }
        value(&self.plain, range, self.at)
    }
}

/// The one value at `range`.
fn value<'s>(plain: &'s [u8], range: &Range<usize>, at: u64) -> Result<Raw<'s>, ReadError> {
    let broken = ReadError::damaged(Damage::ObjectStream, at);
    let mut lexer = Lexer::fixed(plain.get(range.clone()).ok_or(broken)?, at);
    lexer.skip_space();
    let value = lexer.value().map_err(|error| match error {
        ReadError::Damaged { .. } => broken,
        other => other,
    })?;
    lexer.skip_space();
    if lexer.rest().is_empty() { Ok(value) } else { Err(broken) }
}

/// The objects that the pairs of number and offset at the head of the stream name. Those in force must come in rising order (§7.5.7),
/// so that none lies in another; for the others, replaced by later revisions, nothing depends on it.
fn index(
    plain: &[u8],
    count: usize,
    first: usize,
    at: u64,
    in_force: &dyn Fn(u32, u32) -> bool,
) -> Option<Vec<(u32, Range<usize>)>> {
    let mut lexer = Lexer::fixed(plain.get(..first)?, at);
    let mut starts: Vec<(u32, usize)> = Vec::new();
    let mut last = None;
    for place in 0..u32::try_from(count).ok()? {
        lexer.skip_space();
        let number = u32::try_from(lexer.unsigned()?).ok()?;
        lexer.skip_space();
        let start = usize::try_from(lexer.unsigned()?).ok()?.checked_add(first)?;
        if in_force(number, place) {
            if last.is_some_and(|last| last >= start) {
                return None;
            }
            last = Some(start);
        }
        starts.push((number, start));
    }
    let mut boundaries: Vec<usize> = starts.iter().map(|(_, start)| *start).collect();
    boundaries.sort_unstable();
    let end = |start: usize| {
        let next = boundaries.partition_point(|boundary| *boundary <= start);
        boundaries.get(next).copied().unwrap_or(plain.len())
    };
    Some(starts.iter().map(|(number, start)| (*number, *start..end(*start))).collect())
}

impl Document<'_> {
    /// The object `reference`, which is said to be the `place`th of the object stream `stream`.
    pub(super) fn compressed(
        &self,
        reference: Reference,
        stream: u32,
        place: u32,
    ) -> Result<Object<'_>, ReadError> {
        Object::parse(self.compressed_raw(reference, stream, place)?)
    }

    /// The same as bytes.
    pub(super) fn compressed_raw(
        &self,
        reference: Reference,
        stream: u32,
        place: u32,
    ) -> Result<Raw<'_>, ReadError> {
        let object_stream = match self.object_streams.get(&stream) {
            Some(known) => known,
            None => self.object_streams.insert(stream, Box::new(ObjectStream::read(self, stream)?)),
        };
        if reference.generation != 0 {
            return Err(ReadError::damaged(Damage::Generation, object_stream.at));
        }
        let raw = object_stream.raw(place, reference.number)?;
        self.charge(raw.bytes.len(), object_stream.at)?;
        Ok(raw)
    }

    /// The object `reference` if it stands in the body of the file, not in an object stream.
    pub(super) fn uncompressed(&self, reference: Reference) -> Result<Object<'_>, ReadError> {
        match self.entries.find(reference.number) {
            Some(Entry::Compressed { .. }) => Err(ReadError::damaged(Damage::ObjectStream, 0)),
            _ => self.object(reference),
        }
    }
}
