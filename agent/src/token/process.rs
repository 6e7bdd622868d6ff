//! A worker process: the daemon executes itself anew as `seal-agent token-worker`, asks through one pipe and hears through another.
//!
//! Every question has a deadline. One that is not answered by then ends the process, and with it every other question it was asked; so does
//! an answer that cannot be read. What a vendor's module does to its process, it does to nobody else.

use std::{
    collections::HashMap,
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prost::Message;
use rustix::process::{Pid, Signal, kill_process_group};
use sealkeeper_domain::reason::Reason;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};

use super::wire::{Answer, Ask, Loaded, Question, Reply, first_message, framed};
use crate::pipeline::ports::{
    token::{Cause, Ending},
    token_error::TokenError,
};

/// How to make a worker.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The module's name in the configuration.
    pub(super) name: String,
    /// The executable.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
    /// All of its environment.
    pub(super) environment: Vec<(String, String)>,
    /// Questions it is asked at once.
    pub(super) at_once: u32,
}

/// Whose worker it is.
pub(super) trait Owner: Send + Sync + 'static {
    /// It answered a question.
    fn answered(&self);
    /// It was loaded, and has ended. Called once, before anybody who waits for an answer hears of it.
    fn ended(&self, ending: Ending);
}

/// A worker with its module loaded.
pub(super) struct Worker {
    desk: Arc<Desk>,
    stdin: tokio::sync::Mutex<ChildStdin>,
    /// A place for each question it works on at once.
    places: Arc<Semaphore>,
    at_once: u32,
}

/// A worker's place for one question, kept until it is answered.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It was not asked: the worker had no place for it in time.
    Busy,
    /// It was not asked: the worker has ended.
    NotAsked,
    /// It was asked and not answered in time; what it did is unknown.
    TimedOut,
    /// It was asked, and the worker ended; what it did is unknown.
    Lost,
}

impl From<Unanswered> for TokenError {
    fn from(unanswered: Unanswered) -> Self {
        TokenError::new(match unanswered {
            Unanswered::Busy | Unanswered::TimedOut => Reason::TokenTimeout,
            Unanswered::NotAsked | Unanswered::Lost => Reason::ModuleCrashed,
        })
    }
}

/// What those who ask and the one task that listens share.
#[derive(Default)]
struct Desk {
    open: Mutex<Open>,
    /// Told when the process is to be killed.
    kill: Notify,
}

#[derive(Default)]
struct Open {
    last_id: u64,
    questions: HashMap<u64, Waiting>,
    /// Why it ends, if that is known before it does.
    known: Option<Cause>,
    /// How it ended: no question is taken any more.
    ended: Option<Ending>,
}

struct Waiting {
    due: Instant,
    to: oneshot::Sender<Reply>,
    /// Kept for as long as the worker is at it, whether somebody waits for the answer or not.
    _place: Place,
}

/// How often overdue questions are looked for.
const WATCH: Duration = Duration::from_millis(100);
/// How long a process that was killed may take to be gone.
const KILLED: Duration = Duration::from_secs(1);
/// How long what a process wrote last may take to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Most bytes of one line of a module's own output that go to the log.
const LINE: usize = 512;

