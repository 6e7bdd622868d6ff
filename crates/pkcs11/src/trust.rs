//! Whose module is loaded: a PKCS#11 module runs with a person's PIN in hand, so nobody but root or the user who runs it may be able to change
//! its file or any directory above it.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Why a module's path is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// Not absolute, or not to be looked at.
    #[error("{path}: {why}")]
    Unreadable {
        /// The path as configured.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// Somebody else may write it.
    #[error("{0}: may be written by others than root and the user who runs this")]
    WritableByOthers(PathBuf),
}

/// The real path of a module, with every file and directory on it checked.
///
/// # Errors
/// [`Untrusted`], of the first part of the path that is not.
pub fn check_module_path(path: &Path, own_uid: u32) -> Result<PathBuf, Untrusted> {
    let unreadable = |why| Untrusted::Unreadable { path: path.to_owned(), why };
    let real = fs::canonicalize(path).map_err(unreadable)?;
    for part in real.ancestors() {
        let facts = fs::symlink_metadata(part).map_err(unreadable)?;
        // A sticky directory such as /tmp lets nobody replace another's entry.
        let sticky = facts.is_dir() && facts.mode() & 0o1000 != 0;
        if !is_own(&facts, own_uid) || (others_write(&facts) && !sticky) {
            return Err(Untrusted::WritableByOthers(part.to_owned()));
        }
    }
    Ok(real)
}

/// Whether a file or directory, wherever a link to it leads, is root's or one's own and nobody else may write it. Looks at nothing above it.
///
/// # Errors
/// [`Untrusted`].
pub fn check_own(path: &Path, own_uid: u32) -> Result<(), Untrusted> {
    let facts = fs::metadata(path).map_err(|why| Untrusted::Unreadable { path: path.to_owned(), why })?;
    if is_own(&facts, own_uid) && !others_write(&facts) {
        Ok(())
    } else {
        Err(Untrusted::WritableByOthers(path.to_owned()))
    }
}

fn is_own(facts: &fs::Metadata, own_uid: u32) -> bool {
    facts.uid() == 0 || facts.uid() == own_uid
}

fn others_write(facts: &fs::Metadata) -> bool {
    facts.mode() & 0o022 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_module_others_may_write_is_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let own = rustix::process::getuid().as_raw();
        let file = dir.path().join("module.so");
        fs::write(&file, b"x").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(check_module_path(&file, own).is_ok());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
        assert!(
            matches!(check_module_path(&file, own), Err(Untrusted::WritableByOthers(p)) if p.ends_with("module.so"))
        );
        assert!(matches!(
            check_module_path(&dir.path().join("none.so"), own),
            Err(Untrusted::Unreadable { .. })
        ));
    }
}
