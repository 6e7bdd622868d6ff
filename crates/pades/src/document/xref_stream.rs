//! Cross-reference streams (ISO 32000-2 §7.5.8).

use super::entries::{Entry, MAX_ENTRIES};
use super::indirect;
use super::sections::{Section, XrefStyle, size};
use super::stream;
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::Lexer;
use crate::object::{Array, Dictionary, Object};

/// Numbers in /Index.
const MAX_INDEX: usize = 2 * MAX_ENTRIES;

/// What a section may decode to beyond its entries, for readers pass over what is too much.
const SLACK: usize = 64 << 10;

/// Reads the section at `offset` (relative to the header, as `base` is to the file), of at most `allowed` entries.
pub(super) fn read(bytes: &[u8], base: u64, offset: u64, allowed: usize) -> Result<Section<'_>, ReadError> {
    let at = offset.saturating_add(base);
    let missing = ReadError::damaged(Damage::NoSection, at);
    let malformed = ReadError::damaged(Damage::XrefStream, at);
    let indirect = indirect::at(bytes, at, None).map_err(|error| match error {
        ReadError::Damaged { what: Damage::WrongOffset | Damage::Syntax | Damage::Unfinished, .. } => missing,
        other => other,
    })?;
    let own = Some(indirect.reference.number);
    let Object::Stream(stream) = indirect.value else { return Err(missing) };
    if !stream.dictionary.is_type("XRef") {
        return Err(missing);
    }
    let size = size(&stream.dictionary)?;
    let layout = Layout::read(&stream.dictionary)?.ok_or(malformed)?;
    let count = layout.count().ok_or(malformed)?;
    if count > allowed {
        return Err(ReadError::TooComplex { what: Limit::Entries, offset: at });
    }
    // Nothing can be looked up yet, so the length is direct.
    let length = stream.dictionary.get("Length")?.as_integer().and_then(|length| u64::try_from(length).ok());
    let (data, after_data) = stream::data(bytes, &stream, length.ok_or(malformed)?, None)?;
    // Three times, for predictors and hexadecimal digits on the way take their share.
    let limit = count.saturating_mul(layout.row()).saturating_mul(3).saturating_add(SLACK);
    let plain = stream::decode_direct(&stream, data, limit)?;
    let entries = layout.entries(&plain).ok_or(malformed)?;
    let end = after_endobj(bytes, after_data);
    Ok(Section {
        offset,
        end,
        style: XrefStyle::Stream,
        trailer: stream.dictionary,
        size,
        entries,
        stream: own,
        beside: None,
    })
}

/// Offset after the `endobj` that stands at the offset `at`.
fn after_endobj(bytes: &[u8], at: u64) -> u64 {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let mut lexer = Lexer::new(rest, at);
    lexer.skip_white();
    lexer.take(b"endobj");
    lexer.offset()
}

/// How the entries lie in the data (ISO 32000-2 Table 17).
struct Layout {
    /// Bytes of each field of an entry.
    widths: [usize; 3],
    /// First number and count of each subsection.
    subsections: Vec<(u64, u64)>,
}

impl Layout {
    /// `None` if /W, /Index or /Size are not as they must be.
    fn read(trailer: &Dictionary<'_>) -> Result<Option<Layout>, ReadError> {
        let Object::Array(widths) = trailer.get("W")? else { return Ok(None) };
        let widths = numbers(widths)?.filter(|widths| widths.iter().all(|width| *width <= 8));
        let Some([kind, second, third]) = widths.and_then(|widths| <[u64; 3]>::try_from(widths).ok()) else {
            return Ok(None);
        };
        let widths = [kind as usize, second as usize, third as usize];
        let index = match (trailer.get("Index")?, trailer.get("Size")?) {
            (Object::Array(index), _) => numbers(index)?,
            (Object::Null, Object::Integer(size)) => u64::try_from(size).ok().map(|size| vec![0, size]),
            _ => None,
        };
        let Some(index) = index.filter(|index| index.len() % 2 == 0) else { return Ok(None) };
        let subsections =
            index.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect();
        let layout = Layout { widths, subsections };
        Ok(if layout.row() == 0 { None } else { Some(layout) })
    }

    /// Bytes of one entry.
    fn row(&self) -> usize {
        self.widths.iter().sum()
    }

    /// How many entries there must be.
    fn count(&self) -> Option<usize> {
        let total = self.subsections.iter().try_fold(0u64, |total, (_, count)| total.checked_add(*count))?;
        usize::try_from(total).ok()
    }

    /// All entries. The data must have every one that is promised: a reader that stops short sees other objects than one that does
    /// not.
    fn entries(&self, plain: &[u8]) -> Option<Vec<(u32, Entry)>> {
        let [kind_width, second_width, _] = self.widths;
        let mut rows = plain.chunks_exact(self.row());
        let mut entries = Vec::with_capacity(rows.len().min(self.count()?));
        for (first, count) in &self.subsections {
            for number in *first..first.checked_add(*count)? {
                let number = u32::try_from(number).ok()?;
                let (kind, rest) = rows.next()?.split_at_checked(kind_width)?;
                let (second, third) = rest.split_at_checked(second_width)?;
                // Without the first field, all entries are of type 1.
                let kind = if kind_width == 0 { 1 } else { field(kind) };
                // Object 0 heads the free list and is never an object.
                if number != 0 {
                    entries.push((number, entry(kind, field(second), field(third))?));
                }
            }
        }
        Some(entries)
    }
}

/// One entry (Table 18).
fn entry(kind: u64, second: u64, third: u64) -> Option<Entry> {
    match kind {
        1 if second != 0 => Some(Entry::InUse { offset: second, generation: u16::try_from(third).ok()? }),
        2 => {
            Some(Entry::Compressed { stream: u32::try_from(second).ok()?, index: u32::try_from(third).ok()? })
        }
        0 | 1 => Some(Entry::Free),
        // A reference to null by the standard, but qpdf rebuilds the file.
        _ => None,
    }
}

/// Big-endian.
fn field(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// A short array of unsigned direct integers; `None` if it is anything else.
fn numbers(array: Array<'_>) -> Result<Option<Vec<u64>>, ReadError> {
    let mut numbers = Vec::new();
    for element in array.iter() {
        match element?.as_integer().and_then(|value| u64::try_from(value).ok()) {
            Some(number) if numbers.len() < MAX_INDEX => numbers.push(number),
            _ => return Ok(None),
        }
    }
    Ok(Some(numbers))
}
