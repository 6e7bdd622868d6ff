//! The record of a request (G1): of whoever brought it, in one transaction with its row.

use sealkeeper_domain::{
    act::statement::BoundBox,
    office::{RequestFacts, RequestState},
};
use sealkeeper_journal::{DraftStanding, ListDigest, RecordBody, RequestDrafted};

use super::{
    identify::Caller,
    kept::KeptRequest,
    record::PlacementRow,
    scribe::{Scribe, digest, id},
};
use crate::pipeline::ports::ledger::{Entry, LedgerError};

/// The record of a request that is about to be kept. `facts` are what there is of it for acts to be about.
pub(crate) fn drafted(
    request: &KeptRequest,
    facts: &RequestFacts,
    applicant_name: &str,
    by: &Caller,
    scribe: &Scribe,
) -> Result<Entry, LedgerError> {
    let binding = &facts.binding;
    let rows: Vec<_> = binding.boxes.iter().map(row).collect();
    scribe.entry(|draft| {
        let (placements, list) =
            ListDigest::of(&rows).map_err(|error| LedgerError::Record(error.to_string()))?;
        draft.lists.push(("placements", list));
        Ok(RecordBody::RequestDrafted(Box::new(RequestDrafted {
            request_id: request.id.uuid(),
            applicant: draft.registered("applicant", &binding.applicant, applicant_name)?,
            by: draft.actor("by", by)?,
            reason: draft.commit("reason", &binding.reason)?,
            file_name: draft.commit("file_name", &binding.file_name)?,
            seal: id(binding.seal.as_str())?,
            seal_object_sha256: digest(binding.seal_object_sha256),
            document_sha256: digest(binding.document_sha256),
            document_size: request.asked.size,
            placements,
            class: id(&binding.class)?,
            copies: u64::from(binding.copies),
            standing: match facts.state {
                RequestState::Filed(_) => DraftStanding::Filed,
                _ => DraftStanding::Drafted,
            },
            expires_us: request.expires_us,
        })))
    })
}

fn row(place: &BoundBox) -> PlacementRow {
    PlacementRow {
        height_um: place.height_um,
        kind: "seal",
        left_um: place.left_um,
        page: place.page,
        top_um: place.top_um,
        width_um: place.width_um,
    }
}
