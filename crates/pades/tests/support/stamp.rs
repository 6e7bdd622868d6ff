//! Stamping with a key in a file, as a token would.

use sealkeeper_pades::cms::{SignatureAlgorithm, contents_capacity};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pades::revision::{
    InputDigest, JournalWitness, Prepared, RevisionError, SignatureDictionary, UseId, VisibleSeal, prepare,
};
use sealkeeper_pades::{Document, PlacedBox};

use super::{chain, cms_by};

/// A red square with a transparent hole.
pub(crate) fn picture() -> SealPicture {
    let pixels: Vec<u8> = (0..64)
        .flat_map(|i: u8| if (2..6).contains(&(i % 8)) { [0; 4] } else { [200, 16, 30, 200 + i / 2] })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 8, 8);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    SealPicture::from_png(&file).unwrap()
}

/// A signature dictionary for the signer `who`, whose key is P-256.
pub(crate) fn dictionary(who: &str) -> SignatureDictionary {
    dictionary_for(who, SignatureAlgorithm::EcdsaP256Sha256)
}

pub(crate) fn dictionary_for(who: &str, algorithm: SignatureAlgorithm) -> SignatureDictionary {
    SignatureDictionary {
        name: "示例有限公司".to_owned(),
        reason: Some("contract (final)".to_owned()),
        modified: 1_735_693_200,
        witness: witness(),
        contents_capacity: contents_capacity(&chain(who), algorithm).unwrap(),
    }
}

pub(crate) fn witness() -> JournalWitness {
    JournalWitness {
        origin: "example.com/seal-journal/4f0c".to_owned(),
        use_id: UseId::parse("123e4567-e89b-12d3-a456-426614174000").unwrap(),
        tree_size: 42,
        root: [0xAB; 32],
    }
}

/// A box of 20 mm in the middle of the page.
pub(crate) fn middle_of(document: &Document<'_>, page: usize) -> PlacedBox {
    let geometry = document.page(page).unwrap().geometry().unwrap();
    let (width, height) = geometry.visible_size_um();
    geometry.place(i64::from(width / 2), i64::from(height / 2), 20_000, 20_000).unwrap()
}

/// A revision of `file` with the seal in the middle of `page`.
pub(crate) fn prepared(
    file: &[u8],
    page: usize,
    dictionary: &SignatureDictionary,
) -> Result<Prepared, RevisionError> {
    let document = Document::open(file)?;
    let picture = picture();
    let seal = VisibleSeal { page, placed: middle_of(&document, page), picture: &picture };
    prepare(&document, &InputDigest::of(file), &seal, dictionary)
}

/// `file` with the first page stamped by `who`.
pub(crate) fn stamped(file: &[u8], who: &str) -> Vec<u8> {
    stamped_on(file, 0, who)
}

pub(crate) fn stamped_on(file: &[u8], page: usize, who: &str) -> Vec<u8> {
    stamped_by(file, page, who, SignatureAlgorithm::EcdsaP256Sha256)
}

pub(crate) fn stamped_by(file: &[u8], page: usize, who: &str, algorithm: SignatureAlgorithm) -> Vec<u8> {
    let prepared = prepared(file, page, &dictionary_for(who, algorithm)).unwrap();
    let digest = prepared.byte_range_digest(algorithm.digest(), file).unwrap();
    let cms = cms_by(who, algorithm, digest);
    [file, &prepared.embed(&cms).unwrap().appended].concat()
}
