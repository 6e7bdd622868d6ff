//! The daemon as a process.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{AgentHome, GUARD, binary};

/// A running `seal-agent`. It is killed when this is dropped, so that no test that fails leaves one behind.
pub struct Daemon<'h> {
    home: &'h AgentHome,
    child: Child,
    first_line: String,
}

/// How a daemon ended that was not to get ready.
#[derive(Debug)]
pub struct Exited {
    /// Exit code.
    pub code: Option<i32>,
    /// Standard error.
    pub stderr: String,
}

impl<'h> Daemon<'h> {
    /// Starts it with these variables and waits until it says that it is ready.
    ///
    /// # Panics
    /// If it does not get ready, with its last words.
    pub fn start(home: &'h AgentHome, variables: &[(&str, &str)]) -> Self {
        Self::start_with(home, variables, &[])
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// If it does not get ready, with its last words.
    pub fn start_with(home: &'h AgentHome, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(home.log()).unwrap();
        let mut child = Command::new(binary("seal-agent"))
            .args(["run", "--home"])
            .arg(home.path())
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut daemon = Daemon { home, child, first_line: String::new() };
        let (told, line) = mpsc::channel();
        std::thread::spawn(move || {
            let mut first = String::new();
            let read = output.read_line(&mut first);
            let _ = told.send((read.is_ok(), first));
            // Kept open: a daemon must not meet a closed pipe.
            let _ = std::io::copy(&mut output, &mut std::io::sink());
        });
        let (_, first) = line.recv_timeout(GUARD).expect("seal-agent says nothing");
        assert!(
            first.starts_with("seal-agent ready on "),
            "seal-agent is not ready: {first} {}",
            daemon.log()
        );
        daemon.first_line = first.trim_end().to_owned();
        daemon
    }

    /// Starts it where it must not get ready, and waits until it has ended.
    ///
    /// # Panics
    /// If it does get ready, or hangs.
    pub fn refuses_to_start(home: &AgentHome, arguments: &[&str]) -> Exited {
        let (out, err) = (home.scratch().join("refused.out"), home.scratch().join("refused.err"));
        let mut child = Command::new(binary("seal-agent"))
            .args(["run", "--home"])
            .arg(home.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            let ready = !fs::read(&out).unwrap().is_empty();
            if ready || begun.elapsed() > GUARD {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("it does not refuse to start");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(fs::read_to_string(out).unwrap(), "", "nothing is said of readiness");
        Exited { code: status.code(), stderr: fs::read_to_string(err).unwrap() }
    }

    /// The line that told that it is ready.
    pub fn ready_line(&self) -> &str {
        &self.first_line
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All it wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.log()).unwrap_or_default()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGHUP: it takes policy.toml as it is now.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// SIGTERM, and waits for the end, which must be one in good order.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "seal-agent ended with {status}: {}", self.log());
    }

    /// SIGKILL: nothing is written, nothing removed.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Waits until it has ended, after [`Daemon::terminate`].
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < GUARD, "seal-agent does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(id, signal).unwrap();
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
