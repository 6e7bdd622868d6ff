//! The signature value, from the form PKCS#11 gives it to the form CMS carries.

use p256::ecdsa::Signature;

use super::CmsError;

/// Bytes of one scalar of P-256 (FIPS 186-5): n in PKCS#11's terms.
const SCALAR_LEN: usize = 32;

/// An ECDSA P-256 signature value whose r and s both lie in 1..n-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcdsaSignature {
    signature: Signature,
}

impl EcdsaSignature {
    /// Reads `r‖s` as CKM_ECDSA returns it (PKCS#11 v3.0 §2.3.1): an even number of bytes, at most 2n, each half
    /// big-endian. Some tokens drop leading zeros of both halves, so shorter halves are padded on the left.
    pub fn from_token(raw: &[u8]) -> Result<Self, CmsError> {
        if raw.is_empty() || !raw.len().is_multiple_of(2) {
            return Err(CmsError::SignatureMalformed("its length is zero or odd, so it is not r and s"));
        }
        if raw.len() > 2 * SCALAR_LEN {
            return Err(CmsError::SignatureMalformed("it is longer than two scalars of P-256"));
        }
        let (r, s) = raw.split_at(raw.len() / 2);
        Self::from_scalars(left_padded(r), left_padded(s))
    }

    /// `ECDSA-Sig-Value` of RFC 3279 §2.2.3, in DER.
    pub fn to_der(&self) -> Vec<u8> {
        self.signature.to_der().as_bytes().to_vec()
    }

    /// A value of the greatest length DER can need: both scalars with the top bit set, hence a sign byte each.
    pub(super) fn of_greatest_length() -> Result<Self, CmsError> {
        let mut scalar = [0; SCALAR_LEN];
        if let Some(first) = scalar.first_mut() {
            *first = 0x80;
        }
        Self::from_scalars(scalar, scalar)
    }

    pub(super) fn inner(&self) -> &Signature {
        &self.signature
    }

    fn from_scalars(r: [u8; SCALAR_LEN], s: [u8; SCALAR_LEN]) -> Result<Self, CmsError> {
        Signature::from_scalars(r, s)
            .map(|signature| Self { signature })
            .map_err(|_| CmsError::SignatureMalformed("r or s is not in 1..n-1"))
    }
}

/// `half` as a scalar: at most [`SCALAR_LEN`] bytes, big-endian.
fn left_padded(half: &[u8]) -> [u8; SCALAR_LEN] {
    let mut scalar = [0; SCALAR_LEN];
    for (to, from) in scalar.iter_mut().rev().zip(half.iter().rev()) {
        *to = *from;
    }
    scalar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_halves_are_padded_on_the_left() {
        let der = EcdsaSignature::from_token(&[1, 2]).unwrap().to_der();
        assert_eq!(der, [0x30, 6, 2, 1, 1, 2, 1, 2]);
    }

    #[test]
    fn values_outside_the_group_are_refused() {
        let order_minus_one = hex_scalar("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
        let order = hex_scalar("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        let one = left_padded(&[1]);
        assert!(EcdsaSignature::from_token(&[order_minus_one, one].concat()).is_ok());
        for raw in [[order, one].concat(), [one, order].concat(), [one, [0; 32]].concat(), vec![0; 64]] {
            let refusal = EcdsaSignature::from_token(&raw).unwrap_err();
            assert_eq!(refusal.code(), "token-fault");
        }
    }

    #[test]
    fn lengths_that_cannot_be_two_scalars_are_refused() {
        for length in [0, 1, 63, 65, 66, 72] {
            assert!(EcdsaSignature::from_token(&vec![1; length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_greatest_length_is_reached() {
        assert_eq!(EcdsaSignature::of_greatest_length().unwrap().to_der().len(), 72);
    }

    fn hex_scalar(text: &str) -> [u8; SCALAR_LEN] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }
}
