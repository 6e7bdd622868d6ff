//! One page of the document: what there is to see, and what of it was sought.

use sealkeeper_view::{Document, ViewError, find, gaps, markers, placeholders};

use crate::pipeline::ports::document::{Hit, Marker, PageLook, Placeholder, Sought};

/// Looks at a page, which counts from 1.
pub(super) fn look(document: &Document, number: u32, sought: &Sought) -> Result<PageLook, ViewError> {
    let look = document.look(index(document, number)?)?;
    let words: Vec<&str> = sought.draft_words.iter().map(String::as_str).collect();
    let marked = markers(&look, &words).into_iter();
    let unfilled = placeholders(&look).into_iter();
    let hits = sought.keywords.iter().flat_map(|keyword| {
        find(&look, keyword).into_iter().map(|hit| Hit {
            keyword: keyword.clone(),
            area: hit.area,
            angle: hit.angle,
        })
    });
    Ok(PageLook {
        number,
        width_pt: look.width_pt,
        height_pt: look.height_pt,
        blank: look.blank,
        ink_ppm: look.ink_ppm,
        markers: marked
            .map(|marker| Marker { word: marker.word, standing: marker.standing, area: marker.area })
            .collect(),
        placeholders: unfilled
            .map(|found| Placeholder { bracket: found.bracket, area: found.area })
            .collect(),
        gaps: gaps(&look).into_iter().map(|gap| gap.area).collect(),
        hits: hits.collect(),
        missing_fonts: look.missing_fonts.clone(),
        undecoded: look.undecoded,
        truncated: look.truncated,
    })
}

/// Draws a page, which counts from 1.
pub(super) fn render(
    document: &Document,
    number: u32,
    dpi: u16,
) -> Result<sealkeeper_view::Picture, ViewError> {
    document.render(index(document, number)?, dpi)
}

fn index(document: &Document, number: u32) -> Result<usize, ViewError> {
    let none = ViewError::NoSuchPage { page: number as usize, pages: document.page_count() };
    (number as usize).checked_sub(1).ok_or(none)
}
