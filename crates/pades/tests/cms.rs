//! The CMS signature as OpenSSL, the DER rules and our own reader see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::Command;

use proptest::prelude::*;
use sealkeeper_pades::cms::{
    CmsParseError, DetachedSignature, DigestAlgorithm, EcdsaSignature, SignedAttributes, SigningChain,
    assemble, contents_capacity,
};
use sha2::{Digest, Sha256};
use support::{chain, cms_over, der, pki, token_signs};

const CONTENT: &[u8] = b"the bytes under /ByteRange";

fn content_digest() -> [u8; 32] {
    Sha256::digest(CONTENT).into()
}

#[test]
fn openssl_verifies_the_signature_and_its_chain() {
    let directory = std::env::temp_dir().join(format!("sealkeeper-cms-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (signature, content) = (directory.join("signature.der"), directory.join("content"));
    std::fs::write(&signature, cms_over("signer", content_digest())).unwrap();
    std::fs::write(&content, CONTENT).unwrap();
    let verify = |content: &std::path::Path| {
        let mut openssl = Command::new("openssl");
        openssl.args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"]);
        openssl.arg("-in").arg(&signature).arg("-content").arg(content).arg("-CAfile").arg(pki("root.pem"));
        openssl.args(["-out", "/dev/null"]).output().expect("openssl is installed")
    };
    let verdict = verify(&content);
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
    std::fs::write(&content, b"other bytes").unwrap();
    assert!(!verify(&content).status.success());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn signed_attributes_are_the_three_of_pades_b_b_in_der_order() {
    let certificate = der("signer");
    let attributes = SignedAttributes::new(content_digest(), &certificate).unwrap();
    // RFC 5652 §5.4: what is signed carries the tag SET OF.
    let mut expected = hex("318184");
    expected.extend(hex("301806092a864886f70d010903310b06092a864886f70d010701"));
    expected.extend(hex("302f06092a864886f70d01090431220420"));
    expected.extend(content_digest());
    // ESSCertIDv2 with the default hash: SEQUENCE { SEQUENCE { SEQUENCE { OCTET STRING } } }, no algorithm.
    expected.extend(hex("3037060b2a864886f70d010910022f31283026302430220420"));
    expected.extend(Sha256::digest(&certificate));
    assert_eq!(attributes.to_be_signed(), expected);
    assert_eq!(attributes.digest(), <[u8; 32]>::from(Sha256::digest(&expected)));
}

#[test]
fn the_capacity_is_reached_by_the_longest_signature_and_by_no_other() {
    let chain = chain("signer");
    let capacity = contents_capacity(&chain).unwrap();
    let mut longest = 0;
    for round in 0_u32..200 {
        let length = cms_over("signer", Sha256::digest(round.to_be_bytes()).into()).len();
        assert!(length <= capacity);
        longest = longest.max(length);
    }
    assert_eq!(longest, capacity, "one signature in four has both sign bytes");
    let alone = SigningChain::from_der(&der("signer"), [] as [&[u8]; 0]).unwrap();
    assert!(contents_capacity(&alone).unwrap() < capacity, "the chain counts");
}

#[test]
fn a_signature_that_does_not_verify_is_not_assembled() {
    let chain = chain("signer");
    let attributes = SignedAttributes::new(content_digest(), chain.signer().der()).unwrap();
    let foreign = EcdsaSignature::from_token(&token_signs("second", &attributes.digest())).unwrap();
    let refusal = assemble(&attributes, &foreign, &chain).unwrap_err();
    assert_eq!(refusal.code(), "token-fault");
}

#[test]
fn chains_are_read_strictly() {
    let refusal = SigningChain::from_der(&der("rsa"), [der("root")]).unwrap_err();
    assert_eq!(refusal.code(), "certificate-key-unsupported");
    let mut trailing = der("signer");
    trailing.push(0);
    assert_eq!(SigningChain::from_der(&trailing, [der("root")]).unwrap_err().code(), "certificate-not-der");
    let twice = SigningChain::from_der(&der("signer"), [der("root"), der("signer"), der("root")]).unwrap();
    assert_eq!(twice.issuers().len(), 1, "a repeated certificate is embedded once");
}

#[test]
fn our_reader_finds_what_was_put_in() {
    let mut contents = cms_over("signer", content_digest());
    contents.extend([0; 40]);
    let parsed = DetachedSignature::parse(&contents).unwrap();
    let (certificate, _) = parsed.signer_certificate().unwrap();
    assert_eq!(certificate, der("signer"));
    assert_eq!(parsed.certificates().len(), 2);
    assert_eq!(parsed.digest_algorithm(), &DigestAlgorithm::Sha256);
    assert_eq!(parsed.message_digest().unwrap(), content_digest());
    assert_eq!(parsed.references(&der("signer")), Some(true));
    assert_eq!(parsed.references(&der("root")), Some(false));
    let attributes = SignedAttributes::new(content_digest(), &der("signer")).unwrap();
    assert_eq!(parsed.signed_attributes().unwrap(), attributes.to_be_signed());
}

#[test]
fn bytes_after_the_structure_are_refused_unless_zero() {
    let mut contents = cms_over("signer", content_digest());
    contents.extend([0, 0, 1]);
    assert_eq!(DetachedSignature::parse(&contents).unwrap_err(), CmsParseError::TrailingBytes);
}

proptest! {
    /// Whatever stands in /Contents, reading it ends with a value or an error.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = DetachedSignature::parse(&bytes);
    }

    /// The same for real signatures with one byte changed.
    #[test]
    fn no_changed_byte_makes_the_reader_panic(position in 0_usize..1000, value in any::<u8>()) {
        let mut contents = cms_over("signer", content_digest());
        let position = position % contents.len();
        contents[position] = value;
        if let Ok(parsed) = DetachedSignature::parse(&contents) {
            let _ = (parsed.signer_certificate(), parsed.references(&der("signer")));
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
