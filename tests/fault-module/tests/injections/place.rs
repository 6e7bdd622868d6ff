//! A folder with a token, a control file and a call log, and a process that works there.

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::LazyLock,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use sealkeeper_fault_module::{CONTROL_VARIABLE, ControlFile, LoggedCall, MODULE_VARIABLE, read_log};
use tempfile::TempDir;

/// No case takes longer, even on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Tells a process that it is to run a case, and where.
const FOLDER_VARIABLE: &str = "SEALKEEPER_FAULT_CASE";
/// Which turn it is, from 1.
const TURN_VARIABLE: &str = "SEALKEEPER_FAULT_TURN";

/// Where a case runs.
pub(crate) struct Place {
    folder: PathBuf,
    pub(crate) control: ControlFile,
    pub(crate) turn: u32,
}

/// What became of the process of a case.
pub(crate) struct Ended {
    folder: TempDir,
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
}

/// A token with a key, as `softhsm-setup/setup.sh` makes it.
pub(crate) struct Token {
    pub(crate) serial: String,
    pub(crate) pin: String,
    pub(crate) module: PathBuf,
}

/// Runs `case` in a process of its own, which must succeed.
pub(crate) fn alone<F: Fn(&Place)>(case: F) {
    in_turns(1, case);
}

/// Runs `case` in several processes in the same place, one after another.
pub(crate) fn in_turns<F: Fn(&Place)>(turns: u32, case: F) {
    if let Some(ended) = run(turns, case) {
        assert!(ended.status.success(), "the case ended with {}:\n{}", ended.status, ended.output);
    }
}

/// Runs `case`, which ends its process; what became of it. In that process itself it does not return.
pub(crate) fn dies<F: Fn(&Place)>(case: F) -> Ended {
    match run(1, case) {
        Some(ended) => ended,
        None => panic!("the case should have ended the process"),
    }
}

/// `None` in the process of the case, which has run it.
fn run<F: Fn(&Place)>(turns: u32, case: F) -> Option<Ended> {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE) {
        let turn = env::var(TURN_VARIABLE).unwrap().parse().unwrap();
        case(&Place::at(folder.into(), turn));
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&template().join("tokens"), &folder.path().join("tokens"));
    for variables in ["fault.env", "other.env"] {
        fs::copy(template().join(variables), folder.path().join(variables)).unwrap();
    }
    let tokens = format!("directories.tokendir = {}/tokens\nlog.level = ERROR\n", folder.path().display());
    fs::write(folder.path().join("softhsm2.conf"), tokens).unwrap();
    Place::at(folder.path().into(), 0).set("");
    // A closure is named after the function it stands in: `injections::pins::locks::{{closure}}`.
    let name = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").unwrap().1.to_owned();
    let mut last = None;
    for turn in 1..=turns {
        let (status, output) = in_process(&name, folder.path(), turn);
        let done = !status.success();
        last = Some((status, output));
        if done {
            break;
        }
    }
    let (status, output) = last.unwrap();
    Some(Ended { folder, status, output })
}

fn in_process(test: &str, folder: &Path, turn: u32) -> (ExitStatus, String) {
    let place = Place::at(folder.into(), turn);
    let child = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER_VARIABLE, folder)
        .env(TURN_VARIABLE, turn.to_string())
        .env(CONTROL_VARIABLE, place.control.path())
        .env(MODULE_VARIABLE, &place.token("fault").module)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (status, output) = wait(child);
    assert!(output.contains("running 1 test\n"), "no test is called {test}:\n{output}");
    (status, output)
}

fn wait(mut child: Child) -> (ExitStatus, String) {
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).unwrap();
        text
    });
    let err = thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).unwrap();
        text
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > TIME_LIMIT {
            child.kill().unwrap();
        }
        sleep(Duration::from_millis(5));
    };
    let text = [out.join().unwrap(), err.join().unwrap()].concat();
    (status, String::from_utf8_lossy(&text).into_owned())
}

impl Place {
    fn at(folder: PathBuf, turn: u32) -> Self {
        Place { control: ControlFile::at(folder.join("faults.toml")), folder, turn }
    }

    /// Tells the module what to do; calls are always logged.
    pub(crate) fn set(&self, content: &str) {
        self.control.write(&format!("log = \"calls.log\"\n{content}")).unwrap();
    }

    /// The call log so far.
    pub(crate) fn calls(&self) -> Vec<LoggedCall> {
        read_log(&self.folder.join("calls.log")).unwrap()
    }

    /// What became of the calls of `function` so far.
    pub(crate) fn outcomes(&self, function: &str) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.function == function).map(|call| call.outcome).collect()
    }

    /// The token with this label: `fault` or `other`.
    pub(crate) fn token(&self, label: &str) -> Token {
        let variables = fs::read_to_string(self.folder.join(format!("{label}.env"))).unwrap();
        let value = |name: &str| {
            let found = variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.unwrap().to_owned()
        };
        Token { serial: value("TOKEN_SERIAL"), pin: value("TEST_PIN"), module: value("MODULE").into() }
    }
}

impl Ended {
    /// The last call that the process made.
    pub(crate) fn last_call(&self) -> LoggedCall {
        Place::at(self.folder.path().into(), 0).calls().pop().unwrap()
    }
}

/// Waits until `done`, which must come.
pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < TIME_LIMIT / 2, "{what}: in vain");
        sleep(Duration::from_millis(2));
    }
}

/// A folder with two tokens, made once.
fn template() -> &'static Path {
    static TEMPLATE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-tokens");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../softhsm-setup/setup.sh");
        for label in ["fault", "other"] {
            let setup =
                Command::new(&script).args(["--keys", "1", "--label", label]).arg(&folder).output().unwrap();
            assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));
        }
        folder
    });
    &TEMPLATE
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
