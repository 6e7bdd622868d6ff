//! Copies of the journal for safe keeping (C6).

use std::{
    fs::{self, File},
    io::{self, Seek},
    path::Path,
};

use sealkeeper_domain::identity::Digest;
use sealkeeper_journal::{JournalBackedUp, RecordBody, TreeHead};
use tokio::sync::OwnedMutexGuard;

use super::{Failure, Service, Subject, disk, hashing::sha256_of, joined};
use crate::{
    init::BACKUP,
    pipeline::{Stop, identify::Caller, scribe::digest},
};

/// A copy that was made. Its file has no name any more: it goes with this, or with the process.
#[derive(Debug)]
pub(crate) struct Backup {
    pub(crate) file: File,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
    /// The journal in it.
    pub(crate) journal: TreeHead,
    _only_one: OwnedMutexGuard<()>,
}

impl Service {
    /// Makes a copy of the whole journal, for whoever may read the whole of it (S1).
    pub(crate) async fn back_up(&self, caller: &Caller) -> Result<Backup, Failure> {
        self.may_copy_journal(caller).await?;
        match self.copied().await {
            Ok(backup) => Ok(backup),
            Err(stop) => Err(self.refuse(Subject::new("backup", caller), stop).await),
        }
    }

    async fn copied(&self) -> Result<Backup, Stop> {
        // A copy that could not be put on record is none.
        self.check_ledger()?;
        let only_one = self.backing_up.clone().lock_owned().await;
        let path = self.surroundings.home.join(BACKUP);
        let stale = path.clone();
        let begun = joined(tokio::task::spawn_blocking(move || clear(&stale)).await)?;
        begun.map_err(|error| disk("backup", &error))?;
        let made = self.ledger.back_up(path.clone()).await;
        let opened = tokio::task::spawn_blocking(move || {
            let opened = File::open(&path);
            // It is there for this process alone; a crash before here leaves it until the next copy.
            clear(&path).and(opened)
        });
        let opened = joined(opened.await)?;
        let journal = made?;
        let file = opened.map_err(|error| disk("backup", &error))?;
        let hashed = joined(tokio::task::spawn_blocking(move || hash(file)).await)?;
        let (file, size, sha256) = hashed.map_err(|error| disk("backup", &error))?;
        Ok(Backup { file, size, sha256, journal, _only_one: only_one })
    }

    /// Records that a copy was handed out to its last byte; tells where.
    pub(crate) async fn backed_up(&self, caller: &Caller, backup: &Backup) -> Result<u64, Failure> {
        let recorded = async {
            let entry = self.scribe.entry(|draft| {
                let by = draft.actor("by", caller)?;
                let (journal, sha256) = (backup.journal, digest(backup.sha256));
                Ok(RecordBody::JournalBackedUp(JournalBackedUp { by, journal, sha256 }))
            })?;
            Ok::<_, Stop>(self.ledger.append(entry).await?.seq)
        };
        match recorded.await {
            Ok(seq) => Ok(seq),
            Err(stop) => Err(self.refuse(Subject::new("backup", caller), stop).await),
        }
    }
}

/// Takes away the copy of that name and what SQLite may have left beside it.
fn clear(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn hash(mut file: File) -> io::Result<(File, u64, Digest)> {
    let (size, sha256) = sha256_of(&mut file)?;
    file.rewind()?;
    Ok((file, size, Digest(sha256)))
}
