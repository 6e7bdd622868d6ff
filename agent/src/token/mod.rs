//! Tokens behind PKCS#11 modules: each module in a worker process of its own, each call with a deadline.

mod keeper;
mod logins;
mod look;
mod pauses;
mod process;
mod wire;
pub(crate) mod worker;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use sealkeeper_domain::{identity::TokenSerial, pkcs11_uri::ObjectUri, reason::Reason};
use sealkeeper_pades::cms::{PublicKey, SignatureAlgorithm};
use sealkeeper_pkcs11::check_module_path;
use tokio::{
    sync::mpsc::UnboundedSender,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use self::{
    keeper::Keeper,
    process::Recipe,
    wire::{Describe, Object, Question, Reply, Sign},
};
use crate::pipeline::{
    destruction::DestructionOrder,
    ports::{
        key::{KeyFound, KeyOnToken, SigningKey},
        token::{
            DestroyedKey, ImportedCertificate, NewCertificate, NewKey, PinChange, PinOrPad, Token, TokenNews,
            TokenState, Unlock, Unlocked,
        },
        token_error::{SignError, TokenError},
    },
    record::SignOrder,
};

/// The tokens that seals lie on, as it is now.
pub(crate) type SealsOn = Box<dyn Fn() -> BTreeSet<TokenSerial> + Send + Sync>;

/// All configured modules.
pub(crate) struct Modules {
    keepers: Vec<Arc<Keeper>>,
    /// Tokens that seals lie on.
    seals_on: SealsOn,
}

/// A module to load.
#[derive(Debug)]
pub(crate) struct ModulePath {
    /// Name in the configuration.
    pub(crate) name: String,
    /// The shared object.
    pub(crate) path: PathBuf,
    /// All of the environment its process gets.
    pub(crate) environment: BTreeMap<String, String>,
    /// Calls it may be in at once; 1 for a module that takes no more than one thread.
    pub(crate) calls_at_once: u32,
    /// Most memory its process may take for data, MiB.
    pub(crate) memory_mib: u64,
}

impl Modules {
    /// Knows the modules, and on which tokens seals lie; each is loaded when something is asked of it. What happens to tokens by itself
    /// is told to `news`. A module has `limit` for what nobody waits for.
    pub(crate) fn new(
        modules: Vec<ModulePath>,
        seals_on: SealsOn,
        limit: Duration,
        news: &UnboundedSender<TokenNews>,
    ) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let keepers = modules.into_iter().map(|module| {
            let path = module.path.clone();
            // Checked when the configuration was read; what is loaded anew later is checked anew.
            let check = move || match check_module_path(&path, uid) {
                Ok(_) => Ok(()),
                Err(error) => Err(TokenError {
                    about: Some(error.to_string()),
                    ..TokenError::new(Reason::ModuleUnusable)
                }),
            };
            Keeper::new(recipe(module), check, limit, news.clone())
        });
        Modules { keepers: keepers.collect(), seals_on }
    }

    /// Looks in all modules whether tokens came or went; one that takes long keeps no other waiting.
    pub(crate) fn watch(&self, deadline: Duration) {
        let due = Instant::now() + deadline;
        let is_missed =
            (self.seals_on)().iter().any(|serial| !self.keepers.iter().any(|keeper| keeper.shows(serial)));
        for keeper in &self.keepers {
            let keeper = keeper.clone();
            tokio::spawn(async move { keeper.watch(is_missed, due).await });
        }
    }

    /// Logs out everywhere, until `by` at the latest; tells of which tokens. A module that does not end by itself is killed.
    pub(crate) async fn stop(&self, by: Instant) -> BTreeSet<TokenSerial> {
        // All are asked before the first is waited for, so that one that hangs takes no time from the others.
        let stops =
            self.keepers.iter().cloned().map(|keeper| tokio::spawn(async move { keeper.stop(by).await }));
        let mut locked = BTreeSet::new();
        for stop in stops.collect::<Vec<_>>() {
            locked.extend(stop.await.unwrap_or_default());
        }
        locked
    }

    /// The module that holds this token. With one module there is no question.
    async fn home(&self, serial: &TokenSerial, due: Instant) -> Result<&Arc<Keeper>, TokenError> {
        if let [only] = self.keepers.as_slice() {
            return Ok(only);
        }
        if let Some(home) = self.known_home(serial)? {
            return Ok(home);
        }
        // Found afresh. Once it is found, a module that fails or hangs does not keep it waiting.
        let mut looks: JoinSet<_> =
            self.keepers.iter().cloned().map(|keeper| async move { keeper.list(due).await }).collect();
        let (mut until, mut failed) = (due, None);
        let found = loop {
            match timeout_at(until, looks.join_next()).await {
                Ok(Some(look)) => failed = look.unwrap_or_else(|_| unknown()).err().or(failed),
                Ok(None) => break self.known_home(serial)?,
                Err(_) => {
                    failed = failed.or_else(|| Some(TokenError::new(Reason::TokenTimeout)));
                    break self.known_home(serial)?;
                }
            }
            if self.known_home(serial)?.is_some() {
                until = until.min(Instant::now() + OTHERS);
            }
        };
        // Not cut off: a question of which half is asked would end its worker.
        looks.detach_all();
        // Where not every module could tell, nobody knows that the token is not there.
        found.ok_or_else(|| failed.unwrap_or_else(|| TokenError::new(Reason::TokenAbsent)))
    }

    /// Two tokens of one serial cannot be told apart, in two modules no more than in one.
    fn known_home(&self, serial: &TokenSerial) -> Result<Option<&Arc<Keeper>>, TokenError> {
        let mut showing = self.keepers.iter().filter(|keeper| keeper.shows(serial));
        match (showing.next(), showing.next()) {
            (Some(_), Some(_)) => Err(TokenError::new(Reason::TokenAmbiguous)),
            (home, _) => Ok(home),
        }
    }

    async fn list_by(&self, due: Instant) -> Result<Vec<TokenState>, TokenError> {
        // One that hangs takes no time from the others.
        let lists = self
            .keepers
            .iter()
            .cloned()
            .map(|keeper| tokio::spawn(async move { keeper.list_or_last(due).await }));
        let (mut all, mut failed) = (Vec::new(), None);
        for list in lists.collect::<Vec<_>>() {
            match list.await.unwrap_or_else(|_| unknown()) {
                Ok(tokens) => all.extend(tokens),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if all.is_empty() => Err(error),
            _ => Ok(all),
        }
    }
}

/// How long a token that was found waits for the other modules, in which there may be a second one of its serial.
const OTHERS: Duration = Duration::from_secs(1);

/// What a look tells that ended in a panic.
fn unknown() -> Result<Vec<TokenState>, TokenError> {
    Err(TokenError::new(Reason::Internal))
}

/// The agent executes itself. Not by the name of its file: an update may have put another one there.
fn recipe(module: ModulePath) -> Recipe {
    let arguments = [
        OsString::from("token-worker"),
        "--calls-at-once".into(),
        module.calls_at_once.to_string().into(),
        "--memory-mib".into(),
        module.memory_mib.to_string().into(),
        module.path.into_os_string(),
    ];
    Recipe {
        name: module.name,
        program: Path::new("/proc/self/exe").to_owned(),
        arguments: arguments.into(),
        environment: module.environment.into_iter().collect(),
        at_once: module.calls_at_once,
    }
}

#[async_trait]
impl Token for Modules {
    async fn list(&self, deadline: Duration) -> Result<Vec<TokenState>, TokenError> {
        self.list_by(Instant::now() + deadline).await
    }

    async fn unlock(&self, unlock: Unlock, deadline: Duration) -> Result<Unlocked, TokenError> {
        let due = Instant::now() + deadline;
        self.home(&unlock.serial, due).await?.unlock(unlock, due).await
    }

    async fn lock(&self, serial: TokenSerial, deadline: Duration) -> Result<bool, TokenError> {
        let due = Instant::now() + deadline;
        Ok(self.home(&serial, due).await?.lock(&serial, due).await)
    }

    async fn describe(&self, key: KeyOnToken, deadline: Duration) -> Result<SigningKey, TokenError> {
        let due = Instant::now() + deadline;
        let serial = &key.key.serial;
        let home = self.home(serial, due).await?;
        let question = Question::Describe(Describe {
            key: Object::named(&key.key),
            certificate: Object::named(&key.certificate),
            now_us: key.now_us,
            unreported_accepted: key.unreported_accepted.clone(),
        });
        match home.ask_about(serial, question, false, due).await? {
            Reply::Described(described) => Ok(SigningKey {
                certificate: described.certificate,
                ready: described.key_seen && home.is_ready(serial),
                holder: home.holder(serial),
                serial: serial.clone(),
                algorithms: described
                    .algorithms
                    .iter()
                    .filter_map(|code| SignatureAlgorithm::from_code(code))
                    .collect(),
                asks_pin: described.asks_pin,
                has_pad: described.has_pad,
                key_id: described.key_id,
                unreported: described.unreported,
                certificates: described.certificates,
            }),
            _ => Err(TokenError::new(Reason::TokenFault)),
        }
    }

    async fn find_key(&self, key: ObjectUri, deadline: Duration) -> Result<KeyFound, TokenError> {
        let due = Instant::now() + deadline;
        let home = self.home(&key.serial, due).await?;
        let fault = || TokenError::new(Reason::TokenFault);
        let question = Question::FindKey(Object::named(&key));
        match home.ask_about(&key.serial, question, false, due).await? {
            Reply::KeyFound(found) => Ok(KeyFound {
                ready: home.is_ready(&key.serial),
                public_key: PublicKey::from_der(&found.public_key).map_err(|_| fault())?,
                algorithms: found
                    .algorithms
                    .iter()
                    .filter_map(|code| SignatureAlgorithm::from_code(code))
                    .collect(),
                asks_pin: found.asks_pin,
                has_pad: found.has_pad,
                key_id: found.key_id,
            }),
            _ => Err(fault()),
        }
    }

    async fn sign(&self, order: SignOrder, deadline: Duration) -> Result<Vec<u8>, SignError> {
        let due = Instant::now() + deadline;
        let serial = order.key().serial.clone();
        let home = self.home(&serial, due).await.map_err(SignError::NotSigned)?;
        let question = Question::Sign(Sign {
            key: Object::named(order.key()),
            algorithm: order.algorithm().code().to_owned(),
            message: order.message().to_vec(),
            pin: order.pin().map(|one| wire::pin_text(&one.pin)).unwrap_or_default(),
            final_try: order.pin().is_some_and(|one| one.final_try),
        });
        let holder = order.holder();
        let on_pad = order.pin().is_some_and(|one| matches!(one.pin, PinOrPad::Pad));
        drop(order);
        home.sign(&serial, question, (holder, on_pad), due).await
    }

    async fn generate_key(&self, wanted: NewKey, deadline: Duration) -> Result<Vec<u8>, TokenError> {
        let due = Instant::now() + deadline;
        let home = self.home(&wanted.serial, due).await?;
        let question = Question::GenerateKey(wire::GenerateKey {
            serial: wanted.serial.to_string(),
            kind: wanted.kind.to_owned(),
            id: wanted.id,
            label: wanted.label,
        });
        // Some tokens take minutes over it, in which many modules do nothing else.
        match home.ask_about(&wanted.serial, question, true, due).await? {
            Reply::Key(made) => Ok(made.public_key),
            _ => Err(TokenError::new(Reason::TokenFault)),
        }
    }

    async fn import_certificate(
        &self,
        wanted: NewCertificate,
        deadline: Duration,
    ) -> Result<ImportedCertificate, TokenError> {
        let due = Instant::now() + deadline;
        let home = self.home(&wanted.serial, due).await?;
        let question = Question::ImportCertificate(wire::ImportCertificate {
            serial: wanted.serial.to_string(),
            certificate: wanted.certificate,
            replace: wanted.replace,
        });
        let fault = || TokenError::new(Reason::TokenFault);
        match home.ask_about(&wanted.serial, question, false, due).await? {
            Reply::Imported(imported) => {
                let replaced =
                    imported.replaced.into_iter().map(|digest| digest.try_into().map_err(|_| fault()));
                Ok(ImportedCertificate {
                    key_id: imported.key_id,
                    replaced: replaced.collect::<Result<_, _>>()?,
                    left: imported.left,
                })
            }
            _ => Err(fault()),
        }
    }

    async fn destroy_key(
        &self,
        order: DestructionOrder,
        deadline: Duration,
    ) -> Result<DestroyedKey, TokenError> {
        let due = Instant::now() + deadline;
        let serial = &order.key().serial;
        let home = self.home(serial, due).await?;
        let question = Question::DestroyKey(wire::DestroyKey {
            key: Object::named(order.key()),
            certificate: Object::named(order.certificate()),
        });
        match home.ask_about(serial, question, false, due).await? {
            Reply::Destroyed(destroyed) => Ok(DestroyedKey {
                gone: destroyed.gone,
                key_id: Some(destroyed.key_id).filter(|id| !id.is_empty()),
                certificates_left: destroyed.certificates_left,
            }),
            _ => Err(TokenError::new(Reason::TokenFault)),
        }
    }

    async fn change_pin(&self, change: PinChange, deadline: Duration) -> Result<(), TokenError> {
        let due = Instant::now() + deadline;
        let PinChange { serial, by_officer, pins, final_try } = change;
        let home = self.home(&serial, due).await?;
        let mut wanted = wire::ChangePin::default();
        wanted.serial = serial.to_string();
        wanted.final_try = final_try;
        // The officer's login stands alone: not beside a user's, nor beside sessions that cannot write (PKCS#11 v3.0 §5.6.8).
        let alone = pins.is_none() || by_officer;
        if let Some((by, new)) = pins {
            by.expose().clone_into(&mut wanted.by);
            new.expose().clone_into(&mut wanted.new);
        }
        let question = if by_officer { Question::SetPin(wanted) } else { Question::ChangePin(wanted) };
        home.ask_about(&serial, question, alone, due).await.map(|_| ())
    }
}
