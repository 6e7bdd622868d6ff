//! The interactive form (ISO 32000-2 §12.7.3): the new field's name and its place in /Fields.

use std::collections::HashSet;

use super::appendix::Appendix;
use super::edit::{Edits, array_of, target, with_element, with_entries};
use super::error::RevisionError;
use crate::document::Document;
use crate::error::{Damage, ReadError};
use crate::facts::Named;
use crate::object::{Dictionary, Object, Reference};
use crate::validate::fields;

/// SignaturesExist and AppendOnly (ISO 32000-2 Table 225).
const SIGNATURE_FLAGS: i64 = 0b11;

/// A partial name no field of the document has: `Seal1`, `Seal2`, …
///
/// It must not depend on the use: what is reviewed is what is stamped, whatever id the use gets.
pub(super) fn free_field_name(document: &Document<'_>) -> Result<String, RevisionError> {
    let fields = fields::all(document)?;
    let taken: HashSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let free = (1_u32..).map(|number| format!("Seal{number}")).find(|name| !taken.contains(name.as_str()));
    free.ok_or(RevisionError::TooLarge("no field name is free"))
}

/// Adds `field` to the form's root, making the form where there is none.
pub(super) fn add_field(
    document: &Document<'_>,
    field: Reference,
    named: &Named,
    edits: &mut Edits,
    appendix: &mut Appendix,
) -> Result<(), RevisionError> {
    let (catalog_reference, catalog) = document.catalog()?;
    let form = target(document, &catalog, "AcroForm")?;
    match (form.value, form.holder) {
        (Object::Null, _) => {
            let form = appendix.reserve()?;
            let body = format!("<<\n/Fields [{field}]\n/SigFlags {SIGNATURE_FLAGS}\n>>");
            appendix.object(form, body.as_bytes())?;
            let entry = ("AcroForm", form.to_string().into_bytes());
            edits.set(catalog_reference, with_entries(&catalog, &[entry]));
        }
        (Object::Dictionary(form), holder) => {
            let changes = form_changes(document, &form, field, named, edits)?;
            if changes.is_empty() {
                return Ok(());
            }
            let form = with_entries(&form, &changes);
            match holder {
                Some(holder) => edits.set(holder, form),
                None => edits.set(catalog_reference, with_entries(&catalog, &[("AcroForm", form)])),
            }
        }
        _ => return Err(ReadError::damaged(Damage::WrongType, catalog.offset()).into()),
    }
    Ok(())
}

/// What changes in the form dictionary itself; an indirect /Fields changes where it stands, if it is nothing else.
fn form_changes(
    document: &Document<'_>,
    form: &Dictionary<'_>,
    field: Reference,
    named: &Named,
    edits: &mut Edits,
) -> Result<Vec<(&'static str, Vec<u8>)>, RevisionError> {
    let wrong_type = || ReadError::damaged(Damage::WrongType, form.offset());
    let mut changes = Vec::new();
    let fields = target(document, form, "Fields")?;
    match (fields.value, fields.holder) {
        (Object::Null, _) => changes.push(("Fields", array_of(field))),
        (Object::Array(array), None) => changes.push(("Fields", with_element(array, field))),
        // What else the array serves as must stay as it is, so the form gets one of its own.
        (Object::Array(array), Some(_)) if !named.are_each_named_once(&fields.followed) => {
            changes.push(("Fields", with_element(array, field)));
        }
        (Object::Array(array), Some(holder)) => edits.set(holder, with_element(array, field)),
        _ => return Err(wrong_type().into()),
    }
    let flags = match document.value(form, "SigFlags")? {
        Object::Null => 0,
        other => other.as_integer().ok_or_else(wrong_type)?,
    };
    if flags | SIGNATURE_FLAGS != flags {
        changes.push(("SigFlags", (flags | SIGNATURE_FLAGS).to_string().into_bytes()));
    }
    Ok(changes)
}
