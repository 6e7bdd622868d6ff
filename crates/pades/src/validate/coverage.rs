//! Which bytes a signature covers (ISO 32000-2 §12.8.1).

use super::report::Coverage;
use crate::document::Document;
use crate::error::ReadError;
use crate::object::{Dictionary, Object};

/// The two runs of bytes that are signed, and what lies between them.
pub(super) struct Covered<'a> {
    pub(super) parts: [&'a [u8]; 2],
    pub(super) coverage: Coverage,
}

/// /ByteRange, if it consists of four integers that are not negative.
pub(super) fn byte_range(
    document: &Document<'_>,
    signature: &Dictionary<'_>,
) -> Result<Option<[u64; 4]>, ReadError> {
    let Object::Array(array) = document.value(signature, "ByteRange")? else { return Ok(None) };
    let mut numbers = Vec::new();
    for element in array.iter().take(5) {
        let number = document.resolve(element?)?.as_integer();
        match number.and_then(|number| u64::try_from(number).ok()) {
            Some(number) => numbers.push(number),
            None => return Ok(None),
        }
    }
    Ok(numbers.try_into().ok())
}

/// Checks that `byte_range` leaves out exactly the value of /Contents and covers all else of a whole revision. Anything
/// less would leave room for bytes that nobody signed.
pub(super) fn covered<'a>(
    document: &Document<'a>,
    signature: &Dictionary<'_>,
    byte_range: [u64; 4],
) -> Result<Covered<'a>, &'static str> {
    let bytes = document.bytes();
    let [start, first_len, second, second_len] = byte_range;
    if start != 0 {
        return Err("/ByteRange does not start at 0");
    }
    let end = second.checked_add(second_len).ok_or("/ByteRange overflows")?;
    let slice = |from: u64, to: u64| bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?);
    let parts = slice(0, first_len).zip(slice(second, end)).ok_or("/ByteRange reaches beyond the file")?;
    let hole = slice(first_len, second).ok_or("/ByteRange leaves nothing out")?;
    let contents = signature.get_raw("Contents").ok_or("/Contents is missing")?;
    // The same place, not merely the same bytes.
    if contents.as_ptr() != hole.as_ptr() || contents.len() != hole.len() || !contents.starts_with(b"<") {
        return Err("what /ByteRange leaves out is not exactly /Contents");
    }
    let coverage = if end == bytes.len() as u64 {
        Coverage::WholeFile
    } else if document.revisions().iter().any(|revision| end == revision.end || end == revision.marker_end) {
        Coverage::WholeRevision { end }
    } else {
        return Err("/ByteRange does not end where a revision ends");
    };
    Ok(Covered { parts: [parts.0, parts.1], coverage })
}
