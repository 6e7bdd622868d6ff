//! Documents on their way: private files named by their SHA-256, mapped for reading.
//!
//! A document is written to a file without a name (O_TMPFILE) where the file system has that, hashed as it arrives, and gets its name only once
//! its digest is right. It is not synced: what a power cut takes is missed by its digest, removed and must be sent again.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use memmap2::Mmap;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use sealkeeper_domain::identity::{Digest, PersonId};
use sha2::{Digest as _, Sha256};

use crate::pipeline::ports::document::DocumentFile;

/// The directory of the spool.
#[derive(Clone)]
pub(crate) struct Spool {
    directory: PathBuf,
    /// Held while names are given or taken away.
    books: Arc<Mutex<Books>>,
}

/// What is in hand beside the files that have names.
#[derive(Default)]
struct Books {
    /// Documents on their way to a request, and how often each is.
    arriving: HashMap<Digest, usize>,
    /// These, and all that arrived since tidying last began, whether or not their requests were kept meanwhile.
    arrived: HashSet<Digest>,
    /// Bytes announced by the uploads in progress.
    reserved: u64,
    /// The same by who brings them, until what becomes of them is charged elsewhere; who brings nothing has no entry.
    brought: HashMap<PersonId, u64>,
}

/// What one person announced counts against their share as long as this lives.
pub(crate) struct Reservation {
    spool: Spool,
    by: PersonId,
    size: u64,
    in_progress: u64,
}

/// A document on its way to a request: as long as this lives, tidying leaves it alone.
pub(crate) struct Arrival {
    spool: Spool,
    sha256: Digest,
}

/// A document in the spool, mapped.
pub(crate) struct Spooled {
    file: File,
    map: Mmap,
}

/// A copy of a document without a name, open at its end.
pub(crate) struct Copied(File);

/// A document being received.
pub(crate) struct Incoming {
    spool: Spool,
    file: File,
    /// Where it lies in the meantime, if the file system has no files without names.
    name: Option<PathBuf>,
    hash: Sha256,
    size: u64,
    /// Bytes announced, for which there is room.
    reserved: u64,
    /// The first bytes, as many as tell whether this can be a PDF.
    head: Vec<u8>,
}

/// Bytes kept of the beginning of an upload.
const HEAD: usize = 1024;

