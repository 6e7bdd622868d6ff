//! The page tree (ISO 32000-2 §7.7.3.2), walked once.

use super::pages::{Attribute, Page};
use super::{Document, Places};
use crate::error::{Damage, Limit, ReadError};
use crate::lexer::Raw;
use crate::object::{Dictionary, Object, Reference};
use std::collections::HashMap;

pub(super) const MAX_DEPTH: usize = 256;
const MAX_PAGES: usize = 1_000_000;

/// The pages in order, and the tree above them.
pub(super) struct PageTree {
    nodes: Vec<Node>,
    by_reference: HashMap<Reference, usize>,
    /// Each page with the place of its parent in `nodes`.
    pages: Vec<(Reference, usize)>,
    /// The same pages in the order of their names, each with its index.
    by_name: Vec<(Reference, usize)>,
}

/// An intermediate node, without its kids: what pages inherit is needed often, and the kids may be many.
pub(super) struct Node {
    /// The place of its parent in the list of nodes.
    pub(super) parent: Option<usize>,
    /// What its own /Parent says, not followed.
    pub(super) claimed: Claimed,
    attributes: Vec<(Attribute, Box<[u8]>)>,
    at: u64,
}

/// The value of /Parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    None,
    Parent(Reference),
    /// Something that is no reference.
    Odd,
}

impl Claimed {
    pub(super) fn of(dictionary: &Dictionary<'_>) -> Result<Claimed, ReadError> {
        Ok(match dictionary.get("Parent")? {
            Object::Null => Claimed::None,
            Object::Reference(parent) => Claimed::Parent(parent),
            _ => Claimed::Odd,
        })
    }
}

impl Node {
    fn new(dictionary: &Dictionary<'_>, parent: Option<usize>) -> Result<Node, ReadError> {
        let attributes = Attribute::ALL
            .into_iter()
            .filter_map(|attribute| Some((attribute, dictionary.get_raw(attribute.key())?.into())))
            .collect();
        Ok(Node { parent, claimed: Claimed::of(dictionary)?, attributes, at: dictionary.offset() })
    }

    /// One of its own attributes as written, and where the node is.
    pub(super) fn raw(&self, attribute: Attribute) -> Option<(&[u8], u64)> {
        let (_, bytes) = self.attributes.iter().find(|(own, _)| *own == attribute)?;
        Some((bytes, self.at))
    }

    /// One of its own attributes, with references followed.
    pub(super) fn attribute<'d>(
        &'d self,
        document: &'d Document<'_>,
        attribute: Attribute,
    ) -> Result<Object<'d>, ReadError> {
        match self.attributes.iter().find(|(own, _)| *own == attribute) {
            None => Ok(Object::Null),
            Some((_, bytes)) => document.resolve(Object::parse(Raw { bytes, at: self.at, fixed: true })?),
        }
    }
}

/// A node whose kids are being visited.
struct Open {
    node: usize,
    kids: std::vec::IntoIter<Reference>,
    /// Pages found before this node was entered.
    before: usize,
    /// /Count.
    claimed: Option<i64>,
    offset: u64,
}

