//! Outlines of PDF files, so that chance reaches what lies behind correct offsets, lengths and cross references.
//!
//! An outline is text; each line that begins with `=` tells what follows up to the next such line:
//!
//! ```text
//! =3             the body of object 3
//! =s4            a stream: its entries in the first line, then its data; /Length is added
//! =f4            the same, and the data are deflated
//! =o5            an object stream: the members that follow, deflated
//! =m6            a member of it, object 6
//! =t             ends a revision with a table; the trailer's entries, where /Root 1 0 R stands for none
//! =x7            ends a revision with a cross-reference stream, object 7
//! ```
//!
//! What comes before the first such line precedes `%PDF-1.7`. A last revision without end gets a table.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Where an object was put.
enum Place {
    /// Counted from the header.
    Offset(usize),
    Member {
        stream: u32,
        index: usize,
    },
}

/// A file in the making.
struct Draft {
    bytes: Vec<u8>,
    header: usize,
    places: BTreeMap<u32, Place>,
    previous: Option<usize>,
    /// The object stream that takes members.
    open: Option<Packed>,
}

/// An object stream in the making.
struct Packed {
    number: u32,
    /// Number and body of each.
    members: Vec<(u32, Vec<u8>)>,
}

/// The file that `outline` tells of. Whatever the outline: what is wrong with the file then is not its offsets.
#[must_use]
pub fn file(outline: &[u8]) -> Vec<u8> {
    let mut parts = Parts { rest: outline, at_start: true };
    let mut draft = Draft::after(parts.next().unwrap_or_default());
    for part in parts {
        let (kind, number, body) = directive(part);
        if kind != b'm' {
            draft.close_object_stream();
        }
        match kind {
            b's' => draft.stream(number, body, false),
            b'f' => draft.stream(number, body, true),
            b'o' => draft.open = Some(Packed { number, members: Vec::new() }),
            b'm' => draft.member(number, body),
            b't' => draft.table(body),
            b'x' => draft.xref_stream(number, body),
            _ => draft.object(number, body),
        }
    }
    draft.close_object_stream();
    if !draft.places.is_empty() || draft.previous.is_none() {
        draft.table(b"");
    }
    draft.bytes
}

/// What lies between the lines that begin with `=`, first what lies before them.
struct Parts<'a> {
    rest: &'a [u8],
    at_start: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if std::mem::take(&mut self.at_start)
            && let Some(rest) = self.rest.strip_prefix(b"=")
        {
            self.rest = rest;
            return Some(&[]);
        }
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.windows(2).position(|pair| pair == b"\n=");
        let (part, rest) = match end {
            Some(end) => (self.rest.get(..end)?, self.rest.get(end + 2..)?),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(part)
    }
}

/// Kind, object number and what follows.
fn directive(part: &[u8]) -> (u8, u32, &[u8]) {
    let (kind, rest) = match part.split_first() {
        Some((kind, rest)) if kind.is_ascii_lowercase() => (*kind, rest),
        _ => (b'n', part),
    };
    let digits = rest.iter().take(7).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(digits);
    let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    (kind, number, rest.strip_prefix(b"\n").unwrap_or(rest))
}

impl Draft {
    fn after(junk: &[u8]) -> Draft {
        let bytes = [junk, b"%PDF-1.7\n"].concat();
        Draft { bytes, header: junk.len(), places: BTreeMap::new(), previous: None, open: None }
    }

