//! How a signature from outside says it was made.

use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_RSASSA_PSS, RSA_ENCRYPTION,
    SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::AnyRef;
use spki::AlgorithmIdentifierOwned;

use super::algorithm::SignatureAlgorithm;
use super::digest::HashFunction;
use super::pss::PssParameters;

/// A signature scheme with its hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// ECDSA (FIPS 186-5 §6).
    Ecdsa(HashFunction),
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    RsaPkcs1(HashFunction),
    /// RSASSA-PSS (RFC 8017 §8.1).
    RsaPss(PssParameters),
}

impl Scheme {
    /// Reads `SignerInfo.signatureAlgorithm`, or says what there is not judged. `digest` is `SignerInfo.digestAlgorithm`,
    /// which must be the hash function the scheme names: readers differ in which of two they follow.
    pub(crate) fn read(
        identifier: &AlgorithmIdentifierOwned,
        digest: HashFunction,
    ) -> Result<Scheme, String> {
        let parameters = identifier.parameters.as_ref();
        let absent = parameters.is_none();
        let null = parameters.is_some_and(|parameters| AnyRef::from(parameters) == AnyRef::NULL);
        let (scheme, well_formed) = match identifier.oid {
            // RFC 5758 §3.2: absent.
            ECDSA_WITH_SHA_256 => (Scheme::Ecdsa(HashFunction::Sha256), absent),
            ECDSA_WITH_SHA_384 => (Scheme::Ecdsa(HashFunction::Sha384), absent),
            ECDSA_WITH_SHA_512 => (Scheme::Ecdsa(HashFunction::Sha512), absent),
            // RFC 5754 §3.2: NULL. rsaEncryption leaves the hash function to digestAlgorithm.
            RSA_ENCRYPTION => (Scheme::RsaPkcs1(digest), null),
            SHA_256_WITH_RSA_ENCRYPTION => (Scheme::RsaPkcs1(HashFunction::Sha256), null),
            SHA_384_WITH_RSA_ENCRYPTION => (Scheme::RsaPkcs1(HashFunction::Sha384), null),
            SHA_512_WITH_RSA_ENCRYPTION => (Scheme::RsaPkcs1(HashFunction::Sha512), null),
            // RFC 4056 §3: there.
            ID_RSASSA_PSS => {
                let parameters = parameters.ok_or("RSASSA-PSS without parameters")?;
                (Scheme::RsaPss(PssParameters::read(parameters)?), true)
            }
            other => return Err(other.to_string()),
        };
        if !well_formed {
            return Err(format!("{} with parameters it does not have", identifier.oid));
        }
        if scheme.hash() != digest {
            return Err(format!("{} over a document hashed with {digest:?}", identifier.oid));
        }
        Ok(scheme)
    }

    /// The hash function.
    pub(crate) fn hash(self) -> HashFunction {
        match self {
            Self::Ecdsa(hash) | Self::RsaPkcs1(hash) => hash,
            Self::RsaPss(parameters) => parameters.hash,
        }
    }
}

impl From<SignatureAlgorithm> for Scheme {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 | SignatureAlgorithm::EcdsaP384Sha384 => {
                Self::Ecdsa(algorithm.digest().into())
            }
            SignatureAlgorithm::RsaPkcs1Sha256 => Self::RsaPkcs1(HashFunction::Sha256),
            SignatureAlgorithm::RsaPssSha256 => Self::RsaPss(PssParameters::SHA_256),
        }
    }
}

#[cfg(test)]
mod tests {
    use der::Any;

    use super::*;

    #[test]
    fn what_a_seal_writes_is_read_as_that() {
        for algorithm in SignatureAlgorithm::ALL {
            let read = Scheme::read(&algorithm.identifier().unwrap(), algorithm.digest().into());
            assert_eq!(read, Ok(algorithm.into()));
        }
    }

    #[test]
    fn the_scheme_names_the_hash_function_of_the_document() {
        for algorithm in SignatureAlgorithm::ALL {
            let read = Scheme::read(&algorithm.identifier().unwrap(), HashFunction::Sha512);
            // rsaEncryption names none.
            assert_eq!(read.is_ok(), algorithm == SignatureAlgorithm::RsaPkcs1Sha256, "{algorithm:?}");
        }
        let other =
            AlgorithmIdentifierOwned { oid: SHA_256_WITH_RSA_ENCRYPTION, parameters: Some(Any::null()) };
        assert_eq!(Scheme::read(&other, HashFunction::Sha256), Ok(Scheme::RsaPkcs1(HashFunction::Sha256)));
        assert!(Scheme::read(&other, HashFunction::Sha384).is_err());
    }

    #[test]
    fn parameters_are_those_of_the_standard_or_it_is_not_judged() {
        let null = Some(Any::null());
        for (oid, parameters) in [
            (ECDSA_WITH_SHA_256, null.clone()),
            (RSA_ENCRYPTION, None),
            (SHA_256_WITH_RSA_ENCRYPTION, None),
            (RSA_ENCRYPTION, Some(PssParameters::SHA_256.encode().unwrap())),
            (ID_RSASSA_PSS, None),
            (ID_RSASSA_PSS, null),
        ] {
            let identifier = AlgorithmIdentifierOwned { oid, parameters };
            assert!(Scheme::read(&identifier, HashFunction::Sha256).is_err(), "{identifier:?}");
        }
    }
}
