//! The bytes that are appended, and where its objects stand in them.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::Writer;

use super::error::RevisionError;
use crate::document::Document;
use crate::facts::Named;
use crate::object::Reference;

/// Object numbers beyond this are refused by common readers (ISO 32000-1 Annex C).
const MAX_OBJECT_NUMBER: u32 = 8_388_607;
/// A cross-reference table has room for ten digits (ISO 32000-2 §7.5.4).
pub(super) const MAX_OFFSET: u64 = 9_999_999_999;

/// An incremental update being written: objects first, then (see [`super::trailer`]) cross references and trailer.
pub(super) struct Appendix {
    /// Where the first appended byte will stand in the file.
    start: u64,
    /// How many bytes of the file precede its header; written offsets count from there.
    offset_base: u64,
    bytes: Vec<u8>,
    next_number: u32,
    /// Higher numbers that the file names without having them.
    named: BTreeSet<u32>,
    /// By object number: the offset as it is written, and the generation.
    entries: BTreeMap<u32, (u64, u16)>,
}

impl Appendix {
    /// Begins on a new line after the end of the file.
    pub(super) fn after(document: &Document<'_>, named: &Named) -> Appendix {
        let file = document.bytes();
        let bytes = match file.last() {
            Some(b'\n' | b'\r') => Vec::new(),
            _ => b"\n".to_vec(),
        };
        let next_number = document.next_free_number();
        Appendix {
            start: file.len() as u64,
            offset_base: document.offset_base(),
            bytes,
            next_number,
            named: named.numbers_from(next_number),
            entries: BTreeMap::new(),
        }
    }

    /// A new object number, which nothing in the file names.
    pub(super) fn reserve(&mut self) -> Result<Reference, RevisionError> {
        while self.named.remove(&self.next_number) {
            self.next_number += 1;
        }
        if self.next_number > MAX_OBJECT_NUMBER {
            return Err(RevisionError::TooLarge("no object number is free"));
        }
        let reference = Reference { number: self.next_number, generation: 0 };
        self.next_number += 1;
        Ok(reference)
    }

    /// Writes the object `reference`; returns where in the appended bytes its body begins.
    pub(super) fn object(&mut self, reference: Reference, body: &[u8]) -> Result<usize, RevisionError> {
        let offset = self.offset()?;
        self.entries.insert(reference.number, (offset, reference.generation));
        let head = format!("{} {} obj\n", reference.number, reference.generation);
        self.bytes.extend_from_slice(head.as_bytes());
        let at = self.bytes.len();
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
        Ok(at)
    }

    /// Writes a stream as the object `reference`.
    pub(super) fn stream(
        &mut self,
        reference: Reference,
        stream: lopdf::Stream,
    ) -> Result<(), RevisionError> {
        let mut body = Vec::new();
        Writer::write_object(&mut body, &lopdf::Object::Stream(stream))?;
        self.object(reference, &body)?;
        Ok(())
    }

    /// Writes bytes that are no object.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Where the next byte will stand, as the file's cross references write it.
    pub(super) fn offset(&self) -> Result<u64, RevisionError> {
        let offset = self.start + self.bytes.len() as u64 - self.offset_base;
        if offset > MAX_OFFSET {
            return Err(RevisionError::TooLarge("an offset has more than ten digits"));
        }
        Ok(offset)
    }

    /// One above the highest object number there is.
    pub(super) fn size(&self) -> u32 {
        self.next_number
    }

    /// Number, offset and generation of each object written, by ascending number.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, u64, u16)> + '_ {
        self.entries.iter().map(|(number, (offset, generation))| (*number, *offset, *generation))
    }

    /// How many bytes are written.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
