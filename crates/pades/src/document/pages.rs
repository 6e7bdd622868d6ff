//! The page tree (ISO 32000-2 §7.7.3).

use super::Document;
use crate::error::{Damage, Limit, ReadError};
use crate::geometry::{GeometryError, PageGeometry};
use crate::object::{Dictionary, Object, Reference};
use std::collections::{HashMap, HashSet};

const MAX_DEPTH: usize = 256;
const MAX_PAGES: usize = 1_000_000;

/// The pages in order, and the tree above them.
pub(super) struct PageTree {
    /// Intermediate nodes; each with the place of its parent in this list.
    nodes: Vec<(Reference, Option<usize>)>,
    /// Each page with the place of its parent in `nodes`.
    pages: Vec<(Reference, usize)>,
    indices: HashMap<Reference, usize>,
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
        let mut tree = PageTree { nodes: Vec::new(), pages: Vec::new(), indices: HashMap::new() };
        let mut seen = HashSet::from([root.number]);
        let mut open: Vec<Open> = Vec::new();
        match document.object(root)? {
            Object::Dictionary(dictionary) if dictionary.contains("Kids") => {
                open.push(tree.enter(document, root, None, &dictionary)?);
            }
            _ => return Err(broken),
        }
        while let Some(top) = open.last_mut() {
            let parent = top.node;
            let Some(kid) = top.kids.next() else {
                let found = tree.pages.len() - top.before;
                if top.claimed != i64::try_from(found).ok() {
                    return Err(ReadError::damaged(Damage::PageTree, top.offset));
                }
                open.pop();
                continue;
            };
            let Object::Dictionary(dictionary) = document.object(kid)? else {
                return Err(ReadError::damaged(Damage::PageTree, top.offset));
            };
            match (dictionary.contains("Kids"), kind(&dictionary)) {
                (true, Kind::Node | Kind::Unsaid) => {
                    if !seen.insert(kid.number) {
                        return Err(ReadError::damaged(Damage::PageTree, dictionary.offset()));
                    }
                    if open.len() >= MAX_DEPTH {
                        return Err(ReadError::TooComplex {
                            what: Limit::PageDepth,
                            offset: dictionary.offset(),
                        });
                    }
                    let entered = tree.enter(document, kid, Some(parent), &dictionary)?;
                    open.push(entered);
                }
                (false, Kind::Page | Kind::Unsaid) => {
                    if tree.pages.len() >= MAX_PAGES {
                        return Err(ReadError::TooComplex {
                            what: Limit::Pages,
                            offset: dictionary.offset(),
                        });
                    }
                    // A page that comes twice would carry its seal twice.
                    if tree.indices.insert(kid, tree.pages.len()).is_some() {
                        return Err(ReadError::damaged(Damage::PageTree, dictionary.offset()));
                    }
                    tree.pages.push((kid, parent));
                }
                _ => return Err(ReadError::damaged(Damage::PageTree, dictionary.offset())),
            }
        }
        Ok(tree)
    }

    fn enter(
        &mut self,
        document: &Document<'_>,
        reference: Reference,
        parent: Option<usize>,
        dictionary: &Dictionary<'_>,
    ) -> Result<Open, ReadError> {
        let broken = ReadError::damaged(Damage::PageTree, dictionary.offset());
        let kids = document.value(dictionary, "Kids")?.as_array().ok_or(broken)?;
        let kids: Vec<Reference> = kids
            .iter()
            .map(|kid| kid.and_then(|kid| kid.as_reference().ok_or(broken)))
            .collect::<Result<_, _>>()?;
        if kids.len() > MAX_PAGES {
            return Err(ReadError::TooComplex { what: Limit::Pages, offset: dictionary.offset() });
        }
        self.nodes.push((reference, parent));
        Ok(Open {
            node: self.nodes.len() - 1,
            kids: kids.into_iter(),
            before: self.pages.len(),
            claimed: document.value(dictionary, "Count")?.as_integer(),
            offset: dictionary.offset(),
        })
    }

    pub(super) fn count(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn index_of(&self, reference: Reference) -> Option<usize> {
        self.indices.get(&reference).copied()
    }

    pub(super) fn page<'d>(&self, document: &'d Document<'_>, index: usize) -> Result<Page<'d>, ReadError> {
        let count = self.pages.len();
        let Some((reference, parent)) = self.pages.get(index).copied() else {
            return Err(ReadError::NoSuchPage { index, count });
        };
        let Object::Dictionary(dictionary) = document.object(reference)? else {
            return Err(ReadError::damaged(Damage::PageTree, 0));
        };
        let mut ancestors = Vec::new();
        let mut next = Some(parent);
        while let Some((ancestor, above)) = next.and_then(|place| self.nodes.get(place)) {
            ancestors.push(*ancestor);
            next = *above;
        }
        Ok(Page { document, index, reference, dictionary, ancestors })
    }
}

