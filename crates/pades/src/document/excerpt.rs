//! A few pages of a document as a file of their own, for whoever draws pages and must not read the whole of a long document for that.

use super::{Document, Entry, Page};
use crate::error::ReadError;
use crate::lexer::Raw;
use crate::object::{Dictionary, Object, Reference};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Keys of a page that lead away from what it shows (ISO 32000-2 Table 31): up the tree, to scripts, to other files, to what only editors read.
const NOT_SHOWN: [&str; 8] = ["Parent", "B", "Metadata", "PieceInfo", "Thumb", "AA", "AF", "PresSteps"];

/// Keys of an annotation that lead to what it shows (ISO 32000-2 Tables 166 and 226). A field inherits its value from its parents; the value of a
/// signature field leads to the whole document, so that values are taken without what they lead to.
const ANNOTATION: [&str; 4] = ["AP", "OC", "MK", "BS"];

/// Why there is no excerpt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExcerptError {
    /// The document.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It would be longer than it may be.
    #[error("the pages need more bytes than an excerpt may have")]
    TooLong,
}

/// What is followed from an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// Nothing.
    Value,
    Annotation,
    Page,
    Content,
}

/// A file under construction.
struct Excerpt<'d> {
    document: &'d Document<'d>,
    /// Where each object begins, by number, with its generation.
    offsets: BTreeMap<u32, (usize, u16)>,
    /// As what each object was followed so far.
    roles: BTreeMap<u32, Role>,
    pending: Vec<(Reference, Role)>,
    bytes: Vec<u8>,
    most: usize,
}

impl Document<'_> {
    /// The pages of these indices, counted from 0, as a file of `most` bytes at most that shows what they show here: each object they need under
    /// its own number and with its own bytes, below a page tree that only has these pages. Actions, destinations and the like are left out; layers
    /// (ISO 32000-2 §8.11) are not.
    ///
    /// # Errors
    /// [`ExcerptError::TooLong`]; [`ReadError::NoSuchPage`], and those of [`Document::page`].
    pub fn excerpt(&self, pages: Range<usize>, most: usize) -> Result<Vec<u8>, ExcerptError> {
        let mut excerpt = Excerpt {
            document: self,
            offsets: BTreeMap::new(),
            roles: BTreeMap::new(),
            pending: Vec::new(),
            bytes: b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(),
            most,
        };
        let root = self.next_free_number();
        let tree = root.saturating_add(1);
        let mut parent = tree;
        let mut kids = Vec::new();
        for index in pages {
            parent = parent.saturating_add(1);
            kids.extend_from_slice(format!("{parent} 0 R ").as_bytes());
            excerpt.add_page(&self.page(index)?, parent, tree)?;
        }
        let count = parent.saturating_sub(tree);
        let kids = [b"/Kids[", kids.as_slice(), b"]>>"].concat();
        excerpt.add(tree, 0, &[format!("<</Type/Pages/Count {count}").as_bytes(), &kids].concat())?;
        let (_, catalog) = self.catalog()?;
        let mut own = format!("<</Type/Catalog/Pages {tree} 0 R").into_bytes();
        if let Some(layers) = catalog.get_raw("OCProperties") {
            own.extend_from_slice(b"/OCProperties ");
            own.extend_from_slice(layers);
            excerpt.follow(Raw { bytes: layers, at: catalog.offset(), fixed: true }, Role::Content);
        }
        own.extend_from_slice(b">>");
        excerpt.add(root, 0, &own)?;
        excerpt.add_pending()?;
        Ok(excerpt.finish(root))
    }
}

impl<'d> Excerpt<'d> {
    /// A page below a node of its own, which has what the page inherits.
    fn add_page(&mut self, page: &Page<'d>, number: u32, tree: u32) -> Result<(), ExcerptError> {
        let kid = page.reference;
        let mut node = format!("<</Type/Pages/Parent {tree} 0 R/Count 1/Kids[{kid}]").into_bytes();
        for (attribute, raw, at) in page.inherited()? {
            node.extend_from_slice(format!("/{} ", attribute.key()).as_bytes());
            node.extend_from_slice(raw);
            self.follow(Raw { bytes: raw, at, fixed: true }, Role::Content);
        }
        node.extend_from_slice(b">>");
        self.add(number, 0, &node)?;
        self.pending.push((kid, Role::Page));
        self.add_pending()
    }

    fn add_pending(&mut self) -> Result<(), ExcerptError> {
        while let Some((reference, role)) = self.pending.pop() {
            if self.roles.get(&reference.number).is_some_and(|known| *known >= role) {
                continue;
            }
            // A page is followed as such only; whatever else leads to one leads away.
            if role != Role::Page && self.document.page_index(reference)?.is_some() {
                continue;
            }
            self.roles.insert(reference.number, role);
            self.add_object(reference, role)?;
        }
        Ok(())
    }

    fn add_object(&mut self, reference: Reference, role: Role) -> Result<(), ExcerptError> {
        let document = self.document;
        let Some(place) = document.place_of(reference.number) else { return Ok(()) };
        let body = match document.body(place) {
            Ok(Some(body)) if body.reference == reference => body,
            Err(error @ ReadError::TooComplex { .. }) => return Err(error.into()),
            // What cannot be read, or goes by another name, shows nothing.
            _ => return Ok(()),
        };
        if !self.offsets.contains_key(&reference.number) {
            match document.whole(place, body.is_stream()) {
                Some(whole) => self.push(reference, &[whole, b"\n"])?,
                None => self.add(reference.number, reference.generation, body.raw.bytes)?,
            }
        }
        if role != Role::Value {
            self.follow(body.raw, role);
        }
        Ok(())
    }

