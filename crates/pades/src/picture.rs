//! A seal's picture: from PNG to the image XObjects that show it (ISO 32000-2 §8.9.5, §11.6.5.2).
//!
//! Visible colours are kept exactly; only what nobody can see, the colour of fully transparent pixels, is chosen anew.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Dictionary, Object, ObjectId, Stream};
use sha2::{Digest, Sha256};

/// The largest PNG file accepted, in bytes.
pub const MAX_FILE_LEN: usize = 16 << 20;
/// The most pixels accepted: the largest seal (58 mm) at 1,200 dpi needs 7.5 million.
pub const MAX_PIXELS: u64 = 16_000_000;

/// A decoded seal picture, ready to be written into any number of documents.
#[derive(Clone)]
pub struct SealPicture {
    width: u32,
    height: u32,
    colour_space: ColourSpace,
    colours: Vec<u8>,
    alpha: Option<Vec<u8>>,
    digest: [u8; 32],
}

/// Bytes before the first chunk (ISO 15948 §5.2).
const SIGNATURE_LEN: usize = 8;

/// Why a picture cannot be a seal's.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The bytes are not one whole PNG image (ISO/IEC 15948).
    #[error("the picture is not a readable PNG: {0}")]
    NotPng(#[from] png::DecodingError),
    /// File or image exceed [`MAX_FILE_LEN`] or [`MAX_PIXELS`].
    #[error("the picture is too large: {0}")]
    TooLarge(String),
    /// Every pixel is fully transparent.
    #[error("the picture shows nothing: every pixel is fully transparent")]
    Invisible,
    /// Compressing into memory failed; a fault of this crate.
    #[error("the picture cannot be compressed: {0}")]
    Compression(#[from] std::io::Error),
}

impl PictureError {
    /// The stable reason code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPng(_) => "picture-not-png",
            Self::TooLarge(_) => "picture-too-large",
            Self::Invisible => "picture-invisible",
            Self::Compression(_) => "internal",
        }
    }
}

/// The colour spaces a picture's pixels can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColourSpace {
    Gray,
    Rgb,
}

impl SealPicture {
    /// Decodes a PNG of any colour type and depth. Palettes become RGB, depths below 8 bits are widened, 16 bits are
    /// reduced to the upper 8. Of an animated PNG the default image is taken.
    pub fn from_png(file: &[u8]) -> Result<Self, PictureError> {
        if file.len() > MAX_FILE_LEN {
            return Err(PictureError::TooLarge(format!(
                "{} bytes, at most {MAX_FILE_LEN} are allowed",
                file.len()
            )));
        }
        let mut decoder = png::Decoder::new(Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let header = decoder.read_header_info()?;
        let (width, height) = (header.width, header.height);
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(PictureError::TooLarge(format!(
                "{width} × {height} pixels, at most {MAX_PIXELS} in all are allowed"
            )));
        }
        palette_is_sound(file)?;
        let mut reader = decoder.read_info()?;
        let too_large = || PictureError::TooLarge("its size overflows".to_owned());
        let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(too_large)?];
        let frame = reader.next_frame(&mut pixels)?;
        pixels.truncate(frame.buffer_size());
        let (colour_space, has_alpha) = match frame.color_type {
            png::ColorType::Grayscale => (ColourSpace::Gray, false),
            png::ColorType::GrayscaleAlpha => (ColourSpace::Gray, true),
            // EXPAND turns palettes into RGB or RGBA.
            png::ColorType::Rgb | png::ColorType::Indexed => (ColourSpace::Rgb, false),
            png::ColorType::Rgba => (ColourSpace::Rgb, true),
        };
        let (colours, alpha) = match (has_alpha, colour_space) {
            (false, _) => (pixels, None),
            (true, ColourSpace::Gray) => split_alpha::<1>(&pixels),
            (true, ColourSpace::Rgb) => split_alpha::<3>(&pixels),
        };
        if alpha.as_ref().is_some_and(|alpha| alpha.iter().all(|a| *a == 0)) {
            return Err(PictureError::Invisible);
        }
        Ok(Self {
            width,
            height,
            colour_space,
            colours: deflated(&colours)?,
            alpha: alpha.map(|alpha| deflated(&alpha)).transpose()?,
            digest: Sha256::digest(file).into(),
        })
    }

    /// Width and height in pixels that a PNG names in its header; nothing else of it is read.
    ///
    /// # Errors
    /// [`PictureError::NotPng`].
    pub fn pixels_of_png(file: &[u8]) -> Result<[u32; 2], PictureError> {
        let mut decoder = png::Decoder::new(Cursor::new(file));
        let header = decoder.read_header_info()?;
        Ok([header.width, header.height])
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// SHA-256 of the PNG file the picture was read from.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether any pixel lets the page show through; such a picture needs a soft mask.
    pub fn has_alpha(&self) -> bool {
        self.alpha.is_some()
    }

    /// The image XObject. `soft_mask` is where [`Self::soft_mask`] will stand.
    pub(crate) fn image(&self, soft_mask: Option<ObjectId>) -> Stream {
        let mut dictionary = self.image_dictionary(match self.colour_space {
            ColourSpace::Gray => "DeviceGray",
            ColourSpace::Rgb => "DeviceRGB",
        });
        if let Some(soft_mask) = soft_mask {
            dictionary.set("SMask", Object::Reference(soft_mask));
        }
        Stream::new(dictionary, self.colours.clone())
    }

    /// The soft-mask image (ISO 32000-2 §11.6.5.2): the alpha channel as a grey image of the same size.
    pub(crate) fn soft_mask(&self) -> Option<Stream> {
        let alpha = self.alpha.clone()?;
        Some(Stream::new(self.image_dictionary("DeviceGray"), alpha))
    }

    fn image_dictionary(&self, colour_space: &str) -> Dictionary {
        let mut dictionary = Dictionary::new();
        dictionary.set("Type", name("XObject"));
        dictionary.set("Subtype", name("Image"));
        dictionary.set("Width", i64::from(self.width));
        dictionary.set("Height", i64::from(self.height));
        dictionary.set("ColorSpace", name(colour_space));
        dictionary.set("BitsPerComponent", 8);
        dictionary.set("Filter", name("FlateDecode"));
        dictionary
    }
}

