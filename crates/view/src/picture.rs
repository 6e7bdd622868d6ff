//! A page drawn as a reader draws it.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

/// The most pixels of one picture: A4 at 400 dpi has 15.5 million, A3 at 300 dpi 17.4 million. Four bytes each.
pub const MOST_PIXELS: u32 = 20_000_000;

/// The longest side of a picture in pixels; the rasterizer counts in u16.
pub const LONGEST_SIDE: u16 = 16_384;

/// A page drawn on white paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Pixels from left to right.
    pub width: u16,
    /// Pixels from top to bottom.
    pub height: u16,
    /// Pixels in an inch of the page: as asked for, or less where the picture would have had more than [`MOST_PIXELS`].
    pub dpi: f64,
    /// Red, green, blue, alpha (always 255), 8 bits each, row by row from the top left.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// The colour at a point, without alpha; nothing outside of the picture.
    #[must_use]
    pub fn colour(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        let width = usize::from(self.width);
        if x >= width {
            return None;
        }
        let start = y.checked_mul(width)?.checked_add(x)?.checked_mul(4)?;
        match *self.rgba.get(start..start.checked_add(3)?)? {
            [red, green, blue] => Some([red, green, blue]),
            _ => None,
        }
    }

    /// All colours, row by row, without alpha.
    pub(crate) fn colours(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        self.rgba.chunks_exact(4).filter_map(|pixel| match *pixel {
            [red, green, blue, _] => Some([red, green, blue]),
            _ => None,
        })
    }
}

/// Draws a page, annotations included, at `dpi` pixels in an inch or as many as `most_pixels` allow; `unit` is its /UserUnit.
pub(crate) fn draw(
    page: &Page<'_>,
    settings: &InterpreterSettings,
    unit: f64,
    dpi: f64,
    most_pixels: u32,
) -> Picture {
    let (width, height) = page.render_dimensions();
    let (width, height) = (f64::from(width) * unit / 72.0, f64::from(height) * unit / 72.0);
    let most = (f64::from(most_pixels) / (width * height)).sqrt();
    let longest = f64::from(LONGEST_SIDE) / width.max(height);
    let dpi = dpi.min(most).min(longest);
    // Both at most LONGEST_SIDE; a page may be so narrow that not one whole pixel is left of it.
    let pixels = |inches: f64| ((inches * dpi).round() as u16).clamp(1, LONGEST_SIDE);
    let (columns, rows) = (pixels(width), pixels(height));

    let scale = dpi * unit / 72.0;
    let transform = Affine::scale(scale) * page.initial_transform(true).to_kurbo();
    let mut context = RenderContext::new(columns, rows);
    // Outlines as they are: hinting moves them by up to a pixel, and at screen resolution that is what blank or not may hang on.
    let style = RenderSettings { hinting: false, ..RenderSettings::default() };
    // A cache of its own for each page: it is never emptied, and documents have many pages.
    render_into(page, &RenderCache::new(), settings, &style, &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(columns, rows);
    let paper = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), paper);
    Picture { width: columns, height: rows, dpi, rgba: pixmap.data_as_u8_slice().to_vec() }
}
