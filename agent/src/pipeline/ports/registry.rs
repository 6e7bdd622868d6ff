//! The seals.

use sealkeeper_domain::{
    identity::{Digest, SealId},
    reason::Reason,
    seal::Seal,
};
use sealkeeper_pades::picture::SealPicture;

use super::key::KeyOnToken;

/// The seals this agent keeps.
pub(crate) trait SealRegistry: Send + Sync {
    /// By id, else by a name that only one seal bears.
    ///
    /// # Errors
    /// [`Reason::SealUnknown`], or [`Reason::SealAmbiguous`] where seals of several units bear the name (A4).
    fn find(&self, id_or_name: &str) -> Result<&RegisteredSeal, Reason>;
    /// All of them, in the order of the configuration.
    fn all(&self) -> &[RegisteredSeal];
    /// By id.
    fn by_id(&self, id: &SealId) -> Option<&RegisteredSeal> {
        self.all().iter().find(|registered| registered.seal.id == *id)
    }
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
}

impl RegisteredSeal {
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
