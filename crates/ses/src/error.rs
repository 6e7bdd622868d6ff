//! What can be wrong with a seal object, with what one is to be made of, and with its use.

use crate::certificates::{MAX_CERTIFICATE_LEN, MAX_CERTIFICATES};
use crate::extension::{MAX_EXTENSION_LEN, MAX_EXTENSIONS};
use crate::object::MAX_SEAL_LEN;
use crate::picture::{MAX_PICTURE_LEN, PictureSize};

/// Why a seal object cannot be made, read, trusted or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SesError {
    /// Longer than any seal object within the other limits.
    #[error("the seal object is {length} bytes long; at most {MAX_SEAL_LEN} are allowed")]
    TooLarge {
        /// Bytes given.
        length: usize,
    },
    /// Not DER (ITU-T X.690 §10, §11), or not the structure.
    #[error("not the DER of a seal object: {0}")]
    NotDer(String),
    /// Bytes follow where the structure, or a part of it, ends.
    #[error("bytes follow the end of the seal object or of a part of it")]
    TrailingBytes,
    /// Right in meaning, but encoding it again gives other bytes.
    #[error("the seal object's bytes are not those that encoding it gives")]
    NotCanonical,
    /// The header does not begin with `ES`.
    #[error("the header says {0:?}, not \"ES\"")]
    HeaderUnknown(String),
    /// A version of the structure other than 4.
    #[error("version {0} of the structure is not known, only 4")]
    VersionUnknown(u32),
    /// Signed with SM2 over SM3 as GB/T 38540 prescribes, which is not computed here.
    #[error("the seal is signed with SM2, which is not computed here; only ECDSA P-256 with SHA-256 is")]
    AlgorithmSm2,
    /// A signature algorithm that is neither ours nor the standard's.
    #[error("signature algorithm {0} is not ecdsa-with-SHA256")]
    AlgorithmUnknown(String),
    /// The maker's certificate is not a strict X.509 certificate, not of a P-256 key, or not signed by that very key.
    #[error("the maker's certificate cannot be used: {0}")]
    MakerCertificateBad(String),
    /// Made by somebody else: the maker's certificate holds another key than the one trusted.
    #[error("the seal was made with another key than the seal office's")]
    MakerOther,
    /// The signature does not verify, or is not one in DER.
    #[error("the maker's signature does not verify")]
    SignatureBad,
    /// A text is empty, too long, or holds characters that it must not.
    #[error("{field} must be {rule}")]
    TextBad {
        /// The field, as the API names it.
        field: &'static str,
        /// What it must be.
        rule: String,
    },
    /// An owner other than an organisation (1) or a person (2).
    #[error("owner kind {0} is not known")]
    OwnerKindUnknown(u32),
    /// A time before 1970 or after 9999, which the structure cannot hold.
    #[error("{0} s since 1970 is outside the years 1970 to 9999")]
    TimeOutOfRange(i64),
    /// The validity is empty, or ends before the seal was made.
    #[error("the validity must end after it begins and after the seal was made")]
    ValidityDisordered,
    /// A picture type other than PNG, JPG, SVG, GIF, BMP, in capitals.
    #[error("picture type {0:?} is not known")]
    PictureKindUnknown(String),
    /// No picture.
    #[error("the seal has no picture")]
    PictureEmpty,
    /// A picture file that is too long.
    #[error("the picture is {length} bytes long; at most {MAX_PICTURE_LEN} are allowed")]
    PictureTooLarge {
        /// Bytes of the picture file.
        length: usize,
    },
    /// A side under 1 mm or over 58 mm (rule A5).
    #[error("a seal measures {min} to {max} mm a side", min = PictureSize::MIN_UM / 1000, max = PictureSize::MAX_UM / 1000)]
    PictureSizeOutOfRange,
    /// A size that the structure's whole millimetres cannot say, and no particulars that say it exactly.
    #[error("a size that is not of whole millimetres needs the particulars, which hold it in µm")]
    PictureSizeNotWhole,
    /// The exact size in the particulars does not round to the size in the structure.
    #[error("the exact size does not round to the size in millimetres")]
    PictureSizesDiffer,
    /// No certificate, or too many.
    #[error("{0} certificates; a seal lists 1 to {MAX_CERTIFICATES}")]
    CertificateCount(usize),
    /// A form of certificate list other than whole certificates (1) or digests (2).
    #[error("certificate list type {0} is not known")]
    CertificateListUnknown(u32),
    /// A listed certificate is not strict DER of RFC 5280, longer than [`MAX_CERTIFICATE_LEN`], or its digest is malformed.
    #[error(
        "certificate {position} of the list is not usable (at most {MAX_CERTIFICATE_LEN} bytes are allowed): {detail}"
    )]
    CertificateBad {
        /// Place in the list, from 0.
        position: usize,
        /// What is wrong.
        detail: String,
    },
    /// One certificate is listed twice.
    #[error("certificate {0} of the list stands in it before")]
    CertificateRepeated(usize),
    /// Too many extensions.
    #[error("{0} extensions; at most {MAX_EXTENSIONS} are allowed besides the particulars")]
    ExtensionCount(usize),
    /// An extension's value is too long.
    #[error("extension {0} is longer than {MAX_EXTENSION_LEN} bytes")]
    ExtensionTooLarge(String),
    /// One extension stands twice.
    #[error("extension {0} is repeated")]
    ExtensionRepeated(String),
    /// Marked critical: who does not know it must refuse the seal, and none is known here.
    #[error("extension {0} is marked critical; none such is known here")]
    ExtensionCritical(String),
    /// The extension of the particulars is not the structure documented at [`Particulars`](crate::Particulars).
    #[error("the particulars are malformed: {0}")]
    ParticularsMalformed(String),
    /// Used before its validity.
    #[error("the seal is not valid before {from_s} s since 1970")]
    NotYetValid {
        /// Begin of the validity, seconds since 1970.
        from_s: i64,
    },
    /// Used after its validity.
    #[error("the seal was valid until {until_s} s since 1970")]
    Expired {
        /// Last second of the validity, seconds since 1970.
        until_s: i64,
    },
    /// The certificate is not in the seal's list (rule U8).
    #[error("the certificate is not in the seal's list")]
    CertificateNotListed,
    /// The encoder, or the signer with a key in memory, failed on values this crate made; a fault of this crate.
    #[error("the seal object cannot be encoded: {0}")]
    Encoding(String),
}

