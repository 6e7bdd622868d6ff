//! Whatever is changed in a seal object, it is refused; and what its maker signs must be a seal all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use p256::ecdsa::DerSignature;
use p256::ecdsa::signature::Signer as _;
use proptest::prelude::*;
use sealkeeper_ses::{CertificateDigest, CertificateList, MakerCertificate, SealObject};
use support::edit::{edited, element, parts};
use support::*;

/// The office's signature around whatever bytes.
fn signed(info: &[u8]) -> Vec<u8> {
    let signature: DerSignature = office().sign(info);
    let algorithm = element(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
    let value = element(3, &[&[0], signature.as_bytes()].concat());
    element(0x30, &[info, &element(4, maker().der()), &algorithm, &value].concat())
}

fn info() -> Vec<u8> {
    SealObject::new(properties()).unwrap().to_be_signed().to_vec()
}

fn plain_info() -> Vec<u8> {
    SealObject::new(plain_properties()).unwrap().to_be_signed().to_vec()
}

/// The verdict on a seal that the office signed with one element replaced.
fn signed_with(info: &[u8], path: &[usize], edit: impl Fn(&[u8]) -> Vec<u8>) -> &'static str {
    verdict(&signed(&edited(info, path, &edit)))
}

#[test]
fn no_bit_of_a_seal_can_be_changed() {
    let seal = sealed(properties());
    assert_eq!(verdict(&seal), "good");
    for position in 0..seal.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut changed = seal.clone();
            changed[position] ^= change;
            assert_ne!(verdict(&changed), "good", "byte {position} changed by {change}");
        }
    }
}

#[test]
fn no_byte_can_be_cut_off_or_put_in() {
    let seal = sealed(properties());
    for position in 0..seal.len() {
        assert_ne!(verdict(&seal[..position]), "good", "cut at {position}");
        let longer = [&seal[..position], &[0], &seal[position..]].concat();
        assert_ne!(verdict(&longer), "good", "put in at {position}");
    }
    for trailing in [&[0][..], &[0x30, 0], b"\n"] {
        assert_eq!(verdict(&[&seal[..], trailing].concat()), "ses-trailing-bytes");
    }
}

/// What is exchanged is well formed and keeps to every rule; only the signature tells.
#[test]
fn nothing_a_seal_states_can_be_exchanged() {
    let seal = sealed(properties());
    let exchanged: [fn(&mut sealkeeper_ses::SealProperties); 7] = [
        |seal| seal.picture.data.push(0),
        |seal| seal.picture.size = sealkeeper_ses::PictureSize::from_um(45_201, 29_500).unwrap(),
        |seal| seal.valid_until_s += 1,
        |seal| seal.name = "财务专用章".into(),
        |seal| {
            seal.certificates = CertificateList::Digests(vec![CertificateDigest::of(&signer_certificate(2))])
        },
        |seal| seal.certificates = CertificateList::Whole(vec![signer_certificate(1)]),
        |seal| seal.particulars.as_mut().unwrap().key = "pkcs11:serial=2;id=%01;type=private".into(),
    ];
    for exchange in exchanged {
        let mut other = properties();
        exchange(&mut other);
        let info = SealObject::new(other).unwrap().to_be_signed().to_vec();
        assert_eq!(verdict(&signed(&info)), "good");
        assert_eq!(verdict(&edited(&seal, &[0], &|_| info.clone())), "ses-signature-bad");
    }
}

#[test]
fn a_seal_is_of_the_maker_that_is_trusted() {
    let object = SealObject::new(properties()).unwrap();
    let other =
        MakerCertificate::self_signed("示例科技 印章管理部门", &other_office(), FROM_S, UNTIL_S).unwrap();
    let foreign = object.sign_with(&other_office(), &other).unwrap();
    assert_eq!(verdict(&foreign), "ses-maker-other");
    // The office's certificate beside another's signature, and the other way round.
    let claimed = edited(&foreign, &[1], &|_| element(4, maker().der()));
    assert_eq!(verdict(&claimed), "ses-signature-bad");
    let disowned = edited(&sealed(properties()), &[1], &|_| element(4, other.der()));
    assert_eq!(verdict(&disowned), "ses-maker-other");
    // Another certificate of the same key is the same maker's.
    let renewed = MakerCertificate::self_signed("印章管理部门", &office(), FROM_S, UNTIL_S + 1).unwrap();
    assert_eq!(verdict(&object.sign_with(&office(), &renewed).unwrap()), "good");
    let none = edited(&sealed(properties()), &[1], &|_| element(4, b"no certificate"));
    assert_eq!(verdict(&none), "ses-maker-certificate-bad");
    let forged = edited(&sealed(properties()), &[1, 0, 0, 3, 0, 0, 1], &|_| element(0x0c, b"another"));
    assert_eq!(verdict(&forged), "ses-maker-certificate-bad");
}

