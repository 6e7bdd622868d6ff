//! ECDSA on P-256 over SHA-256 (FIPS 186-5), as `Ecdsa-Sig-Value` in DER (RFC 3279 §2.2.3).

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use crate::SesError;

/// Whether `signature` is one over `message` by `key`. Who has one signature (r, s) can write another that verifies,
/// (r, n − s): tokens make either, so both are taken, and what identifies a signed thing is what was signed.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), SesError> {
    let read = Signature::from_der(signature).map_err(|_| SesError::SignatureBad)?;
    if read.to_der().as_bytes() != signature {
        return Err(SesError::SignatureBad);
    }
    key.verify(message, &read).map_err(|_| SesError::SignatureBad)
}

/// The signature over `message` in DER; the nonce is that of RFC 6979.
pub(crate) fn sign(key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, SesError> {
    let signature: Signature =
        key.try_sign(message).map_err(|error| SesError::Encoding(error.to_string()))?;
    Ok(signature.to_der().as_bytes().to_vec())
}
