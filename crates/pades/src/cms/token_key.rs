//! Public keys as a token shows them, and signatures over what is no document.

use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};
use der::asn1::{AnyRef, BitString, ObjectIdentifier, UintRef};
use der::{Decode, Encode};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::CmsError;
use super::algorithm::SignatureAlgorithm;
use super::digest::MessageDigest;
use super::key::{PublicKey, VerifyingKey};
use super::signature::SignatureValue;

impl PublicKey {
    /// From CKA_EC_POINT (PKCS#11 Current Mechanisms v3.0 §2.3.3): the uncompressed point, in a DER OCTET STRING as the standard says, or
    /// bare as some tokens give it. `None`: no point of P-256 or P-384 by its length.
    pub fn from_ec_point(value: &[u8]) -> Option<PublicKey> {
        match value {
            [0x04, 0x41, point @ ..] if point.len() == 65 => Some(PublicKey::P256(point.to_vec())),
            [0x04, 0x61, point @ ..] if point.len() == 97 => Some(PublicKey::P384(point.to_vec())),
            point if point.len() == 65 => Some(PublicKey::P256(point.to_vec())),
            point if point.len() == 97 => Some(PublicKey::P384(point.to_vec())),
            _ => None,
        }
    }

    /// From CKA_MODULUS and CKA_PUBLIC_EXPONENT, with or without leading zeros. `None`: one of them is zero.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
        let significant = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number.get(zeros..).filter(|rest| !rest.is_empty()).map(<[u8]>::to_vec)
        };
        Some(PublicKey::Rsa { modulus: significant(modulus)?, exponent: significant(exponent)? })
    }

    /// From a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`CmsError::Der`]; [`CmsError::KeyUnsupported`].
    pub fn from_der(info: &[u8]) -> Result<PublicKey, CmsError> {
        let info = SubjectPublicKeyInfoOwned::from_der(info)?;
        let key = VerifyingKey::read(&info).map_err(|detail| CmsError::KeyUnsupported { detail })?;
        Ok(key.public_key())
    }

    /// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER: id-ecPublicKey with a named curve (RFC 5480 §2), or rsaEncryption (RFC 3279 §2.3.1).
    ///
    /// # Errors
    /// [`CmsError::Der`] for values longer than DER tells.
    pub fn to_der(&self) -> Result<Vec<u8>, CmsError> {
        let curve = |oid: ObjectIdentifier| -> Result<_, CmsError> {
            Ok(AlgorithmIdentifierOwned {
                oid: ID_EC_PUBLIC_KEY,
                parameters: Some(der::Any::encode_from(&oid)?),
            })
        };
        let (algorithm, key) = match self {
            PublicKey::P256(point) => (curve(SECP_256_R_1)?, point.clone()),
            PublicKey::P384(point) => (curve(SECP_384_R_1)?, point.clone()),
            PublicKey::Rsa { modulus, exponent } => {
                let parameters = Some(der::Any::from(AnyRef::NULL));
                let values = RsaValues { modulus: UintRef::new(modulus)?, exponent: UintRef::new(exponent)? };
                (AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters }, values.to_der()?)
            }
        };
        let subject_public_key = BitString::from_bytes(&key)?;
        Ok(SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der()?)
    }

    /// What a token with this key answered when it was asked to sign `message`, as the standards for certificates and requests carry it
    /// ([`SignatureValue::value`]).
    ///
    /// # Errors
    /// [`CmsError::KeyUnsupported`], [`CmsError::Mismatch`], [`CmsError::SignatureMalformed`], [`CmsError::SignatureDoesNotVerify`].
    pub fn signed(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        raw: &[u8],
    ) -> Result<SignatureValue, CmsError> {
        let info = SubjectPublicKeyInfoOwned::from_der(&self.to_der()?)?;
        let key = VerifyingKey::read(&info).map_err(|detail| CmsError::KeyUnsupported { detail })?;
        let signature = SignatureValue::read(algorithm, raw, &key)?;
        let digest = MessageDigest::of(algorithm.digest(), message);
        if key.verifies(&signature.scheme(), digest.as_bytes(), signature.value()) {
            Ok(signature)
        } else {
            Err(CmsError::SignatureDoesNotVerify)
        }
    }
}

/// `RSAPublicKey` of RFC 8017 §A.1.1.
#[derive(der::Sequence)]
struct RsaValues<'v> {
    modulus: UintRef<'v>,
    exponent: UintRef<'v>,
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    fn public() -> PublicKey {
        PublicKey::from_ec_point(key().verifying_key().to_sec1_point(false).as_bytes()).unwrap()
    }

    #[test]
    fn a_point_is_the_same_in_its_octet_string_and_bare() {
        let PublicKey::P256(point) = public() else { panic!("another curve") };
        let wrapped = [&[0x04, 0x41][..], &point].concat();
        assert_eq!(PublicKey::from_ec_point(&wrapped), Some(public()));
        assert_eq!(PublicKey::from_ec_point(&point[1..]), None);
        assert_eq!(PublicKey::from_ec_point(&[4; 97]), Some(PublicKey::P384(vec![4; 97])));
    }

    #[test]
    fn leading_zeros_of_rsa_values_do_not_count() {
        let key = PublicKey::from_rsa(&[0, 0, 0xc1, 3], &[0, 1, 0, 1]).unwrap();
        assert_eq!(key, PublicKey::Rsa { modulus: vec![0xc1, 3], exponent: vec![1, 0, 1] });
        assert_eq!(PublicKey::from_rsa(&[0], &[3]), None);
    }

    #[test]
    fn a_key_is_read_back_from_its_information() {
        let der = public().to_der().unwrap();
        assert_eq!(PublicKey::from_der(&der).unwrap(), public());
        assert!(PublicKey::from_der(&der[..der.len() - 1]).is_err());
        let modulus: Vec<u8> = std::iter::once(0xc1).chain(std::iter::repeat_n(0x55, 255)).collect();
        let rsa = PublicKey::from_rsa(&modulus, &[1, 0, 1]).unwrap();
        assert_eq!(PublicKey::from_der(&rsa.to_der().unwrap()).unwrap(), rsa);
    }

    #[test]
    fn only_the_keys_own_signature_over_the_message_is_taken() {
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let signature: Signature = key().sign(b"challenge");
        let raw = signature.to_bytes();
        let value = public().signed(algorithm, b"challenge", &raw).unwrap();
        assert_eq!(value.value(), signature.to_der().as_bytes());
        let refused = public().signed(algorithm, b"another", &raw).unwrap_err();
        assert!(matches!(refused, CmsError::SignatureDoesNotVerify), "{refused}");
        assert!(public().signed(SignatureAlgorithm::RsaPkcs1Sha256, b"challenge", &raw).is_err());
    }
}
