//! What a key signs to show that it works (C3, A6), and whether the answer is the certificate's.

use sealkeeper_domain::identity::{Digest, PersonId};
use sealkeeper_pades::cms::{CmsError, EndEntity, SignatureAlgorithm};

use super::identify::Custodian;

/// How every challenge begins. What seals sign otherwise is DER: signed attributes begin with 0x31 (SET), a certificate request with 0x30
/// (SEQUENCE). So no challenge can be passed off as either, nor the other way round.
const PREFIX: &[u8] = b"Sealkeeper test signature, no document\0";
/// Random bytes of a challenge.
const RANDOM: usize = 32;

/// A fresh challenge: nobody can have its answer in store.
pub(crate) fn fresh() -> Result<Vec<u8>, getrandom::Error> {
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random)?;
    Ok([PREFIX, &random].concat())
}

/// Whether `raw`, as the token gave it, is a signature over the challenge by the key of this certificate.
pub(crate) fn check_answer(
    signer: &EndEntity,
    algorithm: SignatureAlgorithm,
    challenge: &[u8],
    raw: &[u8],
) -> Result<(), CmsError> {
    signer.public_key().signed(algorithm, challenge, raw).map(|_| ())
}

/// Evidence that somebody had the key of a seal object answer a challenge on its token just now (A6).
#[derive(Debug)]
pub(crate) struct ControlProof {
    seal_object: Digest,
    by: PersonId,
}

impl ControlProof {
    /// Holds the answer against the certificate of the seal object: [`check_answer`].
    pub(crate) fn new(
        seal_object: Digest,
        by: Custodian<'_>,
        signer: &EndEntity,
        algorithm: SignatureAlgorithm,
        (challenge, raw): (&[u8], &[u8]),
    ) -> Result<Self, CmsError> {
        check_answer(signer, algorithm, challenge, raw)?;
        Ok(ControlProof { seal_object, by: by.caller().person().id.clone() })
    }

    /// Whether it is of this seal object and by this person: what was proved of one before is no proof of another.
    pub(crate) fn is_of(&self, seal_object: Digest, by: &PersonId) -> bool {
        self.seal_object == seal_object && self.by == *by
    }
}

#[cfg(test)]
mod tests {
    use p256::{
        ecdsa::{Signature, SigningKey, signature::Signer},
        pkcs8::DecodePrivateKey,
    };
    use sealkeeper_pades::cms::SigningChain;

    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/test-certificate.der");
    const KEY: &str = include_str!("../../fixtures/test-key.pem");

    #[test]
    fn a_challenge_is_never_the_same_and_never_der() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_ne!(one, other);
        for challenge in [one, other] {
            assert_eq!(challenge.len(), PREFIX.len() + RANDOM);
            assert!(![0x30, 0x31].contains(&challenge[0]));
        }
    }

    #[test]
    fn only_the_certificates_key_answers_and_only_this_challenge() {
        let chain = SigningChain::from_der(CERTIFICATE, std::iter::empty::<&[u8]>()).unwrap();
        let check = |challenge: &[u8], raw: &[u8]| {
            check_answer(chain.signer(), SignatureAlgorithm::EcdsaP256Sha256, challenge, raw)
        };
        let (challenge, key) = (fresh().unwrap(), SigningKey::from_pkcs8_pem(KEY).unwrap());
        let answer: Signature = key.sign(&challenge);
        check(&challenge, &answer.to_bytes()).unwrap();
        assert!(matches!(
            check(&fresh().unwrap(), &answer.to_bytes()),
            Err(CmsError::SignatureDoesNotVerify)
        ));
        let other: Signature = SigningKey::from_slice(&[7; 32]).unwrap().sign(&challenge);
        assert!(matches!(check(&challenge, &other.to_bytes()), Err(CmsError::SignatureDoesNotVerify)));
        assert!(check(&challenge, &[7; 63]).is_err());
    }
}
