//! Whether a document may get another signature field at all.

use super::error::RevisionError;
use crate::document::Document;
use crate::error::ReadError;
use crate::facts::{PdfAClaim, inspect};
use crate::object::{Dictionary, Object};
use crate::validate::fields::{self, Field};

/// Refuses documents that the seal would make invalid, or on which it would make an earlier signature invalid, or would
/// not be seen.
pub(super) fn may_add_a_seal(document: &Document<'_>) -> Result<(), RevisionError> {
    let facts = inspect(document)?;
    if facts.pages == 0 {
        return Err(RevisionError::NoPages);
    }
    if facts.xfa {
        return Err(RevisionError::Xfa);
    }
    // A claim that cannot be read is taken for the one that allows least.
    if matches!(facts.pdf_a, PdfAClaim::Part { part: 1, .. } | PdfAClaim::Unclear) {
        return Err(RevisionError::PdfA1);
    }
    if facts.new_field().is_err() {
        return Err(RevisionError::Certified);
    }
    for field in fields::all(document)?.iter().filter(|field| field.is_type("Sig")) {
        if locks_new_fields(document, field)? {
            return Err(RevisionError::Locked { field: field.name.clone() });
        }
    }
    Ok(())
}

/// Whether the signature in `field`, if there is one, locks fields that are not there yet (ISO 32000-2 §12.8.2.4).
fn locks_new_fields(document: &Document<'_>, field: &Field<'_>) -> Result<bool, ReadError> {
    let Object::Dictionary(signature) = document.resolve(field.value.clone())? else { return Ok(false) };
    let Object::Array(references) = document.value(&signature, "Reference")? else { return Ok(false) };
    for reference in references.iter() {
        let Object::Dictionary(reference) = document.resolve(reference?)? else { continue };
        let method = document.value(&reference, "TransformMethod")?;
        if method.as_name().is_some_and(|method| method.is("FieldMDP"))
            && let Object::Dictionary(parameters) = document.value(&reference, "TransformParams")?
            && covers_unnamed_fields(document, &parameters)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether /Action covers fields that are not named: All, all but some (ISO 32000-2 Table 259), or what nobody knows.
fn covers_unnamed_fields(document: &Document<'_>, parameters: &Dictionary<'_>) -> Result<bool, ReadError> {
    let action = document.value(parameters, "Action")?;
    Ok(!action.as_name().is_some_and(|action| action.is("Include")))
}
