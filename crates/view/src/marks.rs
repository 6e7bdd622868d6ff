//! Whether there is anything on a page, by its picture: marks on paper.
//!
//! The paper is the colour that most of the page has, so that the scan of an empty sheet, which is hardly ever white, is as blank as an
//! empty page; a page in one colour all over says nothing and is blank as well. What is small enough for dust on a scanner's glass is no
//! mark, unless there is so much of it that it may be a pattern.

use crate::picture::Picture;

/// Least difference of a mark from the paper in one of red, green, blue (0 to 255). Paper scanned at 8 bits varies by about ±10 and
/// less once it is drawn smaller; the lightest customary watermark (10% grey) differs by 26.
const LEAST_CONTRAST: u8 = 24;

/// What is at most this high and wide may be dust, in µm: a full stop of 12 pt measures 0.5 mm, the stroke of a pen 0.5 mm by several,
/// and one pixel at 72 dpi is 0.35 mm.
const DUST_UM: f64 = 1_000.0;

/// The largest part of a page that may be covered with dust: 0.05%, on A4 31 mm², sixty specks of 0.8 mm.
const MOST_DUST: f64 = 0.000_5;

/// What differs from the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Marks {
    /// Part of the page that differs from the paper, in millionths.
    pub(crate) ppm: u32,
    /// Whether it is more than dust.
    pub(crate) visible: bool,
}

/// Looks for marks. Takes time and memory in proportion to the picture's pixels.
pub(crate) fn marks(picture: &Picture) -> Marks {
    let paper = paper(picture);
    let mut marked: Vec<bool> = picture.colours().map(|colour| differs(colour, paper)).collect();
    let total = marked.len().max(1) as f64;
    let count = marked.iter().filter(|marked| **marked).count() as f64;
    // At least two pixels: what measures less can touch two.
    let dust = (DUST_UM / 25_400.0 * picture.dpi).ceil().max(2.0) as usize;
    let visible = count > MOST_DUST * total || larger_than(dust, &mut marked, usize::from(picture.width));
    // A part of one, in millionths.
    Marks { ppm: (count / total * 1e6).ceil() as u32, visible }
}

/// The colour of most of the page: the mean of the fullest of 4,096 bins.
fn paper(picture: &Picture) -> [u8; 3] {
    let mut bins = vec![(0_u64, [0_u64; 3]); 4_096];
    for colour in picture.colours() {
        let [red, green, blue] = colour.map(|part| usize::from(part >> 4));
        if let Some((count, sum)) = bins.get_mut((red << 8) | (green << 4) | blue) {
            *count += 1;
            for (sum, part) in sum.iter_mut().zip(colour) {
                *sum += u64::from(part);
            }
        }
    }
    let (count, sum) = bins.into_iter().max_by_key(|(count, _)| *count).unwrap_or_default();
    // A mean of values of u8.
    sum.map(|sum| (sum / count.max(1)) as u8)
}

fn differs(colour: [u8; 3], paper: [u8; 3]) -> bool {
    colour.iter().zip(paper).any(|(part, paper)| part.abs_diff(paper) >= LEAST_CONTRAST)
}

/// Whether any connected group of marked pixels is wider or higher than `most`; unmarks what it has seen.
fn larger_than(most: usize, marked: &mut [bool], width: usize) -> bool {
    let mut pending = Vec::new();
    for start in 0..marked.len() {
        pending.push(start);
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        while let Some(at) = pending.pop() {
            match marked.get_mut(at) {
                Some(marked) if *marked => *marked = false,
                _ => continue,
            }
            let (x, y) = (at % width, at / width);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
            if right - left >= most || bottom - top >= most {
                return true;
            }
            for y in y.saturating_sub(1)..=y + 1 {
                for x in x.saturating_sub(1)..=(x + 1).min(width.saturating_sub(1)) {
                    pending.push(y * width + x);
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 by 140 pixels at 72 dpi, in one colour but for what `draw` colours.
    fn sheet(draw: impl Fn(usize, usize) -> Option<u8>) -> Picture {
        let grey = |at: usize| draw(at % 100, at / 100).unwrap_or(230);
        let rgba = (0..100 * 140).flat_map(|at| [grey(at), grey(at), grey(at), 255]).collect();
        Picture { width: 100, height: 140, dpi: 72.0, rgba }
    }

    #[test]
    fn paper_is_blank_whatever_its_colour() {
        for grey in [0, 128, 235, 255] {
            let marks = marks(&sheet(|_, _| Some(grey)));
            assert_eq!(marks, Marks { ppm: 0, visible: false });
        }
    }

    #[test]
    fn the_grain_of_scanned_paper_is_no_mark() {
        let grainy = sheet(|x, y| Some(225 + ((x * 7 + y * 13) % 20) as u8));
        assert!(!marks(&grainy).visible);
    }

    #[test]
    fn a_speck_is_dust_and_a_stroke_is_a_mark() {
        let speck = sheet(|x, y| ((50..52).contains(&x) && (70..72).contains(&y)).then_some(0));
        assert!(!marks(&speck).visible);
        assert_eq!(marks(&speck).ppm, 286);
        let stroke = sheet(|x, y| (x == 50 && (70..76).contains(&y)).then_some(0));
        assert!(marks(&stroke).visible);
        let slanted = sheet(|x, y| (x == y && (70..76).contains(&y)).then_some(0));
        assert!(marks(&slanted).visible);
    }

    #[test]
    fn much_dust_is_a_pattern() {
        let dots = sheet(|x, y| (x % 10 == 0 && y % 10 == 0).then_some(0));
        assert!(marks(&dots).visible);
    }

    #[test]
    fn marks_at_the_edges_are_seen() {
        for (x, y) in [(0, 0), (99, 0), (0, 139), (99, 139)] {
            let edge = sheet(|at_x, at_y| (at_x == x && at_y.abs_diff(y) < 5).then_some(0));
            assert!(marks(&edge).visible, "{x}, {y}");
            let dot = sheet(|at_x, at_y| (at_x == x && at_y == y).then_some(0));
            assert!(!marks(&dot).visible, "{x}, {y}");
        }
    }

    #[test]
    fn a_half_filled_page_is_marked() {
        assert!(marks(&sheet(|x, _| (x < 40).then_some(20))).visible);
    }
}
