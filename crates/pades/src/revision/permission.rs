//! Whether a document may get another signature field at all.

use super::error::RevisionError;
use crate::document::Document;
use crate::error::ReadError;
use crate::object::{Dictionary, Object};
use crate::validate::fields::{self, Field};

/// Refuses documents on which the new field would make an earlier signature invalid, or would not be seen.
pub(super) fn may_add_a_signature(document: &Document<'_>) -> Result<(), RevisionError> {
    let (_, catalog) = document.catalog()?;
    if has(document, &catalog, "AcroForm", "XFA")? {
        return Err(RevisionError::Xfa);
    }
    if has(document, &catalog, "Perms", "DocMDP")? {
        return Err(RevisionError::Certified { field: String::new() });
    }
    for field in fields::all(document)? {
        if forbids_new_fields(document, &field)? {
            return Err(RevisionError::Certified { field: field.name });
        }
    }
    Ok(())
}

/// Whether the dictionary `outer` of the catalog has an entry `inner` that is not null.
fn has(
    document: &Document<'_>,
    catalog: &Dictionary<'_>,
    outer: &str,
    inner: &str,
) -> Result<bool, ReadError> {
    match document.value(catalog, outer)? {
        Object::Dictionary(dictionary) => Ok(!document.value(&dictionary, inner)?.is_null()),
        _ => Ok(false),
    }
}

/// Whether the signature in `field`, if there is one, certifies the document or locks fields that are not there yet.
fn forbids_new_fields(document: &Document<'_>, field: &Field<'_>) -> Result<bool, ReadError> {
    if !field.is_type("Sig") {
        return Ok(false);
    }
    let Object::Dictionary(signature) = document.resolve(field.value.clone())? else { return Ok(false) };
    if let Object::Dictionary(lock) = document.value(&field.dictionary, "Lock")? {
        // /P in a lock is a DocMDP of its own (ISO 32000-2 Table 236).
        if !document.value(&lock, "P")?.is_null() || locks_unknown_fields(document, &lock)? {
            return Ok(true);
        }
    }
    let Object::Array(references) = document.value(&signature, "Reference")? else { return Ok(false) };
    for reference in references.iter() {
        let Object::Dictionary(reference) = document.resolve(reference?)? else { continue };
        let method = document.value(&reference, "TransformMethod")?;
        let Some(method) = method.as_name() else { continue };
        if method.is("DocMDP") {
            return Ok(true);
        }
        if method.is("FieldMDP")
            && let Object::Dictionary(parameters) = document.value(&reference, "TransformParams")?
            && locks_unknown_fields(document, &parameters)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether /Action covers fields that are not named: All, or all but some (ISO 32000-2 Tables 236 and 259).
fn locks_unknown_fields(document: &Document<'_>, lock: &Dictionary<'_>) -> Result<bool, ReadError> {
    let action = document.value(lock, "Action")?;
    Ok(action.as_name().is_some_and(|action| action.is("All") || action.is("Exclude")))
}
