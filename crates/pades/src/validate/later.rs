//! Whether pages show something else than they did when they were signed.
//!
//! A signature covers its own revision. Later ones may fill in forms, sign and add validation data; whoever replaces what pages show
//! lends a document the signature of another (shadow attacks, which hide, replace or cover what was signed).

use crate::document::{Attribute, Document, Page};
use crate::error::ReadError;
use crate::facts::named_in;
use crate::object::{Array, Dictionary, Object, Reference};
use std::collections::HashSet;

/// Entries of a page (ISO 32000-2 Table 31) that change nothing of what it shows. Annotations are looked at by themselves.
const NOT_SHOWN: [&str; 10] =
    ["Annots", "Parent", "Metadata", "LastModified", "PieceInfo", "StructParents", "Tabs", "B", "AA", "Type"];

/// Annotations that later signers add or fill in, and those that cover nothing.
const MAY_CHANGE: [&str; 3] = ["Widget", "Popup", "Link"];

/// Arrays and dictionaries are compared this deeply.
const MAX_DEPTH: usize = 64;

/// Whether the revisions behind the first `end` bytes changed what pages show: their number and order, boxes, content with all it uses, layers, or
/// annotations other than form fields. Of fields nothing is said, nor where a page shows the same by other objects: that counts as a change.
///
/// # Errors
/// As [`Document::page`] and [`Document::object`]; an earlier revision that cannot be read counts as another one.
pub fn changed_since(document: &Document<'_>, end: u64) -> Result<bool, ReadError> {
    let signed = usize::try_from(end).ok().and_then(|end| document.bytes().get(..end));
    let Some(Ok(before)) = signed.map(Document::open) else { return Ok(true) };
    let pages = document.page_count()?;
    if before.page_count().ok() != Some(pages) {
        return Ok(true);
    }
    let mut used = Vec::new();
    for index in 0..pages {
        let Ok(then) = before.page(index) else { return Ok(true) };
        let now = document.page(index)?;
        if now.reference != then.reference || !same_page(&now, &then)? {
            return Ok(true);
        }
        used.extend(references(&now.dictionary));
        for attribute in Attribute::ALL {
            used.extend(references_of(&now.attribute(attribute)?));
        }
        match annotations(document, &now, &before, &then)? {
            Some(annotations) => used.extend(annotations),
            None => return Ok(true),
        }
    }
    let ((_, catalog), Ok((_, earlier))) = (document.catalog()?, before.catalog()) else { return Ok(true) };
    let (layers, earlier) = (catalog.get("OCProperties")?, earlier.get("OCProperties")?);
    used.extend(references_of(&layers));
    Ok(!same(&layers, &earlier, 0) || any_changed(document, &before, used)?)
}

fn same_page(now: &Page<'_>, then: &Page<'_>) -> Result<bool, ReadError> {
    let shown = |page: &Page<'_>| -> HashSet<Vec<u8>> {
        let keys = page.dictionary.iter().filter(|(key, _)| !NOT_SHOWN.iter().any(|not| key.is(not)));
        keys.map(|(key, _)| key.bytes().into_owned()).collect()
    };
    for key in shown(now).union(&shown(then)) {
        let Ok(key) = std::str::from_utf8(key) else { return Ok(false) };
        // What is inherited may be written down, and the other way round.
        let inherited = Attribute::ALL.into_iter().find(|attribute| attribute.key() == key);
        if inherited.is_none() && !same(&now.dictionary.get(key)?, &then.dictionary.get(key)?, 0) {
            return Ok(false);
        }
    }
    for attribute in Attribute::ALL {
        if !same(&now.attribute(attribute)?, &then.attribute(attribute)?, 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The annotations of a page that must not change, by reference; `None` if they are not the same as before.
fn annotations(
    document: &Document<'_>,
    now: &Page<'_>,
    before: &Document<'_>,
    then: &Page<'_>,
) -> Result<Option<Vec<Reference>>, ReadError> {
    let (now, then) = (fixed(document, now)?, fixed(before, then)?);
    let alike = now.len() == then.len() && now.iter().zip(&then).all(|(now, then)| same(now, then, 0));
    Ok(alike.then(|| now.iter().flat_map(references_of).collect()))
}

/// Annotations of a page that are none of [`MAY_CHANGE`], as they are listed.
fn fixed<'s>(document: &'s Document<'_>, page: &Page<'s>) -> Result<Vec<Object<'s>>, ReadError> {
    let mut fixed = Vec::new();
    let Object::Array(annotations) = document.value(&page.dictionary, "Annots")? else { return Ok(fixed) };
    for annotation in annotations.iter() {
        let annotation = annotation?;
        let dictionary = match document.resolve(annotation.clone()) {
            Ok(Object::Dictionary(dictionary)) => dictionary,
            Ok(_) => continue,
            Err(error @ ReadError::TooComplex { .. }) => return Err(error),
            // Which kind it is cannot be told, so it must be the same.
            Err(_) => {
                fixed.push(annotation);
                continue;
            }
        };
        let kind = document.value(&dictionary, "Subtype")?.as_name();
        if !kind.is_some_and(|kind| MAY_CHANGE.iter().any(|may| kind.is(may))) {
            fixed.push(annotation);
        }
    }
    Ok(fixed)
}

