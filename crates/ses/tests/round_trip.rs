//! What is put into a seal object comes out of it, and only what keeps to the rules can be put in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use const_oid::ObjectIdentifier;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, Signature};
use sealkeeper_ses::{
    CertificateDigest, CertificateList, MAX_CERTIFICATE_LEN, MAX_EXTENSION_LEN, MAX_PICTURE_LEN,
    MAX_SEAL_LEN, MakerCertificate, OwnerKind, PARTICULARS_ID, PictureKind, PictureSize, SealExtension,
    SealObject, SealProperties, SesError,
};
use support::*;

fn changed(change: impl FnOnce(&mut SealProperties)) -> SealProperties {
    let mut properties = properties();
    change(&mut properties);
    properties
}

fn extension(last_arc: u32, length: usize) -> SealExtension {
    let id = ObjectIdentifier::new("1.3.6.1.4.1.32473").unwrap().push_arc(last_arc).unwrap();
    SealExtension { id, value: vec![5; length] }
}

#[test]
fn what_was_stated_is_what_is_verified() {
    let whole = changed(|seal| {
        seal.certificates = CertificateList::Whole(vec![signer_certificate(1), signer_certificate(2)]);
        seal.kind = OwnerKind::Person;
        seal.extensions = vec![extension(1, 3), extension(2, 0)];
    });
    let mut all = vec![properties(), plain_properties(), whole];
    for kind in [PictureKind::Jpg, PictureKind::Svg, PictureKind::Gif, PictureKind::Bmp] {
        all.push(changed(|seal| seal.picture.kind = kind));
    }
    for stated in all {
        let object = SealObject::new(stated.clone()).unwrap();
        let der = object.sign_with(&office(), &maker()).unwrap();
        let verified = SealObject::verify(&der, &office_key()).unwrap();
        assert_eq!(verified.properties(), &stated);
        assert_eq!(verified.to_be_signed(), object.to_be_signed());
        assert_eq!(verified.maker(), &maker());
        assert_eq!(SealObject::read(object.to_be_signed()).unwrap(), object);
    }
}

/// The office's key may lie on a token: only bytes go to it, and only a signature comes back.
#[test]
fn a_seal_is_signed_wherever_the_key_is() {
    let object = SealObject::new(properties()).unwrap();
    let signature: DerSignature = office().sign(object.to_be_signed());
    let der = SealObject::assemble(object.to_be_signed(), maker().der(), signature.as_bytes()).unwrap();
    assert_eq!(der, object.sign_with(&office(), &maker()).unwrap());

    let foreign: DerSignature = other_office().sign(object.to_be_signed());
    let refused = SealObject::assemble(object.to_be_signed(), maker().der(), foreign.as_bytes());
    assert_eq!(refused, Err(SesError::SignatureBad));
    let other = MakerCertificate::self_signed("another", &other_office(), FROM_S, UNTIL_S).unwrap();
    assert_eq!(object.sign_with(&office(), &other), Err(SesError::SignatureBad));
    let raw: Signature = office().sign(object.to_be_signed());
    let refused = SealObject::assemble(object.to_be_signed(), maker().der(), &raw.to_bytes());
    assert_eq!(refused, Err(SesError::SignatureBad), "r‖s is not DER");
    let nonsense: DerSignature = office().sign(&[0x30, 0]);
    let refused = SealObject::assemble(&[0x30, 0], maker().der(), nonsense.as_bytes());
    assert_eq!(refused.unwrap_err().code(), "ses-not-der", "well signed, and not a seal");
}

/// (r, n − s) verifies wherever (r, s) does: the digest of what was signed is the same.
#[test]
fn a_seal_has_one_digest_whichever_way_its_signature_is_written() {
    let object = SealObject::new(properties()).unwrap();
    let signature: Signature = office().sign(object.to_be_signed());
    let twin = Signature::from_scalars(*signature.r(), -*signature.s()).unwrap();
    let assembled =
        |one: Signature| SealObject::assemble(object.to_be_signed(), maker().der(), one.to_der().as_bytes());
    let (first, second) = (assembled(signature).unwrap(), assembled(twin).unwrap());
    assert_ne!(first, second);
    let digest = |der: &[u8]| SealObject::verify(der, &office_key()).unwrap().digest();
    assert_eq!(digest(&first), digest(&second));
    let other = sealed(changed(|seal| seal.picture.size = PictureSize::from_um(45_201, 29_500).unwrap()));
    assert_ne!(digest(&other), digest(&first), "a µm is another seal, though the millimetres are the same");
}

#[test]
fn a_seal_is_used_within_its_validity_and_with_its_certificates_only() {
    for certificates in [
        CertificateList::Whole(vec![signer_certificate(1), signer_certificate(2)]),
        CertificateList::Digests(vec![
            CertificateDigest { algorithm: "SM3".into(), value: vec![1; 32] },
            CertificateDigest::of(&signer_certificate(1)),
            CertificateDigest::of(&signer_certificate(2)),
        ]),
    ] {
        let der = sealed(changed(|seal| seal.certificates = certificates));
        let seal = SealObject::verify(&der, &office_key()).unwrap();
        assert_eq!(seal.check_now(FROM_S - 1), Err(SesError::NotYetValid { from_s: FROM_S }));
        assert_eq!((seal.check_now(FROM_S), seal.check_now(UNTIL_S)), (Ok(()), Ok(())));
        assert_eq!(seal.check_now(UNTIL_S + 1), Err(SesError::Expired { until_s: UNTIL_S }));
        assert_eq!(seal.check_now(i64::MIN).unwrap_err().code(), "ses-not-yet-valid");
        assert_eq!(seal.check_certificate(&signer_certificate(2)), Ok(()));
        let mut cut = signer_certificate(2);
        cut.pop();
        for unlisted in [signer_certificate(3), cut, vec![]] {
            assert_eq!(seal.check_certificate(&unlisted), Err(SesError::CertificateNotListed));
        }
    }
}

