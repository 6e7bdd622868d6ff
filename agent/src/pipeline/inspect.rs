//! What the document is: read strictly, once its bytes are the ones that were announced.

use std::sync::Arc;

use sealkeeper_domain::{
    document::Examined,
    identity::Digest,
    reason::Reason,
    refusal::{Refusal, Violation},
};
use sealkeeper_pades::{Document, Facts, ReadError, revision::InputDigest};

use super::admit::Admitted;

/// The document's bytes with the state of SHA-256 after all of them, from which later digests go on.
pub(crate) struct Hashed<'f> {
    bytes: &'f [u8],
    input: InputDigest,
}

impl<'f> Hashed<'f> {
    /// The bytes, and what was computed over all of them.
    pub(crate) fn new(bytes: &'f [u8], input: InputDigest) -> Self {
        Hashed { bytes, input }
    }
}

/// What was found in the document of this digest: its bytes never change, so it need not be found again.
#[derive(Clone)]
pub(crate) struct Content {
    /// The document.
    pub(crate) sha256: Digest,
    /// What its structure says.
    pub(crate) facts: Arc<Facts>,
    /// What was found beside that.
    pub(crate) examined: Arc<Examined>,
}

/// A document whose structure is certain, and what it is.
pub(crate) struct Inspected<'f> {
    pub(super) admitted: Admitted,
    pub(super) document: Document<'f>,
    pub(super) input: InputDigest,
    pub(super) facts: Arc<Facts>,
    pub(super) examined: Arc<Examined>,
}

impl Admitted {
    /// Checks that these are the announced bytes, and what was found theirs, and opens them.
    pub(crate) fn inspect<'f>(self, hashed: Hashed<'f>, content: Content) -> Result<Inspected<'f>, Refusal> {
        // A document known by its digest was never counted against the size announced with it. How large it is, is not told: nobody sent it now.
        let announced = self.terms.size;
        if announced != hashed.bytes.len() as u64 {
            return Err(Violation::new(Reason::DocumentSizeMismatch).with("announced", announced).into());
        }
        let digest = Digest(hashed.input.sha256());
        if digest != self.terms.sha256 {
            return Err(Violation::new(Reason::DocumentDigestMismatch).with("sha256", digest).into());
        }
        if content.sha256 != digest {
            return Err(Violation::new(Reason::DocumentDigestMismatch).with("sha256", content.sha256).into());
        }
        let document = Document::open(hashed.bytes).map_err(|error| unreadable(&error))?;
        let Content { facts, examined, .. } = content;
        Ok(Inspected { admitted: self, document, input: hashed.input, facts, examined })
    }
}

/// The reader's refusal as a row of the reason table, with what and where.
pub(crate) fn unreadable(error: &ReadError) -> Violation {
    // A test over all of the reader's codes keeps the fallback unused.
    let reason = Reason::from_code(error.code()).unwrap_or(Reason::PdfDamaged);
    match error {
        ReadError::Damaged { what, offset } => {
            Violation::new(reason).with("what", what.name()).with("offset", offset)
        }
        ReadError::TooComplex { what, offset } => {
            Violation::new(reason).with("what", what.name()).with("offset", offset)
        }
        _ => Violation::new(reason),
    }
}
