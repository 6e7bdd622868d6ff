//! Pictures of pages with the seal in place (U5): drawn from the prepared revision, so that what is looked at is what is confirmed, and what is
//! confirmed is what is stamped.
//!
//! The stages hand on their own bytes; whoever shows pages cannot bring others. Pages that nobody is asked to confirm yet are drawn with the seal
//! struck through: a preview is no stamped page, and its seal no picture of the seal (U7).

use std::io;

use sealkeeper_domain::{
    identity::Digest,
    placement::SealBox,
    reason::Reason,
    refusal::Violation,
    viewing::{MOST_PAGES, PageSet, Resolution},
};

use super::{
    Stop,
    place::Placed,
    ports::document::{DocumentFile, Picture, Viewer},
    prepare::Prepared,
};

/// Most bytes of one page's PNG.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// A revision in a file of its own, of which pages can be drawn.
pub(crate) struct Pages {
    document: DocumentFile,
    seal_box: SealBox,
    /// Whether the seal is struck through.
    struck: bool,
}

/// What the custodian looks at, and what they confirm by it.
pub(crate) struct Shown {
    /// As [`Prepared::digest`].
    pub(crate) digest: Digest,
    /// Its pages.
    pub(crate) pages: Pages,
}

/// A page as PNG, 8 bits each of red, green and blue.
pub(crate) struct DrawnPage {
    /// From 1.
    pub(crate) number: u32,
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Pixels to the inch.
    pub(crate) dpi: f64,
    /// The picture's bytes.
    pub(crate) png: Vec<u8>,
}

impl Prepared {
    /// This revision for whoever draws it. `write` puts the bytes to append behind the document, in a file of its own.
    pub(crate) fn shown(
        &self,
        page_count: u32,
        write: impl FnOnce(&[u8], u32) -> Result<DocumentFile, Stop>,
    ) -> Result<Shown, Stop> {
        let document = write(self.revision.appended(), page_count)?;
        let pages = Pages { document, seal_box: self.seal_box, struck: false };
        Ok(Shown { digest: self.digest(), pages })
    }
}

impl Placed<'_> {
    /// The pages as they would look, for whoever has not asked for anything yet.
    pub(crate) fn sketched(
        &self,
        write: impl FnOnce(&[u8], u32) -> Result<DocumentFile, Stop>,
    ) -> Result<Pages, Stop> {
        let page_count = u32::try_from(self.facts().pages).unwrap_or(u32::MAX);
        let document = write(self.unsigned()?.appended(), page_count)?;
        Ok(Pages { document, seal_box: self.seal_box(), struck: true })
    }
}

impl Pages {
    /// Pages of the document.
    pub(crate) fn count(&self) -> u32 {
        self.document.page_count
    }

    /// Where the seal is.
    pub(crate) fn seal_box(&self) -> SealBox {
        self.seal_box
    }

    /// The numbers of these pages, no more than are shown at once.
    pub(crate) fn numbers(&self, wanted: &PageSet) -> Result<Vec<u32>, Violation> {
        wanted.numbers(self.document.page_count, &[self.seal_box.page.saturating_add(1)], MOST_PAGES)
    }

    /// Has one drawn.
    pub(crate) async fn draw(
        &self,
        viewer: &dyn Viewer,
        number: u32,
        resolution: Resolution,
    ) -> Result<DrawnPage, Stop> {
        let refused = |violation: Violation| Stop::Refused { stage: "review", refusal: violation.into() };
        let drawn = viewer.render(self.document.clone(), number, resolution.dpi()).await;
        let mut picture = drawn.map_err(Violation::from).map_err(refused)?;
        if self.struck && number == self.seal_box.page.saturating_add(1) {
            strike(&mut picture, &self.seal_box);
        }
        let encoding = tokio::task::spawn_blocking(move || {
            let png = encode(&picture).map_err(|error| Stop::Fault(format!("png: {error}")))?;
            Ok::<_, Stop>((picture.width, picture.height, picture.dpi, png))
        });
        let encoded = encoding.await.map_err(|error| Stop::Fault(format!("a task ended early: {error}")))?;
        let (width, height, dpi, png) = encoded?;
        if png.len() > MOST_BYTES {
            let large = Violation::new(Reason::PagePictureTooLarge).with("page", number);
            return Err(refused(large.with("bytes", png.len()).with("limit", MOST_BYTES)));
        }
        Ok(DrawnPage { number, width, height, dpi, png })
    }
}

