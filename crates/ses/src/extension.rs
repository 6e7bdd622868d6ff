//! What a seal object carries beyond the structure of GB/T 38540 (`extDatas`).

use const_oid::ObjectIdentifier;
use der::Sequence;
use der::asn1::{OctetString, Utf8StringRef};
use x509_cert::ext::Extension;

use crate::picture::PictureSize;
use crate::properties::NAME_CHARACTERS;
use crate::{SesError, text, wire};

/// Most extensions besides the particulars.
pub const MAX_EXTENSIONS: usize = 16;
/// Longest value of one, bytes.
pub const MAX_EXTENSION_LEN: usize = 64 << 10;
/// Most characters of a URI in the particulars.
pub const URI_CHARACTERS: usize = 1_024;

/// The object identifier of the [`Particulars`].
///
/// It is the UUID b4d3c603-1a2c-4bce-b482-f0033ce867d3 under 1.2.840.113556.1.8000.2554, where Microsoft lets anybody
/// place a UUID without registration: five arcs of 4 hexadecimal digits, then two of 6. (The arc for this in ITU-T
/// X.667, 2.25, takes a UUID as one arc of 128 bits, which `const-oid` and other readers with arcs of 32 bits refuse.)
pub const PARTICULARS_ID: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113556.1.8000.2554.46291.50691.6700.19406.46210.15729468.15230931");

const PARTICULARS_VERSION: u32 = 1;

/// What this house knows of a seal and the structure has no place for. The seal's id is the structure's `esID`.
///
/// It stands first among the extensions, under [`PARTICULARS_ID`], not critical (other readers need not know it), as DER of:
///
/// ```text
/// SealkeeperParticulars ::= SEQUENCE {
///   version      INTEGER (1),
///   widthUm      INTEGER (1000..58000),  -- exact; the structure's mm are these, rounded
///   heightUm     INTEGER (1000..58000),
///   unit         UTF8String,
///   key          UTF8String,             -- RFC 7512
///   certificate  UTF8String              -- RFC 7512
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Particulars {
    /// The unit that the seal belongs to: 1 to [`NAME_CHARACTERS`] characters.
    pub unit: String,
    /// The private key on its token, a URI as RFC 7512 has it: 1 to [`URI_CHARACTERS`] of ASCII; its syntax is not judged here.
    pub key: String,
    /// The certificate on its token, likewise.
    pub certificate: String,
}

/// Another extension (`ExtData`), never critical: a critical one is for readers that know it, and this one knows none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealExtension {
    /// What it is; each at most once, and not [`PARTICULARS_ID`].
    pub id: ObjectIdentifier,
    /// Its value, at most [`MAX_EXTENSION_LEN`] bytes.
    pub value: Vec<u8>,
}

/// `SealkeeperParticulars`.
#[derive(Sequence)]
struct ParticularsValue<'a> {
    version: u32,
    width_um: u32,
    height_um: u32,
    unit: Utf8StringRef<'a>,
    key: Utf8StringRef<'a>,
    certificate: Utf8StringRef<'a>,
}

impl Particulars {
    pub(crate) fn check(&self) -> Result<(), SesError> {
        text::check_name("unit", &self.unit, NAME_CHARACTERS)?;
        text::check_ascii("key", &self.key, URI_CHARACTERS)?;
        text::check_ascii("certificate", &self.certificate, URI_CHARACTERS)
    }

    pub(crate) fn to_wire(&self, size: PictureSize) -> Result<Extension, SesError> {
        let utf8 = |text| Utf8StringRef::new(text).map_err(SesError::unencodable);
        let value = ParticularsValue {
            version: PARTICULARS_VERSION,
            width_um: size.width_um(),
            height_um: size.height_um(),
            unit: utf8(&self.unit)?,
            key: utf8(&self.key)?,
            certificate: utf8(&self.certificate)?,
        };
        extension(PARTICULARS_ID, wire::write(&value)?)
    }

    fn from_wire(value: &[u8]) -> Result<(Self, PictureSize), SesError> {
        let malformed = |error: SesError| SesError::ParticularsMalformed(error.to_string());
        let value: ParticularsValue = wire::read(value).map_err(malformed)?;
        if value.version != PARTICULARS_VERSION {
            return Err(SesError::ParticularsMalformed(format!("version {}", value.version)));
        }
        let particulars = Self {
            unit: value.unit.as_str().to_owned(),
            key: value.key.as_str().to_owned(),
            certificate: value.certificate.as_str().to_owned(),
        };
        Ok((particulars, PictureSize::from_um(value.width_um, value.height_um)?))
    }
}

impl SealExtension {
    pub(crate) fn to_wire(&self) -> Result<Extension, SesError> {
        extension(self.id, self.value.clone())
    }
}

fn extension(extn_id: ObjectIdentifier, value: Vec<u8>) -> Result<Extension, SesError> {
    let extn_value = OctetString::new(value).map_err(SesError::unencodable)?;
    Ok(Extension { extn_id, critical: false, extn_value })
}

/// The extensions besides the particulars.
pub(crate) fn check_all(extensions: &[SealExtension]) -> Result<(), SesError> {
    if extensions.len() > MAX_EXTENSIONS {
        return Err(SesError::ExtensionCount(extensions.len()));
    }
    for (position, one) in extensions.iter().enumerate() {
        if one.value.len() > MAX_EXTENSION_LEN {
            return Err(SesError::ExtensionTooLarge(one.id.to_string()));
        }
        if one.id == PARTICULARS_ID {
            return Err(SesError::ParticularsMalformed(
                "they stand once, before all other extensions".into(),
            ));
        }
        if extensions.iter().take(position).any(|before| before.id == one.id) {
            return Err(SesError::ExtensionRepeated(one.id.to_string()));
        }
    }
    Ok(())
}

/// `extDatas` as it was read.
pub(crate) struct Extensions {
    /// With the exact size.
    pub(crate) particulars: Option<(Particulars, PictureSize)>,
    pub(crate) others: Vec<SealExtension>,
}

pub(crate) fn from_wire(extensions: &[Extension]) -> Result<Extensions, SesError> {
    if let Some(critical) = extensions.iter().find(|extension| extension.critical) {
        return Err(SesError::ExtensionCritical(critical.extn_id.to_string()));
    }
    let other = |extension: &Extension| SealExtension {
        id: extension.extn_id,
        value: extension.extn_value.as_bytes().to_vec(),
    };
    match extensions {
        [first, rest @ ..] if first.extn_id == PARTICULARS_ID => {
            let particulars = Some(Particulars::from_wire(first.extn_value.as_bytes())?);
            Ok(Extensions { particulars, others: rest.iter().map(other).collect() })
        }
        all => Ok(Extensions { particulars: None, others: all.iter().map(other).collect() }),
    }
}
