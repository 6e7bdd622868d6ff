//! The form's field tree (ISO 32000-2 §12.7.4).

use std::collections::HashSet;

use crate::document::Document;
use crate::error::{Damage, Limit, ReadError};
use crate::object::{Dictionary, Name, Object, Reference};

const MAX_FIELDS: usize = 100_000;
const MAX_DEPTH: usize = 256;

/// A field, terminal or not.
#[derive(Debug, Clone)]
pub(crate) struct Field<'d> {
    /// The fully qualified name (§12.7.4.2).
    pub(crate) name: String,
    /// The field's own dictionary.
    pub(crate) dictionary: Dictionary<'d>,
    /// /V, its own or inherited, not followed.
    pub(crate) value: Object<'d>,
    field_type: Option<Name<'d>>,
}

impl Field<'_> {
    /// Whether /FT, its own or inherited, is `expected`.
    pub(crate) fn is_type(&self, expected: &str) -> bool {
        self.field_type.is_some_and(|name| name.is(expected))
    }
}

/// A kid still to be looked at, with what it inherits.
struct Pending<'d> {
    node: Object<'d>,
    depth: usize,
    /// The parent's place among the fields found.
    parent: Option<usize>,
}

/// All fields, in the order of the tree. Nulls among them are passed over, as readers do; a widget without a name of
/// its own belongs to its parent and is no field. One that is listed twice among the form's own, or there and as a kid, is
/// looked at once, as one of the form's own.
pub(crate) fn all<'d>(document: &'d Document<'_>) -> Result<Vec<Field<'d>>, ReadError> {
    let (_, catalog) = document.catalog()?;
    let Object::Dictionary(form) = document.value(&catalog, "AcroForm")? else { return Ok(Vec::new()) };
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut seen: HashSet<Reference> = HashSet::new();
    let mut pending = Vec::new();
    push_kids(document, &form, "Fields", 0, None, &mut pending)?;
    let roots: HashSet<Reference> = pending.iter().filter_map(|root| root.node.as_reference()).collect();
    while let Some(Pending { node, depth, parent }) = pending.pop() {
        if let Object::Reference(reference) = node {
            let is_root = roots.contains(&reference);
            if is_root && depth > 0 {
                continue;
            }
            if !seen.insert(reference) {
                if is_root {
                    continue;
                }
                return Err(ReadError::damaged(Damage::Form, form.offset()));
            }
        }
        let Object::Dictionary(dictionary) = document.resolve(node)? else { continue };
        let own_name = document.value(&dictionary, "T")?.as_string().map(|name| name.text());
        if own_name.is_none() && parent.is_some() && !dictionary.contains("Kids") {
            continue;
        }
        let parent = parent.and_then(|parent| fields.get(parent));
        let field = inherit(document, dictionary, own_name, parent)?;
        if depth >= MAX_DEPTH || fields.len() >= MAX_FIELDS {
            return Err(ReadError::TooComplex { what: Limit::Fields, offset: field.dictionary.offset() });
        }
        push_kids(document, &field.dictionary, "Kids", depth + 1, Some(fields.len()), &mut pending)?;
        fields.push(field);
    }
    Ok(fields)
}

fn push_kids<'d>(
    document: &'d Document<'_>,
    dictionary: &Dictionary<'d>,
    key: &str,
    depth: usize,
    parent: Option<usize>,
    pending: &mut Vec<Pending<'d>>,
) -> Result<(), ReadError> {
    let Object::Array(kids) = document.value(dictionary, key)? else { return Ok(()) };
    let first = pending.len();
    for kid in kids.iter() {
        if pending.len() - first > MAX_FIELDS {
            return Err(ReadError::TooComplex { what: Limit::Fields, offset: dictionary.offset() });
        }
        pending.push(Pending { node: kid?, depth, parent });
    }
    // The last one pushed is looked at first.
    if let Some(added) = pending.get_mut(first..) {
        added.reverse();
    }
    Ok(())
}

fn inherit<'d>(
    document: &'d Document<'_>,
    dictionary: Dictionary<'d>,
    own_name: Option<String>,
    parent: Option<&Field<'d>>,
) -> Result<Field<'d>, ReadError> {
    let name = match (parent.map(|parent| parent.name.as_str()), own_name) {
        (None | Some(""), own) => own.unwrap_or_default(),
        (Some(parent), Some(own)) => format!("{parent}.{own}"),
        (Some(parent), None) => parent.to_owned(),
    };
    let field_type = document.value(&dictionary, "FT")?.as_name().or(parent.and_then(|p| p.field_type));
    let value = match dictionary.get("V")? {
        Object::Null => parent.map_or(Object::Null, |parent| parent.value.clone()),
        own => own,
    };
    Ok(Field { name, dictionary, value, field_type })
}
