//! A keyword in the text as drawn.
//!
//! Characters are compared after compatibility decomposition and composition (UAX #15, NFKC), so that full-width letters, ligatures and
//! CJK radicals match the usual ones; case counts. White space does not: `甲 方` matches `甲　　方`, within one row and across gaps of up
//! to six em. A keyword broken over two lines is not found.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::area::Area;
use crate::look::{Layer, Limits, Line, PageLook};

/// Where a keyword stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The page, from 0.
    pub page: usize,
    /// The box around the keyword.
    pub area: Area,
    /// The direction of writing as seen, in whole degrees clockwise.
    pub angle: i16,
    /// Where the text comes from.
    pub layer: Layer,
}

/// All hits on a page, in the order of its lines, at most [`Limits::HITS`]. They do not overlap. A keyword without anything but white
/// space has none.
#[must_use]
pub fn find(look: &PageLook, keyword: &str) -> Vec<Hit> {
    let wanted: Vec<char> = folded_chars(keyword).collect();
    let mut hits = Vec::new();
    for row in rows(&look.lines) {
        let text = Folded::of(row);
        for found in text.all(&wanted) {
            let first = found.first().and_then(|first| row.get(first.line));
            if let (Some(line), Some(area)) = (first, area(row, found)) {
                hits.push(Hit { page: look.page, area, angle: line.angle, layer: line.layer });
            }
            if hits.len() >= Limits::HITS {
                return hits;
            }
        }
    }
    hits
}

/// The rows of a page's lines.
pub(crate) fn rows(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines.chunk_by(|one, next| one.row == next.row)
}

/// A character of a row, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) c: char,
    /// Whether there is white space, or room for it, before.
    pub(crate) spaced: bool,
    /// Index of its line in the row.
    pub(crate) line: usize,
    /// Index of its cell in the line.
    cell: usize,
}

/// The characters of a row or a line but for white space.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) letters: Vec<Letter>,
}

impl Folded {
    pub(crate) fn of(row: &[Line]) -> Folded {
        let mut letters = Vec::new();
        for (line, whole) in row.iter().enumerate() {
            let mut end = 0;
            let mut spaced = true;
            for (cell, place) in whole.cells.iter().enumerate() {
                spaced |= place.start > end;
                end = place.end;
                for c in whole.text_of(place).nfkc() {
                    if c.is_whitespace() {
                        spaced = true;
                    } else {
                        letters.push(Letter { c, spaced, line, cell });
                        spaced = false;
                    }
                }
            }
        }
        Folded { letters }
    }

    /// The same in small letters.
    pub(crate) fn lowercase(mut self) -> Folded {
        for letter in &mut self.letters {
            letter.c = lowercase(letter.c);
        }
        self
    }

    /// Where these characters follow each other, without overlaps.
    pub(crate) fn all<'f>(&'f self, wanted: &[char]) -> Vec<&'f [Letter]> {
        let mut found = Vec::new();
        let mut rest = self.letters.as_slice();
        while !wanted.is_empty() && rest.len() >= wanted.len() {
            let (candidate, _) = rest.split_at(wanted.len());
            let skipped = if candidate.iter().map(|letter| letter.c).eq(wanted.iter().copied()) {
                found.push(candidate);
                wanted.len()
            } else {
                1
            };
            rest = rest.get(skipped..).unwrap_or_default();
        }
        found
    }
}

/// The characters to compare a keyword by.
pub(crate) fn folded_chars(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkc().filter(|c| !c.is_whitespace())
}

/// The small letter, where there is one that is a single character.
pub(crate) fn lowercase(c: char) -> char {
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => c,
    }
}

/// The box around letters of a row.
pub(crate) fn area(row: &[Line], letters: &[Letter]) -> Option<Area> {
    letters
        .iter()
        .filter_map(|letter| row.get(letter.line)?.cells.get(letter.cell))
        .map(|cell| cell.area)
        .reduce(Area::union)
}
