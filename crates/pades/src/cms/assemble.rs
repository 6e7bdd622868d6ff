//! SignedData (RFC 5652 §5) around the token's signature.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Encode};

use super::algorithm::SignatureAlgorithm;
use super::attributes::SignedAttributes;
use super::chain::SigningChain;
use super::digest::{HashFunction, MessageDigest};
use super::error::CmsError;
use super::signature::SignatureValue;

/// The detached CMS signature in DER, with the signer's certificate and the others of `chain` embedded (as a SET OF,
/// they stand in DER order). Refused unless `signature` verifies over `attributes` with the signer's key.
pub fn assemble(
    attributes: &SignedAttributes,
    signature: &SignatureValue,
    chain: &SigningChain,
) -> Result<Vec<u8>, CmsError> {
    chain.signer().verify(attributes, signature)?;
    encode(attributes, signature, chain)
}

/// The most bytes [`assemble`] can return for `chain` and `algorithm`, whatever is signed: the structure itself with a
/// signature value of the greatest length. Everything else has one length for one chain.
///
/// # Errors
/// [`CmsError::Mismatch`] if the signer's key is not for `algorithm`.
pub fn contents_capacity(chain: &SigningChain, algorithm: SignatureAlgorithm) -> Result<usize, CmsError> {
    let any = MessageDigest::of(algorithm.digest(), &[]);
    let attributes = SignedAttributes::new(any, chain.signer().der(), algorithm)?;
    let longest = SignatureValue::of_greatest_length(algorithm, chain.signer())?;
    Ok(encode(&attributes, &longest, chain)?.len())
}

fn encode(
    attributes: &SignedAttributes,
    signature: &SignatureValue,
    chain: &SigningChain,
) -> Result<Vec<u8>, CmsError> {
    let certificate = chain.signer().certificate();
    let digest_algorithm = HashFunction::from(attributes.algorithm().digest()).identifier();
    let signer_info = SignerInfo {
        // Version 1 goes with an issuer and serial number as identifier (RFC 5652 §5.3).
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: digest_algorithm.clone(),
        signed_attrs: Some(attributes.attributes().clone()),
        signature_algorithm: signature.algorithm().identifier()?,
        signature: OctetString::new(signature.value())?,
        unsigned_attrs: None,
    };
    let certificates = std::iter::once(certificate)
        .chain(chain.issuers())
        .map(|c| CertificateChoices::Certificate(c.clone()))
        .collect::<Vec<_>>();
    let signed_data = SignedData {
        // Version 1: content of type id-data, X.509 certificates only, SignerInfo of version 1 (RFC 5652 §5.1).
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_algorithm])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(certificates)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer_info])?,
    };
    let content = Any::encode_from(&signed_data)?;
    Ok(ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der()?)
}