    /// Notes what a value leads to.
    fn follow(&mut self, raw: Raw<'d>, role: Role) {
        let mut values = vec![(raw, role)];
        while let Some((raw, role)) = values.pop() {
            let nested = |bytes: &&'d [u8]| matches!(bytes, [b'[' | b'<', ..] | [.., b'R']);
            let at = raw.at;
            let of = |bytes| Raw { bytes, at, fixed: true };
            match Object::parse(raw) {
                Ok(Object::Reference(reference)) => self.pending.push((reference, role)),
                _ if role == Role::Value => {}
                Ok(Object::Array(array)) => {
                    values.extend(array.iter_raw().filter(nested).map(|bytes| (of(bytes), role)));
                }
                Ok(Object::Dictionary(dictionary)) => {
                    let shown = shown(&dictionary, role).filter(|(bytes, _)| nested(bytes));
                    values.extend(shown.map(|(bytes, role)| (of(bytes), role)));
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, number: u32, generation: u16, value: &[u8]) -> Result<(), ExcerptError> {
        let head = format!("{number} {generation} obj\n");
        self.push(Reference { number, generation }, &[head.as_bytes(), value, b"\nendobj\n"])
    }

    fn push(&mut self, reference: Reference, parts: &[&[u8]]) -> Result<(), ExcerptError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if self.bytes.len().saturating_add(length) > self.most {
            return Err(ExcerptError::TooLong);
        }
        self.offsets.insert(reference.number, (self.bytes.len(), reference.generation));
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        Ok(())
    }

    /// The table of all objects (ISO 32000-2 §7.5.4), and the end.
    fn finish(mut self, root: u32) -> Vec<u8> {
        let start = self.bytes.len();
        let mut table = "xref\n0 1\n0000000000 65535 f \n".to_owned();
        for (number, (offset, generation)) in &self.offsets {
            table.push_str(&format!("{number} 1\n{offset:010} {generation:05} n \n"));
        }
        let size = self.offsets.keys().next_back().map_or(1, |highest| highest.saturating_add(1));
        table.push_str(&format!("trailer\n<</Size {size}/Root {root} 0 R>>\nstartxref\n{start}\n%%EOF\n"));
        self.bytes.extend_from_slice(table.as_bytes());
        self.bytes
    }
}

/// The values of a dictionary that lead to what it shows.
fn shown<'d>(dictionary: &Dictionary<'d>, role: Role) -> impl Iterator<Item = (&'d [u8], Role)> {
    dictionary.iter().filter_map(move |(name, value)| match role {
        Role::Content => Some((value, Role::Content)),
        Role::Page if NOT_SHOWN.iter().any(|key| name.is(key)) => None,
        Role::Page if name.is("Annots") => Some((value, Role::Annotation)),
        Role::Page => Some((value, Role::Content)),
        Role::Value => None,
        Role::Annotation if name.is("Parent") => Some((value, Role::Annotation)),
        Role::Annotation if name.is("V") => Some((value, Role::Value)),
        Role::Annotation => ANNOTATION.iter().any(|key| name.is(key)).then_some((value, Role::Content)),
    })
}

impl Document<'_> {
    /// A stream with all that stands before the next object, so that whoever reads its data finds what there is to find; `None` where the object's value is all of it.
    fn whole(&self, place: usize, is_stream: bool) -> Option<&[u8]> {
        match self.entries.at(place) {
            Some((_, Entry::InUse { offset, .. })) if is_stream => {
                let at = offset.saturating_add(self.offset_base);
                let end = self.boundary_after(at).unwrap_or(self.bytes.len() as u64);
                self.bytes.get(usize::try_from(at).ok()?..usize::try_from(end).ok()?)
            }
            _ => None,
        }
    }
}

/// A reference on the way to what a page shows.
pub(crate) struct Shown {
    /// The page or the annotation that has it.
    pub(crate) holder: Reference,
    /// What it names.
    pub(crate) named: Reference,
    /// Whether all is shown that this leads to; of an annotation, only what is told here of it.
    pub(crate) whole: bool,
}

/// What a page and its annotations name on the way to what they show; nothing of actions, destinations and other pages.
pub(crate) fn shown_by(document: &Document<'_>, page: &Page<'_>) -> Vec<Shown> {
    let of = |bytes, at| Raw { bytes, at, fixed: true };
    let own = &page.dictionary;
    let mut values = vec![(page.reference, of(own.raw(), own.offset()), Role::Page)];
    values.extend(
        page.written_above().into_iter().map(|(_, raw, at)| (page.reference, of(raw, at), Role::Content)),
    );
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    while let Some((holder, raw, role)) = values.pop() {
        match Object::parse(raw) {
            Ok(Object::Reference(named)) => {
                found.push(Shown { holder, named, whole: role == Role::Content });
                if role == Role::Annotation && seen.insert(named) {
                    match document.object(named) {
                        Ok(Object::Dictionary(inner)) => {
                            values.push((named, of(inner.raw(), inner.offset()), role));
                        }
                        Ok(Object::Array(inner)) => {
                            values.push((named, of(inner.raw(), inner.offset()), role))
                        }
                        _ => {}
                    }
                }
            }
            Ok(Object::Array(array)) => {
                values.extend(array.iter_raw().map(|bytes| (holder, of(bytes, array.offset()), role)));
            }
            Ok(Object::Dictionary(dictionary)) => {
                let shown = shown(&dictionary, role).filter(|(_, role)| *role != Role::Value);
                values.extend(shown.map(|(bytes, role)| (holder, of(bytes, dictionary.offset()), role)));
            }
            _ => {}
        }
    }
    found
}
