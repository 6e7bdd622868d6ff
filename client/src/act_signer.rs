//! Whoever can sign an act.

use sealkeeper_domain::act::key::KeyId;

use crate::error::ClientError;
use crate::person_key::PersonKey;

/// A person's key as far as the signing of acts goes, wherever it lies.
pub trait ActSigner {
    /// The key's name: the SHA-256 thumbprint of its JWK (RFC 7638).
    fn key_id(&self) -> KeyId;

    /// The ES256 signature (RFC 7518 §3.4) over a JWS signing input (RFC 7515 §5.1): r ‖ s, 32 bytes each, big-endian. May block.
    ///
    /// # Errors
    /// Why the key did not sign.
    fn sign_act(&self, signing_input: &str) -> Result<[u8; 64], ClientError>;
}

impl ActSigner for PersonKey {
    fn key_id(&self) -> KeyId {
        self.public_key().thumbprint()
    }

    fn sign_act(&self, signing_input: &str) -> Result<[u8; 64], ClientError> {
        self.sign(signing_input.as_bytes())
    }
}
