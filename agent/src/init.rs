//! `seal-agent init`: the agent's home with configuration, policy and an empty journal.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use sealkeeper_domain::policy::Policy;
use sealkeeper_journal::Mode;

use crate::{
    config,
    pipeline::ports::ledger::{Identity, SoloPerson},
    spool,
    store::{OpenError, create},
    token::{Untrusted, check_own},
};

/// Name of the policy file in the agent's home.
pub(crate) const POLICY: &str = "policy.toml";
/// Name of the journal in the agent's home.
pub(crate) const JOURNAL: &str = "journal.db";
/// Name of the spool directory in the agent's home.
pub(crate) const SPOOL: &str = "spool";
/// Name of the file whose lock says that an agent runs here.
pub(crate) const LOCK: &str = "agent.lock";

/// Why nothing, or not all, was made. What was there before is never changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// A file that would be written is there.
    #[error("{0}: exists already; nothing was changed. Choose another --home, or move it away")]
    Exists(PathBuf),
    /// Not a domain name.
    #[error("{0:?} is not a domain name: letters, digits, hyphens and dots, at most 253 characters")]
    Domain(String),
    /// The home is there, and somebody else may write it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The system said no.
    #[error("{path}: {source}")]
    System {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// No randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(getrandom::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] OpenError),
}

/// Makes a solo home: one person, no tickets needed; every record says so.
pub(crate) fn solo(home: &Path, domain: &str, name: &str, uid: u32) -> Result<(), InitError> {
    let labels = domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
    });
    if !labels || domain.len() > 253 {
        return Err(InitError::Domain(domain.to_owned()));
    }
    for file in [config::FILE, POLICY, JOURNAL] {
        let path = home.join(file);
        if path.exists() {
            return Err(InitError::Exists(path));
        }
    }
    let system = |path: &Path| {
        let path = path.to_owned();
        move |source| InitError::System { path, source }
    };
    spool::private_directory(home).map_err(system(home))?;
    check_own(home, rustix::process::geteuid().as_raw())?;
    let spool = home.join(SPOOL);
    spool::private_directory(&spool).map_err(system(&spool))?;
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(InitError::Randomness)?;
    let (journal, person) = random.split_at(16);
    let identity = Identity {
        origin: format!("{domain}/seal-journal/{}", hex::encode(journal)),
        mode: Mode::Solo,
        person: SoloPerson { id: format!("p-{}", hex::encode(person)), name: name.to_owned(), uid },
    };
    for (file, text) in [(config::FILE, config::TEMPLATE), (POLICY, Policy::SOLO_TOML)] {
        let path = home.join(file);
        write_new(&path, text).map_err(system(&path))?;
    }
    Ok(create(&home.join(JOURNAL), &identity)?)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The home when none is named: `$XDG_DATA_HOME/sealkeeper`, else `~/.local/share/sealkeeper`.
pub(crate) fn default_home() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("sealkeeper"))
}

/// Whoever can write the home or what it says can use the seals: nobody but root and the agent's user may. What lies above it is not looked at.
pub(crate) fn check_home(home: &Path, own_uid: u32) -> Result<(), Untrusted> {
    check_own(home, own_uid)?;
    [config::FILE, POLICY].iter().try_for_each(|file| check_own(&home.join(file), own_uid))
}

/// Takes the lock that says that an agent runs here; held as long as the file is open.
pub(crate) fn lock(home: &Path) -> io::Result<Option<fs::File>> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(home.join(LOCK))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_home_that_others_may_write_is_neither_made_nor_run() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        solo(&home, "localhost", "甲", 7).unwrap();
        let uid = rustix::process::geteuid().as_raw();
        for (path, safe) in
            [(home.clone(), 0o700), (home.join(POLICY), 0o600), (home.join(config::FILE), 0o644)]
        {
            for unsafe_bits in [0o020, 0o002, 0o1002] {
                fs::set_permissions(&path, fs::Permissions::from_mode(safe | unsafe_bits)).unwrap();
                let refused = check_home(&home, uid);
                assert!(
                    matches!(&refused, Err(Untrusted::WritableByOthers(told)) if *told == path),
                    "{path:?}"
                );
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(safe)).unwrap();
            check_home(&home, uid).unwrap();
        }
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(matches!(solo(&open, "localhost", "甲", 7), Err(InitError::Untrusted(_))));
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
    }

    #[test]
    fn a_home_is_made_once_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        solo(&home, "localhost", "甲", 7).unwrap();
        let before = fs::read(home.join(JOURNAL)).unwrap();
        assert!(matches!(solo(&home, "localhost", "甲", 7), Err(InitError::Exists(_))));
        assert_eq!(fs::read(home.join(JOURNAL)).unwrap(), before);
        assert!(matches!(solo(&dir.path().join("x"), "a..b", "甲", 7), Err(InitError::Domain(_))));
        let uid = rustix::process::geteuid().as_raw();
        check_home(&home, uid).unwrap();
        let held = lock(&home).unwrap();
        assert!(held.is_some() && lock(&home).unwrap().is_none());
    }
}
