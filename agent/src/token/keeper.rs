//! One module: its worker, replaced when it ends; the tokens it shows; the logins that stand.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sealkeeper_domain::{identity::TokenSerial, reason::Reason};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant as Deadline, sleep_until, timeout_at},
};

use super::{
    logins::{Logins, Moment, Terms},
    pauses::{FIRST_PAUSE, LOAD_PAUSE, Refresh, Trouble},
    process::{Owner, Place, Recipe, Unanswered, Worker},
    wire::{self, Failed, Loaded, Logout, Looked, Nothing, Question, Reply, TokenShown},
};
use crate::pipeline::identify::Holder;
use crate::pipeline::ports::{
    module::Library,
    token::{Cause, Ended, Ending, LoginEnded, PinOrPad, TokenNews, TokenState, Unlock, Unlocked},
    token_error::{SignError, TokenError},
};

/// A module and all that is known of it.
pub(super) struct Keeper {
    recipe: Recipe,
    /// What must hold before the module is loaded, each time.
    check: Box<dyn Fn() -> Result<(), TokenError> + Send + Sync>,
    worker: Mutex<Option<Arc<Worker>>>,
    /// Held while a worker is started, so that one is, and while one ends whose place the next one takes.
    starting: tokio::sync::Mutex<()>,
    /// Held while the module logs out: a PIN that came meanwhile would wait in its worker, and end with it where it hangs.
    logging_out: tokio::sync::Mutex<()>,
    /// How long it has to log out when nobody waits for it.
    limit: Duration,
    /// Held while it is looked whether tokens came or went.
    watching: tokio::sync::Mutex<()>,
    /// Held while a login is made, so that one is.
    unlocking: tokio::sync::Mutex<()>,
    trouble: Mutex<Trouble>,
    /// Whether the worker there is has answered anything but that it is loaded.
    proven: AtomicBool,
    logins: Mutex<Logins>,
    /// What the module called itself when it was loaded last.
    library: Mutex<Option<Library>>,
    /// The tokens as last seen.
    shown: Mutex<BTreeMap<TokenSerial, TokenShown>>,
    news: UnboundedSender<TokenNews>,
    stopping: AtomicBool,
    /// Number of the newest login.
    newest_login: AtomicU64,
    /// Whether the module has slots that tokens are put into and taken from.
    hot_plug: AtomicBool,
    /// When the newest look was asked for whose answer was taken in.
    newest_look: Mutex<Option<Moment>>,
    /// When it is to be loaded anew at the earliest, only to look for a token that is missed.
    refresh: Mutex<Refresh>,
}

