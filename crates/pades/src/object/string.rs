//! Strings (ISO 32000-2 §7.3.4) and text strings (§7.9.2.2).

use super::name::hex;
use std::borrow::Cow;
use std::fmt;

/// A string, literal or hexadecimal.
#[derive(Clone, Copy)]
pub struct PdfString<'a> {
    raw: &'a [u8],
}

impl<'a> PdfString<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> PdfString<'a> {
        PdfString { raw }
    }

    /// The string as it stands in the file, delimiters included.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether it is written in hexadecimal digits.
    #[must_use]
    pub fn is_hexadecimal(&self) -> bool {
        self.raw.first() == Some(&b'<')
    }

    /// The bytes it stands for.
    #[must_use]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        let inner = self.raw.get(1..self.raw.len().saturating_sub(1)).unwrap_or_default();
        if self.is_hexadecimal() {
            Cow::Owned(hexadecimal(inner))
        } else if inner.contains(&b'\\') || inner.contains(&b'\r') {
            Cow::Owned(literal(inner))
        } else {
            Cow::Borrowed(inner)
        }
    }

    /// The text of a text string: UTF-16BE or UTF-8 by its byte order mark, else PDFDocEncoding. What has no meaning there becomes
    /// U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.bytes();
        match bytes.as_ref() {
            [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
            // Not in the standard, but every common reader takes it.
            [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
            other => other.iter().map(|byte| pdf_doc_encoding(*byte)).collect(),
        }
    }
}

impl PartialEq for PdfString<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for PdfString<'_> {}

impl fmt::Debug for PdfString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.raw.escape_ascii())
    }
}

fn hexadecimal(inner: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = inner.iter().filter_map(|byte| hex(*byte)).collect();
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => high << 4 | low,
            // A missing last digit counts as zero.
            [high] => high << 4,
            _ => 0,
        })
        .collect()
}

fn literal(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // An end of line within a string is one line feed, however it is written.
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                out.push(b'\n');
            }
            b'\\' => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b't') => out.push(b'\t'),
                Some(b'b') => out.push(8),
                Some(b'f') => out.push(12),
                Some(b'\r') => {
                    bytes.next_if_eq(&b'\n');
                }
                Some(b'\n') | None => {}
                Some(first @ b'0'..=b'7') => {
                    let mut value = u16::from(first - b'0');
                    for _ in 0..2 {
                        if let Some(digit) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) {
                            value = value * 8 + u16::from(digit - b'0');
                        }
                    }
                    // High-order overflow is ignored (ISO 32000-2 Table 3).
                    out.push(value.to_le_bytes()[0]);
                }
                Some(other) => out.push(other),
            },
            other => out.push(other),
        }
    }
    out
}

/// What has no meaning becomes U+FFFD.
pub(crate) fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// ISO 32000-2 Annex D.3.
fn pdf_doc_encoding(byte: u8) -> char {
    const LOW: &str = "\u{2D8}\u{2C7}\u{2C6}\u{2D9}\u{2DD}\u{2DB}\u{2DA}\u{2DC}";
    const HIGH: &str = "\u{2022}\u{2020}\u{2021}\u{2026}\u{2014}\u{2013}\u{192}\u{2044}\u{2039}\u{203A}\u{2212}\u{2030}\u{201E}\
        \u{201C}\u{201D}\u{2018}\u{2019}\u{201A}\u{2122}\u{FB01}\u{FB02}\u{141}\u{152}\u{160}\u{178}\u{17D}\u{131}\u{142}\u{153}\
        \u{161}\u{17E}\u{FFFD}\u{20AC}";
    let special = match byte {
        0x18..=0x1F => LOW.chars().nth(usize::from(byte - 0x18)),
        0x80..=0xA0 => HIGH.chars().nth(usize::from(byte - 0x80)),
        0x7F | 0xAD => Some(char::REPLACEMENT_CHARACTER),
        other => Some(char::from(other)),
    };
    special.unwrap_or(char::REPLACEMENT_CHARACTER)
}
