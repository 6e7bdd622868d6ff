//! What the targets that read PDF have in common.

use std::borrow::Cow;

use sealkeeper_pades::{Document, Limit, ReadError};

use crate::outline;

/// Pages, objects and revisions of one file that are looked at, each.
pub(crate) const ENOUGH: usize = 64;

/// The input itself, if it is a PDF; else the file that it is the outline of.
pub(crate) fn file(input: &[u8]) -> Cow<'_, [u8]> {
    const HEADER: &[u8] = b"%PDF-";
    // So far a reader looks for it.
    let head = input.get(..1024 + HEADER.len()).unwrap_or(input);
    let is_pdf = head.windows(HEADER.len()).any(|window| window == HEADER);
    if is_pdf { Cow::Borrowed(input) } else { Cow::Owned(outline::file(input)) }
}

/// Whether it is only for its size that something was refused.
pub(crate) fn is_limit(error: &ReadError) -> bool {
    matches!(error, ReadError::TooComplex { what: Limit::Work | Limit::Decoded, .. })
}

/// The indices of the pages that are looked at; none if the page tree is damaged.
pub(crate) fn pages(document: &Document<'_>) -> std::ops::Range<usize> {
    0..document.page_count().unwrap_or(0).min(ENOUGH)
}