/// A poisoned lock guards nothing half-done here.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// For the module of this recipe; its worker is started when something is asked of it.
    pub(super) fn new(
        recipe: Recipe,
        check: impl Fn() -> Result<(), TokenError> + Send + Sync + 'static,
        limit: Duration,
        news: UnboundedSender<TokenNews>,
    ) -> Arc<Self> {
        let keeper = Arc::new(Keeper {
            recipe,
            check: Box::new(check),
            worker: Mutex::default(),
            starting: tokio::sync::Mutex::default(),
            watching: tokio::sync::Mutex::default(),
            unlocking: tokio::sync::Mutex::default(),
            logging_out: tokio::sync::Mutex::default(),
            limit,
            trouble: Mutex::default(),
            proven: AtomicBool::new(false),
            logins: Mutex::default(),
            library: Mutex::default(),
            shown: Mutex::default(),
            news,
            stopping: AtomicBool::new(false),
            newest_login: AtomicU64::new(0),
            hot_plug: AtomicBool::new(false),
            newest_look: Mutex::default(),
            refresh: Mutex::default(),
        });
        tokio::spawn(end_logins_in_time(Arc::downgrade(&keeper)));
        keeper
    }

    /// Its name in the configuration.
    pub(super) fn name(&self) -> &str {
        &self.recipe.name
    }

    /// What the module calls itself; `None` while it is not loaded.
    pub(super) fn library(&self) -> Option<Library> {
        let is_loaded = held(&self.worker).as_ref().is_some_and(|worker| !worker.has_ended());
        held(&self.library).clone().filter(|_| is_loaded)
    }

    /// Whether it showed this token last.
    pub(super) fn shows(&self, serial: &TokenSerial) -> bool {
        held(&self.shown).contains_key(serial)
    }

    /// The tokens present now.
    pub(super) async fn list(self: &Arc<Self>, due: Deadline) -> Result<Vec<TokenState>, TokenError> {
        let asked = Moment::now();
        match self.ask(Question::Look(Nothing {}), due).await? {
            Reply::Looked(looked) => Ok(self.seen(looked, asked)),
            other => Err(self.failed(None, other)),
        }
    }

    /// The same without waiting for a module that is busy: as last seen.
    pub(super) async fn list_or_last(self: &Arc<Self>, due: Deadline) -> Result<Vec<TokenState>, TokenError> {
        if self.is_busy() {
            let shown = held(&self.shown).clone();
            return Ok(shown.iter().map(|(serial, token)| self.state(serial, token)).collect());
        }
        self.list(due).await
    }

    /// Whether all it may be asked at once has been asked and not been answered.
    fn is_busy(&self) -> bool {
        held(&self.worker).as_ref().is_some_and(|worker| !worker.has_ended() && !worker.has_place())
    }

    /// Looks whether tokens came or went, unless the module is busy, to be left alone, or being looked at. A module that cannot be loaded is
    /// not tried again only to look. Where `is_missed`, some token that a seal lies on is in no module.
    pub(super) async fn watch(self: &Arc<Self>, is_missed: bool, due: Deadline) {
        let Ok(_watching) = self.watching.try_lock() else { return };
        let is_gone = held(&self.worker).as_ref().is_none_or(|worker| worker.has_ended());
        if self.is_busy() || held(&self.trouble).forbids_look(is_gone) || self.stopping.load(Ordering::SeqCst)
        {
            return;
        }
        if let Err(error) = self.list(due).await {
            tracing::debug!(module = self.name(), %error, "nobody knows which tokens are there");
        }
        if is_missed {
            self.refresh(due).await;
        }
    }

    /// Loads the module anew: some know only the tokens that were there when they were loaded. One whose slots say that tokens come and go
    /// sees them come, and one that holds a login is left alone.
    async fn refresh(&self, due: Deadline) {
        let is_idle = || held(&self.logins).is_empty();
        if !is_idle() || self.hot_plug.load(Ordering::SeqCst) || !held(&self.refresh).is_due() {
            return;
        }
        // Whoever asks something meanwhile waits for the next one, and nothing that was asked is cut off: it might be a PIN.
        let _starting = self.starting.lock().await;
        let Some(worker) = held(&self.worker).clone() else { return };
        let Ok(place) = worker.place(true, due).await else { return };
        if is_idle() {
            *held(&self.worker) = None;
            worker.finish(Some(place), due).await;
        }
    }

    /// Logs in with this PIN, once. A login that stands is replaced: its limits were for another occasion.
    pub(super) async fn unlock(
        self: &Arc<Self>,
        unlock: Unlock,
        due: Deadline,
    ) -> Result<Unlocked, TokenError> {
        let Unlock { serial, holder, pin, uses, idle, lifetime, final_try } = unlock;
        let due = due + self.logged_out().await;
        // A token at which a person types a PIN lets many modules do nothing meanwhile.
        let (worker, place) = self.place(matches!(pin, PinOrPad::Pad), due).await?;
        // One after the other, so that the answers come in the order of the logins.
        let unlocking = timeout_at(due, self.unlocking.lock()).await;
        let _unlocking = unlocking.map_err(|_| TokenError::new(Reason::TokenTimeout))?;
        let replaced = held(&self.logins).end(&serial).is_some();
        let number = self.newest_login.fetch_add(1, Ordering::SeqCst) + 1;
        let question = Question::Login(wire::Login {
            serial: serial.to_string(),
            login: number,
            pin: wire::pin_text(&pin),
            final_try,
        });
        drop(pin);
        let told = match worker.ask_at(place, question, due).await {
            Ok(Reply::Looked(Looked { tokens, .. })) => tokens.into_iter().next().ok_or(Reason::TokenFault),
            Ok(other) => {
                if replaced {
                    self.tell_ended(&serial, Ended::Asked);
                }
                return Err(self.failed(None, other));
            }
            Err(unanswered) => {
                if replaced {
                    self.tell_ended(&serial, Ended::Failed);
                }
                return Err(unanswered.into());
            }
        };
        let shown = told.map_err(TokenError::new)?;
        // A worker that ended in between took the login with it; its end was told of those that stood then.
        held(&self.logins).begin(
            serial.clone(),
            number,
            Terms { holder, uses, idle, lifetime },
            Moment::now(),
        );
        if worker.has_ended() {
            held(&self.logins).end_if(&serial, number);
            if replaced {
                self.tell_ended(&serial, Ended::Failed);
            }
            return Err(TokenError::new(Reason::ModuleCrashed));
        }
        let before = held(&self.shown).insert(serial.clone(), shown.clone());
        let token = self.state(&serial, &shown);
        if before.is_none() {
            self.tell(TokenNews::Inserted { module: self.name().to_owned(), token: token.clone() });
        }
        self.tell(TokenNews::Changed { token: token.clone() });
        Ok(Unlocked { token, replaced })
    }

    /// Waits until no logging out is in progress; tells how long. A login does not pay for it with its own time: a module that hangs in it is
    /// ended only when that of the logging out is over, and the login comes to the next one.
    async fn logged_out(&self) -> Duration {
        let from = Instant::now();
        drop(self.logging_out.lock().await);
        from.elapsed()
    }

    /// Logs out; tells whether there was a login. A module that does not do it in time is ended, and its logins with it.
    pub(super) async fn lock(self: &Arc<Self>, serial: &TokenSerial, due: Deadline) -> bool {
        let stood = held(&self.logins).end(serial);
        if stood.is_some() {
            self.tell_changed(serial);
        }
        // Whether it stands here or not: no login of any number stands in the module after it.
        let newest = self.newest_login.load(Ordering::SeqCst);
        self.log_out(serial, stood.unwrap_or(newest), due).await;
        stood.is_some()
    }

    /// Any further question about a token.
    pub(super) async fn ask_about(
        self: &Arc<Self>,
        serial: &TokenSerial,
        question: Question,
        alone: bool,
        due: Deadline,
    ) -> Result<Reply, TokenError> {
        let (worker, place) = self.place(alone, due).await?;
        // What needs the module for itself may take long: the login does not end for being idle meanwhile.
        let login = {
            let mut logins = held(&self.logins);
            if alone { logins.take_none(serial, Moment::now()) } else { logins.number(serial) }
        };
        let answered = worker.ask_at(place, question, due).await;
        if let Some(login) = login.filter(|_| alone) {
            self.use_ended(serial, login);
        }
        match answered? {
            Reply::Failed(failed) => {
                Err(self.failed(login.map(|login| (serial, login)), Reply::Failed(failed)))
            }
            reply => Ok(reply),
        }
    }

    /// What is left of the unlock of this token.
    pub(super) fn is_ready(&self, serial: &TokenSerial) -> bool {
        held(&self.logins).left(serial, Moment::now()).is_some_and(|left| left.uses > 0)
    }

    /// Whose login stands on this token.
    pub(super) fn holder(&self, serial: &TokenSerial) -> Option<Holder> {
        held(&self.logins).left(serial, Moment::now()).map(|left| left.holder)
    }

    /// One signature; takes one use of this holder's, or none of anybody's. `alone` while somebody types a PIN on the token for it.
    pub(super) async fn sign(
        self: &Arc<Self>,
        serial: &TokenSerial,
        question: Question,
        (holder, alone): (Option<Holder>, bool),
        due: Deadline,
    ) -> Result<Vec<u8>, SignError> {
        let (worker, place) = self.place(alone, due).await.map_err(SignError::NotSigned)?;
        let taken = {
            let (mut logins, now) = (held(&self.logins), Moment::now());
            match holder {
                Some(holder) => logins.take_use(serial, holder, now),
                None => logins.take_none(serial, now),
            }
        };
        let missing = holder.map_or(Reason::TokenLocked, Holder::without_login);
        let login = taken.ok_or_else(|| SignError::NotSigned(TokenError::new(missing)))?;
        let signed = match worker.ask_at(place, question, due).await {
            Ok(Reply::Signature(signature)) => Ok(signature),
            Ok(Reply::Failed(failed)) => {
                self.after(Some((serial, login)), &failed);
                Err(failed.into_sign_error())
            }
            Ok(_) => Err(SignError::MayHaveSigned(TokenError::new(Reason::TokenFault))),
            Err(unanswered @ (Unanswered::Busy | Unanswered::NotAsked)) => {
                Err(SignError::NotSigned(unanswered.into()))
            }
            Err(Unanswered::TimedOut) => Err(SignError::TimedOut),
            Err(Unanswered::Lost) => Err(SignError::MayHaveSigned(TokenError::new(Reason::ModuleCrashed))),
        };
        self.use_ended(serial, login);
        signed
    }

    fn use_ended(self: &Arc<Self>, serial: &TokenSerial, login: u64) {
        if held(&self.logins).use_ended(serial, login, Moment::now()) {
            self.tell_ended(serial, Ended::UsesSpent);
            let (keeper, serial) = (self.clone(), serial.clone());
            // Whoever waits for the signature need not wait for this.
            tokio::spawn(async move { keeper.log_out(&serial, login, Deadline::now() + keeper.limit).await });
        }
    }

    /// Logs out everywhere and ends, until `by` at the latest; tells of which tokens.
    pub(super) async fn stop(&self, by: Deadline) -> Vec<TokenSerial> {
        self.stopping.store(true, Ordering::SeqCst);
        let ended = held(&self.logins).end_all();
        let worker = held(&self.worker).take();
        if let Some(worker) = worker {
            let place = worker.place(false, by).await.ok();
            worker.finish(place, by).await;
        }
        ended
    }

    async fn ask(self: &Arc<Self>, question: Question, due: Deadline) -> Result<Reply, TokenError> {
        let (worker, place) = self.place(false, due).await?;
        Ok(worker.ask_at(place, question, due).await?)
    }

    /// A place for one question, at the worker there is or a new one. One that ended while it was waited for was not asked: the next one is.
    async fn place(self: &Arc<Self>, alone: bool, due: Deadline) -> Result<(Arc<Worker>, Place), TokenError> {
        loop {
            let worker = self.worker(due).await?;
            match worker.place(alone, due).await {
                Ok(place) => return Ok((worker, place)),
                Err(Unanswered::NotAsked) => {}
                Err(unanswered) => return Err(unanswered.into()),
            }
        }
    }

    /// The worker there is, or a new one.
    async fn worker(self: &Arc<Self>, due: Deadline) -> Result<Arc<Worker>, TokenError> {
        let current = || held(&self.worker).clone().filter(|worker| !worker.has_ended());
        if let Some(worker) = current() {
            return Ok(worker);
        }
        let starting = timeout_at(due, self.starting.lock()).await;
        let _starting = starting.map_err(|_| TokenError::new(Reason::TokenTimeout))?;
        if let Some(worker) = current() {
            return Ok(worker);
        }
        // What stood in the last one is ended before anything can stand in the next.
        let last = held(&self.worker).clone();
        if let Some(last) = last {
            let gone = timeout_at(due, last.gone()).await;
            gone.map_err(|_| TokenError::new(Reason::TokenTimeout))?;
        }
        self.may_start()?;
        // Not cut off with whoever asked first: the next one would begin anew.
        let keeper = self.clone();
        let started = tokio::spawn(async move { keeper.start(due).await }).await;
        started.unwrap_or_else(|_| Err(TokenError::new(Reason::Internal)))
    }

    fn may_start(&self) -> Result<(), TokenError> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(TokenError::new(Reason::AgentStopping));
        }
        let trouble = held(&self.trouble);
        let Some(pause) = trouble.not_before.and_then(|moment| moment.checked_duration_since(Instant::now()))
        else {
            return Ok(());
        };
        let again = format!("not tried again for {} s", pause.as_secs() + 1);
        Err(match &trouble.at_load {
            Some(error) => error.clone(),
            None => TokenError { about: Some(again), ..TokenError::new(Reason::ModuleStarting) },
        })
    }

    async fn start(self: Arc<Self>, due: Deadline) -> Result<Arc<Worker>, TokenError> {
        (self.check)()?;
        self.proven.store(false, Ordering::SeqCst);
        held(&self.trouble).started = Some(Instant::now());
        match Worker::start(&self.recipe, due, self.clone()).await {
            Ok((worker, loaded)) => {
                let worker = Arc::new(worker);
                held(&self.trouble).at_load = None;
                *held(&self.worker) = Some(worker.clone());
                tracing::info!(
                    module = self.name(),
                    description = loaded.description,
                    version = loaded.version,
                    "module loaded"
                );
                let Loaded { description, version, manufacturer } = loaded;
                let library = Library { description, version, manufacturer };
                *held(&self.library) = Some(library.clone());
                self.tell(TokenNews::ModuleLoaded { module: self.name().to_owned(), library });
                Ok(worker)
            }
            Err((error, ending)) => {
                tracing::error!(module = self.name(), %error, "the PKCS#11 module cannot be used");
                let pause = {
                    let mut trouble = held(&self.trouble);
                    trouble.at_load = Some(error.clone());
                    trouble.failed(LOAD_PAUSE)
                };
                // Told once; what follows is the same.
                if pause == LOAD_PAUSE {
                    self.tell(TokenNews::ModuleFailed { module: self.name().to_owned(), ending });
                }
                Err(error)
            }
        }
    }

    /// Takes in what the module shows.
    pub(super) fn seen(&self, looked: Looked, asked: Moment) -> Vec<TokenState> {
        self.hot_plug.store(looked.hot_plug, Ordering::SeqCst);
        let now: BTreeMap<_, _> =
            looked.tokens.into_iter().filter_map(|token| Some((token.serial()?, token))).collect();
        let before = {
            let mut newest = held(&self.newest_look);
            // An answer that was overtaken by a newer one tells of the past; the newer one is taken in by now.
            if newest.is_some_and(|newest| asked < newest) {
                let shown = held(&self.shown).clone();
                return shown.iter().map(|(serial, token)| self.state(serial, token)).collect();
            }
            *newest = Some(asked);
            std::mem::replace(&mut *held(&self.shown), now.clone())
        };
        if now.keys().ne(before.keys()) {
            *held(&self.refresh) = Refresh::default();
        }
        for (serial, token) in &now {
            if !token.logged_in && held(&self.logins).end_older(serial, asked).is_some() {
                self.tell_ended(serial, Ended::Lost);
            }
        }
        for (serial, token) in &before {
            if !now.contains_key(serial) {
                if held(&self.logins).end_older(serial, asked).is_some() {
                    self.tell_ended(serial, Ended::Lost);
                }
                self.tell(TokenNews::Removed {
                    module: self.name().to_owned(),
                    token: self.state(serial, token),
                });
            }
        }
        for (serial, token) in &now {
            let state = self.state(serial, token);
            match before.get(serial) {
                None => self.tell(TokenNews::Inserted { module: self.name().to_owned(), token: state }),
                Some(before) if before.pin != token.pin => self.tell(TokenNews::Changed { token: state }),
                Some(_) => {}
            }
        }
        now.iter().map(|(serial, token)| self.state(serial, token)).collect()
    }

    /// A reply that is not the one asked for.
    fn failed(&self, by: Option<(&TokenSerial, u64)>, reply: Reply) -> TokenError {
        match reply {
            Reply::Failed(failed) => {
                self.after(by, &failed);
                failed.into_error()
            }
            _ => TokenError::new(Reason::TokenFault),
        }
    }

    /// What a failure means for what is kept here: for the login it was asked by, not for one that has taken its place meanwhile.
    fn after(&self, by: Option<(&TokenSerial, u64)>, failed: &Failed) {
        if let Some((serial, login)) = by
            && failed.logged_out
            && held(&self.logins).end_if(serial, login)
        {
            self.tell_ended(serial, Ended::Lost);
        }
        // CKR_HOST_MEMORY: a module that leaks has used up what it may take, and will not recover.
        if failed.returned == Some(HOST_MEMORY)
            && let Some(worker) = &*held(&self.worker)
        {
            worker.kill(Cause::OutOfMemory);
        }
    }

    /// Ends a login in the module too; a later one of the same token is not touched.
    async fn log_out(&self, serial: &TokenSerial, login: u64, due: Deadline) {
        let _logging_out = self.logging_out.lock().await;
        let Some(worker) = held(&self.worker).clone() else { return };
        let asked = Question::Logout(Logout { serial: serial.to_string(), login });
        if worker.ask(asked, due).await.is_err() {
            // A token that should be locked is, once nobody holds its session.
            worker.kill(Cause::TimedOut);
        }
    }

    fn state(&self, serial: &TokenSerial, shown: &TokenShown) -> TokenState {
        TokenState {
            serial: serial.clone(),
            label: shown.label.clone(),
            manufacturer: shown.manufacturer.clone(),
            model: shown.model.clone(),
            firmware: shown.firmware.clone(),
            hardware: shown.hardware.clone(),
            pin: shown.pin.into(),
            module: self.name().to_owned(),
            unlocked: held(&self.logins).left(serial, Moment::now()),
        }
    }

    /// A login without a token, for tests of what becomes of it.
    #[cfg(test)]
    pub(super) fn pretend_login(&self, serial: &TokenSerial) {
        let long = Duration::from_secs(3600);
        let terms = Terms { holder: Holder::Local, uses: 1, idle: long, lifetime: long };
        held(&self.logins).begin(serial.clone(), 1, terms, Moment::now());
    }

    fn tell_ended(&self, serial: &TokenSerial, why: Ended) {
        self.tell(TokenNews::LoginEnded(LoginEnded { serial: serial.clone(), why }));
        self.tell_changed(serial);
    }

    fn tell_changed(&self, serial: &TokenSerial) {
        let shown = held(&self.shown).get(serial).cloned();
        if let Some(shown) = shown {
            self.tell(TokenNews::Changed { token: self.state(serial, &shown) });
        }
    }

    /// Nobody listens any more only while the agent stops.
    fn tell(&self, news: TokenNews) {
        let _ = self.news.send(news);
    }
}

