//! policy.toml as it lies on the disk: read, good for this journal, and nobody else's work; or why not.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sealkeeper_domain::{
    identity::Digest,
    policy::{Authority, Policy, PolicyError},
    reason::Reason,
};
use sealkeeper_pkcs11::{Untrusted, check_own};

/// A policy that was read and is good.
#[derive(Clone, Debug)]
pub(crate) struct PolicyFile {
    /// What it says.
    pub(crate) policy: Policy,
    /// The file's text.
    pub(crate) text: String,
    /// SHA-256 of the file's bytes.
    pub(crate) sha256: Digest,
}

/// A policy file that is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub(crate) struct Rejection {
    /// The file.
    pub(crate) path: PathBuf,
    /// SHA-256 of its bytes, if they could be read.
    pub(crate) sha256: Option<Digest>,
    /// What stands against it.
    pub(crate) cause: Cause,
}

/// What stands against a policy file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// Somebody else may write it.
    #[error("may be written by others than root and the agent's user")]
    Untrusted,
    /// It is no policy.
    #[error(transparent)]
    Invalid(#[from] PolicyError),
    /// The seal office signed for none, or for another one.
    #[error("the seal office has not signed for it{}", other(.0.as_ref()))]
    Unsigned(Option<Digest>),
}

fn other(signed: Option<&Digest>) -> String {
    signed.map(|sha256| format!(", but for the one with SHA-256 {sha256}")).unwrap_or_default()
}

impl PolicyFile {
    /// Reads a file, whoever wrote it.
    pub(crate) fn read(path: &Path, authority: Authority) -> Result<Self, Rejection> {
        let rejected = |sha256, cause| Rejection { path: path.to_owned(), sha256, cause };
        let mut bytes = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(Policy::FILE_LIMIT + 1).read_to_end(&mut bytes));
        read.map_err(|error| rejected(None, Cause::Unreadable(error)))?;
        if bytes.len() as u64 > Policy::FILE_LIMIT {
            let too_long = PolicyError::Syntax(format!("must have at most {} bytes", Policy::FILE_LIMIT));
            return Err(rejected(None, too_long.into()));
        }
        let sha256 = Digest::of(&bytes);
        let text = String::from_utf8(bytes)
            .map_err(|error| PolicyError::Syntax(format!("must be UTF-8: {}", error.utf8_error())));
        text.and_then(|text| PolicyFile::from_text(text, authority))
            .map_err(|error| rejected(Some(sha256), error.into()))
    }

    /// The same of a file that must be the agent's own: whoever writes it makes the rules.
    pub(super) fn read_own(path: &Path, own_uid: u32, authority: Authority) -> Result<Self, Rejection> {
        let own = check_own(path, own_uid).map_err(|error| match error {
            Untrusted::Unreadable { why, .. } => Cause::Unreadable(why),
            Untrusted::WritableByOthers(_) => Cause::Untrusted,
        });
        own.map_err(|cause| Rejection { path: path.to_owned(), sha256: None, cause })?;
        PolicyFile::read(path, authority)
    }

    /// A policy's text.
    pub(super) fn from_text(text: String, authority: Authority) -> Result<Self, PolicyError> {
        let policy = Policy::from_toml(&text, authority)?;
        let sha256 = Digest::of(text.as_bytes());
        Ok(PolicyFile { policy, text, sha256 })
    }
}

impl Rejection {
    /// Its row in the table of reasons.
    pub(crate) fn reason(&self) -> Reason {
        match self.cause {
            Cause::Unreadable(_) => Reason::PolicyUnreadable,
            Cause::Untrusted => Reason::HomePermissions,
            Cause::Invalid(_) => Reason::PolicyInvalid,
            Cause::Unsigned(_) => Reason::PolicyUnsigned,
        }
    }

    /// What stands against it, in one line: where, and what it must be. A complaint about TOML shows the line in question in between.
    pub(crate) fn in_one_line(&self) -> String {
        let text = self.cause.to_string();
        let mut lines = text.lines();
        match (lines.next(), lines.next_back()) {
            (Some(first), Some(last)) => format!("{first}: {last}"),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    #[test]
    fn a_file_is_good_or_told_by_what_it_must_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("policy.toml");
        let read = || PolicyFile::read_own(&path, uid(), Authority::Solo);
        let told = || {
            let rejection = read().unwrap_err();
            (rejection.reason().code(), rejection.sha256.is_some(), rejection.in_one_line())
        };
        let (code, read_at_all, _) = told();
        assert_eq!((code, read_at_all), ("policy-unreadable", false));
        fs::write(&path, Policy::SOLO_TOML).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = read().unwrap();
        assert_eq!(
            (file.text.as_str(), file.sha256),
            (Policy::SOLO_TOML, Digest::of(&fs::read(&path).unwrap()))
        );
        fs::write(&path, Policy::SOLO_TOML.replace("grace_days = 7", "grace_days = 367")).unwrap();
        let range = "inspection.grace_days: must be from 0 to 366 days";
        assert_eq!(told(), ("policy-invalid", true, range.to_owned()));
        fs::write(&path, Policy::SOLO_TOML.replace("grace_days", "grace_weeks")).unwrap();
        let (code, _, said) = told();
        assert_eq!(code, "policy-invalid");
        assert!(said.starts_with("TOML parse error at line ") && said.contains("`grace_weeks`"), "{said}");
        assert!(!said.contains('\n'), "{said}");
        fs::write(&path, [0xff]).unwrap();
        assert!(told().2.starts_with("must be UTF-8"), "{:?}", told());
        fs::write(&path, " ".repeat(Policy::FILE_LIMIT as usize + 1)).unwrap();
        assert_eq!(told(), ("policy-invalid", false, "must have at most 65536 bytes".to_owned()));
        fs::write(&path, Policy::SOLO_TOML).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        let (code, _, said) = told();
        assert_eq!(code, "home-permissions");
        assert_eq!(said, "may be written by others than root and the agent's user");
    }
}