/// What /Type says of a node.
enum Kind {
    Page,
    Node,
    /// Missing or something else; /Kids decides, as it does in readers.
    Unsaid,
}

fn kind(dictionary: &Dictionary<'_>) -> Kind {
    if dictionary.is_type("Page") {
        Kind::Page
    } else if dictionary.is_type("Pages") {
        Kind::Node
    } else {
        Kind::Unsaid
    }
}

/// One page.
#[derive(Clone)]
pub struct Page<'d> {
    document: &'d Document<'d>,
    /// Counted from 0.
    pub index: usize,
    /// The page object's name.
    pub reference: Reference,
    /// The page object.
    pub dictionary: Dictionary<'d>,
    /// From the page's parent to the root of the tree.
    ancestors: Vec<Reference>,
}

impl<'d> Page<'d> {
    /// An attribute of the page, its own or inherited, with references followed (ISO 32000-2 §7.7.3.4). Null if there is none.
    ///
    /// # Errors
    /// [`Damage::PageTree`] where a reader that climbs along /Parent would come to another value than one that descends along /Kids.
    pub fn inherited(&self, key: &str) -> Result<Object<'d>, ReadError> {
        let own = self.document.value(&self.dictionary, key)?;
        if !own.is_null() {
            return Ok(own);
        }
        let mut descending = None;
        for ancestor in &self.ancestors {
            let value = self.attribute(*ancestor, key)?.1;
            if !value.is_null() {
                descending = Some((*ancestor, value));
                break;
            }
        }
        let climbing = self.climb(key)?;
        match descending {
            Some((ancestor, value)) if climbing == Some(ancestor) => Ok(value),
            None if climbing.is_none() => Ok(Object::Null),
            _ => Err(ReadError::damaged(Damage::PageTree, self.dictionary.offset())),
        }
    }

    /// The nearest node along /Parent that has the attribute.
    fn climb(&self, key: &str) -> Result<Option<Reference>, ReadError> {
        let looping = ReadError::damaged(Damage::PageTree, self.dictionary.offset());
        let mut parent = self.dictionary.get("Parent")?;
        for _ in 0..=MAX_DEPTH {
            let Object::Reference(reference) = parent else {
                return if parent.is_null() { Ok(None) } else { Err(looping) };
            };
            let (next, value) = self.attribute(reference, key)?;
            if !value.is_null() {
                return Ok(Some(reference));
            }
            parent = next;
        }
        Err(looping)
    }

    /// The /Parent of a node, not followed, and one of its attributes.
    fn attribute(&self, node: Reference, key: &str) -> Result<(Object<'d>, Object<'d>), ReadError> {
        match self.document.object(node)? {
            Object::Dictionary(node) => Ok((node.get("Parent")?, self.document.value(&node, key)?)),
            _ => Ok((Object::Null, Object::Null)),
        }
    }
}

/// What all common readers take where no box is given: US Letter.
const DEFAULT_MEDIA_BOX: [f64; 4] = [0.0, 0.0, 612.0, 792.0];

impl Page<'_> {
    /// The page as a person sees it.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn geometry(&self) -> Result<PageGeometry, PageError> {
        let media_box = self.rectangle("MediaBox")?.unwrap_or(DEFAULT_MEDIA_BOX);
        let crop_box = self.rectangle("CropBox")?;
        let rotate = match self.inherited("Rotate")? {
            Object::Null => 0,
            Object::Integer(degrees) => degrees,
            // Some writers put 90.0; every reader takes it.
            Object::Real(real) if real.value.fract() == 0.0 && real.value.abs() < 1e9 => real.value as i64,
            _ => return Err(GeometryError::Unusable.into()),
        };
        // Not inheritable (ISO 32000-2 Table 31).
        let user_unit = match self.document.value(&self.dictionary, "UserUnit")? {
            Object::Null => 1.0,
            other => other.as_number().ok_or(GeometryError::Unusable)?,
        };
        Ok(PageGeometry::new(media_box, crop_box, rotate, user_unit)?)
    }

    fn rectangle(&self, key: &str) -> Result<Option<[f64; 4]>, PageError> {
        match self.inherited(key)? {
            Object::Null => Ok(None),
            Object::Array(array) => {
                let rectangle = self.document.rectangle(array)?;
                rectangle.map(Some).ok_or(GeometryError::Unusable.into())
            }
            _ => Err(GeometryError::Unusable.into()),
        }
    }
}

/// Why a page's geometry is not known.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PageError {
    /// The file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The page's attributes.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

impl PageError {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PageError::Read(error) => error.code(),
            PageError::Geometry(error) => error.code(),
        }
    }
}