impl SesError {
    /// The stable reason code: lower-case words with hyphens.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "ses-too-large",
            Self::NotDer(_) => "ses-not-der",
            Self::TrailingBytes => "ses-trailing-bytes",
            Self::NotCanonical => "ses-not-canonical",
            Self::HeaderUnknown(_) => "ses-header-unknown",
            Self::VersionUnknown(_) => "ses-version-unknown",
            Self::AlgorithmSm2 => "ses-algorithm-sm2",
            Self::AlgorithmUnknown(_) => "ses-algorithm-unknown",
            Self::MakerCertificateBad(_) => "ses-maker-certificate-bad",
            Self::MakerOther => "ses-maker-other",
            Self::SignatureBad => "ses-signature-bad",
            Self::TextBad { .. } => "ses-text-bad",
            Self::OwnerKindUnknown(_) => "ses-owner-kind-unknown",
            Self::TimeOutOfRange(_) => "ses-time-out-of-range",
            Self::ValidityDisordered => "ses-validity-disordered",
            Self::PictureKindUnknown(_) => "ses-picture-kind-unknown",
            Self::PictureEmpty => "ses-picture-empty",
            Self::PictureTooLarge { .. } => "ses-picture-too-large",
            Self::PictureSizeOutOfRange => "ses-picture-size-out-of-range",
            Self::PictureSizeNotWhole => "ses-picture-size-not-whole",
            Self::PictureSizesDiffer => "ses-picture-sizes-differ",
            Self::CertificateCount(_) => "ses-certificate-count",
            Self::CertificateListUnknown(_) => "ses-certificate-list-unknown",
            Self::CertificateBad { .. } => "ses-certificate-bad",
            Self::CertificateRepeated(_) => "ses-certificate-repeated",
            Self::ExtensionCount(_) => "ses-extension-count",
            Self::ExtensionTooLarge(_) => "ses-extension-too-large",
            Self::ExtensionRepeated(_) => "ses-extension-repeated",
            Self::ExtensionCritical(_) => "ses-extension-critical",
            Self::ParticularsMalformed(_) => "ses-particulars-malformed",
            Self::NotYetValid { .. } => "ses-not-yet-valid",
            Self::Expired { .. } => "ses-expired",
            Self::CertificateNotListed => "ses-certificate-not-listed",
            Self::Encoding(_) => "internal",
        }
    }

    /// What the decoder says of bytes that came from outside.
    pub(crate) fn undecodable(error: der::Error) -> Self {
        match error.kind() {
            der::ErrorKind::TrailingData { .. } => Self::TrailingBytes,
            _ => Self::NotDer(error.to_string()),
        }
    }

    /// What the encoder says of values that this crate made.
    pub(crate) fn unencodable(error: der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_code_of_its_own() {
        let text = String::new;
        let all = [
            SesError::TooLarge { length: 0 },
            SesError::NotDer(text()),
            SesError::TrailingBytes,
            SesError::NotCanonical,
            SesError::HeaderUnknown(text()),
            SesError::VersionUnknown(0),
            SesError::AlgorithmSm2,
            SesError::AlgorithmUnknown(text()),
            SesError::MakerCertificateBad(text()),
            SesError::MakerOther,
            SesError::SignatureBad,
            SesError::TextBad { field: "name", rule: text() },
            SesError::OwnerKindUnknown(0),
            SesError::TimeOutOfRange(0),
            SesError::ValidityDisordered,
            SesError::PictureKindUnknown(text()),
            SesError::PictureEmpty,
            SesError::PictureTooLarge { length: 0 },
            SesError::PictureSizeOutOfRange,
            SesError::PictureSizeNotWhole,
            SesError::PictureSizesDiffer,
            SesError::CertificateCount(0),
            SesError::CertificateListUnknown(0),
            SesError::CertificateBad { position: 0, detail: text() },
            SesError::CertificateRepeated(0),
            SesError::ExtensionCount(0),
            SesError::ExtensionTooLarge(text()),
            SesError::ExtensionRepeated(text()),
            SesError::ExtensionCritical(text()),
            SesError::ParticularsMalformed(text()),
            SesError::NotYetValid { from_s: 0 },
            SesError::Expired { until_s: 0 },
            SesError::CertificateNotListed,
            SesError::Encoding(text()),
        ];
        let codes: std::collections::BTreeSet<_> = all.iter().map(SesError::code).collect();
        assert_eq!(codes.len(), all.len());
        for code in codes {
            assert!(code == "internal" || code.starts_with("ses-"), "{code}");
            assert!(
                code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{code}"
            );
        }
    }
}