#[test]
fn the_largest_seal_is_made_and_verified() {
    let der = sealed(changed(|seal| {
        seal.name = "章".repeat(200);
        seal.picture.data = vec![1; MAX_PICTURE_LEN];
        seal.picture.size = PictureSize::from_mm(58, 58).unwrap();
        seal.certificates = CertificateList::Whole((1..=16).map(signer_certificate).collect());
        seal.extensions = (0..16).map(|arc| extension(arc, MAX_EXTENSION_LEN)).collect();
        seal.created_s = 0;
        seal.valid_from_s = 0;
        seal.valid_until_s = 253_402_300_799;
    }));
    assert_eq!(verdict(&der), "good");
    assert_eq!(verdict(&vec![0x30; MAX_SEAL_LEN + 1]), "ses-too-large");
    assert_eq!(SealObject::read(&vec![0x30; MAX_SEAL_LEN + 1]).unwrap_err().code(), "ses-too-large");
}

#[test]
fn a_seal_that_breaks_a_rule_is_not_made() {
    let refused = |change: fn(&mut SealProperties)| refusal(changed(change));
    for (code, breaks) in [
        ("ses-text-bad", (|seal| seal.id = String::new()) as fn(&mut SealProperties)),
        ("ses-text-bad", |seal| seal.id = "章".into()),
        ("ses-text-bad", |seal| seal.vid = "x".repeat(65)),
        ("ses-text-bad", |seal| seal.name = " ".into()),
        ("ses-text-bad", |seal| seal.name = "章".repeat(201)),
        ("ses-text-bad", |seal| seal.particulars.as_mut().unwrap().unit = "a\u{202e}b".into()),
        ("ses-text-bad", |seal| seal.particulars.as_mut().unwrap().key = String::new()),
        ("ses-text-bad", |seal| seal.particulars.as_mut().unwrap().certificate = "x".repeat(1_025)),
        ("ses-time-out-of-range", |seal| seal.created_s = -1),
        ("ses-time-out-of-range", |seal| seal.valid_until_s = i64::MAX),
        ("ses-validity-disordered", |seal| seal.valid_until_s = seal.valid_from_s),
        ("ses-validity-disordered", |seal| seal.created_s = seal.valid_until_s),
        ("ses-picture-empty", |seal| seal.picture.data.clear()),
        ("ses-picture-too-large", |seal| seal.picture.data = vec![0; MAX_PICTURE_LEN + 1]),
        ("ses-picture-size-not-whole", |seal| seal.particulars = None),
        ("ses-certificate-count", |seal| seal.certificates = CertificateList::Whole(vec![])),
        ("ses-certificate-count", |seal| seal.certificates = CertificateList::Digests(vec![])),
        ("ses-certificate-count", |seal| {
            seal.certificates =
                CertificateList::Digests((0..17).map(|number| CertificateDigest::of(&[number])).collect());
        }),
        ("ses-certificate-repeated", |seal| {
            seal.certificates = CertificateList::Whole(vec![signer_certificate(1), signer_certificate(1)]);
        }),
        ("ses-certificate-bad", |seal| seal.certificates = CertificateList::Whole(vec![b"none".to_vec()])),
        ("ses-certificate-bad", |seal| {
            let trailing = [signer_certificate(1), vec![0]].concat();
            seal.certificates = CertificateList::Whole(vec![trailing]);
        }),
        ("ses-certificate-bad", |seal| {
            seal.certificates = CertificateList::Whole(vec![vec![0; MAX_CERTIFICATE_LEN + 1]]);
        }),
        ("ses-certificate-bad", |seal| seal.certificates = digest("SHA-256", 31)),
        ("ses-certificate-bad", |seal| seal.certificates = digest("SM3", 0)),
        ("ses-certificate-bad", |seal| seal.certificates = digest("SM3", 65)),
        ("ses-certificate-bad", |seal| seal.certificates = digest("", 32)),
        ("ses-certificate-bad", |seal| seal.certificates = digest("sha_256", 32)),
        ("ses-extension-count", |seal| seal.extensions = (0..17).map(|arc| extension(arc, 0)).collect()),
        ("ses-extension-too-large", |seal| seal.extensions = vec![extension(1, MAX_EXTENSION_LEN + 1)]),
        ("ses-extension-repeated", |seal| seal.extensions = vec![extension(1, 1), extension(1, 2)]),
        ("ses-particulars-malformed", |seal| {
            seal.extensions = vec![SealExtension { id: PARTICULARS_ID, value: vec![] }];
        }),
    ] {
        assert_eq!(refused(breaks), code);
    }
}

fn digest(algorithm: &str, length: usize) -> CertificateList {
    CertificateList::Digests(vec![CertificateDigest { algorithm: algorithm.into(), value: vec![1; length] }])
}

/// The arc is that of the UUID in the documentation.
#[test]
fn the_particulars_are_named_by_their_uuid() {
    let uuid = "b4d3c6031a2c4bceb482f0033ce867d3";
    let mut name = "1.2.840.113556.1.8000.2554".to_owned();
    for part in [0..4, 4..8, 8..12, 12..16, 16..20, 20..26, 26..32] {
        name += &format!(".{}", u32::from_str_radix(&uuid[part], 16).unwrap());
    }
    assert_eq!(PARTICULARS_ID.to_string(), name);
}