/// The picture as PNG (RFC 2083), which says how large it is on paper. Alpha is 255 throughout and left out.
fn encode(picture: &Picture) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let per_metre = (picture.dpi / 0.0254).round() as u32;
    let unit = png::Unit::Meter;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let width = usize::try_from(picture.width).unwrap_or(usize::MAX).saturating_mul(4).max(4);
    let mut row = Vec::new();
    for line in picture.rgba.chunks(width) {
        row.clear();
        row.extend(line.chunks_exact(4).flat_map(|pixel| pixel.iter().take(3)));
        io::Write::write_all(&mut rows, &row)?;
    }
    rows.finish()?;
    writer.finish()?;
    Ok(bytes)
}

/// Lines of a preview: blue, as no seal is.
const LINE: [u8; 3] = [0x1f, 0x4f, 0xc8];
/// From one line to the next, µm.
const APART_UM: f64 = 4000.0;
/// Thickness of a line, µm.
const THICK_UM: f64 = 700.0;

/// Frames the seal's box and hatches it with diagonal lines.
fn strike(picture: &mut Picture, seal_box: &SealBox) {
    let um = 25_400.0 / picture.dpi;
    let (left, top) = (seal_box.left_um as f64, seal_box.top_um as f64);
    let (width, height) = (f64::from(seal_box.width_um), f64::from(seal_box.height_um));
    let stride = usize::try_from(picture.width).unwrap_or(usize::MAX).saturating_mul(4).max(4);
    // At least a pixel thick, however coarse the picture.
    let thick = THICK_UM.max(um);
    for (y, row) in picture.rgba.chunks_mut(stride).enumerate() {
        let down = (y as f64 + 0.5) * um - top;
        if !(0.0..height).contains(&down) {
            continue;
        }
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let along = (x as f64 + 0.5) * um - left;
            if !(0.0..width).contains(&along) {
                continue;
            }
            let edge = along.min(width - along).min(down).min(height - down);
            if edge < thick || (along + down).rem_euclid(APART_UM) < thick {
                pixel.iter_mut().zip(LINE).for_each(|(channel, line)| *channel = line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn white(width: u32, height: u32, dpi: f64) -> Picture {
        Picture { width, height, dpi, rgba: vec![255; (width * height * 4) as usize] }
    }

    #[test]
    fn a_picture_becomes_a_png_of_its_pixels_and_its_size_on_paper() {
        let mut picture = white(3, 2, 254.0);
        picture.rgba[4..8].copy_from_slice(&[1, 2, 3, 255]);
        let bytes = encode(&picture).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height, info.color_type), (3, 2, png::ColorType::Rgb));
        assert_eq!(pixels[..9], [255, 255, 255, 1, 2, 3, 255, 255, 255]);
        assert_eq!(reader.info().pixel_dims.unwrap().xppu, 10_000);
    }

    #[test]
    fn a_preview_strikes_the_seal_through_and_leaves_the_page_alone() {
        // A pixel to the millimetre.
        let mut picture = white(100, 80, 25.4);
        let seal_box =
            SealBox { page: 0, left_um: 20_000, top_um: 10_000, width_um: 40_000, height_um: 40_000 };
        strike(&mut picture, &seal_box);
        let is_line = |x: usize, y: usize| picture.rgba[4 * (100 * y + x)..][..3] == LINE;
        let mut inside = 0;
        for y in 0..80 {
            for x in 0..100 {
                let within = (20..60).contains(&x) && (10..50).contains(&y);
                assert!(within || !is_line(x, y), "{x} {y}");
                inside += usize::from(is_line(x, y));
            }
        }
        assert!(is_line(20, 10) && is_line(59, 49) && is_line(20, 30), "the frame");
        assert!((400..700).contains(&inside), "a quarter of 40 × 40, and the frame: {inside}");
    }

    #[test]
    fn a_seal_partly_off_the_picture_is_no_harm() {
        let mut picture = white(10, 10, 25.4);
        let off = SealBox { page: 0, left_um: -5_000, top_um: 8_000, width_um: 40_000, height_um: 40_000 };
        strike(&mut picture, &off);
        assert_eq!(picture.rgba.len(), 400);
    }
}
