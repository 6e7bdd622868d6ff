//! What a token answers, from a key in a file.

use std::error::Error;

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::{DecodePrivateKey, PrivateKeyInfoRef, SecretDocument};
use rsa::pkcs1::DecodeRsaPrivateKey;
use sealkeeper_pades::cms::{MessageDigest, SignatureAlgorithm, digest_info};

/// The answer to CKM_ECDSA, CKM_RSA_PKCS or CKM_RSA_PKCS_PSS over `digest`; `key` is PKCS #8 in PEM.
pub(crate) fn answer(
    key: &str,
    algorithm: SignatureAlgorithm,
    digest: &MessageDigest,
) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => {
            let key = p256::ecdsa::SigningKey::from_pkcs8_pem(key)?;
            let signature: p256::ecdsa::Signature = key.sign_prehash(digest.as_bytes())?;
            signature.to_bytes().to_vec()
        }
        SignatureAlgorithm::EcdsaP384Sha384 => {
            let key = p384::ecdsa::SigningKey::from_pkcs8_pem(key)?;
            let signature: p384::ecdsa::Signature = key.sign_prehash(digest.as_bytes())?;
            signature.to_bytes().to_vec()
        }
        SignatureAlgorithm::RsaPkcs1Sha256 => {
            rsa_key(key)?.sign(rsa::Pkcs1v15Sign::new_unprefixed(), &digest_info(digest))?
        }
        SignatureAlgorithm::RsaPssSha256 => {
            rsa_key(key)?.pss_sign_prehash::<sha2::Sha256>(digest.as_bytes())?
        }
    })
}

/// From the PKCS #1 inside: its own reader does not take keys restricted to some parameters of PSS.
fn rsa_key(pem: &str) -> Result<rsa::PrivateKey, Box<dyn Error>> {
    let (_, document) = SecretDocument::from_pem(pem)?;
    let info: PrivateKeyInfoRef<'_> = document.decode_msg()?;
    Ok(rsa::PrivateKey::from_pkcs1_der(info.private_key.as_bytes())?)
}
