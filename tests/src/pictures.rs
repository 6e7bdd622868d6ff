//! Pictures of pages: as the agent shows them, and as poppler draws a stamped file.

use std::{fs, path::Path, process::Command};

use sealkeeper_proto::v1::{self, pages_event, preview_event, preview_request};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{No, Rpc, token::succeed};

/// Pixels of a page: red, green, blue, row by row from the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct PageImage {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// Pages that were shown, and their pictures as PNG, each with its number.
pub type Shown<T> = (T, Vec<(v1::DrawnPage, Vec<u8>)>);

impl PageImage {
    /// Of a PNG of 8 bits a channel.
    ///
    /// # Panics
    /// If it is anything else.
    pub fn from_png(bytes: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
        Self { width: info.width as usize, height: info.height as usize, rgb }
    }

    /// A page of a file as poppler's `pdftoppm` draws it.
    ///
    /// # Panics
    /// If it does not.
    pub fn by_poppler(pdf: &[u8], page: u32, dpi: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, page) = (folder.path().join("stamped.pdf"), page.to_string());
        fs::write(&file, pdf).unwrap();
        let options = ["-r", &dpi.to_string(), "-f", &page, "-l", &page, "-singlefile"];
        succeed(Command::new("pdftoppm").args(options).arg(&file).arg(folder.path().join("page")));
        Self::from_ppm(&folder.path().join("page.ppm"))
    }

    /// A binary PPM as pdftoppm writes it: `P6`, width and height, 255, pixels.
    fn from_ppm(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
        assert_eq!(lines.next().unwrap(), b"P6");
        let size = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
        let (width, height) = size.split_once(' ').unwrap();
        assert_eq!(lines.next().unwrap(), b"255");
        let rgb = lines.next().unwrap().to_vec();
        Self { width: width.parse().unwrap(), height: height.parse().unwrap(), rgb }
    }

    /// The colour of a pixel.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        self.rgb[3 * (y * self.width + x)..][..3].try_into().unwrap()
    }

    /// The box around every pixel of the seal's red, in pixels: left, top, right, bottom, the last two exclusive.
    pub fn red(&self) -> Option<[usize; 4]> {
        let is_red = |[red, green, blue]: [u8; 3]| red > 150 && green < 120 && blue < 120;
        let mut found: Option<[usize; 4]> = None;
        for y in 0..self.height {
            for x in (0..self.width).filter(|x| is_red(self.pixel(*x, y))) {
                let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
                found = Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]);
            }
        }
        found
    }

    /// How much two pictures differ within a box, in levels of 256 for each channel on average.
    pub fn difference(&self, other: &Self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let mut sum = 0_u64;
        for y in top..bottom {
            for x in left..right {
                let (one, another) = (self.pixel(x, y), other.pixel(x, y));
                sum += one
                    .iter()
                    .zip(another)
                    .map(|(one, another)| u64::from(one.abs_diff(another)))
                    .sum::<u64>();
            }
        }
        sum as f64 / (3 * (right - left) * (bottom - top)) as f64
    }
}

/// Pictures as they come.
#[derive(Default)]
struct Coming(Vec<(v1::DrawnPage, Vec<u8>)>);

impl Coming {
    fn extend(&mut self, chunk: &[u8]) {
        assert!((1..=1 << 16).contains(&chunk.len()));
        self.0.last_mut().unwrap().1.extend_from_slice(chunk);
    }

    fn whole(self) -> Vec<(v1::DrawnPage, Vec<u8>)> {
        assert!(self.0.iter().all(|(page, png)| page.size as usize == png.len()));
        self.0
    }
}

impl Rpc {
    /// ShowPages.
    pub async fn show_pages(
        &self,
        request_id: &str,
        pages: &str,
        dpi: u32,
    ) -> Result<Shown<v1::ShownPages>, No> {
        use pages_event::Event;
        let request =
            v1::ShowPagesRequest { request_id: request_id.to_owned(), pages: pages.to_owned(), dpi };
        let mut events = self.uses().show_pages(request).await?.into_inner();
        let (mut shown, mut coming) = (None, Coming::default());
        while let Some(event) = events.message().await? {
            match event.event.unwrap() {
                Event::Shown(first) => assert!(shown.replace(first).is_none()),
                Event::Page(page) => coming.0.push((page, Vec::new())),
                Event::Chunk(chunk) => coming.extend(&chunk),
                Event::Refused(refusal) => return Err(No::Refused(refusal)),
            }
        }
        Ok((shown.unwrap(), coming.whole()))
    }

    /// Preview.
    pub async fn preview(
        &self,
        document: &[u8],
        asked: v1::SubmitHeader,
        pages: &str,
        dpi: u32,
    ) -> Result<Shown<v1::Previewed>, No> {
        use preview_event::Event;
        use preview_request::Part;
        let (parts, stream) = mpsc::channel(4);
        let part = |part| v1::PreviewRequest { part: Some(part) };
        let header = v1::PreviewHeader { asked: Some(asked), pages: pages.to_owned(), dpi };
        parts.send(part(Part::Header(header))).await.unwrap();
        let mut events = self.uses().preview(ReceiverStream::new(stream)).await?.into_inner();
        let (mut previewed, mut coming) = (None, Coming::default());
        while let Some(event) = events.message().await? {
            match event.event.unwrap() {
                Event::Upload(upload) => {
                    assert!(upload.wanted);
                    for chunk in document.chunks(1 << 20) {
                        // An agent that refuses reads no more.
                        let _ = parts.send(part(Part::Chunk(chunk.to_vec()))).await;
                    }
                }
                Event::Previewed(first) => assert!(previewed.replace(first).is_none()),
                Event::Page(page) => coming.0.push((page, Vec::new())),
                Event::Chunk(chunk) => coming.extend(&chunk),
                Event::Refused(refusal) => return Err(No::Refused(refusal)),
            }
        }
        Ok((previewed.unwrap(), coming.whole()))
    }
}
