//! The command line where it needs no agent: every case of `cases/*.toml` is run as it stands and must give exactly
//! that output and exit code, and leave its folder as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::{Table, Value};

/// Runs one case in a folder that holds the files of `tests/files`, with no environment but what the case sets.
fn run(case: &Table, folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seal"));
    command.current_dir(folder).env_clear().env("SEALKEEPER_SOCKET", "absent.sock");
    for (name, value) in case.get("env").and_then(Value::as_table).into_iter().flatten() {
        command.env(name, value.as_str().expect("a string"));
    }
    let arguments = case["args"].as_array().expect("args");
    command.args(arguments.iter().map(|argument| argument.as_str().expect("a string"))).output().unwrap()
}

fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

fn check(cases: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files_of(&here.join("files")) {
        fs::write(folder.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    let before = files_of(folder.path());
    let cases: Table = fs::read_to_string(here.join("cases").join(cases)).unwrap().parse().unwrap();
    let cases = cases["case"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let case = case.as_table().unwrap();
        let name = case["name"].as_str().unwrap();
        let output = run(case, folder.path());
        let text = |stream: &str| case.get(stream).map_or("", |text| text.as_str().unwrap()).to_owned();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(said(output.stdout), text("stdout"), "stdout of {name}");
        assert_eq!(said(output.stderr), text("stderr"), "stderr of {name}");
        assert_eq!(output.status.code().map(i64::from), case["exit"].as_integer(), "exit code of {name}");
        assert!(files_of(folder.path()) == before, "{name} changed a file");
    }
}

#[test]
fn usage() {
    check("usage.toml");
}

#[test]
fn placement() {
    check("placement.toml");
}

#[test]
fn agent_not_running() {
    check("agent-not-running.toml");
}

#[test]
fn doctor() {
    check("doctor.toml");
}

#[test]
fn key() {
    check("key.toml");
}

#[test]
fn json() {
    check("json.toml");
}

#[test]
fn verify() {
    check("verify.toml");
}
