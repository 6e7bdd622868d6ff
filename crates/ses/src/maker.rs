//! The maker's certificate: the structure wants one beside the signature, while what is trusted is a bare public key. So the
//! key certifies itself.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::CN;
use const_oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_EC_PUBLIC_KEY, SECP_256_R_1};
use der::asn1::{Any, AnyRef, BitString, BitStringRef, OctetString};
use der::{Decode as _, Encode as _, Sequence, Tag};
use p256::ecdsa::{SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate};

use crate::certificates::MAX_CERTIFICATE_LEN;
use crate::time::to_generalized;
use crate::{SesError, signature, text, wire};

/// Most characters of a maker's name (RFC 5280 appendix A.1, ub-common-name).
pub const COMMON_NAME_CHARACTERS: usize = 64;

/// A self-signed X.509 certificate (RFC 5280) of a P-256 key, by ecdsa-with-SHA256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakerCertificate {
    der: Vec<u8>,
    key: VerifyingKey,
}

/// `TBSCertificate` (RFC 5280 §4.1) of version 3. That of `x509-cert` can be made only with its builder, which wants to hold the key.
#[derive(Sequence)]
struct Statement {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial: SerialNumber,
    algorithm: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// `Certificate`, of which what is signed stays as it stands.
#[derive(Sequence)]
struct Signed<'a> {
    statement: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
}

impl MakerCertificate {
    /// DER(TBSCertificate) of a certificate of `key` for itself: what the key signs with ECDSA over its SHA-256. The name (1 to
    /// [`COMMON_NAME_CHARACTERS`] characters) becomes the common name; the validity is in seconds since 1970, both ends included. The
    /// serial number is drawn from all of it, so that another name or validity is another certificate.
    ///
    /// # Errors
    /// [`SesError::TextBad`], [`SesError::TimeOutOfRange`], [`SesError::ValidityDisordered`].
    pub fn to_be_signed(
        name: &str,
        key: &VerifyingKey,
        valid_from_s: i64,
        valid_until_s: i64,
    ) -> Result<Vec<u8>, SesError> {
        text::check_name("maker name", name, COMMON_NAME_CHARACTERS)?;
        let (from, until) = (to_generalized(valid_from_s)?, to_generalized(valid_until_s)?);
        if until <= from {
            return Err(SesError::ValidityDisordered);
        }
        let point = key.to_sec1_point(false);
        let point = point.as_bytes();
        let parts: [&[u8]; 4] =
            [point, &valid_from_s.to_be_bytes(), &valid_until_s.to_be_bytes(), name.as_bytes()];
        statement(name, point, from.into(), until.into(), &parts.concat())
            .and_then(|statement| statement.to_der())
            .map_err(SesError::unencodable)
    }

    /// The certificate of what was signed and the signature (`Ecdsa-Sig-Value`, DER). It comes only if it verifies.
    ///
    /// # Errors
    /// Those of [`MakerCertificate::read`].
    pub fn assemble(to_be_signed: &[u8], signature: &[u8]) -> Result<Self, SesError> {
        let der = wire::write(&Signed {
            statement: AnyRef::try_from(to_be_signed).map_err(SesError::undecodable)?,
            algorithm: ecdsa_with_sha256(),
            signature: BitStringRef::from_bytes(signature).map_err(SesError::unencodable)?,
        })?;
        Self::read(&der)
    }

    /// Makes and signs one, for a maker whose key is in memory.
    ///
    /// # Errors
    /// Those of [`MakerCertificate::to_be_signed`].
    pub fn self_signed(
        name: &str,
        key: &SigningKey,
        valid_from_s: i64,
        valid_until_s: i64,
    ) -> Result<Self, SesError> {
        let statement = Self::to_be_signed(name, &VerifyingKey::from(key), valid_from_s, valid_until_s)?;
        Self::assemble(&statement, &signature::sign(key, &statement)?)
    }

