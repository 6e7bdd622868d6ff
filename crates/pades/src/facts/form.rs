//! The field tree of an interactive form, as far as signatures are concerned (ISO 32000-2 §12.7.4.1, §12.7.5.5).

use super::signatures::{ExistingSignature, signature};
use crate::document::Document;
use crate::error::{Damage, Limit, ReadError};
use crate::object::{Dictionary, Object, Reference};
use std::collections::{HashMap, HashSet};

const MAX_FIELDS: usize = 100_000;
const MAX_DEPTH: usize = 256;
/// Fields that are told by name.
const MAX_NAMED: usize = 10_000;

/// A signature field.
#[derive(Debug, Clone, PartialEq)]
pub struct SignatureField {
    /// Fully qualified name (ISO 32000-2 §12.7.4.2).
    pub name: String,
    /// The field's object; `None` if it is written directly into its parent.
    pub reference: Option<Reference>,
    /// The page of its widget, counted from 0, if it has one there.
    pub page: Option<usize>,
    /// Its widget's rectangle in user space, as written; all zero or missing for an invisible one.
    pub rect: Option<[f64; 4]>,
}

/// What the form holds.
#[derive(Default)]
pub(super) struct Form {
    pub(super) present: bool,
    pub(super) xfa: bool,
    pub(super) signatures: Vec<ExistingSignature>,
    pub(super) empty: Vec<SignatureField>,
    /// Names of the other fields.
    pub(super) fillable: Vec<String>,
}

/// The fields found so far.
#[derive(Default)]
struct Listed {
    roots: HashSet<Reference>,
    kids: HashSet<Reference>,
}

impl Listed {
    /// Whether a kid is still to be looked at; `None` if it was one before, which makes circles or trees of exponential size. A kid that
    /// stands among the form's own fields too, as careless writers have it, is looked at there.
    fn kid(&mut self, kid: Reference) -> Option<bool> {
        if self.roots.contains(&kid) {
            return Some(false);
        }
        self.kids.insert(kid).then_some(true)
    }
}

/// A field still to be looked at, with what it inherits (§12.7.4.1).
struct Pending<'s> {
    reference: Option<Reference>,
    dictionary: Dictionary<'s>,
    parent_name: String,
    signature: bool,
    value: Object<'s>,
    depth: usize,
}

pub(super) fn read(document: &Document<'_>, catalog: &Dictionary<'_>) -> Result<Form, ReadError> {
    let broken = ReadError::damaged(Damage::Form, catalog.offset());
    let form = match document.value(catalog, "AcroForm")? {
        Object::Null => return Ok(Form::default()),
        Object::Dictionary(form) => form,
        _ => return Err(broken),
    };
    let mut found = Form { present: true, xfa: !document.value(&form, "XFA")?.is_null(), ..Form::default() };
    let mut listed = Listed::default();
    let mut pending = Vec::new();
    for (reference, dictionary) in
        dictionaries(document, &form, "Fields", |field| Ok(listed.roots.insert(field)))?.into_iter().rev()
    {
        pending.push(Pending {
            reference,
            dictionary,
            parent_name: String::new(),
            signature: false,
            value: Object::Null,
            depth: 0,
        });
    }
    let mut pages = Pages::new(document);
    let mut count = 0usize;
    while let Some(field) = pending.pop() {
        let offset = field.dictionary.offset();
        count += 1;
        if count > MAX_FIELDS || field.depth > MAX_DEPTH {
            return Err(ReadError::TooComplex { what: Limit::Fields, offset });
        }
        visit(document, field, &mut pending, &mut listed, &mut found, &mut pages)?;
    }
    Ok(found)
}