/// CKR_HOST_MEMORY.
const HOST_MEMORY: u64 = 2;

impl Owner for Keeper {
    fn answered(&self) {
        if !self.proven.swap(true, Ordering::SeqCst) {
            let mut trouble = held(&self.trouble);
            (trouble.failures, trouble.not_before) = (0, None);
        }
    }

    fn ended(&self, ending: Ending) {
        // Not in the loop's head: what is told is told of the logins that are left.
        let ended = held(&self.logins).end_all();
        for serial in ended {
            self.tell_ended(&serial, Ended::Failed);
        }
        if ending.cause == Cause::Told {
            return;
        }
        // One that was of use is replaced as soon as something is asked; one that was not is left alone for a while.
        if self.proven.load(Ordering::SeqCst) {
            held(&self.trouble).ended();
        } else {
            held(&self.trouble).failed(FIRST_PAUSE);
        }
        tracing::error!(module = self.name(), ?ending, "a module's worker ended");
        self.tell(TokenNews::ModuleFailed { module: self.name().to_owned(), ending });
    }
}

/// Ends logins whose time is over, as long as the keeper lives.
async fn end_logins_in_time(keeper: Weak<Keeper>) {
    /// No login ends in shorter time than that, and what is looked after is known to the second.
    const LOOK: Duration = Duration::from_millis(500);
    loop {
        let Some(kept) = keeper.upgrade() else { return };
        let due = held(&kept.logins).end_due(Moment::now());
        for (serial, login, why) in due {
            kept.tell_ended(&serial, why);
            let kept = kept.clone();
            tokio::spawn(async move { kept.log_out(&serial, login, Deadline::now() + kept.limit).await });
        }
        drop(kept);
        sleep_until(Deadline::now() + LOOK).await;
    }
}
