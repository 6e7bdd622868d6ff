//! What is drawn over what: text under a scan or a filled box is on the page, and yet nobody sees it.
//!
//! A coarse grid remembers for each cell when something opaque last filled it. Only upright boxes and images count, which is how scans
//! and redactions are made; what other shapes cover goes unnoticed here.

use hayro::kurbo::Rect;

/// Cells along one side of the page: about 1 mm on A4.
const SIDE: usize = 256;

/// The most cells written for one page; what is drawn after that covers nothing. A thousand boxes over the whole page reach it.
const MOST_WRITES: usize = 65_536 * 1_000;

/// The grid.
#[derive(Debug)]
pub(crate) struct Cover {
    /// Number of the last drawing that filled the cell.
    last: Vec<u32>,
    width: f64,
    height: f64,
    writes: usize,
}

impl Cover {
    /// Of a page of this size.
    pub(crate) fn new(width: f64, height: f64) -> Cover {
        Cover { last: vec![0; SIDE * SIDE], width, height, writes: 0 }
    }

    /// Drawing number `order` (from 1, in the order of drawing) fills the box. Cells that it fills in part stay as they are.
    pub(crate) fn fill(&mut self, rect: Rect, order: u32) {
        let columns = range(rect.x0, rect.x1, self.width, f64::ceil, f64::floor);
        for row in range(rect.y0, rect.y1, self.height, f64::ceil, f64::floor) {
            let cells = row * SIDE + columns.start..row * SIDE + columns.end;
            if self.writes > MOST_WRITES {
                return;
            }
            self.writes += cells.len();
            if let Some(cells) = self.last.get_mut(cells) {
                cells.fill(order);
            }
        }
    }

    /// Whether all of the box has been filled after drawing number `order`.
    pub(crate) fn hides(&self, rect: Rect, order: u32) -> bool {
        let columns = range(rect.x0, rect.x1, self.width, f64::floor, f64::ceil);
        let mut rows = range(rect.y0, rect.y1, self.height, f64::floor, f64::ceil).peekable();
        if rows.peek().is_none() || columns.is_empty() {
            return false;
        }
        rows.all(|row| {
            let cells = self.last.get(row * SIDE + columns.start..row * SIDE + columns.end);
            cells.is_some_and(|cells| cells.iter().all(|last| *last > order))
        })
    }
}

/// The cells from `start` to `end` on a side of the page of this `length`.
fn range(
    start: f64,
    end: f64,
    length: f64,
    first: fn(f64) -> f64,
    last: fn(f64) -> f64,
) -> std::ops::Range<usize> {
    let cell = |value: f64| value / length * SIDE as f64;
    // Within 0 and SIDE; NaN is 0.
    let within = |value: f64| value.clamp(0.0, SIDE as f64) as usize;
    let (start, end) = (within(first(cell(start))), within(last(cell(end))));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: Rect = Rect::new(100.0, 100.0, 160.0, 112.0);

    #[test]
    fn a_later_box_hides_and_an_earlier_one_does_not() {
        let mut cover = Cover::new(595.0, 842.0);
        assert!(!cover.hides(WORD, 1));
        cover.fill(Rect::new(90.0, 90.0, 200.0, 200.0), 2);
        assert!(cover.hides(WORD, 1));
        assert!(!cover.hides(WORD, 2));
    }

    #[test]
    fn a_box_over_a_part_hides_nothing() {
        let mut cover = Cover::new(595.0, 842.0);
        cover.fill(Rect::new(0.0, 0.0, 130.0, 842.0), 2);
        assert!(!cover.hides(WORD, 1));
        cover.fill(Rect::new(120.0, 0.0, 595.0, 842.0), 3);
        assert!(cover.hides(WORD, 1));
    }

    #[test]
    fn absurd_boxes_do_no_harm() {
        let mut cover = Cover::new(595.0, 842.0);
        cover.fill(Rect::new(f64::NAN, f64::NEG_INFINITY, f64::INFINITY, f64::NAN), 2);
        cover.fill(Rect::new(1e300, 1e300, -1e300, -1e300), 3);
        assert!(!cover.hides(Rect::new(f64::NAN, 0.0, f64::NAN, 1.0), 1));
        assert!(!cover.hides(WORD, 1));
    }

    #[test]
    fn the_work_ends() {
        let mut cover = Cover::new(10.0, 10.0);
        for order in 0..3_000 {
            cover.fill(Rect::new(0.0, 0.0, 10.0, 10.0), order);
        }
        assert!(cover.writes <= MOST_WRITES + 2 * SIDE);
    }
}
