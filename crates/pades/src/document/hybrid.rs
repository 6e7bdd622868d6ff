//! Hybrid-reference files: a table with a cross-reference stream beside it (ISO 32000-2 §7.5.8.4).
//!
//! Readers take the table first, then the stream beside it, then what /Prev names; whichever names an object first is believed. They part
//! where the table says that an object is free which the stream says is there, as the standard has it for objects that old readers are not to
//! see: qpdf and poppler show it, MuPDF and pdf.js do not. So a file is read as long as table and stream never speak of one object in two
//! ways, and the stream leads to no other sections than the table does; else it is refused.

use super::entries::Entry;
use super::sections::{Section, previous};
use super::xref_stream;
use crate::error::{Damage, ReadError};
use crate::object::Object;
use std::collections::HashMap;

/// A table's section with the entries of the stream that its trailer names, of at most `allowed` entries together.
pub(super) fn completed<'a>(
    mut table: Section<'a>,
    bytes: &'a [u8],
    base: u64,
    allowed: usize,
) -> Result<Section<'a>, ReadError> {
    let malformed = ReadError::damaged(Damage::Trailer, table.trailer.offset());
    let offset = match table.trailer.get("XRefStm")? {
        Object::Null => return Ok(table),
        Object::Integer(offset) => u64::try_from(offset).map_err(|_| malformed)?,
        _ => return Err(malformed),
    };
    let left = allowed.saturating_sub(table.entries.len());
    let stream = xref_stream::read(bytes, base, offset, left)?;
    let elsewhere = previous(&stream.trailer)?;
    if elsewhere.is_some() && elsewhere != previous(&table.trailer)? {
        return Err(ReadError::Hybrid);
    }
    let listed: HashMap<u32, Entry> = table.entries.iter().copied().collect();
    for (number, entry) in stream.entries {
        match listed.get(&number) {
            None => table.entries.push((number, entry)),
            Some(same) if *same == entry => {}
            Some(_) => return Err(ReadError::Hybrid),
        }
    }
    table.stream = stream.stream;
    table.beside = Some(offset);
    Ok(table)
}
