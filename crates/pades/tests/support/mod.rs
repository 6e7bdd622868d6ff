//! The tests' certificates and keys (see `pki/make.sh`).

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod pdf;
pub(crate) mod stamp;

use std::path::PathBuf;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::DecodePrivateKey;
use sealkeeper_pades::cms::{EcdsaSignature, SignedAttributes, SigningChain};

pub(crate) fn pki(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pki").join(file)
}

pub(crate) fn der(name: &str) -> Vec<u8> {
    std::fs::read(pki(&format!("{name}.der"))).unwrap()
}

/// The chain of the signer `name`: its certificate and the root.
pub(crate) fn chain(name: &str) -> SigningChain {
    SigningChain::from_der(&der(name), [der("root")]).unwrap()
}

/// What a token holding the key of `name` answers to CKM_ECDSA over `digest`: `r‖s`.
pub(crate) fn token_signs(name: &str, digest: &[u8; 32]) -> Vec<u8> {
    let key =
        SigningKey::from_pkcs8_pem(&std::fs::read_to_string(pki(&format!("{name}.key"))).unwrap()).unwrap();
    let signature: p256::ecdsa::Signature = key.sign_prehash(digest).unwrap();
    signature.to_bytes().to_vec()
}

/// The whole CMS over a document whose /ByteRange has the SHA-256 `digest`.
pub(crate) fn cms_over(name: &str, digest: [u8; 32]) -> Vec<u8> {
    let chain = chain(name);
    let attributes = SignedAttributes::new(digest, chain.signer().der()).unwrap();
    let signature = EcdsaSignature::from_token(&token_signs(name, &attributes.digest())).unwrap();
    sealkeeper_pades::cms::assemble(&attributes, &signature, &chain).unwrap()
}
