//! What is in force for callers from afar, and how it is replaced while the agent runs: by what is good as a whole, or not at all.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::files::{Looks, Tls, TlsFiles, TlsFilesError};

/// The one place where it stands. There is always something in force, and it always asks for a certificate.
#[derive(Debug)]
pub(crate) struct TlsDesk {
    files: TlsFiles,
    current: RwLock<Arc<Tls>>,
    seen: Mutex<Seen>,
}

/// The files as they were looked at last.
#[derive(Debug)]
struct Seen {
    looks: Looks,
    /// Why they were not taken.
    trouble: Option<String>,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing has changed.
    Same,
    /// Other files are in force; `hung_up` where that ended the standing connections.
    Taken { hung_up: bool },
    /// They are not good, or hold an older revocation list, and the last good ones stay in force.
    Kept,
}

/// How it stands, for whoever asks what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsState {
    /// End of the agent's own certificate, s since the Unix epoch.
    pub(crate) certificate_until_s: u64,
    /// When the first revocation list expires, s since the Unix epoch; `None` where none is named.
    pub(crate) lists_until_s: Option<u64>,
    /// What is wrong with the files as they are now.
    pub(crate) trouble: Option<String>,
}

impl TlsDesk {
    /// With the files as they are.
    ///
    /// # Errors
    /// What is wrong with them: there is nothing that could stay in force.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, TlsFilesError> {
        let looks = files.looks();
        let current = RwLock::new(Arc::new(files.read()?));
        Ok(TlsDesk { files, current, seen: Mutex::new(Seen { looks, trouble: None }) })
    }

    /// What is in force.
    pub(super) fn now(&self) -> Arc<Tls> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the files as they are now, if they changed and are good; `always` whether they seem to have changed or not. Reads files, so it may
    /// take its time. Where issuers or lists changed, whoever was let in by the old ones is hung up on: a revoked certificate ends now, and all
    /// others come back.
    pub(crate) fn look(&self, always: bool) -> Look {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what changes meanwhile is a change for the next look.
        let looks = self.files.looks();
        if !always && looks == seen.looks {
            return Look::Same;
        }
        seen.looks = looks;
        let old = self.now();
        let read = self.files.read().and_then(|new| new.ages.check(&old.ages).map(|()| new));
        let mut new = match read {
            Ok(new) => new,
            Err(error) => {
                let trouble = Some(error.to_string());
                if seen.trouble != trouble {
                    tracing::error!(%error, "[remote]: these files are not taken; the last good ones stay in force");
                }
                seen.trouble = trouble;
                return Look::Kept;
            }
        };
        seen.trouble = None;
        let hung_up = new.trust != old.trust;
        if !hung_up {
            new.hang_up = old.hang_up.clone();
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        if hung_up {
            // After the new one is in force: who comes back at once is let in by that. A handshake in progress is of the old one, and ends too.
            old.hang_up.now();
        }
        tracing::info!(hung_up, "[remote]: certificate, key, issuers and revocation lists were read anew");
        Look::Taken { hung_up }
    }

    /// How it stands.
    pub(crate) fn state(&self) -> TlsState {
        let trouble = self.seen.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone();
        let now = self.now();
        let (certificate_until_s, lists_until_s) = (now.certificate_until_s, now.lists_until_s);
        TlsState { certificate_until_s, lists_until_s, trouble }
    }
}
