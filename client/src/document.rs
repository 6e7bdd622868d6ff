//! The file to be stamped, opened once and only read.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::error::ClientError;
use sealkeeper_domain::reason::Reason;

/// Bytes read at a time.
pub(crate) const READ_CHUNK: usize = 1 << 20;

/// A document on disk with its size and SHA-256 as they were when it was opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Document {
    path: PathBuf,
    file: Arc<File>,
    size: u64,
    sha256: [u8; 32],
}

impl Document {
    /// Opens a regular file and hashes it. Blocks while it reads.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`].
    pub fn open(path: &Path) -> Result<Self, ClientError> {
        let unreadable = |error: io::Error| ClientError::at_path(Reason::InputUnreadable, path, &error);
        // A pipe would block in open, so the kind is looked at first.
        let is_file = |metadata: Metadata| {
            let error = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            if metadata.is_file() { Ok(()) } else { Err(error()) }
        };
        std::fs::metadata(path).and_then(is_file).map_err(unreadable)?;
        let file = File::open(path).map_err(unreadable)?;
        let (mut size, mut hasher) = (0, Sha256::new());
        for_each_chunk(&file, |chunk| {
            size += chunk.len() as u64;
            hasher.update(chunk);
            Ok(())
        })
        .map_err(unreadable)?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file), size, sha256: hasher.finalize().into() })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Last component of its path, as the journal shall know it; what is not UTF-8 becomes U+FFFD.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its SHA-256.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Read and write bits of its mode: the stamped file shall be no wider open.
    pub(crate) fn mode(&self) -> u32 {
        self.file.metadata().map_or(0o600, |metadata| metadata.permissions().mode() & 0o666)
    }

    /// Gives its bytes in order, in pieces of at most [`READ_CHUNK`].
    pub(crate) fn for_each_chunk(&self, each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for_each_chunk(&self.file, each)
    }
}

/// Positioned reads: clones of a document share one file offset.
fn for_each_chunk(file: &File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; READ_CHUNK];
    let mut offset = 0;
    loop {
        match file.read_at(&mut buffer, offset) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                each(buffer.get(..length).unwrap_or_default())?;
                offset += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_whole_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("合同.pdf");
        let bytes: Vec<u8> = (0..READ_CHUNK + 7).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let document = Document::open(&path).unwrap();
        assert_eq!(document.size(), bytes.len() as u64);
        assert_eq!(document.sha256()[..], Sha256::digest(&bytes)[..]);
        assert_eq!(document.file_name(), "合同.pdf");
        for _ in 0..2 {
            let mut read = Vec::new();
            document
                .for_each_chunk(|chunk| {
                    read.extend_from_slice(chunk);
                    Ok(())
                })
                .unwrap();
            assert_eq!(read, bytes);
        }
    }

    #[test]
    fn what_is_no_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("absent"), PathBuf::from("/dev/null")] {
            let error = Document::open(&path).unwrap_err();
            assert!(matches!(error, ClientError::Local { reason: Reason::InputUnreadable, .. }), "{error}");
        }
    }
}
