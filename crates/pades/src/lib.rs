//! PDF in, PDF out: read strictly, place, revise, sign (PAdES), validate.

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

pub use document::{Attribute, Document, Page, PageError, Revision, XrefStyle};
pub use error::{Damage, Limit, ReadError};
pub use facts::{DocMdp, ExistingSignature, Facts, NewFieldForbidden, PdfAClaim, SignatureField, inspect};
pub use geometry::{GeometryError, PageGeometry, PlacedBox, Rotation};
pub use object::{Array, Dictionary, Name, Object, PdfString, Real, Reference, Stream};
