//! Tokens behind PKCS#11 modules: each module on a thread of its own, each call with a deadline.

mod fault;
mod module;
mod thread;
mod trust;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use self::thread::{Answer, Call, ModuleThread};
pub(crate) use self::{
    module::Ended,
    thread::LoginEnded,
    trust::{Untrusted, check_module_path, check_own},
};
use crate::pipeline::{
    ports::{
        key::{KeyOnToken, SigningKey},
        token::{Token, TokenState, Unlock},
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// All configured modules.
pub(crate) struct Modules {
    threads: Vec<ModuleThread>,
    /// Which module showed a token last.
    homes: Mutex<BTreeMap<TokenSerial, usize>>,
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

    /// Logs out everywhere; tells of which tokens. A module that does not answer in time is left behind: its logins end with the process.
    pub(crate) async fn stop(&self, deadline: Duration) -> Vec<TokenSerial> {
        let mut locked = Vec::new();
        for thread in &self.threads {
            if let Ok(serials) = ask(thread, deadline, Call::Stop).await {
                locked.extend(serials);
            }
        }
        locked
    }

    /// The module that holds this token. With one module there is no question.
    async fn home(&self, serial: &TokenSerial, deadline: Duration) -> Result<&ModuleThread, TokenError> {
        if let [only] = self.threads.as_slice() {
            return Ok(only);
        }
        let known = self.homes.lock().unwrap_or_else(PoisonError::into_inner).get(serial).copied();
        if let Some(thread) = known.and_then(|index| self.threads.get(index)) {
            return Ok(thread);
        }
        // Found afresh; a module that fails or hangs does not hide the others' tokens.
        self.list(deadline).await?;
        let known = self.homes.lock().unwrap_or_else(PoisonError::into_inner).get(serial).copied();
        known.and_then(|index| self.threads.get(index)).ok_or_else(|| TokenError::new(Reason::TokenAbsent))
    }
}

/// One call with its deadline. The error tells a time-out from a thread that is gone.
async fn ask<T>(
    thread: &ModuleThread,
    deadline: Duration,
    call: impl FnOnce(Answer<T>) -> Call,
) -> Result<T, Unanswered> {
    let (answer, answered) = oneshot::channel();
    if thread.is_gone() || !thread.send(call(answer)) {
        return Err(Unanswered::Gone);
    }
    match tokio::time::timeout(deadline, answered).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Unanswered::Gone),
        Err(_) => Err(Unanswered::TimedOut),
    }
}

enum Unanswered {
    TimedOut,
    Gone,
}

impl From<Unanswered> for TokenError {
    fn from(unanswered: Unanswered) -> Self {
        TokenError::new(match unanswered {
            Unanswered::TimedOut => Reason::TokenTimeout,
            Unanswered::Gone => Reason::ModuleUnusable,
        })
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
                    let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
                    homes.retain(|_, home| *home != index);
                    homes.extend(tokens.iter().map(|token| (token.serial.clone(), index)));
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

    async fn unlock(&self, unlock: Unlock, deadline: Duration) -> Result<TokenState, TokenError> {
        let home = self.home(&unlock.serial, deadline).await?;
        ask(home, deadline, |answer| Call::Unlock(unlock, answer)).await?
    }

    async fn lock(&self, serial: TokenSerial, deadline: Duration) -> Result<bool, TokenError> {
        let home = self.home(&serial, deadline).await?;
        ask(home, deadline, |answer| Call::Lock(serial, answer)).await?
    }

    async fn describe(&self, key: KeyOnToken, deadline: Duration) -> Result<SigningKey, TokenError> {
        let home = self.home(&key.key.serial, deadline).await?;
        ask(home, deadline, |answer| Call::Describe(key, answer)).await?
    }

    async fn sign(&self, order: SignOrder, deadline: Duration) -> Result<Vec<u8>, SignError> {
        let home = self.home(&order.key().serial, deadline).await.map_err(SignError::NotSigned)?;
        match ask(home, deadline, |answer| Call::Sign(order, answer)).await {
            Ok(signed) => signed,
            Err(Unanswered::TimedOut) => Err(SignError::TimedOut),
            // The thread may have gone down inside C_Sign.
            Err(Unanswered::Gone) => Err(SignError::MayHaveSigned(TokenError::new(Reason::ModuleUnusable))),
        }
    }
}