impl Spool {
    /// Opens the spool and removes what an interrupted upload left behind.
    pub(crate) fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.extension().is_some() {
                fs::remove_file(path)?;
            }
        }
        Ok(Spool { directory, books: Arc::default() })
    }

    /// Announces a document, before it is looked for here.
    pub(crate) fn arrive(&self, sha256: Digest) -> Arrival {
        let mut books = self.books();
        *books.arriving.entry(sha256).or_default() += 1;
        books.arrived.insert(sha256);
        Arrival { spool: self.clone(), sha256 }
    }

    /// Begins to receive a document of this size, if all documents together stay within `limit` bytes; else tells the bytes in use. What other
    /// uploads have announced counts as used.
    pub(crate) fn receive(&self, size: u64, limit: u64) -> io::Result<Result<Incoming, u64>> {
        let mut books = self.books();
        let used = self.used()?.saturating_add(books.reserved);
        if used.saturating_add(size) > limit {
            return Ok(Err(used));
        }
        let (file, name) = self.nameless()?;
        books.reserved += size;
        Ok(Ok(Incoming {
            spool: self.clone(),
            file,
            name,
            hash: Sha256::new(),
            size: 0,
            reserved: size,
            head: Vec::new(),
        }))
    }

    /// Counts a document of this size against the share of who brings it, before it is asked what they have here already: so no other upload of theirs
    /// passes unseen between the two.
    pub(crate) fn reserve(&self, by: &PersonId, size: u64) -> Reservation {
        let mut books = self.books();
        let brought = books.brought.entry(by.clone()).or_default();
        *brought = brought.saturating_add(size);
        Reservation { spool: self.clone(), by: by.clone(), size, in_progress: *brought }
    }

    /// The document with this digest, if it is there. Its bytes are not checked here.
    pub(crate) fn find(&self, sha256: Digest) -> io::Result<Option<Spooled>> {
        match File::open(self.path(sha256)) {
            Ok(file) => Spooled::map(file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a document with this digest is there.
    pub(crate) fn holds(&self, sha256: Digest) -> bool {
        self.path(sha256).exists()
    }

    /// Bytes of all documents that are here whole.
    pub(crate) fn used(&self) -> io::Result<u64> {
        let mut used = 0;
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if digest_of(&entry.path()).is_none() {
                continue;
            }
            match entry.metadata() {
                Ok(facts) => used += facts.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(used)
    }

    /// Before it is asked which documents are needed: from now on whatever arrives is, for its request may be kept after the answer was given.
    pub(crate) fn begin_tidying(&self) {
        let mut books = self.books();
        books.arrived = books.arriving.keys().copied().collect();
    }

    /// Removes every document that is neither needed nor arrived since tidying began.
    pub(crate) fn keep_only(&self, needed: &[Digest]) -> io::Result<()> {
        // Nothing can arrive between the look and the removal.
        let books = self.books();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let lost = |digest| !needed.contains(&digest) && !books.arrived.contains(&digest);
            if digest_of(&path).is_some_and(lost) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Removes a document whose bytes are not those of its name, so that it can be sent again; not one that took its place meanwhile.
    pub(crate) fn remove_damaged(&self, sha256: Digest, damaged: &Spooled) -> io::Result<()> {
        let path = self.path(sha256);
        let _books = self.books();
        let (named, held) = (fs::symlink_metadata(&path), damaged.file.metadata()?);
        match named {
            Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => fs::remove_file(path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A copy of the document in a file of its own, to which the result's bytes can be appended: made before the token is asked, so that a full
    /// disk costs no signature.
    pub(crate) fn copy(&self, document: &Spooled) -> io::Result<Copied> {
        let (mut copy, name) = self.nameless()?;
        if let Some(name) = name {
            fs::remove_file(name)?;
        }
        let mut input = document.file.try_clone()?;
        input.seek(SeekFrom::Start(0))?;
        // Copied by the kernel, without passing through this process.
        io::copy(&mut input, &mut copy)?;
        Ok(Copied(copy))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, sha256: Digest) -> PathBuf {
        self.directory.join(sha256.to_string())
    }

    /// A name that is removed at the next start.
    fn part(&self) -> PathBuf {
        self.directory.join(format!("{}.part", uuid::Uuid::new_v4()))
    }

    fn nameless(&self) -> io::Result<(File, Option<PathBuf>)> {
        let private = Mode::RUSR | Mode::WUSR;
        match rustix::fs::openat(
            CWD,
            &self.directory,
            OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC,
            private,
        ) {
            Ok(file) => Ok((file.into(), None)),
            Err(_) => {
                let name = self.part();
                let file = rustix::fs::openat(
                    CWD,
                    &name,
                    OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC,
                    private,
                )?;
                Ok((file.into(), Some(name)))
            }
        }
    }
}

/// The digest a file is named by.
fn digest_of(path: &Path) -> Option<Digest> {
    path.file_name().and_then(|name| name.to_str()).and_then(Digest::from_hex)
}

impl Reservation {
    /// Bytes that this person had on the way when it was made, this one's among them.
    pub(crate) fn in_progress(&self) -> u64 {
        self.in_progress
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut books = self.spool.books();
        match books.brought.get_mut(&self.by) {
            Some(brought) if *brought > self.size => *brought -= self.size,
            _ => {
                books.brought.remove(&self.by);
            }
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut books = self.spool.books();
        if let Some(count) = books.arriving.get_mut(&self.sha256) {
            *count -= 1;
            if *count == 0 {
                books.arriving.remove(&self.sha256);
            }
        }
    }
}

impl Copied {
    /// The document followed by these bytes, mapped, so that no memory grows with it.
    pub(crate) fn with_appended(mut self, appended: &[u8]) -> io::Result<Spooled> {
        self.0.write_all(appended)?;
        Spooled::map(self.0)
    }
}

impl Incoming {
    /// Takes the next bytes.
    pub(crate) fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk)?;
        self.hash.update(chunk);
        self.size += chunk.len() as u64;
        let missing = HEAD.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(missing));
        Ok(())
    }

    /// The first bytes taken so far, at most 1,024.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Bytes taken so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The document as it is, without a name, for as long as this lives, if its digest is the one announced; else tells the digest it has. Nothing
    /// may be written to it any more.
    pub(crate) fn whole(&self, announced: Digest) -> io::Result<Result<Spooled, Digest>> {
        let digest = Digest(self.hash.clone().finalize().into());
        if digest == announced { Spooled::map(self.file.try_clone()?).map(Ok) } else { Ok(Err(digest)) }
    }

    /// Gives the document its name if its digest is the one announced; else tells the digest it has, and nothing remains.
    pub(crate) fn keep(mut self, announced: Digest) -> io::Result<Result<(), Digest>> {
        let digest = Digest(self.hash.clone().finalize().into());
        if digest != announced {
            return Ok(Err(digest));
        }
        let spool = self.spool.clone();
        let _books = spool.books();
        let part = match &self.name {
            Some(name) => name.clone(),
            None => {
                let part = spool.part();
                let by_descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                rustix::fs::linkat(CWD, by_descriptor, CWD, &part, AtFlags::SYMLINK_FOLLOW)?;
                self.name.insert(part).clone()
            }
        };
        // Over whatever bears the name: what a power cut left of an earlier upload must not outlive the whole document.
        fs::rename(part, spool.path(digest))?;
        self.name = None;
        Ok(Ok(()))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let mut books = self.spool.books();
        books.reserved = books.reserved.saturating_sub(self.reserved);
        if let Some(name) = self.name.take() {
            // Removed at the next start otherwise.
            let _ = fs::remove_file(name);
        }
    }
}

impl Spooled {
    fn map(file: File) -> io::Result<Self> {
        // SAFETY: the file lies in the agent's own 0700 directory with mode 0600 (or has no name at all), and nothing in the agent writes to or
        // truncates a file once it is mapped: documents are replaced and removed by name only. The custodian's own user could still do so from
        // outside; that ends in SIGBUS, not in a wrong signature, since digests are taken from the same mapping that is signed.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file)? };
        Ok(Spooled { file, map })
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// The same file for another process, opened anew: one that is open for writing here is for reading only there. `page_count` is what its
    /// structure says.
    pub(crate) fn read_only(&self, page_count: u32) -> io::Result<DocumentFile> {
        let by_descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(DocumentFile { file: Arc::new(File::open(by_descriptor)?), page_count })
    }
}

/// Makes a directory that only its owner may enter.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_announced_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let announced = Digest::of(b"document");
        let receive = || spool.receive(20, 100).unwrap().ok().unwrap();
        let mut incoming = receive();
        incoming.write(b"something else").unwrap();
        assert_eq!(incoming.keep(announced).unwrap(), Err(Digest::of(b"something else")));
        assert!(!spool.holds(announced) && spool.used().unwrap() == 0);

        let mut incoming = receive();
        incoming.write(b"docu").unwrap();
        incoming.write(b"ment").unwrap();
        assert_eq!(incoming.keep(announced).unwrap(), Ok(()));
        assert_eq!(spool.find(announced).unwrap().unwrap().bytes(), b"document");
        let copied = spool.copy(&spool.find(announced).unwrap().unwrap()).unwrap();
        let whole = copied.with_appended(b" and more").unwrap();
        assert_eq!(whole.bytes(), b"document and more");
        let mut handed_on = whole.read_only(1).unwrap().file;
        assert_eq!(io::read_to_string(&*handed_on).unwrap(), "document and more");
        assert!(Arc::get_mut(&mut handed_on).unwrap().write(b"!").is_err());

        spool.keep_only(&[announced]).unwrap();
        assert!(spool.holds(announced));
        spool.keep_only(&[]).unwrap();
        assert!(spool.find(announced).unwrap().is_none());
    }

    #[test]
    fn what_is_only_looked_at_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let mut incoming = spool.receive(8, 10).unwrap().ok().unwrap();
        incoming.write(b"document").unwrap();
        assert_eq!(incoming.whole(Digest([7; 32])).unwrap().err(), Some(Digest::of(b"document")));
        let whole = incoming.whole(Digest::of(b"document")).unwrap().unwrap();
        let revised = spool.copy(&whole).unwrap().with_appended(b" and more").unwrap();
        assert_eq!((whole.bytes(), revised.bytes()), (&b"document"[..], &b"document and more"[..]));
        assert_eq!(spool.receive(8, 10).unwrap().err(), Some(8), "it takes room");
        drop((incoming, whole, revised));
        assert!(!spool.holds(Digest::of(b"document")) && spool.receive(8, 10).unwrap().is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_uploads_announced_counts_until_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let first = spool.receive(60, 100).unwrap().ok().unwrap();
        assert_eq!(spool.receive(41, 100).unwrap().err(), Some(60));
        let mut second = spool.receive(8, 100).unwrap().ok().unwrap();
        second.write(b"document").unwrap();
        second.keep(Digest::of(b"document")).unwrap().unwrap();
        assert_eq!(spool.receive(33, 100).unwrap().err(), Some(68), "kept or not, it counts once");
        drop(first);
        assert!(spool.receive(92, 100).unwrap().is_ok());
    }

    #[test]
    fn what_one_person_brings_counts_as_theirs_until_it_is_charged_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let reserve = |who: &str, size| spool.reserve(&who.parse().unwrap(), size);
        let (first, second, other) = (reserve("p1", 60), reserve("p1", 8), reserve("p2", 1));
        assert_eq!([&first, &second, &other].map(Reservation::in_progress), [60, 68, 1]);
        drop(first);
        assert_eq!(reserve("p1", 2).in_progress(), 10);
        drop((second, other));
        assert!(spool.books().brought.is_empty());
    }

    #[test]
    fn what_a_power_cut_left_is_replaced_or_removed() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let sha256 = Digest::of(b"document");
        let name = dir.path().join(sha256.to_string());
        fs::write(&name, b"").unwrap();
        let damaged = spool.find(sha256).unwrap().unwrap();
        let mut incoming = spool.receive(8, 100).unwrap().ok().unwrap();
        incoming.write(b"document").unwrap();
        incoming.keep(sha256).unwrap().unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"document");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        spool.remove_damaged(sha256, &damaged).unwrap();
        assert!(spool.holds(sha256), "it is whole by now");
        fs::write(dir.path().join("new"), b"docu").unwrap();
        fs::rename(dir.path().join("new"), &name).unwrap();
        spool.remove_damaged(sha256, &spool.find(sha256).unwrap().unwrap()).unwrap();
        assert!(!spool.holds(sha256));
    }

    #[test]
    fn tidying_leaves_alone_what_arrives() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        let there = |name: &[u8]| fs::write(dir.path().join(Digest::of(name).to_string()), name).unwrap();
        let left = || {
            let all: [&[u8]; 3] = [b"before", b"between", b"old"];
            all.map(|name| spool.holds(Digest::of(name)))
        };
        for name in [b"before".as_slice(), b"between", b"old"] {
            there(name);
        }
        let before = spool.arrive(Digest::of(b"before"));
        let again = spool.arrive(Digest::of(b"before"));
        drop(again);
        spool.begin_tidying();
        // Its request may be kept after it was told which documents are needed.
        drop(spool.arrive(Digest::of(b"between")));
        spool.keep_only(&[]).unwrap();
        assert_eq!(left(), [true, true, false]);
        spool.begin_tidying();
        spool.keep_only(&[]).unwrap();
        assert_eq!(left(), [true, false, false]);
        drop(before);
        spool.begin_tidying();
        spool.keep_only(&[]).unwrap();
        assert_eq!(left(), [false; 3]);
    }

    #[test]
    fn left_over_parts_are_removed_at_start() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.part"), b"half").unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        assert_eq!(spool.used().unwrap(), 0);
    }
}
