//! SignedData (RFC 5652 §5) around the token's signature.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_SHA_256};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Encode};
use spki::AlgorithmIdentifierOwned;

use super::{CmsError, EcdsaSignature, SignedAttributes, SigningChain};

/// The detached CMS signature in DER, with the signer's certificate and the others of `chain` embedded (as a SET OF,
/// they stand in DER order). Refused unless `signature` verifies over `attributes` with the signer's key.
pub fn assemble(
    attributes: &SignedAttributes,
    signature: &EcdsaSignature,
    chain: &SigningChain,
) -> Result<Vec<u8>, CmsError> {
    chain.signer().verify(attributes, signature)?;
    encode(attributes, signature, chain)
}

/// The most bytes [`assemble`] can return for `chain`, whatever is signed: the structure itself with a signature value
/// of the greatest length. Everything else has one length for one chain.
pub fn contents_capacity(chain: &SigningChain) -> Result<usize, CmsError> {
    let attributes = SignedAttributes::new([0; 32], chain.signer().der())?;
    Ok(encode(&attributes, &EcdsaSignature::of_greatest_length()?, chain)?.len())
}

fn encode(
    attributes: &SignedAttributes,
    signature: &EcdsaSignature,
    chain: &SigningChain,
) -> Result<Vec<u8>, CmsError> {
    let certificate = chain.signer().certificate();
    let signer_info = SignerInfo {
        // Version 1 goes with an issuer and serial number as identifier (RFC 5652 §5.3).
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: sha256(),
        signed_attrs: Some(attributes.attributes().clone()),
        // RFC 5758 §3.2: parameters are absent.
        signature_algorithm: AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None },
        signature: OctetString::new(signature.to_der())?,
        unsigned_attrs: None,
    };
    let certificates = std::iter::once(certificate)
        .chain(chain.issuers())
        .map(|c| CertificateChoices::Certificate(c.clone()))
        .collect::<Vec<_>>();
    let signed_data = SignedData {
        // Version 1: content of type id-data, X.509 certificates only, SignerInfo of version 1 (RFC 5652 §5.1).
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha256()])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(certificates)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer_info])?,
    };
    let content = Any::encode_from(&signed_data)?;
    Ok(ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der()?)
}

/// RFC 5754 §2: parameters should be absent.
fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None }
}
