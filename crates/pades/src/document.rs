//! One strict reader, the sole authority on a file's structure (ISO 32000-2 §7.5).
//!
//! [`Document::open`] reads the cross-reference sections and looks at the head of every object they name; everything else is read
//! when it is asked for, straight from the bytes. Memory grows with the number of objects, never with the size of the file.
//!
//! # What is damaged, and what is not
//!
//! The rule: a file that common readers (qpdf, poppler, MuPDF, pdf.js, PDFium, pyHanko) take alike is sound, whatever the letter of
//! the standard says; a file that they may take differently, or that some of them must repair first, is damaged. Nothing is ever
//! repaired here. `docs/damaged.md` has every case with its verdict, its reason and a file that shows it.
//!
//! What structure does not hang on is not looked at here: [`crate::scan`] goes through all that something leads to, and tells of
//! streams, objects and references on which readers that repair them may differ.
//!
//! Refused with codes of their own: encrypted files, and hybrid ones (/XRefStm) whose table and stream speak of one object in two ways, or
//! whose stream leads to other sections than the table; what they hide is shown by some readers only.

mod entries;
mod excerpt;
mod header;
mod hybrid;
mod indirect;
mod object_stream;
mod objects;
mod page_tree;
mod pages;
mod revisions;
mod sections;
mod stream;
mod table;
mod xref_stream;

pub use excerpt::ExcerptError;
pub(crate) use excerpt::shown_by;
pub use header::may_be_pdf;
pub(crate) use objects::Places;
pub use pages::{Attribute, Page, PageError};
pub use revisions::Revision;
pub use sections::XrefStyle;

use crate::error::{Damage, Limit, ReadError};
use crate::object::{Array, Dictionary, Object, Reference};
use elsa::sync::FrozenMap;
use entries::{Entries, Entry};
use object_stream::ObjectStream;
use page_tree::PageTree;
use sections::Section;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A /Size beyond this reserves nothing: some readers know no higher object numbers than 4,194,303.
const MAX_RESERVED: u32 = 4_000_000;

/// Bytes that may be read for objects over the life of a [`Document`], beside ...
const WORK: u64 = 128 << 20;
/// ... this often each byte of the file.
const WORK_PER_BYTE: u64 = 32;

/// An indirect object whose value is a reference to another one may lead on this often.
const MAX_CHAIN: usize = 32;

/// An open PDF file. Borrows its bytes; can be shared between threads.
pub struct Document<'a> {
    bytes: &'a [u8],
    offset_base: u64,
    header_version: (u8, u8),
    /// Newest first; never empty.
    sections: Vec<Section<'a>>,
    newest: Section<'a>,
    entries: Entries,
    /// Object streams that were needed so far, by number; kept, for objects borrow from them.
    object_streams: FrozenMap<u32, Box<ObjectStream>>,
    /// Their size together.
    decoded: AtomicUsize,
    /// Bytes that were read for objects so far.
    work: AtomicU64,
    page_tree: OnceLock<Result<PageTree, ReadError>>,
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.bytes.len())
            .field("trailer", &self.newest.trailer.raw().escape_ascii().to_string())
            .finish_non_exhaustive()
    }
}

impl<'a> Document<'a> {
    /// Reads the structure of the file whose bytes these are.
    ///
    /// # Errors
    /// Every kind of [`ReadError`] but [`ReadError::NoSuchPage`].
    pub fn open(bytes: &'a [u8]) -> Result<Document<'a>, ReadError> {
        let header = header::header(bytes)?;
        let startxref = header::startxref(bytes)?;
        let mut sections = sections::chain(bytes, header.offset, startxref)?;
        if sections.iter().any(|section| section.trailer.get_raw("Encrypt").is_some_and(|raw| raw != b"null"))
        {
            return Err(ReadError::Encrypted);
        }
        let entries = Entries::merge(&mut sections)?;
        let newest = sections.first().cloned().ok_or(ReadError::damaged(Damage::NoSection, startxref))?;
        entries.verify(bytes, header.offset)?;
        let document = Document {
            bytes,
            offset_base: header.offset,
            header_version: header.version,
            sections,
            newest,
            entries,
            object_streams: FrozenMap::new(),
            decoded: AtomicUsize::new(0),
            work: AtomicU64::new(0),
            page_tree: OnceLock::new(),
        };
        document.catalog()?;
        Ok(document)
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How the newest revision writes its cross references; a further revision must do the same (ISO 32000-2 §7.5.8.4).
    #[must_use]
    pub fn xref_style(&self) -> XrefStyle {
        self.newest.style
    }

    /// The newest trailer; with cross-reference streams, the dictionary of the newest one.
    #[must_use]
    pub fn trailer(&self) -> &Dictionary<'a> {
        &self.newest.trailer
    }

    /// The offset of the newest cross-reference section as the file writes it, so relative to [`Document::offset_base`]: what the
    /// /Prev of a further revision must say.
    #[must_use]
    pub fn startxref(&self) -> u64 {
        self.newest.offset
    }

    /// How many bytes precede `%PDF-`. Offsets within the file (cross references, startxref, /Prev) count from there; /ByteRange
    /// counts from the first byte of the file all the same.
    #[must_use]
    pub fn offset_base(&self) -> u64 {
        self.offset_base
    }

    /// The lowest object number above every one in use, ever used, or reserved by a sensible /Size.
    #[must_use]
    pub fn next_free_number(&self) -> u32 {
        let sizes =
            self.sections.iter().filter_map(|section| section.size).filter(|size| *size <= MAX_RESERVED);
        sizes.chain([self.entries.highest().saturating_add(1), 1]).max().unwrap_or(1)
    }

    /// The version of PDF that the file claims, major and minor: the higher of header and catalog (ISO 32000-2 §7.7.2).
    #[must_use]
    pub fn version(&self) -> (u8, u8) {
        let catalog = self.catalog().and_then(|(_, catalog)| self.resolve(catalog.get("Version")?)).ok();
        let claimed =
            catalog.and_then(|version| version.as_name()).and_then(|name| header::version(name.raw()));
        claimed.map_or(self.header_version, |claimed| claimed.max(self.header_version))
    }

    /// The object that `reference` names; [`Object::Null`] if it is free or missing (ISO 32000-2 §7.3.10). If it is itself a reference,
    /// that is returned; see [`Document::resolve`].
    ///
    /// # Errors
    /// [`ReadError::Damaged`] and [`ReadError::TooComplex`].
    pub fn object(&self, reference: Reference) -> Result<Object<'_>, ReadError> {
        match self.entries.find(reference.number) {
            None | Some(Entry::Free) => Ok(Object::Null),
            Some(Entry::InUse { offset, generation }) => {
                let at = offset.saturating_add(self.offset_base);
                if generation != reference.generation {
                    return Err(ReadError::damaged(Damage::Generation, at));
                }
                let indirect = indirect::at(self.bytes, at, self.boundary_after(at))?;
                self.charge(indirect.length, at)?;
                if indirect.reference != reference {
                    return Err(ReadError::damaged(Damage::WrongOffset, at));
                }
                Ok(indirect.value)
            }
            Some(Entry::Compressed { stream, index }) => self.compressed(reference, stream, index),
        }
    }

