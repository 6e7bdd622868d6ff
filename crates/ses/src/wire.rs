//! The ASN.1 of GB/T 38540-2020 §6 (version 4), field by field. Nothing is judged here.

use const_oid::ObjectIdentifier;
use der::asn1::{
    AnyRef, BitStringRef, GeneralizedTime, Ia5StringRef, OctetStringRef, PrintableStringRef, Utf8StringRef,
};
use der::{Decode, Encode, Sequence};
use x509_cert::ext::Extension;

use crate::SesError;

/// `SESeal`. What is signed, `eSealInfo`, stays as it stands.
#[derive(Sequence)]
pub(crate) struct Seal<'a> {
    pub(crate) info: AnyRef<'a>,
    pub(crate) maker_certificate: &'a OctetStringRef,
    pub(crate) algorithm: ObjectIdentifier,
    pub(crate) signature: BitStringRef<'a>,
}

/// `SES-SealInfo`. The extensions have the form of those of X.509 (RFC 5280 §4.1), and no context tag.
#[derive(Sequence)]
pub(crate) struct SealInfo<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) es_id: Ia5StringRef<'a>,
    pub(crate) property: PropertyInfo<'a>,
    pub(crate) picture: PictureInfo<'a>,
    #[asn1(optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `SES-Header`.
#[derive(Sequence)]
pub(crate) struct Header<'a> {
    pub(crate) id: Ia5StringRef<'a>,
    pub(crate) version: u32,
    pub(crate) vid: Ia5StringRef<'a>,
}

/// `SES-ESPropertyInfo`.
#[derive(Sequence)]
pub(crate) struct PropertyInfo<'a> {
    pub(crate) kind: u32,
    pub(crate) name: Utf8StringRef<'a>,
    pub(crate) list_kind: u32,
    /// [`CertificateInfoList`] if `list_kind` is 1, [`CertificateDigestList`] if 2.
    pub(crate) list: AnyRef<'a>,
    pub(crate) created: GeneralizedTime,
    pub(crate) valid_from: GeneralizedTime,
    pub(crate) valid_until: GeneralizedTime,
}

/// `CertInfoList`: whole certificates.
pub(crate) type CertificateInfoList<'a> = Vec<&'a OctetStringRef>;

/// `CertDigestList`.
pub(crate) type CertificateDigestList<'a> = Vec<CertificateDigestObject<'a>>;

/// `CertDigestObj`.
#[derive(Sequence)]
pub(crate) struct CertificateDigestObject<'a> {
    pub(crate) algorithm: PrintableStringRef<'a>,
    pub(crate) value: &'a OctetStringRef,
}

/// `SES-ESPictureInfo`; width and height in mm.
#[derive(Sequence)]
pub(crate) struct PictureInfo<'a> {
    pub(crate) kind: Ia5StringRef<'a>,
    pub(crate) data: &'a OctetStringRef,
    pub(crate) width_mm: u32,
    pub(crate) height_mm: u32,
}

/// The value of these bytes, of which none is left over and which encoding it gives again.
pub(crate) fn read<'a, T>(bytes: &'a [u8]) -> Result<T, SesError>
where
    T: Decode<'a, Error = der::Error> + Encode,
{
    let value = T::from_der(bytes).map_err(SesError::undecodable)?;
    if write(&value)? == bytes { Ok(value) } else { Err(SesError::NotCanonical) }
}

/// DER.
pub(crate) fn write(value: &impl Encode) -> Result<Vec<u8>, SesError> {
    value.to_der().map_err(SesError::unencodable)
}
