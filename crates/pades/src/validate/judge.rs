//! One signature, judged.

use const_oid::db::rfc4519::CN;
use der::{Any, Tag, Tagged};
use x509_cert::Certificate;

use super::coverage::{self, Covered};
use super::report::{Broken, NotJudged, SignatureReport, SignerCertificate, Verdict};
use crate::cms::{CmsParseError, DetachedSignature, HashFunction, Scheme, VerifyingKey};
use crate::document::Document;
use crate::error::ReadError;
use crate::object::{Dictionary, Object};
use crate::revision::{JournalWitness, UseId};

/// The kinds of detached CMS signature (ISO 32000-2 Table 260).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `ETSI.CAdES.detached`: PAdES.
    Pades,
    /// `adbe.pkcs7.detached`: older, with fewer demands.
    Pkcs7,
}

pub(super) fn report(
    document: &Document<'_>,
    field: String,
    signature: &Dictionary<'_>,
) -> Result<SignatureReport, ReadError> {
    let sub_filter = document.value(signature, "SubFilter")?.as_name().map(|name| name.text());
    let byte_range = coverage::byte_range(document, signature)?;
    let contents = document.value(signature, "Contents")?.as_string().map(|string| string.bytes());
    let cms = DetachedSignature::parse(&contents.unwrap_or_default());
    let covered = byte_range
        .ok_or("/ByteRange is not four integers")
        .and_then(|range| coverage::covered(document, signature, range));
    let text = |key: &str| -> Result<Option<String>, ReadError> {
        Ok(document.value(signature, key)?.as_string().map(|string| string.text()))
    };
    Ok(SignatureReport {
        verdict: verdict(sub_filter.as_deref(), &covered, &cms),
        coverage: covered.ok().map(|covered| covered.coverage),
        signer: cms.ok().and_then(|cms| cms.signer_certificate().map(signer)),
        name: text("Name")?,
        reason: text("Reason")?,
        modified: text("M")?,
        witness: witness(document, signature)?,
        field,
        sub_filter,
        byte_range,
    })
}

fn verdict(
    sub_filter: Option<&str>,
    covered: &Result<Covered<'_>, &'static str>,
    cms: &Result<DetachedSignature, CmsParseError>,
) -> Verdict {
    let kind = match sub_filter {
        Some("ETSI.CAdES.detached") => Kind::Pades,
        Some("adbe.pkcs7.detached") => Kind::Pkcs7,
        other => {
            return NotJudged::SubFilter(other.unwrap_or_default().to_owned()).into();
        }
    };
    let covered = match covered {
        Ok(covered) => covered,
        Err(what) => return Broken::ByteRange(what).into(),
    };
    let cms = match cms {
        Ok(cms) => cms,
        Err(error @ CmsParseError::NotDer(_)) if kind == Kind::Pkcs7 => {
            return NotJudged::Encoding(error.to_string()).into();
        }
        Err(error) => return Broken::Cms(error.to_string()).into(),
    };
    match over_document(kind, covered, cms) {
        Ok(()) => Verdict::Intact,
        Err(verdict) => verdict,
    }
}

/// What is damaged comes before what is not known: a changed document is broken, whatever the algorithm.
fn over_document(kind: Kind, covered: &Covered<'_>, cms: &DetachedSignature) -> Result<(), Verdict> {
    let hash = HashFunction::named_by(cms.digest_algorithm())
        .ok_or_else(|| NotJudged::Algorithm(format!("digest {}", cms.digest_algorithm().oid)))?;
    let digest = hash.digest(covered.parts);
    if cms.message_digest().is_some_and(|stated| stated != digest) {
        return Err(Broken::Digest.into());
    }
    let (der, certificate) = cms.signer_certificate().ok_or(NotJudged::CertificateMissing)?;
    match cms.references(der) {
        Some(true) => {}
        Some(false) => return Err(Broken::CertificateReference.into()),
        None if cms.has_certificate_reference() => {
            return Err(NotJudged::Algorithm("digest of signing-certificate-v2".to_owned()).into());
        }
        None if kind == Kind::Pades => return Err(Broken::CertificateReference.into()),
        None => {}
    }
    let key = VerifyingKey::read(certificate.tbs_certificate().subject_public_key_info())
        .map_err(NotJudged::Algorithm)?;
    let scheme = Scheme::read(cms.signature_algorithm(), hash).map_err(NotJudged::Algorithm)?;
    if !key.admits(&scheme) {
        let other = format!("{} with a key that is not for it", cms.signature_algorithm().oid);
        return Err(NotJudged::Algorithm(other).into());
    }
    // Without signed attributes the document's own digest is signed (RFC 5652 §5.4).
    let signed = match cms.signed_attributes() {
        Some(attributes) => hash.digest([attributes]),
        None => digest,
    };
    if !key.verifies(&scheme, &signed, cms.signature()) {
        return Err(Broken::Signature.into());
    }
    Ok(())
}

impl From<Broken> for Verdict {
    fn from(why: Broken) -> Self {
        Verdict::Broken { why }
    }
}

impl From<NotJudged> for Verdict {
    fn from(why: NotJudged) -> Self {
        Verdict::NotJudged { why }
    }
}

fn signer((der, certificate): (&[u8], Certificate)) -> SignerCertificate {
    let tbs = certificate.tbs_certificate();
    let common_name = tbs.subject().iter().find(|attribute| attribute.oid == CN);
    SignerCertificate {
        common_name: common_name.and_then(|attribute| directory_string(&attribute.value)),
        serial_number: tbs.serial_number().as_bytes().to_vec(),
        der: der.to_vec(),
    }
}

/// A `DirectoryString` (RFC 5280 §4.1.2.4).
fn directory_string(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => {
            String::from_utf8(value.value().to_vec()).ok()
        }
        Tag::BmpString => {
            let units = value.value().chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
            String::from_utf16(&units.map(u16::from_be_bytes).collect::<Vec<_>>()).ok()
        }
        // T.61 in practice holds Latin-1.
        Tag::TeletexString => Some(value.value().iter().map(|byte| char::from(*byte)).collect()),
        _ => None,
    }
}

/// The journal entry (see [`crate::revision`]), if it is there and whole.
fn witness(document: &Document<'_>, signature: &Dictionary<'_>) -> Result<Option<JournalWitness>, ReadError> {
    let Object::Dictionary(entry) = document.value(signature, "XXSealkeeper")? else { return Ok(None) };
    let string = |key: &str| -> Result<Option<Vec<u8>>, ReadError> {
        Ok(document.value(&entry, key)?.as_string().map(|string| string.bytes().into_owned()))
    };
    let origin = string("Origin")?.and_then(|origin| String::from_utf8(origin).ok());
    let use_id = string("UseID")?.and_then(|id| UseId::parse(std::str::from_utf8(&id).ok()?));
    let tree_size =
        document.value(&entry, "TreeSize")?.as_integer().and_then(|size| u64::try_from(size).ok());
    let root = string("RootHash")?.and_then(|root| <[u8; 32]>::try_from(root).ok());
    Ok((|| Some(JournalWitness { origin: origin?, use_id: use_id?, tree_size: tree_size?, root: root? }))())
}
