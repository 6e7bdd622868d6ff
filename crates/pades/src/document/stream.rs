//! Stream data (ISO 32000-2 §7.3.8): where they lie, and what they decode to.

use super::Document;
use crate::error::{Damage, Limit, ReadError};
use crate::filter::{self, FilterError, MAX_FILTERS, Parameters};
use crate::lexer::Lexer;
use crate::object::{Dictionary, Name, Object, Stream};
use std::borrow::Cow;

/// The `length` bytes of data. They must begin after one proper end of line and end before `endstream`; where they do not, readers
/// search for the end, each in its own way. `end` is where the next object begins, if any does. Returns the data and the offset after
/// `endstream`.
pub(super) fn data<'a>(
    bytes: &'a [u8],
    stream: &Stream<'_>,
    length: u64,
    end: Option<u64>,
) -> Result<(&'a [u8], u64), ReadError> {
    let at = stream.after_keyword;
    let wrong = ReadError::damaged(Damage::StreamLength, at);
    let start = usize::try_from(at).map_err(|_| wrong)?;
    let mut lexer = Lexer::new(bytes.get(start..).ok_or(wrong)?, at);
    // Blanks before the end of line are passed over by every reader.
    while matches!(lexer.peek(), Some(b' ' | b'\t')) {
        lexer.advance(1);
    }
    // A lone carriage return is not allowed (§7.3.8.1), and may be taken as the first byte of the data.
    if !lexer.take(b"\r\n") && !lexer.take(b"\n") {
        return Err(wrong);
    }
    let length = usize::try_from(length).map_err(|_| wrong)?;
    let data = lexer.rest().get(..length).ok_or(wrong)?;
    lexer.advance(length);
    lexer.skip_white();
    if !lexer.take(b"endstream") || end.is_some_and(|end| lexer.offset() > end) {
        return Err(wrong);
    }
    Ok((data, lexer.offset()))
}

/// Decodes by the stream's filters, whose names and parameters must be direct.
pub(super) fn decode_direct<'b>(
    stream: &Stream<'_>,
    data: &'b [u8],
    limit: usize,
) -> Result<Cow<'b, [u8]>, ReadError> {
    decode(&stream.dictionary, data, limit, Ok)
}

/// Decodes by the stream's filters; `resolve` follows references.
fn decode<'b, 'o>(
    dictionary: &Dictionary<'o>,
    data: &'b [u8],
    limit: usize,
    resolve: impl Fn(Object<'o>) -> Result<Object<'o>, ReadError>,
) -> Result<Cow<'b, [u8]>, ReadError> {
    let offset = dictionary.offset();
    let broken = ReadError::damaged(Damage::Filter, offset);
    // External data (§7.3.8.2, Table 5) are not in this file.
    if dictionary.contains("F") {
        return Err(broken);
    }
    let filters: Vec<Name<'o>> = match resolve(dictionary.get("Filter")?)? {
        Object::Null => Vec::new(),
        Object::Name(name) => vec![name],
        Object::Array(array) => {
            let name = |element| resolve(element?).and_then(|name| name.as_name().ok_or(broken));
            array.iter().take(MAX_FILTERS + 1).map(name).collect::<Result<_, _>>()?
        }
        _ => return Err(broken),
    };
    if filters.len() > MAX_FILTERS {
        return Err(broken);
    }
    let read = |object: Object<'o>| match object {
        Object::Null => Ok(Parameters::default()),
        Object::Dictionary(dictionary) => Parameters::read(&dictionary).map_err(|_| broken),
        _ => Err(broken),
    };
    let parameters: Vec<Parameters> = match resolve(dictionary.get("DecodeParms")?)? {
        Object::Array(array) => array
            .iter()
            .take(MAX_FILTERS)
            .map(|element| resolve(element?).and_then(read))
            .collect::<Result<_, _>>()?,
        other => vec![read(other)?],
    };
    let mut plain = Cow::Borrowed(data);
    for (place, filter) in filters.iter().enumerate() {
        let parameters = parameters.get(place).copied().unwrap_or_default();
        let decoded = filter::decode(filter, &parameters, &plain, limit).map_err(|error| match error {
            FilterError::Malformed => broken,
            FilterError::TooLong => ReadError::TooComplex { what: Limit::Decoded, offset },
        })?;
        plain = Cow::Owned(decoded);
    }
    Ok(plain)
}

impl Document<'_> {
    /// The data of a stream as they stand in the file, still encoded.
    ///
    /// # Errors
    /// [`Damage::StreamLength`] if they do not end where /Length says; else as [`Document::object`].
    pub fn stream_data(&self, stream: &Stream<'_>) -> Result<&[u8], ReadError> {
        let wrong = ReadError::damaged(Damage::StreamLength, stream.after_keyword);
        let length = match stream.dictionary.get("Length")? {
            Object::Integer(length) => length,
            Object::Reference(reference) => self.object(reference)?.as_integer().ok_or(wrong)?,
            _ => return Err(wrong),
        };
        self.data_of_length(stream, length)
    }

    /// As [`Document::stream_data`], for streams whose length must not lie in an object stream (ISO 32000-2 §7.5.7).
    pub(super) fn structural_data(&self, stream: &Stream<'_>) -> Result<&[u8], ReadError> {
        let wrong = ReadError::damaged(Damage::StreamLength, stream.after_keyword);
        let length = match stream.dictionary.get("Length")? {
            Object::Integer(length) => length,
            Object::Reference(reference) => self.uncompressed(reference)?.as_integer().ok_or(wrong)?,
            _ => return Err(wrong),
        };
        self.data_of_length(stream, length)
    }

    fn data_of_length(&self, stream: &Stream<'_>, length: i64) -> Result<&[u8], ReadError> {
        let wrong = ReadError::damaged(Damage::StreamLength, stream.after_keyword);
        let length = u64::try_from(length).map_err(|_| wrong)?;
        let end = self.boundary_after(stream.after_keyword);
        data(self.bytes, stream, length, end).map(|(data, _)| data)
    }

    /// The decoded data of a stream, at most `limit` bytes of them. Flate, LZW, ASCIIHex, ASCII85 and RunLength are known.
    ///
    /// # Errors
    /// [`Damage::Filter`] for other filters and malformed data, [`Limit::Decoded`] beyond the limit; else as
    /// [`Document::stream_data`].
    pub fn decode<'s>(&'s self, stream: &Stream<'s>, limit: usize) -> Result<Cow<'s, [u8]>, ReadError> {
        let data = self.stream_data(stream)?;
        let plain = decode(&stream.dictionary, data, limit, |object| self.resolve(object))?;
        if plain.len() > limit {
            return Err(ReadError::TooComplex { what: Limit::Decoded, offset: stream.dictionary.offset() });
        }
        Ok(plain)
    }
}
