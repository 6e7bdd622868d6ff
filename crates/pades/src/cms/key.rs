//! Public keys of certificates: of the kinds judged and signed with, and within their bounds.

use const_oid::AssociatedOid;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, ID_RSASSA_PSS, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};
use der::asn1::{ObjectIdentifier, Uint};
use der::{AnyRef, Decode, Sequence};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::BoxedUint;
use sha2::digest::FixedOutputReset;
use sha2::{Digest, Sha256, Sha384, Sha512};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::Certificate;

use super::CmsError;
use super::algorithm::SignatureAlgorithm;
use super::digest::HashFunction;
use super::pss::PssParameters;
use super::scheme::Scheme;

/// Bits of a modulus: fewer are too weak (NIST SP 800-131A), more are not seen on tokens and slow to judge.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The values a public key consists of, for comparison with what a token says of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point on P-256, uncompressed (SEC 1 §2.3.3): 65 bytes.
    P256(Vec<u8>),
    /// A point on P-384, uncompressed: 97 bytes.
    P384(Vec<u8>),
    /// RSA, both big-endian without leading zeros.
    Rsa {
        /// n.
        modulus: Vec<u8>,
        /// e.
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    /// The key of a certificate (DER).
    ///
    /// # Errors
    /// [`CmsError::CertificateNotDer`], [`CmsError::KeyUnsupported`].
    pub fn of_certificate(certificate: &[u8]) -> Result<PublicKey, CmsError> {
        let certificate = Certificate::from_der(certificate)
            .map_err(|error| CmsError::CertificateNotDer { position: 0, detail: error.to_string() })?;
        VerifyingKey::read(certificate.tbs_certificate().subject_public_key_info())
            .map(|key| key.public_key())
            .map_err(|detail| CmsError::KeyUnsupported { detail })
    }
}

/// A key to verify with.
#[derive(Debug, Clone)]
pub(crate) enum VerifyingKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    Rsa(RsaKey),
}

/// An RSA key with what it may be used for.
#[derive(Debug, Clone)]
pub(crate) struct RsaKey {
    key: rsa::PublicKey,
    values: RsaPublicKey,
    purpose: RsaUse,
}

/// What the certificate lets an RSA key do (RFC 4055 §1.2).
#[derive(Debug, Clone, Copy)]
enum RsaUse {
    /// rsaEncryption: both schemes.
    Any,
    /// id-RSASSA-PSS: PSS only, with these parameters if there are any. NSS (3.87, and poppler with it) calls every
    /// signature by such a key invalid, whoever made it; PSS by a key under rsaEncryption it takes.
    Pss(Option<PssParameters>),
}

/// `RSAPublicKey` of RFC 8017 §A.1.1.
#[derive(Debug, Clone, Sequence)]
struct RsaPublicKey {
    modulus: Uint,
    public_exponent: Uint,
}

