//! Names (ISO 32000-2 §7.3.5).

use std::borrow::Cow;
use std::fmt;

/// A name. `#xx` escapes are resolved when it is compared or decoded, and kept in [`Name::raw`].
#[derive(Clone, Copy)]
pub struct Name<'a> {
    raw: &'a [u8],
}

impl<'a> Name<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Name<'a> {
        Name { raw }
    }

    /// The name as it stands in the file, without the solidus.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The name with its escapes resolved. A `#` without two hexadecimal digits stands for itself, as common readers take it.
    #[must_use]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if !self.raw.contains(&b'#') {
            return Cow::Borrowed(self.raw);
        }
        let mut out = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let [first, tail @ ..] = rest {
            let escaped = match (first, tail) {
                (b'#', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l),
                _ => None,
            };
            out.push(escaped.unwrap_or(*first));
            rest = rest.get(if escaped.is_some() { 3 } else { 1 }..).unwrap_or_default();
        }
        Cow::Owned(out)
    }

    /// Whether this is the name `text`, given without its solidus.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        *self.bytes() == *text.as_bytes()
    }

    /// The name as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Name<'_> {}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.raw.escape_ascii())
    }
}

/// The value of one hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
