//! The four independent judges of `tests/judges.py`.

use std::{fs, path::Path, path::PathBuf, process::Command, sync::LazyLock};

use crate::{SoftToken, binaries::kept_folder, repository, sha256, token::succeed};

/// The interpreter of the judges' environment.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let made = succeed(&mut Command::new(repository().join("tests/venv.sh")));
    String::from_utf8(made.stdout).unwrap().trim_end().into()
});

/// Makes it, if it has not been made yet.
pub(crate) fn prepare() {
    LazyLock::force(&PYTHON);
}

/// pdfsig, pyHanko, qpdf and openssl all call `stamped` valid: so many signatures by seals of this token, each intact
/// and trusted, the newest over the whole file, and nothing made worse that `original` had.
///
/// # Panics
/// With the verdicts, if one of them does not, or cannot tell.
pub fn assert_judged_valid(stamped: &[u8], original: &[u8], signatures: usize, token: &SoftToken) {
    let folder = tempfile::tempdir().unwrap();
    let (after, before) = (folder.path().join("stamped.pdf"), folder.path().join("original.pdf"));
    fs::write(&after, stamped).unwrap();
    fs::write(&before, original).unwrap();
    let verdicts = succeed(
        Command::new(&*PYTHON)
            .arg(repository().join("tests/judges.py"))
            .arg("--ca")
            .arg(token.ca())
            .args(["--signatures", &signatures.to_string(), "--original"])
            .arg(before)
            .arg("--nss")
            .arg(trust_store(&token.ca(), folder.path()))
            .arg(after),
    );
    let verdicts = String::from_utf8(verdicts.stdout).unwrap();
    let judges: Vec<_> = verdicts.lines().filter_map(|line| line.split_once(' ')).collect();
    let valid =
        |name: &str| judges.iter().any(|(judge, said)| *judge == name && said.trim().starts_with("valid"));
    assert!(["pdfsig", "pyhanko", "qpdf", "openssl"].into_iter().all(valid), "{verdicts}");
}

/// An NSS database that trusts the CA: made once by the first judgement, put in place by a rename.
fn trust_store(ca: &Path, scratch: &Path) -> PathBuf {
    let name = hex::encode(&sha256(&fs::read(ca).unwrap())[..8]);
    let store = kept_folder().join(format!("nss-{name}"));
    if !store.exists() {
        let new = tempfile::tempdir_in(kept_folder()).unwrap().keep();
        let database = format!("sql:{}", new.display());
        succeed(
            Command::new("certutil").args(["-d", &database, "-N", "--empty-password"]).current_dir(scratch),
        );
        succeed(
            Command::new("certutil")
                .args(["-d", &database, "-A", "-n", "test-ca", "-t", "CT,C,C", "-i"])
                .arg(ca),
        );
        if fs::rename(&new, &store).is_err() {
            // Another test was faster.
            fs::remove_dir_all(new).unwrap();
        }
    }
    store
}