impl std::fmt::Debug for SealPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealPicture")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("colour_space", &self.colour_space)
            .field("has_alpha", &self.has_alpha())
            .finish_non_exhaustive()
    }
}

/// Refuses a palette that is not 1 to 256 colours of three bytes (ISO 15948 §11.2.2), over which the decoder would panic. Chunks are
/// walked as the decoder does; a file that is cut off is for it to refuse.
fn palette_is_sound(file: &[u8]) -> Result<(), PictureError> {
    let mut rest = file.get(SIGNATURE_LEN..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length);
        if after.starts_with(b"PLTE") && !(length.is_multiple_of(3) && (1..=256).contains(&(length / 3))) {
            let what = std::io::Error::new(std::io::ErrorKind::InvalidData, "a palette of no whole colours");
            return Err(PictureError::NotPng(what.into()));
        }
        // Type and checksum have four bytes each.
        rest = after.get((length as usize).saturating_add(8)..).unwrap_or_default();
    }
    Ok(())
}

fn name(text: &str) -> Object {
    Object::Name(text.as_bytes().to_vec())
}

/// Separates the last of `N + 1` interleaved channels. No alpha is returned if every pixel is opaque.
///
/// Fully transparent pixels get the mean visible colour: renderers that shrink an image average colour and mask apart
/// from each other, and whatever colour hides under the mask would show as a fringe around the ink.
fn split_alpha<const N: usize>(pixels: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut colours = Vec::with_capacity(pixels.len());
    let mut alphas = Vec::with_capacity(pixels.len() / (N + 1));
    let mut weighted = [0_u64; N];
    let mut weight = 0_u64;
    for pixel in pixels.chunks_exact(N + 1) {
        let Some((alpha, colour)) = pixel.split_last() else { continue };
        colours.extend_from_slice(colour);
        alphas.push(*alpha);
        weight += u64::from(*alpha);
        for (sum, channel) in weighted.iter_mut().zip(colour) {
            *sum += u64::from(*channel) * u64::from(*alpha);
        }
    }
    if alphas.iter().all(|alpha| *alpha == u8::MAX) {
        return (colours, None);
    }
    let mean = weighted.map(|sum| u8::try_from(sum / weight.max(1)).unwrap_or(u8::MAX));
    for (colour, alpha) in colours.chunks_exact_mut(N).zip(&alphas) {
        if *alpha == 0 {
            colour.copy_from_slice(&mean);
        }
    }
    (colours, Some(alphas))
}

