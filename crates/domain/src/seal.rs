//! A seal (电子印章) as it is configured, and the object that stands for exactly this seal with this picture and this certificate.

use serde::Serialize;

use crate::{
    identity::{Digest, SealId},
    pkcs11_uri::ObjectUri,
};

/// A seal's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Stable id.
    pub id: SealId,
    /// Name as people read it, e.g. 合同专用章.
    pub name: String,
    /// The unit it belongs to.
    pub unit: String,
    /// Size on paper.
    pub size: SealSize,
    /// The private key on its token.
    pub key: ObjectUri,
    /// The certificate on the same token.
    pub certificate: ObjectUri,
}

/// Size of a seal on paper in µm: at least 1 mm, at most 58 mm a side (A5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealSize {
    width_um: u32,
    height_um: u32,
}

impl SealSize {
    /// Largest side, µm.
    pub const MAX_UM: u32 = 58_000;
    /// Smallest side, µm.
    pub const MIN_UM: u32 = 1_000;

    /// `None` outside the range.
    pub fn new(width_um: u32, height_um: u32) -> Option<Self> {
        let fits = |side| (Self::MIN_UM..=Self::MAX_UM).contains(&side);
        (fits(width_um) && fits(height_um)).then_some(SealSize { width_um, height_um })
    }

    /// Width, µm.
    pub fn width_um(self) -> u32 {
        self.width_um
    }

    /// Height, µm.
    pub fn height_um(self) -> u32 {
        self.height_um
    }
}

/// What the seal object is made of; field names are those of its JCS form.
#[derive(Serialize)]
struct SealObject<'a> {
    certificate: String,
    certificate_sha256: String,
    height_um: u32,
    id: &'a str,
    key: String,
    name: &'a str,
    picture_sha256: String,
    unit: &'a str,
    width_um: u32,
}

impl Seal {
    /// Digest of the seal object: SHA-256 over the JCS (RFC 8785) of the entry with the digests of the picture file and of the
    /// certificate's DER. A changed picture, size, key or certificate is another seal object.
    pub fn object_digest(&self, picture: Digest, certificate: Digest) -> Result<Digest, serde_json::Error> {
        let object = SealObject {
            certificate: self.certificate.to_string(),
            certificate_sha256: certificate.to_string(),
            height_um: self.size.height_um,
            id: self.id.as_str(),
            key: self.key.to_string(),
            name: &self.name,
            picture_sha256: picture.to_string(),
            unit: &self.unit,
            width_um: self.size.width_um,
        };
        Ok(Digest::of(&serde_json_canonicalizer::to_vec(&object)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal {
            id: "contract".parse().unwrap(),
            name: "合同专用章".into(),
            unit: "示例科技有限公司".into(),
            size: SealSize::new(40_000, 40_000).unwrap(),
            key: ObjectUri::parse("pkcs11:serial=1;id=%01;type=private").unwrap(),
            certificate: ObjectUri::parse("pkcs11:serial=1;id=%01;type=cert").unwrap(),
        }
    }

    #[test]
    fn the_object_is_the_jcs_of_the_entry() {
        let jcs = concat!(
            r#"{"certificate":"pkcs11:serial=1;id=%01;type=cert","certificate_sha256":""#,
            "0202020202020202020202020202020202020202020202020202020202020202",
            r#"","height_um":40000,"id":"contract","key":"pkcs11:serial=1;id=%01;type=private","name":"合同专用章","picture_sha256":""#,
            "0101010101010101010101010101010101010101010101010101010101010101",
            r#"","unit":"示例科技有限公司","width_um":40000}"#
        );
        assert_eq!(
            seal().object_digest(Digest([1; 32]), Digest([2; 32])).unwrap(),
            Digest::of(jcs.as_bytes())
        );
    }

    #[test]
    fn anything_changed_is_another_object() {
        let (p, c) = (Digest([1; 32]), Digest([2; 32]));
        let before = seal().object_digest(p, c).unwrap();
        assert_ne!(seal().object_digest(c, c).unwrap(), before);
        assert_ne!(seal().object_digest(p, p).unwrap(), before);
        let mut other = seal();
        other.size = SealSize::new(42_000, 42_000).unwrap();
        assert_ne!(other.object_digest(p, c).unwrap(), before);
        assert!(SealSize::new(58_001, 40_000).is_none() && SealSize::new(0, 40_000).is_none());
    }
}
