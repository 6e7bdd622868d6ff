//! Why a document is not stamped.

use crate::document::PageError;
use crate::error::ReadError;

/// Why the new revision is not written. Most are properties of the document; the last ones are the caller's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionError {
    /// The document is damaged where it is touched, or has no such page.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The page has no usable geometry.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A document without pages.
    #[error("the document has no pages")]
    NoPages,
    /// The document is certified (DocMDP): a new signature field would make the certification invalid
    /// (ISO 32000-2 §12.8.2.2).
    #[error("the document is certified against new fields")]
    Certified,
    /// An earlier signature locks all fields (FieldMDP, ISO 32000-2 §12.8.2.4): a new one would make it invalid.
    #[error("the signature in field {field:?} locks the document against new fields")]
    Locked {
        /// The fully qualified name of the field whose signature does.
        field: String,
    },
    /// The form is XFA: viewers of XFA show something else than the pages.
    #[error("the document has an XFA form")]
    Xfa,
    /// The document claims PDF/A-1, where the seal's transparency is not allowed (ISO 19005-1 §6.4).
    #[error("the document claims PDF/A-1, which allows no transparency")]
    PdfA1,
    /// The box does not lie inside the visible part of the page, or was placed for another rotation.
    #[error("the seal does not lie inside the visible part of page {page} (counted from 0)")]
    OutsidePage {
        /// Counted from 0.
        page: usize,
    },
    /// The file would have more objects or bytes than a PDF can have.
    #[error("the document is too large for another revision: {0}")]
    TooLarge(&'static str),
    /// The digest given is not that of this document.
    #[error("the digest given covers another number of bytes than the document has")]
    InputMismatch,
    /// A value for the signature dictionary cannot be written.
    #[error("the signature dictionary cannot hold {0}")]
    Unwritable(&'static str),
    /// The CMS structure is longer than the room left for it.
    #[error("the signature has {length} bytes, more than the {capacity} reserved")]
    ContentsTooSmall {
        /// Bytes of the CMS structure.
        length: usize,
        /// Bytes reserved.
        capacity: usize,
    },
    /// Writing into memory failed; a fault of this crate.
    #[error("the revision cannot be written: {0}")]
    Writing(#[from] std::io::Error),
}

impl RevisionError {
    /// The stable reason code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Page(error) => error.code(),
            Self::NoPages => "pdf-no-pages",
            Self::Certified | Self::Locked { .. } => "pdf-certified",
            Self::Xfa => "pdf-xfa",
            Self::PdfA1 => "pdf-a1-transparency",
            Self::OutsidePage { .. } => "placement-outside-page",
            Self::TooLarge(_) => "pdf-too-large",
            Self::InputMismatch | Self::Unwritable(_) | Self::ContentsTooSmall { .. } | Self::Writing(_) => {
                "internal"
            }
        }
    }
}
