//! The signed attributes of PAdES B-B: exactly what the token signs.

use const_oid::db::rfc5911::{ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Encode, Sequence};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};

use super::CmsError;

/// content-type, message-digest and signing-certificate-v2, in DER order.
///
/// No signing-time: in PAdES the signature dictionary's /M carries it (ETSI EN 319 142-1 §6.3).
#[derive(Debug, Clone)]
pub struct SignedAttributes {
    attributes: Attributes,
    set_of: Vec<u8>,
}

impl SignedAttributes {
    /// The attributes for a document whose bytes under /ByteRange have SHA-256 `message_digest`, to be signed with
    /// the key of `signing_certificate` (DER).
    pub fn new(message_digest: [u8; 32], signing_certificate: &[u8]) -> Result<Self, CmsError> {
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
            (ID_MESSAGE_DIGEST, Any::encode_from(&OctetString::new(message_digest)?)?),
            (ID_AA_SIGNING_CERTIFICATE_V_2, Any::encode_from(&certificate_reference)?),
        ] {
            attributes.insert(attribute(oid, value)?)?;
        }
        let set_of = attributes.to_der()?;
        Ok(Self { attributes, set_of })
    }

    /// The bytes to sign: DER with the tag SET OF, not the \[0\] under which they are stored (RFC 5652 §5.4).
    pub fn to_be_signed(&self) -> &[u8] {
        &self.set_of
    }

    /// SHA-256 of [`Self::to_be_signed`]: what a token signs with the mechanism CKM_ECDSA.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.set_of).into()
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

/// `ESSCertIDv2` of RFC 5035 §4. SHA-256 is the default hash and then, in DER, not stated. `issuerSerial` is
/// optional and left out by us: the SignerInfo's own identifier already names issuer and serial number.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct EssCertIdV2 {
    pub(super) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) cert_hash: OctetString,
    pub(super) issuer_serial: Option<Any>,
}
