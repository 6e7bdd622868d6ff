//! Everything but documents.

use std::fs;

use p256::ecdsa::SigningKey;
use png::{BitDepth, ColorType};
use sealkeeper_domain::act::jws;
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::policy::Policy;
use sealkeeper_ses::{
    CertificateDigest, CertificateList, MakerCertificate, OwnerKind, Particulars, Picture, PictureKind,
    PictureSize, SealObject, SealProperties,
};
use serde_json::{Value, json};

use crate::{Anyhow, folder, seed};

/// 2026-01-01T00:00:00Z and five years later.
const FROM_S: i64 = 1_767_225_600;
const UNTIL_S: i64 = 1_924_992_000;

pub(crate) fn all() -> Anyhow<()> {
    pictures()?;
    records()?;
    acts()?;
    seals()?;
    policies()?;
    uris()
}

fn pictures() -> Anyhow<()> {
    let kinds = [
        ("rgba", ColorType::Rgba, BitDepth::Eight, 32),
        ("gray16", ColorType::Grayscale, BitDepth::Sixteen, 16),
        ("gray-alpha", ColorType::GrayscaleAlpha, BitDepth::Eight, 16),
        ("palette", ColorType::Indexed, BitDepth::Four, 4),
        ("rgb", ColorType::Rgb, BitDepth::Eight, 24),
        ("bits", ColorType::Grayscale, BitDepth::One, 1),
    ];
    for (name, colour, depth, bytes_per_row) in kinds {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 8, 8);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette((0..48).collect::<Vec<u8>>());
            encoder.set_trns((0..16).collect::<Vec<u8>>());
        }
        let mut writer = encoder.write_header()?;
        let pixels: Vec<u8> = (0..8 * bytes_per_row).map(|byte: u32| (byte * 5 % 251) as u8).collect();
        writer.write_image_data(&pixels)?;
        writer.finish()?;
        seed("picture", &format!("{name}.png"), &file)?;
    }
    seed("picture", "signature.png", b"\x89PNG\r\n\x1a\n")
}

fn records() -> Anyhow<()> {
    for entry in fs::read_dir(folder().join("../../crates/journal/tests/data"))? {
        let entry = entry?;
        let name = entry.file_name();
        seed("record_parser", &name.to_string_lossy(), &fs::read(entry.path())?)?;
    }
    seed("record_parser", "version.jsonl", br#"{"v":2}"#)
}

fn acts() -> Anyhow<()> {
    let key = SigningKey::from_slice(&[7; 32])?;
    let public = ActKey::from(key.verifying_key());
    let jwk: Value = serde_json::from_str(&public.to_jwk())?;
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    let digest = "ab".repeat(32);
    let binding = json!({
        "request": uuid, "document_sha256": digest, "file_name": "合同.pdf", "seal": "contract",
        "seal_object_sha256": digest, "class": "contract", "copies": 1, "reason": "采购", "applicant": "p-17",
        "boxes": [{"page": 1, "left_um": 1, "top_um": 2, "width_um": 40_000, "height_um": 40_000}],
    });
    let members = [
        ("request-approve", binding),
        (
            "person-register",
            json!({"person": "p-17", "name": "王芳", "unit": "采购部", "roles": ["applicant"], "keys": [jwk], "uid": 1000}),
        ),
        ("person-leave", json!({"person": "p-17", "reason": "left"})),
        ("policy", json!({"sha256": digest})),
        ("seal-approve", json!({"seal": "contract", "about": uuid})),
        ("seal-suspend", json!({"seal": "contract", "reason": "lost"})),
        (
            "grant",
            json!({"person": "p-17", "seal": "contract", "classes": ["contract"], "copies_per_request": 1, "uses_per_day": 9, "until_s": 9}),
        ),
    ];
    for (typ, mut payload) in members {
        let claims =
            json!({"iss": "p-01", "aud": "localhost/seal-journal/7d3c", "iat": 1, "exp": 9, "jti": uuid});
        if let (Some(payload), Some(claims)) = (payload.as_object_mut(), claims.as_object()) {
            payload.extend(claims.clone());
        }
        seed("act_parser", &format!("{typ}.txt"), format!("{typ}\n{payload}").as_bytes())?;
        if typ == "policy" {
            seed("act_parser", "policy.jws", jws::sign(typ, &payload, &key)?.as_bytes())?;
        }
    }
    seed("act_parser", "key.jwk", public.to_jwk().as_bytes())?;
    seed("act_parser", "key.der", &public.spki_der())?;
    seed("act_parser", "two-parts.jws", b"eyJ9.e30")
}

fn seals() -> Anyhow<()> {
    let office = SigningKey::from_slice(&[7; 32])?;
    let maker = MakerCertificate::self_signed("印章管理部门", &office, FROM_S, UNTIL_S)?;
    let certificate = maker.der().to_vec();
    let ours = SealProperties {
        id: "contract".into(),
        vid: "sealkeeper".into(),
        kind: OwnerKind::Organisation,
        name: "合同专用章".into(),
        certificates: CertificateList::Digests(vec![CertificateDigest::of(&certificate)]),
        created_s: FROM_S - 60,
        valid_from_s: FROM_S,
        valid_until_s: UNTIL_S,
        picture: Picture {
            kind: PictureKind::Png,
            data: b"\x89PNG\r\n\x1a\n".to_vec(),
            size: PictureSize::from_um(45_200, 29_500)?,
        },
        particulars: Some(Particulars {
            unit: "示例科技有限公司".into(),
            key: "pkcs11:serial=1;id=%01;type=private".into(),
            certificate: "pkcs11:serial=1;id=%01;type=cert".into(),
        }),
        extensions: vec![],
    };
    let mut plain = ours.clone();
    plain.particulars = None;
    plain.picture.size = PictureSize::from_mm(40, 40)?;
    plain.kind = OwnerKind::Person;
    plain.certificates = CertificateList::Whole(vec![certificate.clone()]);
    for (name, properties) in [("ours", ours), ("plain", plain)] {
        let object = SealObject::new(properties)?;
        seed("seal_object", &format!("{name}-info.der"), object.to_be_signed())?;
        seed("seal_object", &format!("{name}.der"), &object.sign_with(&office, &maker)?)?;
    }
    seed("seal_object", "certificate.der", &certificate)
}

fn policies() -> Anyhow<()> {
    seed("policy", "solo.toml", Policy::SOLO_TOML.as_bytes())?;
    seed("policy", "office.toml", Policy::OFFICE_TOML.as_bytes())?;
    // Short enough for chance to change what matters.
    let bare: String =
        Policy::OFFICE_TOML.lines().filter(|line| !line.starts_with('#')).map(|l| format!("{l}\n")).collect();
    seed("policy", "bare.toml", bare.as_bytes())?;
    seed("policy", "empty.toml", b"")
}

fn uris() -> Anyhow<()> {
    for (name, text) in [
        ("key", "pkcs11:serial=0123abcd;id=%01%02;type=private"),
        ("label", "pkcs11:token=seals;manufacturer=x;model=y;serial=1;object=%E5%90%88%E5%90%8C;type=cert"),
        ("query", "pkcs11:serial=1;id=%01?pin-value=1234"),
    ] {
        seed("pkcs11_uri", &format!("{name}.txt"), text.as_bytes())?;
    }
    Ok(())
}
