//! Cross-reference streams (ISO 32000-2 §7.5.8).

use super::entries::{Entry, MAX_ENTRIES};
use super::indirect;
use super::sections::{Section, XrefStyle, size};
use super::stream;
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::Lexer;
use crate::object::{Array, Dictionary, Object, Stream};

/// A section may decode to this much: 4,000,000 entries of 16 bytes.
const MAX_DECODED: usize = 64 << 20;

/// Reads the section at `offset` (relative to the header, as `base` is to the file).
pub(super) fn read(bytes: &[u8], base: u64, offset: u64) -> Result<Section<'_>, ReadError> {
    let at = offset.saturating_add(base);
    let missing = ReadError::damaged(Damage::NoSection, at);
    let malformed = ReadError::damaged(Damage::XrefStream, at);
    let indirect = indirect::at(bytes, at, None).map_err(|error| match error {
        ReadError::Damaged { what: Damage::WrongOffset | Damage::Syntax | Damage::Unfinished, .. } => missing,
        other => other,
    })?;
    let Object::Stream(Stream { dictionary: trailer, after_keyword }) = indirect.value else {
        return Err(missing);
    };
    if !trailer.is_type("XRef") {
        return Err(missing);
    }
    // Nothing can be looked up yet, so the length is direct.
    let length = trailer.get("Length")?.as_integer().and_then(|length| u64::try_from(length).ok());
    let stream = Stream { dictionary: trailer, after_keyword };
    let (data, after_data) = stream::data(bytes, &stream, length.ok_or(malformed)?, None)?;
    let plain = stream::decode_direct(&stream, data, MAX_DECODED)?;
    let trailer = stream.dictionary;
    let size = size(&trailer)?;
    let entries = entries(&trailer, &plain).map_err(|error| error.unwrap_or(malformed))?;
    let end = after_endobj(bytes, after_data);
    Ok(Section { offset, end, style: XrefStyle::Stream, trailer, size, entries })
}

/// Offset after the `endobj` that stands at the offset `at`.
fn after_endobj(bytes: &[u8], at: u64) -> u64 {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let mut lexer = Lexer::new(rest, at);
    lexer.skip_white();
    lexer.take(b"endobj");
    lexer.offset()
}

/// The entries; `None` as an error where the stream itself is malformed.
fn entries(trailer: &Dictionary<'_>, plain: &[u8]) -> Result<Vec<(u32, Entry)>, Option<ReadError>> {
    let widths = numbers(trailer.get("W")?.as_array().ok_or(None)?)?;
    let widths = <[u64; 3]>::try_from(widths).map_err(|_| None)?;
    let [kind_width, second_width, third_width] =
        widths.map(|width| if width <= 8 { Some(width as usize) } else { None });
    let (kind_width, second_width, third_width) =
        (kind_width.ok_or(None)?, second_width.ok_or(None)?, third_width.ok_or(None)?);
    let width = kind_width + second_width + third_width;
    if width == 0 {
        return Err(None);
    }
    let index = match trailer.get("Index")? {
        Object::Null => {
            vec![0, trailer.get("Size")?.as_integer().and_then(|s| u64::try_from(s).ok()).ok_or(None)?]
        }
        Object::Array(index) => numbers(index)?,
        _ => return Err(None),
    };
    let mut rows = plain.chunks_exact(width);
    let mut entries = Vec::with_capacity(rows.len().min(MAX_ENTRIES));
    for pair in index.chunks(2) {
        let [first, count] = *pair else { return Err(None) };
        for number in first..first.saturating_add(count) {
            // The stream must have all entries it promises; a reader that stops short sees other objects than one that does not.
            let row = rows.next().ok_or(None)?;
            if entries.len() >= MAX_ENTRIES {
                return Err(Some(ReadError::TooComplex { what: Limit::Entries, offset: trailer.offset() }));
            }
            let number = u32::try_from(number).map_err(|_| None)?;
            let (kind, rest) = row.split_at_checked(kind_width).ok_or(None)?;
            let (second, third) = rest.split_at_checked(second_width).ok_or(None)?;
            // Without the first field, all entries are of type 1 (Table 17).
            let kind = if kind_width == 0 { 1 } else { field(kind) };
            if number != 0 {
                entries.push((number, entry(kind, field(second), field(third))?));
            }
        }
    }
    Ok(entries)
}

fn entry(kind: u64, second: u64, third: u64) -> Result<Entry, Option<ReadError>> {
    match kind {
        1 if second == 0 => Ok(Entry::Free),
        1 => Ok(Entry::InUse { offset: second, generation: u16::try_from(third).map_err(|_| None)? }),
        2 => Ok(Entry::Compressed {
            stream: u32::try_from(second).map_err(|_| None)?,
            index: u32::try_from(third).map_err(|_| None)?,
        }),
        // 0 is free; any other type is a reference to null (Table 18).
        _ => Ok(Entry::Free),
    }
}

fn field(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// A short array of unsigned direct integers.
fn numbers(array: Array<'_>) -> Result<Vec<u64>, Option<ReadError>> {
    let number = |element: Result<Object<'_>, ReadError>| {
        element?.as_integer().and_then(|value| u64::try_from(value).ok()).ok_or(None)
    };
    array.iter().map(number).collect()
}
