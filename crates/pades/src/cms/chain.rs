//! The signer's certificate and the certificates that lead up from it.

use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, SECP_256_R_1};
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::Certificate;

use super::{CmsError, EcdsaSignature, SignedAttributes};

/// The signer's own certificate with its key, known to be one this crate can sign for.
#[derive(Debug, Clone)]
pub struct EndEntity {
    certificate: Certificate,
    der: Vec<u8>,
    key: VerifyingKey,
}

impl EndEntity {
    /// The certificate's DER, as it was given.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The parsed certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether `signature` over `attributes` was made with this certificate's key.
    pub fn verify(&self, attributes: &SignedAttributes, signature: &EcdsaSignature) -> Result<(), CmsError> {
        self.key
            .verify_prehash(&attributes.digest(), signature.inner())
            .map_err(|_| CmsError::SignatureDoesNotVerify)
    }
}

/// A signer and the certificates to embed along with it. Repeated certificates are kept once.
#[derive(Debug, Clone)]
pub struct SigningChain {
    signer: EndEntity,
    issuers: Vec<Certificate>,
}

impl SigningChain {
    /// Reads `signer` and `issuers`, each one certificate in DER. Their order among each other does not matter.
    /// Whether they form a path to a trust anchor is not judged here.
    pub fn from_der<C: AsRef<[u8]>>(
        signer: &[u8],
        issuers: impl IntoIterator<Item = C>,
    ) -> Result<Self, CmsError> {
        let certificate = strict_certificate(0, signer)?;
        let key = p256_key(certificate.tbs_certificate().subject_public_key_info())
            .map_err(|detail| CmsError::KeyUnsupported { detail })?;
        let mut others: Vec<Certificate> = Vec::new();
        for (index, issuer) in issuers.into_iter().enumerate() {
            let issuer = strict_certificate(index + 1, issuer.as_ref())?;
            if issuer != certificate && !others.contains(&issuer) {
                others.push(issuer);
            }
        }
        Ok(Self { signer: EndEntity { certificate, der: signer.to_vec(), key }, issuers: others })
    }

    /// The signer.
    pub fn signer(&self) -> &EndEntity {
        &self.signer
    }

    /// The certificates beside the signer's own.
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }
}

/// The P-256 key in a certificate's key information (RFC 5480 §2), or what else is there.
pub(crate) fn p256_key(info: &SubjectPublicKeyInfoOwned) -> Result<VerifyingKey, String> {
    if info.algorithm.oid != ID_EC_PUBLIC_KEY {
        return Err(format!("algorithm {}", info.algorithm.oid));
    }
    let curve = info.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
    match curve {
        Some(SECP_256_R_1) => {}
        Some(other) => return Err(format!("curve {other}")),
        None => return Err("an elliptic curve without a name".to_owned()),
    }
    let point = info.subject_public_key.as_bytes().unwrap_or_default();
    VerifyingKey::from_sec1_bytes(point).map_err(|_| "a point that is not on P-256".to_owned())
}

/// Decodes a certificate and makes sure that it is embedded byte for byte as it was given: the signature on it, and
/// the hash in signing-certificate-v2, are over these bytes.
fn strict_certificate(position: usize, bytes: &[u8]) -> Result<Certificate, CmsError> {
    let refused = |detail: String| CmsError::CertificateNotDer { position, detail };
    let certificate = Certificate::from_der(bytes).map_err(|e| refused(e.to_string()))?;
    if certificate.to_der()? != bytes {
        return Err(refused("its encoding is not the canonical one".to_owned()));
    }
    Ok(certificate)
}
