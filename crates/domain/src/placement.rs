//! Where a visible seal goes. Lengths are integer µm; positions are what a person sees, from the top left of the visible page.

use crate::reason::Reason;

/// One page of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageChoice {
    /// Page number, from 1.
    Number(u32),
    /// The last page.
    Last,
}

impl PageChoice {
    /// Reads `last` or a number from 1 without sign or leading zero. Page sets (`1,3-5`, `odd`, `even`, `all`) are known, and refused as not
    /// yet supported; anything else is malformed.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        if text == "last" {
            return Ok(PageChoice::Last);
        }
        if matches!(text, "all" | "odd" | "even")
            || (text.contains([',', '-'])
                && text.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'-'))
        {
            return Err(Reason::PageSetUnsupported);
        }
        if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reason::PlacementBad);
        }
        text.parse().map(PageChoice::Number).map_err(|_| Reason::PlacementBad)
    }

    /// The page's index from 0 in a document of so many pages.
    pub fn index(self, pages: u32) -> Result<u32, Reason> {
        match self {
            PageChoice::Last => pages.checked_sub(1).ok_or(Reason::PdfNoPages),
            PageChoice::Number(number) if (1..=pages).contains(&number) => Ok(number - 1),
            PageChoice::Number(_) => Err(Reason::PageUnknown),
        }
    }
}

/// A seal's centre on a page, as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Which page.
    pub page: PageChoice,
    /// Centre from the left edge of the visible page, µm.
    pub x_um: i64,
    /// Centre from the top edge of the visible page, µm.
    pub y_um: i64,
}

impl Placement {
    /// Farthest a coordinate may lie from the corner: 100 m, well beyond the largest page PDF can describe.
    pub const MAX_UM: i64 = 100_000_000;

    /// Checks the coordinates' range; whether the seal lies on the page is known once the document is.
    pub fn new(page: PageChoice, x_um: i64, y_um: i64) -> Result<Self, Reason> {
        let fits = |v: i64| (-Self::MAX_UM..=Self::MAX_UM).contains(&v);
        if fits(x_um) && fits(y_um) { Ok(Placement { page, x_um, y_um }) } else { Err(Reason::PlacementBad) }
    }
}

/// A resolved place: top left corner and size in µm as a person sees the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealBox {
    /// Page index from 0.
    pub page: u32,
    /// From the left edge of the visible page.
    pub left_um: i64,
    /// From the top edge of the visible page.
    pub top_um: i64,
    /// Width on paper.
    pub width_um: u32,
    /// Height on paper.
    pub height_um: u32,
}

impl SealBox {
    /// The box of a seal of this size whose centre is placed so. Halves of odd sizes round towards the corner.
    pub fn around(page: u32, placement: &Placement, width_um: u32, height_um: u32) -> Self {
        SealBox {
            page,
            left_um: placement.x_um - i64::from(width_um / 2),
            top_um: placement.y_um - i64::from(height_um / 2),
            width_um,
            height_um,
        }
    }

    /// Whether it shares any area with a rectangle on the same page: left, top, width and height in µm. An empty one covers nothing.
    pub fn overlaps(&self, [left, top, width, height]: [i64; 4]) -> bool {
        let meets = |from: i64, length: u32, other: i64, other_length: i64| {
            other_length > 0
                && from < other.saturating_add(other_length)
                && other < from.saturating_add(i64::from(length))
        };
        meets(self.left_um, self.width_um, left, width) && meets(self.top_um, self.height_um, top, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_one_way() {
        assert_eq!(PageChoice::parse("last"), Ok(PageChoice::Last));
        assert_eq!(PageChoice::parse("12"), Ok(PageChoice::Number(12)));
        for bad in ["", "0", "01", "+1", "-", "first", "99999999999"] {
            let refused = PageChoice::parse(bad).unwrap_err();
            assert!(matches!(refused, Reason::PlacementBad | Reason::PageSetUnsupported), "{bad}");
        }
        for set in ["1,3-5", "odd", "even", "all"] {
            assert_eq!(PageChoice::parse(set), Err(Reason::PageSetUnsupported));
        }
    }

    #[test]
    fn pages_resolve_within_the_document() {
        assert_eq!(PageChoice::Last.index(3), Ok(2));
        assert_eq!(PageChoice::Number(3).index(3), Ok(2));
        assert_eq!(PageChoice::Number(4).index(3), Err(Reason::PageUnknown));
        assert_eq!(PageChoice::Last.index(0), Err(Reason::PdfNoPages));
    }

    #[test]
    fn boxes_surround_the_centre() {
        let at = Placement::new(PageChoice::Last, 120_000, 230_000).unwrap();
        let seal = SealBox::around(4, &at, 40_000, 30_000);
        assert_eq!((seal.page, seal.left_um, seal.top_um), (4, 100_000, 215_000));
        assert!(Placement::new(PageChoice::Last, i64::MAX, 0).is_err());
        assert!(seal.overlaps([139_999, 244_999, 5, 5]));
        assert!(!seal.overlaps([140_000, 215_000, 5, 5]), "touching is not covering");
        assert!(!seal.overlaps([120_000, 230_000, 0, 5]), "an invisible signature has no area");
    }
}
