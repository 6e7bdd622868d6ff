//! Digests of files that are too large to be read at once.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Bytes read at a time.
const AT_ONCE: usize = 64 << 10;

/// Reads to the end; how many bytes there were, and their SHA-256.
pub(super) fn sha256_of(mut file: impl Read) -> io::Result<(u64, [u8; 32])> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; AT_ONCE];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok((size, hasher.finalize().into()));
        };
        hasher.update(bytes);
        size += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_to_its_last_byte() {
        for size in [0, 1, AT_ONCE, AT_ONCE + 1] {
            let bytes = vec![7; size];
            let expected = sealkeeper_domain::identity::Digest::of(&bytes).0;
            assert_eq!(sha256_of(bytes.as_slice()).unwrap(), (size as u64, expected));
        }
    }
}
