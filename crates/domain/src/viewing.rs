//! What of a document somebody wants to see: which pages (`1,3-5`, `all`, or those that bear a seal), and how fine.

use crate::{reason::Reason, refusal::Violation};

/// Most pages whose pictures are asked for at once.
pub const MOST_PAGES: u32 = 32;

/// Pixels to the inch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution(u16);

impl Resolution {
    /// What is taken where none is asked for: the small print of a contract can be read.
    pub const DEFAULT: Resolution = Resolution(150);
    /// Fewest: a page is told from another.
    pub const LEAST: u16 = 36;
    /// Most: what a seal's own picture has at least (A5).
    pub const MOST: u16 = 300;

    /// Checks the range; 0 is [`Resolution::DEFAULT`].
    ///
    /// # Errors
    /// [`Reason::DpiOutOfRange`].
    pub fn new(dpi: u32) -> Result<Self, Violation> {
        match u16::try_from(dpi) {
            Ok(0) => Ok(Self::DEFAULT),
            Ok(dpi @ Self::LEAST..=Self::MOST) => Ok(Resolution(dpi)),
            _ => Err(Violation::new(Reason::DpiOutOfRange)
                .with("dpi", dpi)
                .with("from", Self::LEAST)
                .with("to", Self::MOST)),
        }
    }

    /// Pixels to the inch.
    pub const fn dpi(self) -> u16 {
        self.0
    }
}

/// Which pages of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageSet {
    /// Those that bear a seal.
    Sealed,
    /// Every one.
    All,
    /// These, from first to last of each span, counting from 1.
    Spans(Vec<(u32, u32)>),
}

impl PageSet {
    /// Longest text that is read, bytes.
    const LONGEST: usize = 4096;

    /// Reads `all`, or numbers from 1 and spans of them joined by commas, without spaces, signs or leading zeros. Nothing at all means the pages
    /// that bear a seal. Anything else is [`Reason::PagesBad`].
    pub fn parse(text: &str) -> Result<Self, Reason> {
        match text {
            "" => Ok(PageSet::Sealed),
            "all" => Ok(PageSet::All),
            _ if text.len() > Self::LONGEST => Err(Reason::PagesBad),
            _ => text.split(',').map(span).collect::<Result<_, _>>().map(PageSet::Spans),
        }
    }

    /// Their numbers in a document of so many pages, each once, in ascending order; `sealed` are those that bear a seal.
    ///
    /// # Errors
    /// [`Reason::PageUnknown`] where a page is named that is not there, [`Reason::PicturesTooMany`] for more than `most` pages.
    pub fn numbers(&self, page_count: u32, sealed: &[u32], most: u32) -> Result<Vec<u32>, Violation> {
        let mut spans = match self {
            PageSet::Sealed => sealed.iter().map(|page| (*page, *page)).collect(),
            PageSet::All => vec![(1, page_count)],
            PageSet::Spans(spans) => spans.clone(),
        };
        if let Some((_, page)) = spans.iter().find(|(_, last)| *last > page_count) {
            return Err(Violation::new(Reason::PageUnknown).with("page", page).with("pages", page_count));
        }
        spans.sort_unstable();
        let mut numbers: Vec<u32> = Vec::new();
        for (first, last) in spans {
            let next = numbers.last().map_or(1, |number| number.saturating_add(1));
            for number in first.max(next)..=last {
                // Told before they are all counted.
                if numbers.len() >= most as usize {
                    return Err(Violation::new(Reason::PicturesTooMany).with("limit", most));
                }
                numbers.push(number);
            }
        }
        Ok(numbers)
    }
}

/// `3`, `3-5`.
fn span(text: &str) -> Result<(u32, u32), Reason> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first <= last { Ok((first, last)) } else { Err(Reason::PagesBad) }
}

fn number(text: &str) -> Result<u32, Reason> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::PagesBad);
    }
    text.parse().map_err(|_| Reason::PagesBad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str, page_count: u32) -> Result<Vec<u32>, Reason> {
        let set = PageSet::parse(text)?;
        set.numbers(page_count, &[2], 32).map_err(|violation| violation.reason)
    }

    #[test]
    fn pages_are_named_by_numbers_and_spans() {
        assert_eq!(numbers("3", 5), Ok(vec![3]));
        assert_eq!(numbers("1,3-5", 5), Ok(vec![1, 3, 4, 5]));
        assert_eq!(numbers("all", 3), Ok(vec![1, 2, 3]));
        assert_eq!(numbers("", 5), Ok(vec![2]), "those that bear a seal");
        assert_eq!(numbers("4-5,1,3-4,1", 5), Ok(vec![1, 3, 4, 5]), "each once, in their order");
    }

    #[test]
    fn what_names_no_pages_is_told_as_such() {
        let long = "1,".repeat(3000) + "1";
        for bad in
            ["0", "01", "+1", "1-", "-1", "2-1", "1, 2", "1,", "last", "1-2-3", "４", "4294967296", &long]
        {
            assert_eq!(numbers(bad, 5), Err(Reason::PagesBad), "{bad}");
        }
    }

    #[test]
    fn a_resolution_lies_within_its_range() {
        let dpi = |dpi| Resolution::new(dpi).map(Resolution::dpi).map_err(|violation| violation.reason);
        assert_eq!((dpi(0), dpi(36), dpi(300)), (Ok(150), Ok(36), Ok(300)));
        for bad in [1, 35, 301, 65_536 + 150, u32::MAX] {
            assert_eq!(dpi(bad), Err(Reason::DpiOutOfRange), "{bad}");
        }
    }

    #[test]
    fn no_more_pages_than_there_are_and_than_may_be_shown_at_once() {
        assert_eq!(numbers("6", 5), Err(Reason::PageUnknown));
        assert_eq!(numbers("1-6", 5), Err(Reason::PageUnknown));
        assert_eq!(numbers("1-32", 100).map(|all| all.len()), Ok(32));
        assert_eq!(numbers("1-33", 100), Err(Reason::PicturesTooMany));
        assert_eq!(numbers("all", u32::MAX), Err(Reason::PicturesTooMany));
    }
}
