//! What there is to know about a file before it is stamped.

mod form;
mod hazard;
mod layers;
mod metadata;
mod scan;
mod signatures;

pub use form::SignatureField;
pub use hazard::Hazard;
pub use layers::{HiddenLayer, hidden_layers};
pub use metadata::PdfAClaim;
pub use scan::{FoundHazard, scan};
pub(crate) use scan::{Named, named_in};
pub use signatures::{DocMdp, ExistingSignature};

use crate::document::{Document, XrefStyle};
use crate::error::{Damage, ReadError};
use crate::object::{Dictionary, Object};

/// What [`inspect`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The version of PDF that the file claims, major and minor.
    pub version: (u8, u8),
    /// How many pages there are.
    pub pages: usize,
    /// How the newest revision writes its cross references.
    pub xref_style: XrefStyle,
    /// How many revisions the file is made of.
    pub revisions: usize,
    /// Whether the file says that it is PDF/A (ISO 19005).
    pub pdf_a: PdfAClaim,
    /// Whether the file says that it is tagged (ISO 32000-2 §14.7.1).
    pub tagged: bool,
    /// Whether there is an interactive form (ISO 32000-2 §12.7.3).
    pub form: bool,
    /// Names of the form's fields that can be filled in, signature fields left out, up to 10,000 of them.
    pub fillable_fields: Vec<String>,
    /// Whether the form has an XFA part (ISO 32000-1 §12.7.8), which shows other pages than the file's own.
    pub xfa: bool,
    /// Signatures, in the order of the field tree; document time stamps included.
    pub signatures: Vec<ExistingSignature>,
    /// Signature fields that are not signed, in the order of the field tree.
    pub empty_signature_fields: Vec<SignatureField>,
    /// The strictest limit that any signature puts on later changes (ISO 32000-2 §12.8.2.2).
    pub certification: Option<DocMdp>,
    /// Whether a signature grants usage rights (ISO 32000-1 §12.8.2.3); any change voids them, but not what the file shows.
    pub usage_rights: bool,
}

impl Facts {
    /// Whether a new signature field may be added. After a certification none may, whatever its level: validators take it for a
    /// forbidden change even at level 2 and 3, where only signing an existing field is allowed.
    ///
    /// # Errors
    /// [`NewFieldForbidden`].
    pub fn new_field(&self) -> Result<(), NewFieldForbidden> {
        self.certification.map_or(Ok(()), |level| Err(NewFieldForbidden { level }))
    }

    /// Whether an empty signature field that is already there may be signed.
    #[must_use]
    pub fn may_sign_existing_field(&self) -> bool {
        self.certification != Some(DocMdp::NoChanges)
    }
}

/// The file is certified against the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the PDF is certified (DocMDP level {}); a new signature field is not allowed", .level.level())]
pub struct NewFieldForbidden {
    /// What the certification allows.
    pub level: DocMdp,
}

impl NewFieldForbidden {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "pdf-certified"
    }
}

/// Looks at everything that decides whether and how a file can be stamped. Reads the page tree, the form's fields and the metadata,
/// nothing else.
///
/// # Errors
/// As [`Document::page_count`]; [`Damage::Form`] for a malformed form.
pub fn inspect(document: &Document<'_>) -> Result<Facts, ReadError> {
    let (_, catalog) = document.catalog()?;
    let form = form::read(document, &catalog)?;
    let permissions = signatures::permissions(document, &catalog)?;
    let levels = form.signatures.iter().filter_map(|signature| signature.doc_mdp);
    Ok(Facts {
        version: document.version(),
        pages: document.page_count()?,
        xref_style: document.xref_style(),
        revisions: document.revisions().len(),
        pdf_a: metadata::pdf_a_claim(document, &catalog)?,
        tagged: tagged(document, &catalog)?,
        form: form.present,
        fillable_fields: form.fillable,
        xfa: form.xfa,
        certification: levels.chain(permissions.doc_mdp).min(),
        usage_rights: permissions.usage_rights,
        signatures: form.signatures,
        empty_signature_fields: form.empty,
    })
}

fn tagged(document: &Document<'_>, catalog: &Dictionary<'_>) -> Result<bool, ReadError> {
    match document.value(catalog, "MarkInfo")? {
        Object::Dictionary(info) => Ok(document.value(&info, "Marked")? == Object::Boolean(true)),
        _ => Ok(false),
    }
}

/// The dictionary `key` of `parent`; `None` if it is missing or null.
fn dictionary<'s>(
    document: &'s Document<'_>,
    parent: &Dictionary<'s>,
    key: &str,
    damage: Damage,
) -> Result<Option<Dictionary<'s>>, ReadError> {
    match document.value(parent, key)? {
        Object::Null => Ok(None),
        Object::Dictionary(dictionary) => Ok(Some(dictionary)),
        _ => Err(ReadError::damaged(damage, parent.offset())),
    }
}