fn visit<'s>(
    document: &'s Document<'_>,
    field: Pending<'s>,
    pending: &mut Vec<Pending<'s>>,
    listed: &mut Listed,
    found: &mut Form,
    pages: &mut Pages<'s, '_>,
) -> Result<(), ReadError> {
    let name = qualified_name(document, &field)?;
    let signature_field = match document.value(&field.dictionary, "FT")? {
        Object::Name(kind) => kind.is("Sig"),
        _ => field.signature,
    };
    let value = match document.value(&field.dictionary, "V")? {
        Object::Null => field.value,
        own => own,
    };
    // Kids with a partial name, or kids of their own, are fields; the others are this field's widgets (§12.7.4.1).
    let kids = dictionaries(document, &field.dictionary, "Kids", |kid| {
        listed.kid(kid).ok_or(ReadError::damaged(Damage::Form, field.dictionary.offset()))
    })?;
    let (fields, widgets): (Vec<_>, Vec<_>) =
        kids.into_iter().partition(|(_, kid)| kid.contains("T") || kid.contains("Kids"));
    if !fields.is_empty() {
        for (reference, dictionary) in fields.into_iter().rev() {
            pending.push(Pending {
                reference,
                dictionary,
                parent_name: name.clone(),
                signature: signature_field,
                value: value.clone(),
                depth: field.depth + 1,
            });
        }
        return Ok(());
    }
    if !signature_field {
        // A push button holds nothing, but whoever sees the page is asked to do something by it all the same.
        if found.fillable.len() < MAX_NAMED {
            found.fillable.push(name);
        }
        return Ok(());
    }
    let own = (field.reference, field.dictionary.clone());
    let (reference, widget) = widgets.into_iter().next().unwrap_or(own);
    let rect = match document.value(&widget, "Rect")? {
        Object::Array(rect) => document.rectangle(rect)?,
        _ => None,
    };
    let page = pages.of_widget(reference, &widget)?;
    let described = SignatureField { name, reference: field.reference, page, rect };
    match value {
        Object::Null => found.empty.push(described),
        Object::Dictionary(value) => {
            found.signatures.push(signature(document, described, &field.dictionary, &value)?)
        }
        _ => return Err(ReadError::damaged(Damage::Form, field.dictionary.offset())),
    }
    Ok(())
}

fn qualified_name(document: &Document<'_>, field: &Pending<'_>) -> Result<String, ReadError> {
    let partial =
        document.value(&field.dictionary, "T")?.as_string().map(|text| text.text()).unwrap_or_default();
    Ok(match (field.parent_name.is_empty(), partial.is_empty()) {
        (true, _) => partial,
        (false, true) => field.parent_name.clone(),
        (false, false) => format!("{}.{partial}", field.parent_name),
    })
}

/// The dictionaries in the array `key` that are `wanted`, each with its name. Anything else is passed over, as readers do.
fn dictionaries<'s>(
    document: &'s Document<'_>,
    parent: &Dictionary<'s>,
    key: &str,
    mut wanted: impl FnMut(Reference) -> Result<bool, ReadError>,
) -> Result<Vec<(Option<Reference>, Dictionary<'s>)>, ReadError> {
    let Object::Array(array) = document.value(parent, key)? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for element in array.iter() {
        if out.len() >= MAX_FIELDS {
            return Err(ReadError::TooComplex { what: Limit::Fields, offset: parent.offset() });
        }
        let element = element?;
        let reference = element.as_reference();
        // Asked before it is read: one large object may be named often.
        if let Some(reference) = reference
            && !wanted(reference)?
        {
            continue;
        }
        if let Object::Dictionary(dictionary) = document.resolve(element)? {
            out.push((reference, dictionary));
        }
    }
    Ok(out)
}

/// Finds the page a widget is on: by its /P, else by looking through the pages' annotations, once.
struct Pages<'s, 'a> {
    document: &'s Document<'a>,
    by_annotation: Option<HashMap<Reference, usize>>,
}

impl<'s, 'a> Pages<'s, 'a> {
    fn new(document: &'s Document<'a>) -> Pages<'s, 'a> {
        Pages { document, by_annotation: None }
    }

    fn of_widget(
        &mut self,
        reference: Option<Reference>,
        widget: &Dictionary<'_>,
    ) -> Result<Option<usize>, ReadError> {
        if let Object::Reference(page) = widget.get("P")?
            && let Some(index) = self.document.page_index(page)?
        {
            return Ok(Some(index));
        }
        let Some(reference) = reference else { return Ok(None) };
        if self.by_annotation.is_none() {
            self.by_annotation = Some(annotations(self.document)?);
        }
        Ok(self.by_annotation.as_ref().and_then(|known| known.get(&reference)).copied())
    }
}

fn annotations(document: &Document<'_>) -> Result<HashMap<Reference, usize>, ReadError> {
    let mut found = HashMap::new();
    let mut arrays = HashSet::new();
    for index in 0..document.page_count()? {
        let page = document.page(index)?;
        // An array that several pages share says nothing about which of them a widget is on, and is read once.
        if let Object::Reference(array) = page.dictionary.get("Annots")?
            && !arrays.insert(array)
        {
            continue;
        }
        if let Object::Array(array) = document.value(&page.dictionary, "Annots")? {
            found.extend(
                array.iter().filter_map(|a| a.ok()?.as_reference()).map(|reference| (reference, index)),
            );
        }
    }
    Ok(found)
}
