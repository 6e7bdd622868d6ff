//! The writer thread: group commit, the tree's right edge, fail closed.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{Receiver, Sender, channel},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sealkeeper_journal::{Frontier, Mode, Record, TreeHead, leaf_hash};
use tokio::sync::oneshot;

use crate::pipeline::ports::{
    clock::Clock,
    ledger::{Committed, Entry, LedgerError},
};

/// The sending end of the writer thread.
pub(super) struct Writer {
    jobs: Sender<Job>,
    head: Arc<Mutex<TreeHead>>,
}

/// Work inside the transaction, and how its answer is given once it is known whether the commit returned.
type Job = Box<dyn FnOnce(&mut Batch<'_>) -> Finish + Send>;
type Finish = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;

/// The open transaction.
pub(super) struct Batch<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    frontier: &'t mut Frontier,
    mode: Mode,
    clock: &'t dyn Clock,
}

impl Batch<'_> {
    /// Appends a record.
    pub(super) fn append(&mut self, entry: Entry) -> Result<Committed, LedgerError> {
        let record = Record {
            seq: self.frontier.size(),
            time_us: self.clock.now_us(),
            mode: self.mode,
            body: entry.body,
        };
        let bytes = record.encode().map_err(|error| LedgerError::Record(error.to_string()))?;
        let leaf = leaf_hash(&bytes);
        let seq = as_stored(record.seq)?;
        self.transaction
            .prepare_cached("INSERT INTO records (seq, type, bytes, leaf_hash) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![seq, record.body.type_name(), bytes, leaf.as_bytes().as_slice()])?;
        for disclosure in entry.disclosures {
            self.transaction
                .prepare_cached("INSERT INTO disclosures (seq, field, salt, value) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![
                    seq,
                    disclosure.field,
                    disclosure.salt.as_bytes().as_slice(),
                    disclosure.value
                ])?;
        }
        for (field, list) in entry.lists {
            self.transaction
                .prepare_cached("INSERT INTO lists (seq, field, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![seq, field, list])?;
        }
        self.frontier.push(leaf);
        Ok(Committed { seq: record.seq, leaf, time_us: record.time_us })
    }

    /// The time of the transaction's clock.
    pub(super) fn now_us(&self) -> u64 {
        self.clock.now_us()
    }
}

/// SQLite integers are signed.
pub(super) fn as_stored(value: u64) -> Result<i64, LedgerError> {
    i64::try_from(value).map_err(|_| LedgerError::Record(format!("{value} does not fit the store")))
}

impl Writer {
    /// Starts the thread over a connection whose journal has this right edge.
    pub(super) fn start(
        connection: Connection,
        frontier: Frontier,
        mode: Mode,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, inbox) = channel();
        let head = Arc::new(Mutex::new(head_of(&frontier)));
        let shared = head.clone();
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || run(connection, frontier, mode, &*clock, &inbox, &shared))?;
        Ok((Writer { jobs, head }, thread))
    }

    /// Size and root of the journal as durable now.
    pub(super) fn head(&self) -> TreeHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` in a transaction; the answer comes after the commit returned. An error of `work` undoes its own part only.
    pub(super) async fn write<T: Send + 'static, E: From<LedgerError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |batch| {
            let done = within_savepoint(batch, work);
            Box::new(move |committed| {
                // Whoever asked may have gone; the record stands all the same.
                let _ = answer.send(match committed {
                    Ok(()) => done,
                    Err(closed) => Err(closed.into()),
                });
            })
        });
        let gone = || LedgerError::Closed("the writer has ended".into());
        self.jobs.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Runs `work`; on error neither its rows nor its records remain.
fn within_savepoint<T, E: From<LedgerError>>(
    batch: &mut Batch<'_>,
    work: impl FnOnce(&mut Batch<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let sql = |statement: &str| batch.transaction.execute_batch(statement).map_err(LedgerError::from);
    sql("SAVEPOINT job")?;
    let before = batch.frontier.clone();
    let done = work(batch);
    let sql = |statement: &str| batch.transaction.execute_batch(statement).map_err(LedgerError::from);
    if done.is_err() {
        sql("ROLLBACK TO job")?;
        *batch.frontier = before;
    }
    sql("RELEASE job")?;
    done
}

/// Most jobs in one transaction, so that the first never waits long for the last.
const BATCH: usize = 256;

fn run(
    mut connection: Connection,
    mut frontier: Frontier,
    mode: Mode,
    clock: &dyn Clock,
    inbox: &Receiver<Job>,
    head: &Mutex<TreeHead>,
) {
    let mut closed: Option<LedgerError> = None;
    while let Ok(first) = inbox.recv() {
        let jobs: Vec<Job> = std::iter::once(first).chain(inbox.try_iter().take(BATCH - 1)).collect();
        let outcome = match &closed {
            Some(error) => Err(error.clone()),
            None => commit(&mut connection, &mut frontier, mode, clock, jobs),
        };
        match outcome {
            // A crash before the commit returned leaves none of the batch, one after it all of it; nobody was answered before.
            Ok(finishes) => {
                *head.lock().unwrap_or_else(PoisonError::into_inner) = head_of(&frontier);
                for finish in finishes {
                    finish(Ok(()));
                }
            }
            // What reached the disk is unknown, so nothing may be written after it. The jobs' answers are dropped: their callers hear that the
            // store is closed.
            Err(error) => {
                if closed.is_none() {
                    tracing::error!(%error, "the journal cannot be written; no use is possible until the agent is started again");
                }
                closed = Some(LedgerError::Closed(error.to_string()));
            }
        }
    }
}

fn commit(
    connection: &mut Connection,
    frontier: &mut Frontier,
    mode: Mode,
    clock: &dyn Clock,
    jobs: Vec<Job>,
) -> Result<Vec<Finish>, LedgerError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch { transaction: &transaction, frontier, mode, clock };
    let finishes = jobs.into_iter().map(|job| job(&mut batch)).collect();
    transaction.commit()?;
    Ok(finishes)
}

fn head_of(frontier: &Frontier) -> TreeHead {
    TreeHead { size: frontier.size(), root: frontier.root() }
}
