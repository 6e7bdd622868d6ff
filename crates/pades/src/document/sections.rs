//! The chain of cross-reference sections, from startxref along /Prev (ISO 32000-2 §7.5.6).

use super::entries::{Entry, MAX_ENTRIES};
use super::{hybrid, table, xref_stream};
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::Lexer;
use crate::object::{Dictionary, Object};
use std::collections::HashSet;

/// Sections in one file; each signature adds one.
const MAX_SECTIONS: usize = 4_096;

/// How cross references are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XrefStyle {
    /// As a table (ISO 32000-2 §7.5.4).
    Table,
    /// As a stream (ISO 32000-2 §7.5.8).
    Stream,
}

/// One cross-reference section with its trailer.
#[derive(Clone)]
pub(super) struct Section<'a> {
    /// As the file names it, so relative to the header.
    pub(super) offset: u64,
    /// Offset in the file of the byte after the section.
    pub(super) end: u64,
    pub(super) style: XrefStyle,
    pub(super) trailer: Dictionary<'a>,
    /// /Size, if it has a sensible value.
    pub(super) size: Option<u32>,
    pub(super) entries: Vec<(u32, Entry)>,
    /// The object number of the cross-reference stream that it is, or that stands beside it.
    pub(super) stream: Option<u32>,
    /// Offset of the cross-reference stream beside the table of a hybrid-reference file, as the file names it.
    pub(super) beside: Option<u64>,
}

/// Reads all sections, newest first.
pub(super) fn chain(bytes: &[u8], base: u64, startxref: u64) -> Result<Vec<Section<'_>>, ReadError> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(startxref);
    let mut allowed = MAX_ENTRIES;
    while let Some(offset) = next {
        let at = offset.saturating_add(base);
        if !seen.insert(offset) {
            return Err(ReadError::damaged(Damage::PrevLoop, at));
        }
        if sections.len() >= MAX_SECTIONS {
            return Err(ReadError::TooComplex { what: Limit::Sections, offset: at });
        }
        let section = section(bytes, base, offset, allowed)?;
        allowed = allowed.saturating_sub(section.entries.len());
        next = previous(&section.trailer)?;
        sections.push(section);
    }
    Ok(sections)
}

/// Reads one section with at most `allowed` entries.
fn section(bytes: &[u8], base: u64, offset: u64, allowed: usize) -> Result<Section<'_>, ReadError> {
    let at = offset.saturating_add(base);
    let missing = ReadError::damaged(Damage::NoSection, at);
    let start = usize::try_from(at).map_err(|_| missing)?;
    let mut lexer = Lexer::new(bytes.get(start..).ok_or(missing)?, at);
    lexer.skip_white();
    if lexer.take_keyword(b"xref") {
        hybrid::completed(table::read(lexer, offset, allowed)?, bytes, base, allowed)
    } else {
        xref_stream::read(bytes, base, offset, allowed)
    }
}

/// The /Prev of a trailer. It must be direct, for nothing can be looked up yet.
pub(super) fn previous(trailer: &Dictionary<'_>) -> Result<Option<u64>, ReadError> {
    let malformed = ReadError::damaged(Damage::Trailer, trailer.offset());
    match trailer.get("Prev")? {
        Object::Null => Ok(None),
        Object::Integer(offset) => u64::try_from(offset).map(Some).map_err(|_| malformed),
        _ => Err(malformed),
    }
}

/// The /Size of a trailer: required, and an integer. Whether it fits the entries is another matter, and nobody minds.
pub(super) fn size(trailer: &Dictionary<'_>) -> Result<Option<u32>, ReadError> {
    match trailer.get("Size")? {
        Object::Integer(size) => Ok(u32::try_from(size).ok()),
        _ => Err(ReadError::damaged(Damage::Trailer, trailer.offset())),
    }
}
