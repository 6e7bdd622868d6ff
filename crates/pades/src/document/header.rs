//! Both ends of a file: the header (ISO 32000-2 §7.5.2) and startxref (§7.5.5).

use crate::error::{Damage, ReadError};
use crate::lexer::Lexer;

/// Both are searched for within this many bytes, as most readers do.
const WINDOW: usize = 1_024;

pub(super) struct Header {
    /// Offset of `%PDF-`.
    pub(super) offset: u64,
    pub(super) version: (u8, u8),
}

/// Whether a file that begins with `head` may yet turn out to be a PDF: not once the first 1,024 bytes are there and hold no header. For
/// whoever receives a file and wants to refuse it before it is whole.
#[must_use]
pub fn may_be_pdf(head: &[u8]) -> bool {
    match head.get(..WINDOW) {
        None => true,
        Some(window) => window.windows(5).any(|w| w == b"%PDF-"),
    }
}

/// Finds the header.
pub(super) fn header(bytes: &[u8]) -> Result<Header, ReadError> {
    let window = bytes.get(..WINDOW).unwrap_or(bytes);
    let offset = window.windows(5).position(|w| w == b"%PDF-").ok_or(ReadError::NotPdf)?;
    let text = window.get(offset + 5..).unwrap_or_default();
    // A version nobody can read troubles nobody; every reader goes on with a default.
    let version = version(text).unwrap_or((1, 0));
    Ok(Header { offset: offset as u64, version })
}

/// The version that `text` begins with, such as `1.7`.
pub(super) fn version(text: &[u8]) -> Option<(u8, u8)> {
    match text {
        [major @ b'1'..=b'9', b'.', minor @ b'0'..=b'9', ..] => Some((major - b'0', minor - b'0')),
        _ => None,
    }
}

/// The number after the last `startxref`.
pub(super) fn startxref(bytes: &[u8]) -> Result<u64, ReadError> {
    let start = bytes.len().saturating_sub(WINDOW);
    let window = bytes.get(start..).unwrap_or_default();
    let missing = ReadError::damaged(Damage::NoStartxref, start as u64);
    let found = window.windows(9).rposition(|w| w == b"startxref").ok_or(missing)?;
    let mut lexer = Lexer::new(window.get(found + 9..).unwrap_or_default(), (start + found + 9) as u64);
    lexer.skip_space();
    lexer.unsigned().ok_or(lexer.damaged(Damage::NoStartxref))
}
