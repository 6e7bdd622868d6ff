//! A detached CMS signature that came from outside, read strictly and kept as it stands.
//!
//! What was signed are the bytes as they stand, so nothing is decoded and encoded again: attributes, certificates and
//! signature value are slices of the input.

use cms::cert::IssuerAndSerialNumber;
use const_oid::db::rfc5911;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::CmsParseError;
use super::attributes::SigningCertificateV2;
use super::digest::HashFunction;

/// One signer's detached signature (RFC 5652 §5.3) with the certificates it carries.
#[derive(Debug, Clone)]
pub struct DetachedSignature {
    certificates: Vec<Vec<u8>>,
    signer: SignerReference,
    digest_algorithm: AlgorithmIdentifierOwned,
    signed_attributes: Option<SignedAttributeValues>,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: Vec<u8>,
}

/// How the signer's certificate is named.
#[derive(Debug, Clone)]
enum SignerReference {
    IssuerAndSerial(Box<IssuerAndSerialNumber>),
    KeyIdentifier(Vec<u8>),
}

#[derive(Debug, Clone)]
struct SignedAttributeValues {
    set_of: Vec<u8>,
    message_digest: Vec<u8>,
    certificate_references: Option<Vec<CertificateReference>>,
}

#[derive(Debug, Clone)]
struct CertificateReference {
    /// `None`: one that is not computed here.
    algorithm: Option<HashFunction>,
    hash: Vec<u8>,
}

impl DetachedSignature {
    /// Reads the value of /Contents: the DER of a `ContentInfo`, and zeros up to the end of the placeholder.
    pub fn parse(contents: &[u8]) -> Result<Self, CmsParseError> {
        let mut reader = SliceReader::new(contents)?;
        let content_info = AnyRef::decode(&mut reader)?;
        let padding = reader.read_slice(reader.remaining_len())?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(CmsParseError::TrailingBytes);
        }
        let mut content_info = inside(content_info, Tag::Sequence)?;
        let content_type = ObjectIdentifier::decode(&mut content_info)?;
        if content_type != rfc5911::ID_SIGNED_DATA {
            return Err(CmsParseError::NotSignedData(content_type.to_string()));
        }
        let mut explicit = inside(AnyRef::decode(&mut content_info)?, context(0))?;
        content_info.finish()?;
        let signed_data = AnyRef::decode(&mut explicit)?;
        explicit.finish()?;
        Self::from_signed_data(inside(signed_data, Tag::Sequence)?)
    }

    /// The certificates carried along, DER each, as they stand.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// The certificate the signer is named by, if it is among those carried.
    pub fn signer_certificate(&self) -> Option<(&[u8], Certificate)> {
        self.certificates.iter().find_map(|der| {
            let certificate = Certificate::from_der(der).ok()?;
            self.signer.names(&certificate).then_some((der.as_slice(), certificate))
        })
    }

    /// What the document was hashed with: see [`HashFunction::named_by`].
    pub fn digest_algorithm(&self) -> &AlgorithmIdentifierOwned {
        &self.digest_algorithm
    }

    /// The document's hash as the signer states it; none without signed attributes, where the document itself is
    /// what is signed.
    pub fn message_digest(&self) -> Option<&[u8]> {
        self.signed_attributes.as_ref().map(|a| a.message_digest.as_slice())
    }

    /// The signed attributes as the bytes that were signed (RFC 5652 §5.4).
    pub fn signed_attributes(&self) -> Option<&[u8]> {
        self.signed_attributes.as_ref().map(|a| a.set_of.as_slice())
    }

    /// Whether signing-certificate-v2 (RFC 5035 §3) names `certificate`, which its first reference must. `None`: the
    /// attribute is missing, or its hash function is not computed here.
    pub fn references(&self, certificate: &[u8]) -> Option<bool> {
        let first = self.signed_attributes.as_ref()?.certificate_references.as_ref()?.first()?;
        Some(first.algorithm?.digest([certificate]) == first.hash)
    }

    /// Whether the attribute signing-certificate-v2 is there at all.
    pub fn has_certificate_reference(&self) -> bool {
        self.signed_attributes.as_ref().is_some_and(|a| a.certificate_references.is_some())
    }

    /// The signature algorithm.
    pub fn signature_algorithm(&self) -> &AlgorithmIdentifierOwned {
        &self.signature_algorithm
    }

    /// The signature value.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn from_signed_data(mut reader: SliceReader<'_>) -> Result<Self, CmsParseError> {
        u8::decode(&mut reader)?;
        inside(AnyRef::decode(&mut reader)?, Tag::Set)?;
        let mut encapsulated = inside(AnyRef::decode(&mut reader)?, Tag::Sequence)?;
        let content_type = ObjectIdentifier::decode(&mut encapsulated)?;
        if !encapsulated.is_finished() {
            return Err(CmsParseError::NotDetached);
        }
        let mut certificates = Vec::new();
        if let Some(set) = optional(&mut reader, context(0))? {
            let mut set = SliceReader::new(set)?;
            while !set.is_finished() {
                certificates.push(set.tlv_bytes()?.to_vec());
            }
        }
        optional(&mut reader, context(1))?;
        let mut signers = inside(AnyRef::decode(&mut reader)?, Tag::Set)?;
        reader.finish()?;
        let mut infos = Vec::new();
        while !signers.is_finished() {
            infos.push(AnyRef::decode(&mut signers)?);
        }
        let [info] = infos.as_slice() else {
            return Err(CmsParseError::SignerCount(infos.len()));
        };
        Self::from_signer_info(inside(*info, Tag::Sequence)?, content_type, certificates)
    }

    fn from_signer_info(
        mut reader: SliceReader<'_>,
        content_type: ObjectIdentifier,
        certificates: Vec<Vec<u8>>,
    ) -> Result<Self, CmsParseError> {
        u8::decode(&mut reader)?;
        let signer = SignerReference::decode(&mut reader)?;
        let digest_algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
        let signed_attributes = match optional(&mut reader, context(0))? {
            Some(attributes) => Some(SignedAttributeValues::decode(attributes, content_type)?),
            None => None,
        };
        let signature_algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
        let signature = <&OctetStringRef>::decode(&mut reader)?.as_bytes().to_vec();
        optional(&mut reader, context(1))?;
        reader.finish()?;
        Ok(Self { certificates, signer, digest_algorithm, signed_attributes, signature_algorithm, signature })
    }
}

