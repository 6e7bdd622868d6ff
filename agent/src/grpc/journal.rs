//! JournalService: read only, but that a backup is put on record.

use std::sync::Arc;

use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::{Mode, RecordBody};
use sealkeeper_proto::v1::{
    BackupRequest, Disclosure, JournalRecord, ListRecordsRequest, RecordList, ShowHeadReply, ShowHeadRequest,
    ShowRecordRequest, journal_service_server::JournalService,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Items, backup, caller, status, within};
use crate::{
    pipeline::ports::ledger::{LedgerError, StoredRecord},
    service::Service,
};

/// The handlers.
pub(super) struct Journal(pub(super) Arc<Service>);

/// Records when no number is given.
const DEFAULT_LIMIT: u32 = 1000;
/// Most records of one call.
const MAX_LIMIT: u32 = 10_000;
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
            let leave = self.0.may_read_journal(&call, "list-records").await;
            leave.map_err(|failure| status::of_failure(&failure))?;
            let asked = request.into_inner();
            check_types(&asked.types)?;
            let limit = if asked.limit == 0 { DEFAULT_LIMIT } else { asked.limit.min(MAX_LIMIT) };
            let records = if asked.newest {
                self.0.ledger.newest_records(limit, asked.types).await
            } else {
                self.0.ledger.records(asked.from_seq, limit, asked.types).await
            };
            let records = records.map_err(|error| failed(&error))?;
            let records = records.into_iter().map(|record| Ok(on_wire(record)));
            let records = tokio_stream::iter(Items::new(records, call.permit));
            Ok(Response::new(Box::pin(records) as Self::ListRecordsStream))
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
            let leave = self.0.may_read_journal(&call, "show-record").await;
            leave.map_err(|failure| status::of_failure(&failure))?;
            let seq = request.get_ref().seq;
            let found = self.0.ledger.records(seq, 1, Vec::new()).await.map_err(|error| failed(&error))?;
            match found.into_iter().find(|record| record.seq == seq) {
                Some(record) => Ok(Response::new(on_wire(record))),
                None => Err(status::of_reason(Reason::RecordUnknown)),
            }
        })
        .await
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
