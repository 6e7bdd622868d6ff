//! Tokens behind PKCS#11 modules: each module on a thread of its own, each call with a deadline.

mod call;
mod fault;
mod module;
#[cfg(test)]
mod tests;
mod thread;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use self::trust::{Untrusted, check_module_path, check_own};
use self::{
    call::{Call, Unanswered, ask},
    thread::ModuleThread,
};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{LoginEnded, Token, TokenState, Unlock, Unlocked},
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// All configured modules.
pub(crate) struct Modules {
    threads: Vec<ModuleThread>,
    /// Which modules showed a token last.
    homes: Mutex<BTreeMap<TokenSerial, BTreeSet<usize>>>,
}

/// A module to load.
pub(crate) struct ModulePath {
    /// Name in the configuration.
    pub(crate) name: String,
    /// The shared object.
    pub(crate) path: PathBuf,
}

impl Modules {
    /// Starts a thread for each module; logins that end by themselves are told to `ended`.
    pub(crate) fn start(
        modules: Vec<ModulePath>,
        ended: &UnboundedSender<LoginEnded>,
    ) -> std::io::Result<Self> {
        let threads = modules
            .into_iter()
            .map(|module| ModuleThread::start(&module.name, module.path, ended.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Modules { threads, homes: Mutex::default() })
    }

    /// Logs out everywhere, until `by` at the latest; tells of which tokens. A module that does not answer in time is left behind: its logins
    /// end with the process.
    pub(crate) async fn stop(&self, by: tokio::time::Instant) -> BTreeSet<TokenSerial> {
        let mut locked = BTreeSet::new();
        // All are asked before the first is waited for, so that one that hangs takes no time from the others.
        let asked: Vec<_> = self.threads.iter().map(|thread| (thread, thread.ask_to_stop())).collect();
        for (thread, answered) in asked {
            locked.extend(thread.stopped(answered, by).await);
        }
        locked
    }

    /// The module that holds this token. With one module there is no question.
    async fn home(&self, serial: &TokenSerial, deadline: Duration) -> Result<&ModuleThread, TokenError> {
        if let [only] = self.threads.as_slice() {
            return Ok(only);
        }
        if let Some(home) = self.known_home(serial)? {
            return Ok(home);
        }
        // Found afresh; a module that fails or hangs does not hide the others' tokens.
        self.list(deadline).await?;
        self.known_home(serial)?.ok_or_else(|| TokenError::new(Reason::TokenAbsent))
    }

    /// Two tokens of one serial cannot be told apart, in two modules no more than in one.
    fn known_home(&self, serial: &TokenSerial) -> Result<Option<&ModuleThread>, TokenError> {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(indices) = homes.get(serial) else { return Ok(None) };
        if indices.len() > 1 {
            return Err(TokenError::new(Reason::TokenAmbiguous));
        }
        Ok(indices.first().and_then(|index| self.threads.get(*index)))
    }

    /// A token that is not where it was is looked for afresh next time.
    fn forget_home<T>(&self, serial: &TokenSerial, told: Result<T, TokenError>) -> Result<T, TokenError> {
        if let Err(error) = &told
            && error.reason == Reason::TokenAbsent
        {
            self.homes.lock().unwrap_or_else(PoisonError::into_inner).remove(serial);
        }
        told
    }

    fn set_homes(&self, index: usize, tokens: &[TokenState]) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.retain(|_, indices| {
            indices.remove(&index);
            !indices.is_empty()
        });
        for token in tokens {
            homes.entry(token.serial.clone()).or_default().insert(index);
        }
    }
}

#[async_trait]
impl Token for Modules {
    async fn list(&self, deadline: Duration) -> Result<Vec<TokenState>, TokenError> {
        let (mut all, mut failed) = (Vec::new(), None);
        for (index, thread) in self.threads.iter().enumerate() {
            match ask(thread, deadline, Call::List).await.map_err(TokenError::from).and_then(|listed| listed)
            {
                Ok(tokens) => {
                    self.set_homes(index, &tokens);
                    all.extend(tokens);
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if all.is_empty() => Err(error),
            _ => Ok(all),
        }
    }

    async fn unlock(&self, unlock: Unlock, deadline: Duration) -> Result<Unlocked, TokenError> {
        let serial = unlock.serial.clone();
        let home = self.home(&serial, deadline).await?;
        let told = ask(home, deadline, |answer| Call::Unlock(unlock, answer)).await?;
        self.forget_home(&serial, told)
    }

    async fn lock(&self, serial: TokenSerial, deadline: Duration) -> Result<bool, TokenError> {
        let home = self.home(&serial, deadline).await?;
        match ask(home, deadline, |answer| Call::Lock(serial.clone(), answer)).await {
            Ok(told) => told,
            Err(unanswered) => {
                if unanswered == Unanswered::NotBegun {
                    home.lock_later(&serial);
                }
                Err(unanswered.into())
            }
        }
    }

    async fn describe(&self, key: KeyOnToken, deadline: Duration) -> Result<SigningKey, TokenError> {
        let serial = key.key.serial.clone();
        let home = self.home(&serial, deadline).await?;
        let told = ask(home, deadline, |answer| Call::Describe(key, answer)).await?;
        self.forget_home(&serial, told)
    }

    async fn sign(&self, order: SignOrder, deadline: Duration) -> Result<Vec<u8>, SignError> {
        let home = self.home(&order.key().serial, deadline).await.map_err(SignError::NotSigned)?;
        match ask(home, deadline, |answer| Call::Sign(order, answer)).await {
            Ok(signed) => signed,
            Err(Unanswered::NotBegun) => Err(SignError::NotSigned(TokenError::new(Reason::TokenTimeout))),
            Err(Unanswered::TimedOut) => Err(SignError::TimedOut),
            // The thread may have gone down inside C_Sign.
            Err(Unanswered::Gone) => Err(SignError::MayHaveSigned(TokenError::new(Reason::ModuleUnusable))),
        }
    }
}
