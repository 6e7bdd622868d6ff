//! What keeps a page from being seen.

use hayro::hayro_syntax::{DecryptionError, LoadPdfError};

/// Why a document or a page cannot be looked at. It is always the file, or the page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The file is encrypted, with a password or in an unknown way.
    #[error("the document is encrypted")]
    Encrypted,
    /// Not even repaired does the file make a document.
    #[error("the document cannot be read")]
    Unreadable,
    /// There is no such page.
    #[error("there is no page {page}; the document has {pages}")]
    NoSuchPage {
        /// The page asked for, from 0.
        page: usize,
        /// How many there are.
        pages: usize,
    },
    /// Drawing the page would go through more operators than [`crate::look::Limits::DRAWN`].
    #[error("the page draws too much")]
    TooMuch,
    /// The page's boxes leave nothing to see.
    #[error("the page has no visible area")]
    NoVisibleArea,
}

impl ViewError {
    /// The stable reason code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ViewError::Encrypted => "pdf-encrypted",
            ViewError::Unreadable => "pdf-damaged",
            ViewError::NoSuchPage { .. } => "pdf-no-such-page",
            ViewError::TooMuch => "document-too-hard-time",
            ViewError::NoVisibleArea => "pdf-page-unusable",
        }
    }
}

impl From<LoadPdfError> for ViewError {
    fn from(error: LoadPdfError) -> ViewError {
        match error {
            LoadPdfError::Decryption(
                DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm,
            ) => ViewError::Encrypted,
            LoadPdfError::Decryption(_) | LoadPdfError::Invalid => ViewError::Unreadable,
        }
    }
}
