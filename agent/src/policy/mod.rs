//! The policy in force: where it comes from, and how another one takes its place. A file that is not good changes nothing but the journal.

mod file;
#[cfg(test)]
mod tests;

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use sealkeeper_domain::{
    identity::Digest,
    policy::{Authority, Policy},
};
use sealkeeper_journal::{PolicyLoaded, PolicyRejected, RecordBody};

pub(crate) use self::file::{Cause, PolicyFile, Rejection};
use crate::pipeline::{
    ports::ledger::{Entry, Ledger, LedgerError},
    scribe::{Scribe, code, digest},
};

/// Who says which file may come into force.
#[derive(Clone)]
pub(crate) enum PolicyAuthority {
    /// One person, whose file it is: any good one may.
    Solo,
    /// The seal office: only the one it signed for.
    Office(Arc<dyn SignedPolicies>),
}

/// What the seal office signed for.
pub(crate) trait SignedPolicies: Send + Sync {
    /// What its newest `policy` act names; `None` before the first.
    fn newest(&self) -> Option<SignedPolicy>;
}

/// A policy the seal office signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedPolicy {
    /// SHA-256 of the file's bytes.
    pub(crate) sha256: Digest,
    /// The act (compact JWS), which the journal commits to; `None` once its text was erased.
    pub(crate) act: Option<String>,
}

/// Where a policy comes from.
#[derive(Clone)]
pub(crate) struct PolicySource {
    /// policy.toml.
    pub(crate) path: PathBuf,
    /// The agent's user, who may write it beside root.
    pub(crate) own_uid: u32,
    /// Who says which file may come into force.
    pub(crate) authority: PolicyAuthority,
}

impl PolicySource {
    /// The file as it lies there now, if it may come into force. Reads the disk.
    fn file(&self) -> Result<PolicyFile, Rejection> {
        let file = PolicyFile::read_own(&self.path, self.own_uid, self.authority.of_journal())?;
        match &self.authority {
            PolicyAuthority::Solo => Ok(file),
            PolicyAuthority::Office(office) => match office.newest().map(|signed| signed.sha256) {
                Some(signed) if signed == file.sha256 => Ok(file),
                signed => Err(Rejection {
                    path: self.path.clone(),
                    sha256: Some(file.sha256),
                    cause: Cause::Unsigned(signed),
                }),
            },
        }
    }
}

impl PolicyAuthority {
    fn of_journal(&self) -> Authority {
        match self {
            PolicyAuthority::Solo => Authority::Solo,
            PolicyAuthority::Office(_) => Authority::Office,
        }
    }

    /// The act that put this policy in force.
    fn act_for(&self, sha256: Digest) -> Option<String> {
        match self {
            PolicyAuthority::Solo => None,
            PolicyAuthority::Office(office) => {
                office.newest().filter(|signed| signed.sha256 == sha256).and_then(|signed| signed.act)
            }
        }
    }
}

/// What an agent that starts will go by, before any of it is on record.
pub(crate) struct PolicyAtStart {
    source: PolicySource,
    chosen: PolicyFile,
    rejected: Option<Rejection>,
}

impl PolicyAtStart {
    /// The file, if it may come into force; else the last good one, as the store kept it. Reads the disk.
    ///
    /// An office whose file is good but for the signature begins with [`Policy::OFFICE_TOML`], as its first act can only be filed with an agent that runs.
    ///
    /// # Errors
    /// What stands against the file, where there never was a good one.
    pub(crate) fn choose(source: PolicySource, kept: Option<String>) -> Result<Self, Rejection> {
        let rejection = match source.file() {
            Ok(chosen) => return Ok(PolicyAtStart { source, chosen, rejected: None }),
            Err(rejection) => rejection,
        };
        let authority = source.authority.of_journal();
        let good = |text: String| match PolicyFile::from_text(text, authority) {
            Ok(file) => Some(file),
            Err(error) => {
                // One of an earlier version, which lacks what this one asks for.
                tracing::warn!(%error, "the last good policy is none for this version");
                None
            }
        };
        let mut chosen = kept.and_then(good);
        if chosen.is_none() && matches!(rejection.cause, Cause::Unsigned(_)) {
            chosen = good(Policy::OFFICE_TOML.to_owned());
        }
        match chosen {
            Some(chosen) => Ok(PolicyAtStart { source, chosen, rejected: Some(rejection) }),
            None => Err(rejection),
        }
    }

