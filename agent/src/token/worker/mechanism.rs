//! Which PKCS#11 mechanism makes which signature (PKCS#11 Current Mechanisms v3.0 §2.1, §2.3).

use cryptoki::{
    mechanism::{
        Mechanism, MechanismType,
        rsa::{PkcsMgfType, PkcsPssParams},
    },
    object::KeyType,
};
use sealkeeper_pades::cms::{MessageDigest, SignatureAlgorithm, digest_info};

/// A mechanism with what the token is given to sign by it.
pub(super) struct Signing {
    pub(super) mechanism: Mechanism<'static>,
    pub(super) data: Vec<u8>,
}

/// The algorithms a key can sign with on a token with these mechanisms, the preferred first.
pub(super) fn algorithms(kind: &KeyKind, offered: &[MechanismType]) -> Vec<SignatureAlgorithm> {
    kind.algorithms().iter().copied().filter(|algorithm| choose(*algorithm, offered).is_some()).collect()
}

/// The key types that are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    P256,
    P384,
    /// With a modulus of 2048 to 4096 bits.
    Rsa,
}

impl KeyKind {
    /// The curves' names as CKA_EC_PARAMS holds them: DER of the OIDs of RFC 5480 §2.1.1.1.
    pub(super) const P256_PARAMETERS: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    pub(super) const P384_PARAMETERS: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

    /// `None`: not supported.
    pub(super) fn of(key_type: KeyType, ec_parameters: &[u8], modulus_bits: usize) -> Option<Self> {
        match key_type {
            KeyType::EC if ec_parameters == Self::P256_PARAMETERS => Some(Self::P256),
            KeyType::EC if ec_parameters == Self::P384_PARAMETERS => Some(Self::P384),
            KeyType::RSA if (2048..=4096).contains(&modulus_bits) => Some(Self::Rsa),
            _ => None,
        }
    }

    /// PKCS#1 v1.5 before PSS, for more validators know it.
    fn algorithms(self) -> &'static [SignatureAlgorithm] {
        match self {
            Self::P256 => &[SignatureAlgorithm::EcdsaP256Sha256],
            Self::P384 => &[SignatureAlgorithm::EcdsaP384Sha384],
            Self::Rsa => &[SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256],
        }
    }
}

/// How `message` is signed. `None`: the token cannot.
pub(super) fn signing(
    algorithm: SignatureAlgorithm,
    offered: &[MechanismType],
    message: &[u8],
) -> Option<Signing> {
    let chosen = choose(algorithm, offered)?;
    let data = if hashes(chosen) {
        message.to_vec()
    } else {
        let digest = MessageDigest::of(algorithm.digest(), message);
        if chosen == MechanismType::RSA_PKCS { digest_info(&digest) } else { digest.as_bytes().to_vec() }
    };
    // The salt is as long as the digest, as RFC 4055 §3.1 recommends.
    let pss =
        PkcsPssParams { hash_alg: MechanismType::SHA256, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
    let mechanism = match chosen {
        MechanismType::ECDSA => Mechanism::Ecdsa,
        MechanismType::ECDSA_SHA256 => Mechanism::EcdsaSha256,
        MechanismType::ECDSA_SHA384 => Mechanism::EcdsaSha384,
        MechanismType::RSA_PKCS => Mechanism::RsaPkcs,
        MechanismType::SHA256_RSA_PKCS => Mechanism::Sha256RsaPkcs,
        MechanismType::RSA_PKCS_PSS => Mechanism::RsaPkcsPss(pss),
        MechanismType::SHA256_RSA_PKCS_PSS => Mechanism::Sha256RsaPkcsPss(pss),
        _ => return None,
    };
    Some(Signing { mechanism, data })
}

/// The first of the mechanisms for this algorithm that the token offers. Those that take a digest come first: what the token is sent is short.
/// A token that lists nothing is taken to know the plainest one.
fn choose(algorithm: SignatureAlgorithm, offered: &[MechanismType]) -> Option<MechanismType> {
    use SignatureAlgorithm as Alg;
    let candidates = match algorithm {
        Alg::EcdsaP256Sha256 => [MechanismType::ECDSA, MechanismType::ECDSA_SHA256],
        Alg::EcdsaP384Sha384 => [MechanismType::ECDSA, MechanismType::ECDSA_SHA384],
        Alg::RsaPkcs1Sha256 => [MechanismType::RSA_PKCS, MechanismType::SHA256_RSA_PKCS],
        Alg::RsaPssSha256 => [MechanismType::RSA_PKCS_PSS, MechanismType::SHA256_RSA_PKCS_PSS],
    };
    if offered.is_empty() {
        return candidates.first().copied();
    }
    candidates.into_iter().find(|candidate| offered.contains(candidate))
}

/// Whether the token itself hashes what it is given.
fn hashes(mechanism: MechanismType) -> bool {
    [
        MechanismType::ECDSA_SHA256,
        MechanismType::ECDSA_SHA384,
        MechanismType::SHA256_RSA_PKCS,
        MechanismType::SHA256_RSA_PKCS_PSS,
    ]
    .contains(&mechanism)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanism_follows_from_key_and_list() {
        let offered = |types: &[MechanismType], algorithm| {
            signing(algorithm, types, b"abc")
                .map(|signing| (signing.mechanism.mechanism_type(), signing.data.len()))
        };
        let p256 = SignatureAlgorithm::EcdsaP256Sha256;
        assert_eq!(
            offered(&[MechanismType::ECDSA_SHA256, MechanismType::ECDSA], p256),
            Some((MechanismType::ECDSA, 32))
        );
        assert_eq!(offered(&[MechanismType::ECDSA_SHA256], p256), Some((MechanismType::ECDSA_SHA256, 3)));
        assert_eq!(offered(&[MechanismType::RSA_PKCS], p256), None);
        assert_eq!(offered(&[], p256), Some((MechanismType::ECDSA, 32)));
        let p384 = SignatureAlgorithm::EcdsaP384Sha384;
        assert_eq!(offered(&[MechanismType::ECDSA], p384), Some((MechanismType::ECDSA, 48)));
        // DigestInfo: 19 bytes before the digest (RFC 8017 §9.2, note 1).
        let rsa = SignatureAlgorithm::RsaPkcs1Sha256;
        assert_eq!(offered(&[MechanismType::RSA_PKCS], rsa), Some((MechanismType::RSA_PKCS, 51)));
        let pss = SignatureAlgorithm::RsaPssSha256;
        assert_eq!(offered(&[MechanismType::RSA_PKCS_PSS], pss), Some((MechanismType::RSA_PKCS_PSS, 32)));
        let only_pss = [MechanismType::SHA256_RSA_PKCS_PSS];
        assert_eq!(algorithms(&KeyKind::Rsa, &only_pss), [pss]);
    }

    #[test]
    fn keys_beyond_what_is_supported_are_none() {
        assert_eq!(KeyKind::of(KeyType::RSA, &[], 1024), None);
        assert_eq!(KeyKind::of(KeyType::RSA, &[], 4096), Some(KeyKind::Rsa));
        assert_eq!(KeyKind::of(KeyType::EC, &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23], 0), None, "P-521");
    }
}