impl Worker {
    /// Starts a process and waits until its module is loaded, until `by` at the latest.
    pub(super) async fn start(
        recipe: &Recipe,
        by: Instant,
        owner: Arc<dyn Owner>,
    ) -> Result<(Worker, Loaded), (TokenError, Ending)> {
        let mut child = spawn(recipe).map_err(not_started)?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(not_started(io::Error::other("a process without its pipes")));
        };
        tokio::spawn(log_output(recipe.name.clone(), stderr));
        let desk = Arc::new(Desk::default());
        let places = Arc::new(Semaphore::new(recipe.at_once as usize));
        let (loaded, first) = oneshot::channel();
        let listener = Listener {
            desk: desk.clone(),
            places: places.clone(),
            child,
            loaded: Some(loaded),
            was_loaded: false,
            owner,
        };
        let over = tokio::spawn(listener.listen(stdout));
        let worker = Worker { desk, stdin: tokio::sync::Mutex::new(stdin), places, at_once: recipe.at_once };
        let error = match timeout_at(by, first).await {
            Ok(Ok(Reply::Loaded(loaded))) => return Ok((worker, loaded)),
            Ok(Ok(Reply::Failed(failed))) => {
                worker.kill(Cause::Unusable);
                failed.into_error()
            }
            Ok(Ok(_)) => {
                worker.kill(Cause::Unusable);
                TokenError::new(Reason::ModuleUnusable)
            }
            Ok(Err(_)) => TokenError::new(Reason::ModuleCrashed),
            Err(_) => {
                worker.kill(Cause::TimedOut);
                TokenError::new(Reason::TokenTimeout)
            }
        };
        let unknown = Ending { cause: Cause::Crashed, signal: None, exit_code: None, in_flight: 0 };
        Err((error, over.await.unwrap_or(unknown)))
    }

    /// Waits for a place to ask one question; `alone`: while it is asked nothing else.
    pub(super) async fn place(&self, alone: bool, due: Instant) -> Result<Place, Unanswered> {
        let count = if alone { self.at_once } else { 1 };
        let acquired = timeout_at(due, self.places.clone().acquire_many_owned(count)).await;
        Ok(Place { _permit: acquired.map_err(|_| Unanswered::Busy)?.map_err(|_| Unanswered::NotAsked)? })
    }

    /// Whether it has a place free now.
    pub(super) fn has_place(&self) -> bool {
        self.places.available_permits() > 0
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.desk.open().ended.is_some()
    }

    /// Ends it at once.
    pub(super) fn kill(&self, cause: Cause) {
        self.desk.kill(cause);
    }

    /// Has it log out everywhere, call C_Finalize and end; a module that has not done so by `by` is killed.
    pub(super) async fn finish(&self, place: Option<Place>, by: Instant) {
        self.desk.open().known.get_or_insert(Cause::Told);
        if let Some(place) = place {
            let _ = self.ask_at(place, Question::Finish(super::wire::Nothing {}), by).await;
        }
        let _ = timeout_at(by, self.gone()).await;
        self.kill(Cause::Told);
        let _ = timeout(KILLED, self.gone()).await;
    }

    /// Waits until it has ended and its owner knows.
    pub(super) async fn gone(&self) {
        // That frees no place: the semaphore closes.
        let _ = self.places.acquire_many(self.at_once + 1).await;
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, question: Question, due: Instant) -> Result<Reply, Unanswered> {
        self.ask_at(self.place(false, due).await?, question, due).await
    }

    /// The same at a place that was waited for. A question not answered by `due` ends the worker, whether somebody still waits for it or not.
    pub(super) async fn ask_at(
        &self,
        place: Place,
        question: Question,
        due: Instant,
    ) -> Result<Reply, Unanswered> {
        let (to, answer) = oneshot::channel();
        let mut stdin = self.stdin.lock().await;
        let frame = {
            let mut open = self.desk.open();
            if open.ended.is_some() {
                return Err(Unanswered::NotAsked);
            }
            open.last_id += 1;
            let id = open.last_id;
            open.questions.insert(id, Waiting { due, to, _place: place });
            framed(&Ask { id, question: Some(question) })
        };
        // Half a message, which whoever stops waiting in the middle of it would leave behind, makes the worker unusable.
        let guard = HalfWritten(&self.desk);
        let written = stdin.write_all(&frame).await;
        std::mem::forget(guard);
        drop(stdin);
        drop(frame);
        if written.is_err() {
            // The listener learns of it as well, if it does not know already.
            self.kill(Cause::Crashed);
        }
        // Of those that end with a worker that hangs, only the ones it kept waiting for too long have timed out.
        answer.await.map_err(|_| if Instant::now() >= due { Unanswered::TimedOut } else { Unanswered::Lost })
    }
}

struct HalfWritten<'d>(&'d Desk);

impl Drop for HalfWritten<'_> {
    fn drop(&mut self) {
        self.0.kill(Cause::TimedOut);
    }
}

impl Desk {
    /// A poisoned lock guards nothing half-done here.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kill(&self, cause: Cause) {
        self.open().known.get_or_insert(cause);
        self.kill.notify_one();
    }

    fn has_overdue(&self) -> bool {
        let now = Instant::now();
        self.open().questions.values().any(|waiting| waiting.due <= now)
    }
}