impl PageTree {
    /// Walks the whole tree. Readers that trust /Count and readers that walk must come to the same pages.
    pub(super) fn read(document: &Document<'_>) -> Result<PageTree, ReadError> {
        let (_, catalog) = document.catalog()?;
        let broken = ReadError::damaged(Damage::PageTree, catalog.offset());
        let root = catalog.get("Pages")?.as_reference().ok_or(broken)?;
        let mut tree = PageTree {
            nodes: Vec::new(),
            by_reference: HashMap::new(),
            pages: Vec::new(),
            by_name: Vec::new(),
        };
        let mut seen = Places::new(document.places());
        if let Some(place) = document.place_of(root.number) {
            seen.insert(place);
        }
        let Object::Dictionary(dictionary) = document.object(root)? else { return Err(broken) };
        if !dictionary.contains("Kids") {
            return Err(broken);
        }
        let mut open = vec![tree.enter(document, root, None, &dictionary)?];
        while let Some(top) = open.last_mut() {
            let Some(kid) = top.kids.next() else {
                if top.claimed != i64::try_from(tree.pages.len() - top.before).ok() {
                    return Err(ReadError::damaged(Damage::PageTree, top.offset));
                }
                open.pop();
                continue;
            };
            let (parent, offset) = (top.node, top.offset);
            // A node that is missing is none; one that comes twice makes a circle, or pages that come twice: such a page would carry its seal twice.
            if !document.place_of(kid.number).is_some_and(|place| seen.insert(place)) {
                return Err(ReadError::damaged(Damage::PageTree, offset));
            }
            let Object::Dictionary(dictionary) = document.object(kid)? else {
                return Err(ReadError::damaged(Damage::PageTree, offset));
            };
            match kind(&dictionary)? {
                Kind::Node if open.len() >= MAX_DEPTH => {
                    return Err(ReadError::TooComplex { what: Limit::PageDepth, offset });
                }
                Kind::Node => open.push(tree.enter(document, kid, Some(parent), &dictionary)?),
                Kind::Page if tree.pages.len() >= MAX_PAGES => {
                    return Err(ReadError::TooComplex { what: Limit::Pages, offset });
                }
                Kind::Page => tree.pages.push((kid, parent)),
            }
        }
        tree.by_name = tree.pages.iter().enumerate().map(|(index, (page, _))| (*page, index)).collect();
        tree.by_name.sort_unstable();
        Ok(tree)
    }

    fn enter(
        &mut self,
        document: &Document<'_>,
        reference: Reference,
        parent: Option<usize>,
        dictionary: &Dictionary<'_>,
    ) -> Result<Open, ReadError> {
        let offset = dictionary.offset();
        let broken = ReadError::damaged(Damage::PageTree, offset);
        let kids = document.value(dictionary, "Kids")?.as_array().ok_or(broken)?;
        let kids: Vec<Reference> = kids
            .iter()
            .take(MAX_PAGES + 1)
            .map(|kid| kid.and_then(|kid| kid.as_reference().ok_or(broken)))
            .collect::<Result<_, _>>()?;
        if kids.len() > MAX_PAGES {
            return Err(ReadError::TooComplex { what: Limit::Pages, offset });
        }
        let node = self.nodes.len();
        self.nodes.push(Node::new(dictionary, parent)?);
        self.by_reference.insert(reference, node);
        Ok(Open {
            node,
            kids: kids.into_iter(),
            before: self.pages.len(),
            claimed: document.value(dictionary, "Count")?.as_integer(),
            offset,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn index_of(&self, reference: Reference) -> Option<usize> {
        let found = self.by_name.binary_search_by_key(&reference, |(page, _)| *page).ok()?;
        self.by_name.get(found).map(|(_, index)| *index)
    }

    pub(super) fn node(&self, place: usize) -> Option<&Node> {
        self.nodes.get(place)
    }

    pub(super) fn place_of(&self, reference: Reference) -> Option<usize> {
        self.by_reference.get(&reference).copied()
    }

    pub(super) fn page<'d>(
        &'d self,
        document: &'d Document<'_>,
        index: usize,
    ) -> Result<Page<'d>, ReadError> {
        let count = self.pages.len();
        let (reference, parent) =
            self.pages.get(index).copied().ok_or(ReadError::NoSuchPage { index, count })?;
        match document.object(reference)? {
            Object::Dictionary(dictionary) => {
                Ok(Page::new(document, self, index, reference, dictionary, parent))
            }
            _ => Err(ReadError::damaged(Damage::PageTree, 0)),
        }
    }
}

enum Kind {
    Page,
    Node,
}

/// Most readers go by /Kids, some by /Type. Where /Type says neither, all go by /Kids.
fn kind(dictionary: &Dictionary<'_>) -> Result<Kind, ReadError> {
    match (dictionary.contains("Kids"), dictionary.is_type("Page"), dictionary.is_type("Pages")) {
        (true, false, _) => Ok(Kind::Node),
        (false, _, false) => Ok(Kind::Page),
        _ => Err(ReadError::damaged(Damage::PageTree, dictionary.offset())),
    }
}
