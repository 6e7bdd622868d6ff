//! What is said of a seal from its application to its receipt (A1 to A6).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::identity::{ActId, Digest, PersonId, SealId};

/// Kinds of seals (A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealKind {
    /// 公章
    Official,
    /// 合同专用章
    Contract,
    /// 财务专用章
    Finance,
    /// 发票专用章
    Invoice,
    /// 法定代表人章
    LegalRepresentative,
    /// 人事专用章
    Personnel,
    /// 其他
    Other,
}

/// What a seal picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureKind {
    /// With transparency.
    Png,
    /// Without.
    Jpeg,
    /// Drawn.
    Svg,
}

/// An application for a seal (A1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealApplication {
    /// The id it is to have.
    pub seal: SealId,
    /// Name as people read it, e.g. 合同专用章; 1 to 128 characters.
    pub name: String,
    /// Kind.
    pub kind: SealKind,
    /// Unit, 1 to 128 characters.
    pub unit: String,
    /// What for, 1 to 1000 characters.
    pub purpose: String,
    /// Document classes it may be used for, at least one (U3).
    pub scope: BTreeSet<String>,
    /// Who is to keep it.
    pub custodian: PersonId,
    /// What the picture is.
    pub picture_kind: PictureKind,
    /// SHA-256 of the picture's file, hex.
    pub picture_sha256: Digest,
    /// Width on paper, µm.
    pub width_um: u32,
    /// Height on paper, µm.
    pub height_um: u32,
}

/// A seal, and nothing to say of it but that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedSeal {
    /// Which.
    pub seal: SealId,
    /// The act this one follows: the application, suspension or retirement meant.
    pub about: ActId,
}

/// A seal and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithText {
    /// Which.
    pub seal: SealId,
    /// Why, 1 to 1000 characters.
    pub reason: String,
}

/// Whether there is a physical seal the picture was compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhysicalSeal {
    /// There is, and it is the same.
    Compared,
    /// There is none.
    None,
}

/// The seal office's review (A2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealReview {
    /// Which.
    pub seal: SealId,
    /// The application.
    pub about: ActId,
    /// The physical seal.
    pub physical: PhysicalSeal,
}

/// The finished seal (A3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeSeal {
    /// Which.
    pub seal: SealId,
    /// The application.
    pub about: ActId,
    /// SHA-256 of the seal object's DER (SESeal), hex. The object itself is filed with the act.
    pub object_sha256: Digest,
    /// SHA-256 of the certificate's DER, hex.
    pub certificate_sha256: Digest,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo (DER), hex: one live seal per key (A4).
    pub key_sha256: Digest,
    /// The private key on its token, RFC 7512.
    pub key: String,
    /// The certificate on the same token, RFC 7512.
    pub certificate: String,
}

/// Kind and last digits of an identity document that was checked (A6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityDocument {
    /// E.g. 居民身份证; 1 to 64 characters.
    pub kind: String,
    /// The last 2 to 6 characters of its number.
    pub last: String,
}

/// A seal is handed to its custodian (A6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealIssue {
    /// Which.
    pub seal: SealId,
    /// The seal object.
    pub object_sha256: Digest,
    /// To whom.
    pub custodian: PersonId,
    /// By which identity document.
    pub identity: IdentityDocument,
}

/// A seal in the shape of this very object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedObject {
    /// Which.
    pub seal: SealId,
    /// The seal object.
    pub object_sha256: Digest,
}
