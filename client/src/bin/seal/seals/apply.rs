//! `seal seals apply`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::placement::length_um;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{PictureKind, SealApplication, SealKind};
use sealkeeper_domain::identity::{Digest, PersonId, SealId};

use crate::Session;
use crate::act::bytes_of;
use crate::failure::Failure;
use crate::office::word;
use crate::signing::SigningOptions;

/// Most bytes of a picture's file.
pub(super) const PICTURE_LIMIT: u64 = 4 << 20;

/// Apply for a seal (A1); by its unit
#[derive(Args)]
pub(super) struct Apply {
    /// Id it is to have: 1 to 64 of a-z, 0-9 and -
    #[arg(value_name = "ID")]
    seal: SealId,

    /// Name as people read it, for example 合同专用章
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Kind: official, contract, finance, invoice, legal-representative, personnel, other
    #[arg(long, value_name = "KIND", value_parser = word::<SealKind>)]
    kind: SealKind,

    /// Unit it belongs to
    #[arg(long, value_name = "UNIT")]
    unit: String,

    /// What for
    #[arg(long, value_name = "TEXT")]
    purpose: String,

    /// Class of documents it may be used for; may be repeated
    #[arg(long = "class", value_name = "CLASS", required = true)]
    scope: Vec<String>,

    /// Id of the person who is to keep it
    #[arg(long, value_name = "ID")]
    custodian: PersonId,

    /// Its picture: PNG, JPEG or SVG
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,

    /// Size on paper in mm: 40x40
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: (u32, u32),

    #[command(flatten)]
    signing: SigningOptions,
}

impl Apply {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let picture = bytes_of(&self.picture, PICTURE_LIMIT)?;
        let application = SealApplication {
            seal: self.seal,
            name: self.name,
            kind: self.kind,
            unit: self.unit,
            purpose: self.purpose,
            scope: self.scope.into_iter().collect(),
            custodian: self.custodian,
            picture_kind: picture_kind(session, &picture)?,
            picture_sha256: Digest::of(&picture),
            width_um: self.size.0,
            height_um: self.size.1,
        };
        self.signing.say_with(session, Statement::SealApply(Box::new(application)), picture).await
    }
}

/// `40x40`, `45.5x30`: width and height in mm, given back in µm.
fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let um = length_um(&format!("{text}mm")).filter(|um| is_number && *um > 0)?;
        u32::try_from(um).ok()
    };
    let sides = text.split_once(['x', '×']).and_then(|(width, height)| side(width).zip(side(height)));
    sides.ok_or_else(|| "40x40".to_owned())
}

/// What a picture is by its first bytes.
pub(super) fn picture_kind(session: &Session, picture: &[u8]) -> Result<PictureKind, Failure> {
    kind_of(picture).ok_or_else(|| Failure::Arguments {
        text: session.say("图片不是 PNG、JPEG 或 SVG", "the picture is no PNG, JPEG or SVG").to_owned(),
        hint: session.say("请换一个文件", "give another file").to_owned(),
    })
}

fn kind_of(picture: &[u8]) -> Option<PictureKind> {
    if picture.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(PictureKind::Png)
    } else if picture.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(PictureKind::Jpeg)
    } else {
        let text = str::from_utf8(picture).ok()?.trim_start_matches('\u{feff}').trim_start();
        (text.starts_with('<') && text.contains("<svg")).then_some(PictureKind::Svg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_in_millimetres() {
        assert_eq!(size("40x40"), Ok((40_000, 40_000)));
        assert_eq!(size("45.5×30"), Ok((45_500, 30_000)));
        for wrong in ["", "40", "40x", "x40", "40mmx30mm", "-1x40", "0x0", "40X30", "5000000x1e3"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_is_told_by_its_first_bytes() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n...."), Some(PictureKind::Png));
        assert_eq!(kind_of(&[0xff, 0xd8, 0xff, 0xe0]), Some(PictureKind::Jpeg));
        assert_eq!(kind_of(b"\n<?xml version=\"1.0\"?><svg/>"), Some(PictureKind::Svg));
        for other in [b"".as_slice(), b"GIF89a", b"<html></html>", b"svg"] {
            assert_eq!(kind_of(other), None);
        }
    }
}
