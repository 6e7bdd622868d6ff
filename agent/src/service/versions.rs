//! Versions of agent, modules and tokens (C6): one that differs from what is on record is put there.
//!
//! The agent's version stands in each record of its start, a token's firmware in that of its first appearance; so these have a record of their own
//! only once they change.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sealkeeper_journal::{Id, RecordBody, VersionSeen, Versioned};

use super::{Service, hashing::sha256_of};
use crate::pipeline::{
    ports::{ledger::LedgerError, module::Library, token::TokenState},
    scribe::{Scribe, id},
};

/// What is on record, by what has the version and its name.
#[derive(Debug, Default)]
pub(crate) struct Versions(Mutex<BTreeMap<(Versioned, Option<String>), VersionSeen>>);

impl Versions {
    /// Types of the records that tell.
    pub(super) const TELLING: [&str; 3] = ["agent_started", "token_inserted", "version_seen"];

    /// Takes in what a record tells. A start or an appearance tells of what was never seen before; of a change only the record of it does, so that
    /// one which a crash kept from being written is written at the next start.
    pub(super) fn take(&self, body: &RecordBody) {
        let first = match body {
            RecordBody::VersionSeen(seen) => {
                self.held().insert(key(seen), seen.clone());
                return;
            }
            RecordBody::AgentStarted(started) => version(Versioned::Agent, None, started.version.as_str()),
            RecordBody::TokenInserted(inserted) => match &inserted.firmware {
                Some(firmware) => {
                    version(Versioned::Token, Some(inserted.token_serial.as_str()), firmware.as_str())
                }
                None => return,
            },
            _ => return,
        };
        if let Ok(first) = first {
            self.held().entry(key(&first)).or_insert(first);
        }
    }

