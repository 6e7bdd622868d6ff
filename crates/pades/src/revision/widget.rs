//! The signature field merged with its one widget (ISO 32000-2 §12.5.6.19, §12.7.5.5), and what the widget shows.

use lopdf::{Dictionary, Object, Stream, Writer};

use super::appendix::Appendix;
use super::error::RevisionError;
use super::signature::text_string;
use crate::document::Page;
use crate::geometry::PlacedBox;
use crate::object::Reference;
use crate::picture::SealPicture;

/// Print and Locked (ISO 32000-2 Table 167).
const ANNOTATION_FLAGS: u32 = 4 | 128;

/// How far a box may leave the page, in µm; the same that placing allows.
const TOLERANCE_UM: f64 = 1.5;

/// A seal's picture at its place.
#[derive(Debug, Clone, Copy)]
pub struct VisibleSeal<'p> {
    /// The page, counted from 0.
    pub page: usize,
    /// Where on it, from that page's [`crate::PageGeometry::place`].
    pub placed: PlacedBox,
    /// What is seen; it is stretched to the box.
    pub picture: &'p SealPicture,
}

/// Refuses a seal that would not show whole and upright on `page`, such as one placed for another page.
pub(super) fn must_lie_on(page: &Page<'_>, seal: &VisibleSeal<'_>) -> Result<(), RevisionError> {
    let geometry = page.geometry()?;
    let tolerance = TOLERANCE_UM / geometry.unit_um();
    let [left, bottom, right, top] = seal.placed.rect;
    let [page_left, page_bottom, page_right, page_top] = geometry.visible_box();
    let inside = left < right
        && bottom < top
        && left >= page_left - tolerance
        && bottom >= page_bottom - tolerance
        && right <= page_right + tolerance
        && top <= page_top + tolerance;
    if inside && seal.placed.rotation == geometry.rotation() {
        Ok(())
    } else {
        Err(RevisionError::OutsidePage { page: seal.page })
    }
}

/// Writes soft mask, image and the form XObject that draws it; returns the last.
pub(super) fn write_appearance(
    appendix: &mut Appendix,
    seal: &VisibleSeal<'_>,
) -> Result<Reference, RevisionError> {
    let soft_mask = match seal.picture.soft_mask() {
        Some(stream) => {
            let reference = appendix.reserve()?;
            appendix.stream(reference, stream)?;
            Some(reference)
        }
        None => None,
    };
    let image = appendix.reserve()?;
    appendix.stream(image, seal.picture.image(soft_mask.map(object_id)))?;
    let appearance = appendix.reserve()?;
    appendix.stream(appearance, form_xobject(&seal.placed, image))?;
    Ok(appearance)
}

/// The body of the field; `value` is its signature dictionary.
pub(super) fn field(
    seal: &VisibleSeal<'_>,
    page: &Page<'_>,
    name: &str,
    appearance: Reference,
    value: Reference,
) -> Result<Vec<u8>, RevisionError> {
    let mut title = Vec::new();
    Writer::write_object(&mut title, &text_string(name))?;
    // Written here, since lopdf keeps reals as f32: too coarse for boxes far from the origin.
    let [left, bottom, right, top] = seal.placed.rect.map(decimal);
    let mut body = format!(
        "<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/F {ANNOTATION_FLAGS}\n/P {}\n\
         /Rect [{left} {bottom} {right} {top}]\n/AP <</N {appearance}>>\n/V {value}\n/T ",
        page.reference
    )
    .into_bytes();
    body.extend_from_slice(&title);
    body.extend_from_slice(b"\n>>");
    Ok(body)
}

/// Draws `image` upright into `[0 0 width height]`; /Matrix turns it back on a turned page (ISO 32000-2 §12.5.5).
/// A soft mask in the image needs no transparency group around it (§11.6.6).
fn form_xobject(placed: &PlacedBox, image: Reference) -> Stream {
    let (width, height) = (placed.width, placed.height);
    let mut images = Dictionary::new();
    images.set("Seal", Object::Reference(object_id(image)));
    let mut resources = Dictionary::new();
    resources.set("XObject", Object::Dictionary(images));
    let mut dictionary = Dictionary::new();
    dictionary.set("Type", Object::Name(b"XObject".to_vec()));
    dictionary.set("Subtype", Object::Name(b"Form".to_vec()));
    dictionary.set("BBox", reals(&[0.0, 0.0, width, height]));
    dictionary.set("Matrix", reals(&placed.appearance_matrix()));
    dictionary.set("Resources", Object::Dictionary(resources));
    let content = format!("q\n{} 0 0 {} 0 0 cm\n/Seal Do\nQ\n", decimal(width), decimal(height));
    Stream::new(dictionary, content.into_bytes())
}

/// Sizes, not positions: the seven digits of an f32 are plenty.
fn reals(values: &[f64]) -> Object {
    Object::Array(values.iter().map(|value| Object::Real(*value as f32)).collect())
}

/// A number as PDF writes it: no exponent, to a millionth of a unit.
fn decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}

fn object_id(reference: Reference) -> lopdf::ObjectId {
    (reference.number, reference.generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_exponent_and_no_idle_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.000_000_01, "0"),
            (100.0, "100"),
            (12_345_678.125, "12345678.125"),
            (-0.5, "-0.5"),
            (1.0 / 3.0, "0.333333"),
        ] {
            assert_eq!(decimal(value), text);
        }
    }
}
