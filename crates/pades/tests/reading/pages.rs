//! The page tree.

use crate::seed::{Seed, TRAILER, damage, read, refusal};
use sealkeeper_pades::{Damage, Document, GeometryError, PageError, ReadError};

/// Two pages under one node each; the root has a /MediaBox and the first node a /Rotate.
fn two_branches() -> Seed {
    Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 720 72]>>")
        .object(3, "<</Type/Pages/Parent 2 0 R/Kids[5 0 R]/Count 1/Rotate -90>>")
        .object(4, "<</Type/Pages/Parent 2 0 R/Kids[6 0 R]/Count 1>>")
        .object(5, "<</Type/Page/Parent 3 0 R>>")
        .object(6, "<</Type/Page/Parent 4 0 R/CropBox[0 0 144 144]/UserUnit 2>>")
}

fn changed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "offsets stay right");
    let text = String::from_utf8(two_branches().table(TRAILER)).unwrap();
    assert!(text.contains(from));
    text.replace(from, to).into_bytes()
}

#[test]
fn attributes_are_inherited() {
    let bytes = two_branches().table(TRAILER);
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.page_count(), Ok(2));
    let sizes: Vec<_> =
        (0..2).map(|index| document.page(index).unwrap().geometry().unwrap().visible_size_um()).collect();
    // A quarter turn; and a crop box of twice the units, clipped to the media box.
    assert_eq!(sizes, [(25_400, 254_000), (101_600, 50_800)]);
    let second = document.page(1).unwrap().reference;
    assert_eq!(document.page_index(second), Ok(Some(1)));
    assert_eq!(document.page(2).err(), Some(ReadError::NoSuchPage { index: 2, count: 2 }));
}

#[test]
fn counts_must_be_true() {
    assert_eq!(damage(&changed("/Count 2", "/Count 1")), Damage::PageTree);
    assert_eq!(damage(&changed("[5 0 R]/Count 1", "[5 0 R]/Count 0")), Damage::PageTree);
    assert_eq!(damage(&changed("/Count 2", "/Count()")), Damage::PageTree);
}

#[test]
fn the_tree_must_be_a_tree() {
    for (from, to) in [
        ("/Kids[5 0 R]", "/Kids[2 0 R]"),
        ("/Kids[5 0 R]", "/Kids[3 0 R]"),
        ("/Kids[5 0 R]", "/Kids[6 0 R]"),
        ("/Kids[5 0 R]", "/Kids[9 0 R]"),
        ("/Kids[5 0 R]", "/Kids[<<>> ]"),
        ("/Kids[5 0 R]", "/Kids 5 0 R "),
        ("/Pages 2 0 R", "/Pages 5 0 R"),
        ("/Pages 2 0 R", "/Pagos 2 0 R"),
        ("/Page/Parent 3", "/Pages/Paren 3"),
        ("/Type/Pages/Parent 2 0 R/Kids[5", "/Type/Page/Parents 2 0 R/Kids[5"),
    ] {
        assert_eq!(damage(&changed(from, to)), Damage::PageTree, "{from} → {to}");
    }
}

#[test]
fn who_climbs_must_inherit_what_who_descends_does() {
    // The other node has no /Rotate.
    assert_eq!(damage(&changed("/Page/Parent 3", "/Page/Parent 4")), Damage::PageTree);
    assert_eq!(damage(&changed("/Page/Parent 3", "/Page/Pavent 3")), Damage::PageTree);
    assert_eq!(
        damage(&changed("/Pages/Parent 2 0 R/Kids[5", "/Pages/Parent 3 0 R/Kids[5")),
        Damage::PageTree
    );
    // Here it comes to the same.
    assert_eq!(read(&changed("/Page/Parent 4", "/Page/Parent 2")), Ok(2));
}

#[test]
fn an_empty_document_has_no_page() {
    let bytes = Seed::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[]/Count 0>>")
        .table(TRAILER);
    assert_eq!(read(&bytes), Ok(0));
}

#[test]
fn unusable_geometry_is_told() {
    for (from, to) in [
        ("/Rotate -90", "/Rotate  45"),
        ("/Rotate -90", "/Rotate(0) "),
        ("[0 0 720 72]", "[0 0 720  0]"),
        ("[0 0 720 72]", "[0 0 720   ]"),
        ("[0 0 720 72]", "[0 0 /A  72]"),
    ] {
        let bytes = changed(from, to);
        let document = Document::open(&bytes).unwrap();
        let error = document.page(0).unwrap().geometry().unwrap_err();
        assert_eq!(error, PageError::Geometry(GeometryError::Unusable), "{to}");
        assert_eq!(error.code(), "pdf-page-unusable");
    }
}

#[test]
fn a_page_without_a_box_is_us_letter() {
    let bytes = changed("/MediaBox", "/MediaBax");
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.page(0).unwrap().geometry().unwrap().visible_size_um(), (279_400, 215_900));
}

#[test]
fn depth_and_width_are_bounded() {
    let depth = 300;
    let mut seed = Seed::new().object(1, "<</Type/Catalog/Pages 2 0 R>>");
    for number in 2..depth {
        seed = seed.object(number, &format!("<</Type/Pages/Count 1/Kids[{} 0 R]>>", number + 1));
    }
    let deep = seed.object(depth, "<</Type/Page>>").table(TRAILER);
    assert!(matches!(refusal(&deep), ReadError::TooComplex { .. }));
}