    /// Puts it on record, and in force.
    pub(crate) async fn begin(
        self,
        ledger: Arc<dyn Ledger>,
        scribe: Scribe,
    ) -> Result<PolicyInForce, LedgerError> {
        let PolicyAtStart { source, chosen, rejected } = self;
        if let Some(rejection) = &rejected {
            tell(rejection, chosen.sha256);
            ledger.append(rejected_entry(rejection)?).await?;
        }
        let current = load(&*ledger, &scribe, &source.authority, chosen).await?;
        Ok(PolicyInForce {
            source,
            ledger,
            scribe,
            current: RwLock::new(current),
            reloading: tokio::sync::Mutex::default(),
        })
    }
}

/// The policy in force.
pub(crate) struct PolicyInForce {
    source: PolicySource,
    ledger: Arc<dyn Ledger>,
    scribe: Scribe,
    current: RwLock<Thresholds>,
    /// Held from the look at the file to its coming into force: what is read last is what stays.
    reloading: tokio::sync::Mutex<()>,
}

/// A policy with the file it was read from: whoever judges by it can tell whether that is the one the seal office signed for, whatever comes into
/// force meanwhile.
#[derive(Clone)]
pub(crate) struct Thresholds {
    policy: Arc<Policy>,
    text: Arc<str>,
    sha256: Digest,
}

impl Thresholds {
    /// The file, as it was then.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the file.
    pub(crate) fn sha256(&self) -> Digest {
        self.sha256
    }
}

impl Deref for Thresholds {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.policy
    }
}

/// Why what was in force before still is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    /// The file is not taken; it is on record.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The journal cannot be written: a policy that is not on record does not come into force.
    #[error(transparent)]
    Store(#[from] LedgerError),
}

impl PolicyInForce {
    /// What is in force now. Whoever judges one call by several thresholds takes it once.
    pub(crate) fn now(&self) -> Thresholds {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// SHA-256 of the file it was read from.
    pub(crate) fn sha256(&self) -> Digest {
        self.now().sha256
    }

    /// The file as it lies there now: its SHA-256, or why it would not be taken. Reads the disk, changes nothing.
    pub(crate) fn on_disk(&self) -> Result<Digest, Rejection> {
        self.source.file().map(|file| file.sha256)
    }

    /// Takes the file as it is now, in force from the moment it is on record. Tells its SHA-256.
    ///
    /// # Errors
    /// [`ReloadError`]; what was in force stays so.
    pub(crate) async fn reload(&self) -> Result<Digest, ReloadError> {
        let _only_one = self.reloading.lock().await;
        let source = self.source.clone();
        let file = tokio::task::spawn_blocking(move || source.file())
            .await
            .map_err(|error| LedgerError::Read(format!("a task ended early: {error}")))?;
        let file = match file {
            Ok(file) => file,
            Err(rejection) => {
                tell(&rejection, self.sha256());
                self.ledger.append(rejected_entry(&rejection)?).await?;
                return Err(rejection.into());
            }
        };
        let current = load(&*self.ledger, &self.scribe, &self.source.authority, file).await?;
        let sha256 = current.sha256;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        tracing::info!(%sha256, "the policy file is in force");
        Ok(sha256)
    }

    /// In force without a record.
    #[cfg(test)]
    pub(crate) fn unrecorded(source: PolicySource, ledger: Arc<dyn Ledger>, scribe: Scribe) -> Self {
        let PolicyFile { policy, text, sha256 } = source.file().unwrap();
        let current = RwLock::new(Thresholds { policy: Arc::new(policy), text: text.into(), sha256 });
        PolicyInForce { source, ledger, scribe, current, reloading: tokio::sync::Mutex::default() }
    }
}

/// Record and text in one transaction: a crash before it leaves the last one in force, one after it starts with this one.
async fn load(
    ledger: &dyn Ledger,
    scribe: &Scribe,
    authority: &PolicyAuthority,
    file: PolicyFile,
) -> Result<Thresholds, LedgerError> {
    let PolicyFile { policy, text, sha256 } = file;
    let act = authority.act_for(sha256);
    let entry = scribe.entry(|draft| {
        let act = act.map(|act| draft.commit("act", &act)).transpose()?;
        Ok(RecordBody::PolicyLoaded(PolicyLoaded { sha256: digest(sha256), act }))
    })?;
    let kept = Arc::from(text.as_str());
    ledger.load_policy(text, entry).await?;
    Ok(Thresholds { policy: Arc::new(policy), text: kept, sha256 })
}

fn rejected_entry(rejection: &Rejection) -> Result<Entry, LedgerError> {
    let sha256 = rejection.sha256.map(digest);
    let rejected = PolicyRejected { sha256, code: code(rejection.reason().code())? };
    Ok(Scribe::plain(RecordBody::PolicyRejected(rejected)))
}

fn tell(rejection: &Rejection, in_force: Digest) {
    tracing::warn!(
        reason = rejection.reason().code(),
        file = %rejection.path.display(),
        what = rejection.in_one_line(),
        %in_force,
        "the policy file is not taken; the last good policy stays in force"
    );
}
