//! Where a secret is looked for that must be nowhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whether these bytes hold the secret in any plain spelling: as it is, in hexadecimal, as a list of bytes, or as UTF-16.
pub fn holds(bytes: &[u8], secret: &str) -> bool {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let decimal: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let spellings = [secret.as_bytes().to_vec(), hex.into_bytes(), decimal.join(", ").into_bytes(), utf16];
    // Looked for by its first byte: logs are long.
    spellings.iter().any(|spelling| {
        let Some((first, _)) = spelling.split_first() else { return true };
        let starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
        starts.into_iter().any(|(start, _)| bytes[start..].starts_with(spelling))
    })
}

/// All files below a folder. Sockets and files that vanish meanwhile are none.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

/// What the system shows of a process and what it was started with. Empty where that is not to be read.
pub fn shown_of(process: u32) -> Vec<(&'static str, Vec<u8>)> {
    let shown = |what| (what, fs::read(format!("/proc/{process}/{what}")).unwrap_or_default());
    ["cmdline", "environ", "status", "maps"].map(shown).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_finds_what_it_looks_for() {
        let secret = "ab-9";
        for spelled in [&b"x ab-9 y"[..], b"61622d39", b"[97, 98, 45, 57]", b"a\0b\0-\x009\0"] {
            assert!(holds(spelled, secret), "{spelled:?}");
        }
        assert!(!holds(b"ab-8 and more ab-", secret));
    }
}
