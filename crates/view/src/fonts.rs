//! The fonts of a page: which a reader may lack, and what their codes stand for where the interpreter does not say.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::{FontData, FontQuery, OutlineGlyph};
use hayro::hayro_interpret::hayro_cmap::{CMap, CMapName, CidFamily, load_embedded};
use hayro::hayro_syntax::content::TypedIter;
use hayro::hayro_syntax::content::ops::TypedInstruction;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use hayro::hayro_syntax::page::{Page, Resources};

use crate::drawn::is_empty;
use crate::look::Limits;
use crate::stand_in;

/// ISO 32000-2 §9.6.2.2: fonts that every reader has.
const STANDARD: [&str; 14] = [
    "Courier",
    "Courier-Bold",
    "Courier-BoldOblique",
    "Courier-Oblique",
    "Helvetica",
    "Helvetica-Bold",
    "Helvetica-BoldOblique",
    "Helvetica-Oblique",
    "Symbol",
    "Times-Bold",
    "Times-BoldItalic",
    "Times-Italic",
    "Times-Roman",
    "ZapfDingbats",
];

/// How to interpret a page: with `cjk` (a TrueType, OpenType or CFF font, and its index in a collection) for composite fonts that are not
/// embedded, or with boxes where there is none.
pub(crate) fn settings(cjk: Option<(FontData, u32)>) -> InterpreterSettings {
    let (boxes, index) = cjk.unwrap_or_else(|| (Arc::new(stand_in::font()) as FontData, 0));
    InterpreterSettings {
        font_resolver: Arc::new(move |query| match query {
            FontQuery::Standard(font) => Some(font.get_font_data()),
            FontQuery::Fallback(font) if font.character_collection.is_some() => Some((boxes.clone(), index)),
            FontQuery::Fallback(font) => Some(font.pick_standard_font().get_font_data()),
        }),
        ..InterpreterSettings::default()
    }
}

/// The fonts that a page uses.
#[derive(Debug, Default)]
pub(crate) struct Fonts {
    missing: BTreeSet<String>,
    /// By name: what the codes of composite fonts without /ToUnicode stand for.
    decoders: HashMap<String, Decoder>,
}

impl Fonts {
    /// Of a page, its forms and the appearances of its annotations: of each content stream, the fonts it selects (operator Tf).
    pub(crate) fn of(page: &Page<'_>) -> Fonts {
        let mut search = Search::default();
        search.content(page.typed_operations(), page.resources(), 0);
        let annotations = page.raw().get::<Array<'_>>("Annots").unwrap_or_default();
        for annotation in annotations.iter::<Dict<'_>>().take(Limits::ANNOTATIONS) {
            search.appearance(&annotation, page.resources());
        }
        search.fonts
    }

    /// Names of those that are neither embedded nor standard.
    pub(crate) fn into_missing(self) -> Vec<String> {
        self.missing.into_iter().collect()
    }

    /// What a code stands for by its font's encoding and character collection (ISO 32000-2 §9.10.2).
    pub(crate) fn decode(&self, glyph: &OutlineGlyph, code: u32) -> Option<String> {
        if self.decoders.is_empty() {
            return None;
        }
        self.decoders.get(&glyph.font_data()?.postscript_name?)?.decode(code)
    }

    /// Whether a glyph shows nothing, and that may be for want of its font.
    pub(crate) fn may_lack(&self, glyph: &OutlineGlyph) -> bool {
        !self.missing.is_empty() && is_empty(glyph)
    }
}

/// Looks through content streams.
#[derive(Default)]
struct Search {
    fonts: Fonts,
    seen: HashSet<ObjectIdentifier>,
    streams: usize,
    operators: usize,
}

impl Search {
    fn content(&mut self, mut operators: TypedIter<'_>, resources: &Resources<'_>, depth: usize) {
        self.streams += 1;
        if depth > Limits::NESTING || self.streams > Limits::STREAMS {
            return;
        }
        let mut named = HashSet::new();
        while let Some(operator) = operators.next() {
            self.operators += 1;
            if self.operators > Limits::OPERATORS {
                return;
            }
            match operator {
                TypedInstruction::TextFont(font) if named.insert(font.0.as_ref().to_vec()) => {
                    if let Some(dictionary) = resources.get_font(font.0) {
                        self.font(&dictionary);
                    }
                }
                TypedInstruction::XObject(object) => {
                    if let Some(stream) = resources.get_x_object(object.0) {
                        self.form(&stream, resources, depth);
                    }
                }
                _ => {}
            }
        }
    }

