//! The seals.

use std::sync::Arc;

use p256::ecdsa::VerifyingKey;
use sealkeeper_domain::{
    identity::{Digest, PersonId, SealId},
    reason::Reason,
    refusal::Violation,
    seal::Seal,
};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_ses::{SealObject, SesError};

use super::key::KeyOnToken;

/// The seals this agent keeps.
pub(crate) trait SealRegistry: Send + Sync {
    /// By id, else by a name that only one seal bears; one that can be used now.
    ///
    /// # Errors
    /// [`Reason::SealUnknown`], or [`Reason::SealAmbiguous`] where seals of several units bear the name (A4), or what its life says where it
    /// cannot be used now.
    fn find(&self, id_or_name: &str) -> Result<Arc<RegisteredSeal>, Reason>;
    /// By id, one that can be used now.
    ///
    /// # Errors
    /// [`Reason::SealUnknown`], or what its life says.
    fn by_id(&self, id: &SealId) -> Result<Arc<RegisteredSeal>, Reason>;
    /// The id of the seal with this id or name, whatever its life says.
    fn id_of(&self, id_or_name: &str) -> Option<SealId>;
    /// All whose keys lie on tokens, also those that cannot be used now, in a fixed order.
    fn all(&self) -> Vec<Arc<RegisteredSeal>>;
}

/// A seal with what belongs to it outside the token.
pub(crate) struct RegisteredSeal {
    /// The entry.
    pub(crate) seal: Seal,
    /// The picture file as configured.
    pub(crate) picture_file: Vec<u8>,
    /// Digest of that file.
    pub(crate) picture_digest: Digest,
    /// The picture, decoded once.
    pub(crate) picture: SealPicture,
    /// Attributes of the key that its module need not report.
    pub(crate) unreported_accepted: Vec<String>,
    /// Issuers of the seal's certificate, nearest first, DER.
    pub(crate) issuers: Vec<Vec<u8>>,
    /// Who keeps it (C1); `None` in a solo journal: its one person.
    pub(crate) custodian: Option<PersonId>,
    /// What vouches for picture, size and certificate.
    pub(crate) form: SealForm,
}

/// What a seal object is.
pub(crate) enum SealForm {
    /// The entry of the configuration (a solo journal).
    Configured,
    /// The object that the seal office signed (A3), DER of SESeal, and the key it signed with.
    Signed {
        /// SESeal, DER.
        object: Vec<u8>,
        /// The seal maker's key.
        maker: Box<VerifyingKey>,
    },
}

impl RegisteredSeal {
    /// The digest that tells this seal object from every other, if it is whole, good now, and names this certificate (A3, U8). Verified each time.
    pub(crate) fn object_digest(&self, certificate: &[u8], now_us: u64) -> Result<Digest, Violation> {
        let SealForm::Signed { object, maker } = &self.form else {
            return self
                .seal
                .object_digest(self.picture_digest, Digest::of(certificate))
                .map_err(|error| Violation::new(Reason::CertificateBad).with("what", error));
        };
        let told = |error: SesError| {
            let reason = match error {
                SesError::NotYetValid { .. } => Reason::SealNotYetValid,
                SesError::Expired { .. } => Reason::SealExpired,
                SesError::CertificateNotListed => Reason::CertificateNotInSeal,
                _ => Reason::SealObjectUnverified,
            };
            Violation::new(reason).with("what", error.code()).with("why", error)
        };
        let verified = SealObject::verify(object, maker).map_err(told)?;
        verified.check_now(i64::try_from(now_us / 1_000_000).unwrap_or(i64::MAX)).map_err(told)?;
        verified.check_certificate(certificate).map_err(told)?;
        if Digest::of(&verified.properties().picture.data) != self.picture_digest {
            return Err(Violation::new(Reason::SealObjectUnverified).with("what", "picture"));
        }
        Ok(Digest::of(object))
    }

    /// The digest as far as it is known without the token: of a signed object always, of a configured one not.
    pub(crate) fn known_object_digest(&self) -> Option<Digest> {
        match &self.form {
            SealForm::Configured => None,
            SealForm::Signed { object, .. } => Some(Digest::of(object)),
        }
    }

    /// Its key and certificate, as a token is asked for them.
    pub(crate) fn on_token(&self, now_us: u64) -> KeyOnToken {
        KeyOnToken {
            key: self.seal.key.clone(),
            certificate: self.seal.certificate.clone(),
            now_us,
            unreported_accepted: self.unreported_accepted.clone(),
        }
    }
}
