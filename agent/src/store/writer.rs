//! The writer thread: group commit, the tree's right edge, fail closed.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, Sender, channel},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sealkeeper_journal::{Frontier, Mode, Record, TreeHead, leaf_hash};
use tokio::sync::oneshot;

use crate::{
    clock::JournalClock,
    pipeline::ports::{
        clock::Clock,
        ledger::{BeginError, Committed, Entry, FileError, LedgerError},
    },
};

/// The sending end of the writer thread.
pub(super) struct Writer {
    jobs: Sender<Box<dyn Job>>,
    head: Arc<Mutex<TreeHead>>,
    open: Arc<AtomicBool>,
}

/// Work inside the transaction, and its answer once it is known whether the commit returned.
trait Job: Send {
    /// Does the work. An error is the store's own: the batch cannot go on. What the work itself was refused is kept for the answer.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), LedgerError>;
    /// Gives the answer.
    fn finish(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// A job before and after its work.
struct Work<T, E, F> {
    work: Option<F>,
    done: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

/// The open transaction.
pub(super) struct Batch<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    frontier: &'t mut Frontier,
    mode: Mode,
    clock: &'t JournalClock,
}

impl Batch<'_> {
    /// A statement about the transaction itself. After a full disk or an I/O error SQLite has rolled the transaction back by itself, and the
    /// next statement would begin another one: then nothing more may be done.
    fn sql(&self, statement: &str) -> Result<(), LedgerError> {
        if self.transaction.is_autocommit() {
            return Err(LedgerError::Closed("SQLite rolled the transaction back".into()));
        }
        Ok(self.transaction.execute_batch(statement)?)
    }

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
        self.clock.recorded(record.time_us);
        Ok(Committed { seq: record.seq, leaf, time_us: record.time_us })
    }

    /// Place of the newest record.
    pub(super) fn newest_seq(&self) -> Option<u64> {
        self.frontier.size().checked_sub(1)
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
        clock: Arc<JournalClock>,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, inbox) = channel();
        let head = Arc::new(Mutex::new(head_of(&frontier)));
        let open = Arc::new(AtomicBool::new(true));
        let (shared, still_open) = (head.clone(), open.clone());
        let desk = Desk { connection, frontier, mode, clock };
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || run(desk, &inbox, &shared, &still_open))?;
        Ok((Writer { jobs, head, open }, thread))
    }

    /// Size and root of the journal as durable now.
    pub(super) fn head(&self) -> TreeHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it still writes: not after a first failed write or sync.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Does `work` in a transaction; the answer comes after the commit returned. An error of `work` by rule undoes its own part only; one of
    /// SQLite ends the whole batch and closes the store.
    pub(super) async fn write<T: Send + 'static, E: From<LedgerError> + ByRule + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let gone = || LedgerError::Closed("the writer has ended".into());
        self.jobs.send(Box::new(Work { work: Some(work), done: None, answer })).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Tells a refusal by rule, which undoes one job, from a failure of the store, which ends all writing.
pub(super) trait ByRule {
    /// The store's failure, if it is one.
    fn failure(&self) -> Option<&LedgerError>;
}

impl ByRule for LedgerError {
    fn failure(&self) -> Option<&LedgerError> {
        match self {
            LedgerError::Record(_) => None,
            LedgerError::Closed(_) | LedgerError::Read(_) => Some(self),
        }
    }
}

impl ByRule for BeginError {
    fn failure(&self) -> Option<&LedgerError> {
        match self {
            BeginError::Refused(_) => None,
            BeginError::Store(error) => error.failure(),
        }
    }
}

impl ByRule for FileError {
    fn failure(&self) -> Option<&LedgerError> {
        match self {
            FileError::Refused(_) => None,
            FileError::Store(error) => error.failure(),
        }
    }
}

impl<T, E, F> Job for Work<T, E, F>
where
    T: Send,
    E: From<LedgerError> + ByRule + Send,
    F: FnOnce(&mut Batch<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), LedgerError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let before = batch.frontier.clone();
        batch.sql("SAVEPOINT job")?;
        let done = work(batch);
        if let Err(error) = &done {
            *batch.frontier = before;
            if let Some(failure) = error.failure() {
                return Err(failure.clone());
            }
            batch.sql("ROLLBACK TO job")?;
        }
        batch.sql("RELEASE job")?;
        self.done = Some(done);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), LedgerError>) {
        let Work { done, answer: waiting, .. } = *self;
        let gone = || LedgerError::Closed("the batch was given up".into());
        let answer = committed.and_then(|()| done.ok_or_else(gone));
        // Whoever asked may have gone; the record stands all the same.
        let _ = waiting.send(answer.unwrap_or_else(|closed| Err(closed.into())));
    }
}

/// Most jobs in one transaction, so that the first never waits long for the last.
const BATCH: usize = 256;

/// The connection with what it takes to write a batch.
struct Desk {
    connection: Connection,
    frontier: Frontier,
    mode: Mode,
    clock: Arc<JournalClock>,
}

fn run(mut desk: Desk, inbox: &Receiver<Box<dyn Job>>, head: &Mutex<TreeHead>, open: &AtomicBool) {
    let mut closed: Option<LedgerError> = None;
    while let Ok(first) = inbox.recv() {
        let mut jobs: Vec<Box<dyn Job>> =
            std::iter::once(first).chain(inbox.try_iter().take(BATCH - 1)).collect();
        if closed.is_none() {
            // A crash before the commit returned leaves none of the batch, one after it all of it; nobody was answered before.
            if let Err(error) = desk.commit(&mut jobs) {
                // What reached the disk is unknown, so nothing may be written after it.
                tracing::error!(%error, "the journal cannot be written; no use is possible until the agent is started again");
                open.store(false, Ordering::Release);
                closed = Some(LedgerError::Closed(error.to_string()));
            } else {
                *head.lock().unwrap_or_else(PoisonError::into_inner) = head_of(&desk.frontier);
            }
        }
        for job in jobs {
            job.finish(closed.clone().map_or(Ok(()), Err));
        }
    }
}

impl Desk {
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), LedgerError> {
        let Desk { connection, frontier, mode, clock } = self;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch { transaction: &transaction, frontier, mode: *mode, clock };
        for job in jobs {
            job.run(&mut batch)?;
        }
        Ok(transaction.commit()?)
    }
}

fn head_of(frontier: &Frontier) -> TreeHead {
    TreeHead { size: frontier.size(), root: frontier.root() }
}
