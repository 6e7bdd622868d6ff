//! Documents of one page, written by hand.

#![allow(clippy::unwrap_used, reason = "what is written here can be read, or the test fails")]

use std::fmt::Write as _;

use sealkeeper_view::{Document, PageLook};

/// Width and height of the page in points.
pub(crate) const WIDTH: u16 = 400;
pub(crate) const HEIGHT: u16 = 600;

/// A page in the making. /F1 is Helvetica, /F2 a Chinese font that is not embedded, for UTF-16BE; /F3 the same, written downwards.
#[derive(Default)]
pub(crate) struct Sheet {
    content: Vec<u8>,
    /// More entries of the page's dictionary.
    page: String,
    /// More entries of its resources.
    resources: String,
    /// More entries of the catalog.
    catalog: String,
    /// More objects, from number 20 on.
    objects: Vec<Vec<u8>>,
}

impl Sheet {
    pub(crate) fn new() -> Sheet {
        Sheet::default()
    }

    pub(crate) fn content(mut self, operators: impl AsRef<[u8]>) -> Sheet {
        self.content.extend_from_slice(operators.as_ref());
        self.content.push(b'\n');
        self
    }

    pub(crate) fn page(mut self, entries: &str) -> Sheet {
        self.page += entries;
        self
    }

    pub(crate) fn resources(mut self, entries: &str) -> Sheet {
        self.resources += entries;
        self
    }

    pub(crate) fn catalog(mut self, entries: &str) -> Sheet {
        self.catalog += entries;
        self
    }

    /// The next object: 20, 21, …
    pub(crate) fn object(mut self, body: impl AsRef<[u8]>) -> Sheet {
        self.objects.push(body.as_ref().to_vec());
        self
    }

    /// The next object, a stream.
    pub(crate) fn stream(self, entries: &str, data: impl AsRef<[u8]>) -> Sheet {
        let data = data.as_ref();
        let head = format!("<<{entries}/Length {}>>\nstream\n", data.len());
        self.object([head.as_bytes(), data, b"\nendstream"].concat())
    }

    /// Text in the Chinese font, its baseline starting here.
    pub(crate) fn write(self, x: f64, y: f64, size: f64, text: &str) -> Sheet {
        self.content(format!("BT /F2 {size} Tf {x} {y} Td {} Tj ET", hex(text)))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let font = |encoding: &str, descendant: u32| {
            format!(
                "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/{encoding}/DescendantFonts[{descendant} 0 R]>>"
            )
        };
        let mut objects: Vec<(usize, Vec<u8>)> = vec![
            (1, format!("<</Type/Catalog/Pages 2 0 R{}>>", self.catalog).into_bytes()),
            (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec()),
            (
                3,
                format!(
                    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents 4 0 R\
                     /Resources<</Font<</F1 5 0 R/F2 6 0 R/F3 7 0 R>>{}>>{}>>",
                    self.resources, self.page
                )
                .into_bytes(),
            ),
            (
                4,
                [
                    format!("<</Length {}>>\nstream\n", self.content.len()).as_bytes(),
                    &self.content,
                    b"\nendstream",
                ]
                .concat(),
            ),
            (5, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec()),
            (6, font("UniGB-UCS2-H", 8).into_bytes()),
            (7, font("UniGB-UCS2-V", 8).into_bytes()),
            (
                8,
                b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 9 0 R/DW 1000/W[1 95 500]\
                  /CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>"
                    .to_vec(),
            ),
            (
                9,
                b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/ItalicAngle 0/StemV 80/CapHeight 700\
                  /Ascent 880/Descent -120/FontBBox[0 -120 1000 880]>>"
                    .to_vec(),
            ),
        ];
        objects.extend((20..).zip(self.objects.iter().cloned()));

        let mut file = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
        let mut table = String::from("0 1\n0000000000 65535 f \n");
        for (number, body) in objects {
            writeln!(table, "{number} 1\n{:010} 00000 n ", file.len()).unwrap();
            file.extend([format!("{number} 0 obj\n").as_bytes(), &body, b"\nendobj\n"].concat());
        }
        let start = file.len();
        let size = 20 + self.objects.len();
        file.extend(
            format!("xref\n{table}trailer <</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes(),
        );
        file
    }

    pub(crate) fn document(&self) -> Document {
        Document::open(self.bytes()).unwrap()
    }

    pub(crate) fn look(&self) -> PageLook {
        self.document().look(0).unwrap()
    }
}

/// A string of UTF-16BE.
pub(crate) fn hex(text: &str) -> String {
    let digits: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<{digits}>")
}

/// The lines' texts.
pub(crate) fn texts(look: &PageLook) -> Vec<&str> {
    look.lines.iter().map(|line| line.text.as_str()).collect()
}
