//! An indirect object in the body of the file (ISO 32000-2 §7.3.10).

use crate::error::{Damage, ReadError};
use crate::lexer::{Lexer, Raw};
use crate::object::{Object, Reference, Stream};

/// An indirect object as found.
pub(super) struct Indirect<'a> {
    /// What it calls itself.
    pub(super) reference: Reference,
    pub(super) value: Object<'a>,
    /// How many bytes were read to find it.
    pub(super) length: usize,
}

/// Reads the object at the offset `at`. `end` is where the next object begins, if any does: an object that is not complete by then is
/// damage, which also bounds the work that objects hidden inside of each other could cause.
pub(super) fn at(bytes: &[u8], at: u64, end: Option<u64>) -> Result<Indirect<'_>, ReadError> {
    within(bytes, at, end, read)
}

/// The bytes of the object's value, and if that is a stream's dictionary, the offset of the byte after the keyword `stream`.
pub(super) fn body(bytes: &[u8], at: u64, end: Option<u64>) -> Result<(Raw<'_>, Option<u64>), ReadError> {
    within(bytes, at, end, |mut lexer| {
        let (_, raw) = head(&mut lexer)?;
        lexer.skip_space();
        let is_stream = raw.bytes.starts_with(b"<<") && lexer.take(b"stream");
        Ok((raw, is_stream.then(|| lexer.offset())))
    })
}

fn within<'a, T>(
    bytes: &'a [u8],
    at: u64,
    end: Option<u64>,
    read: impl FnOnce(Lexer<'a>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let stop = end.and_then(|end| usize::try_from(end).ok()).unwrap_or(bytes.len()).min(bytes.len());
    let Some(window) = bytes.get(start..stop) else {
        return Err(ReadError::damaged(Damage::WrongOffset, at));
    };
    read(Lexer::new(window, at)).map_err(|error| match error {
        ReadError::Damaged { what: Damage::Unfinished, .. } if end.is_some() => {
            ReadError::damaged(Damage::Overlap, at)
        }
        other => other,
    })
}

/// What it calls itself, and its value.
fn head<'a>(lexer: &mut Lexer<'a>) -> Result<(Reference, Raw<'a>), ReadError> {
    let wrong = lexer.damaged(Damage::WrongOffset);
    lexer.skip_white();
    let (number, generation) = lexer.object_header().ok_or(wrong)?;
    lexer.skip_space();
    Ok((Reference { number, generation }, lexer.value()?))
}

fn read(mut lexer: Lexer<'_>) -> Result<Indirect<'_>, ReadError> {
    let (reference, raw) = head(&mut lexer)?;
    let value = Object::parse(raw)?;
    let value = match value {
        Object::Dictionary(dictionary) => {
            lexer.skip_space();
            if lexer.take(b"stream") {
                Object::Stream(Stream { dictionary, after_keyword: lexer.offset() })
            } else {
                Object::Dictionary(dictionary)
            }
        }
        other => other,
    };
    Ok(Indirect { reference, value, length: lexer.position() })
}

/// Whether the object `number generation` stands at the offset `at`. The byte before must not be a digit, lest `11 0 obj` pass for
/// `1 0 obj`.
pub(super) fn stands_at(bytes: &[u8], at: u64, number: u32, generation: u16) -> bool {
    let Ok(start) = usize::try_from(at) else { return false };
    let Some(rest) = bytes.get(start..) else { return false };
    let mut lexer = Lexer::new(rest, at);
    let white = lexer.skip_white();
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    if white == 0 && before.is_some_and(u8::is_ascii_digit) {
        return false;
    }
    lexer.object_header() == Some((number, generation))
}