#[test]
fn the_algorithm_is_ours_and_the_standards_is_told_apart() {
    let seal = sealed(properties());
    let algorithm = |oid: &[u8]| verdict(&edited(&seal, &[2], &|_| element(6, oid)));
    // 1.2.156.10197.1.501: SM2 with SM3.
    assert_eq!(algorithm(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75]), "ses-algorithm-sm2");
    // ecdsa-with-SHA384.
    assert_eq!(algorithm(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]), "ses-algorithm-unknown");
}

#[test]
fn the_signature_is_whole_bytes_of_der() {
    let seal = sealed(properties());
    let value = |edit: &dyn Fn(&[u8]) -> Vec<u8>| verdict(&edited(&seal, &[3], edit));
    let signature: DerSignature = office().sign(&info());
    assert_eq!(value(&|_| element(3, &[&[0], signature.as_bytes()].concat())), "good");
    assert_eq!(value(&|_| element(3, &[&[0], signature.as_bytes(), &[0]].concat())), "ses-signature-bad");
    assert_eq!(value(&|_| element(3, &[0])), "ses-signature-bad");
    assert_eq!(value(&|_| element(3, &[&[4], signature.as_bytes(), &[0]].concat())), "ses-signature-bad");
    assert_eq!(value(&|_| element(4, signature.as_bytes())), "ses-not-der");
}

/// ITU-T X.690 §10.1, §11: what BER allows and DER does not, correctly signed.
#[test]
fn only_der_is_read() {
    let info = info();
    let indefinite = |der: &[u8]| [&[0x30, 0x80], &parts(der).concat()[..], &[0, 0]].concat();
    let padded = |der: &[u8]| {
        let contents = parts(der).concat();
        [&[0x30, 0x83, 0, (contents.len() >> 8) as u8, contents.len() as u8], &contents[..]].concat()
    };
    for path in [&[][..], &[0], &[2], &[2, 3], &[3], &[4]] {
        assert_eq!(signed_with(&info, path, indefinite), "ses-not-der", "{path:?}");
        assert_eq!(signed_with(&info, path, padded), "ses-not-der", "{path:?}");
    }
    let seal = sealed(properties());
    assert_eq!(verdict(&indefinite(&seal)), "ses-not-der");
    assert_eq!(verdict(&padded(&seal)), "ses-not-der");
    // DEFAULT FALSE written out.
    let stated = |der: &[u8]| {
        let [id, value] = &parts(der)[..] else { panic!("{der:?}") };
        element(0x30, &[&id[..], &[1, 1, 0], value].concat())
    };
    assert_eq!(signed_with(&info, &[4, 0], stated), "ses-not-canonical");
    assert_eq!(signed_with(&info, &[0, 1], |_| vec![2, 2, 0, 4]), "ses-not-der");
    assert_eq!(signed_with(&info, &[1], |_| element(0x16, b"\xff")), "ses-not-der");
    // A constructed string.
    assert_eq!(signed_with(&info, &[3, 1], |value| element(0x24, value)), "ses-not-der");
    let longer = |der: &[u8]| element(0x30, &[&parts(der).concat()[..], &[5, 0]].concat());
    for path in [&[][..], &[0], &[2], &[3], &[4, 0]] {
        assert_ne!(signed_with(&info, path, longer), "good", "one element more at {path:?}");
    }
}

