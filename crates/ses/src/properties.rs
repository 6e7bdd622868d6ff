//! What a seal object is made of.

use der::asn1::{AnyRef, Ia5StringRef, OctetStringRef, Utf8StringRef};

use crate::certificates::CertificateList;
use crate::extension::{self, Particulars, SealExtension};
use crate::picture::{Picture, PictureKind, PictureSize};
use crate::time::{from_generalized, to_generalized};
use crate::wire::{self, Header, PictureInfo, PropertyInfo, SealInfo};
use crate::{SesError, text};

/// Most characters of the names that people read: the seal's, its unit's.
pub const NAME_CHARACTERS: usize = 200;
/// Most characters of `esID` and `vid`.
pub const ID_CHARACTERS: usize = 64;

/// `SES-Header.id`.
const HEADER: &str = "ES";
/// `SES-Header.version`.
const VERSION: u32 = 4;

/// A seal, as its maker states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealProperties {
    /// `esID`, the seal's unique id: 1 to [`ID_CHARACTERS`] printable ASCII characters.
    pub id: String,
    /// `vid`, who made the software that made the seal: likewise.
    pub vid: String,
    /// Whose seal it is.
    pub kind: OwnerKind,
    /// The seal's name as people read it, e.g. 合同专用章: 1 to [`NAME_CHARACTERS`] characters.
    pub name: String,
    /// The certificates that may sign under it.
    pub certificates: CertificateList,
    /// When it was made, seconds since 1970 (UTC).
    pub created_s: i64,
    /// First second of its validity, since 1970.
    pub valid_from_s: i64,
    /// Last second of its validity, since 1970: after the first, and after it was made.
    pub valid_until_s: i64,
    /// Its picture.
    pub picture: Picture,
    /// What the structure has no place for. Without them the picture's size must be of whole millimetres.
    pub particulars: Option<Particulars>,
    /// Anything else, at most [`MAX_EXTENSIONS`](crate::MAX_EXTENSIONS).
    pub extensions: Vec<SealExtension>,
}

/// Whose seal it is (`SES-ESPropertyInfo.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    /// 1: an organisation's (单位印章).
    Organisation,
    /// 2: a person's (个人印章).
    Person,
}

impl OwnerKind {
    fn number(self) -> u32 {
        match self {
            Self::Organisation => 1,
            Self::Person => 2,
        }
    }

    fn numbered(number: u32) -> Result<Self, SesError> {
        match number {
            1 => Ok(Self::Organisation),
            2 => Ok(Self::Person),
            unknown => Err(SesError::OwnerKindUnknown(unknown)),
        }
    }
}

impl SealProperties {
    /// Every rule on a seal's contents, for one that is made as for one that is read.
    pub(crate) fn check(&self) -> Result<(), SesError> {
        text::check_ascii("id", &self.id, ID_CHARACTERS)?;
        text::check_ascii("vid", &self.vid, ID_CHARACTERS)?;
        text::check_name("name", &self.name, NAME_CHARACTERS)?;
        for seconds in [self.created_s, self.valid_from_s, self.valid_until_s] {
            to_generalized(seconds)?;
        }
        if self.valid_until_s <= self.valid_from_s.max(self.created_s) {
            return Err(SesError::ValidityDisordered);
        }
        self.picture.check()?;
        match &self.particulars {
            Some(particulars) => particulars.check()?,
            None if self.picture.size.is_whole() => {}
            None => return Err(SesError::PictureSizeNotWhole),
        }
        extension::check_all(&self.extensions)?;
        self.certificates.check()
    }

    /// DER(eSealInfo) of properties that were checked.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, SesError> {
        let ia5 = |text| Ia5StringRef::new(text).map_err(SesError::unencodable);
        let (list_kind, list) = self.certificates.to_der()?;
        let size = self.picture.size;
        let particulars = self.particulars.iter().map(|particulars| particulars.to_wire(size));
        let others = self.extensions.iter().map(SealExtension::to_wire);
        let extensions = particulars.chain(others).collect::<Result<Vec<_>, _>>()?;
        wire::write(&SealInfo {
            header: Header { id: ia5(HEADER)?, version: VERSION, vid: ia5(&self.vid)? },
            es_id: ia5(&self.id)?,
            property: PropertyInfo {
                kind: self.kind.number(),
                name: Utf8StringRef::new(&self.name).map_err(SesError::unencodable)?,
                list_kind,
                list: AnyRef::try_from(list.as_slice()).map_err(SesError::unencodable)?,
                created: to_generalized(self.created_s)?,
                valid_from: to_generalized(self.valid_from_s)?,
                valid_until: to_generalized(self.valid_until_s)?,
            },
            picture: PictureInfo {
                kind: ia5(self.picture.kind.name())?,
                data: OctetStringRef::new(&self.picture.data).map_err(SesError::unencodable)?,
                width_mm: size.width_mm(),
                height_mm: size.height_mm(),
            },
            extensions: (!extensions.is_empty()).then_some(extensions),
        })
    }

    /// Reads and checks DER(eSealInfo).
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, SesError> {
        let info: SealInfo = wire::read(der)?;
        if info.header.id.as_str() != HEADER {
            return Err(SesError::HeaderUnknown(info.header.id.as_str().chars().take(16).collect()));
        }
        if info.header.version != VERSION {
            return Err(SesError::VersionUnknown(info.header.version));
        }
        let extensions = extension::from_wire(info.extensions.as_deref().unwrap_or_default())?;
        let (particulars, exact_size) = extensions.particulars.unzip();
        let SealInfo { property, picture, .. } = &info;
        let properties = Self {
            id: info.es_id.as_str().to_owned(),
            vid: info.header.vid.as_str().to_owned(),
            kind: OwnerKind::numbered(property.kind)?,
            name: property.name.as_str().to_owned(),
            certificates: CertificateList::from_wire(property.list_kind, property.list)?,
            created_s: from_generalized(property.created),
            valid_from_s: from_generalized(property.valid_from),
            valid_until_s: from_generalized(property.valid_until),
            picture: Picture {
                kind: PictureKind::named(picture.kind.as_str())?,
                data: picture.data.as_bytes().to_vec(),
                size: size(picture, exact_size)?,
            },
            particulars,
            extensions: extensions.others,
        };
        properties.check()?;
        Ok(properties)
    }
}

/// The size of the structure, or the exact one that it is rounded from.
fn size(picture: &PictureInfo<'_>, exact: Option<PictureSize>) -> Result<PictureSize, SesError> {
    let whole = PictureSize::from_mm(picture.width_mm, picture.height_mm)?;
    let exact = exact.unwrap_or(whole);
    let agrees = (exact.width_mm(), exact.height_mm()) == (whole.width_mm(), whole.height_mm());
    if agrees { Ok(exact) } else { Err(SesError::PictureSizesDiffer) }
}
