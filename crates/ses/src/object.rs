//! The seal object: from properties to what its maker signs, and with the signature to the whole.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use p256::ecdsa::{SigningKey, VerifyingKey};

use crate::maker::MakerCertificate;
use crate::properties::SealProperties;
use crate::verified::VerifiedSeal;
use crate::wire::{self, Seal};
use crate::{SesError, signature};

/// Longest seal object, bytes: the largest picture, certificates and extensions come to a little over 6 MiB.
pub const MAX_SEAL_LEN: usize = 7 << 20;

/// SM2 over SM3 (GB/T 33560), the algorithm of GB/T 38540.
const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");

/// A seal whose properties keep to all rules, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealObject {
    properties: SealProperties,
    to_be_signed: Vec<u8>,
}

impl SealObject {
    /// A seal of these properties.
    ///
    /// # Errors
    /// The first rule that they break; each is stated at its property.
    pub fn new(properties: SealProperties) -> Result<Self, SesError> {
        properties.check()?;
        let to_be_signed = properties.to_der()?;
        Ok(Self { properties, to_be_signed })
    }

    /// Reads what is to be signed, strictly and with every rule: what a maker does before signing, so that it is known
    /// what is signed.
    ///
    /// # Errors
    /// Those of the structure, and the first rule that its contents break.
    pub fn read(to_be_signed: &[u8]) -> Result<Self, SesError> {
        bounded(to_be_signed)?;
        let properties = SealProperties::from_der(to_be_signed)?;
        Ok(Self { properties, to_be_signed: to_be_signed.to_vec() })
    }

    /// What it states.
    pub fn properties(&self) -> &SealProperties {
        &self.properties
    }

    /// DER(eSealInfo): what the maker signs with ECDSA on P-256 over its SHA-256, and nothing else.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// DER(SESeal) of what was signed, the maker's certificate and the signature (`Ecdsa-Sig-Value`, DER). It comes
    /// only if it verifies with the certificate's key.
    ///
    /// # Errors
    /// Those of [`SealObject::verify`].
    pub fn assemble(
        to_be_signed: &[u8],
        maker_certificate: &[u8],
        signature: &[u8],
    ) -> Result<Vec<u8>, SesError> {
        let maker = MakerCertificate::read(maker_certificate)?;
        let der = wire::write(&Seal {
            info: AnyRef::try_from(to_be_signed).map_err(SesError::undecodable)?,
            maker_certificate: OctetStringRef::new(maker.der()).map_err(SesError::unencodable)?,
            algorithm: ECDSA_WITH_SHA_256,
            signature: BitStringRef::from_bytes(signature).map_err(SesError::unencodable)?,
        })?;
        Self::verify(&der, maker.key())?;
        Ok(der)
    }

    /// Signs and assembles, for a maker whose key is in memory.
    ///
    /// # Errors
    /// [`SesError::SignatureBad`] if `maker` is the certificate of another key.
    pub fn sign_with(&self, key: &SigningKey, maker: &MakerCertificate) -> Result<Vec<u8>, SesError> {
        Self::assemble(&self.to_be_signed, maker.der(), &signature::sign(key, &self.to_be_signed)?)
    }

    /// Verifies DER(SESeal) as made by the holder of the key `maker`: the bytes are the structure's one encoding, the
    /// signature is over them, and what they say keeps to every rule. The algorithm must be ecdsa-with-SHA256, which is
    /// this crate's and not the standard's SM2.
    ///
    /// The maker's certificate must be one of exactly that key, signed by it: it adds nothing to the trust in the key,
    /// so its validity decides nothing, but no byte of it can be changed.
    ///
    /// # Errors
    /// The first fault found; all of [`SesError`] but those of [`VerifiedSeal`]'s own checks.
    pub fn verify(der: &[u8], maker: &VerifyingKey) -> Result<VerifiedSeal, SesError> {
        bounded(der)?;
        let seal: Seal = wire::read(der)?;
        match seal.algorithm {
            ECDSA_WITH_SHA_256 => {}
            SM2_WITH_SM3 => return Err(SesError::AlgorithmSm2),
            unknown => return Err(SesError::AlgorithmUnknown(unknown.to_string())),
        }
        let maker_certificate = MakerCertificate::read(seal.maker_certificate.as_bytes())?;
        if maker_certificate.key() != maker {
            return Err(SesError::MakerOther);
        }
        let to_be_signed = wire::write(&seal.info)?;
        let value = seal.signature.as_bytes().ok_or(SesError::SignatureBad)?;
        signature::verify(maker, &to_be_signed, value)?;
        let properties = SealProperties::from_der(&to_be_signed)?;
        Ok(VerifiedSeal::new(Self { properties, to_be_signed }, maker_certificate))
    }
}

fn bounded(der: &[u8]) -> Result<(), SesError> {
    if der.len() > MAX_SEAL_LEN { Err(SesError::TooLarge { length: der.len() }) } else { Ok(()) }
}
