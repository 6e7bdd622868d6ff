//! One document worker from its start to its end: the daemon executes itself as `seal-agent document-worker`, with the document as its standard input.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::wire::{self, NoMessage, Room, Told};
use crate::pipeline::ports::document::{DocumentFile, Sought};

/// How to make a worker.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The executable.
    pub(super) program: PathBuf,
    /// Arguments before the limits and the task.
    pub(super) arguments: Vec<OsString>,
    /// All of its environment.
    pub(super) environment: Vec<(String, String)>,
    /// Most memory beside the document itself, MiB.
    pub(super) memory_mib: u64,
    /// Longest time it may compute.
    pub(super) time: Duration,
}

/// What a worker is for.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// To tell how it is confined.
    Confine,
    /// To look at the pages from one to another, counting from 1.
    Look { first: u32, last: u32, sought: Arc<Sought> },
    /// To draw one page.
    Render { page: u32, dpi: u16 },
}

/// How a worker ended that did not do all it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It needed more memory than it may have.
    Memory,
    /// It needed more time than it may have.
    Time,
    /// It crashed, or told what cannot be read.
    Crash,
}

/// A worker at work; dropped, it is killed, and the runtime reaps it.
pub(super) struct Worker {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it says on standard error, as far as it is kept.
    said: JoinHandle<Vec<u8>>,
    due: Instant,
}

/// Bytes kept of what a worker says: Rust's own last words come first.
const SAID: usize = 2048;
/// How long what a process said last may take to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// On the clock a worker has this many times what it may compute: others compute as well.
const CLOCK: u32 = 2;
/// What the standard library says before it aborts, where memory is refused to it.
const NO_MEMORY: &[u8] = b"memory allocation of ";

impl Worker {
    /// Starts one, which has until `by` at the latest.
    pub(super) fn start(
        recipe: &Recipe,
        task: Task,
        document: Option<&DocumentFile>,
        by: Instant,
    ) -> std::io::Result<Worker> {
        let stdin = match document {
            Some(document) => document.file.try_clone()?.into(),
            None => Stdio::null(),
        };
        let mut child = Command::new(&recipe.program)
            // The name people look for.
            .arg0("seal-agent")
            .args(&recipe.arguments)
            .args(["--memory-mib".to_owned(), recipe.memory_mib.to_string()])
            .args(["--seconds".to_owned(), recipe.time.as_secs().to_string()])
            .args(task.arguments())
            .env_clear()
            .envs(recipe.environment.iter().map(|(name, setting)| (name, setting)))
            .current_dir("/")
            // A terminal's Ctrl-C is the agent's affair.
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(std::io::Error::other("a process without its pipes"));
        };
        let due = by.min(Instant::now() + recipe.time * CLOCK);
        Ok(Worker { child, stdout: BufReader::new(stdout), said: tokio::spawn(hear(stderr)), due })
    }

    /// What it tells next; `None` once it did all it was asked. Whatever ends it otherwise is told once, with what it said.
    pub(super) async fn next(&mut self, room: &Room) -> Result<Option<Told>, (End, String)> {
        match timeout_at(self.due, wire::next(&mut self.stdout, room)).await {
            Ok(Ok(Some(told))) => Ok(Some(told)),
            Ok(Ok(None)) => self.end().await.map(|()| None),
            Ok(Err(NoMessage::Unreadable)) => Err((End::Crash, "it told what cannot be read".to_owned())),
            Ok(Err(NoMessage::NoRoom)) => Err((End::Memory, "there is too much to be told of it".to_owned())),
            Err(_) => Err((End::Time, String::new())),
        }
    }

    async fn end(&mut self) -> Result<(), (End, String)> {
        let status = match timeout_at(self.due, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Err((End::Crash, error.to_string())),
            // It closed its pipe and went on.
            Err(_) => return Err((End::Time, String::new())),
        };
        let said = timeout(LAST_WORDS, &mut self.said).await.ok().and_then(Result::ok).unwrap_or_default();
        let shown = String::from_utf8_lossy(&said).trim().escape_debug().to_string();
        tracing::warn!(%status, said = shown, "a document ended its worker");
        let end = end_of(status, &said);
        Err((end, if end == End::Crash { told(status) } else { String::new() }))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The process is killed with its handle; nobody waits for what it says then.
        self.said.abort();
    }
}

fn end_of(status: ExitStatus, said: &[u8]) -> End {
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) {
        End::Time
    } else if signal == Some(Signal::ABORT.as_raw())
        && said.windows(NO_MEMORY.len()).any(|at| at == NO_MEMORY)
    {
        End::Memory
    } else {
        End::Crash
    }
}

/// For whoever is refused: nothing of what the worker itself said, which a document may have made.
fn told(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("exit code {}", code.unwrap_or_default()),
    }
}

/// Reads to the end, so that a worker that babbles is not kept from ending, and keeps the beginning.
async fn hear(mut stderr: impl AsyncRead + Unpin) -> Vec<u8> {
    let (mut said, mut chunk) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
        let left = SAID.saturating_sub(said.len());
        said.extend(chunk.iter().take(count.min(left)));
    }
    said
}

impl Task {
    fn arguments(self) -> Vec<String> {
        let plain = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match self {
            Task::Confine => plain(&["confine"]),
            Task::Look { first, last, sought } => {
                let mut all = plain(&["look", "--first", &first.to_string(), "--last", &last.to_string()]);
                all.extend(sought.draft_words.iter().map(|word| format!("--draft-word={word}")));
                all.extend(sought.keywords.iter().map(|word| format!("--keyword={word}")));
                all
            }
            Task::Render { page, dpi } => {
                plain(&["render", "--page", &page.to_string(), "--dpi", &dpi.to_string()])
            }
        }
    }
}