impl VerifyingKey {
    /// The key in a certificate's key information (RFC 5480 §2, RFC 4055 §1.2), or what else is there.
    pub(crate) fn read(info: &SubjectPublicKeyInfoOwned) -> Result<VerifyingKey, String> {
        let parameters = info.algorithm.parameters.as_ref();
        let key = info.subject_public_key.as_bytes().unwrap_or_default();
        match info.algorithm.oid {
            ID_EC_PUBLIC_KEY => match parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok()) {
                Some(SECP_256_R_1) => p256::ecdsa::VerifyingKey::from_sec1_bytes(key)
                    .map(VerifyingKey::P256)
                    .map_err(|_| "a point that is not on P-256".to_owned()),
                Some(SECP_384_R_1) => p384::ecdsa::VerifyingKey::from_sec1_bytes(key)
                    .map(VerifyingKey::P384)
                    .map_err(|_| "a point that is not on P-384".to_owned()),
                Some(other) => Err(format!("curve {other}")),
                None => Err("an elliptic curve without a name".to_owned()),
            },
            RSA_ENCRYPTION if parameters.is_some_and(|p| AnyRef::from(p) == AnyRef::NULL) => {
                RsaKey::read(key, RsaUse::Any).map(VerifyingKey::Rsa)
            }
            RSA_ENCRYPTION => Err("rsaEncryption without the parameters NULL".to_owned()),
            ID_RSASSA_PSS => {
                let restriction = parameters.map(PssParameters::read).transpose()?;
                RsaKey::read(key, RsaUse::Pss(restriction)).map(VerifyingKey::Rsa)
            }
            other => Err(format!("algorithm {other}")),
        }
    }

    /// The algorithms a seal with this key can sign with.
    pub(crate) fn algorithms(&self) -> &'static [SignatureAlgorithm] {
        match self {
            Self::P256(_) => &[SignatureAlgorithm::EcdsaP256Sha256],
            Self::P384(_) => &[SignatureAlgorithm::EcdsaP384Sha384],
            Self::Rsa(RsaKey { purpose: RsaUse::Any, .. }) => {
                &[SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256]
            }
            Self::Rsa(_) if self.admits(&Scheme::RsaPss(PssParameters::SHA_256)) => {
                &[SignatureAlgorithm::RsaPssSha256]
            }
            Self::Rsa(_) => &[],
        }
    }

    /// Whether signatures of this scheme can be made with the key at all.
    pub(crate) fn admits(&self, scheme: &Scheme) -> bool {
        match (self, scheme) {
            (Self::P256(_) | Self::P384(_), Scheme::Ecdsa(_)) => true,
            (Self::Rsa(rsa), Scheme::RsaPkcs1(_)) => matches!(rsa.purpose, RsaUse::Any),
            (Self::Rsa(rsa), Scheme::RsaPss(parameters)) => match rsa.purpose {
                RsaUse::Any | RsaUse::Pss(None) => true,
                RsaUse::Pss(Some(restriction)) => restriction.allow(parameters),
            },
            _ => false,
        }
    }

    /// Whether `value`, as a CMS carries it, is this key's signature over `digest`, computed with the scheme's hash function.
    pub(crate) fn verifies(&self, scheme: &Scheme, digest: &[u8], value: &[u8]) -> bool {
        if !self.admits(scheme) {
            return false;
        }
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_der(value)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(value)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Self::Rsa(rsa) => rsa.verifies(scheme, digest, value),
        }
    }

    /// Bytes of an RSA signature value.
    pub(crate) fn modulus_len(&self) -> Option<usize> {
        match self {
            Self::P256(_) | Self::P384(_) => None,
            Self::Rsa(rsa) => Some(rsa.values.modulus.as_bytes().len()),
        }
    }

    /// Its values.
    pub(crate) fn public_key(&self) -> PublicKey {
        match self {
            Self::P256(key) => PublicKey::P256(key.to_sec1_point(false).as_bytes().to_vec()),
            Self::P384(key) => PublicKey::P384(key.to_sec1_point(false).as_bytes().to_vec()),
            Self::Rsa(RsaKey { values, .. }) => PublicKey::Rsa {
                modulus: values.modulus.as_bytes().to_vec(),
                exponent: values.public_exponent.as_bytes().to_vec(),
            },
        }
    }
}

impl RsaKey {
    fn read(der: &[u8], purpose: RsaUse) -> Result<RsaKey, String> {
        let values =
            RsaPublicKey::from_der(der).map_err(|error| format!("an RSA key that is not DER: {error}"))?;
        let bits = bits(values.modulus.as_bytes());
        if !MODULUS_BITS.contains(&bits) {
            return Err(format!("RSA with {bits} bits"));
        }
        let uint = |value: &Uint| BoxedUint::from_be_slice_vartime(value.as_bytes());
        let key = rsa::PublicKey::new_with_size_limits(
            uint(&values.modulus),
            uint(&values.public_exponent),
            MODULUS_BITS,
        )
        .map_err(|error| format!("an RSA key that cannot be used: {error}"))?;
        Ok(RsaKey { key, values, purpose })
    }

    fn verifies(&self, scheme: &Scheme, digest: &[u8], value: &[u8]) -> bool {
        match scheme.hash() {
            HashFunction::Sha256 => self.verifies_with::<Sha256>(scheme, digest, value),
            HashFunction::Sha384 => self.verifies_with::<Sha384>(scheme, digest, value),
            HashFunction::Sha512 => self.verifies_with::<Sha512>(scheme, digest, value),
        }
    }

