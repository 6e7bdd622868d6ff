//! New files. The stamped one: input and appended bytes joined, checked, and only then put where it is wanted.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::Document;
use crate::error::ClientError;
use sealkeeper_domain::reason::Reason;

/// Mode of a file that is nobody else's.
pub(crate) const PRIVATE: u32 = 0o600;

/// Writes `document` followed by `appended` to the new file `target`, if the whole has this SHA-256; as [`write_new`] does,
/// and no wider open than the document.
///
/// # Errors
/// [`Reason::OutputExists`], [`Reason::OutputUnwritable`], [`Reason::InputUnreadable`],
/// [`Reason::InputChanged`] where the document is no longer what was opened, [`Reason::ResultMismatch`].
pub fn write_joined(
    document: &Document,
    appended: &[u8],
    sha256: &[u8],
    target: &Path,
) -> Result<(), ClientError> {
    let unwritable = |error: io::Error| unwritable(target, &error);
    let mut temporary = begin(target, document.mode())?;

    let (mut input, mut whole) = (Sha256::new(), Sha256::new());
    let mut write_error = None;
    let copied = document.for_each_chunk(|chunk| {
        input.update(chunk);
        whole.update(chunk);
        temporary.write_all(chunk).map_err(|error| {
            write_error = Some(error);
            io::Error::other("not written")
        })
    });
    match (copied, write_error) {
        (_, Some(error)) => return Err(unwritable(error)),
        (Err(error), None) => {
            return Err(ClientError::at_path(Reason::InputUnreadable, document.path(), &error));
        }
        (Ok(()), None) => {}
    }
    if input.finalize()[..] != document.sha256()[..] {
        return Err(ClientError::local(Reason::InputChanged, document.path().display()));
    }
    whole.update(appended);
    if whole.finalize()[..] != *sha256 {
        return Err(ClientError::local(Reason::ResultMismatch, target.display()));
    }
    temporary.write_all(appended).map_err(unwritable)?;
    finish(temporary, target)
}

/// Writes the new file `target`.
///
/// The bytes go to a temporary file in the target's folder, which is synced and then renamed without replacing
/// anything (`renameat2` with `RENAME_NOREPLACE`, or a hard link where the file system has none), and the folder is
/// synced. When this returns `Ok` the file survives a power cut; when it does not, there is no file, but where the
/// folder's own sync is what failed. Blocks.
///
/// # Errors
/// [`Reason::OutputExists`], [`Reason::OutputUnwritable`].
pub fn write_new(bytes: &[u8], target: &Path) -> Result<(), ClientError> {
    write_new_with(bytes, target, 0o666)
}

/// As [`write_new`], with at most these bits of the mode.
///
/// # Errors
/// As [`write_new`].
pub fn write_new_with(bytes: &[u8], target: &Path, mode: u32) -> Result<(), ClientError> {
    let mut temporary = begin(target, mode)?;
    temporary.write_all(bytes).map_err(|error| unwritable(target, &error))?;
    finish(temporary, target)
}

/// Puts a new file in the place of `target`, which only its owner may read (0600). The name means the old file until it means the
/// new one, synced; the folder is synced after that. A link stays, and the file it leads to is replaced.
pub(crate) fn replace_private(bytes: &[u8], target: &Path) -> Result<(), ClientError> {
    let unwritable = |error: io::Error| unwritable(target, &error);
    let target = target.canonicalize().map_err(unwritable)?;
    let mut temporary = temporary_beside(&target, PRIVATE)?;
    temporary.write_all(bytes).map_err(unwritable)?;
    temporary.as_file().sync_all().map_err(unwritable)?;
    // A crash before here leaves the old file beside one named .sealkeeper-*.part, after it the new file.
    temporary.persist(&target).map_err(|refused| unwritable(refused.error))?;
    File::open(folder_of(&target)).and_then(|folder| folder.sync_all()).map_err(unwritable)
}

