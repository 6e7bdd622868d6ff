//! Layers that are not always shown (optional content, ISO 32000-2 §8.11).

use super::dictionary;
use crate::document::Document;
use crate::error::{Damage, Limit, ReadError};
use crate::object::{Dictionary, Object, Reference};
use std::collections::{BTreeSet, HashSet};

/// Layers in one file, and usages that change them by themselves.
const MAX_LAYERS: usize = 10_000;

/// A layer that some readers do not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenLayer {
    /// Its name, as lists of layers show it.
    pub name: String,
    /// The optional content group.
    pub group: Reference,
    /// Whether it is hidden on the screen.
    pub on_screen: bool,
    /// Whether it is hidden in print.
    pub in_print: bool,
}

/// The layers that are hidden on the screen or in print when the document is opened, by its default configuration (§8.11.4.3) and by the usages
/// that set a layer's state automatically (§8.11.4.5). Those that depend on who looks, in which language or how closely, are hidden from others.
///
/// # Errors
/// [`ReadError`], of malformed layers too: what is hidden then depends on the reader.
pub fn hidden_layers(document: &Document<'_>) -> Result<Vec<HiddenLayer>, ReadError> {
    let (_, catalog) = document.catalog()?;
    let Some(properties) = dictionary(document, &catalog, "OCProperties", Damage::WrongType)? else {
        return Ok(Vec::new());
    };
    let groups = references(document, &properties, "OCGs")?;
    let default = dictionary(document, &properties, "D", Damage::WrongType)?;
    let Some(default) = default else { return Ok(Vec::new()) };
    let base_off = document.value(&default, "BaseState")?.as_name().is_some_and(|state| state.is("OFF"));
    let on: HashSet<Reference> = references(document, &default, "ON")?.into_iter().collect();
    let off: HashSet<Reference> = references(document, &default, "OFF")?.into_iter().collect();
    let (view, print) = (usage(document, &default, "View")?, usage(document, &default, "Print")?);
    let varying = varying(document, &default)?;
    let mut hidden = Vec::new();
    // In one order, so that of several errors the same one is told each time.
    for group in groups.into_iter().collect::<BTreeSet<_>>() {
        let Object::Dictionary(layer) = document.object(group)? else { continue };
        let shown = if base_off { on.contains(&group) } else { !off.contains(&group) };
        let state = |automatic: &HashSet<Reference>, event: &str, key: &str| {
            if automatic.contains(&group) { said(document, &layer, event, key) } else { Ok(None) }
        };
        let varies = varying.contains(&group) && is_varied(document, &layer)?;
        let on_screen = varies || !state(&view, "View", "ViewState")?.unwrap_or(shown);
        let in_print = varies || !state(&print, "Print", "PrintState")?.unwrap_or(shown);
        if on_screen || in_print {
            let name = document.value(&layer, "Name")?.as_string().map(|name| name.text());
            hidden.push(HiddenLayer { name: name.unwrap_or_default(), group, on_screen, in_print });
        }
    }
    Ok(hidden)
}

/// The groups whose state is set by their usage when the document is viewed or printed: those of the usage applications for this event that
/// look at the category of the same name (Table 101).
fn usage(
    document: &Document<'_>,
    configuration: &Dictionary<'_>,
    event: &str,
) -> Result<HashSet<Reference>, ReadError> {
    let mut groups = HashSet::new();
    let Object::Array(applications) = document.value(configuration, "AS")? else { return Ok(groups) };
    for application in applications.iter().take(MAX_LAYERS) {
        let Object::Dictionary(application) = document.resolve(application?)? else { continue };
        let of_event = document.value(&application, "Event")?.as_name().is_some_and(|name| name.is(event));
        if of_event && names(document, &application, "Category", event)? {
            groups.extend(references(document, &application, "OCGs")?);
        }
    }
    Ok(groups)
}

/// Categories of usage by which a layer's state depends on the reader (Table 100).
const VARYING: [&str; 3] = ["Zoom", "Language", "User"];

/// The groups whose state is set by such a category.
fn varying(document: &Document<'_>, configuration: &Dictionary<'_>) -> Result<HashSet<Reference>, ReadError> {
    let mut groups = HashSet::new();
    let Object::Array(applications) = document.value(configuration, "AS")? else { return Ok(groups) };
    for application in applications.iter().take(MAX_LAYERS) {
        let Object::Dictionary(application) = document.resolve(application?)? else { continue };
        for category in VARYING {
            if names(document, &application, "Category", category)? {
                groups.extend(references(document, &application, "OCGs")?);
            }
        }
    }
    Ok(groups)
}

/// Whether a group's usage says anything of such a category.
fn is_varied(document: &Document<'_>, group: &Dictionary<'_>) -> Result<bool, ReadError> {
    let Object::Dictionary(usage) = document.value(group, "Usage")? else { return Ok(false) };
    Ok(VARYING.iter().any(|category| usage.contains(category)))
}

/// What a group's usage says of its state (Table 100): shown or not; `None` if nothing.
fn said(
    document: &Document<'_>,
    group: &Dictionary<'_>,
    category: &str,
    key: &str,
) -> Result<Option<bool>, ReadError> {
    let Object::Dictionary(usage) = document.value(group, "Usage")? else { return Ok(None) };
    let Object::Dictionary(category) = document.value(&usage, category)? else { return Ok(None) };
    Ok(document.value(&category, key)?.as_name().map(|state| !state.is("OFF")))
}

/// Whether the array `key` has this name.
fn names(
    document: &Document<'_>,
    dictionary: &Dictionary<'_>,
    key: &str,
    name: &str,
) -> Result<bool, ReadError> {
    let Object::Array(array) = document.value(dictionary, key)? else { return Ok(false) };
    for element in array.iter().take(MAX_LAYERS) {
        if document.resolve(element?)?.as_name().is_some_and(|found| found.is(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The references in the array `key`.
fn references(
    document: &Document<'_>,
    dictionary: &Dictionary<'_>,
    key: &str,
) -> Result<Vec<Reference>, ReadError> {
    let Object::Array(array) = document.value(dictionary, key)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for element in array.iter() {
        if found.len() >= MAX_LAYERS {
            return Err(ReadError::TooComplex { what: Limit::Layers, offset: dictionary.offset() });
        }
        found.extend(element?.as_reference());
    }
    Ok(found)
}
