//! The process that drives a module, from the side that asks.

use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_pkcs11::process::LAST_END;

use super::TokenProgram;
use super::wire::{self, Question, Reply};
use crate::error::{ClientError, TokenNo};

/// How often it is looked whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A process with its module loaded. Dropped, it is told to end, and ended if it does not.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    questions: Option<ChildStdin>,
    answers: ChildStdout,
}

impl Process {
    /// Starts one and waits until its module is loaded.
    pub(super) fn start(program: &TokenProgram, module: &Path, limit: Duration) -> Result<Self, ClientError> {
        let unusable = |error: io::Error| ClientError::local(Reason::OwnModuleUnusable, error);
        let mut child = Command::new(&program.program)
            .args(&program.arguments)
            .arg(module)
            // A module that reads the terminal would take what is typed for somebody else, and what it prints is nobody's business.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(unusable)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (questions, answers) = pipes.ok_or_else(|| unusable(io::ErrorKind::BrokenPipe.into()))?;
        let mut process = Self { child, questions: Some(questions), answers };
        match process.answer(limit)? {
            Reply::Loaded => Ok(process),
            _ => Err(super::unexpected()),
        }
    }

    /// Asks, and waits for the answer. After an error that is not the module's own answer it can be asked nothing more.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        pin: Option<Pin>,
        limit: Duration,
    ) -> Result<Reply, ClientError> {
        let asked = match &mut self.questions {
            Some(questions) => wire::ask(questions, question, pin.as_ref()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        drop(pin);
        match asked {
            Ok(()) => self.answer(limit),
            Err(_) => Err(self.crashed()),
        }
    }

    fn answer(&mut self, limit: Duration) -> Result<Reply, ClientError> {
        let due = Instant::now() + limit;
        let mut arrived = Vec::new();
        loop {
            match wire::answered(&arrived) {
                Ok(Some(Reply::Failed(failed))) => {
                    let reason = Reason::from_code(&failed.reason).unwrap_or(Reason::OwnTokenFault);
                    return Err(ClientError::Token(Box::new(TokenNo { reason, details: failed.details })));
                }
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(_) => return Err(self.crashed()),
            }
            if !self.is_readable(due) {
                self.kill();
                return Err(ClientError::local(
                    Reason::OwnTokenTimeout,
                    format_args!("{} s", limit.as_secs()),
                ));
            }
            let mut chunk = [0; 4096];
            match self.answers.read(&mut chunk) {
                Ok(0) => return Err(self.crashed()),
                Ok(read) => arrived.extend(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(self.crashed()),
            }
        }
    }

    /// Whether something arrives, or the other end closes, in time.
    fn is_readable(&self, due: Instant) -> bool {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { return false };
            match poll(&mut [PollFd::new(&self.answers, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return ready > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// It ended, or said what cannot be read: with how it ended.
    fn crashed(&mut self) -> ClientError {
        self.questions = None;
        let status = self.ended(LAST_END);
        self.kill();
        let how = match status.map(|status| (status.signal(), status.code())) {
            Some((Some(signal), _)) => format!("signal {signal}"),
            Some((None, Some(code))) => format!("exit code {code}"),
            _ => "an answer that cannot be read".to_owned(),
        };
        ClientError::local(Reason::OwnModuleCrashed, how)
    }

    fn ended(&mut self, within: Duration) -> Option<std::process::ExitStatus> {
        let due = Instant::now() + within;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < due => thread::sleep(LOOK),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// Ends it at once, with whatever the module started.
    fn kill(&mut self) {
        self.questions = None;
        if matches!(self.child.try_wait(), Ok(None)) {
            let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = self.child.kill();
            // One that a driver keeps from ending is not waited for.
            let _ = self.ended(LAST_END);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It logs out and ends when there is nobody to ask it, and has a watchdog of its own.
        self.questions = None;
        if self.ended(LAST_END + LAST_END / 4).is_none() {
            self.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(script: &str) -> Result<Process, ClientError> {
        let arguments = ["-c", script].map(Into::into).to_vec();
        let program = TokenProgram { program: "/bin/sh".into(), arguments };
        Process::start(&program, Path::new("module.so"), Duration::from_millis(500))
    }

    fn refusal(script: &str) -> (Reason, String) {
        match started(script).map(drop).unwrap_err() {
            ClientError::Local { reason, detail } => (reason, detail),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn one_that_ends_hangs_or_talks_nonsense_is_told_and_gone() {
        assert_eq!(refusal("exit 7"), (Reason::OwnModuleCrashed, "exit code 7".to_owned()));
        assert_eq!(refusal("kill -SEGV $$"), (Reason::OwnModuleCrashed, "signal 11".to_owned()));
        assert_eq!(refusal("printf nonsense"), (Reason::OwnModuleCrashed, "exit code 0".to_owned()));
        let begun = Instant::now();
        assert_eq!(refusal("sleep 60").0, Reason::OwnTokenTimeout);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_question_that_is_not_answered_ends_it() {
        let mut process = started(r#"printf '\000\000\000\010"loaded"'; sleep 60"#).unwrap();
        let look = Question::Look { serial: "1".into(), label: None };
        let error = process.ask(&look, None, Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::OwnTokenTimeout, .. }), "{error}");
        assert!(process.child.try_wait().unwrap().is_some());
        let error = process.ask(&look, None, Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::OwnModuleCrashed, .. }), "{error}");
    }
}
