//! Whoever can sign an act.

use sealkeeper_domain::act::key::{ActKey, KeyId};

use crate::error::ClientError;
use crate::person_key::PersonKey;

/// A person's key as far as signing goes, wherever it lies.
pub trait ActSigner {
    /// The public half.
    fn public_key(&self) -> ActKey;

    /// The ECDSA signature with SHA-256 over these bytes (FIPS 186-5): r ‖ s, 32 bytes each, big-endian. May block.
    ///
    /// # Errors
    /// Why the key did not sign.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], ClientError>;

    /// The key's name: the SHA-256 thumbprint of its JWK (RFC 7638).
    fn key_id(&self) -> KeyId {
        self.public_key().thumbprint()
    }

    /// The ES256 signature (RFC 7518 §3.4) over a JWS signing input (RFC 7515 §5.1). May block.
    ///
    /// # Errors
    /// Those of [`ActSigner::sign`].
    fn sign_act(&self, signing_input: &str) -> Result<[u8; 64], ClientError> {
        self.sign(signing_input.as_bytes())
    }
}

impl ActSigner for PersonKey {
    fn public_key(&self) -> ActKey {
        PersonKey::public_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], ClientError> {
        PersonKey::sign(self, message)
    }
}
