//! Making and opening the store.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sealkeeper_journal::{Digest, Frontier, Mode};

use super::writer::Writer;
use crate::pipeline::ports::{
    clock::Clock,
    ledger::{Identity, LedgerError, SoloPerson},
};

/// `SEAL` as SQLite's application_id.
const APPLICATION_ID: i32 = 0x5345_414c;
/// The schema this agent reads and writes.
const SCHEMA: i32 = 1;

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
    /// A thread or file could not be made.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// The open store.
pub(crate) struct Store {
    pub(super) writer: Writer,
    pub(super) reader: Arc<Mutex<Connection>>,
    pub(super) identity: Identity,
    thread: JoinHandle<()>,
}

/// Makes an empty store. The file is created with mode 0600 by the caller's umask.
pub(crate) fn create(path: &Path, identity: &Identity) -> Result<(), OpenError> {
    if path.exists() {
        return Err(OpenError::Exists(path.to_owned()));
    }
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let connection = Connection::open(path).map_err(sqlite)?;
    let write = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch("BEGIN")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        let uid = identity.person.uid.to_string();
        for (key, value) in [
            ("origin", identity.origin.as_str()),
            ("mode", mode_name(identity.mode)),
            ("person_id", &identity.person.id),
            ("person_name", &identity.person.name),
            ("person_uid", &uid),
        ] {
            connection.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [key, value])?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", SCHEMA)?;
        connection.execute_batch("COMMIT")
    };
    write().map_err(sqlite)
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Solo => "solo",
        Mode::Office => "office",
    }
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
        match pragma("user_version")? {
            found if found == i64::from(SCHEMA) => {}
            found => return Err(foreign(format!("schema {found}; this agent knows {SCHEMA} only"))),
        }
        connection.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
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
        let reader = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(sqlite)?;
        let (writer, thread) = Writer::start(connection, frontier, identity.mode, clock)?;
        Ok(Store { writer, reader: Arc::new(Mutex::new(reader)), identity, thread })
    }

    /// Waits for what is being written, then closes. SQLite folds the WAL back into the file with the last connection.
    pub(crate) fn close(self) {
        let Store { writer, reader, thread, .. } = self;
        // The reader first: only a connection that may write can fold the WAL back, and it does so when it is the last.
        drop(reader);
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
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || work(&reader.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
            .map_err(|error| LedgerError::Read(error.to_string()))?
    }
}

fn read_identity(connection: &Connection) -> rusqlite::Result<Option<Identity>> {
    let value = |key: &str| {
        connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get::<_, String>(0))
            .optional()
    };
    let mode = match value("mode")?.as_deref() {
        Some("solo") => Mode::Solo,
        Some("office") => Mode::Office,
        _ => return Ok(None),
    };
    let (Some(origin), Some(id), Some(name), Some(uid)) =
        (value("origin")?, value("person_id")?, value("person_name")?, value("person_uid")?)
    else {
        return Ok(None);
    };
    Ok(uid.parse().ok().map(|uid| Identity { origin, mode, person: SoloPerson { id, name, uid } }))
}

/// The right edge of the tree from the stored leaf hashes. The newest records are hashed again: a torn end would show there.
fn read_frontier(connection: &Connection) -> rusqlite::Result<Option<Frontier>> {
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
