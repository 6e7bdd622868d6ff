//! A document to look at, page by page.

use hayro::hayro_interpret::font::FontData;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{Context, InterpreterCache, InterpreterSettings, RenderContent, interpret_page};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{Pdf, PdfData};
use hayro::kurbo::Rect;

use crate::annotation;
use crate::area::UM_PER_POINT;
use crate::drawn::{DrawnGlyph, Observer};
use crate::error::ViewError;
use crate::fonts::{self, Fonts};
use crate::line;
use crate::look::{Limits, PageLook};
use crate::marks::marks;
use crate::picture::{self, MOST_PIXELS, Picture};

/// What makes one glyph stand out: the least difference between two pixels of its box in red, green or blue. Grey of 5% on white
/// differs by 13 and can be read on paper.
const LEAST_CONTRAST: u8 = 8;

/// Points looked at along each side of a glyph's box.
const CONTRAST_POINTS: usize = 64;

/// An open document.
pub struct Document {
    pdf: Pdf,
    cjk: Option<(FontData, u32)>,
}

impl Document {
    /// Opens a file, repairing it where it is broken: `Vec<u8>`, or `Arc` of what gives bytes, such as a memory map, which is then not
    /// copied.
    ///
    /// # Errors
    /// [`ViewError::Encrypted`], [`ViewError::Unreadable`].
    pub fn open(data: impl Into<PdfData>) -> Result<Document, ViewError> {
        Ok(Document { pdf: Pdf::new(data)?, cjk: None })
    }

    /// Draws text in CJK fonts that are not embedded with this font (TrueType, OpenType or CFF; `index` within a collection). Without it
    /// there are boxes in its place. What [`Document::look`] says is the same with and without.
    #[must_use]
    pub fn with_cjk_font(mut self, font: FontData, index: u32) -> Document {
        self.cjk = Some((font, index));
        self
    }

    /// How many pages there are.
    #[must_use]
    pub fn page_count(&self) -> usize {
        self.pdf.pages().len()
    }

    /// Draws a page (from 0), annotations included, on white at `dpi` pixels in an inch; fewer where it would have more than
    /// [`MOST_PIXELS`].
    ///
    /// # Errors
    /// [`ViewError::NoSuchPage`], [`ViewError::NoVisibleArea`].
    pub fn render(&self, page: usize, dpi: u16) -> Result<Picture, ViewError> {
        let page = self.page(page)?;
        let settings = fonts::settings(self.cjk.clone());
        Ok(picture::draw(page, &settings, user_unit(page), f64::from(dpi.max(1)), MOST_PIXELS))
    }

    /// Looks at a page (from 0).
    ///
    /// # Errors
    /// [`ViewError::NoSuchPage`], [`ViewError::NoVisibleArea`], [`ViewError::TooMuch`].
    pub fn look(&self, page: usize) -> Result<PageLook, ViewError> {
        let (number, page) = (page, self.page(page)?);
        let unit = user_unit(page);
        // Before anything is drawn: forms that draw each other over and over make a small file draw without end.
        let fonts = Fonts::of(page);
        if fonts.operators > Limits::DRAWN {
            return Err(ViewError::TooMuch);
        }
        let settings = fonts::settings(None);
        let picture = picture::draw(page, &settings, unit, 72.0, Limits::LOOK_PIXELS);
        let marks = marks(&picture);

        let (mut glyphs, truncated) = observe(page, &settings, &fonts);
        let pixels = picture.dpi / 72.0 * unit;
        glyphs.retain(|glyph| glyph.is_space() || glyph.unshown || stands_out(glyph, &picture, pixels));

        let lines = line::join(&glyphs, UM_PER_POINT * unit);
        let undecoded = glyphs.iter().filter(|glyph| glyph.text.is_none()).count();
        let undrawn = annotation::undrawn(page);
        let (width, height) = page.render_dimensions();
        Ok(PageLook {
            page: number,
            width_pt: f64::from(width) * unit,
            height_pt: f64::from(height) * unit,
            blank: !marks.visible && lines.is_empty() && undrawn == 0,
            ink_ppm: marks.ppm,
            lines,
            missing_fonts: fonts.into_missing(),
            // At most Limits::GLYPHS
            undecoded: undecoded as u32,
            undrawn,
            truncated,
        })
    }

    fn page(&self, page: usize) -> Result<&Page<'_>, ViewError> {
        let pages = self.pdf.pages();
        let found = pages.get(page).ok_or(ViewError::NoSuchPage { page, pages: pages.len() })?;
        let visible = found.intersected_crop_box();
        let sides = [visible.width(), visible.height()];
        // The interpreter takes A4 where there is nothing, and one unit where there is less.
        if sides.iter().all(|side| (1.0..=1e6).contains(side)) {
            Ok(found)
        } else {
            Err(ViewError::NoVisibleArea)
        }
    }
}

/// ISO 32000-2 §7.7.3.3: the length of a unit of user space in 1/72 inch. The interpreter does not heed it.
fn user_unit(page: &Page<'_>) -> f64 {
    let unit = page.raw().get::<f64>("UserUnit").unwrap_or(1.0);
    if (1e-3..=1e5).contains(&unit) { unit } else { 1.0 }
}

/// The glyphs of content and annotations, in this order, and whether these are too many to be all.
fn observe(page: &Page<'_>, settings: &InterpreterSettings, fonts: &Fonts) -> (Vec<DrawnGlyph>, bool) {
    let transform = page.initial_transform(true).to_kurbo();
    let (width, height) = page.render_dimensions();
    let (width, height) = (f64::from(width), f64::from(height));
    let cache = InterpreterCache::new();
    let mut observer = Observer::new(width, height, fonts);
    for content in [RenderContent::PAGE, RenderContent::ANNOTATIONS] {
        if content == RenderContent::ANNOTATIONS {
            observer.begin_annotations(annotation::watermarks(page, transform));
        }
        let settings = InterpreterSettings { render_content: content, ..settings.clone() };
        let visible = Rect::new(0.0, 0.0, width, height);
        let mut context = Context::new(transform, visible, &cache, page.xref(), settings);
        interpret_page(page, &mut context, &mut observer);
    }
    let truncated = observer.truncated;
    (observer.into_glyphs(), truncated)
}

/// Whether the picture shows some contrast in a glyph's box; `pixels` is how many a unit of user space has.
fn stands_out(glyph: &DrawnGlyph, picture: &Picture, pixels: f64) -> bool {
    // At least one pixel, within the picture; beyond it there is none.
    let span = |start: f64, end: f64, side: u16| {
        let (start, end) = ((start * pixels).floor().max(0.0), (end * pixels).ceil().min(f64::from(side)));
        let (start, end) = (start as usize, end as usize);
        (start..end).step_by((end.saturating_sub(start) / CONTRAST_POINTS).max(1))
    };
    let area = glyph.area;
    let (mut least, mut most) = ([u8::MAX; 3], [0; 3]);
    for y in span(area.y0, area.y1, picture.height) {
        for x in span(area.x0, area.x1, picture.width) {
            for ((least, most), part) in
                least.iter_mut().zip(&mut most).zip(picture.colour(x, y).unwrap_or_default())
            {
                *least = part.min(*least);
                *most = part.max(*most);
                if *most - *least >= LEAST_CONTRAST {
                    return true;
                }
            }
        }
    }
    false
}
