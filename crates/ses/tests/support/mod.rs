//! A small seal, its maker, and OpenSSL.

#![allow(dead_code, reason = "each test file uses its part of this")]

pub(crate) mod edit;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use p256::ecdsa::{SigningKey, VerifyingKey};
use sealkeeper_ses::{
    CertificateDigest, CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureKind,
    PictureSize, SealObject, SealProperties,
};

/// 2026-01-01T00:00:00Z.
pub(crate) const FROM_S: i64 = 1_767_225_600;
/// 2031-01-01T00:00:00Z.
pub(crate) const UNTIL_S: i64 = 1_924_992_000;

/// The seal office's key; it protects nothing.
pub(crate) fn office() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

pub(crate) fn other_office() -> SigningKey {
    SigningKey::from_slice(&[8; 32]).unwrap()
}

pub(crate) fn office_key() -> VerifyingKey {
    VerifyingKey::from(&office())
}

pub(crate) fn maker() -> MakerCertificate {
    MakerCertificate::self_signed("示例科技 印章管理部门", &office(), FROM_S, UNTIL_S).unwrap()
}

/// A certificate that may sign under the seal: any will do.
pub(crate) fn signer_certificate(seed: u8) -> Vec<u8> {
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    MakerCertificate::self_signed("合同专用章", &key, FROM_S, UNTIL_S).unwrap().der().to_vec()
}

pub(crate) fn properties() -> SealProperties {
    SealProperties {
        id: "contract".into(),
        vid: "sealkeeper".into(),
        kind: OwnerKind::Organisation,
        name: "合同专用章".into(),
        certificates: CertificateList::Digests(vec![CertificateDigest::of(&signer_certificate(1))]),
        created_s: FROM_S - 60,
        valid_from_s: FROM_S,
        valid_until_s: UNTIL_S,
        picture: Picture {
            kind: PictureKind::Png,
            data: b"\x89PNG\r\n\x1a\n".to_vec(),
            size: PictureSize::from_um(45_200, 29_500).unwrap(),
        },
        particulars: Some(Particulars {
            unit: "示例科技有限公司".into(),
            key: "pkcs11:serial=1;id=%01;type=private".into(),
            certificate: "pkcs11:serial=1;id=%01;type=cert".into(),
        }),
        extensions: vec![],
    }
}

/// Without what is ours alone.
pub(crate) fn plain_properties() -> SealProperties {
    let mut plain = properties();
    plain.particulars = None;
    plain.picture.size = PictureSize::from_mm(40, 40).unwrap();
    plain
}

/// The seal of these properties, by the office.
pub(crate) fn sealed(properties: SealProperties) -> Vec<u8> {
    SealObject::new(properties).unwrap().sign_with(&office(), &maker()).unwrap()
}

/// The code of the refusal of properties.
pub(crate) fn refusal(properties: SealProperties) -> &'static str {
    SealObject::new(properties).unwrap_err().code()
}

/// The code of the refusal of a seal object.
pub(crate) fn verdict(der: &[u8]) -> &'static str {
    SealObject::verify(der, &office_key()).map_or_else(|error| error.code(), |_| "good")
}

pub(crate) fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

pub(crate) fn openssl<'a>(arguments: impl AsRef<[&'a str]>, folder: &Path) -> Output {
    Command::new("openssl")
        .args(arguments.as_ref())
        .current_dir(folder)
        .output()
        .expect("openssl is installed")
}

/// What OpenSSL prints where it succeeds.
pub(crate) fn openssl_says<'a>(arguments: impl AsRef<[&'a str]>, folder: &Path) -> String {
    let arguments = arguments.as_ref();
    let output = openssl(arguments, folder);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
