//! `[pictures]`: what a seal's picture must be (印模, A5).

use serde::Deserialize;

use super::{PolicyError, raw};
use crate::{reason::Reason, refusal::Violation, seal::SealSize};

/// What a seal's picture is held against when the seal is applied for and when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRules {
    /// Longest side on paper, µm; at most [`SealSize::MAX_UM`].
    pub max_um: u32,
    /// Fewest dots per inch of a raster picture at its size on paper.
    pub min_dpi: u32,
    /// Largest file, bytes.
    pub max_file_bytes: u64,
    /// Sizes that are not warned of.
    pub customary: CustomarySizes,
}

/// Sizes seals usually have, in whole mm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomarySizes {
    /// Diameters of round ones.
    pub round_mm: Vec<u32>,
    /// Width and height of oval ones.
    pub oval_mm: Vec<[u32; 2]>,
    /// Shortest and longest side of square ones.
    pub square_mm: [u32; 2],
}

impl PictureRules {
    /// Whether the size is within what the policy allows.
    pub fn allows(&self, size: SealSize) -> bool {
        size.width_um().max(size.height_um()) <= self.max_um
    }

    /// Whether a picture of so many pixels is fine enough for this size on paper. It may be short of a fraction of a pixel: 300 dpi on 40 mm
    /// are 472.4 pixels, and 472 do.
    pub fn is_fine_enough(&self, pixels: [u32; 2], size: SealSize) -> bool {
        const INCH_UM: u64 = 25_400;
        let fine = |pixels: u32, side_um: u32| {
            (u64::from(pixels) + 1) * INCH_UM > u64::from(self.min_dpi) * u64::from(side_um)
        };
        let [wide, high] = pixels;
        fine(wide, size.width_um()) && fine(high, size.height_um())
    }

    /// The warning that a size deserves which seals do not usually have (A5). It stands against nothing.
    pub fn warning(&self, size: SealSize) -> Option<Violation> {
        if self.is_customary(size) {
            return None;
        }
        let CustomarySizes { round_mm, oval_mm, square_mm: [least, most] } = &self.customary;
        let mm = |um: u32| f64::from(um) / 1000.0;
        let round: Vec<_> = round_mm.iter().map(u32::to_string).collect();
        let oval: Vec<_> = oval_mm.iter().map(|[wide, high]| format!("{wide}×{high}")).collect();
        let warning = Violation::new(Reason::SealSizeUncommon)
            .with("size-mm", format_args!("{}×{}", mm(size.width_um()), mm(size.height_um())))
            .with("round-mm", round.join(" "))
            .with("oval-mm", oval.join(" "))
            .with("square-mm", format_args!("{least}–{most}"));
        Some(warning)
    }

    /// Whether seals of this size are customary; another one is worth a warning (A5). Round and square are told apart by nobody here, for a
    /// size does not say its shape.
    pub fn is_customary(&self, size: SealSize) -> bool {
        let mm = |um: u32| um.is_multiple_of(1000).then_some(um / 1000);
        let CustomarySizes { round_mm, oval_mm, square_mm: [least, most] } = &self.customary;
        let square_um = least * 1000..=most * 1000;
        if size.width_um() == size.height_um() && square_um.contains(&size.width_um()) {
            return true;
        }
        match (mm(size.width_um()), mm(size.height_um())) {
            (Some(wide), Some(high)) if wide == high => round_mm.contains(&wide),
            (Some(wide), Some(high)) => oval_mm.contains(&[wide, high]),
            _ => false,
        }
    }
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPictures {
    max_mm: u32,
    min_dpi: u32,
    max_file_kib: u32,
    customary_round_mm: Vec<u32>,
    customary_oval_mm: Vec<[u32; 2]>,
    customary_square_mm: [u32; 2],
}

/// Longest side of a seal, mm.
const MOST_MM: u32 = SealSize::MAX_UM / 1000;
/// Most customary sizes of a shape.
const SIZES: usize = 16;
const SIDES: &str = "at most 16 sizes with sides from 1 to 58 mm";

impl RawPictures {
    pub(super) fn resolved(self) -> Result<PictureRules, PolicyError> {
        raw::within("pictures.max_mm", self.max_mm, 1..=MOST_MM, "from 1 to 58 mm")?;
        raw::within("pictures.min_dpi", self.min_dpi, 72..=2400, "from 72 to 2400 dots per inch")?;
        raw::within("pictures.max_file_kib", self.max_file_kib, 1..=4096, "from 1 to 4096 KiB")?;
        let (round, oval) = (&self.customary_round_mm, &self.customary_oval_mm);
        sizes("pictures.customary_round_mm", round.len(), round.iter())?;
        sizes("pictures.customary_oval_mm", oval.len(), oval.iter().flatten())?;
        sizes("pictures.customary_square_mm", 1, self.customary_square_mm.iter())?;
        let [least, most] = self.customary_square_mm;
        if least > most {
            return Err(raw::range("pictures.customary_square_mm", "the shortest side, then the longest"));
        }
        Ok(PictureRules {
            max_um: self.max_mm * 1000,
            min_dpi: self.min_dpi,
            max_file_bytes: u64::from(self.max_file_kib) * 1024,
            customary: CustomarySizes {
                round_mm: self.customary_round_mm,
                oval_mm: self.customary_oval_mm,
                square_mm: self.customary_square_mm,
            },
        })
    }
}

fn sizes<'a>(key: &str, count: usize, mut sides: impl Iterator<Item = &'a u32>) -> Result<(), PolicyError> {
    let good = count <= SIZES && sides.all(|side| (1..=MOST_MM).contains(side));
    if good { Ok(()) } else { Err(raw::range(key, SIDES)) }
}
