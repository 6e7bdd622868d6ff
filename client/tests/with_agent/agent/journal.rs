//! The agent's journal: records as they were given, few at a time.

use sealkeeper_journal::{leaf_hash, root};
use sealkeeper_proto::v1::{self, journal_service_server::JournalService};
use tonic::{Request, Response, Status};

use super::{Events, Service, status};

/// Most records of one call: so few that a reader of the sample has to ask several times.
const PAGE: usize = 10;

/// What the journal holds.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) solo: bool,
    /// A root hash in place of the right one.
    pub(crate) root_hash: Option<Vec<u8>>,
    /// A record that is never sent.
    pub(crate) withheld: Option<u64>,
    /// What is sent for a copy.
    pub(crate) copy: Vec<v1::backup_event::Event>,
    /// Where each call began.
    pub(crate) asked: Vec<u64>,
}

#[tonic::async_trait]
impl JournalService for Service {
    type ListRecordsStream = Events<v1::JournalRecord>;

    async fn show_head(
        &self,
        _: Request<v1::ShowHeadRequest>,
    ) -> Result<Response<v1::ShowHeadReply>, Status> {
        let journal = &self.state().journal;
        let right = root(journal.records.iter().map(|record| leaf_hash(record)));
        Ok(Response::new(v1::ShowHeadReply {
            origin: "localhost/seal-journal/7d3c".into(),
            tree_size: journal.records.len() as u64,
            root_hash: journal.root_hash.clone().unwrap_or_else(|| right.as_bytes().to_vec()),
            solo: journal.solo,
            ..Default::default()
        }))
    }

    async fn list_records(
        &self,
        request: Request<v1::ListRecordsRequest>,
    ) -> Result<Response<Self::ListRecordsStream>, Status> {
        let asked = request.into_inner();
        let journal = &mut self.state().journal;
        journal.asked.push(asked.from_seq);
        let withheld = journal.withheld;
        let records = (0_u64..).zip(&journal.records).skip(asked.from_seq as usize);
        let records = records.take(PAGE.min(asked.limit as usize)).filter(|(seq, _)| Some(*seq) != withheld);
        let sent: Vec<_> = records
            .map(|(seq, record)| {
                Ok(v1::JournalRecord {
                    seq,
                    jcs: record.clone(),
                    leaf_hash: leaf_hash(record).as_bytes().to_vec(),
                    ..Default::default()
                })
            })
            .collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(sent))))
    }

    type BackupStream = Events<v1::BackupEvent>;

    async fn backup(&self, _: Request<v1::BackupRequest>) -> Result<Response<Self::BackupStream>, Status> {
        let events = self.state().journal.copy.clone();
        let events = events.into_iter().map(|event| Ok(v1::BackupEvent { event: Some(event) }));
        let sent: Vec<_> = events.collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(sent))))
    }

    async fn show_record(
        &self,
        _: Request<v1::ShowRecordRequest>,
    ) -> Result<Response<v1::JournalRecord>, Status> {
        Err(status("record-unknown"))
    }
}
