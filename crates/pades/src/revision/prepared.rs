//! A revision that lacks only its signature value, and then one that is complete.

use std::ops::Range;

use sha2::{Digest, Sha256, Sha384};

use super::error::RevisionError;
use super::input::InputDigest;
use super::signature::{Layout, byte_range_text};
use super::trailer::{ID_LEN, Written};
use crate::cms::{DigestAlgorithm, MessageDigest};

/// Everything is written but the signature value.
#[derive(Debug)]
pub struct Prepared {
    appended: Vec<u8>,
    input: InputDigest,
    byte_range: [u64; 4],
    /// The hexadecimal string of /Contents within `appended`, delimiters included.
    contents: Range<usize>,
    /// What may differ between two revisions that show the same.
    variables: Vec<Range<usize>>,
}

/// A complete revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRevision {
    /// The bytes to append to the input.
    pub appended: Vec<u8>,
    /// SHA-256 of the input with `appended` after it.
    pub sha256_of_whole: [u8; 32],
}

impl Prepared {
    pub(super) fn new(
        written: Written,
        layout: Layout,
        input: &InputDigest,
    ) -> Result<Prepared, RevisionError> {
        let Written { bytes: mut appended, id_digits } = written;
        let Layout { byte_range: byte_range_at, contents, mut variables } = layout;
        let at = |offset: usize| input.len() + offset as u64;
        let byte_range = [0, at(contents.start), at(contents.end), (appended.len() - contents.end) as u64];
        let [_, rest @ ..] = byte_range;
        fill(&mut appended, &byte_range_at, byte_range_text(rest).as_bytes())?;
        // The identifier is renewed from everything it identifies; zeros stand where it goes, and in /Contents.
        let id = Sha256::new().chain_update(input.sha256()).chain_update(&appended).finalize();
        let digits: String = id.iter().take(ID_LEN).map(|byte| format!("{byte:02X}")).collect();
        for range in &id_digits {
            fill(&mut appended, range, digits.as_bytes())?;
        }
        variables.extend(id_digits);
        variables.push(contents.clone());
        Ok(Prepared { appended, input: input.clone(), byte_range, contents, variables })
    }

    /// /ByteRange: the whole file but the hexadecimal string of /Contents.
    #[must_use]
    pub fn byte_range(&self) -> [u64; 4] {
        self.byte_range
    }

    /// The digest over the bytes under /ByteRange: the message-digest to sign.
    ///
    /// `input` is the document that this revision is of. SHA-256 goes on from its [`InputDigest`]; only another hash
    /// function has to read it.
    ///
    /// # Errors
    /// [`RevisionError::InputMismatch`], if `input` has another length than the document.
    pub fn byte_range_digest(
        &self,
        algorithm: DigestAlgorithm,
        input: &[u8],
    ) -> Result<MessageDigest, RevisionError> {
        if input.len() as u64 != self.input.len() {
            return Err(RevisionError::InputMismatch);
        }
        let before = self.appended.get(..self.contents.start);
        let after = self.appended.get(self.contents.end..);
        let appended = [before, after].into_iter().flatten();
        Ok(match algorithm {
            DigestAlgorithm::Sha256 => MessageDigest::Sha256(self.input.sha256_with(appended)),
            DigestAlgorithm::Sha384 => {
                let state = Sha384::new().chain_update(input);
                MessageDigest::Sha384(appended.fold(state, Digest::chain_update).finalize().into())
            }
        })
    }

    /// A digest of what will be stamped that is the same however /M, the journal entry, /ID and /Contents are filled
    /// in: SHA-256 over the SHA-256 of the input and the appended bytes, with zero bytes in place of these values.
    #[must_use]
    pub fn digest_without_variables(&self) -> [u8; 32] {
        let mut masked = self.appended.clone();
        for range in &self.variables {
            if let Some(bytes) = masked.get_mut(range.clone()) {
                bytes.fill(0);
            }
        }
        Sha256::new().chain_update(self.input.sha256()).chain_update(masked).finalize().into()
    }

    /// The bytes to append, with nothing in /Contents yet: what a review renders.
    #[must_use]
    pub fn appended(&self) -> &[u8] {
        &self.appended
    }

    /// Puts the CMS structure into /Contents; what it does not fill stays zero.
    ///
    /// # Errors
    /// [`RevisionError::ContentsTooSmall`].
    pub fn embed(mut self, cms: &[u8]) -> Result<SealedRevision, RevisionError> {
        let digits: String = cms.iter().map(|byte| format!("{byte:02X}")).collect();
        let room = self.contents.start + 1..self.contents.end - 1;
        let too_small =
            RevisionError::ContentsTooSmall { length: cms.len(), capacity: (room.end - room.start) / 2 };
        fill(&mut self.appended, &room, digits.as_bytes()).map_err(|_| too_small)?;
        let sha256_of_whole = self.input.sha256_with([self.appended.as_slice()]);
        Ok(SealedRevision { appended: self.appended, sha256_of_whole })
    }
}

/// Writes `value` to the start of `range`.
fn fill(bytes: &mut [u8], range: &Range<usize>, value: &[u8]) -> Result<(), RevisionError> {
    let place = bytes.get_mut(range.clone()).and_then(|room| room.get_mut(..value.len()));
    place.ok_or(RevisionError::Unwritable("a value wider than its place"))?.copy_from_slice(value);
    Ok(())
}
