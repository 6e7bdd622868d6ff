//! Where the programs under test are, and the files of the repository.

use std::path::{Path, PathBuf};

/// The path of `seal-agent` or `seal`: in `SEALKEEPER_BIN`, else beside the test executable's own folder
/// (`target/debug/deps` → `target/debug`).
///
/// # Panics
/// If it has not been built.
pub fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("SEALKEEPER_BIN").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(2).unwrap().to_owned()
    });
    let path = folder.join(name);
    assert!(path.is_file(), "{} is not there; run `cargo build --workspace` first", path.display());
    path
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder that outlives the run, for what is slow to make.
pub(crate) fn kept_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("e2e-rust")
}