    /// Counts the bytes that are read for an object. Small files can make a reader come back to one large object over and over.
    fn charge(&self, length: usize, offset: u64) -> Result<(), ReadError> {
        let sum = self.work.fetch_add(length as u64, Ordering::Relaxed).saturating_add(length as u64);
        let limit = WORK.saturating_add((self.bytes.len() as u64).saturating_mul(WORK_PER_BYTE));
        if sum > limit { Err(ReadError::TooComplex { what: Limit::Work, offset }) } else { Ok(()) }
    }

    /// Where in the file the next object or section after the offset `at` begins, if one does.
    fn boundary_after(&self, at: u64) -> Option<u64> {
        let boundary = self.entries.boundary_after(at.saturating_sub(self.offset_base));
        boundary.map(|boundary| boundary.saturating_add(self.offset_base))
    }

    /// Follows a reference, and the references it leads to, to a value that is not one. Other objects are returned as they are.
    ///
    /// # Errors
    /// As [`Document::object`]; [`Damage::ReferenceLoop`] after 32 steps.
    pub fn resolve<'s>(&'s self, object: Object<'s>) -> Result<Object<'s>, ReadError> {
        let mut object = object;
        for _ in 0..MAX_CHAIN {
            match object {
                Object::Reference(reference) => object = self.object(reference)?,
                other => return Ok(other),
            }
        }
        Err(ReadError::damaged(Damage::ReferenceLoop, 0))
    }

    /// The value of `key` in `dictionary`, with references followed.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn value<'s>(&'s self, dictionary: &Dictionary<'s>, key: &str) -> Result<Object<'s>, ReadError> {
        self.resolve(dictionary.get(key)?)
    }

    /// The four numbers of a rectangle (ISO 32000-2 §7.9.5), as written; `None` if it is anything else.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn rectangle(&self, array: Array<'_>) -> Result<Option<[f64; 4]>, ReadError> {
        let mut numbers = Vec::with_capacity(4);
        for element in array.iter().take(5) {
            match self.resolve(element?)?.as_number() {
                Some(number) => numbers.push(number),
                None => return Ok(None),
            }
        }
        Ok(numbers.try_into().ok())
    }

    /// The document catalog and its name (ISO 32000-2 §7.7.2).
    ///
    /// # Errors
    /// [`Damage::Catalog`] if /Root does not name a dictionary; else as [`Document::object`].
    pub fn catalog(&self) -> Result<(Reference, Dictionary<'_>), ReadError> {
        let trailer = self.trailer();
        let missing = ReadError::damaged(Damage::Catalog, trailer.offset());
        let reference = trailer.get("Root")?.as_reference().ok_or(missing)?;
        match self.object(reference)? {
            Object::Dictionary(catalog) => Ok((reference, catalog)),
            _ => Err(missing),
        }
    }

    /// How many pages there are. The first call walks the page tree.
    ///
    /// # Errors
    /// [`Damage::PageTree`] among others.
    pub fn page_count(&self) -> Result<usize, ReadError> {
        Ok(self.page_tree()?.count())
    }

    /// The page with the given index, counted from 0.
    ///
    /// # Errors
    /// [`ReadError::NoSuchPage`]; else as [`Document::page_count`].
    pub fn page(&self, index: usize) -> Result<Page<'_>, ReadError> {
        self.page_tree()?.page(self, index)
    }

    /// The index of the page that `reference` names, if it is a page.
    ///
    /// # Errors
    /// As [`Document::page_count`].
    pub fn page_index(&self, reference: Reference) -> Result<Option<usize>, ReadError> {
        Ok(self.page_tree()?.index_of(reference))
    }

    fn page_tree(&self) -> Result<&PageTree, ReadError> {
        self.page_tree.get_or_init(|| PageTree::read(self)).as_ref().map_err(|error| *error)
    }

    /// The file's revisions, oldest first (ISO 32000-2 §7.5.6). What one of them covers can be opened on its own as
    /// `&bytes[..revision.end]`.
    #[must_use]
    pub fn revisions(&self) -> Vec<Revision> {
        revisions::revisions(self.bytes, &self.sections)
    }
}
