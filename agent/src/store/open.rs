//! Making and opening the store.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sealkeeper_journal::{Digest, Frontier, Mode, Record};

use super::{
    from_json,
    migrate::{SCHEMA, migrate},
    office, to_json,
    writer::Writer,
};
use crate::{
    clock::JournalClock,
    pipeline::ports::{
        clock::Clock,
        ledger::{Identity, LedgerError, OfficeRoot, Root, SoloPerson},
    },
};

/// `SEAL` as SQLite's application_id.
const APPLICATION_ID: i32 = 0x5345_414c;

/// Why the store was not made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// No file there; a missing journal is never made anew by opening it.
    #[error("{0}: there is no journal; make one with `seal-agent init`")]
    Missing(PathBuf),
    /// There is one already.
    #[error("{0}: exists already")]
    Exists(PathBuf),
    /// Something else, or of another version.
    #[error("{path}: {why}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is unexpected.
        why: String,
    },
    /// SQLite or the system.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// It could not be written.
    #[error("{path}: no journal was made: {why}")]
    Unmade {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// A thread or file could not be made.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// The open store.
pub(crate) struct Store {
    pub(super) writer: Writer,
    readers: Arc<Readers>,
    clock: Arc<JournalClock>,
    pub(super) identity: Identity,
    pub(super) path: PathBuf,
    thread: JoinHandle<()>,
}

/// Connections that only read, so that a long look at the journal keeps nobody waiting.
struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

/// How many of them.
const READERS: usize = 4;

impl Readers {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |_| Connection::open_with_flags(path, flags).map(Mutex::new);
        let connections = (0..READERS).map(open).collect::<Result<_, _>>()?;
        Ok(Readers { connections, next: AtomicUsize::new(0) })
    }

    /// One that nobody uses, else one in its turn.
    fn lock(&self) -> Option<MutexGuard<'_, Connection>> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        let turns = || self.connections.iter().cycle().skip(first).take(self.connections.len());
        let free = turns().find_map(|connection| match connection.try_lock() {
            Ok(free) => Some(free),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.or_else(|| turns().next().map(|next| next.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Makes an empty store. The file is created with mode 0600 by the caller's umask.
pub(crate) fn create(path: &Path, identity: &Identity) -> Result<(), OpenError> {
    if path.exists() {
        return Err(OpenError::Exists(path.to_owned()));
    }
    let connection =
        Connection::open(path).map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    let write = || -> Result<(), LedgerError> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch("BEGIN")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        let put = |key: &str, value: &str| {
            connection.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [key, value])
        };
        put("origin", &identity.origin)?;
        match &identity.root {
            Root::Solo(person) => {
                put("mode", "solo")?;
                put("person_id", &person.id)?;
                put("person_name", &person.name)?;
                put("person_uid", &person.uid.to_string())?;
            }
            Root::Office(root) => {
                put("mode", "office")?;
                put("office_person_id", root.id.as_str())?;
                put("office_person_name", &root.name)?;
                put("office_person_unit", &root.unit)?;
                put("office_key", &to_json(&root.key)?)?;
                office::put_person(&connection, &office::root_person(root))?;
            }
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", SCHEMA)?;
        Ok(connection.execute_batch("COMMIT")?)
    };
    write().map_err(|error| OpenError::Unmade { path: path.to_owned(), why: error.to_string() })
}

impl Store {
    /// Opens an existing store: WAL, synchronous=FULL (read back), the schema known, the records dense and their hashes in place.
    pub(crate) fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        if !path.is_file() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let foreign = |why: String| OpenError::Foreign { path: path.to_owned(), why };
        // No SQLITE_OPEN_CREATE: a journal that vanished must be noticed.
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(sqlite)?;
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(sqlite)
        };
        if pragma("application_id")? != i64::from(APPLICATION_ID) {
            return Err(foreign("not a Sealkeeper journal".into()));
        }
        let found = pragma("user_version")?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
        // What is erased after the retention is written over, not only forgotten.
        connection.pragma_update(None, "secure_delete", true).map_err(sqlite)?;
        if !migrate(&connection, found).map_err(sqlite)? {
            return Err(foreign(format!("schema {found}; this agent knows none but those up to {SCHEMA}")));
        }
        connection.pragma_update(None, "foreign_keys", true).map_err(sqlite)?;
        let journal_mode: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(sqlite)?;
        // 2 is FULL.
        if journal_mode != "wal" || pragma("synchronous")? != 2 {
            return Err(foreign(format!("journal_mode {journal_mode} or synchronous is not as it must be")));
        }
        let identity = read_identity(&connection)
            .map_err(sqlite)?
            .ok_or_else(|| foreign("its meta table is incomplete".into()))?;
        let frontier = read_frontier(&connection)
            .map_err(sqlite)?
            .ok_or_else(|| foreign("its records have gaps or wrong hashes".into()))?;
        let readers = Arc::new(Readers::open(path).map_err(sqlite)?);
        let clock = Arc::new(JournalClock::new(clock, newest_us(&connection).map_err(sqlite)?));
        let (writer, thread) = Writer::start(connection, frontier, identity.mode(), clock.clone())?;
        Ok(Store { writer, readers, clock, identity, path: path.to_owned(), thread })
    }

    /// The time by this journal: never before its newest record.
    pub(crate) fn clock(&self) -> Arc<JournalClock> {
        self.clock.clone()
    }

    /// Waits for what is being written, then closes. SQLite folds the WAL back into the file with the last connection.
    pub(crate) fn close(self) {
        let Store { writer, readers, thread, .. } = self;
        // The readers first: only a connection that may write can fold the WAL back, and it does so when it is the last.
        drop(readers);
        drop(writer);
        if thread.join().is_err() {
            tracing::error!("the journal's thread ended in a panic");
        }
    }

    /// Reads on a thread where blocking is fine.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let readers = self.readers.clone();
        let reading = tokio::task::spawn_blocking(move || match readers.lock() {
            Some(reader) => work(&reader),
            None => Err(LedgerError::Read("there is no connection to read by".into())),
        });
        reading.await.map_err(|error| LedgerError::Read(error.to_string()))?
    }
}

/// Under which authority a journal is kept, whether an agent has it open or not; `None` where there is none to be read.
pub(crate) fn mode_of(path: &Path) -> Option<Mode> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    let mode = connection.query_row("SELECT value FROM meta WHERE key = 'mode'", [], |row| row.get(0));
    mode.ok().and_then(|name: String| mode_named(&name))
}