/// Whether any of these objects, or of those that they lead to, is another one than before. Pages are looked at by themselves.
fn any_changed(
    document: &Document<'_>,
    before: &Document<'_>,
    mut pending: Vec<Reference>,
) -> Result<bool, ReadError> {
    let mut seen = HashSet::new();
    while let Some(reference) = pending.pop() {
        if !seen.insert(reference) || document.page_index(reference)?.is_some() {
            continue;
        }
        let unchanged = document.stands_as_in(before, reference.number);
        let now = match document.object(reference) {
            Ok(now) => now,
            Err(error @ ReadError::TooComplex { .. }) => return Err(error),
            // What could not be read before either shows what it did.
            Err(_) if unchanged => continue,
            Err(_) => return Ok(true),
        };
        if !unchanged {
            let Ok(then) = before.object(reference) else { return Ok(true) };
            let data = match (&now, &then) {
                (Object::Stream(now), Object::Stream(then)) => {
                    document.stream_data(now).ok() == before.stream_data(then).ok()
                }
                _ => true,
            };
            if !data || !same(&now, &then, 0) {
                return Ok(true);
            }
        }
        pending.extend(references_of(&now));
    }
    Ok(false)
}

/// Whether two values say the same, however they are written. References are not followed.
fn same(one: &Object<'_>, other: &Object<'_>, depth: usize) -> bool {
    match (one, other) {
        _ if depth > MAX_DEPTH => false,
        (Object::Array(one), Object::Array(other)) => same_elements(one, other, depth),
        (Object::Dictionary(one), Object::Dictionary(other)) => same_entries(one, other, depth),
        (Object::Stream(one), Object::Stream(other)) => {
            same_entries(&one.dictionary, &other.dictionary, depth)
        }
        (Object::Name(one), Object::Name(other)) => one.bytes() == other.bytes(),
        (Object::String(one), Object::String(other)) => one.bytes() == other.bytes(),
        _ => match (one.as_number(), other.as_number()) {
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        },
    }
}

fn same_elements(one: &Array<'_>, other: &Array<'_>, depth: usize) -> bool {
    one.len() == other.len()
        && one.iter().zip(other.iter()).all(|pair| match pair {
            (Ok(one), Ok(other)) => same(&one, &other, depth + 1),
            _ => false,
        })
}

fn same_entries(one: &Dictionary<'_>, other: &Dictionary<'_>, depth: usize) -> bool {
    one.len() == other.len()
        && one.iter().all(|(key, _)| {
            let key = key.bytes();
            let Ok(key) = std::str::from_utf8(&key) else { return false };
            match (one.get(key), other.get(key)) {
                (Ok(one), Ok(other)) => same(&one, &other, depth + 1),
                _ => false,
            }
        })
}

/// What a page itself leads to, but for what is not shown.
fn references(page: &Dictionary<'_>) -> Vec<Reference> {
    let shown = page.iter().filter(|(key, _)| !NOT_SHOWN.iter().any(|not| key.is(not)));
    shown.flat_map(|(_, bytes)| named_in(bytes)).collect()
}

fn references_of(object: &Object<'_>) -> Vec<Reference> {
    match object {
        Object::Reference(reference) => vec![*reference],
        Object::Array(array) => named_in(array.raw()),
        Object::Dictionary(dictionary) => named_in(dictionary.raw()),
        Object::Stream(stream) => named_in(stream.dictionary.raw()),
        _ => Vec::new(),
    }
}
