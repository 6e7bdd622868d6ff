//! What outlives the process: PIN tries and faults that strike only so many times. It stands beside the control file
//! (`CONTROL.state`, JSON); remove it to start anew.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::control;

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct State {
    /// Wrong PINs in a row, by the token's serial number.
    pub(crate) wrong: BTreeMap<String, Wrong>,
    /// How often faults struck.
    pub(crate) spent: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize)]
pub(crate) struct Wrong {
    pub(crate) user: u32,
    pub(crate) so: u32,
}

/// Wrong PINs of the token `serial`.
pub(crate) fn wrong(serial: &str) -> Wrong {
    update(|state| state.wrong.get(serial).copied().unwrap_or_default())
}

/// Reads, changes and writes the state while no other process does. Without a control file nothing is kept.
pub(crate) fn update<T>(change: impl FnOnce(&mut State) -> T) -> T {
    let Some(control) = control::path() else { return change(&mut State::default()) };
    let path = beside(control, ".state");
    let guard = fs::File::create(beside(control, ".state.lock"));
    let locked =
        guard.as_ref().map_err(ToString::to_string).and_then(|f| f.lock().map_err(|e| e.to_string()));
    if let Err(e) = locked {
        eprintln!("sealkeeper-fault-module: state file {}: {e}", path.display());
    }
    let mut state = read(&path);
    let result = change(&mut state);
    if let Err(e) = write(&path, &state) {
        eprintln!("sealkeeper-fault-module: state file {}: {e}", path.display());
    }
    result
}

/// The path of a file beside the control file.
pub(crate) fn beside(control: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(control);
    path.push(suffix);
    path.into()
}

fn read(path: &Path) -> State {
    match fs::read(path) {
        Ok(content) => serde_json::from_slice(&content).unwrap_or_else(|e| {
            eprintln!("sealkeeper-fault-module: state file {}: {e}", path.display());
            State::default()
        }),
        Err(_) => State::default(),
    }
}

/// By renaming: the process may be killed at any time.
fn write(path: &Path, state: &State) -> io::Result<()> {
    let content = serde_json::to_vec(state)?;
    if fs::read(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    let new = beside(path, ".new");
    fs::write(&new, content)?;
    fs::rename(new, path)
}