fn mode_named(name: &str) -> Option<Mode> {
    match name {
        "solo" => Some(Mode::Solo),
        "office" => Some(Mode::Office),
        _ => None,
    }
}

fn read_identity(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let value = |key: &str| {
        connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get::<_, String>(0))
            .optional()
    };
    let Some(origin) = value("origin")? else { return Ok(None) };
    let root = match value("mode")?.as_deref() {
        Some("solo") => {
            let (Some(id), Some(name), Some(uid)) =
                (value("person_id")?, value("person_name")?, value("person_uid")?)
            else {
                return Ok(None);
            };
            uid.parse().ok().map(|uid| Root::Solo(SoloPerson { id, name, uid }))
        }
        Some("office") => {
            let (Some(id), Some(name), Some(unit), Some(key)) = (
                value("office_person_id")?,
                value("office_person_name")?,
                value("office_person_unit")?,
                value("office_key")?,
            ) else {
                return Ok(None);
            };
            let (id, key) = (id.parse().ok(), from_json(&key).ok());
            id.zip(key).map(|(id, key)| Root::Office(Box::new(OfficeRoot { id, name, unit, key })))
        }
        _ => None,
    };
    Ok(root.map(|root| Identity { origin, root }))
}

/// Time of the newest record, µs since the Unix epoch; 0 where there is none, or none that can be read.
fn newest_us(connection: &Connection) -> rusqlite::Result<u64> {
    let newest = "SELECT bytes FROM records ORDER BY seq DESC LIMIT 1";
    let bytes = connection.query_row(newest, [], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    Ok(bytes.and_then(|bytes| Record::parse(&bytes).ok()).map_or(0, |record| record.time_us))
}

/// The right edge of the tree from the stored leaf hashes. The newest records are hashed again: a torn end would show there.
pub(super) fn read_frontier(connection: &Connection) -> rusqlite::Result<Option<Frontier>> {
    let mut frontier = Frontier::default();
    let mut statement = connection.prepare("SELECT seq, leaf_hash FROM records ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, leaf): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
        if u64::try_from(seq) != Ok(frontier.size()) {
            return Ok(None);
        }
        frontier.push(Digest::from(leaf));
    }
    let mut statement =
        connection.prepare("SELECT bytes, leaf_hash FROM records ORDER BY seq DESC LIMIT 1000")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (bytes, leaf): (Vec<u8>, [u8; 32]) = (row.get(0)?, row.get(1)?);
        if sealkeeper_journal::leaf_hash(&bytes) != Digest::from(leaf) {
            return Ok(None);
        }
    }
    Ok(Some(frontier))
}