fn deflated(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;

    use super::*;

    fn png_of(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == png::ColorType::Indexed {
            encoder.set_palette(vec![10, 20, 30, 200, 0, 0]);
            encoder.set_trns(vec![0, 255]);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        file
    }

    fn inflated(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        ZlibDecoder::new(data).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn the_header_alone_tells_how_many_pixels_there_are() {
        let file = png_of(3, 1, png::ColorType::Rgba, png::BitDepth::Eight, &[1; 12]);
        // Signature, length, type, IHDR and its CRC.
        assert_eq!(SealPicture::pixels_of_png(&file[..33]).unwrap(), [3, 1]);
        let cut = SealPicture::pixels_of_png(&file[..20]).unwrap_err();
        assert_eq!((cut.code(), SealPicture::pixels_of_png(b"GIF89a").is_err()), ("picture-not-png", true));
    }

    #[test]
    fn visible_colours_stay_and_hidden_ones_become_the_ink() {
        let data = [200, 10, 20, 255, 0, 0, 0, 0, 202, 12, 22, 255];
        let file = png_of(3, 1, png::ColorType::Rgba, png::BitDepth::Eight, &data);
        let picture = SealPicture::from_png(&file).unwrap();
        assert_eq!(inflated(&picture.colours), [200, 10, 20, 201, 11, 21, 202, 12, 22]);
        assert_eq!(inflated(picture.alpha.as_ref().unwrap()), [255, 0, 255]);
        assert_eq!(picture.digest(), <[u8; 32]>::from(Sha256::digest(&file)));
        let image = picture.image(Some((7, 0)));
        assert_eq!(image.dict.get(b"SMask").unwrap(), &Object::Reference((7, 0)));
        assert_eq!(image.dict.get(b"ColorSpace").unwrap(), &name("DeviceRGB"));
    }

    #[test]
    fn opaque_pictures_have_no_soft_mask() {
        for (colour, data) in [
            (png::ColorType::Rgba, vec![1, 2, 3, 255]),
            (png::ColorType::Rgb, vec![1, 2, 3]),
            (png::ColorType::Grayscale, vec![9]),
            (png::ColorType::GrayscaleAlpha, vec![9, 255]),
        ] {
            let picture = SealPicture::from_png(&png_of(1, 1, colour, png::BitDepth::Eight, &data)).unwrap();
            assert!(!picture.has_alpha() && picture.soft_mask().is_none(), "{colour:?}");
        }
    }

    #[test]
    fn palettes_and_sixteen_bits_become_eight_bit_colours() {
        let palette = png_of(2, 1, png::ColorType::Indexed, png::BitDepth::Eight, &[1, 0]);
        let picture = SealPicture::from_png(&palette).unwrap();
        assert_eq!(inflated(&picture.colours), [200, 0, 0, 200, 0, 0]);
        assert_eq!(inflated(picture.alpha.as_ref().unwrap()), [255, 0]);
        let deep =
            png_of(1, 1, png::ColorType::Rgb, png::BitDepth::Sixteen, &[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc]);
        assert_eq!(inflated(&SealPicture::from_png(&deep).unwrap().colours), [0x12, 0x56, 0x9a]);
    }

    #[test]
    fn palettes_of_no_whole_colours_are_refused() {
        let sound = png_of(2, 1, png::ColorType::Indexed, png::BitDepth::Eight, &[1, 0]);
        let palette = sound.windows(4).position(|word| word == b"PLTE").unwrap();
        for colours in [vec![], vec![1], vec![1, 2, 3, 4], vec![9; 771]] {
            let chunk = [b"PLTE", colours.as_slice()].concat();
            let mut crc = flate2::Crc::new();
            crc.update(&chunk);
            let length = u32::try_from(colours.len()).unwrap().to_be_bytes();
            let (before, after) = (&sound[..palette - 4], &sound[palette + 4 + 6 + 4..]);
            let file = [before, &length, &chunk, &crc.sum().to_be_bytes(), after].concat();
            assert_eq!(
                SealPicture::from_png(&file).unwrap_err().code(),
                "picture-not-png",
                "{}",
                colours.len()
            );
        }
    }

    #[test]
    fn what_is_no_seal_picture_is_refused_with_its_code() {
        let clear = png_of(1, 1, png::ColorType::Rgba, png::BitDepth::Eight, &[1, 2, 3, 0]);
        assert_eq!(SealPicture::from_png(&clear).unwrap_err().code(), "picture-invisible");
        assert_eq!(SealPicture::from_png(b"GIF89a").unwrap_err().code(), "picture-not-png");
        let whole = png_of(8, 8, png::ColorType::Rgb, png::BitDepth::Eight, &[7; 192]);
        assert_eq!(SealPicture::from_png(&whole[..whole.len() - 30]).unwrap_err().code(), "picture-not-png");
        let mut huge = png_of(1, 1, png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3]);
        // A header alone claims 65,535 × 65,535 pixels; its checksum is made to fit.
        huge[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let mut crc = flate2::Crc::new();
        crc.update(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert_eq!(SealPicture::from_png(&huge).unwrap_err().code(), "picture-too-large");
        assert_eq!(
            SealPicture::from_png(&vec![0; MAX_FILE_LEN + 1]).unwrap_err().code(),
            "picture-too-large"
        );
    }
}
