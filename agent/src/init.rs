//! `seal-agent init`: the agent's home with configuration, policy and an empty journal.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use sealkeeper_domain::{act::key::ActKey, identity::PersonId, policy::Policy};
use sealkeeper_pkcs11::{Untrusted, check_own};

use crate::{
    config,
    pipeline::ports::ledger::{Identity, OfficeRoot, Root, SoloPerson},
    spool,
    store::{OpenError, create},
};

/// Name of the policy file in the agent's home.
pub(crate) const POLICY: &str = "policy.toml";
/// Name of the journal in the agent's home.
pub(crate) const JOURNAL: &str = "journal.db";
/// Name of a copy of the journal, for the moment it is made in the agent's home.
pub(crate) const BACKUP: &str = "backup.tmp";
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
    /// The office's key cannot be used.
    #[error(
        "{path}: {why}; it must be a public key on P-256 in PEM, as `seal key new` writes it into its .pub file"
    )]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A name that is none.
    #[error("{0} must be 1 to 128 characters, without control characters")]
    Text(&'static str),
    /// No randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(getrandom::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] OpenError),
}

/// Makes a solo home: one person, no tickets needed; every record says so.
pub(crate) fn solo(home: &Path, domain: &str, name: &str, uid: u32) -> Result<(), InitError> {
    let root = |id: PersonId| Root::Solo(SoloPerson { id: id.to_string(), name: name.to_owned(), uid });
    make(home, domain, root, Policy::SOLO_TOML).map(|_| ())
}

/// Makes the home of an office whose first person has this key; everybody else is registered by their acts. Tells what acts are said to, and
/// who the first person is.
pub(crate) fn office(home: &Path, domain: &str, first: First, key: &Path) -> Result<Office, InitError> {
    let First { id: chosen, name, unit } = first;
    let unusable = |why: String| InitError::Key { path: key.to_owned(), why };
    let pem = fs::read_to_string(key).map_err(|error| unusable(error.to_string()))?;
    let key = ActKey::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
    let key_id = key.thumbprint();
    for (what, text) in [("--office-name", &name), ("--office-unit", &unit)] {
        if !(1..=128).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(InitError::Text(what));
        }
    }
    let mut person = None;
    let root = |random| {
        let id = chosen.unwrap_or(random);
        person = Some(id.clone());
        Root::Office(Box::new(OfficeRoot { id, name, unit, key }))
    };
    let (origin, random) = make(home, domain, root, Policy::OFFICE_TOML)?;
    let person = person.unwrap_or(random);
    Ok(Office { origin, person, key_id: key_id.to_string() })
}

/// The first person of an office.
pub(crate) struct First {
    /// Their id; `None`: a random one.
    pub(crate) id: Option<PersonId>,
    /// Their name.
    pub(crate) name: String,
    /// Their unit.
    pub(crate) unit: String,
}

/// A home that was made for an office.
pub(crate) struct Office {
    /// Origin of its journal: the audience of acts.
    pub(crate) origin: String,
    /// Id of its first person.
    pub(crate) person: PersonId,
    /// Thumbprint of their key.
    pub(crate) key_id: String,
}

fn make(
    home: &Path,
    domain: &str,
    root: impl FnOnce(PersonId) -> Root,
    policy: &str,
) -> Result<(String, PersonId), InitError> {
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
    let person: PersonId =
        format!("p-{}", hex::encode(person)).parse().map_err(|_| InitError::Text("the id of a person"))?;
    let origin = format!("{domain}/seal-journal/{}", hex::encode(journal));
    let identity = Identity { origin: origin.clone(), root: root(person.clone()) };
    for (file, text) in [(config::FILE, config::TEMPLATE), (POLICY, policy)] {
        let path = home.join(file);
        write_new(&path, text).map_err(system(&path))?;
    }
    create(&home.join(JOURNAL), &identity)?;
    Ok((origin, person))
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

/// Whoever can write the home or what it says can use the seals: nobody but root and the agent's user may. What lies above it is not looked at,
/// nor the policy file: one that others may write is not taken, and the last good one stays in force.
pub(crate) fn check_home(home: &Path, own_uid: u32) -> Result<(), Untrusted> {
    check_own(home, own_uid)?;
    check_own(&home.join(config::FILE), own_uid)
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
        for (path, safe) in [(home.clone(), 0o700), (home.join(config::FILE), 0o644)] {
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