#[test]
fn what_the_maker_signs_must_keep_to_the_rules_too() {
    let (info, plain) = (info(), plain_info());
    let number = |value: u8| move |_: &[u8]| element(2, &[value]);
    let text = |tag, value: &'static [u8]| move |_: &[u8]| element(tag, value);
    assert_eq!(signed_with(&info, &[0, 0], text(0x16, b"EX")), "ses-header-unknown");
    assert_eq!(signed_with(&info, &[0, 1], number(5)), "ses-version-unknown");
    assert_eq!(signed_with(&info, &[0, 1], number(1)), "ses-version-unknown");
    assert_eq!(signed_with(&info, &[0, 2], text(0x16, b"")), "ses-text-bad");
    assert_eq!(signed_with(&info, &[1], text(0x16, b"a\nb")), "ses-text-bad");
    assert_eq!(signed_with(&info, &[2, 0], number(3)), "ses-owner-kind-unknown");
    assert_eq!(signed_with(&info, &[2, 1], text(0x0c, b"")), "ses-text-bad");
    assert_eq!(signed_with(&info, &[2, 2], number(3)), "ses-certificate-list-unknown");
    assert_eq!(signed_with(&info, &[2, 2], number(1)), "ses-not-der");
    assert_eq!(signed_with(&info, &[2, 3], text(0x30, b"")), "ses-certificate-count");
    assert_eq!(signed_with(&info, &[2, 3], text(0x31, b"")), "ses-not-der");
    assert_eq!(signed_with(&info, &[2, 3, 0, 1], text(4, b"short")), "ses-certificate-bad");
    assert_eq!(signed_with(&info, &[2, 6], text(0x18, b"20260101000000Z")), "ses-validity-disordered");
    assert_eq!(signed_with(&info, &[2, 6], text(0x18, b"20310101000000+0800")), "ses-not-der");
    assert_eq!(signed_with(&info, &[3, 0], text(0x16, b"TIF")), "ses-picture-kind-unknown");
    assert_eq!(signed_with(&info, &[3, 1], text(4, b"")), "ses-picture-empty");
    assert_eq!(signed_with(&info, &[3, 1], |_| element(4, &vec![1; (4 << 20) + 1])), "ses-picture-too-large");
    assert_eq!(signed_with(&info, &[3, 2], number(0)), "ses-picture-size-out-of-range");
    assert_eq!(signed_with(&info, &[3, 3], number(59)), "ses-picture-size-out-of-range");
    assert_eq!(signed_with(&plain, &[3, 3], number(58)), "good");
    assert_eq!(signed_with(&info, &[3, 2], number(46)), "ses-picture-sizes-differ");
}

#[test]
fn extensions_are_known_or_not_critical() {
    let (info, plain) = (info(), plain_info());
    let with_extensions = |extensions: &[u8]| {
        verdict(&signed(&element(0x30, &[&parts(&plain).concat()[..], &element(0x30, extensions)].concat())))
    };
    let id = element(6, &[0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1]);
    let other = element(0x30, &[&id[..], &element(4, b"value")].concat());
    let critical = element(0x30, &[&id[..], &[1, 1, 0xff], &element(4, b"value")].concat());
    let ours = parts(&parts(&info)[4]).concat();
    // The standard allows a list of none.
    assert_eq!(with_extensions(&[]), "good");
    assert_eq!(with_extensions(&other), "good");
    assert_eq!(with_extensions(&critical), "ses-extension-critical");
    assert_eq!(with_extensions(&[&other[..], &other].concat()), "ses-extension-repeated");
    assert_eq!(with_extensions(&[&other[..], &ours].concat()), "ses-particulars-malformed");
    let twice = |_: &[u8]| element(0x30, &[&ours[..], &ours].concat());
    assert_eq!(signed_with(&info, &[4], twice), "ses-particulars-malformed");
    let value = |path: &[usize], edit: &dyn Fn(&[u8]) -> Vec<u8>| {
        signed_with(&info, &[&[4, 0, 1][..], path].concat(), edit)
    };
    assert_eq!(value(&[], &|_| element(4, b"")), "ses-particulars-malformed");
    assert_eq!(value(&[0, 0], &|_| element(2, &[2])), "ses-particulars-malformed");
    assert_eq!(value(&[0, 1], &|_| element(2, &[0x03, 0xe7])), "ses-picture-size-out-of-range");
    assert_eq!(value(&[0, 1], &|_| element(2, &[0x03, 0xe8])), "ses-picture-sizes-differ");
    assert_eq!(value(&[0, 3], &|_| element(0x0c, b"")), "ses-text-bad");
    assert_eq!(value(&[0, 3], &|_| element(0x16, b"unit")), "ses-particulars-malformed");
}

proptest! {
    /// Whatever bytes are given, reading them ends with a refusal.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_ne!(verdict(&bytes), "good");
        prop_assert!(SealObject::read(&bytes).is_err());
        prop_assert!(MakerCertificate::read(&bytes).is_err());
        prop_assert_ne!(verdict(&signed(&element(0x30, &bytes))), "good");
    }

    /// The maker may sign anything; what is taken is the one encoding of what it is taken for.
    #[test]
    fn whatever_the_maker_signs_is_refused_or_read_as_it_stands(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut info = info();
        for (position, value) in changes {
            let position = position.index(info.len());
            info[position] = value;
        }
        if let Ok(seal) = SealObject::verify(&signed(&info), &office_key()) {
            prop_assert_eq!(seal.to_be_signed(), &info);
            let again = SealObject::new(seal.properties().clone()).unwrap();
            prop_assert_eq!(again.to_be_signed(), &info);
        }
    }
}
