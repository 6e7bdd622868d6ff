//! JournalService: read only, but that a backup is put on record.

use std::sync::Arc;

use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::{Mode, RecordBody};
use sealkeeper_proto::v1::{
    BackupRequest, Disclosure, JournalRecord, ListRecordsRequest, RecordList, ShowHeadReply, ShowHeadRequest,
    ShowRecordRequest, journal_service_server::JournalService,
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{Admitted, backup, caller, last_word, status, within};
use crate::{
    pipeline::ports::ledger::{LedgerError, StoredRecord},
    service::{Service, Sight},
};

/// The handlers.
pub(super) struct Journal(pub(super) Arc<Service>);

/// Records when no number is given.
const DEFAULT_LIMIT: u32 = 1000;
/// Most records of one call.
const MAX_LIMIT: u32 = 10_000;
/// Records sent ahead of a caller who reads slowly.
const AHEAD: usize = 64;
/// Most record types one call may name.
const MAX_TYPES: usize = 32;

#[tonic::async_trait]
impl JournalService for Journal {
    async fn show_head(&self, request: Request<ShowHeadRequest>) -> Result<Response<ShowHeadReply>, Status> {
        let _call = caller(&self.0, &request, "show-head").await?;
        let identity = self.0.ledger.identity();
        let head = self.0.head();
        Ok(Response::new(ShowHeadReply {
            origin: identity.origin.clone(),
            tree_size: head.size,
            root_hash: head.root.as_bytes().to_vec(),
            solo: identity.mode() == Mode::Solo,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        }))
    }

    type ListRecordsStream = std::pin::Pin<Box<dyn Stream<Item = Result<JournalRecord, Status>> + Send>>;

    async fn list_records(
        &self,
        request: Request<ListRecordsRequest>,
    ) -> Result<Response<Self::ListRecordsStream>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "list-records").await?;
            let sight = self.0.may_read_journal(&call, "list-records").await;
            let sight = sight.map_err(|failure| status::of_failure(&failure))?;
            let ListRecordsRequest { from_seq, limit, newest, types } = request.into_inner();
            check_types(&types)?;
            let limit = if limit == 0 { DEFAULT_LIMIT } else { limit.min(MAX_LIMIT) };
            let from = if newest {
                self.0.ledger.first_of_newest(limit, types.clone()).await.map_err(|error| failed(&error))?
            } else {
                Some(from_seq)
            };
            let (to, records) = mpsc::channel(AHEAD);
            if let Some(from) = from {
                tokio::spawn(tell(self.0.clone(), call, sight, (from, limit, types), to));
            }
            Ok(Response::new(Box::pin(ReceiverStream::new(records)) as Self::ListRecordsStream))
        })
        .await
    }

    type BackupStream = backup::Events;

    async fn backup(&self, request: Request<BackupRequest>) -> Result<Response<Self::BackupStream>, Status> {
        let call = caller(&self.0, &request, "backup").await?;
        // A large journal takes its time to copy: as long as a call may, before the first byte.
        let made = within(self.0.limits.call, async {
            self.0.back_up(&call).await.map_err(|failure| status::of_failure(&failure))
        })
        .await?;
        Ok(Response::new(backup::events(self.0.clone(), call, made)))
    }

    async fn show_record(
        &self,
        request: Request<ShowRecordRequest>,
    ) -> Result<Response<JournalRecord>, Status> {
        within(self.0.limits.call, async {
            let call = caller(&self.0, &request, "show-record").await?;
            let sight = self.0.may_read_journal(&call, "show-record").await;
            let sight = sight.map_err(|failure| status::of_failure(&failure))?;
            let seq = request.get_ref().seq;
            let found = self.0.ledger.records(seq, 1, Vec::new()).await.map_err(|error| failed(&error))?;
            match found.into_iter().find(|record| record.seq == seq) {
                Some(record) => {
                    let seen = self.0.as_seen(record, &sight).await;
                    Ok(Response::new(on_wire(seen.map_err(|failure| status::of_failure(&failure))?)))
                }
                None => Err(status::of_reason(Reason::RecordUnknown)),
            }
        })
        .await
    }
}

/// Sends records page by page, each read once the one before was taken.
async fn tell(
    service: Arc<Service>,
    call: Admitted,
    sight: Sight,
    (mut from, mut left, types): (u64, u32, Vec<String>),
    to: mpsc::Sender<Result<JournalRecord, Status>>,
) {
    let told = async {
        while left > 0 {
            let page = match service.ledger.record_page(from, left, types.clone()).await {
                Ok(page) => page,
                Err(error) => return Some(failed(&error)),
            };
            let last = page.last()?.seq;
            from = last.saturating_add(1);
            left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
            for record in page {
                match service.as_seen(record, &sight).await {
                    Ok(seen) => to.send(Ok(on_wire(seen))).await.ok()?,
                    Err(failure) => return Some(status::of_failure(&failure)),
                }
            }
        }
        None
    };
    let ended = tokio::select! {
        biased;
        reason = service.until_unknown(&call) => Some(status::of_reason(reason)),
        ended = told => ended,
        () = service.told_to_stop() => Some(status::of_reason(Reason::AgentStopping)),
    };
    if let Some(status) = ended {
        last_word(&to, status).await;
    }
}

/// A type that no record has would match nothing for ever, so it is told.
fn check_types(types: &[String]) -> Result<(), Status> {
    if types.len() > MAX_TYPES {
        return Err(status::bad_argument("types", format!("at most {MAX_TYPES}")));
    }
    match types.iter().find(|name| !RecordBody::TYPE_NAMES.contains(&name.as_str())) {
        Some(unknown) => Err(status::bad_argument("types", format!("no record type is called {unknown:?}"))),
        None => Ok(()),
    }
}

fn failed(error: &LedgerError) -> Status {
    tracing::error!(%error, "the journal cannot be read");
    status::of_reason(Reason::JournalFailed)
}

fn on_wire(record: StoredRecord) -> JournalRecord {
    JournalRecord {
        seq: record.seq,
        jcs: record.bytes,
        leaf_hash: record.leaf_hash,
        disclosures: record
            .disclosures
            .into_iter()
            .map(|(field, salt, value)| Disclosure { field, salt, value })
            .collect(),
        lists: record.lists.into_iter().map(|(field, jcs)| RecordList { field, jcs }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn types_are_those_that_records_have() {
        let check = |types: &[&str]| check_types(&types.iter().map(|&name| name.into()).collect::<Vec<_>>());
        assert!(check(&[]).is_ok() && check(RecordBody::TYPE_NAMES).is_ok());
        for wrong in [&["intent", "a,intent"][..], &[""], &["Intent"], &["intent"; 33]] {
            let status = check(wrong).unwrap_err();
            assert_eq!(status.get_details_error_info().unwrap().reason, "bad-argument", "{wrong:?}");
        }
    }
}