    fn offset(&self) -> usize {
        self.bytes.len() - self.header
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn object(&mut self, number: u32, body: &[u8]) {
        self.places.insert(number, Place::Offset(self.offset()));
        self.text(&format!("{number} 0 obj\n"));
        self.bytes.extend_from_slice(body);
        self.text("\nendobj\n");
    }

    fn stream(&mut self, number: u32, body: &[u8], deflated: bool) {
        let end = body.iter().position(|byte| *byte == b'\n').unwrap_or(body.len());
        let (entries, data) = body.split_at(end);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        if deflated {
            self.stream_of(number, &[entries, b"/Filter/FlateDecode"].concat(), &deflate(data));
        } else {
            self.stream_of(number, entries, data);
        }
    }

    fn stream_of(&mut self, number: u32, entries: &[u8], data: &[u8]) {
        let length = format!("/Length {}>>\nstream\n", data.len());
        self.object(number, &[b"<<", entries, length.as_bytes(), data, b"\nendstream"].concat());
    }

    /// A member without an object stream is an object.
    fn member(&mut self, number: u32, body: &[u8]) {
        match &mut self.open {
            Some(stream) => stream.members.push((number, body.to_vec())),
            None => self.object(number, body),
        }
    }

    fn close_object_stream(&mut self) {
        let Some(Packed { number: stream, members }) = self.open.take() else { return };
        let (mut heads, mut bodies) = (String::new(), Vec::new());
        for (index, (number, body)) in members.iter().enumerate() {
            heads.push_str(&format!("{number} {} ", bodies.len()));
            bodies.extend_from_slice(body);
            bodies.push(b'\n');
            self.places.insert(*number, Place::Member { stream, index });
        }
        let entries = format!("/Type/ObjStm/N {}/First {}/Filter/FlateDecode", members.len(), heads.len());
        self.stream_of(stream, entries.as_bytes(), &deflate(&[heads.as_bytes(), &bodies].concat()));
    }

    /// Members of object streams have no place in a table, so they are missing then.
    fn table(&mut self, entries: &[u8]) {
        let startxref = self.offset();
        let places = std::mem::take(&mut self.places);
        self.text("xref\n0 1\n0000000000 65535 f \n");
        for (number, place) in places.iter().filter(|(number, _)| **number != 0) {
            if let Place::Offset(offset) = place {
                self.text(&format!("{number} 1\n{offset:010} 00000 n \n"));
            }
        }
        self.text("trailer\n<<");
        self.trailer(&places, entries, 0);
        self.text(&format!(">>\nstartxref\n{startxref}\n%%EOF\n"));
        self.previous = Some(startxref);
    }

    fn xref_stream(&mut self, number: u32, entries: &[u8]) {
        let startxref = self.offset();
        let mut places = std::mem::take(&mut self.places);
        places.insert(number, Place::Offset(startxref));
        let (mut index, mut rows) = (String::new(), Vec::new());
        for (number, place) in &places {
            let (kind, second, third) = match place {
                Place::Offset(offset) => (1, *offset, 0),
                Place::Member { stream, index } => (2, *stream as usize, *index),
            };
            index.push_str(&format!("{number} 1 "));
            rows.push(kind);
            rows.extend_from_slice(&u32::try_from(second).unwrap_or_default().to_be_bytes());
            rows.extend_from_slice(&u16::try_from(third).unwrap_or_default().to_be_bytes());
        }
        let data = deflate(&rows);
        self.text(&format!("{number} 0 obj\n<</Type/XRef/W[1 4 2]/Index[{index}]/Filter/FlateDecode"));
        self.trailer(&places, entries, data.len());
        self.text(">>\nstream\n");
        self.bytes.extend_from_slice(&data);
        self.text(&format!("\nendstream\nendobj\nstartxref\n{startxref}\n%%EOF\n"));
        self.previous = Some(startxref);
    }

    /// The entries of a trailer; with `length`, those of a cross-reference stream.
    fn trailer(&mut self, places: &BTreeMap<u32, Place>, entries: &[u8], length: usize) {
        let size = places.keys().next_back().map_or(1, |highest| highest.saturating_add(1));
        self.text(&format!("/Size {size}"));
        self.bytes.extend_from_slice(if entries.is_empty() { b"/Root 1 0 R" } else { entries });
        if let Some(previous) = self.previous {
            self.text(&format!("/Prev {previous}"));
        }
        if length > 0 {
            self.text(&format!("/Length {length}"));
        }
    }
}

/// Into memory nothing fails.
fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
}
