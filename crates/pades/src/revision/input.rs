//! The digest of the input, taken once.

use sha2::{Digest, Sha256};

/// SHA-256 over the bytes of a file as they arrive. What is appended later is hashed on from here, so that stamping
/// with SHA-256 reads the input once.
#[derive(Clone, Default)]
pub struct InputDigest {
    state: Sha256,
    len: u64,
}

impl InputDigest {
    /// The digest of `bytes`, all at once.
    #[must_use]
    pub fn of(bytes: &[u8]) -> InputDigest {
        let mut digest = InputDigest::default();
        digest.update(bytes);
        digest
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// How many bytes were taken.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no byte was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// SHA-256 of the bytes taken so far.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.state.clone().finalize().into()
    }

    /// SHA-256 of the bytes taken so far and `parts` after them.
    pub(super) fn sha256_with<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        let mut state = self.state.clone();
        parts.into_iter().for_each(|part| state.update(part));
        state.finalize().into()
    }
}

impl std::fmt::Debug for InputDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputDigest").field("len", &self.len).finish_non_exhaustive()
    }
}
