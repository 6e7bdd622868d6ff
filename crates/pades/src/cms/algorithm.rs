//! The signature algorithms a seal can sign with.

use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_RSASSA_PSS, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION,
};
use der::Any;
use spki::AlgorithmIdentifierOwned;

use super::CmsError;
use super::digest::DigestAlgorithm;
use super::pss::PssParameters;

/// How a seal signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384 (FIPS 186-5).
    EcdsaP384Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2), 2048 to 4096 bits.
    RsaPkcs1Sha256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 8017 §8.1), 2048 to 4096 bits.
    RsaPssSha256,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [SignatureAlgorithm; 4] =
        [Self::EcdsaP256Sha256, Self::EcdsaP384Sha384, Self::RsaPkcs1Sha256, Self::RsaPssSha256];

    /// The stable name, as records and configurations have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            Self::RsaPssSha256 => "rsa-pss-sha256",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<SignatureAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.code() == code)
    }

    /// What document and signed attributes are hashed with.
    #[must_use]
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 | Self::RsaPssSha256 => DigestAlgorithm::Sha256,
            Self::EcdsaP384Sha384 => DigestAlgorithm::Sha384,
        }
    }

    /// `signatureAlgorithm` of certificates and requests for them (RFC 5280 §4.1.1.2, RFC 2986 §4.2), where nothing else tells the hash
    /// function: RFC 4055 §5 for RSASSA-PKCS1-v1_5, otherwise as in a CMS.
    ///
    /// # Errors
    /// [`CmsError::Der`], which does not happen.
    pub fn certificate_identifier(self) -> Result<AlgorithmIdentifierOwned, CmsError> {
        Ok(match self {
            Self::RsaPkcs1Sha256 => {
                AlgorithmIdentifierOwned { oid: SHA_256_WITH_RSA_ENCRYPTION, parameters: Some(Any::null()) }
            }
            _ => self.identifier()?,
        })
    }

    /// `SignerInfo.signatureAlgorithm`.
    pub(super) fn identifier(self) -> der::Result<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match self {
            // RFC 5758 §3.2: parameters are absent.
            Self::EcdsaP256Sha256 => (ECDSA_WITH_SHA_256, None),
            Self::EcdsaP384Sha384 => (ECDSA_WITH_SHA_384, None),
            // RFC 5754 §3.2 has every reader know rsaEncryption here, and leaves it open whether one knows
            // sha256WithRSAEncryption. OpenSSL writes it too; OpenSSL, pyHanko and NSS (poppler) take it. Parameters are NULL.
            Self::RsaPkcs1Sha256 => (RSA_ENCRYPTION, Some(Any::null())),
            // RFC 4056 §3: parameters are there and say all that is not default.
            Self::RsaPssSha256 => (ID_RSASSA_PSS, Some(PssParameters::SHA_256.encode()?)),
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_name_the_hash_function_with_the_scheme() {
        let oids = SignatureAlgorithm::ALL.map(|algorithm| {
            let identifier = algorithm.certificate_identifier().unwrap();
            (identifier.oid.to_string(), identifier.parameters.is_some())
        });
        let expected = [
            ("1.2.840.10045.4.3.2", false),
            ("1.2.840.10045.4.3.3", false),
            ("1.2.840.113549.1.1.11", true),
            ("1.2.840.113549.1.1.10", true),
        ];
        assert_eq!(oids, expected.map(|(oid, parameters)| (oid.to_owned(), parameters)));
    }

    #[test]
    fn every_algorithm_is_found_by_its_code() {
        for algorithm in SignatureAlgorithm::ALL {
            assert_eq!(SignatureAlgorithm::from_code(algorithm.code()), Some(algorithm));
        }
        for other in ["", "ecdsa", "ECDSA-P256-SHA256", "rsa-pss-sha512"] {
            assert_eq!(SignatureAlgorithm::from_code(other), None);
        }
    }
}
