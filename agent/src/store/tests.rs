//! The store: what is refused at opening, what a failed write does, what the journal looks like afterwards.

mod erasure;
mod migration;
mod office;
mod requests;
mod upkeep;

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use sealkeeper_journal::{AgentStopped, Digest, RecordBody, StopCause, leaf_hash, root};

use super::*;
use crate::pipeline::ports::{
    clock::Clock,
    ledger::{Entry, Identity, Ledger, LedgerError, Root, SoloPerson},
};

struct Epoch;
impl Clock for Epoch {
    fn now_us(&self) -> u64 {
        1
    }
}

fn made(directory: &Path) -> std::path::PathBuf {
    let path = directory.join("journal.db");
    let root = Root::Solo(SoloPerson { id: "p-1".into(), name: "甲".into(), uid: 7 });
    create(&path, &Identity { origin: "o/seal-journal/1".into(), root }).unwrap();
    path
}

fn entry() -> Entry {
    let body = RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request });
    Entry { body, disclosures: Vec::new(), lists: Vec::new() }
}

#[tokio::test]
async fn records_are_dense_hashed_and_survive_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = made(directory.path());
    let store = Arc::new(Store::open(&path, Arc::new(Epoch)).unwrap());
    let appends: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.append(entry()).await })
        })
        .collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    let records = store.records(0, 100, Vec::new()).await.unwrap();
    assert!(records.iter().map(|record| record.seq).eq(0..50));
    let leaves: Vec<Digest> = records.iter().map(|record| leaf_hash(&record.bytes)).collect();
    let head = store.head();
    assert_eq!((head.size, head.root), (50, root(leaves)));
    assert_eq!(store.records(0, 100, vec!["intent".into()]).await.unwrap().len(), 0);
    assert_eq!(store.newest_records(3, vec!["agent_stopped".into()]).await.unwrap()[0].seq, 47);
    Arc::into_inner(store).unwrap().close();
    assert!(!path.with_extension("db-wal").exists(), "a store closed in order leaves no WAL");
    let again = Store::open(&path, Arc::new(Epoch)).unwrap();
    assert_eq!(again.head(), head);
    again.close();
}

#[tokio::test]
async fn records_are_found_by_type_without_reading_the_others_and_come_in_pages_that_stay_small() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&made(directory.path()), Arc::new(Epoch)).unwrap();
    let started = || Entry {
        body: RecordBody::RequestExpired(sealkeeper_journal::RequestExpired {
            requests: sealkeeper_journal::ListDigest::of::<u64>(&[]).unwrap().0,
        }),
        lists: vec![("requests", vec![b'x'; 400 << 10])],
        ..entry()
    };
    for number in 0..12 {
        store.append(if number % 3 == 0 { started() } else { entry() }).await.unwrap();
    }
    let seqs = |records: Vec<crate::pipeline::ports::ledger::StoredRecord>| {
        records.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    let types = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let both = || types(&["request_expired", "agent_stopped", "request_expired"]);
    assert_eq!(seqs(store.records(1, 3, types(&["request_expired"])).await.unwrap()), [3, 6, 9]);
    assert_eq!(seqs(store.records(4, 4, both()).await.unwrap()), [4, 5, 6, 7]);
    assert_eq!(seqs(store.newest_records(2, types(&["request_expired"])).await.unwrap()), [6, 9]);
    assert_eq!(seqs(store.newest_records(3, both()).await.unwrap()), [9, 10, 11]);
    assert_eq!(store.first_of_newest(3, types(&["request_expired"])).await.unwrap(), Some(3));
    assert_eq!(store.first_of_newest(3, types(&["intent"])).await.unwrap(), None);
    assert_eq!(
        seqs(store.record_page(0, 100, Vec::new()).await.unwrap()),
        [0, 1, 2, 3, 4, 5],
        "two large ones"
    );
    assert_eq!(seqs(store.record_page(0, 100, types(&["request_expired"])).await.unwrap()), [0, 3]);
    assert_eq!(seqs(store.record_page(1, 2, Vec::new()).await.unwrap()), [1, 2]);
    // By the index, not through the whole journal.
    let plan = store.read(|connection| {
        let sql = "EXPLAIN QUERY PLAN SELECT seq FROM records WHERE type = 'intent' AND seq >= 3 ORDER BY seq LIMIT 9";
        Ok(connection.query_row(sql, [], |row| row.get::<_, String>(3))?)
    });
    let plan = plan.await.unwrap();
    assert!(plan.contains("records_by_type (type=? AND seq>?)"), "{plan}");
    store.close();
}