    fn form(&mut self, stream: &Stream<'_>, around: &Resources<'_>, depth: usize) {
        let dictionary = stream.dict();
        let is_form = dictionary.get::<Name<'_>>("Subtype").is_some_and(|name| name.as_ref() == b"Form");
        let seen = dictionary.obj_id().is_some_and(|id| !self.seen.insert(id));
        if !is_form || seen {
            return;
        }
        let own = dictionary.get::<Dict<'_>>("Resources").map(Resources::new);
        if let Ok(content) = stream.decoded_data() {
            self.content(TypedIter::new(content.as_ref()), own.as_ref().unwrap_or(around), depth + 1);
        }
    }

    fn appearance(&mut self, annotation: &Dict<'_>, around: &Resources<'_>) {
        let normal = annotation.get::<Dict<'_>>("AP").and_then(|states| states.get::<Object<'_>>("N"));
        match normal {
            Some(Object::Stream(stream)) => self.form(&stream, around, 0),
            Some(Object::Dict(states)) => {
                let state = annotation.get::<Name<'_>>("AS");
                if let Some(stream) = state.and_then(|state| states.get::<Stream<'_>>(state)) {
                    self.form(&stream, around, 0);
                }
            }
            _ => {}
        }
    }

    fn font(&mut self, font: &Dict<'_>) {
        let Some(base) = font.get::<Name<'_>>("BaseFont") else { return };
        let name = without_subset_prefix(base.as_str());
        let descendant =
            font.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
        let described = descendant.as_ref().unwrap_or(font);
        let descriptor = described.get::<Dict<'_>>("FontDescriptor").unwrap_or_default();
        let embedded = ["FontFile", "FontFile2", "FontFile3"].iter().any(|key| descriptor.contains_key(key));
        let is_type3 = font.get::<Name<'_>>("Subtype").is_some_and(|subtype| subtype.as_ref() == b"Type3");
        if !embedded && !is_type3 && !STANDARD.contains(&name) {
            self.fonts.missing.insert(name.to_owned());
        }
        if let Some(descendant) = descendant.filter(|_| !font.contains_key("ToUnicode"))
            && !self.fonts.decoders.contains_key(name)
            && let Some(decoder) = Decoder::new(font, &descendant)
        {
            self.fonts.decoders.insert(name.to_owned(), decoder);
        }
    }
}

/// ISO 32000-2 §9.9.2: six letters and a plus sign before the name of a font of which only a part is embedded.
fn without_subset_prefix(name: &str) -> &str {
    match name.split_once('+') {
        Some((prefix, rest)) if prefix.len() == 6 => rest,
        _ => name,
    }
}

/// From code to character: by the font's CMap to a CID, by its collection's to Unicode (ISO 32000-2 §9.10.2).
#[derive(Debug)]
struct Decoder {
    encoding: CMap,
    unicode: CMap,
}

impl Decoder {
    fn new(font: &Dict<'_>, descendant: &Dict<'_>) -> Option<Decoder> {
        let encoding = match font.get::<Object<'_>>("Encoding")? {
            Object::Name(name) => match name.as_ref() {
                b"Identity-H" => CMap::identity_h(),
                b"Identity-V" => CMap::identity_v(),
                name => CMap::parse(load_embedded(CMapName::from_bytes(name))?, load_embedded)?,
            },
            Object::Stream(stream) => CMap::parse(stream.decoded_data().ok()?.as_ref(), load_embedded)?,
            _ => return None,
        };
        let family = family(descendant)?;
        let unicode = CMap::parse(load_embedded(family.ucs2_cmap()?)?, load_embedded)?;
        Some(Decoder { encoding, unicode })
    }

    fn decode(&self, code: u32) -> Option<String> {
        use hayro::hayro_interpret::hayro_cmap::BfString;
        let cid = (1..=4).find_map(|length| self.encoding.lookup_cid_code(code, length))?;
        Some(match self.unicode.lookup_bf_string(cid)? {
            BfString::Char(c) => c.to_string(),
            BfString::String(text) => text,
        })
    }
}

/// The character collection of a CIDFont (ISO 32000-2 §9.7.3).
fn family(descendant: &Dict<'_>) -> Option<CidFamily> {
    use hayro::hayro_syntax::object::String as PdfString;
    let info = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
    let (registry, ordering) =
        (info.get::<PdfString<'_>>("Registry")?, info.get::<PdfString<'_>>("Ordering")?);
    Some(CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes()))
}
