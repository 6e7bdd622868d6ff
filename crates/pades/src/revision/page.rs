//! The page's annotations (ISO 32000-2 §12.5.2).

use super::appendix::Appendix;
use super::edit::{Edits, array_of, target, with_element, with_entries};
use super::error::RevisionError;
use crate::document::{Document, Page};
use crate::error::{Damage, ReadError};
use crate::facts::Named;
use crate::object::{Object, Reference};

/// Adds `annotation` to the page and to no other one.
pub(super) fn add_annotation(
    document: &Document<'_>,
    page: &Page<'_>,
    annotation: Reference,
    named: &Named,
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
            if !named.are_each_named_once(&annotations.followed) {
                // It may be another page's too, where the seal must not appear, or a box or the like: this page gets one of its own.
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
