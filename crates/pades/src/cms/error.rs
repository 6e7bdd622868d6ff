//! What can be wrong with certificates and signatures, and whose fault it is.

/// Why a signature could not be made. Certificates and raw signatures come from the token or the configuration.
#[derive(Debug, thiserror::Error)]
pub enum CmsError {
    /// A certificate is not the DER of an RFC 5280 certificate, or would not come out as it went in.
    #[error("certificate {position} of the chain is not a DER certificate: {detail}")]
    CertificateNotDer {
        /// 0 is the signer's own certificate, 1 its issuer's, and so on.
        position: usize,
        /// What the decoder says.
        detail: String,
    },
    /// The signer's key is of a kind this crate does not sign with.
    #[error("the signer's certificate holds a key of a kind that is not signed with: {detail}")]
    KeyUnsupported {
        /// The algorithm found.
        detail: String,
    },
    /// The token's answer is not a signature value in the form PKCS#11 gives it.
    #[error("the token's signature is malformed: {0}")]
    SignatureMalformed(&'static str),
    /// The token's answer is well formed and does not verify with the certificate's key.
    #[error("the token's signature does not verify with the signer's certificate")]
    SignatureDoesNotVerify,
    /// The signature algorithm asked for does not go with what it is asked for; a fault of the caller.
    #[error("the signature algorithm does not go with {0}")]
    Mismatch(Mismatch),
    /// The encoder failed on values this crate made; a fault of this crate.
    #[error("CMS cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
}

/// What a signature algorithm does not go with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The message digest is by another hash function.
    #[error("the message digest's hash function")]
    MessageDigest,
    /// The signer's key is of another kind, or may not be used this way.
    #[error("the signer's key")]
    Key,
    /// The signed attributes are for another one.
    #[error("the signed attributes")]
    SignedAttributes,
}

impl CmsError {
    /// The stable reason code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CertificateNotDer { .. } => "certificate-not-der",
            Self::KeyUnsupported { .. } => "certificate-key-unsupported",
            Self::SignatureMalformed(_) | Self::SignatureDoesNotVerify => "token-fault",
            Self::Mismatch(_) | Self::Encoding(_) => "internal",
        }
    }
}

/// Why the bytes in a signature's /Contents cannot be read as one detached CMS signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CmsParseError {
    /// Not DER, or not the structure of RFC 5652 §5. Some producers write BER, which PAdES does not allow.
    #[error("not DER-encoded SignedData: {0}")]
    NotDer(String),
    /// Bytes other than the padding zeros follow the signature.
    #[error("bytes other than zero follow the CMS structure")]
    TrailingBytes,
    /// The content type is not `SignedData`.
    #[error("the CMS content type is {0}, not SignedData")]
    NotSignedData(String),
    /// The signed content is inside, so it is not a detached signature.
    #[error("the CMS structure carries its own content; a detached signature has none")]
    NotDetached,
    /// Not exactly one signer (ETSI EN 319 142-1 §4.2, ISO 32000-2 §12.8.3.3).
    #[error("{0} signers in one signature; exactly one is allowed")]
    SignerCount(usize),
    /// A signed attribute that must be there once with one value is missing, repeated or malformed.
    #[error("signed attribute {0} is missing, repeated or malformed")]
    Attribute(&'static str),
}

impl From<der::Error> for CmsParseError {
    fn from(error: der::Error) -> Self {
        Self::NotDer(error.to_string())
    }
}
