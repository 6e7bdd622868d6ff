//! Where each revision of the file ends (ISO 32000-2 §7.5.6).

use super::sections::Section;
use crate::lexer::Lexer;

/// One revision: the original file, or an incremental update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// The offset of its cross-reference section as its startxref names it (relative to [`crate::Document::offset_base`]).
    pub startxref: u64,
    /// Offset in the file of the byte after `%%EOF`.
    pub marker_end: u64,
    /// The same, after the end-of-line that follows `%%EOF`, if one does: where the next revision begins.
    pub end: u64,
}

/// All revisions, oldest first. The tail of a linearized file's first part (ISO 32000-2 Annex F) names no section and is none.
pub(super) fn revisions(bytes: &[u8], sections: &[Section<'_>]) -> Vec<Revision> {
    let mut found: Vec<Revision> = sections
        .iter()
        .filter_map(|section| tail(bytes, section.end))
        .filter(|revision| sections.iter().any(|section| section.offset == revision.startxref))
        .collect();
    found.sort_unstable_by_key(|revision| revision.end);
    found
}

/// The `startxref`, number and `%%EOF` that stand at the offset `at`.
fn tail(bytes: &[u8], at: u64) -> Option<Revision> {
    let mut lexer = Lexer::new(bytes.get(usize::try_from(at).ok()?..)?, at);
    lexer.skip_space();
    if !lexer.take(b"startxref") {
        return None;
    }
    lexer.skip_white();
    let startxref = lexer.unsigned()?;
    lexer.skip_white();
    if !lexer.take(b"%%EOF") {
        return None;
    }
    let marker_end = lexer.offset();
    if !lexer.take(b"\r\n") && !lexer.take(b"\n") {
        lexer.take(b"\r");
    }
    Some(Revision { startxref, marker_end, end: lexer.offset() })
}
