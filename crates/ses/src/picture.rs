//! A seal's picture and its size on paper.

use crate::SesError;

/// Longest picture file, bytes.
pub const MAX_PICTURE_LEN: usize = 4 << 20;

/// A seal's picture (`SES-ESPictureInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What kind of file it is. The file is not decoded here: whoever shows it must find it to be of this kind.
    pub kind: PictureKind,
    /// The file, 1 byte to [`MAX_PICTURE_LEN`].
    pub data: Vec<u8>,
    /// Size on paper.
    pub size: PictureSize,
}

impl Picture {
    pub(crate) fn check(&self) -> Result<(), SesError> {
        match self.data.len() {
            0 => Err(SesError::PictureEmpty),
            length if length > MAX_PICTURE_LEN => Err(SesError::PictureTooLarge { length }),
            _ => Ok(()),
        }
    }
}

/// The kinds of picture file that the structure names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureKind {
    /// ISO/IEC 15948.
    Png,
    /// ISO/IEC 10918-5 (JFIF).
    Jpg,
    /// W3C SVG.
    Svg,
    /// GIF 87a or 89a.
    Gif,
    /// Windows bitmap.
    Bmp,
}

impl PictureKind {
    const ALL: [Self; 5] = [Self::Png, Self::Jpg, Self::Svg, Self::Gif, Self::Bmp];

    /// The name in the structure: three capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpg => "JPG",
            Self::Svg => "SVG",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, SesError> {
        let unknown = || SesError::PictureKindUnknown(name.chars().take(16).collect());
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(unknown)
    }
}

/// Size on paper, exact in µm: 1 mm to 58 mm a side (rule A5).
///
/// The structure holds whole millimetres only: each side to the nearest, half a millimetre upwards. The exact size
/// stands in the extension of the [`Particulars`](crate::Particulars); without one, the millimetres are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureSize {
    width_um: u32,
    height_um: u32,
}

impl PictureSize {
    /// Smallest side, µm.
    pub const MIN_UM: u32 = 1_000;
    /// Largest side, µm.
    pub const MAX_UM: u32 = 58_000;

    /// A size in µm.
    ///
    /// # Errors
    /// [`SesError::PictureSizeOutOfRange`].
    pub fn from_um(width_um: u32, height_um: u32) -> Result<Self, SesError> {
        let fits = |side| (Self::MIN_UM..=Self::MAX_UM).contains(&side);
        let size = Self { width_um, height_um };
        if fits(width_um) && fits(height_um) { Ok(size) } else { Err(SesError::PictureSizeOutOfRange) }
    }

    /// A size in mm.
    ///
    /// # Errors
    /// [`SesError::PictureSizeOutOfRange`].
    pub fn from_mm(width_mm: u32, height_mm: u32) -> Result<Self, SesError> {
        Self::from_um(width_mm.saturating_mul(1_000), height_mm.saturating_mul(1_000))
    }

    /// Width, µm.
    pub fn width_um(self) -> u32 {
        self.width_um
    }

    /// Height, µm.
    pub fn height_um(self) -> u32 {
        self.height_um
    }

    /// Width as the structure holds it: to the nearest mm, half a millimetre upwards.
    pub fn width_mm(self) -> u32 {
        rounded(self.width_um)
    }

    /// Height as the structure holds it: to the nearest mm, half a millimetre upwards.
    pub fn height_mm(self) -> u32 {
        rounded(self.height_um)
    }

    /// Whether the millimetres say it all.
    pub(crate) fn is_whole(self) -> bool {
        self.width_um.is_multiple_of(1_000) && self.height_um.is_multiple_of(1_000)
    }
}

fn rounded(um: u32) -> u32 {
    um.saturating_add(500) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millimetres_are_the_nearest_and_never_leave_the_range() {
        let size = PictureSize::from_um(40_499, 40_500).unwrap();
        assert_eq!((size.width_mm(), size.height_mm()), (40, 41));
        let extremes = PictureSize::from_um(PictureSize::MIN_UM, PictureSize::MAX_UM).unwrap();
        assert_eq!((extremes.width_mm(), extremes.height_mm()), (1, 58));
        assert_eq!(PictureSize::from_mm(1, 58), Ok(extremes));
        assert!(extremes.is_whole() && !size.is_whole());
        for (width, height) in [(999, 40_000), (40_000, 58_001), (0, 0), (u32::MAX, 40_000)] {
            assert_eq!(PictureSize::from_um(width, height), Err(SesError::PictureSizeOutOfRange));
        }
        assert_eq!(PictureSize::from_mm(u32::MAX, 1), Err(SesError::PictureSizeOutOfRange));
    }

    #[test]
    fn kinds_are_named_in_capitals() {
        for kind in PictureKind::ALL {
            assert_eq!(PictureKind::named(kind.name()), Ok(kind));
        }
        for unknown in ["png", "JPEG", "", "PNG "] {
            assert_eq!(PictureKind::named(unknown), Err(SesError::PictureKindUnknown(unknown.into())));
        }
    }
}
