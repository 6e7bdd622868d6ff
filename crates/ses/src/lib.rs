//! The seal object: an electronic seal (电子印章) as its maker signs it, in the SES V4 structure of GB/T 38540-2020.
//!
//! A seal object binds a picture in its true size, a name, a validity and the certificates that may sign under the
//! seal, and is signed by the seal's maker, the seal office. [`SealObject::verify`] takes the bytes of one and the
//! maker's public key; the [`VerifiedSeal`] that it gives is the only evidence that all of it was checked.
//!
//! **The structure is the standard's, the algorithm is not.** GB/T 38540 signs with SM2 over SM3; here it is ECDSA on
//! P-256 over SHA-256 (FIPS 186-5), under its own object identifier, so that no reader takes one for the other. A seal
//! signed with SM2 is refused with an error of its own ([`SesError::AlgorithmSm2`]).
//!
//! Reading is strict: DER only, nothing before, between or after that the structure does not have, every length
//! bounded. Nothing unsigned is interpreted: the signature is judged over the bytes as they stand, then they are read.
//!
//! No I/O, no clock, no randomness; the maker's key may be anywhere: [`SealObject::to_be_signed`] gives what it signs,
//! [`SealObject::assemble`] takes the signature. The picture is not decoded here.
//!
//! ```
//! use p256::ecdsa::{SigningKey, VerifyingKey};
//! use sealkeeper_ses::{
//!     CertificateDigest, CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureKind, PictureSize,
//!     SealObject, SealProperties,
//! };
//!
//! let office = SigningKey::from_slice(&[7; 32]).expect("a scalar in range");
//! let (from_s, until_s) = (1_750_000_000, 1_850_000_000);
//! let maker = MakerCertificate::self_signed("示例科技 印章管理部门", &office, from_s, until_s)?;
//! let seal = SealObject::new(SealProperties {
//!     id: "contract".into(),
//!     vid: "sealkeeper".into(),
//!     kind: OwnerKind::Organisation,
//!     name: "合同专用章".into(),
//!     certificates: CertificateList::Digests(vec![CertificateDigest::of(b"the certificate's DER")]),
//!     created_s: from_s,
//!     valid_from_s: from_s,
//!     valid_until_s: until_s,
//!     picture: Picture { kind: PictureKind::Png, data: vec![0x89], size: PictureSize::from_um(45_000, 30_000)? },
//!     particulars: Some(Particulars {
//!         unit: "示例科技有限公司".into(),
//!         key: "pkcs11:serial=1;id=%01;type=private".into(),
//!         certificate: "pkcs11:serial=1;id=%01;type=cert".into(),
//!     }),
//!     extensions: vec![],
//! })?;
//! let der = seal.sign_with(&office, &maker)?;
//!
//! let verified = SealObject::verify(&der, &VerifyingKey::from(&office))?;
//! verified.check_now(1_800_000_000)?;
//! verified.check_certificate(b"the certificate's DER")?;
//! assert_eq!(verified.properties().name, "合同专用章");
//! # Ok::<(), sealkeeper_ses::SesError>(())
//! ```

mod certificates;
mod error;
mod extension;
mod maker;
mod object;
mod picture;
mod properties;
mod signature;
mod text;
mod time;
mod verified;
mod wire;

pub use certificates::{CertificateDigest, CertificateList, MAX_CERTIFICATE_LEN, MAX_CERTIFICATES, SHA_256};
pub use error::SesError;
pub use extension::{
    MAX_EXTENSION_LEN, MAX_EXTENSIONS, PARTICULARS_ID, Particulars, SealExtension, URI_CHARACTERS,
};
pub use maker::{COMMON_NAME_CHARACTERS, MakerCertificate};
pub use object::{MAX_SEAL_LEN, SealObject};
pub use picture::{MAX_PICTURE_LEN, Picture, PictureKind, PictureSize};
pub use properties::{ID_CHARACTERS, NAME_CHARACTERS, OwnerKind, SealProperties};
pub use verified::VerifiedSeal;
