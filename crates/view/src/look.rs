//! What there is to see on a page.
//!
//! A page is *blank* when its picture shows no marks (the module `marks` says what is dust and what is paper) and no text of it is visible.
//! White boxes, invisible, clipped, transparent or covered text, what lies off the page, and layers that are switched off leave it blank;
//! a scan, an annotation with an appearance, a single letter do not. Text in a font that is neither embedded nor known here is visible:
//! a reader with that font sees it.
//!
//! *Text* is what is drawn, not what is stored: a glyph counts when it is not invisible (§9.3.6, modes 3 and 7), not transparent, on the
//! page, inside of the box around each clipping path, not under an opaque upright box or image that is drawn later, and when the page's
//! picture shows some contrast where it stands. What is not detected: text that other shapes than upright boxes cover, text in the colour
//! of its background beside a line that gives contrast, letters drawn as shapes or images (a scan has no text here), text within a tiling
//! pattern, and fonts whose /ToUnicode says something other than their glyphs show. An annotation that only its own /OC switches off
//! counts as seen.
//!
//! Over a corpus of 786 real and broken files (3,944 pages) one page has nothing but dust, 41 nothing at all; poppler and MuPDF agree but
//! for what `tests/agree_allowed.toml` explains.

use serde::{Deserialize, Serialize};

use crate::area::Area;

/// What bounds the work on one page, beside [`crate::picture::MOST_PIXELS`].
pub struct Limits;

impl Limits {
    /// Glyphs looked at; a page of small print has 10,000. The text of a page with more is not whole, and [`PageLook::truncated`] says so.
    pub const GLYPHS: usize = 200_000;
    /// Annotations whose kind is looked at.
    pub const ANNOTATIONS: usize = 2_000;
    /// Depth of marked content and of forms within forms.
    pub const NESTING: usize = 64;
    /// Content streams searched for fonts.
    pub const STREAMS: usize = 2_000;
    /// Operators of all content streams searched for fonts.
    pub const OPERATORS: usize = 5_000_000;
    /// Operators that drawing a page may go through, those of a form counted as often as it is drawn: some seconds. A page full of print
    /// has 10,000, a map a million.
    pub const DRAWN: u64 = 20_000_000;
    /// Hits of one search.
    pub const HITS: usize = 10_000;
    /// Pixels of the picture that decides what is visible: A4 at 72 dpi has half a million. Larger pages are looked at more coarsely.
    pub const LOOK_PIXELS: u32 = 4_000_000;
}

/// What a reader sees of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageLook {
    /// The page, from 0.
    pub page: usize,
    /// Width of the page as seen, after /Rotate, /CropBox and /UserUnit, in points (1/72 inch).
    pub width_pt: f64,
    /// Its height, in points.
    pub height_pt: f64,
    /// Whether nothing is to be seen.
    pub blank: bool,
    /// Part of the page that differs from its paper, in millionths, dust included, drawn at 72 dpi.
    pub ink_ppm: u32,
    /// Visible text: rows from top to bottom, their lines from left to right; then rows in other directions and layers.
    pub lines: Vec<Line>,
    /// Fonts in use that are neither embedded nor among the standard 14, as /BaseFont names them, without subset prefix, sorted.
    pub missing_fonts: Vec<String>,
    /// Visible glyphs of which the file does not say what they stand for. In the lines they are U+FFFD.
    pub undecoded: u32,
    /// Annotations and filled form fields without an appearance. Readers draw them, each as it likes, so the page is not blank; but they
    /// are on no picture of ours, and their text is not among the lines.
    pub undrawn: u32,
    /// Whether there was more text than is looked at.
    pub truncated: bool,
}

/// Where text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The page's content.
    Content,
    /// An annotation's appearance.
    Annotation,
    /// A Watermark or Stamp annotation, or content that calls itself a watermark (ISO 32000-2 §12.5.6.12, §12.5.6.22, §14.8.2.2.2).
    Watermark,
}

/// A line of text: what stands on one baseline without a wide gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its characters, with one space where there is white space or room for it.
    pub text: String,
    /// The box around it.
    pub area: Area,
    /// Height of its largest em in µm (a character of 12 pt: 4,233).
    pub size_um: i64,
    /// The direction of writing as seen, in whole degrees clockwise, from -179 to 180: 0 to the right, 90 downwards.
    pub angle: i16,
    /// Where it comes from.
    pub layer: Layer,
    /// Lines with the same number stand side by side in one row.
    pub row: u32,
    /// Where each of its glyphs stands.
    pub cells: Vec<Cell>,
}

/// A glyph in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Where what it stands for begins in the line's text, in bytes.
    pub start: u32,
    /// Where that ends.
    pub end: u32,
    /// The box around it.
    pub area: Area,
}

impl Line {
    /// What a cell stands for.
    #[must_use]
    pub fn text_of(&self, cell: &Cell) -> &str {
        self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default()
    }
}