    /// What is to be put on record of this; `None`: it is there already.
    fn news(&self, seen: VersionSeen) -> Option<VersionSeen> {
        let held = self.held();
        let Some(last) = held.get(&key(&seen)) else { return Some(seen) };
        let is_same = last.version == seen.version
            && last.manufacturer == seen.manufacturer
            && last.file_sha256 == seen.file_sha256
            && last.hardware.as_ref().is_none_or(|hardware| seen.hardware.as_ref() == Some(hardware));
        (!is_same).then(|| VersionSeen { before: Some(last.version.clone()), ..seen })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<(Versioned, Option<String>), VersionSeen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(seen: &VersionSeen) -> (Versioned, Option<String>) {
    (seen.of, seen.name.as_ref().map(|name| name.as_str().to_owned()))
}

impl Service {
    /// This agent's own, at its start.
    pub(crate) async fn see_own_version(&self) {
        self.see(version(Versioned::Agent, None, env!("CARGO_PKG_VERSION"))).await;
    }

    /// A module's, each time it is loaded. Its file may be another one although it calls itself the same.
    pub(super) async fn see_module(&self, module: &str, library: Library) {
        let path = self.surroundings.module_files.get(module).cloned();
        let hashed = tokio::task::spawn_blocking(move || path.map(|path| hash_file(&path))).await;
        let file_sha256 = match hashed {
            Ok(Some(Ok(sha256))) => Some(sha256),
            Ok(Some(Err(error))) => {
                tracing::warn!(module, %error, "a module's file cannot be read");
                None
            }
            _ => None,
        };
        let manufacturer = library.manufacturer.trim().parse().ok();
        let seen = version(Versioned::Module, Some(module), &library.version);
        self.see(seen.map(|seen| VersionSeen { manufacturer, file_sha256, ..seen })).await;
    }

    /// A token's, when it shows itself.
    pub(super) async fn see_token(&self, token: &TokenState) {
        let hardware = token.hardware.parse().ok();
        let seen = version(Versioned::Token, Some(token.serial.as_str()), &token.firmware);
        self.see(seen.map(|seen| VersionSeen { hardware, ..seen })).await;
    }

    async fn see(&self, seen: Result<VersionSeen, LedgerError>) {
        let recorded = match seen {
            Ok(seen) => {
                let Some(news) = self.versions.news(seen) else { return };
                let body = RecordBody::VersionSeen(news);
                self.ledger.append(Scribe::plain(body.clone())).await.map(|_| body)
            }
            Err(error) => Err(error),
        };
        match recorded {
            Ok(body) => self.versions.take(&body),
            Err(error) => tracing::error!(%error, "a version cannot be recorded"),
        }
    }
}

/// A version with nothing else known. One that is told with no number, as a token may, is none.
fn version(of: Versioned, name: Option<&str>, version: &str) -> Result<VersionSeen, LedgerError> {
    Ok(VersionSeen {
        of,
        name: name.map(id).transpose()?,
        version: known(version)?,
        manufacturer: None,
        file_sha256: None,
        hardware: None,
        before: None,
    })
}

fn known(version: &str) -> Result<Id, LedgerError> {
    if version.is_empty() { id("0.0") } else { id(version) }
}

fn hash_file(path: &Path) -> io::Result<sealkeeper_journal::Digest> {
    Ok(sha256_of(File::open(path)?)?.1.into())
}

#[cfg(test)]
mod tests {
    use sealkeeper_journal::{AgentStarted, Commitment, Salt, TokenInserted};

    use super::*;

    #[test]
    fn only_what_differs_from_what_is_on_record_is_news() {
        let versions = Versions::default();
        let module = |number: &str| version(Versioned::Module, Some("m"), number).unwrap();
        let first = versions.news(module("1.0")).unwrap();
        assert_eq!(first.before, None);
        versions.take(&RecordBody::VersionSeen(first));
        assert_eq!(versions.news(module("1.0")), None);
        let second = versions.news(module("1.1")).unwrap();
        assert_eq!(second.before.as_ref().map(Id::as_str), Some("1.0"));
        versions.take(&RecordBody::VersionSeen(second));
        assert_eq!(versions.news(module("1.1")), None, "although it has a version before it now");
        // The same number over another file.
        let file_sha256 = Some([7; 32].into());
        let other = versions.news(VersionSeen { file_sha256, ..module("1.1") }).unwrap();
        assert_eq!(other.before.as_ref().map(Id::as_str), Some("1.1"));
        let token = version(Versioned::Token, Some("m"), "1.1").unwrap();
        assert!(versions.news(token).is_some(), "a token of that name is something else");
    }

    #[test]
    fn what_a_start_or_an_appearance_tells_is_no_news_until_it_changes() {
        let versions = Versions::default();
        let started = |number: &str| {
            RecordBody::AgentStarted(AgentStarted {
                version: number.parse().unwrap(),
                origin: "localhost/seal-journal/1".parse().unwrap(),
                host: Commitment::to(&Salt::from([7; 32]), "host"),
            })
        };
        let agent = |number: &str| version(Versioned::Agent, None, number).unwrap();
        versions.take(&started("0.1.0"));
        assert_eq!(versions.news(agent("0.1.0")), None);
        // The start of the new one is on record before it is compared, and perhaps nothing after it.
        for _ in 0..2 {
            versions.take(&started("0.2.0"));
            let news = versions.news(agent("0.2.0")).unwrap();
            assert_eq!(news.before.as_ref().map(Id::as_str), Some("0.1.0"));
        }
        versions.take(&RecordBody::VersionSeen(versions.news(agent("0.2.0")).unwrap()));
        assert_eq!(versions.news(agent("0.2.0")), None);

        let inserted = |firmware: &str| {
            RecordBody::TokenInserted(TokenInserted {
                token_serial: "1".parse().unwrap(),
                module: "m".parse().unwrap(),
                model: None,
                firmware: firmware.parse().ok(),
            })
        };
        let token = |firmware: &str, hardware: &str| {
            let seen = version(Versioned::Token, Some("1"), firmware).unwrap();
            VersionSeen { hardware: hardware.parse().ok(), ..seen }
        };
        versions.take(&inserted("2.6"));
        assert_eq!(versions.news(token("2.6", "1.0")), None, "its hardware was never told");
        let updated = versions.news(token("2.7", "1.0")).unwrap();
        versions.take(&RecordBody::VersionSeen(updated));
        assert_eq!(versions.news(token("2.7", "1.0")), None);
        assert!(versions.news(token("2.7", "1.1")).is_some());
    }

    #[test]
    fn a_modules_file_is_told_by_its_digest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("module.so");
        std::fs::write(&path, b"module").unwrap();
        assert_eq!(hash_file(&path).unwrap(), sealkeeper_journal::Digest::of(b"module"));
        assert!(hash_file(&directory.path().join("none")).is_err());
    }
}
