//! What is said of one signature.

use crate::revision::JournalWitness;

/// One signature field with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureReport {
    /// The field's fully qualified name.
    pub field: String,
    /// /SubFilter.
    pub sub_filter: Option<String>,
    /// Whether the signature holds for the bytes it covers.
    pub verdict: Verdict,
    /// How much of the file it covers; `None` if /ByteRange is not sane.
    pub coverage: Option<Coverage>,
    /// /ByteRange, if it consists of four integers that are not negative.
    pub byte_range: Option<[u64; 4]>,
    /// The certificate the signer is named by, if it is embedded. Whether it is to be trusted is not judged.
    pub signer: Option<SignerCertificate>,
    /// /Name, as the signer claims it.
    pub name: Option<String>,
    /// /Reason.
    pub reason: Option<String>,
    /// /M as written, such as `D:20250131120000Z`: a claim of the signer.
    pub modified: Option<String>,
    /// The journal entry of a seal, if there is one.
    pub witness: Option<JournalWitness>,
}

/// Whether a signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes covered are those that the holder of the certificate's key signed.
    Intact,
    /// They are not, or the signature does not cover what it must.
    Broken {
        /// What is wrong.
        why: Broken,
    },
    /// This crate cannot tell.
    NotJudged {
        /// Why not.
        why: NotJudged,
    },
}

/// How much of the file a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it but /Contents.
    WholeFile,
    /// All of an earlier revision but /Contents. What came later is not judged.
    WholeRevision {
        /// Bytes from the start of the file to the end of that revision.
        end: u64,
    },
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// /ByteRange does not leave out exactly /Contents, start at 0, and end where a revision ends.
    #[error("the signature does not cover a whole revision: {0}")]
    ByteRange(&'static str),
    /// /Contents is not a detached CMS signature as PAdES wants it.
    #[error("the signature cannot be read: {0}")]
    Cms(String),
    /// The bytes covered are not the ones signed.
    #[error("the document was changed after it was signed")]
    Digest,
    /// The attribute signing-certificate-v2 is missing or names another certificate.
    #[error("the signature does not name the certificate it comes with")]
    CertificateReference,
    /// The signature value does not verify with the certificate's key.
    #[error("the signature value does not verify with the signer's certificate")]
    Signature,
}

/// Why a signature is not judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotJudged {
    /// A kind of signature this crate does not know.
    #[error("the kind of signature {0:?} is not judged")]
    SubFilter(String),
    /// An algorithm this crate does not compute.
    #[error("the algorithm is not judged: {0}")]
    Algorithm(String),
    /// The signer's certificate is not embedded.
    #[error("the signer's certificate is not embedded")]
    CertificateMissing,
    /// BER that is not DER, as older kinds of signatures may be.
    #[error("the encoding is not judged: {0}")]
    Encoding(String),
}

impl Broken {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ByteRange(_) => "signature-byte-range",
            Self::Cms(_) => "signature-malformed",
            Self::Digest => "signature-digest-mismatch",
            Self::CertificateReference => "signature-wrong-certificate",
            Self::Signature => "signature-invalid",
        }
    }
}

impl NotJudged {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SubFilter(_) => "signature-kind-not-judged",
            Self::Algorithm(_) => "signature-algorithm-not-judged",
            Self::CertificateMissing => "signature-certificate-missing",
            Self::Encoding(_) => "signature-encoding-not-judged",
        }
    }
}

/// A signer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerCertificate {
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The serial number, big-endian.
    pub serial_number: Vec<u8>,
    /// The certificate in DER.
    pub der: Vec<u8>,
}
