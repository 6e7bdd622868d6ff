//! What says that a text is not final: draft words, brackets with nothing in them, gaps to be filled in by hand.
//!
//! A *draft word* (草稿, DRAFT) marks a draft only where it labels the page:
//!
//! - as a watermark: in an annotation Watermark or Stamp, in content marked as a watermark, in text that is neither upright nor turned by
//!   quarters, or in text of at least [`LARGE_UM`];
//! - alone on a line, between brackets or punctuation, repeated or with a number (`【草稿】`, `DRAFT v2`), unless the line ends the
//!   sentence of a longer one right above. A line ends at a gap of 1.5 em, so that the corner of a header or a cell of a table is one.
//!
//! Within a sentence or a title it marks nothing: 《劳动合同（草稿）管理办法》 is not a draft. Latin words match whole and in either
//! case. A watermark drawn as an image or as shapes is not detected.

use serde::{Deserialize, Serialize};

use crate::area::Area;
use crate::look::{Layer, Limits, Line, PageLook};
use crate::search::{Folded, Letter, area, folded_chars, lowercase, rows};

/// Text of this size is a watermark: 17 mm or 48 pt, above the largest size of Chinese titles (初号, 42 pt).
pub const LARGE_UM: i64 = 16_900;

/// Underscores in a row that make a gap.
pub const GAP_UNDERSCORES: usize = 3;

/// How a draft word stands on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// As a watermark.
    Watermark,
    /// Alone on a line.
    Alone,
}

/// A draft word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The page, from 0.
    pub page: usize,
    /// The box around the word.
    pub area: Area,
    /// The word, as it was asked for.
    pub word: String,
    /// How it stands there.
    pub standing: Standing,
}

/// Brackets with nothing but white space between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    /// The page, from 0.
    pub page: usize,
    /// The box around both brackets.
    pub area: Area,
    /// The opening bracket: `【` or `[` (also where it was written full-width).
    pub bracket: char,
}

/// A gap to be filled in by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The page, from 0.
    pub page: usize,
    /// The box around the underscores.
    pub area: Area,
}

/// Draft words on a page, at most [`Limits::HITS`].
#[must_use]
pub fn markers(look: &PageLook, words: &[&str]) -> Vec<Marker> {
    let mut hits = Vec::new();
    for line in &look.lines {
        let text = Folded::of(std::slice::from_ref(line)).lowercase();
        let watermark = is_watermark(line);
        for word in words {
            let wanted: Vec<char> = folded_chars(word).map(lowercase).collect();
            let found: Vec<&[Letter]> =
                text.all(&wanted).into_iter().filter(|found| is_word(&text, found)).collect();
            let standing = if watermark {
                Standing::Watermark
            } else if is_alone(&text, found.len() * wanted.len(), &found) && !ends_sentence(line, &look.lines)
            {
                Standing::Alone
            } else {
                continue;
            };
            for found in found {
                if hits.len() >= Limits::HITS {
                    return hits;
                }
                let Some(area) = area(std::slice::from_ref(line), found) else { continue };
                hits.push(Marker { page: look.page, area, word: (*word).to_owned(), standing });
            }
        }
    }
    hits
}

fn is_watermark(line: &Line) -> bool {
    line.layer == Layer::Watermark || line.angle % 90 != 0 || line.size_um >= LARGE_UM
}

/// Whether a found word of Latin letters is no part of a longer one.
fn is_word(text: &Folded, found: &[Letter]) -> bool {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return false };
    let start = text.letters.iter().position(|letter| std::ptr::eq(letter, first)).unwrap_or_default();
    let before = start.checked_sub(1).and_then(|before| text.letters.get(before));
    let after = text.letters.get(start + found.len());
    let parted = |one: char, spaced: bool, other: Option<char>| {
        spaced || !one.is_ascii_alphabetic() || !other.is_some_and(|other| other.is_ascii_alphabetic())
    };
    parted(first.c, first.spaced, before.map(|letter| letter.c))
        && parted(last.c, after.is_some_and(|letter| letter.spaced), after.map(|letter| letter.c))
}

/// Whether a line has the found words, and beside them only punctuation and numbers.
fn is_alone(text: &Folded, letters: usize, found: &[&[Letter]]) -> bool {
    let meaningful =
        |letter: &&Letter| letter.c.is_alphanumeric() && !letter.c.is_numeric() && letter.c != 'v';
    let words: usize = found.iter().map(|found| found.iter().filter(meaningful).count()).sum();
    letters > 0 && text.letters.iter().filter(meaningful).count() == words
}

/// Whether a line goes on from a longer one right above that has no end.
fn ends_sentence(line: &Line, lines: &[Line]) -> bool {
    const ENDS: &str = "。！？；：.!?;:】』」》〉";
    lines.iter().any(|above| {
        let distance = line.area.y_um - above.area.bottom_um();
        let same = above.layer == line.layer
            && above.angle == line.angle
            && (above.size_um - line.size_um).abs() * 5 <= line.size_um;
        let right_above = distance.abs() <= line.size_um
            && above.area.y_um < line.area.y_um
            && above.area.x_um < line.area.right_um()
            && line.area.x_um < above.area.right_um();
        same && right_above
            && above.area.width_um >= 3 * line.area.width_um
            && above.text.chars().next_back().is_some_and(|last| !ENDS.contains(last))
    })
}

/// Empty brackets on a page, at most [`Limits::HITS`]. `[]` without room between is none: it is usual in programs and formulae.
#[must_use]
pub fn placeholders(look: &PageLook) -> Vec<Placeholder> {
    let mut hits = Vec::new();
    for row in rows(&look.lines) {
        let text = Folded::of(row);
        for pair in text.letters.windows(2) {
            let [open, close] = pair else { continue };
            let empty = match (open.c, close.c) {
                ('【', '】') => true,
                ('[', ']') => close.spaced,
                _ => false,
            };
            let Some(area) = area(row, pair).filter(|_| empty && hits.len() < Limits::HITS) else { continue };
            hits.push(Placeholder { page: look.page, area, bracket: open.c });
        }
    }
    hits
}

/// Gaps written with at least [`GAP_UNDERSCORES`] underscores, at most [`Limits::HITS`]. Drawn lines are none.
#[must_use]
pub fn gaps(look: &PageLook) -> Vec<Gap> {
    let mut hits = Vec::new();
    for line in &look.lines {
        let row = std::slice::from_ref(line);
        let text = Folded::of(row);
        for run in text.letters.chunk_by(|one, next| one.c == '_' && next.c == '_') {
            let gap = run.len() >= GAP_UNDERSCORES && run.iter().all(|letter| letter.c == '_');
            let Some(area) = area(row, run).filter(|_| gap && hits.len() < Limits::HITS) else { continue };
            hits.push(Gap { page: look.page, area });
        }
    }
    hits
}
