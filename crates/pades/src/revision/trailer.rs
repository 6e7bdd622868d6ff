//! The end of the update: cross references in the style of the file, and the trailer (ISO 32000-2 §7.5.4, §7.5.5,
//! §7.5.8).

use std::ops::Range;

use super::appendix::Appendix;
use super::error::RevisionError;
use crate::document::{Document, XrefStyle};
use crate::error::ReadError;

/// Bytes of a file identifier that this crate makes.
pub(super) const ID_LEN: usize = 16;

/// Entries that are written anew or describe only the section they stand in. All others are carried on, as
/// ISO 32000-2 §7.5.6 wants it.
const NOT_CARRIED: [&str; 14] = [
    "Size",
    "Prev",
    "ID",
    "XRefStm",
    "Type",
    "W",
    "Index",
    "Filter",
    "DecodeParms",
    "Length",
    "F",
    "FFilter",
    "FDecodeParms",
    "DL",
];

/// A complete update, but for the values that are filled in afterwards.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where the hexadecimal digits of the renewed file identifier stand (twice, if the file had none), zeros as yet.
    pub(super) id_digits: Vec<Range<usize>>,
}

/// Writes cross references, trailer and startxref.
pub(super) fn close(appendix: Appendix, document: &Document<'_>) -> Result<Written, RevisionError> {
    match document.xref_style() {
        XrefStyle::Table => close_with_table(appendix, document),
        XrefStyle::Stream => close_with_stream(appendix, document),
    }
}

fn close_with_table(mut appendix: Appendix, document: &Document<'_>) -> Result<Written, RevisionError> {
    let startxref = appendix.offset()?;
    let mut table = b"xref\n".to_vec();
    for run in runs(&appendix) {
        let first = run.first().map_or(0, |(number, ..)| *number);
        table.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
        for (_, offset, generation) in run {
            table.extend_from_slice(format!("{offset:010} {generation:05} n \n").as_bytes());
        }
    }
    table.extend_from_slice(b"trailer\n");
    appendix.text(&table);
    let (trailer, id_digits) = trailer(document, appendix.size(), &[])?;
    let at = appendix.len();
    appendix.text(&trailer);
    appendix.text(b"\n");
    Ok(end(appendix, startxref, at, id_digits))
}

fn close_with_stream(mut appendix: Appendix, document: &Document<'_>) -> Result<Written, RevisionError> {
    let reference = appendix.reserve()?;
    let startxref = appendix.offset()?;
    // The section lists itself.
    let mut entries: Vec<_> = appendix.entries().collect();
    entries.push((reference.number, startxref, reference.generation));
    let offset_width = if startxref > u64::from(u32::MAX) { 8 } else { 4 };
    let mut data = Vec::new();
    let mut index = String::new();
    for run in split_runs(entries) {
        let first = run.first().map_or(0, |(number, ..)| *number);
        index.push_str(&format!("{first} {} ", run.len()));
        for (_, offset, generation) in run {
            data.push(1);
            data.extend_from_slice(offset.to_be_bytes().get(8 - offset_width..).unwrap_or_default());
            data.extend_from_slice(&generation.to_be_bytes());
        }
    }
    let own = [
        ("Type", "/XRef".to_owned()),
        ("W", format!("[1 {offset_width} 2]")),
        ("Index", format!("[{}]", index.trim_end())),
        ("Length", data.len().to_string()),
    ];
    let (mut body, id_digits) = trailer(document, appendix.size(), &own)?;
    body.extend_from_slice(b"\nstream\n");
    body.extend_from_slice(&data);
    body.extend_from_slice(b"\nendstream");
    let at = appendix.object(reference, &body)?;
    Ok(end(appendix, startxref, at, id_digits))
}

fn end(mut appendix: Appendix, startxref: u64, trailer_at: usize, id_digits: Vec<Range<usize>>) -> Written {
    appendix.text(format!("startxref\n{startxref}\n%%EOF\n").as_bytes());
    let id_digits = id_digits.into_iter().map(|r| r.start + trailer_at..r.end + trailer_at).collect();
    Written { bytes: appendix.into_bytes(), id_digits }
}

/// The trailer dictionary, and where in it the digits of the renewed identifier stand.
fn trailer(
    document: &Document<'_>,
    size: u32,
    own: &[(&str, String)],
) -> Result<(Vec<u8>, Vec<Range<usize>>), RevisionError> {
    let mut body = b"<<".to_vec();
    let mut entry = |key: &[u8], value: &[u8]| {
        body.extend_from_slice(b"\n/");
        body.extend_from_slice(key);
        body.push(b' ');
        body.extend_from_slice(value);
    };
    for (key, value) in own {
        entry(key.as_bytes(), value.as_bytes());
    }
    for (key, raw) in document.trailer().iter().filter(|(key, _)| !NOT_CARRIED.iter().any(|not| key.is(not)))
    {
        entry(key.raw(), raw);
    }
    entry(b"Size", size.to_string().as_bytes());
    entry(b"Prev", document.startxref().to_string().as_bytes());
    body.extend_from_slice(b"\n/ID [");
    let mut id_digits = Vec::new();
    let mut renewed = |body: &mut Vec<u8>| {
        body.push(b'<');
        id_digits.push(body.len()..body.len() + 2 * ID_LEN);
        body.extend_from_slice(&[b'0'; 2 * ID_LEN]);
        body.push(b'>');
    };
    match permanent_id(document)? {
        Some(id) => body.extend_from_slice(&id),
        // A file without identifier gets both halves alike, as if it were new (ISO 32000-2 §14.4).
        None => renewed(&mut body),
    }
    renewed(&mut body);
    body.extend_from_slice(b"]\n>>");
    Ok((body, id_digits))
}

/// The first element of /ID as it stands in the file: it never changes.
fn permanent_id(document: &Document<'_>) -> Result<Option<Vec<u8>>, ReadError> {
    let Some(array) = document.value(document.trailer(), "ID")?.as_array() else { return Ok(None) };
    let Some(first) = array.iter().next() else { return Ok(None) };
    let first = document.resolve(first?)?;
    Ok(first.as_string().filter(|id| !id.bytes().is_empty()).map(|id| id.raw().to_vec()))
}

fn runs(appendix: &Appendix) -> Vec<Vec<(u32, u64, u16)>> {
    split_runs(appendix.entries().collect())
}

/// Entries with consecutive object numbers together: the subsections.
fn split_runs(entries: Vec<(u32, u64, u16)>) -> Vec<Vec<(u32, u64, u16)>> {
    let mut runs: Vec<Vec<(u32, u64, u16)>> = Vec::new();
    for entry in entries {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(last, ..)| last + 1 == entry.0) => run.push(entry),
            _ => runs.push(vec![entry]),
        }
    }
    runs
}
