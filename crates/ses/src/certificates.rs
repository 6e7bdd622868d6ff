//! The certificates that may sign under a seal.

use der::asn1::{AnyRef, OctetStringRef, PrintableStringRef};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;

use crate::wire::{self, CertificateDigestList, CertificateDigestObject, CertificateInfoList};
use crate::{SesError, text};

/// Most certificates a seal lists.
pub const MAX_CERTIFICATES: usize = 16;
/// Longest certificate, bytes of DER.
pub const MAX_CERTIFICATE_LEN: usize = 64 << 10;
/// The name of SHA-256 in a list of digests.
pub const SHA_256: &str = "SHA-256";

const ALGORITHM_CHARACTERS: usize = 64;
const MAX_DIGEST_LEN: usize = 64;

/// `certList` with its `certListType`: 1 to [`MAX_CERTIFICATES`], none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateList {
    /// Type 1: whole certificates (RFC 5280), DER each.
    Whole(Vec<Vec<u8>>),
    /// Type 2: digests of them.
    Digests(Vec<CertificateDigest>),
}

/// The digest of a certificate's DER (`CertDigestObj`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDigest {
    /// The digest's name, what PrintableString holds. Only [`SHA_256`] is computed here: a digest of any other name is kept and
    /// matches no certificate.
    pub algorithm: String,
    /// 1 to 64 bytes; 32 for SHA-256.
    pub value: Vec<u8>,
}

impl CertificateDigest {
    /// The SHA-256 of a certificate's DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self { algorithm: SHA_256.to_owned(), value: Sha256::digest(certificate).to_vec() }
    }

    fn check(&self) -> Result<(), String> {
        text::check_ascii("the digest's name", &self.algorithm, ALGORITHM_CHARACTERS)
            .map_err(|error| error.to_string())?;
        PrintableStringRef::new(&self.algorithm).map_err(|error| error.to_string())?;
        let fits = match self.algorithm.as_str() {
            SHA_256 => self.value.len() == 32,
            _ => (1..=MAX_DIGEST_LEN).contains(&self.value.len()),
        };
        if fits { Ok(()) } else { Err(format!("a digest of {} bytes", self.value.len())) }
    }
}

impl CertificateList {
    /// Whether it lists the certificate of this DER: whole, or by its SHA-256.
    pub fn contains(&self, certificate: &[u8]) -> bool {
        match self {
            Self::Whole(certificates) => certificates.iter().any(|listed| listed == certificate),
            Self::Digests(digests) => digests.contains(&CertificateDigest::of(certificate)),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SesError> {
        match self {
            Self::Whole(list) => check_each(list, |certificate| check_certificate(certificate)),
            Self::Digests(list) => check_each(list, CertificateDigest::check),
        }
    }

    /// `certListType`, and the DER of `certList`.
    pub(crate) fn to_der(&self) -> Result<(u32, Vec<u8>), SesError> {
        match self {
            Self::Whole(certificates) => {
                let octets = |certificate| OctetStringRef::new(certificate).map_err(SesError::unencodable);
                let list =
                    certificates.iter().map(|one| octets(one)).collect::<Result<CertificateInfoList, _>>()?;
                Ok((1, wire::write(&list)?))
            }
            Self::Digests(digests) => {
                let object = |digest| CertificateDigest::to_wire(digest).map_err(SesError::unencodable);
                let list = digests.iter().map(object).collect::<Result<CertificateDigestList, _>>()?;
                Ok((2, wire::write(&list)?))
            }
        }
    }

    pub(crate) fn from_wire(kind: u32, list: AnyRef<'_>) -> Result<Self, SesError> {
        let der = wire::write(&list)?;
        match kind {
            1 => {
                let list: CertificateInfoList = wire::read(&der)?;
                Ok(Self::Whole(list.iter().map(|certificate| certificate.as_bytes().to_vec()).collect()))
            }
            2 => {
                let list: CertificateDigestList = wire::read(&der)?;
                Ok(Self::Digests(list.iter().map(CertificateDigest::from_wire).collect()))
            }
            unknown => Err(SesError::CertificateListUnknown(unknown)),
        }
    }
}

impl CertificateDigest {
    fn to_wire(&self) -> der::Result<CertificateDigestObject<'_>> {
        let algorithm = PrintableStringRef::new(&self.algorithm)?;
        Ok(CertificateDigestObject { algorithm, value: OctetStringRef::new(&self.value)? })
    }

    fn from_wire(object: &CertificateDigestObject<'_>) -> Self {
        Self { algorithm: object.algorithm.as_str().to_owned(), value: object.value.as_bytes().to_vec() }
    }
}

fn check_each<T: PartialEq>(list: &[T], check: impl Fn(&T) -> Result<(), String>) -> Result<(), SesError> {
    if !(1..=MAX_CERTIFICATES).contains(&list.len()) {
        return Err(SesError::CertificateCount(list.len()));
    }
    for (position, one) in list.iter().enumerate() {
        check(one).map_err(|detail| SesError::CertificateBad { position, detail })?;
        if list.iter().take(position).any(|before| before == one) {
            return Err(SesError::CertificateRepeated(position));
        }
    }
    Ok(())
}

fn check_certificate(certificate: &[u8]) -> Result<(), String> {
    if certificate.len() > MAX_CERTIFICATE_LEN {
        return Err(format!("{} bytes", certificate.len()));
    }
    wire::read::<Certificate>(certificate).map(|_| ()).map_err(|error| error.to_string())
}
