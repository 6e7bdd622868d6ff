//! Pictures of pages.

use sealkeeper_view::picture::{LONGEST_SIDE, MOST_PIXELS};
use sealkeeper_view::{Document, ViewError};

use crate::sheet::Sheet;

#[test]
fn a_picture_is_as_large_as_the_page_is_seen() {
    let sheet = Sheet::new().content("1 0 0 rg 0 0 200 600 re f");
    let picture = sheet.document().render(0, 144).unwrap();
    assert_eq!((picture.width, picture.height, picture.dpi), (800, 1200, 144.0));
    assert_eq!(picture.rgba.len(), 800 * 1200 * 4);
    assert_eq!(picture.colour(10, 10), Some([255, 0, 0]));
    assert_eq!(picture.colour(790, 10), Some([255, 255, 255]));
    assert_eq!(picture.colour(800, 10), None);
    assert!(picture.rgba.chunks(4).all(|pixel| pixel[3] == 255));
    let turned = Sheet::new().page("/Rotate 90/UserUnit 2").document().render(0, 72).unwrap();
    assert_eq!((turned.width, turned.height), (1200, 800));
}

#[test]
fn the_largest_page_has_no_larger_picture() {
    let poster = Sheet::new().page("/UserUnit 1000").document().render(0, 1200).unwrap();
    assert!(u32::from(poster.width) * u32::from(poster.height) <= MOST_PIXELS + 10_000);
    assert!(poster.dpi < 10.0);
    let ribbon = Sheet::new().page("/MediaBox[0 0 2 14400]").document().render(0, 600).unwrap();
    assert_eq!(ribbon.height, LONGEST_SIDE);
}

#[test]
fn pages_that_are_not_there_are_named() {
    let document = Sheet::new().document();
    assert_eq!(document.page_count(), 1);
    let error = document.look(1).unwrap_err();
    assert_eq!(error, ViewError::NoSuchPage { page: 1, pages: 1 });
    assert_eq!(error.code(), "pdf-no-such-page");
    let nothing = Sheet::new().page("/CropBox[500 700 600 800]").document();
    assert_eq!(nothing.render(0, 72).unwrap_err(), ViewError::NoVisibleArea);
}

#[test]
fn no_document_is_unreadable() {
    assert_eq!(Document::open(b"not a document".to_vec()).err(), Some(ViewError::Unreadable));
}