    /// Reads a certificate (DER) strictly: at most [`MAX_CERTIFICATE_LEN`] bytes, of a P-256 key, and signed by that very key, so that
    /// who holds it vouches for every byte. What it says of its validity and use is not judged: it is the key that is trusted.
    ///
    /// # Errors
    /// [`SesError::MakerCertificateBad`].
    pub fn read(der: &[u8]) -> Result<Self, SesError> {
        let key = verified_key(der).map_err(SesError::MakerCertificateBad)?;
        Ok(Self { der: der.to_vec(), key })
    }

    /// The certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

fn statement(
    name: &str,
    point: &[u8],
    from: Time,
    until: Time,
    distinguishing: &[u8],
) -> der::Result<Statement> {
    let name = common_name(name)?;
    let identifier = OctetString::new(leading::<20>(point))?;
    // RFC 5280 §4.1.2.2: positive. The first bit is the sign; the second keeps the first byte from being zero.
    let mut serial = leading::<16>(distinguishing);
    let [first, ..] = &mut serial;
    *first = *first & 0x7f | 0x40;
    let extensions = vec![
        BasicConstraints { ca: false, path_len_constraint: None }.to_extension(&name, &[])?,
        KeyUsage(KeyUsages::DigitalSignature.into()).to_extension(&name, &[])?,
        SubjectKeyIdentifier(identifier).to_extension(&name, &[])?,
    ];
    Ok(Statement {
        version: Version::V3,
        serial: SerialNumber::new(&serial)?,
        algorithm: ecdsa_with_sha256(),
        issuer: name.clone(),
        validity: Validity::new(from, until),
        subject: name,
        key: SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: ID_EC_PUBLIC_KEY,
                parameters: Some(Any::encode_from(&SECP_256_R_1)?),
            },
            subject_public_key: BitString::from_bytes(point)?,
        },
        extensions,
    })
}

fn common_name(name: &str) -> der::Result<Name> {
    let mut relative = RelativeDistinguishedName::default();
    let value = Any::new(Tag::Utf8String, name.as_bytes())?;
    relative.insert(AttributeTypeAndValue { oid: CN, value })?;
    let mut sequence = RdnSequence::default();
    sequence.push(relative);
    Name::from_der(&sequence.to_der()?)
}

/// RFC 5758 §3.2: the parameters are absent.
fn ecdsa_with_sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None }
}

/// The first bytes of the SHA-256; 20 of them identify a key (RFC 7093 §2, method 1).
fn leading<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut leading = [0; N];
    leading.iter_mut().zip(Sha256::digest(bytes)).for_each(|(to, from)| *to = from);
    leading
}

fn verified_key(der: &[u8]) -> Result<VerifyingKey, String> {
    if der.len() > MAX_CERTIFICATE_LEN {
        return Err(format!("{} bytes, at most {MAX_CERTIFICATE_LEN} are allowed", der.len()));
    }
    // Both readings: of the certificate as RFC 5280 has it, and of the bytes that were signed.
    let certificate: Certificate = wire::read(der).map_err(|error| error.to_string())?;
    let signed: Signed = wire::read(der).map_err(|error| error.to_string())?;
    let statement = certificate.tbs_certificate();
    if signed.algorithm != ecdsa_with_sha256() || *statement.signature() != signed.algorithm {
        return Err("not signed by ecdsa-with-SHA256".to_owned());
    }
    if statement.issuer() != statement.subject() {
        return Err("issued by somebody else".to_owned());
    }
    let key = p256_key(statement)?;
    let bytes = wire::write(&signed.statement).map_err(|error| error.to_string())?;
    let value = signed.signature.as_bytes().ok_or("a signature of broken bytes")?;
    signature::verify(&key, &bytes, value).map_err(|_| "not signed by its own key")?;
    Ok(key)
}

fn p256_key(statement: &TbsCertificate) -> Result<VerifyingKey, String> {
    let info = statement.subject_public_key_info();
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    if (info.algorithm.oid, curve) != (ID_EC_PUBLIC_KEY, Some(SECP_256_R_1)) {
        return Err("its key is not on P-256".to_owned());
    }
    let point = info.subject_public_key.as_bytes().ok_or("a key of broken bytes")?;
    VerifyingKey::from_sec1_bytes(point).map_err(|_| "its key is no point on P-256".to_owned())
}
