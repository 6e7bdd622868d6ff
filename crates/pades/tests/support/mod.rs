//! The tests' certificates and keys (see `pki/make.sh`).

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod pdf;
pub(crate) mod stamp;
pub(crate) mod token;

use std::path::{Path, PathBuf};

use sealkeeper_pades::cms::{
    MessageDigest, SignatureAlgorithm, SignatureValue, SignedAttributes, SigningChain, assemble,
};

/// A signer for each algorithm, and RSA in each length.
pub(crate) const KINDS: [(&str, SignatureAlgorithm); 10] = [
    ("kinds/p256", SignatureAlgorithm::EcdsaP256Sha256),
    ("kinds/p384", SignatureAlgorithm::EcdsaP384Sha384),
    ("kinds/rsa-2048", SignatureAlgorithm::RsaPkcs1Sha256),
    ("kinds/rsa-3072", SignatureAlgorithm::RsaPkcs1Sha256),
    ("kinds/rsa-4096", SignatureAlgorithm::RsaPkcs1Sha256),
    ("kinds/rsa-2048", SignatureAlgorithm::RsaPssSha256),
    ("kinds/rsa-3072", SignatureAlgorithm::RsaPssSha256),
    ("kinds/rsa-4096", SignatureAlgorithm::RsaPssSha256),
    ("kinds/pss", SignatureAlgorithm::RsaPssSha256),
    ("kinds/pss-sha256", SignatureAlgorithm::RsaPssSha256),
];

pub(crate) fn pki(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pki").join(file)
}

pub(crate) fn der(name: &str) -> Vec<u8> {
    std::fs::read(pki(&format!("{name}.der"))).unwrap()
}

/// The root above the signer `name`, in PEM.
pub(crate) fn root_pem(name: &str) -> PathBuf {
    pki(name).with_file_name("root.pem")
}

/// The chain of the signer `name`: its certificate and the root.
pub(crate) fn chain(name: &str) -> SigningChain {
    let root = Path::new(name).with_file_name("root");
    SigningChain::from_der(&der(name), [der(root.to_str().unwrap())]).unwrap()
}

/// What a token holding the key of `name` answers.
pub(crate) fn token_signs(name: &str, algorithm: SignatureAlgorithm, digest: &MessageDigest) -> Vec<u8> {
    let key = std::fs::read_to_string(pki(&format!("{name}.key"))).unwrap();
    token::answer(&key, algorithm, digest).unwrap()
}

/// The whole CMS over a document whose /ByteRange has this digest.
pub(crate) fn cms_by(name: &str, algorithm: SignatureAlgorithm, digest: MessageDigest) -> Vec<u8> {
    let chain = chain(name);
    let attributes = SignedAttributes::new(digest, chain.signer().der(), algorithm).unwrap();
    let raw = token_signs(name, algorithm, &attributes.digest());
    let signature = SignatureValue::from_token(algorithm, &raw, chain.signer()).unwrap();
    assemble(&attributes, &signature, &chain).unwrap()
}

/// The same by a P-256 key over a SHA-256.
pub(crate) fn cms_over(name: &str, digest: [u8; 32]) -> Vec<u8> {
    cms_by(name, SignatureAlgorithm::EcdsaP256Sha256, MessageDigest::Sha256(digest))
}
