//! The fonts of a page: which a reader may lack, and what their codes stand for where the interpreter does not say. And since all of its
//! content is gone through for them, how much there is to draw.

use std::collections::{BTreeSet, HashMap};
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
    /// Operators that drawing the page goes through: those of a form, tile, mask or glyph as often as it is used.
    pub(crate) operators: u64,
}

impl Fonts {
    /// Of a page, its forms and the appearances of its annotations: of each content stream, the fonts it selects (operator Tf).
    pub(crate) fn of(page: &Page<'_>) -> Fonts {
        let mut search = Search::default();
        let mut operators = search.content(page.typed_operations(), page.resources(), 0);
        let annotations = page.raw().get::<Array<'_>>("Annots").unwrap_or_default();
        for annotation in annotations.iter::<Dict<'_>>().take(Limits::ANNOTATIONS) {
            operators = operators.saturating_add(search.appearance(&annotation, page.resources()));
        }
        Fonts { operators, ..search.fonts }
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
    /// Operators that each stream comes to with all it uses; 0 while it is gone through, for what uses itself is drawn once.
    seen: HashMap<ObjectIdentifier, u64>,
    streams: usize,
    operators: usize,
}

impl Search {
    /// Returns how many operators drawing it goes through.
    fn content(&mut self, mut operators: TypedIter<'_>, resources: &Resources<'_>, depth: usize) -> u64 {
        self.streams += 1;
        if depth > Limits::NESTING || self.streams > Limits::STREAMS {
            return 0;
        }
        let mut drawn = 0_u64;
        // Of each font, what one of its glyphs comes to at most: 0 but for Type 3.
        let mut glyphs: HashMap<Vec<u8>, u64> = HashMap::new();
        let mut glyph = 0;
        while let Some(operator) = operators.next() {
            self.operators += 1;
            if self.operators > Limits::OPERATORS {
                return drawn;
            }
            let used = match operator {
                TypedInstruction::TextFont(font) => {
                    let known = glyphs.get(font.0.as_ref()).copied();
                    glyph = known.unwrap_or_else(|| {
                        let dictionary = resources.get_font(font.0);
                        dictionary.map_or(0, |dictionary| self.font(&dictionary, resources, depth))
                    });
                    glyphs.insert(font.0.as_ref().to_vec(), glyph);
                    0
                }
                TypedInstruction::ShowText(text) => glyph.saturating_mul(text.0.as_bytes().len() as u64),
                TypedInstruction::ShowTexts(texts) if glyph > 0 => {
                    let texts = texts.0.iter::<Object<'_>>().filter_map(|text| match text {
                        Object::String(text) => Some(text.as_bytes().len() as u64),
                        _ => None,
                    });
                    glyph.saturating_mul(texts.sum())
                }
                TypedInstruction::XObject(object) => {
                    resources.get_x_object(object.0).map_or(0, |stream| self.form(&stream, resources, depth))
                }
                TypedInstruction::NonStrokeColorNamed(color) => {
                    color.1.map_or(0, |name| self.pattern(name, resources, depth))
                }
                TypedInstruction::StrokeColorNamed(color) => {
                    color.1.map_or(0, |name| self.pattern(name, resources, depth))
                }
                TypedInstruction::SetGraphicsState(state) => {
                    let mask =
                        resources.get_ext_g_state(state.0).and_then(|state| state.get::<Dict<'_>>("SMask"));
                    let group = mask.and_then(|mask| mask.get::<Stream<'_>>("G"));
                    group.map_or(0, |group| self.form(&group, resources, depth))
                }
                _ => 0,
            };
            drawn = drawn.saturating_add(1).saturating_add(used);
        }
        drawn
    }

    fn form(&mut self, stream: &Stream<'_>, around: &Resources<'_>, depth: usize) -> u64 {
        let is_form = stream.dict().get::<Name<'_>>("Subtype").is_some_and(|name| name.as_ref() == b"Form");
        if is_form { self.stream(stream, around, depth) } else { 0 }
    }

    fn pattern(&mut self, name: &Name<'_>, around: &Resources<'_>, depth: usize) -> u64 {
        match around.get_pattern(name) {
            Some(Object::Stream(tile)) => self.stream(&tile, around, depth),
            _ => 0,
        }
    }

    fn stream(&mut self, stream: &Stream<'_>, around: &Resources<'_>, depth: usize) -> u64 {
        let id = stream.dict().obj_id();
        if let Some(known) = id.and_then(|id| self.seen.get(&id)) {
            return *known;
        }
        self.seen.extend(id.map(|id| (id, 0)));
        let own = stream.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        let drawn = stream.decoded_data().map_or(0, |content| {
            self.content(TypedIter::new(content.as_ref()), own.as_ref().unwrap_or(around), depth + 1)
        });
        self.seen.extend(id.map(|id| (id, drawn)));
        drawn
    }

    fn appearance(&mut self, annotation: &Dict<'_>, around: &Resources<'_>) -> u64 {
        let normal = annotation.get::<Dict<'_>>("AP").and_then(|states| states.get::<Object<'_>>("N"));
        match normal {
            Some(Object::Stream(stream)) => self.form(&stream, around, 0),
            Some(Object::Dict(states)) => {
                let state = annotation.get::<Name<'_>>("AS");
                let stream = state.and_then(|state| states.get::<Stream<'_>>(state));
                stream.map_or(0, |stream| self.form(&stream, around, 0))
            }
            _ => 0,
        }
    }

    /// Takes note of a font; returns how many operators one of its glyphs comes to at most, if these are content (Type 3).
    fn font(&mut self, font: &Dict<'_>, around: &Resources<'_>, depth: usize) -> u64 {
        let is_type3 = font.get::<Name<'_>>("Subtype").is_some_and(|subtype| subtype.as_ref() == b"Type3");
        if !is_type3 {
            self.take(font);
            return 0;
        }
        let own = font.get::<Dict<'_>>("Resources").map(Resources::new);
        let glyphs = font.get::<Dict<'_>>("CharProcs").unwrap_or_default();
        let names: Vec<_> = glyphs.keys().collect();
        let streams = names.into_iter().filter_map(|name| glyphs.get::<Stream<'_>>(name));
        streams.map(|glyph| self.stream(&glyph, own.as_ref().unwrap_or(around), depth)).max().unwrap_or(0)
    }

    fn take(&mut self, font: &Dict<'_>) {
        let Some(base) = font.get::<Name<'_>>("BaseFont") else { return };
        let name = without_subset_prefix(base.as_str());
        let descendant =
            font.get::<Array<'_>>("DescendantFonts").and_then(|fonts| fonts.iter::<Dict<'_>>().next());
        let described = descendant.as_ref().unwrap_or(font);
        let descriptor = described.get::<Dict<'_>>("FontDescriptor").unwrap_or_default();
        let embedded = ["FontFile", "FontFile2", "FontFile3"].iter().any(|key| descriptor.contains_key(key));
        if !embedded && !STANDARD.contains(&name) {
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
