//! Certificate requests: PKCS#10 (RFC 2986), for a key that lies on a token.

mod subject;

use sealkeeper_pades::cms::{CmsError, PublicKey, SignatureAlgorithm};
use x509_cert::{
    der::{Decode, Encode, asn1::BitString},
    request::{CertReq, CertReqInfo, Version},
    spki::SubjectPublicKeyInfoOwned,
};

pub(crate) use self::subject::Subject;

/// `CertificationRequestInfo`: what the key signs to show that it asks itself.
pub(crate) struct RequestInfo {
    info: CertReqInfo,
    key: PublicKey,
    der: Vec<u8>,
}

impl RequestInfo {
    /// For this name and key. Without attributes: what goes into the certificate is the authority's to say.
    ///
    /// # Errors
    /// [`CmsError::Der`] for a key longer than DER tells.
    pub(crate) fn new(subject: &Subject, key: PublicKey) -> Result<Self, CmsError> {
        let info = CertReqInfo {
            version: Version::V1,
            subject: subject.name().clone(),
            public_key: SubjectPublicKeyInfoOwned::from_der(&key.to_der()?)?,
            attributes: Default::default(),
        };
        let der = info.to_der()?;
        Ok(RequestInfo { info, key, der })
    }

    /// What is to be signed.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request with what the token answered, as DER. A signature that is not the key's own makes none.
    ///
    /// # Errors
    /// [`CmsError::SignatureMalformed`], [`CmsError::SignatureDoesNotVerify`].
    pub(crate) fn signed(self, algorithm: SignatureAlgorithm, raw: &[u8]) -> Result<Vec<u8>, CmsError> {
        let signature = self.key.signed(algorithm, &self.der, raw)?;
        let request = CertReq {
            info: self.info,
            algorithm: algorithm.certificate_identifier()?,
            signature: BitString::from_bytes(signature.value())?,
        };
        Ok(request.to_der()?)
    }
}
