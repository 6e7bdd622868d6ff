//! PDF in, PDF out: read strictly, place, revise, sign (PAdES), validate. No I/O: bytes in, bytes out.
//!
//! | module | what it does | by |
//! |---|---|---|
//! | [`document`] | the one strict reader of a file's structure: sections, objects, pages, revisions | ISO 32000-2 §7.5, §7.7 |
//! | [`object`] | objects, borrowed and parsed lazily, with their bytes as written | ISO 32000-2 §7.3 |
//! | [`facts`] | what decides whether and how a file can be stamped: form, signatures, certification, PDF/A claim | ISO 32000-2 §12.7, §12.8 |
//! | [`geometry`] | positions as a person sees them, in µm, to and from user space | ISO 32000-2 §8.3.2, §14.11.2 |
//! | [`picture`] | the seal's picture | ISO 32000-2 §8.9 |
//! | [`revision`] | the incremental update that carries the seal and its signature | ISO 32000-2 §7.5.6, §12.8 |
//! | [`cms`] | the signature | RFC 5652, ETSI EN 319 142-1 |
//! | [`validate`] | what a stamped file is worth | ISO 32000-2 §12.8.1 |
//!
//! Every error has a `code()`, a stable reason code. [`document`] says what counts as damage; [`Limit`] lists what hostile files meet.
//!
//! ```
//! use sealkeeper_pades::{Document, inspect};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = b"%PDF-1.7
//! 1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
//! 2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
//! 3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595.276 841.89]>> endobj
//! xref
//! 0 4
//! 0000000000 65535 f\x20
//! 0000000009 00000 n\x20
//! 0000000056 00000 n\x20
//! 0000000111 00000 n\x20
//! trailer <</Size 4 /Root 1 0 R>>
//! startxref
//! 187
//! %%EOF";
//! let document = Document::open(bytes)?;
//! assert_eq!(inspect(&document)?.pages, 1);
//!
//! // A seal of 40 mm, its centre 150 mm from the left and 240 mm from the top.
//! let page = document.page(0)?.geometry()?;
//! assert_eq!(page.visible_size_um(), (210_000, 297_000));
//! let placed = page.place(150_000, 240_000, 40_000, 40_000)?;
//! assert_eq!(placed.rect.map(f64::round), [369.0, 105.0, 482.0, 218.0]);
//! # Ok(())
//! # }
//! ```

pub mod cms;
pub mod document;
pub mod error;
pub mod facts;
mod filter;
pub mod geometry;
mod lexer;
pub mod object;
pub mod picture;
pub mod revision;
pub mod validate;

pub use document::{Attribute, Document, ExcerptError, Page, PageError, Revision, XrefStyle, may_be_pdf};
pub use error::{Damage, Limit, ReadError};
pub use facts::{
    DocMdp, ExistingSignature, Facts, FoundHazard, Hazard, HiddenLayer, NewFieldForbidden, PdfAClaim,
    SignatureField, hidden_layers, inspect, scan,
};
pub use geometry::{GeometryError, PageGeometry, PlacedBox, Rotation};
pub use object::{Array, Dictionary, Name, Object, PdfString, Real, Reference, Stream};