impl SignerReference {
    fn decode(reader: &mut SliceReader<'_>) -> Result<Self, CmsParseError> {
        let key_identifier = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
        match optional(reader, key_identifier)? {
            Some(identifier) => Ok(Self::KeyIdentifier(identifier.to_vec())),
            None => Ok(Self::IssuerAndSerial(Box::new(IssuerAndSerialNumber::decode(reader)?))),
        }
    }

    fn names(&self, certificate: &Certificate) -> bool {
        let tbs = certificate.tbs_certificate();
        match self {
            Self::IssuerAndSerial(name) => {
                name.issuer == *tbs.issuer() && name.serial_number == *tbs.serial_number()
            }
            Self::KeyIdentifier(identifier) => tbs
                .get_extension::<SubjectKeyIdentifier>()
                .is_ok_and(|found| found.is_some_and(|(_, key)| key.0.as_bytes() == identifier)),
        }
    }
}

impl SignedAttributeValues {
    /// `attributes` are the contents of the \[0\] IMPLICIT SET OF; the order in which they stand is kept.
    fn decode(attributes: &[u8], expected_type: ObjectIdentifier) -> Result<Self, CmsParseError> {
        let set_of = AnyRef::new(Tag::Set, attributes)?.to_der()?;
        let mut content_type = Vec::new();
        let mut message_digest = Vec::new();
        let mut references = Vec::new();
        let mut reader = SliceReader::new(attributes)?;
        while !reader.is_finished() {
            let mut attribute = inside(AnyRef::decode(&mut reader)?, Tag::Sequence)?;
            let oid = ObjectIdentifier::decode(&mut attribute)?;
            let mut values = inside(AnyRef::decode(&mut attribute)?, Tag::Set)?;
            attribute.finish()?;
            while !values.is_finished() {
                let value = AnyRef::decode(&mut values)?;
                match oid {
                    rfc5911::ID_CONTENT_TYPE => content_type.push(value.decode_as::<ObjectIdentifier>()?),
                    rfc5911::ID_MESSAGE_DIGEST => message_digest.push(value.decode_as::<&OctetStringRef>()?),
                    rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2 => {
                        references.push(value.decode_as::<SigningCertificateV2>()?);
                    }
                    _ => {}
                }
            }
        }
        let [content_type] = content_type.as_slice() else {
            return Err(CmsParseError::Attribute("content-type"));
        };
        let [message_digest] = message_digest.as_slice() else {
            return Err(CmsParseError::Attribute("message-digest"));
        };
        // RFC 5652 §11.1: the attribute repeats the type of what is signed.
        if *content_type != expected_type {
            return Err(CmsParseError::Attribute("content-type"));
        }
        let certificate_references = match references.as_slice() {
            [] => None,
            [one] if !one.certs.is_empty() => Some(one.into()),
            _ => return Err(CmsParseError::Attribute("signing-certificate-v2")),
        };
        Ok(Self { set_of, message_digest: message_digest.as_bytes().to_vec(), certificate_references })
    }
}

impl From<&SigningCertificateV2> for Vec<CertificateReference> {
    fn from(attribute: &SigningCertificateV2) -> Self {
        let reference = |id: &super::attributes::EssCertIdV2| CertificateReference {
            algorithm: id.hash_algorithm.as_ref().map_or(Some(HashFunction::Sha256), HashFunction::named_by),
            hash: id.cert_hash.as_bytes().to_vec(),
        };
        attribute.certs.iter().map(reference).collect()
    }
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// A reader over the contents of `value`, which must have `tag`.
fn inside<'a>(value: AnyRef<'a>, tag: Tag) -> der::Result<SliceReader<'a>> {
    der::Tagged::tag(&value).assert_eq(tag)?;
    SliceReader::new(value.value())
}

/// The contents of the next element if it has `tag`.
fn optional<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<Option<&'a [u8]>> {
    if reader.is_finished() || Tag::peek(reader)? != tag {
        return Ok(None);
    }
    Ok(Some(AnyRef::decode(reader)?.value()))
}
