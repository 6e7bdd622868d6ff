//! Small files, built object by object so that their offsets are right by construction.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sealkeeper_pades::{Attribute, Damage, Document, ReadError};
use std::io::Write;

/// Where the builder put an object.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Offset(usize),
    Inside { stream: u32, index: usize },
}

/// A file in the making.
#[derive(Clone)]
pub(crate) struct Seed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) places: Vec<(u32, Place)>,
    /// The offset of the newest section so far.
    pub(crate) previous: Option<usize>,
}

impl Seed {
    pub(crate) fn new() -> Seed {
        Seed { bytes: b"%PDF-1.7\n".to_vec(), places: Vec::new(), previous: None }
    }

    /// Goes on after a finished file.
    pub(crate) fn update(bytes: Vec<u8>) -> Seed {
        let previous = Document::open(&bytes).unwrap().startxref() as usize;
        Seed { bytes, places: Vec::new(), previous: Some(previous) }
    }

    pub(crate) fn object(mut self, number: u32, body: &str) -> Seed {
        self.places.push((number, Place::Offset(self.bytes.len())));
        self.raw(&format!("{number} 0 obj\n{body}\nendobj\n"))
    }

    /// Bytes that no entry names.
    pub(crate) fn raw(mut self, text: &str) -> Seed {
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// `entries` go into the stream's dictionary beside /Length.
    pub(crate) fn stream(mut self, number: u32, entries: &str, data: &[u8]) -> Seed {
        self.places.push((number, Place::Offset(self.bytes.len())));
        let mut seed = self.raw(&format!("{number} 0 obj\n<<{entries}/Length {}>>\nstream\r\n", data.len()));
        seed.bytes.extend_from_slice(data);
        seed.raw("\nendstream\nendobj\n")
    }

    /// A compressed object stream with these objects.
    pub(crate) fn object_stream(mut self, number: u32, objects: &[(u32, &str)]) -> Seed {
        let (mut index, mut bodies) = (String::new(), String::new());
        for (place, (object, body)) in objects.iter().enumerate() {
            index.push_str(&format!("{object} {} ", bodies.len()));
            bodies.push_str(&format!("{body}\n"));
            self.places.push((*object, Place::Inside { stream: number, index: place }));
        }
        let entries = format!("/Type/ObjStm/N {}/First {}/Filter/FlateDecode", objects.len(), index.len());
        self.stream(number, &entries, &deflate((index + &bodies).as_bytes()))
    }

    /// Ends the file, or its revision, with a table.
    pub(crate) fn table(self, trailer: &str) -> Vec<u8> {
        self.table_with(trailer, "", "\r\n")
    }

    /// `before` goes before the keyword `xref`; `eol` ends each entry.
    pub(crate) fn table_with(self, trailer: &str, before: &str, eol: &str) -> Vec<u8> {
        let startxref = self.bytes.len();
        let mut tail = format!("{before}xref\n0 1\n0000000000 65535 f{eol}");
        for (number, place) in &self.places {
            let Place::Offset(offset) = place else { panic!("a table cannot name object {number}") };
            tail.push_str(&format!("{number} 1\n{offset:010} 00000 n{eol}"));
        }
        let prev = self.previous.map(|previous| format!("/Prev {previous}")).unwrap_or_default();
        tail.push_str(&format!("trailer\n<<{trailer}{prev}>>\nstartxref\n{startxref}\n%%EOF\n"));
        self.raw(&tail).bytes
    }

    /// Ends the file, or its revision, with a cross-reference stream called `number`, its rows predicted with PNG "up".
    pub(crate) fn xref_stream(self, number: u32, trailer: &str) -> Vec<u8> {
        let rows = self.rows(number);
        let mut above = [0u8; 7];
        let mut predicted = Vec::new();
        for row in &rows {
            predicted.push(2);
            predicted.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
            above = *row;
        }
        let parameters = "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>";
        self.xref_stream_of(number, &format!("{trailer}{parameters}"), &deflate(&predicted))
    }

    /// The rows of the cross-reference stream, fields of 1, 4 and 2 bytes; its own included.
    pub(crate) fn rows(&self, number: u32) -> Vec<[u8; 7]> {
        let own = [(number, Place::Offset(self.bytes.len()))];
        self.places
            .iter()
            .chain(&own)
            .map(|(_, place)| {
                let (kind, second, third) = match place {
                    Place::Offset(offset) => (1, *offset as u32, 0),
                    Place::Inside { stream, index } => (2, *stream, *index as u16),
                };
                let mut row = [kind; 7];
                row[1..5].copy_from_slice(&second.to_be_bytes());
                row[5..].copy_from_slice(&third.to_be_bytes());
                row
            })
            .collect()
    }

    /// Ends the file with a cross-reference stream of these encoded data.
    pub(crate) fn xref_stream_of(self, number: u32, entries: &str, data: &[u8]) -> Vec<u8> {
        let startxref = self.bytes.len();
        let index: String = self
            .places
            .iter()
            .map(|(object, _)| format!("{object} 1 "))
            .chain([format!("{number} 1")])
            .collect();
        let prev = self.previous.map(|previous| format!("/Prev {previous}")).unwrap_or_default();
        let entries = format!("/Type/XRef/W[1 4 2]/Index[{index}]{prev}{entries}");
        let seed = self.stream(number, &entries, data);
        seed.raw(&format!("startxref\n{startxref}\n%%EOF\n")).bytes
    }
}

/// Catalog 1, page tree 2, one A4 page 3.
pub(crate) fn one_page() -> Seed {
    Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
        .object(3, "<</Type/Page/Parent 2 0 R/Rotate 90>>")
}

/// The trailer that fits it.
pub(crate) const TRAILER: &str = "/Size 4/Root 1 0 R";

/// The same, with all but the catalog in an object stream.
pub(crate) fn one_compressed_page() -> Seed {
    Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>").object_stream(
        4,
        &[
            (2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>"),
            (3, "<</Type/Page/Parent 2 0 R/Rotate 90>>"),
        ],
    )
}

/// The trailer that fits it, with the stream called 5.
pub(crate) const STREAM_TRAILER: &str = "/Size 6/Root 1 0 R";

pub(crate) fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// The error of opening, or of looking at every page.
pub(crate) fn refusal(bytes: &[u8]) -> ReadError {
    read(bytes).expect_err("read, though it should be refused")
}

/// The damage found in opening, or in looking at every page.
pub(crate) fn damage(bytes: &[u8]) -> Damage {
    match refusal(bytes) {
        ReadError::Damaged { what, .. } => what,
        other => panic!("not damaged but {other}"),
    }
}

/// Opens, looks at every page's inherited attributes, and inspects. Returns the number of pages.
pub(crate) fn read(bytes: &[u8]) -> Result<usize, ReadError> {
    let document = Document::open(bytes)?;
    let facts = sealkeeper_pades::inspect(&document)?;
    for index in 0..facts.pages {
        let page = document.page(index)?;
        for attribute in Attribute::ALL {
            page.attribute(attribute)?;
        }
    }
    Ok(facts.pages)
}