/// A file that comes piece by piece, kept under a temporary name beside where it may be wanted. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Incoming {
    temporary: NamedTempFile,
    hasher: Sha256,
    size: u64,
}

impl Incoming {
    pub(crate) fn begin(target: &Path) -> Result<Self, ClientError> {
        Ok(Self { temporary: begin(target, 0o666)?, hasher: Sha256::new(), size: 0 })
    }

    /// The same, which nobody but its owner may read.
    pub(crate) fn begin_private(target: &Path) -> Result<Self, ClientError> {
        Ok(Self { temporary: begin(target, PRIVATE)?, hasher: Sha256::new(), size: 0 })
    }

    /// Where it lies for now.
    pub(crate) fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), ClientError> {
        self.temporary.write_all(chunk).map_err(|error| unwritable(self.temporary.path(), &error))?;
        self.hasher.update(chunk);
        self.size += chunk.len() as u64;
        Ok(())
    }

    /// Whether what came is what was named.
    pub(crate) fn check(&self, size: u64, sha256: &[u8; 32]) -> Result<(), ClientError> {
        if self.size == size && self.hasher.clone().finalize()[..] == sha256[..] {
            Ok(())
        } else {
            Err(ClientError::answer("another document than the one named"))
        }
    }

    /// The document as it lies under its temporary name; it can be read for as long as this lives, and after it through the
    /// [`Document`].
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`].
    pub fn document(&self) -> Result<Document, ClientError> {
        Document::open(self.temporary.path())
    }

    /// Makes it the new file `target`, in the folder it was begun for, as [`write_new`] does.
    ///
    /// # Errors
    /// As of [`write_new`].
    pub fn keep(self, target: &Path) -> Result<(), ClientError> {
        finish(self.temporary, target)
    }
}

/// The temporary file that becomes the target, with these bits of its mode as far as the umask lets them.
fn begin(target: &Path, mode: u32) -> Result<NamedTempFile, ClientError> {
    refuse_existing(target)?;
    temporary_beside(target, mode)
}

fn temporary_beside(target: &Path, mode: u32) -> Result<NamedTempFile, ClientError> {
    tempfile::Builder::new()
        .prefix(".sealkeeper-")
        .suffix(".part")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(target))
        .map_err(|error| unwritable(target, &error))
}

fn finish(temporary: NamedTempFile, target: &Path) -> Result<(), ClientError> {
    let unwritable = |error: io::Error| unwritable(target, &error);
    temporary.as_file().sync_all().map_err(unwritable)?;
    // A crash before here leaves a file named .sealkeeper-*.part, after it the whole file; never half of one.
    temporary.persist_noclobber(target).map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => ClientError::local(Reason::OutputExists, target.display()),
        _ => unwritable(refused.error),
    })?;
    File::open(folder_of(target)).and_then(|folder| folder.sync_all()).map_err(unwritable)
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn unwritable(target: &Path, error: &io::Error) -> ClientError {
    ClientError::at_path(Reason::OutputUnwritable, target, error)
}

/// Tells early that the target is there already, a dangling link included.
///
/// # Errors
/// [`Reason::OutputExists`]; [`Reason::OutputUnwritable`] where its folder cannot be looked into.
pub fn refuse_existing(target: &Path) -> Result<(), ClientError> {
    match target.symlink_metadata() {
        Ok(_) => Err(ClientError::local(Reason::OutputExists, target.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ClientError::at_path(Reason::OutputUnwritable, target, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    struct Bench {
        folder: tempfile::TempDir,
        document: Document,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let input = folder.path().join("in.pdf");
            fs::write(&input, b"before ").unwrap();
            fs::set_permissions(&input, Permissions::from_mode(0o640)).unwrap();
            let document = Document::open(&input).unwrap();
            Self { folder, document }
        }

        fn target(&self) -> PathBuf {
            self.folder.path().join("out.pdf")
        }

        fn reason(&self, sha256: &[u8], target: &Path) -> Reason {
            match write_joined(&self.document, b"after", sha256, target).unwrap_err() {
                ClientError::Local { reason, .. } => reason,
                other => panic!("{other}"),
            }
        }

        /// Every file but the input, temporary ones included.
        fn left(&self) -> Vec<String> {
            let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap()).filter(|name| name != "in.pdf").collect()
        }
    }

    fn digest(bytes: &[u8]) -> Vec<u8> {
        Sha256::digest(bytes).to_vec()
    }

    #[test]
    fn input_and_appended_bytes_become_a_new_file() {
        let bench = Bench::new();
        write_joined(&bench.document, b"after", &digest(b"before after"), &bench.target()).unwrap();
        assert_eq!(fs::read(bench.target()).unwrap(), b"before after");
        assert_eq!(fs::read(bench.document.path()).unwrap(), b"before ");
        assert_eq!(fs::metadata(bench.target()).unwrap().permissions().mode() & 0o137, 0);
        assert_eq!(bench.left(), ["out.pdf"]);
    }

    #[test]
    fn nothing_is_overwritten() {
        let bench = Bench::new();
        fs::write(bench.target(), b"mine").unwrap();
        assert_eq!(bench.reason(&digest(b"before after"), &bench.target()), Reason::OutputExists);
        assert_eq!(fs::read(bench.target()).unwrap(), b"mine");
        let link = bench.folder.path().join("link.pdf");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert_eq!(bench.reason(&digest(b"before after"), &link), Reason::OutputExists);
    }

    #[test]
    fn any_bytes_become_a_new_file_and_no_old_one() {
        let bench = Bench::new();
        write_new(b"text", &bench.target()).unwrap();
        let error = write_new(b"other", &bench.target()).unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::OutputExists, .. }), "{error}");
        assert_eq!(
            (fs::read(bench.target()).unwrap(), bench.left()),
            (b"text".to_vec(), vec!["out.pdf".into()])
        );
    }

    #[test]
    fn what_comes_in_pieces_is_kept_only_if_it_is_what_was_named() {
        let bench = Bench::new();
        let mut incoming = Incoming::begin(&bench.target()).unwrap();
        [b"bef".as_slice(), b"ore "].into_iter().for_each(|chunk| incoming.write(chunk).unwrap());
        assert!(incoming.check(7, &[0; 32]).is_err());
        assert!(incoming.check(8, bench.document.sha256()).is_err());
        incoming.check(7, bench.document.sha256()).unwrap();
        assert_eq!(incoming.document().unwrap().sha256(), bench.document.sha256());
        incoming.keep(&bench.target()).unwrap();
        assert_eq!(
            (fs::read(bench.target()).unwrap(), bench.left()),
            (b"before ".to_vec(), vec!["out.pdf".into()])
        );
        fs::remove_file(bench.target()).unwrap();
        drop(Incoming::begin(&bench.target()).unwrap());
        assert!(bench.left().is_empty());
    }

    #[test]
    fn a_wrong_digest_leaves_nothing() {
        let bench = Bench::new();
        assert_eq!(bench.reason(&digest(b"something else"), &bench.target()), Reason::ResultMismatch);
        assert_eq!(bench.reason(b"", &bench.target()), Reason::ResultMismatch);
        assert!(bench.left().is_empty());
    }

    #[test]
    fn a_changed_input_is_noticed() {
        let bench = Bench::new();
        fs::write(bench.document.path(), b"changed").unwrap();
        assert_eq!(bench.reason(&digest(b"changedafter"), &bench.target()), Reason::InputChanged);
        assert!(bench.left().is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there() {
        let bench = Bench::new();
        let target = bench.folder.path().join("absent/out.pdf");
        assert_eq!(bench.reason(&digest(b"before after"), &target), Reason::OutputUnwritable);
    }
}
