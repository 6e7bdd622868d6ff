//! The glyphs of a page as they are drawn, with what decides whether they can be seen.

use hayro::hayro_interpret::font::{Glyph, GlyphRun, OutlineGlyph};
use hayro::hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};
use hayro::hayro_syntax::object::{Dict, Name};
use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape, Vec2};

use crate::cover::Cover;
use crate::fonts::Fonts;
use crate::look::{Layer, Limits};

/// Below this nobody sees a colour: the least alpha of 8 bits.
const LEAST_ALPHA: f32 = 1.0 / 255.0;

/// From the baseline, in thousandths of the em: what a glyph's box holds. Fonts differ; these hold Latin and CJK letters.
const DESCENT: f64 = -200.0;
const ASCENT: f64 = 860.0;

/// Width of a glyph whose font says none, in thousandths of the em.
const UNKNOWN_WIDTH: f32 = 500.0;

/// One glyph. Lengths are in units of user space, from the top left of the visible page, y downwards.
#[derive(Debug, Clone)]
pub(crate) struct DrawnGlyph {
    /// What it stands for; nothing if the file does not say.
    pub(crate) text: Option<String>,
    /// Where the pen is set down.
    pub(crate) start: Point,
    /// The direction of writing, of length 1.
    pub(crate) along: Vec2,
    /// How far the pen moves in that direction.
    pub(crate) advance: f64,
    /// The em.
    pub(crate) size: f64,
    /// The box around it.
    pub(crate) area: Rect,
    /// Whether it is written from top to bottom.
    pub(crate) vertical: bool,
    pub(crate) layer: Layer,
    /// Its number among what is drawn.
    order: u32,
    /// Whether there is nothing to draw though it is no white space: its font is not there.
    pub(crate) unshown: bool,
}

impl DrawnGlyph {
    /// Whether it stands for white space (or a control character, which nobody sees either).
    pub(crate) fn is_space(&self) -> bool {
        self.text
            .as_ref()
            .is_some_and(|text| text.chars().all(|c| c.is_whitespace() || c.is_control() || is_zero_width(c)))
    }
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Takes down what an interpreter draws.
pub(crate) struct Observer<'f> {
    page: Rect,
    fonts: &'f Fonts,
    /// The part of the page that is not clipped away, innermost last: the box around each clipping path.
    clips: Vec<Rect>,
    /// Opacity of each transparency group with that of those around it, and whether it mixes with its backdrop in an unusual way.
    groups: Vec<(f32, bool)>,
    /// For each marked-content sequence, whether it is a watermark.
    contents: Vec<bool>,
    /// Boxes of Watermark and Stamp annotations, once annotations are drawn.
    annotations: Option<Vec<Rect>>,
    order: u32,
    cover: Cover,
    glyphs: Vec<DrawnGlyph>,
    /// Whether there were more glyphs than are looked at.
    pub(crate) truncated: bool,
}

