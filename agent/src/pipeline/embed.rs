//! The signature goes into the place kept for it.

use sealkeeper_journal::{AbandonCause, Digest};
use sealkeeper_pades::{cms, revision::SealedRevision};

use super::{
    record::Ordered,
    sign::Signed,
    unfinished::{How, OpenUse, Unfinished},
};

/// A finished revision, not yet looked at from outside.
pub(crate) struct Embedded {
    pub(super) parts: Finished,
    pub(super) revision: SealedRevision,
}

/// What the outcome and the receipt are made of.
pub(super) struct Finished {
    pub(super) open: OpenUse,
    pub(super) terms: sealkeeper_domain::request::Terms,
    pub(super) seal_id: String,
    pub(super) certificate_sha256: sealkeeper_domain::identity::Digest,
    pub(super) token_serial: String,
    pub(super) marks: super::prepare::UseMarks,
    pub(super) begun: crate::pipeline::ports::ledger::Begun,
    pub(super) signature_sha256: Digest,
}

impl Signed {
    /// Assembles the CMS and writes it into /Contents.
    pub(crate) fn embed(self) -> Result<Embedded, Unfinished> {
        let Signed { ordered: Ordered { open, prepared, begun }, attributes, signature } = self;
        let unfinished = |error: String| {
            tracing::error!(%error, use_id = %open.use_id, "the signature cannot be embedded");
            Unfinished { open, how: How::Abandoned(AbandonCause::Fault), token: None }
        };
        let der = cms::assemble(&attributes, &signature, &prepared.chain)
            .map_err(|error| unfinished(error.to_string()))?;
        let revision = prepared.revision.embed(&der).map_err(|error| unfinished(error.to_string()))?;
        let parts = Finished {
            open,
            seal_id: prepared.seal.id.to_string(),
            terms: prepared.terms,
            certificate_sha256: prepared.certificate_sha256,
            token_serial: prepared.token_serial.to_string(),
            marks: prepared.marks,
            begun,
            signature_sha256: Digest::of(signature.value()),
        };
        Ok(Embedded { parts, revision })
    }
}
