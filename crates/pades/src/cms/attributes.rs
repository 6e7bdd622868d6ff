//! The signed attributes of PAdES B-B: exactly what the token signs.

use const_oid::db::rfc5911::{ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Encode, Sequence};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};

use super::algorithm::SignatureAlgorithm;
use super::digest::MessageDigest;
use super::error::{CmsError, Mismatch};

/// content-type, message-digest and signing-certificate-v2, in DER order.
///
/// No signing-time: in PAdES the signature dictionary's /M carries it (ETSI EN 319 142-1 §6.3).
#[derive(Debug, Clone)]
pub struct SignedAttributes {
    attributes: Attributes,
    set_of: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl SignedAttributes {
    /// The attributes for a document whose bytes under /ByteRange have the digest `message_digest`, to be signed by
    /// `algorithm` with the key of `signing_certificate` (DER).
    ///
    /// # Errors
    /// [`CmsError::Mismatch`] if the digest is not by the hash function of `algorithm`.
    pub fn new(
        message_digest: MessageDigest,
        signing_certificate: &[u8],
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, CmsError> {
        if message_digest.algorithm() != algorithm.digest() {
            return Err(CmsError::Mismatch(Mismatch::MessageDigest));
        }
        let certificate_reference = SigningCertificateV2 {
            certs: vec![EssCertIdV2 {
                hash_algorithm: None,
                cert_hash: OctetString::new(Sha256::digest(signing_certificate).as_slice())?,
                issuer_serial: None,
            }],
            policies: None,
        };
        let mut attributes = Attributes::new();
        for (oid, value) in [
            (ID_CONTENT_TYPE, Any::encode_from(&ID_DATA)?),
            (ID_MESSAGE_DIGEST, Any::encode_from(&OctetString::new(message_digest.as_bytes())?)?),
            (ID_AA_SIGNING_CERTIFICATE_V_2, Any::encode_from(&certificate_reference)?),
        ] {
            attributes.insert(attribute(oid, value)?)?;
        }
        let set_of = attributes.to_der()?;
        Ok(Self { attributes, set_of, algorithm })
    }

    /// The bytes to sign: DER with the tag SET OF, not the \[0\] under which they are stored (RFC 5652 §5.4).
    pub fn to_be_signed(&self) -> &[u8] {
        &self.set_of
    }

    /// The digest of [`Self::to_be_signed`]: what a token signs with the mechanisms CKM_ECDSA and CKM_RSA_PKCS_PSS, and,
    /// inside [`digest_info`](super::digest_info), with CKM_RSA_PKCS.
    pub fn digest(&self) -> MessageDigest {
        MessageDigest::of(self.algorithm.digest(), &self.set_of)
    }

    /// How they are to be signed.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, CmsError> {
    let mut values = SetOfVec::new();
    values.insert(value)?;
    Ok(Attribute { oid, values })
}

/// `SigningCertificateV2` of RFC 5035 §3.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certs: Vec<EssCertIdV2>,
    pub(super) policies: Option<Any>,
}

/// `ESSCertIDv2` of RFC 5035 §4. SHA-256 is the default hash and then, in DER, not stated; it serves for every algorithm, for
/// it only has to resist a second certificate of the same hash. `issuerSerial` is
/// optional and left out by us: the SignerInfo's own identifier already names issuer and serial number.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct EssCertIdV2 {
    pub(super) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) cert_hash: OctetString,
    pub(super) issuer_serial: Option<Any>,
}
