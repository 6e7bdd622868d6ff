//! The signer's certificate and the certificates that lead up from it.

use der::{Decode, Encode};
use x509_cert::Certificate;

use super::algorithm::SignatureAlgorithm;
use super::attributes::SignedAttributes;
use super::error::{CmsError, Mismatch};
use super::key::{PublicKey, VerifyingKey};
use super::signature::SignatureValue;

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

    /// The algorithms its key can be used with, the usual one first; never none.
    pub fn algorithms(&self) -> &'static [SignatureAlgorithm] {
        self.key.algorithms()
    }

    /// The values of its key.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    /// Whether `signature` over `attributes` was made with this certificate's key.
    ///
    /// # Errors
    /// [`CmsError::SignatureDoesNotVerify`]; [`CmsError::Mismatch`] if the two are not for the same algorithm.
    pub fn verify(&self, attributes: &SignedAttributes, signature: &SignatureValue) -> Result<(), CmsError> {
        if attributes.algorithm() != signature.algorithm() {
            return Err(CmsError::Mismatch(Mismatch::SignedAttributes));
        }
        if !self.key.verifies(&signature.scheme(), attributes.digest().as_bytes(), signature.value()) {
            return Err(CmsError::SignatureDoesNotVerify);
        }
        Ok(())
    }

    pub(super) fn key(&self) -> &VerifyingKey {
        &self.key
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
        let unsupported = |detail: String| CmsError::KeyUnsupported { detail };
        let key = VerifyingKey::read(certificate.tbs_certificate().subject_public_key_info())
            .map_err(unsupported)?;
        if key.algorithms().is_empty() {
            return Err(unsupported(
                "RSASSA-PSS restricted to other parameters than SHA-256 with a salt of 32 bytes".into(),
            ));
        }
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
