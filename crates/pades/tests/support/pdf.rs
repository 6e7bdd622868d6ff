//! Small PDFs made by hand, object by object, in both styles of cross references.

/// A file being written. Objects are numbered by the caller.
pub(crate) struct Pdf {
    bytes: Vec<u8>,
    junk: usize,
    objects: Vec<(u32, usize)>,
    trailer: String,
}

impl Pdf {
    pub(crate) fn new() -> Pdf {
        Pdf::after(b"")
    }

    /// With `junk` before the header; offsets count from the header.
    pub(crate) fn after(junk: &[u8]) -> Pdf {
        let bytes = [junk, b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"].concat();
        Pdf { bytes, junk: junk.len(), objects: Vec::new(), trailer: "/Root 1 0 R".to_owned() }
    }

    /// The catalog (1, with `catalog` added to it), the page tree (2) and one page (3, with `page` added) of 400 × 600
    /// units with some content (4).
    pub(crate) fn one_page(self, catalog: &str, page: &str) -> Pdf {
        self.object(1, &format!("<</Type/Catalog/Pages 2 0 R{catalog}>>"))
            .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
            .object(
                3,
                &format!(
                    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Resources<<>>/Contents 4 0 R{page}>>"
                ),
            )
            .object(4, "<</Length 29>>\nstream\n0.8 0.9 1 rg 50 50 99 99 re f\nendstream")
    }

    pub(crate) fn object(mut self, number: u32, body: &str) -> Pdf {
        self.objects.push((number, self.bytes.len() - self.junk));
        self.bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
        self
    }

    /// More entries for the trailer.
    pub(crate) fn trailer(mut self, entries: &str) -> Pdf {
        self.trailer.push_str(entries);
        self
    }

    /// Ends with a cross-reference table.
    pub(crate) fn table(mut self) -> Vec<u8> {
        let startxref = self.bytes.len() - self.junk;
        let size = self.objects.iter().map(|(number, _)| number + 1).max().unwrap();
        let mut end = "xref\n0 1\n0000000000 65535 f \n".to_owned();
        for (number, offset) in &self.objects {
            end.push_str(&format!("{number} 1\n{offset:010} 00000 n \n"));
        }
        end.push_str(&format!("trailer\n<</Size {size}{}>>\nstartxref\n{startxref}\n%%EOF\n", self.trailer));
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }

    /// Ends with a cross-reference stream.
    pub(crate) fn stream(mut self) -> Vec<u8> {
        let startxref = self.bytes.len() - self.junk;
        let own = self.objects.iter().map(|(number, _)| number + 1).max().unwrap();
        self.objects.push((own, startxref));
        let (mut index, mut data) = ("0 1".to_owned(), vec![0, 0, 0, 0, 255]);
        for (number, offset) in &self.objects {
            index.push_str(&format!(" {number} 1"));
            data.push(1);
            data.extend_from_slice(&u32::try_from(*offset).unwrap().to_be_bytes()[1..]);
            data.push(0);
        }
        let head = format!(
            "{own} 0 obj\n<</Type/XRef/Size {}/W[1 3 1]/Index[{index}]/Length {}{}>>\nstream\n",
            own + 1,
            data.len(),
            self.trailer
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(&data);
        self.bytes
            .extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{startxref}\n%%EOF").as_bytes());
        self.bytes
    }
}
