//! What a reader sees of a PDF page. No I/O: bytes in, values out.
//!
//! | module | what it does | by |
//! |---|---|---|
//! | [`document`] | opens a file, draws a page, looks at it | ISO 32000-2 §7.7, §8, §9 |
//! | [`look`] | what there is to see on a page: size, blank or not, lines of text, fonts that a reader may lack | ISO 32000-2 §8.11, §9.3, §12.5 |
//! | [`picture`] | the page drawn | ISO 32000-2 §8 |
//! | [`draft`] | what says that a text is not final: draft words, empty brackets, gaps to fill in | |
//! | [`search`] | a keyword in the text as drawn | UAX #15 |
//! | [`area`] | positions as a person sees them, in µm | ISO 32000-2 §8.3.2, §14.11.2 |
//!
//! It decides nothing about a file's structure: `sealkeeper-pades` does, strictly, while the interpreter used here repairs what is
//! broken. It trusts no file either, and is made for a process that may die: the interpreter may panic, recurse or take long on hostile
//! files, and nothing here catches that. What this crate itself makes of a page is bounded by [`look::Limits`].

mod annotation;
pub mod area;
mod cover;
pub mod document;
pub mod draft;
mod drawn;
pub mod error;
mod fonts;
mod line;
pub mod look;
mod marks;
pub mod picture;
pub mod search;
mod stand_in;

pub use area::Area;
pub use document::Document;
pub use draft::{Gap, Marker, Placeholder, gaps, markers, placeholders};
pub use error::ViewError;
pub use look::{Layer, Line, PageLook};
pub use picture::Picture;
pub use search::{Hit, find};
