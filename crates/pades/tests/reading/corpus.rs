//! Every file of the corpus of real PDFs, if it is there.

use sealkeeper_pades::{Document, PageError, inspect};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files that qpdf finds clean and we do not read, with the reason. Whatever else qpdf finds clean must be read, unless it is
/// encrypted.
const REFUSED_THOUGH_CLEAN: [(&str, &str); 4] = [
    ("bad-xref.pdf", "prose between the entries of the table; readers that go by 20 bytes rebuild it"),
    (
        "shared-unnamed-field.pdf",
        "form fields shared by two parents at every level; poppler visits 2^n of them and hangs",
    ),
    ("many-nulls.pdf", "/Count 0 above one page; readers that trust it show none"),
    (
        "object-stream-self-ref.pdf",
        "indices in the object stream are off by one; readers that go by them find other objects",
    ),
];

/// $SEALKEEPER_CORPUS, or `shared/corpus` beside the repository.
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let path = std::env::var_os("SEALKEEPER_CORPUS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn look(bytes: &[u8]) -> Result<(), PageError> {
    let document = Document::open(bytes)?;
    let facts = inspect(&document)?;
    for index in 0..facts.pages {
        document.page(index)?.geometry()?;
    }
    Ok(())
}

/// What `qpdf --check` says: 0 clean, 3 warnings, 2 errors; `None` where there is no qpdf.
fn qpdf(path: &Path) -> Option<i32> {
    Command::new("qpdf").arg("--check").arg(path).output().ok()?.status.code()
}

#[test]
fn what_qpdf_finds_clean_is_read() {
    let Some(folder) = corpus() else {
        println!("skipped: no corpus (set SEALKEEPER_CORPUS)");
        return;
    };
    let mut table: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let files = files(&folder);
    for path in &files {
        let verdict = look(&std::fs::read(path).unwrap());
        let code = verdict.as_ref().map_or_else(PageError::code, |()| "read");
        *table.entry(code).or_default() += 1;
        if matches!(code, "read" | "pdf-encrypted") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = REFUSED_THOUGH_CLEAN.iter().any(|(suffix, _)| name.ends_with(suffix));
        if qpdf(path) == Some(0) && !known {
            wrong.push(format!("{name}: {}", verdict.unwrap_err()));
        }
    }
    println!("{} files: {table:?}", files.len());
    assert!(wrong.is_empty(), "clean but refused:\n{}", wrong.join("\n"));
    assert!(table.get("read").copied().unwrap_or(0) * 100 >= files.len() * 82, "too few read: {table:?}");
}
