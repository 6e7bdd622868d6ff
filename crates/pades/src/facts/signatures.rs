//! Signatures that a file already carries (ISO 32000-2 §12.8.1).

use super::dictionary;
use super::form::SignatureField;
use crate::document::Document;
use crate::error::{Damage, ReadError};
use crate::object::{Dictionary, Object};

/// What a certification lets later revisions do (ISO 32000-2 Table 257). The strictest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocMdp {
    /// Nothing.
    NoChanges,
    /// Fill in form fields and sign existing ones.
    FillForms,
    /// The same, and annotate.
    Annotate,
}

impl DocMdp {
    /// The level as written in /P: 1, 2 or 3.
    #[must_use]
    pub fn level(self) -> u8 {
        match self {
            DocMdp::NoChanges => 1,
            DocMdp::FillForms => 2,
            DocMdp::Annotate => 3,
        }
    }

    /// A value of /P. A missing one means 2; an unknown one is taken for the strictest, for no reader can say what it allows.
    fn from_value(value: &Object<'_>) -> DocMdp {
        match value {
            Object::Null | Object::Integer(2) => DocMdp::FillForms,
            Object::Integer(3) => DocMdp::Annotate,
            _ => DocMdp::NoChanges,
        }
    }
}

/// A signature as its dictionary describes it; nothing about it is verified here.
#[derive(Debug, Clone, PartialEq)]
pub struct ExistingSignature {
    /// The field that holds it.
    pub field: SignatureField,
    /// /ByteRange: offset and length in bytes, twice; `None` if it is anything else than four unsigned integers.
    pub byte_range: Option<[u64; 4]>,
    /// /SubFilter, such as `ETSI.CAdES.detached`.
    pub sub_filter: Option<String>,
    /// Whether it is a document time stamp (ISO 32000-2 §12.8.5).
    pub time_stamp: bool,
    /// What it lets later revisions do, if it limits that: by a DocMDP transform or by its field's lock (ISO 32000-2 Table 236).
    pub doc_mdp: Option<DocMdp>,
}

/// Describes the signature `value` of a field.
pub(super) fn signature(
    document: &Document<'_>,
    described: SignatureField,
    field: &Dictionary<'_>,
    value: &Dictionary<'_>,
) -> Result<ExistingSignature, ReadError> {
    let lock = match dictionary(document, field, "Lock", Damage::Form)? {
        Some(lock) if lock.contains("P") => Some(DocMdp::from_value(&document.value(&lock, "P")?)),
        _ => None,
    };
    let transform = transform(document, value)?;
    Ok(ExistingSignature {
        field: described,
        byte_range: byte_range(document, value)?,
        sub_filter: document.value(value, "SubFilter")?.as_name().map(|name| name.text()),
        time_stamp: value.is_type("DocTimeStamp"),
        doc_mdp: lock.into_iter().chain(transform).min(),
    })
}

fn byte_range(document: &Document<'_>, value: &Dictionary<'_>) -> Result<Option<[u64; 4]>, ReadError> {
    let Object::Array(array) = document.value(value, "ByteRange")? else { return Ok(None) };
    let mut numbers = Vec::with_capacity(4);
    for element in array.iter().take(5) {
        match document.resolve(element?)?.as_integer().and_then(|number| u64::try_from(number).ok()) {
            Some(number) => numbers.push(number),
            None => return Ok(None),
        }
    }
    Ok(numbers.try_into().ok())
}

/// The DocMDP transform among a signature's references (§12.8.2.2).
fn transform(document: &Document<'_>, value: &Dictionary<'_>) -> Result<Option<DocMdp>, ReadError> {
    let Object::Array(references) = document.value(value, "Reference")? else { return Ok(None) };
    let mut strictest = None;
    for reference in references.iter() {
        let Object::Dictionary(reference) = document.resolve(reference?)? else { continue };
        let method = document.value(&reference, "TransformMethod")?.as_name();
        if !method.is_some_and(|method| method.is("DocMDP")) {
            continue;
        }
        let level = match dictionary(document, &reference, "TransformParams", Damage::Form)? {
            Some(parameters) => DocMdp::from_value(&document.value(&parameters, "P")?),
            None => DocMdp::FillForms,
        };
        strictest = strictest.into_iter().chain([level]).min();
    }
    Ok(strictest)
}

/// What the catalog's /Perms say (ISO 32000-2 §12.8.6).
pub(super) struct Permissions {
    pub(super) doc_mdp: Option<DocMdp>,
    pub(super) usage_rights: bool,
}

pub(super) fn permissions(
    document: &Document<'_>,
    catalog: &Dictionary<'_>,
) -> Result<Permissions, ReadError> {
    let Some(permissions) = dictionary(document, catalog, "Perms", Damage::Form)? else {
        return Ok(Permissions { doc_mdp: None, usage_rights: false });
    };
    let doc_mdp = match dictionary(document, &permissions, "DocMDP", Damage::Form)? {
        // A certification that does not say what it allows allows nothing.
        Some(signature) => Some(transform(document, &signature)?.unwrap_or(DocMdp::NoChanges)),
        None => None,
    };
    let usage_rights = permissions.contains("UR3") || permissions.contains("UR");
    Ok(Permissions { doc_mdp, usage_rights })
}
