//! Documents on their way: private files named by their SHA-256, mapped for reading.
//!
//! A document is written to a file without a name (O_TMPFILE) where the file system has that, hashed as it arrives, and gets its name only once
//! its digest is right. It is not synced: what a power cut takes is missed by its digest and must be sent again.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use memmap2::Mmap;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use sealkeeper_domain::identity::Digest;
use sha2::{Digest as _, Sha256};

/// The directory of the spool.
#[derive(Clone)]
pub(crate) struct Spool {
    directory: PathBuf,
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
        Ok(Spool { directory })
    }

    /// Begins to receive a document.
    pub(crate) fn receive(&self) -> io::Result<Incoming> {
        let (file, name) = self.nameless()?;
        Ok(Incoming { spool: self.clone(), file, name, hash: Sha256::new(), size: 0, head: Vec::new() })
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

    /// Bytes of all documents together.
    pub(crate) fn used(&self) -> io::Result<u64> {
        let mut used = 0;
        for entry in fs::read_dir(&self.directory)? {
            match entry?.metadata() {
                Ok(facts) => used += facts.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(used)
    }

    /// Removes every document that is not needed any more.
    pub(crate) fn keep_only(&self, needed: &[Digest]) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let digest = path.file_name().and_then(|name| name.to_str()).and_then(Digest::from_hex);
            if digest.is_some_and(|digest| !needed.contains(&digest)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
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

    fn path(&self, sha256: Digest) -> PathBuf {
        self.directory.join(sha256.to_string())
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
                let name = self.directory.join(format!("{}.part", uuid::Uuid::new_v4()));
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

    /// Gives the document its name if its digest is the one announced; else tells the digest it has, and nothing remains.
    pub(crate) fn keep(mut self, announced: Digest) -> io::Result<Result<(), Digest>> {
        let digest = Digest(self.hash.clone().finalize().into());
        if digest != announced {
            return Ok(Err(digest));
        }
        let path = self.spool.path(digest);
        match self.name.take() {
            Some(name) => fs::rename(name, path)?,
            None => {
                let by_descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                match rustix::fs::linkat(CWD, by_descriptor, CWD, &path, AtFlags::SYMLINK_FOLLOW) {
                    // Somebody sent the same document meanwhile.
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(Ok(()))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
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
        let mut incoming = spool.receive().unwrap();
        incoming.write(b"something else").unwrap();
        assert_eq!(incoming.keep(announced).unwrap(), Err(Digest::of(b"something else")));
        assert!(!spool.holds(announced) && spool.used().unwrap() == 0);

        let mut incoming = spool.receive().unwrap();
        incoming.write(b"docu").unwrap();
        incoming.write(b"ment").unwrap();
        assert_eq!(incoming.keep(announced).unwrap(), Ok(()));
        assert_eq!(spool.find(announced).unwrap().unwrap().bytes(), b"document");
        let copied = spool.copy(&spool.find(announced).unwrap().unwrap()).unwrap();
        let whole = copied.with_appended(b" and more").unwrap();
        assert_eq!(whole.bytes(), b"document and more");

        spool.keep_only(&[announced]).unwrap();
        assert!(spool.holds(announced));
        spool.keep_only(&[]).unwrap();
        assert!(spool.find(announced).unwrap().is_none());
    }

    #[test]
    fn left_over_parts_are_removed_at_start() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.part"), b"half").unwrap();
        let spool = Spool::open(dir.path().to_owned()).unwrap();
        assert_eq!(spool.used().unwrap(), 0);
    }
}
