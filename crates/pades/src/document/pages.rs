//! One page and what it inherits (ISO 32000-2 §7.7.3.3, §7.7.3.4).

use super::Document;
use super::page_tree::{Claimed, MAX_DEPTH, Node, PageTree};
use crate::error::{Damage, ReadError};
use crate::geometry::{GeometryError, PageGeometry};
use crate::object::{Dictionary, Object, Reference};

/// What all common readers take where no box is given: US Letter.
const DEFAULT_MEDIA_BOX: [f64; 4] = [0.0, 0.0, 612.0, 792.0];

/// The page attributes that can be inherited (ISO 32000-2 Table 31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// /Resources
    Resources,
    /// /MediaBox
    MediaBox,
    /// /CropBox
    CropBox,
    /// /Rotate
    Rotate,
}

impl Attribute {
    /// All four.
    pub const ALL: [Attribute; 4] =
        [Attribute::Resources, Attribute::MediaBox, Attribute::CropBox, Attribute::Rotate];

    /// The key, without its solidus.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Attribute::Resources => "Resources",
            Attribute::MediaBox => "MediaBox",
            Attribute::CropBox => "CropBox",
            Attribute::Rotate => "Rotate",
        }
    }
}

/// One page.
#[derive(Clone)]
pub struct Page<'d> {
    document: &'d Document<'d>,
    tree: &'d PageTree,
    /// Place of the parent among the tree's nodes.
    parent: usize,
    /// Counted from 0.
    pub index: usize,
    /// The page object's name.
    pub reference: Reference,
    /// The page object.
    pub dictionary: Dictionary<'d>,
}

/// An attribute, its bytes as written, and where they stand.
pub(super) type Inherited<'d> = (Attribute, &'d [u8], u64);

impl<'d> Page<'d> {
    pub(super) fn new(
        document: &'d Document<'d>,
        tree: &'d PageTree,
        index: usize,
        reference: Reference,
        dictionary: Dictionary<'d>,
        parent: usize,
    ) -> Page<'d> {
        Page { document, tree, parent, index, reference, dictionary }
    }

    /// An attribute of the page, its own or inherited, with references followed. Null if there is none.
    ///
    /// # Errors
    /// [`Damage::PageTree`] where a reader that climbs along /Parent would come to another value than one that descends along /Kids.
    pub fn attribute(&self, attribute: Attribute) -> Result<Object<'d>, ReadError> {
        let own = self.document.value(&self.dictionary, attribute.key())?;
        if !own.is_null() {
            return Ok(own);
        }
        match (self.descend(attribute)?, self.climb(attribute)?) {
            (Some((node, value)), Some(other)) if node == other => Ok(value),
            (None, None) => Ok(Object::Null),
            _ => Err(ReadError::damaged(Damage::PageTree, self.dictionary.offset())),
        }
    }

    /// What the page inherits as a reader finds it that descends along /Kids: attribute, bytes as written, and where.
    pub(super) fn inherited(&self) -> Result<Vec<Inherited<'d>>, ReadError> {
        let mut inherited = Vec::new();
        for attribute in Attribute::ALL {
            if self.document.value(&self.dictionary, attribute.key())?.is_null()
                && let Some((place, _)) = self.descend(attribute)?
                && let Some((raw, at)) = self.tree.node(place).and_then(|node| node.raw(attribute))
            {
                inherited.push((attribute, raw, at));
            }
        }
        Ok(inherited)
    }

    /// What is written in the nodes above for attributes that the page has not itself, whether or not it leads to anything.
    pub(super) fn written_above(&self) -> Vec<Inherited<'d>> {
        let nearest = |attribute: Attribute| {
            let (raw, at) = self.above().find_map(|(_, node)| node.raw(attribute))?;
            Some((attribute, raw, at))
        };
        let missing =
            Attribute::ALL.into_iter().filter(|attribute| !self.dictionary.contains(attribute.key()));
        missing.filter_map(nearest).collect()
    }

    /// What comes down from the root: the nearest node that has the attribute, and its value.
    fn descend(&self, attribute: Attribute) -> Result<Option<(usize, Object<'d>)>, ReadError> {
        for (place, node) in self.above() {
            let value = node.attribute(self.document, attribute)?;
            if !value.is_null() {
                return Ok(Some((place, value)));
            }
        }
        Ok(None)
    }

    /// The nodes above the page, from its parent up to the root, with their places in the tree.
    fn above(&self) -> impl Iterator<Item = (usize, &'d Node)> + use<'d> {
        let tree = self.tree;
        let node = move |place: usize| Some((place, tree.node(place)?));
        std::iter::successors(node(self.parent), move |(_, below)| node(below.parent?))
    }

    /// The nearest node along /Parent that has the attribute.
    fn climb(&self, attribute: Attribute) -> Result<Option<usize>, ReadError> {
        let astray = ReadError::damaged(Damage::PageTree, self.dictionary.offset());
        let mut claimed = Claimed::of(&self.dictionary)?;
        for _ in 0..=MAX_DEPTH {
            let parent = match claimed {
                Claimed::None => return Ok(None),
                Claimed::Odd => return Err(astray),
                Claimed::Parent(parent) => parent,
            };
            let Some((place, node)) = self.tree.place_of(parent).and_then(|p| Some((p, self.tree.node(p)?)))
            else {
                // A dead end is an end; anything else may hold anything.
                return if self.document.object(parent)?.is_null() { Ok(None) } else { Err(astray) };
            };
            if !node.attribute(self.document, attribute)?.is_null() {
                return Ok(Some(place));
            }
            claimed = node.claimed;
        }
        Err(astray)
    }

    /// The page as a person sees it.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn geometry(&self) -> Result<PageGeometry, PageError> {
        let media_box = self.rectangle(Attribute::MediaBox)?.unwrap_or(DEFAULT_MEDIA_BOX);
        let crop_box = self.rectangle(Attribute::CropBox)?;
        let rotate = match self.attribute(Attribute::Rotate)? {
            Object::Null => 0,
            Object::Integer(degrees) => degrees,
            // Some writers put 90.0; every reader takes it.
            Object::Real(real) if real.value.fract() == 0.0 && real.value.abs() < 1e9 => real.value as i64,
            _ => return Err(GeometryError::Unusable.into()),
        };
        // Not inheritable.
        let user_unit = match self.document.value(&self.dictionary, "UserUnit")? {
            Object::Null => 1.0,
            other => other.as_number().ok_or(GeometryError::Unusable)?,
        };
        Ok(PageGeometry::new(media_box, crop_box, rotate, user_unit)?)
    }

    fn rectangle(&self, attribute: Attribute) -> Result<Option<[f64; 4]>, PageError> {
        match self.attribute(attribute)? {
            Object::Null => Ok(None),
            Object::Array(array) => match self.document.rectangle(array)? {
                Some(rectangle) => Ok(Some(rectangle)),
                None => Err(GeometryError::Unusable.into()),
            },
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
