//! The outcome is recorded with everything needed to hand the result out again; only then do bytes leave the agent.

use sealkeeper_journal::{Complete, Digest, RecordBody};

use super::{
    receipt::Receipt,
    scribe::{Scribe, digest},
    validate::Validated,
};
use crate::pipeline::ports::ledger::{End, Ledger, LedgerError};

/// A completed use; only a recorded outcome makes one.
pub(crate) struct Released {
    receipt: Receipt,
}

impl Validated {
    /// Writes the outcome and keeps the bytes, in one transaction. A crash before the commit returned leaves an open use and no bytes: the next
    /// start closes it as abandoned, and nothing was released.
    pub(crate) async fn record_outcome(
        self,
        ledger: &dyn Ledger,
        solo: bool,
    ) -> Result<Released, LedgerError> {
        let Validated { parts, revision } = self;
        let open = parts.open;
        let output_sha256 = Digest::from(revision.sha256_of_whole);
        let output_size = parts.terms.size + revision.appended.len() as u64;
        let mut receipt = Receipt {
            use_id: open.use_id.to_string(),
            request_id: parts.begun.request_id.to_string(),
            seal_id: parts.seal_id,
            copy: parts.begun.copy,
            copies: parts.terms.copies,
            intent_seq: open.intent_seq,
            outcome_seq: 0,
            intent_leaf: parts.begun.intent.leaf,
            outcome_leaf: parts.begun.intent.leaf,
            journal_origin: parts.marks.origin,
            tree_size: parts.marks.journal.size,
            root: parts.marks.journal.root,
            input_sha256: digest(parts.terms.sha256),
            input_size: parts.terms.size,
            output_sha256,
            output_size,
            signature_sha256: parts.signature_sha256,
            certificate_sha256: digest(parts.certificate_sha256),
            token_serial: parts.token_serial,
            time_us: 0,
            solo,
        };
        let body = RecordBody::Complete(Complete {
            use_id: open.use_id.uuid(),
            intent: open.intent_seq,
            signature_sha256: parts.signature_sha256,
            output_sha256,
            output_size,
        });
        let end = End::Complete { receipt: Box::new(receipt.clone()), appended: revision.appended };
        let committed = ledger.end_use(open.use_id, end, Scribe::plain(body)).await?;
        receipt.outcome_recorded(&committed);
        Ok(Released { receipt })
    }
}

impl Released {
    /// The receipt.
    pub(crate) fn into_receipt(self) -> Receipt {
        self.receipt
    }
}
