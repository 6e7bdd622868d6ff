//! The signature value, from the form PKCS#11 gives it to the form CMS carries.

use super::algorithm::SignatureAlgorithm;
use super::chain::EndEntity;
use super::error::{CmsError, Mismatch};
use super::key::VerifyingKey;
use super::scheme::Scheme;

/// Bytes of one scalar (FIPS 186-5): n in PKCS#11's terms.
const P256_SCALAR_LEN: usize = 32;
const P384_SCALAR_LEN: usize = 48;

/// A signature value that has the form of its algorithm. Whether it verifies is another question:
/// [`EndEntity::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureValue {
    algorithm: SignatureAlgorithm,
    value: Vec<u8>,
}

impl SignatureValue {
    /// Reads what a token with the key of `signer` answered.
    ///
    /// ECDSA: `r‖s` as CKM_ECDSA returns it (PKCS#11 v3.0 §2.3.1), an even number of bytes, at most 2n, each half
    /// big-endian. Some tokens drop leading zeros of both halves, so shorter halves are padded on the left.
    /// RSA: exactly as many bytes as the modulus has (RFC 8017 §8.1.1, §8.2.1).
    ///
    /// # Errors
    /// [`CmsError::SignatureMalformed`]; [`CmsError::Mismatch`] if the key is not for `algorithm`.
    pub fn from_token(
        algorithm: SignatureAlgorithm,
        raw: &[u8],
        signer: &EndEntity,
    ) -> Result<Self, CmsError> {
        Self::read(algorithm, raw, signer.key())
    }

    /// The same for a key without a certificate.
    pub(super) fn read(
        algorithm: SignatureAlgorithm,
        raw: &[u8],
        key: &VerifyingKey,
    ) -> Result<Self, CmsError> {
        if !key.algorithms().contains(&algorithm) {
            return Err(CmsError::Mismatch(Mismatch::Key));
        }
        let value = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => p256_value(&left_padded::<P256_SCALAR_LEN>(raw)?)?,
            SignatureAlgorithm::EcdsaP384Sha384 => p384_value(&left_padded::<P384_SCALAR_LEN>(raw)?)?,
            SignatureAlgorithm::RsaPkcs1Sha256 | SignatureAlgorithm::RsaPssSha256 => {
                if Some(raw.len()) != key.modulus_len() {
                    return Err(CmsError::SignatureMalformed("it is not as long as the modulus"));
                }
                raw.to_vec()
            }
        };
        Ok(Self { algorithm, value })
    }

    /// How it was made.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// `SignerInfo.signature`: for ECDSA `ECDSA-Sig-Value` of RFC 3279 §2.2.3 in DER, for RSA the value itself.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// A value of the greatest length `algorithm` can need with the key of `signer`.
    pub(super) fn of_greatest_length(
        algorithm: SignatureAlgorithm,
        signer: &EndEntity,
    ) -> Result<Self, CmsError> {
        // With the top bit set, both scalars need a sign byte each.
        let scalars = |length: usize| -> Vec<u8> {
            (0..2 * length).map(|index| if index % length == 0 { 0x80 } else { 0 }).collect()
        };
        let raw = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => scalars(P256_SCALAR_LEN),
            SignatureAlgorithm::EcdsaP384Sha384 => scalars(P384_SCALAR_LEN),
            SignatureAlgorithm::RsaPkcs1Sha256 | SignatureAlgorithm::RsaPssSha256 => {
                vec![0; signer.key().modulus_len().unwrap_or_default()]
            }
        };
        Self::from_token(algorithm, &raw, signer)
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.algorithm.into()
    }
}

fn p256_value(scalars: &[u8]) -> Result<Vec<u8>, CmsError> {
    let signature = p256::ecdsa::Signature::from_slice(scalars).map_err(|_| OUTSIDE_THE_GROUP)?;
    Ok(signature.to_der().as_bytes().to_vec())
}

fn p384_value(scalars: &[u8]) -> Result<Vec<u8>, CmsError> {
    let signature = p384::ecdsa::Signature::from_slice(scalars).map_err(|_| OUTSIDE_THE_GROUP)?;
    Ok(signature.to_der().as_bytes().to_vec())
}

const OUTSIDE_THE_GROUP: CmsError = CmsError::SignatureMalformed("r or s is not in 1..n-1");

/// Both halves of `raw` as scalars of N bytes each, big-endian.
fn left_padded<const N: usize>(raw: &[u8]) -> Result<Vec<u8>, CmsError> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return Err(CmsError::SignatureMalformed("its length is zero or odd, so it is not r and s"));
    }
    if raw.len() > 2 * N {
        return Err(CmsError::SignatureMalformed("it is longer than two scalars of its curve"));
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    let zeros = vec![0; N - r.len()];
    Ok([&zeros, r, &zeros, s].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_halves_are_padded_on_the_left() {
        let der = [0x30, 6, 2, 1, 1, 2, 1, 2];
        assert_eq!(p256_value(&left_padded::<P256_SCALAR_LEN>(&[1, 2]).unwrap()).unwrap(), der);
        assert_eq!(p384_value(&left_padded::<P384_SCALAR_LEN>(&[1, 2]).unwrap()).unwrap(), der);
    }

    #[test]
    fn values_outside_the_group_are_refused() {
        let p256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let p384 = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
        outside_the_group(&hex(p256), p256_value);
        outside_the_group(&hex(p384), p384_value);
    }

    /// With the order of the group, which is odd.
    fn outside_the_group(order: &[u8], value: fn(&[u8]) -> Result<Vec<u8>, CmsError>) {
        let (zero, mut one, mut below) = (vec![0; order.len()], vec![0; order.len()], order.to_vec());
        *one.last_mut().unwrap() = 1;
        *below.last_mut().unwrap() -= 1;
        assert!(value(&[&below[..], &one[..]].concat()).is_ok());
        assert!(value(&[&one[..], &below[..]].concat()).is_ok());
        for (r, s) in [(order, &one[..]), (&one, order), (&one, &zero), (&zero, &one), (&zero, &zero)] {
            assert_eq!(value(&[r, s].concat()).unwrap_err().code(), "token-fault");
        }
    }

    #[test]
    fn lengths_that_cannot_be_two_scalars_are_refused() {
        for length in [0, 1, 63, 65, 66, 72] {
            assert!(left_padded::<P256_SCALAR_LEN>(&vec![1; length]).is_err(), "{length} bytes");
        }
        for length in [0, 1, 95, 97, 98, 104] {
            assert!(left_padded::<P384_SCALAR_LEN>(&vec![1; length]).is_err(), "{length} bytes");
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }
}
