//! The `seal` command line as a person's shell runs it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{AgentHome, binary};

/// `seal` with the agent of one home, in a folder, in English unless told otherwise.
pub struct Seal {
    /// The variable that says where the agent is.
    place: (&'static str, PathBuf),
    folder: PathBuf,
    locale: &'static str,
    environment: Vec<(&'static str, PathBuf)>,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Seal {
    /// For this home, in its scratch folder.
    pub fn new(home: &AgentHome) -> Self {
        Self { place: ("SEALKEEPER_SOCKET", home.socket()), ..Self::without_agent(home.scratch()) }
    }

    /// In this folder, with no agent to speak to.
    pub fn without_agent(folder: &Path) -> Self {
        let place = ("SEALKEEPER_SOCKET", folder.join("absent.sock"));
        Self { place, folder: folder.to_owned(), locale: "C.UTF-8", environment: Vec::new() }
    }

    /// With this variable, a path.
    pub fn with(mut self, name: &'static str, path: &Path) -> Self {
        self.environment.push((name, path.to_owned()));
        self
    }

    /// From afar, as this file says.
    pub fn from_afar(self, file: &Path) -> Self {
        Self { place: ("SEALKEEPER_REMOTE", file.to_owned()), ..self }
    }

    /// In Chinese.
    pub fn in_chinese(self) -> Self {
        Self { locale: "zh_CN.UTF-8", ..self }
    }

    /// In this folder.
    pub fn in_folder(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self }
    }

    /// Runs it with nothing on standard input.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with("", arguments)
    }

    /// Runs it on a terminal of its own, whose person types this; everything said comes out as one.
    pub fn run_on_terminal(&self, typed: &str, arguments: &[&str]) -> Said {
        let quoted = |word: &str| format!("'{}'", word.replace('\'', "'\\''"));
        let words = std::iter::once(binary("seal").display().to_string());
        let words = words.chain(arguments.iter().map(|word| (*word).to_owned()));
        let line = words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ");
        // util-linux: -e ends as the command does, -q says nothing itself.
        self.said(Command::new("script").args(["-qec", &line, "/dev/null"]), typed)
    }

    /// Runs it with this on standard input, which `--pin-fd 0` reads.
    pub fn run_with(&self, input: &str, arguments: &[&str]) -> Said {
        self.said(Command::new(binary("seal")).args(arguments), input)
    }

    fn said(&self, command: &mut Command, input: &str) -> Said {
        let mut child = command
            .current_dir(&self.folder)
            .env_clear()
            .env(self.place.0, &self.place.1)
            .env("LANG", self.locale)
            .env("TZ", "UTC")
            .envs(self.environment.iter().map(|(name, path)| (name, path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// Standard output as one JSON value for each line.
    pub fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one JSON object on standard output.
    ///
    /// # Panics
    /// If there is anything else.
    pub fn json_object(&self) -> Value {
        let mut values = self.json();
        assert_eq!(values.len(), 1, "{self:?}");
        values.remove(0)
    }
}
