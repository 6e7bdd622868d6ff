//! Why a file cannot be read: one typed error, with a stable code and the place in the file.

use std::fmt;

/// Why a file, or a part of it that was asked for, is not read.
///
/// [`ReadError::code`] is part of the product's contract; the text is for engineers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No `%PDF-` header within the first 1,024 bytes.
    #[error("not a PDF: no %PDF- header within the first 1024 bytes")]
    NotPdf,
    /// Readers may disagree about this file, so that what one person sees need not be what another one does.
    #[error("damaged PDF: {what} (at byte {offset})")]
    Damaged {
        /// What is wrong.
        what: Damage,
        /// Where: bytes from the start of the file. For something inside an object stream, where that stream's data begins.
        offset: u64,
    },
    /// The file is encrypted (ISO 32000-2 §7.6).
    #[error("the PDF is encrypted")]
    Encrypted,
    /// The file has a table and a stream for the same revision which do not agree (ISO 32000-2 §7.5.8.4); readers differ on which of the two they
    /// obey.
    #[error("the PDF is a hybrid-reference file whose two halves do not agree")]
    Hybrid,
    /// One of the limits in [`Limit`] was met.
    #[error("the PDF is too complex: {what} (at byte {offset})")]
    TooComplex {
        /// Which limit.
        what: Limit,
        /// Where: bytes from the start of the file.
        offset: u64,
    },
    /// A page was asked for that the document does not have.
    #[error("no page {index} (counted from 0) in a document of {count} pages")]
    NoSuchPage {
        /// The page asked for, counted from 0.
        index: usize,
        /// How many pages there are.
        count: usize,
    },
}

impl ReadError {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ReadError::NotPdf => "pdf-not-a-pdf",
            ReadError::Damaged { .. } => "pdf-damaged",
            ReadError::Encrypted => "pdf-encrypted",
            ReadError::Hybrid => "pdf-hybrid",
            ReadError::TooComplex { .. } => "pdf-too-complex",
            ReadError::NoSuchPage { .. } => "pdf-no-such-page",
        }
    }

    /// Damage of the kind `what` at the byte `offset` of the file.
    #[must_use]
    pub fn damaged(what: Damage, offset: u64) -> ReadError {
        ReadError::Damaged { what, offset }
    }
}

macro_rules! kinds {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every kind there is.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// A stable kebab-case name of this kind, for reports and metadata.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($name::$variant => $text,)* })
            }
        }
    };
}

kinds! {
    /// What makes a file damaged. The list of what counts and what does not is `docs/damaged.md`.
    Damage {
        /// No `startxref` with a number within the last 1,024 bytes.
        NoStartxref = "no-startxref", "no startxref near the end of the file";
        /// Neither a cross-reference table nor a cross-reference stream where startxref or /Prev points.
        NoSection = "no-section", "no cross-reference section where one is said to be";
        /// A cross-reference table that does not follow ISO 32000-2 §7.5.4.
        Table = "table", "malformed cross-reference table";
        /// A cross-reference stream that does not follow ISO 32000-2 §7.5.8.
        XrefStream = "xref-stream", "malformed cross-reference stream";
        /// Two entries for the same object in one section, and they differ.
        DuplicateEntry = "duplicate-entry", "two differing cross-reference entries for one object";
        /// The chain of /Prev comes back to a section already read.
        PrevLoop = "prev-loop", "the chain of cross-reference sections runs in a circle";
        /// A trailer that is missing, not a dictionary, or lacks /Size or /Root.
        Trailer = "trailer", "malformed trailer";
        /// A cross-reference entry points at something else than its object.
        WrongOffset = "wrong-offset", "a cross-reference entry does not point at its object";
        /// A reference names another generation than the object has; readers differ on whether that is the object or null.
        Generation = "generation", "a reference names another generation than the object has";
        /// An object reaches into the next one.
        Overlap = "overlap", "an object is not complete before the next one begins";
        /// The file, or an object stream, ends within an object.
        Unfinished = "unfinished", "the data end within an object";
        /// Bytes that are no PDF object.
        Syntax = "syntax", "malformed object";
        /// A dictionary has the same key twice with different values; readers differ on which one counts.
        DuplicateKey = "duplicate-key", "a dictionary has the same key twice";
        /// References that lead back to themselves.
        ReferenceLoop = "reference-loop", "references run in a circle";
        /// A value has another type than ISO 32000-2 demands there.
        WrongType = "wrong-type", "a value is not of the required type";
        /// A stream whose data do not end where /Length says, or whose start is ambiguous.
        StreamLength = "stream-length", "a stream does not end where its length says";
        /// A filter that failed, or that is not allowed where structure is kept.
        Filter = "filter", "stream data cannot be decoded";
        /// An object stream whose index does not tell the truth (ISO 32000-2 §7.5.7).
        ObjectStream = "object-stream", "malformed object stream";
        /// No catalog.
        Catalog = "catalog", "no document catalog";
        /// A page tree on whose pages or order readers may disagree.
        PageTree = "page-tree", "malformed page tree";
        /// A form whose field tree has circles or malformed parts.
        Form = "form", "malformed form field tree";
    }
}

kinds! {
    /// The limits that keep hostile files from costing more than they are worth. None is near what real files have.
    Limit {
        /// Arrays and dictionaries nested deeper than 256.
        Nesting = "nesting", "objects nested too deeply";
        /// An object number above 8,388,607, the highest that common readers know (ISO 32000-1 Annex C).
        Numbers = "numbers", "an object number too high for common readers";
        /// More than 4,000,000 cross-reference entries.
        Entries = "entries", "too many cross-reference entries";
        /// More than 4,096 cross-reference sections.
        Sections = "sections", "too many cross-reference sections";
        /// More than 262,144 keys in one dictionary.
        Keys = "keys", "too many keys in one dictionary";
        /// Objects were read again and again, beyond 128 MiB and 32 times the size of the file in all.
        Work = "work", "reading it takes too much work";
        /// A stream that decodes to more than its limit.
        Decoded = "decoded", "a stream decodes to too many bytes";
        /// More than 256 MiB of object streams together.
        ObjectStreams = "object-streams", "object streams decode to too many bytes together";
        /// A page tree deeper than 256.
        PageDepth = "page-depth", "page tree too deep";
        /// More than 1,000,000 pages.
        Pages = "pages", "too many pages";
        /// More than 100,000 form fields, or fields nested deeper than 256.
        Fields = "fields", "too many form fields";
        /// More than 10,000 layers.
        Layers = "layers", "too many layers";
    }
}
