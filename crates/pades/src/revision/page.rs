//! The page's annotations (ISO 32000-2 §12.5.2).

use super::appendix::Appendix;
use super::edit::{Edits, array_of, target, with_element, with_entries};
use super::error::RevisionError;
use crate::document::{Document, Page};
use crate::error::{Damage, ReadError};
use crate::object::{Object, Reference};

/// Adds `annotation` to the page and to no other one.
pub(super) fn add_annotation(
    document: &Document<'_>,
    page: &Page<'_>,
    annotation: Reference,
    edits: &mut Edits,
    appendix: &mut Appendix,
) -> Result<(), RevisionError> {
    let annotations = target(document, &page.dictionary, "Annots")?;
    let in_page = |value: Vec<u8>| with_entries(&page.dictionary, &[("Annots", value)]);
    match (annotations.value, annotations.holder) {
        (Object::Null, _) => edits.set(page.reference, in_page(array_of(annotation))),
        (Object::Array(array), None) => edits.set(page.reference, in_page(with_element(array, annotation))),
        (Object::Array(array), Some(holder)) => {
            let extended = with_element(array, annotation);
            if shared(document, page.index, holder)? {
                // The seal must not appear on a page nobody confirmed, so this page gets an array of its own.
                let own = appendix.reserve()?;
                appendix.object(own, &extended)?;
                edits.set(page.reference, in_page(own.to_string().into_bytes()));
            } else {
                edits.set(holder, extended);
            }
        }
        _ => return Err(ReadError::damaged(Damage::WrongType, page.dictionary.offset()).into()),
    }
    Ok(())
}

/// Whether another page than `index` has the array `holder` as its /Annots.
fn shared(document: &Document<'_>, index: usize, holder: Reference) -> Result<bool, ReadError> {
    for other in (0..document.page_count()?).filter(|other| *other != index) {
        if target(document, &document.page(other)?.dictionary, "Annots")?.holder == Some(holder) {
            return Ok(true);
        }
    }
    Ok(false)
}
