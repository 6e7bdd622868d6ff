//! A seal object that was verified, and what is asked of it at each use.

use sha2::{Digest as _, Sha256};

use crate::SesError;
use crate::maker::MakerCertificate;
use crate::object::SealObject;
use crate::properties::SealProperties;

/// A seal object that [`SealObject::verify`] found to be its maker's, whole and by the rules. Whether it may be used now and with a
/// certificate is for [`check_now`](Self::check_now) and [`check_certificate`](Self::check_certificate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSeal {
    object: SealObject,
    maker: MakerCertificate,
}

impl VerifiedSeal {
    pub(crate) fn new(object: SealObject, maker: MakerCertificate) -> Self {
        Self { object, maker }
    }

    /// What it states.
    pub fn properties(&self) -> &SealProperties {
        self.object.properties()
    }

    /// DER(eSealInfo): what the maker signed.
    pub fn to_be_signed(&self) -> &[u8] {
        self.object.to_be_signed()
    }

    /// SHA-256 of DER(eSealInfo), which identifies the seal object. The whole does not: with one ECDSA signature anybody can write
    /// a second one that verifies as well.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_be_signed()).into()
    }

    /// The maker's certificate.
    pub fn maker(&self) -> &MakerCertificate {
        &self.maker
    }

    /// Whether it is valid at `now_s`, seconds since 1970; both ends of the validity belong to it (rule U8).
    ///
    /// # Errors
    /// [`SesError::NotYetValid`], [`SesError::Expired`].
    pub fn check_now(&self, now_s: i64) -> Result<(), SesError> {
        let (from_s, until_s) = (self.properties().valid_from_s, self.properties().valid_until_s);
        if now_s < from_s {
            return Err(SesError::NotYetValid { from_s });
        }
        if now_s > until_s {
            return Err(SesError::Expired { until_s });
        }
        Ok(())
    }

    /// Whether the certificate of this DER may sign under the seal: whether its list holds it, whole or by its SHA-256 (rule U8).
    ///
    /// # Errors
    /// [`SesError::CertificateNotListed`].
    pub fn check_certificate(&self, certificate: &[u8]) -> Result<(), SesError> {
        let is_listed = self.properties().certificates.contains(certificate);
        if is_listed { Ok(()) } else { Err(SesError::CertificateNotListed) }
    }
}
