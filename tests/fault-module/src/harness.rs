//! For tests: where the shared object is, telling it what to do, reading what was called.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::state::beside;

/// The shared object that was built together with the running test; [`io::ErrorKind::NotFound`] where there is none.
///
/// Cargo builds it for whatever depends on this package, beside the running executable.
pub fn module_path() -> io::Result<PathBuf> {
    let name = format!("{}sealkeeper_fault_module{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let executable = env::current_exe()?;
    let found =
        executable.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|path| path.exists());
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{name} has not been built")))
}

/// A control file.
#[derive(Clone, Debug)]
pub struct ControlFile {
    path: PathBuf,
}

/// A line of the call log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// Grows by one with each call in a process.
    pub number: u64,
    /// The process.
    pub pid: u32,
    /// Such as `C_Sign`.
    pub function: String,
    /// Name of the return value, or `HANGS`, `ABORTS`, `SEGFAULTS`, `EXITS`.
    pub outcome: String,
    /// User type of C_Login; `length` for a length query; otherwise empty.
    pub detail: String,
}

impl ControlFile {
    /// The control file at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        ControlFile { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces its content at once, so that no call meets half of it. It takes effect with the next call.
    pub fn write(&self, content: &str) -> io::Result<()> {
        let new = beside(&self.path, ".written");
        fs::write(&new, content)?;
        fs::rename(new, &self.path)
    }

    /// Where PIN tries and spent faults are kept; what does not exist yet has counted nothing.
    pub fn state_path(&self) -> PathBuf {
        beside(&self.path, ".state")
    }
}

/// The lines of a call log so far; one that does not exist yet has none.
pub fn read_log(path: &Path) -> io::Result<Vec<LoggedCall>> {
    let text = match fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let broken = |line: &str| io::Error::new(io::ErrorKind::InvalidData, format!("not a log line: {line}"));
    text.lines().map(|line| LoggedCall::parse(line).ok_or_else(|| broken(line))).collect()
}

impl LoggedCall {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        Some(LoggedCall {
            number: fields.next()?.parse().ok()?,
            pid: fields.next()?.parse().ok()?,
            function: fields.next()?.to_owned(),
            outcome: fields.next()?.to_owned(),
            detail: fields.next().unwrap_or_default().to_owned(),
        })
    }
}