    fn verifies_with<D>(&self, scheme: &Scheme, digest: &[u8], value: &[u8]) -> bool
    where
        D: Digest + AssociatedOid + FixedOutputReset,
    {
        match scheme {
            Scheme::Ecdsa(_) => false,
            Scheme::RsaPkcs1(_) => self.key.pkcs1v15_verify_prehash::<D>(digest, value).is_ok(),
            Scheme::RsaPss(PssParameters { salt_len, .. }) => {
                self.key.verify(rsa::Pss::<D>::new_with_salt(*salt_len), digest, value).is_ok()
            }
        }
    }
}

/// Bits of a big-endian number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use proptest::prelude::*;

    use super::*;

    /// An RSA key with these values, big-endian; the modulus need not be a product of two primes to be read.
    fn read(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, String> {
        let uint = |bytes: &[u8]| Uint::new(bytes).unwrap();
        let values = RsaPublicKey { modulus: uint(modulus), public_exponent: uint(exponent) };
        RsaKey::read(&values.to_der().unwrap(), RsaUse::Any)
            .map(VerifyingKey::Rsa)
            .map(|key| key.public_key())
    }

    /// 2^(bits-1) + 1.
    fn odd(bits: usize) -> Vec<u8> {
        let mut number = vec![0; bits.div_ceil(8)];
        number[0] = 1 << ((bits - 1) % 8);
        *number.last_mut().unwrap() |= 1;
        number
    }

    #[test]
    fn a_modulus_has_2048_to_4096_bits() {
        for bits in [2048, 2049, 3071, 4095, 4096] {
            let key = PublicKey::Rsa { modulus: odd(bits), exponent: vec![1, 0, 1] };
            assert_eq!(read(&odd(bits), &[1, 0, 1]), Ok(key));
        }
        for bits in [8, 1024, 2040, 2047, 4097, 4104, 16384] {
            assert_eq!(read(&odd(bits), &[1, 0, 1]), Err(format!("RSA with {bits} bits")));
        }
        assert_eq!(read(&[0], &[3]), Err("RSA with 0 bits".to_owned()));
    }

    #[test]
    fn even_numbers_and_exponents_out_of_bounds_are_no_key() {
        let even = [&odd(2048)[..255], &[2]].concat();
        assert!(read(&even, &[3]).is_err());
        assert!(read(&odd(2048), &[3]).is_ok());
        assert!(read(&odd(2048), &[1, 0xFF, 0xFF, 0xFF, 0xFF]).is_ok(), "33 bits");
        for exponent in [&[0][..], &[1], &[2], &[4], &[2, 0, 0, 0, 1], &odd(2048), &odd(4096)] {
            assert!(read(&odd(2048), exponent).is_err(), "{exponent:?}");
        }
    }

    #[test]
    fn bytes_after_the_key_are_no_part_of_it() {
        let uint = |bytes: &[u8]| Uint::new(bytes).unwrap();
        let values = RsaPublicKey { modulus: uint(&odd(2048)), public_exponent: uint(&[3]) };
        let mut der = values.to_der().unwrap();
        assert!(RsaKey::read(&der, RsaUse::Any).is_ok());
        der.push(0);
        assert!(RsaKey::read(&der, RsaUse::Any).is_err());
    }

    proptest! {
        /// Whatever a value is, judging it ends with yes or no; the salt may be longer than the modulus.
        #[test]
        fn no_value_makes_verification_panic(
            value in proptest::collection::vec(any::<u8>(), 250..260), digest in any::<[u8; 32]>(), salt_len in 0_usize..300,
        ) {
            let values = RsaPublicKey {
                modulus: Uint::new(&odd(2048)).unwrap(),
                public_exponent: Uint::new(&[3]).unwrap(),
            };
            let key = VerifyingKey::Rsa(RsaKey::read(&values.to_der().unwrap(), RsaUse::Any).unwrap());
            let pss = PssParameters { hash: HashFunction::Sha256, salt_len };
            for scheme in [Scheme::RsaPkcs1(HashFunction::Sha256), Scheme::RsaPss(pss)] {
                prop_assert!(!key.verifies(&scheme, &digest, &value));
            }
        }
    }
}
