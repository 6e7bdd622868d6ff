//! Copies of the journal (C6), taken over and then checked without the agent.

use std::io::Write as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::{Checker, Digest, Report};
use sealkeeper_proto::v1::{self, backup_event::Event};

use crate::Agent;
use crate::connection::answered;
use crate::error::ClientError;
use crate::output::Incoming;

/// A copy that is kept and was found to be what the agent told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Records in it.
    pub tree_size: u64,
    /// RFC 6962 root hash over them.
    pub root: Digest,
    /// The journal's origin, as its first start tells it.
    pub origin: Option<String>,
    /// Position of the record that tells of the copy.
    pub journal_seq: u64,
}

impl Agent {
    /// Has the agent copy its whole journal, and makes that the new file `target`, which only its owner may read (0600). Before it is there it is
    /// read from its first record to its last: nothing may be wrong with it, and size and root have to be those the agent told.
    ///
    /// # Errors
    /// [`Reason::OutputExists`], [`Reason::OutputUnwritable`], [`Reason::JournalInconsistent`], [`Reason::AnswerBad`] where other bytes came than
    /// those named, or none that can be read; a fault (`role-missing`), or a lost connection. Then there is no file, though the copy may be on record.
    pub async fn back_up(&self, target: &Path) -> Result<BackedUp, ClientError> {
        let mut incoming = Incoming::begin_private(target)?;
        let mut events = answered(self.journal_service().backup(v1::BackupRequest {}).await)?;
        let of_status = |status| ClientError::from_status(&status);
        let (mut head, mut done) = (None, None);
        while let Some(v1::BackupEvent { event }) = events.message().await.map_err(of_status)? {
            match (event, &head) {
                (Some(Event::Head(told)), None) => head = Some(told),
                (Some(Event::Chunk(chunk)), Some(v1::BackupHead { size, .. })) => {
                    if incoming.size() + chunk.len() as u64 > *size {
                        return Err(ClientError::answer("more bytes of the copy than there are"));
                    }
                    incoming.write(&chunk)?;
                }
                (Some(Event::Done(told)), Some(_)) => done = Some(told),
                _ => return Err(ClientError::answer("a copy that does not begin with what it is")),
            }
        }
        let (Some(head), Some(done)) = (head, done) else {
            return Err(ClientError::answer("a copy that does not come to its end"));
        };
        let sha256 = head.sha256.try_into().map_err(|_| ClientError::answer("a digest of another length"))?;
        incoming.check(head.size, &sha256)?;
        let Report { size: tree_size, root, origin, faults, .. } = check_backup(incoming.path())?;
        if let Some(fault) = faults.first() {
            return Err(ClientError::local(Reason::JournalInconsistent, fault));
        }
        if tree_size != head.tree_size || root.as_bytes()[..] != head.root_hash[..] {
            return Err(ClientError::answer("another journal in the copy than the one named"));
        }
        incoming.keep(target)?;
        Ok(BackedUp { size: head.size, sha256, tree_size, root, origin, journal_seq: done.journal_seq })
    }
}

/// Reads the records of a copy, and checks them as a whole. Nothing is written beside it.
///
/// # Errors
/// [`Reason::AnswerBad`] for what is no journal's database.
pub fn check_backup(copy: &Path) -> Result<Report, ClientError> {
    let read = || -> rusqlite::Result<Report> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri(copy), flags)?;
        let mut statement = connection.prepare("SELECT bytes FROM records ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let mut checker = Checker::default();
        while let Some(row) = rows.next()? {
            checker.push(row.get_ref(0)?.as_blob()?);
        }
        Ok(checker.finish())
    };
    read().map_err(|error| ClientError::at_path(Reason::AnswerBad, copy, &error))
}

/// The path as SQLite's URI; `immutable`: nobody writes to it, so that no other file is made beside it (<https://www.sqlite.org/uri.html>).
fn uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = b"file:".to_vec();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            uri.push(*byte);
        } else {
            // A vector takes whatever is written to it.
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    format!("{}?immutable=1", String::from_utf8_lossy(&uri))
}

#[cfg(test)]
mod tests {
    use sealkeeper_journal::{AgentStopped, Frontier, Mode, Record, RecordBody, StopCause, leaf_hash};

    use super::*;

    #[test]
    fn a_copy_is_checked_from_its_first_record_to_its_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("50 % 备份?#.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE records (seq INTEGER PRIMARY KEY, bytes BLOB)",
            )
            .unwrap();
        let mut tree = Frontier::default();
        for seq in 0..3 {
            let body = RecordBody::AgentStopped(AgentStopped { cause: StopCause::Request });
            let bytes = Record { seq, time_us: 7, mode: Mode::Solo, body }.encode().unwrap();
            tree.push(leaf_hash(&bytes));
            connection.execute("INSERT INTO records VALUES (?1, ?2)", rusqlite::params![seq, bytes]).unwrap();
        }
        connection.close().unwrap();
        let report = check_backup(&path).unwrap();
        assert_eq!((report.size, report.root, report.faults), (3, tree.root(), vec![]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no file is made beside it");

        let connection = Connection::open(&path).unwrap();
        connection.execute("DELETE FROM records WHERE seq = 1", []).unwrap();
        connection.close().unwrap();
        assert!(!check_backup(&path).unwrap().faults.is_empty());
        std::fs::write(&path, b"no database").unwrap();
        let error = check_backup(&path).unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::AnswerBad, .. }), "{error}");
    }
}
