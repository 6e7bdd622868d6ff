//! Where the agent's socket lies when nobody says otherwise. Pure, so that agent and client cannot disagree.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Longest path of a socket, bytes: `sun_path` holds 108 with the final NUL on Linux (unix(7)), 104 elsewhere.
pub const LONGEST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The directory of the agent's socket, to be owned by the agent's user with mode 0700: under `$XDG_RUNTIME_DIR` where that is set to an
/// absolute path, else under `/run/user/<uid>` where that exists, else `/tmp/sealkeeper-<uid>` (CI, root, cron).
pub fn default_directory(xdg_runtime_dir: Option<&OsStr>, run_user_exists: bool, uid: u32) -> PathBuf {
    match xdg_runtime_dir.map(Path::new) {
        Some(dir) if dir.is_absolute() => dir.join("sealkeeper"),
        _ if run_user_exists => PathBuf::from(format!("/run/user/{uid}/sealkeeper")),
        _ => PathBuf::from(format!("/tmp/sealkeeper-{uid}")),
    }
}

/// The agent's socket in [`default_directory`].
pub fn default_socket(xdg_runtime_dir: Option<&OsStr>, run_user_exists: bool, uid: u32) -> PathBuf {
    default_directory(xdg_runtime_dir, run_user_exists, uid).join("agent.sock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_then_run_user_then_tmp() {
        let at = |xdg: Option<&str>, run| default_socket(xdg.map(OsStr::new), run, 7).display().to_string();
        assert_eq!(at(Some("/run/x"), true), "/run/x/sealkeeper/agent.sock");
        assert_eq!(at(Some("relative"), true), "/run/user/7/sealkeeper/agent.sock");
        assert_eq!(at(None, true), "/run/user/7/sealkeeper/agent.sock");
        assert_eq!(at(Some(""), false), "/tmp/sealkeeper-7/agent.sock");
    }
}
