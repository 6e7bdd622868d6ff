//! Digests that know their hash function.

use const_oid::db::rfc5912::{ID_SHA_256, ID_SHA_384, ID_SHA_512};
use der::asn1::ObjectIdentifier;
use der::{Any, AnyRef};
use sha2::{Digest, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierOwned;

/// The hash functions that documents are signed with here (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

/// A digest with its hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageDigest {
    /// By SHA-256.
    Sha256([u8; 32]),
    /// By SHA-384.
    Sha384([u8; 48]),
}

impl MessageDigest {
    /// `bytes` as a digest by `algorithm`, if they have its length.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<MessageDigest> {
        match algorithm {
            DigestAlgorithm::Sha256 => bytes.try_into().ok().map(Self::Sha256),
            DigestAlgorithm::Sha384 => bytes.try_into().ok().map(Self::Sha384),
        }
    }

    /// The digest by `algorithm` of `bytes`.
    #[must_use]
    pub fn of(algorithm: DigestAlgorithm, bytes: &[u8]) -> MessageDigest {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256(Sha256::digest(bytes).into()),
            DigestAlgorithm::Sha384 => Self::Sha384(Sha384::digest(bytes).into()),
        }
    }

    /// The hash function.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Sha256(_) => DigestAlgorithm::Sha256,
            Self::Sha384(_) => DigestAlgorithm::Sha384,
        }
    }

    /// The digest itself: 32 or 48 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha384(bytes) => bytes,
        }
    }
}

/// `DigestInfo` of RFC 8017 §9.2 in DER: what a token pads and signs with the mechanism CKM_RSA_PKCS.
#[must_use]
pub fn digest_info(digest: &MessageDigest) -> Vec<u8> {
    // The encodings as note 1 there lists them, with NULL as the hash function's parameters.
    let prefix: [u8; 19] = match digest {
        MessageDigest::Sha256(_) => {
            [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20]
        }
        MessageDigest::Sha384(_) => {
            [0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30]
        }
    };
    [&prefix, digest.as_bytes()].concat()
}

/// The hash functions that signatures from outside are judged with (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashFunction {
    /// The one an identifier names. Parameters are absent or NULL, which mean the same (RFC 5754 §2).
    #[must_use]
    pub fn named_by(identifier: &AlgorithmIdentifierOwned) -> Option<HashFunction> {
        let parameters = identifier.parameters.as_ref();
        if parameters.is_some_and(|parameters| AnyRef::from(parameters) != AnyRef::NULL) {
            return None;
        }
        match identifier.oid {
            ID_SHA_256 => Some(Self::Sha256),
            ID_SHA_384 => Some(Self::Sha384),
            ID_SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash over `parts` one after another.
    pub fn digest<'a>(self, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        fn over<'a, D: Digest>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
            let mut digest = D::new();
            parts.into_iter().for_each(|part| digest.update(part));
            digest.finalize().to_vec()
        }
        match self {
            Self::Sha256 => over::<Sha256>(parts),
            Self::Sha384 => over::<Sha384>(parts),
            Self::Sha512 => over::<Sha512>(parts),
        }
    }

    /// The identifier with absent parameters, as RFC 5754 §2 wants it generated.
    pub(super) fn identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: None }
    }

    /// The identifier with NULL for parameters, as RFC 4055 §2.1 wants it inside the parameters of RSASSA-PSS.
    pub(super) fn identifier_with_null(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: Some(Any::null()) }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => ID_SHA_256,
            Self::Sha384 => ID_SHA_384,
            Self::Sha512 => ID_SHA_512,
        }
    }
}

impl From<DigestAlgorithm> for HashFunction {
    fn from(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::Sha256,
            DigestAlgorithm::Sha384 => Self::Sha384,
        }
    }
}

#[cfg(test)]
mod tests {
    use der::asn1::OctetString;
    use der::{Encode, Sequence};

    use super::*;

    #[derive(Sequence)]
    struct DigestInfo {
        digest_algorithm: AlgorithmIdentifierOwned,
        digest: OctetString,
    }

    #[test]
    fn digest_infos_are_the_der_of_their_definition() {
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384] {
            let digest = MessageDigest::of(algorithm, b"abc");
            let encoded = DigestInfo {
                digest_algorithm: HashFunction::from(algorithm).identifier_with_null(),
                digest: OctetString::new(digest.as_bytes()).unwrap(),
            };
            assert_eq!(digest_info(&digest), encoded.to_der().unwrap());
        }
    }

    #[test]
    fn a_digest_has_the_length_of_its_hash_function() {
        assert_eq!(
            MessageDigest::new(DigestAlgorithm::Sha256, &[7; 32]),
            Some(MessageDigest::Sha256([7; 32]))
        );
        assert_eq!(
            MessageDigest::new(DigestAlgorithm::Sha384, &[7; 48]),
            Some(MessageDigest::Sha384([7; 48]))
        );
        assert_eq!(MessageDigest::new(DigestAlgorithm::Sha256, &[7; 48]), None);
        assert_eq!(MessageDigest::new(DigestAlgorithm::Sha384, &[7; 32]), None);
    }

    #[test]
    fn hash_functions_are_named_with_absent_parameters_or_null() {
        for hash in [HashFunction::Sha256, HashFunction::Sha384, HashFunction::Sha512] {
            assert_eq!(HashFunction::named_by(&hash.identifier()), Some(hash));
            assert_eq!(HashFunction::named_by(&hash.identifier_with_null()), Some(hash));
            let parameters = Some(Any::encode_from(&1_u8).unwrap());
            let odd = AlgorithmIdentifierOwned { parameters, ..hash.identifier() };
            assert_eq!(HashFunction::named_by(&odd), None);
        }
    }
}
