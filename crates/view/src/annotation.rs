//! Annotations (ISO 32000-2 §12.5): which are watermarks, and which a reader draws though the file does not say how.

use hayro::hayro_interpret::util::RectExt;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Rect as PdfRect};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, Rect};

use crate::look::Limits;

/// Annotation flags (§12.5.3): bits 2, hidden, and 6, not on the screen.
const UNSEEN: u32 = 1 << 1 | 1 << 5;

/// How many fields a field may lie within.
const FIELD_DEPTH: usize = 16;

/// The boxes of Watermark and Stamp annotations (§12.5.6.12, §12.5.6.22); `transform` brings user space to the page as seen.
pub(crate) fn watermarks(page: &Page<'_>, transform: Affine) -> Vec<Rect> {
    annotations(page)
        .filter(|annotation| matches!(subtype(annotation).as_deref(), Some(b"Watermark" | b"Stamp")))
        .filter_map(|annotation| annotation.get::<PdfRect>("Rect"))
        .map(|rect| transform.transform_rect_bbox(rect.to_kurbo()))
        .collect()
}

/// How many annotations have no appearance and yet something to show, so that each reader draws them as it likes: all but links,
/// pop-ups, and form fields without text.
pub(crate) fn undrawn(page: &Page<'_>) -> u32 {
    let visible = page.intersected_crop_box().to_kurbo();
    let count = annotations(page)
        .filter(|annotation| annotation.get::<u32>("F").unwrap_or(0) & UNSEEN == 0)
        .filter(|annotation| {
            let appearance = annotation.get::<Dict<'_>>("AP");
            !appearance.is_some_and(|states| states.contains_key("N"))
        })
        .filter(|annotation| {
            let rect = annotation.get::<PdfRect>("Rect").map(|rect| rect.to_kurbo().intersect(visible));
            rect.is_some_and(|rect| rect.area() > 0.0)
        })
        .filter(|annotation| match subtype(annotation).as_deref() {
            None | Some(b"Link" | b"Popup") => false,
            Some(b"Widget") => has_text(annotation),
            Some(_) => true,
        })
        .count();
    // At most Limits::ANNOTATIONS
    count as u32
}

fn annotations<'a>(page: &Page<'a>) -> impl Iterator<Item = Dict<'a>> {
    let all: Vec<Dict<'a>> = page
        .raw()
        .get::<Array<'_>>("Annots")
        .map(|annotations| annotations.iter::<Dict<'_>>().take(Limits::ANNOTATIONS).collect())
        .unwrap_or_default();
    all.into_iter()
}

fn subtype(annotation: &Dict<'_>) -> Option<Vec<u8>> {
    annotation.get::<Name<'_>>("Subtype").map(|name| name.as_ref().to_vec())
}

/// Whether a field has a value that is drawn as text (§12.7.5.3, §12.7.5.4). Values are inherited.
fn has_text(widget: &Dict<'_>) -> bool {
    let mut field = Some(widget.clone());
    for _ in 0..FIELD_DEPTH {
        let Some(here) = field else { return false };
        match here.get::<Object<'_>>("V") {
            Some(Object::String(value)) => return !value.as_bytes().is_empty(),
            Some(_) => return false,
            None => field = here.get::<Dict<'_>>("Parent"),
        }
    }
    false
}