#[tokio::test]
async fn a_long_look_keeps_no_other_reader_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(&made(directory.path()), Arc::new(Epoch)).unwrap());
    let (looks, (go, wait)) = (store.clone(), std::sync::mpsc::channel::<()>());
    let (began, begun) = tokio::sync::oneshot::channel();
    let looking = tokio::spawn(async move {
        let look = move |_: &Connection| -> Result<(), LedgerError> {
            let _ = began.send(());
            let _ = wait.recv();
            Ok(())
        };
        looks.read(look).await
    });
    begun.await.unwrap();
    for _ in 0..10 {
        assert!(store.records(0, 1, Vec::new()).await.unwrap().is_empty());
    }
    drop(go);
    looking.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_failed_write_closes_the_store_and_nothing_of_it_remains() {
    let directory = tempfile::tempdir().unwrap();
    let path = made(directory.path());
    let store = Store::open(&path, Arc::new(Epoch)).unwrap();
    store.append(entry()).await.unwrap();
    // Another process holds the write lock: the transaction fails as on a disk that does not answer.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.append(entry()).await, Err(LedgerError::Closed(_))));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(
        matches!(store.append(entry()).await, Err(LedgerError::Closed(_))),
        "closed until the next start"
    );
    assert_eq!(store.head().size, 1);
    store.close();
    assert_eq!(Store::open(&path, Arc::new(Epoch)).unwrap().head().size, 1);
}

/// A full disk in the middle of a batch: SQLite rolls the whole transaction back by itself, and what follows must not begin another one.
#[tokio::test]
async fn a_full_disk_leaves_a_journal_that_opens_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = made(directory.path());
    let store = Arc::new(Store::open(&path, Arc::new(Epoch)).unwrap());
    store.append(entry()).await.unwrap();
    store.limit_pages_to_those_in_use().await;
    let big = || Entry { lists: vec![("placements", vec![b'x'; 4 << 20])], ..entry() };
    let jobs = [big(), entry(), entry(), big(), entry()].map(|entry| {
        let store = store.clone();
        tokio::spawn(async move { store.append(entry).await })
    });
    let mut kept = 0;
    for job in jobs {
        kept += u64::from(job.await.unwrap().is_ok());
    }
    assert!(!store.is_open());
    assert!(matches!(store.append(entry()).await, Err(LedgerError::Closed(_))));
    Arc::into_inner(store).unwrap().close();
    let again = Store::open(&path, Arc::new(Epoch)).unwrap();
    assert_eq!(again.head().size, 1 + kept, "exactly what was answered as written is there");
    again.close();
}

#[test]
fn records_cannot_be_changed_or_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = made(directory.path());
    let connection = Connection::open(&path).unwrap();
    let leaf = leaf_hash(b"x");
    connection
        .execute("INSERT INTO records VALUES (0, 't', x'78', ?1)", [leaf.as_bytes().as_slice()])
        .unwrap();
    assert!(connection.execute("UPDATE records SET type = 'u'", []).is_err());
    assert!(connection.execute("DELETE FROM records", []).is_err());
}

#[test]
fn what_is_no_sound_journal_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let open = |path: &Path| Store::open(path, Arc::new(Epoch)).map(Store::close);
    let missing = directory.path().join("none.db");
    assert!(matches!(open(&missing), Err(OpenError::Missing(_))));
    assert!(!missing.exists(), "opening never makes one");
    let path = made(directory.path());
    let tamper = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    for other in [1, 5] {
        tamper(&format!("PRAGMA user_version = {other}"));
        let told = format!("schema {other}; this agent knows none but those up to 4");
        assert!(matches!(open(&path), Err(OpenError::Foreign { why, .. }) if why == told));
    }
    tamper("PRAGMA user_version = 4; INSERT INTO records VALUES (1, 't', x'78', zeroblob(32))");
    assert!(matches!(open(&path), Err(OpenError::Foreign { why, .. }) if why.contains("gaps")));
    tamper("PRAGMA application_id = 1");
    assert!(
        matches!(open(&path), Err(OpenError::Foreign { why, .. }) if why.contains("not a Sealkeeper journal"))
    );
}

impl Store {
    async fn limit_pages_to_those_in_use(&self) {
        let limit = |batch: &mut super::writer::Batch<'_>| -> Result<(), LedgerError> {
            let pages: i64 = batch.transaction.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            batch.transaction.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        };
        self.writer.write(limit).await.unwrap();
    }
}