fn spawn(recipe: &Recipe) -> io::Result<Child> {
    Command::new(&recipe.program)
        // The name people look for.
        .arg0("seal-agent")
        .args(&recipe.arguments)
        .env_clear()
        .envs(recipe.environment.iter().map(|(name, setting)| (name, setting)))
        // A terminal's Ctrl-C is the agent's affair: it lets uses in progress come to their end.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

fn not_started(error: io::Error) -> (TokenError, Ending) {
    let error = TokenError { about: Some(error.to_string()), ..TokenError::new(Reason::ModuleUnusable) };
    (error, Ending { cause: Cause::Unusable, signal: None, exit_code: None, in_flight: 0 })
}

/// The one task that hears a worker, and sees it end.
struct Listener {
    desk: Arc<Desk>,
    places: Arc<Semaphore>,
    child: Child,
    /// Who waits for the first message.
    loaded: Option<oneshot::Sender<Reply>>,
    /// Whether that told of a module that is loaded.
    was_loaded: bool,
    owner: Arc<dyn Owner>,
}

impl Listener {
    async fn listen(mut self, mut stdout: ChildStdout) -> Ending {
        let mut arrived = Vec::with_capacity(4096);
        let mut watch = interval(WATCH);
        watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                read = stdout.read_buf(&mut arrived) => {
                    if !read.is_ok_and(|count| count > 0) || self.deliver(&mut arrived).is_err() {
                        break;
                    }
                }
                _ = self.child.wait() => {
                    // What it wrote before it ended; a process of the module's own may keep the pipe open behind it.
                    let rest = async { while stdout.read_buf(&mut arrived).await.is_ok_and(|count| count > 0) {} };
                    let _ = timeout(LAST_WORDS, rest).await;
                    let _ = self.deliver(&mut arrived);
                    break;
                }
                _ = watch.tick() => {
                    if self.desk.has_overdue() {
                        self.desk.kill(Cause::TimedOut);
                    }
                }
                () = self.desk.kill.notified() => break,
            }
        }
        self.end().await
    }

    /// Hands out the answers that are complete. An error is the worker's end.
    fn deliver(&mut self, arrived: &mut Vec<u8>) -> Result<(), super::wire::Unreadable> {
        let unreadable = super::wire::Unreadable;
        let mut taken = 0;
        while let Some(range) = first_message(arrived.get(taken..).unwrap_or_default())? {
            let (begin, end) = (taken + range.start, taken + range.end);
            let answer =
                Answer::decode(arrived.get(begin..end).ok_or(unreadable)?).map_err(|_| unreadable)?;
            taken = end;
            let reply = answer.reply.ok_or(unreadable)?;
            if answer.id == 0 {
                self.was_loaded = matches!(reply, Reply::Loaded(_));
                if !self.was_loaded {
                    // It ends by itself, perhaps before it is told to.
                    self.desk.open().known.get_or_insert(Cause::Unusable);
                }
                let _ = self.loaded.take().ok_or(unreadable)?.send(reply);
                continue;
            }
            let waiting = self.desk.open().questions.remove(&answer.id).ok_or(unreadable)?;
            self.owner.answered();
            // Whoever gave up waiting does not want it.
            let _ = waiting.to.send(reply);
        }
        arrived.drain(..taken);
        Ok(())
    }

    async fn end(mut self) -> Ending {
        // With it whatever the module started: that may hold what the module held.
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        // A no-op for one that has ended; of that one the status stays what it was. One that a driver keeps from ending is not waited for: it
        // is reaped whenever it does.
        let _ = self.child.start_kill();
        let status = timeout(KILLED, self.child.wait()).await.ok().and_then(Result::ok);
        let ending = {
            let mut open = self.desk.open();
            let ending = Ending {
                cause: open.known.unwrap_or(Cause::Crashed),
                signal: status.and_then(|status| status.signal()),
                exit_code: status.and_then(|status| status.code()),
                in_flight: open.questions.len(),
            };
            open.ended = Some(ending);
            ending
        };
        // In this order: whoever hears that there is no answer finds the worker replaceable and its logins ended.
        if self.was_loaded {
            self.owner.ended(ending);
        }
        self.places.close();
        self.desk.open().questions.clear();
        ending
    }
}

/// What a module prints goes to the log, line by line, and only where somebody asked for everything: nobody knows what it prints.
async fn log_output(module: String, stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines).take(LINE as u64).read_until(b'\n', &mut line).await;
        if !read.is_ok_and(|count| count > 0) {
            return;
        }
        tracing::debug!(module, printed = %String::from_utf8_lossy(&line).trim_end(), "a module prints");
    }
}
