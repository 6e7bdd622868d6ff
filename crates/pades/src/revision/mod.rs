//! The incremental update that stamps: one signature field with its one widget, showing the seal (ISO 32000-2 §7.5.6,
//! §12.7.5.5, §12.8).
//!
//! [`prepare`] writes everything but the signature value, so that a person can look at it and the token can be asked
//! for exactly that; [`Prepared::embed`] puts the value into its place. Nothing of the input is changed or repeated but
//! what the new field hangs on: the catalog or its /AcroForm, /Fields, and the page or its /Annots. New objects get numbers that
//! nothing in the file names, not even where nothing stands: the seal shows where it was placed and nowhere else.
//!
//! # The journal entry
//!
//! The signature dictionary carries a private entry of the third class (ISO 32000-2 Annex E): the state of the
//! journal as durable before this use, inside the /ByteRange and thus signed by the seal's own key.
//!
//! ```text
//! /XXSealkeeper <<
//!   /Origin (example.com/seal-journal/4f0c…)   ASCII string: the journal's name
//!   /UseID (123e4567-e89b-12d3-a456-426614174000)   ASCII string: the UUID of this use
//!   /TreeSize 42                               integer: number of leaves in the journal's Merkle tree
//!   /RootHash <64 hexadecimal digits>          byte string: RFC 6962 root over these leaves
//! >>
//! ```

mod appendix;
mod edit;
mod error;
mod form;
mod input;
mod page;
mod permission;
mod prepared;
mod signature;
mod trailer;
mod widget;

pub use error::RevisionError;
pub use input::InputDigest;
pub use prepared::{Prepared, SealedRevision};
pub use signature::{JournalWitness, SignatureDictionary, UseId};
pub use widget::VisibleSeal;

use crate::document::Document;
use crate::facts::Named;
use appendix::Appendix;

/// Writes the new revision of `document` with `seal` on its page and room for the signature.
///
/// `input` is the digest of the whole file, so that it is hashed once however large it is.
///
/// # Errors
/// [`RevisionError`], if the file must not be stamped this way or is damaged where it is touched.
pub fn prepare(
    document: &Document<'_>,
    input: &InputDigest,
    seal: &VisibleSeal<'_>,
    signature: &SignatureDictionary,
) -> Result<Prepared, RevisionError> {
    if input.len() != document.bytes().len() as u64 {
        return Err(RevisionError::InputMismatch);
    }
    permission::may_add_a_seal(document)?;
    let page = document.page(seal.page)?;
    widget::must_lie_on(&page, seal)?;

    let named = Named::read(document)?;
    let mut appendix = Appendix::after(document, &named);
    let value = appendix.reserve()?;
    let appearance = widget::write_appearance(&mut appendix, seal)?;
    let field = appendix.reserve()?;
    let name = form::free_field_name(document)?;
    appendix.object(field, &widget::field(seal, &page, &name, appearance, value)?)?;
    let mut edits = edit::Edits::default();
    page::add_annotation(document, &page, field, &named, &mut edits, &mut appendix)?;
    form::add_field(document, field, &named, &mut edits, &mut appendix)?;
    for (reference, body) in edits.into_bodies() {
        appendix.object(reference, &body)?;
    }
    let signature = signature::object(signature)?;
    let signature_at = appendix.object(value, signature.body())?;
    let layout = signature.layout(signature_at);
    let written = trailer::close(appendix, document)?;
    Prepared::new(written, layout, input)
}
