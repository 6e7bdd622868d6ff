//! Changing dictionaries and arrays while everything else in them keeps its bytes.

use std::collections::BTreeMap;

use crate::document::Document;
use crate::error::ReadError;
use crate::object::{Array, Dictionary, Object, Reference};

/// The new bodies of existing objects.
#[derive(Debug, Default)]
pub(super) struct Edits {
    bodies: BTreeMap<Reference, Vec<u8>>,
}

impl Edits {
    /// `reference` gets the new `body`. One object is never edited in two ways: /Fields and /Annots may be one and
    /// the same array, and then the same field is appended to it once.
    pub(super) fn set(&mut self, reference: Reference, body: Vec<u8>) {
        self.bodies.insert(reference, body);
    }

    pub(super) fn into_bodies(self) -> impl Iterator<Item = (Reference, Vec<u8>)> {
        self.bodies.into_iter()
    }
}

/// A value with its references followed, and the name of the object in which it stands, if it does not stand here.
pub(super) struct Target<'d> {
    pub(super) holder: Option<Reference>,
    /// The references that were followed; the last is the holder's.
    pub(super) followed: Vec<Reference>,
    pub(super) value: Object<'d>,
}

/// Where the value of `key` really stands. An indirect null has no holder: it is replaced where it is referred to.
pub(super) fn target<'d>(
    document: &'d Document<'_>,
    dictionary: &Dictionary<'d>,
    key: &str,
) -> Result<Target<'d>, ReadError> {
    let mut followed = Vec::new();
    let mut value = dictionary.get(key)?;
    // `resolve` bounds the chain.
    document.resolve(value.clone())?;
    while let Object::Reference(reference) = value {
        followed.push(reference);
        value = document.object(reference)?;
    }
    let holder = followed.last().copied().filter(|_| !value.is_null());
    Ok(Target { holder, followed, value })
}

/// `dictionary` with the values of `changes` replaced, or added at its end.
pub(super) fn with_entries(dictionary: &Dictionary<'_>, changes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = b"<<".to_vec();
    let mut written = vec![false; changes.len()];
    for (key, raw) in dictionary.iter() {
        let change = changes.iter().zip(written.iter_mut()).find(|((changed, _), _)| key.is(changed));
        let value = match change {
            // The same key with the same value twice is tolerated by the reader; it is not kept.
            Some((_, true)) => continue,
            Some(((_, value), written)) => {
                *written = true;
                value.as_slice()
            }
            None => raw,
        };
        push_entry(&mut body, key.raw(), value);
    }
    for ((key, value), written) in changes.iter().zip(written) {
        if !written {
            push_entry(&mut body, key.as_bytes(), value);
        }
    }
    body.extend_from_slice(b"\n>>");
    body
}

fn push_entry(body: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    body.extend_from_slice(b"\n/");
    body.extend_from_slice(key);
    body.push(b' ');
    body.extend_from_slice(value);
}

/// `array` with a reference as its last element.
pub(super) fn with_element(array: Array<'_>, element: Reference) -> Vec<u8> {
    let raw = array.raw();
    let mut body = raw.strip_suffix(b"]").unwrap_or(raw).to_vec();
    body.extend_from_slice(format!(" {element}]").as_bytes());
    body
}

/// An array of just one reference.
pub(super) fn array_of(element: Reference) -> Vec<u8> {
    format!("[{element}]").into_bytes()
}
