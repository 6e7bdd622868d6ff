//! Signed documents and signatures, by the test keys of `crates/pades`.

use std::fs;
use std::path::{Path, PathBuf};

use sealkeeper_fuzz::outline;
use sealkeeper_pades::Document;
use sealkeeper_pades::cms::{
    SignatureAlgorithm, SignatureValue, SignedAttributes, SigningChain, assemble, contents_capacity,
};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pades::revision::{
    InputDigest, JournalWitness, Prepared, SignatureDictionary, UseId, VisibleSeal, prepare,
};

use crate::outlines::OUTLINES;
use crate::{Anyhow, folder, seed, token};

/// Room for a signature by RSA of 4096 bits with its chain, and for chance to make it longer.
const CAPACITY: usize = 5000;

const SIGNERS: [(&str, SignatureAlgorithm); 4] = [
    ("p256", SignatureAlgorithm::EcdsaP256Sha256),
    ("p384", SignatureAlgorithm::EcdsaP384Sha384),
    ("rsa-2048", SignatureAlgorithm::RsaPkcs1Sha256),
    ("pss", SignatureAlgorithm::RsaPssSha256),
];

/// The first outline as a file, with a revision whose signature is missing.
pub(crate) fn prepared() -> Anyhow<Vec<u8>> {
    let (input, prepared) = revision(CAPACITY)?;
    Ok([input.as_slice(), prepared.appended()].concat())
}

/// The signatures that belong there, and whole documents with as much room as each needs.
pub(crate) fn signed() -> Anyhow<()> {
    for (name, algorithm) in SIGNERS {
        let chain = SigningChain::from_der(&fs::read(pki(name, "der"))?, [fs::read(pki("root", "der"))?])?;
        let sign = |input: &[u8], prepared: &Prepared| -> Anyhow<Vec<u8>> {
            let digest = prepared.byte_range_digest(algorithm.digest(), input)?;
            let attributes = SignedAttributes::new(digest, chain.signer().der(), algorithm)?;
            let raw = token::answer(&fs::read_to_string(pki(name, "key"))?, algorithm, &attributes.digest())?;
            Ok(assemble(&attributes, &SignatureValue::from_token(algorithm, &raw, chain.signer())?, &chain)?)
        };
        let (input, roomy) = revision(CAPACITY)?;
        seed("cms_parser", &format!("{name}.der"), &sign(&input, &roomy)?)?;

        let (input, exact) = revision(contents_capacity(&chain, algorithm)?)?;
        let cms = sign(&input, &exact)?;
        let whole = [input.as_slice(), &exact.embed(&cms)?.appended].concat();
        for target in ["strict_reader", "revision_writer", "inspection"] {
            seed(target, &format!("signed-{name}.pdf"), &whole)?;
        }
    }
    let other = fs::read(folder().join("seeds/cms_parser/good-p256.der"))?;
    seed("cms_parser", "cut.der", other.get(..other.len() / 2).unwrap_or_default())
}

fn pki(name: &str, extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/pades/tests/pki/kinds")
        .join(name)
        .with_extension(extension)
}

fn revision(contents_capacity: usize) -> Anyhow<(Vec<u8>, Prepared)> {
    let [(_, first), ..] = OUTLINES;
    let input = outline::file(first.as_bytes());
    let picture = SealPicture::from_png(&fs::read(folder().join("template/seal.png"))?)?;
    let document = Document::open(&input)?;
    let placed = document.page(0)?.geometry()?.place(100_000, 100_000, 40_000, 40_000)?;
    let dictionary = SignatureDictionary {
        name: "示例有限公司".to_owned(),
        reason: Some("采购合同".to_owned()),
        modified: 1_767_225_600,
        witness: JournalWitness {
            origin: "example.com/seal-journal/4f0c".to_owned(),
            use_id: UseId::parse("123e4567-e89b-12d3-a456-426614174000").ok_or("a UUID")?,
            tree_size: 42,
            root: [0xAB; 32],
        },
        contents_capacity,
    };
    let seal = VisibleSeal { page: 0, placed, picture: &picture };
    let prepared = prepare(&document, &InputDigest::of(&input), &seal, &dictionary)?;
    Ok((input, prepared))
}