impl<'f> Observer<'f> {
    pub(crate) fn new(width: f64, height: f64, fonts: &'f Fonts) -> Observer<'f> {
        Observer {
            page: Rect::new(0.0, 0.0, width, height),
            fonts,
            clips: Vec::new(),
            groups: Vec::new(),
            contents: Vec::new(),
            annotations: None,
            order: 0,
            cover: Cover::new(width, height),
            glyphs: Vec::new(),
            truncated: false,
        }
    }

    /// From now on, annotations are drawn; within `marks` lie those that are Watermark or Stamp.
    pub(crate) fn begin_annotations(&mut self, marks: Vec<Rect>) {
        self.clips.clear();
        self.groups.clear();
        self.contents.clear();
        self.annotations = Some(marks);
    }

    /// The glyphs that lie on the page, are not transparent and not under an opaque box.
    pub(crate) fn into_glyphs(mut self) -> Vec<DrawnGlyph> {
        let cover = &self.cover;
        self.glyphs.retain(|glyph| !cover.hides(glyph.area, glyph.order));
        self.glyphs
    }

    fn clip(&self) -> Rect {
        self.clips.last().copied().unwrap_or(self.page)
    }

    fn group(&self) -> (f32, bool) {
        self.groups.last().copied().unwrap_or((1.0, false))
    }

    fn layer(&self, at: Point) -> Layer {
        match &self.annotations {
            _ if self.contents.contains(&true) => Layer::Watermark,
            Some(marks) if marks.iter().any(|mark| mark.contains(at)) => Layer::Watermark,
            Some(_) => Layer::Annotation,
            None => Layer::Content,
        }
    }

    /// The box is filled, as far as it is not clipped away and nothing shines through.
    fn filled(&mut self, rect: Rect, transform: Affine) {
        let [a, b, c, d, ..] = transform.as_coeffs();
        let upright = (b == 0.0 && c == 0.0) || (a == 0.0 && d == 0.0);
        let (opacity, mixing) = self.group();
        if upright && opacity >= 1.0 && !mixing && !self.truncated {
            self.order = self.order.saturating_add(1);
            self.cover.fill(transform.transform_rect_bbox(rect).intersect(self.clip()), self.order);
        }
    }

    fn take(&mut self, glyph: &Glyph<'_>, transform: Affine, vertical: bool) {
        let (code, shape) = match glyph {
            Glyph::Outline(outline) => (outline.char_code(), Some(outline)),
            Glyph::Type3(_) => (glyph.char_code(), None),
        };
        let text = glyph.as_unicode().map(text_of).or_else(|| self.fonts.decode(shape?, code));
        let width = match glyph {
            // The advance of vertical writing is downwards, and one em for nearly all that is written so.
            _ if vertical => 1_000.0,
            Glyph::Outline(outline) => outline.advance_width().unwrap_or(UNKNOWN_WIDTH),
            Glyph::Type3(type3) => type3.advance_width().unwrap_or(UNKNOWN_WIDTH),
        };
        let width = f64::from(width);
        let area = transform.transform_rect_bbox(Rect::new(0.0, DESCENT, width, ASCENT));
        let (pen, to) = if vertical {
            (Point::new(width / 2.0, ASCENT), Vec2::new(0.0, -1_000.0))
        } else {
            (Point::ZERO, Vec2::new(1_000.0, 0.0))
        };
        let start = transform * pen;
        let em = (transform * (pen + to) - start).hypot();
        let size = (transform * Point::new(0.0, 1_000.0) - transform * Point::ZERO).hypot();
        let along = (transform * (pen + to) - start) / em;
        if !self.clip().contains(area.center()) || !along.is_finite() || !size.is_finite() || size <= 0.0 {
            return;
        }
        let unshown = shape.is_some_and(|outline| self.fonts.may_lack(outline));
        self.glyphs.push(DrawnGlyph {
            text: text.filter(|text| !text.is_empty() && text != "\0"),
            start,
            along,
            advance: width / 1_000.0 * em,
            size,
            area,
            vertical,
            layer: self.layer(area.center()),
            order: self.order,
            unshown,
        });
    }
}

/// Whether a colour or pattern leaves marks.
fn opacity(paint: &Paint<'_>) -> f32 {
    match paint {
        Paint::Color(color) => {
            let [.., alpha] = color.to_rgba().components();
            alpha
        }
        // Only a picture tells what a pattern leaves.
        Paint::Pattern(_) => 0.5,
    }
}

fn text_of(unicode: BfString) -> String {
    match unicode {
        BfString::Char(c) => c.to_string(),
        BfString::String(text) => text,
    }
}

impl<'a> Device<'a> for Observer<'_> {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}

    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'a>, mode: &DrawMode) {
        let filled = matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..));
        let plain = props.soft_mask.is_none() && props.blend_mode == BlendMode::Normal;
        if filled && plain && opacity(&props.paint) >= 1.0 {
            self.filled(*rect, props.transform);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let Image::Raster(raster) = &image else { return };
        let dictionary = raster.stream().dict();
        let masked = ["SMask", "Mask", "SMaskInData"].iter().any(|key| dictionary.contains_key(key));
        if !masked && props.soft_mask.is_none() && props.blend_mode == BlendMode::Normal {
            let rect = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
            self.filled(rect, props.transform);
        }
    }

    fn push_clip_path(&mut self, path: &ClipPath) {
        self.push_clip_rect(&path.path.bounding_box());
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.clips.push(self.clip().intersect(*rect));
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, mode: BlendMode) {
        let (around, mixing) = self.group();
        self.groups.push((around * opacity, mixing || mask.is_some() || mode != BlendMode::Normal));
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let (group, _) = self.group();
        if matches!(mode, DrawMode::Invisible) || group * opacity(&props.paint) < LEAST_ALPHA {
            return;
        }
        self.order = self.order.saturating_add(1);
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let first = self.glyphs.len();
        for glyph in run.glyphs() {
            if self.glyphs.len() >= Limits::GLYPHS {
                self.truncated = true;
                return;
            }
            self.take(glyph, props.transform * glyph.transform(), vertical);
        }
        // Where a glyph of a stand-in was stretched, its width was too: the next glyph tells where it ends at the latest.
        let starts: Vec<Point> = self.glyphs.iter().skip(first + 1).map(|glyph| glyph.start).collect();
        for (glyph, next) in self.glyphs.iter_mut().skip(first).zip(starts) {
            let distance = (next - glyph.start).dot(glyph.along);
            if distance > 0.0 {
                glyph.advance = glyph.advance.min(distance);
            }
        }
    }

    fn begin_marked_content(&mut self, tag: &[u8], properties: Option<&Dict<'_>>) {
        // ISO 32000-2 §14.8.2.2.2: an artifact that says what it is.
        let watermark = tag == b"Artifact"
            && properties
                .and_then(|dictionary| dictionary.get::<Name<'_>>("Subtype"))
                .is_some_and(|subtype| subtype.as_ref() == b"Watermark");
        if self.contents.len() < Limits::NESTING {
            self.contents.push(watermark);
        }
    }

    fn end_marked_content(&mut self) {
        self.contents.pop();
    }
}

/// Whether an outline glyph has anything to draw.
pub(crate) fn is_empty(glyph: &OutlineGlyph) -> bool {
    glyph.outline().elements().is_empty()
}
