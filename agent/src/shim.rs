//! temporary
#![allow(missing_docs)]
use x509_cert::der::{Decode, Encode};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureAlgorithm {
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    RsaPkcs1Sha256,
    RsaPssSha256,
}
impl SignatureAlgorithm {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            Self::RsaPssSha256 => "rsa-pss-sha256",
        }
    }
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::EcdsaP256Sha256, Self::EcdsaP384Sha384, Self::RsaPkcs1Sha256, Self::RsaPssSha256]
            .into_iter()
            .find(|a| a.code() == code)
    }
    pub(crate) fn digest(self) {}
}
pub(crate) fn digest_info(_: (), digest: &[u8]) -> Vec<u8> {
    [&[0u8; 19][..], digest].concat()
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);
impl PublicKey {
    pub(crate) fn of_certificate(der: &[u8]) -> Option<Self> {
        let c = x509_cert::Certificate::from_der(der).ok()?;
        Some(Self(c.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()))
    }
    pub(crate) fn from_ec_point(p: &[u8]) -> Option<Self> {
        Some(Self(p.strip_prefix(&[0x04, 0x41]).unwrap_or(p).to_vec()))
    }
    pub(crate) fn from_rsa(_: &[u8], _: &[u8]) -> Option<Self> {
        None
    }
    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        let _ = self.0.to_der();
        None
    }
}
