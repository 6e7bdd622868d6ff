//! The CMS signature as OpenSSL, the DER rules and our own reader see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::Command;

use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_RSASSA_PSS, ID_SHA_256, ID_SHA_384, RSA_ENCRYPTION,
};
use der::{Decode, Encode};
use proptest::prelude::*;
use sealkeeper_pades::cms::{
    CmsParseError, DetachedSignature, DigestAlgorithm, HashFunction, MessageDigest, PublicKey,
    SignatureAlgorithm, SignatureValue, SignedAttributes, SigningChain, assemble, contents_capacity,
};
use sha2::{Digest, Sha256};
use support::{KINDS, chain, cms_by, cms_over, der, root_pem, token_signs};
use x509_cert::Certificate;

const CONTENT: &[u8] = b"the bytes under /ByteRange";

fn content_digest() -> [u8; 32] {
    Sha256::digest(CONTENT).into()
}

/// Whether OpenSSL takes `signature` by `name` for one over `content`.
fn openssl_verifies(name: &str, signature: &[u8], content: &[u8]) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let (signature_file, content_file) =
        (directory.path().join("signature"), directory.path().join("content"));
    std::fs::write(&signature_file, signature).unwrap();
    std::fs::write(&content_file, content).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"]);
    openssl.arg("-in").arg(&signature_file).arg("-content").arg(&content_file);
    openssl.arg("-CAfile").arg(root_pem(name)).args(["-out", "/dev/null"]);
    let verdict = openssl.output().expect("openssl is installed");
    verdict.status.success().then_some(()).ok_or(String::from_utf8_lossy(&verdict.stderr).into_owned())
}

#[test]
fn openssl_verifies_the_signature_of_every_kind_of_key_and_its_chain() {
    for (name, algorithm) in KINDS {
        let signature = cms_by(name, algorithm, MessageDigest::of(algorithm.digest(), CONTENT));
        assert_eq!(openssl_verifies(name, &signature, CONTENT), Ok(()), "{name} {algorithm:?}");
        assert!(openssl_verifies(name, &signature, b"other bytes").is_err(), "{name} {algorithm:?}");
    }
}

#[test]
fn signed_attributes_are_the_three_of_pades_b_b_in_der_order() {
    let certificate = der("signer");
    let digest = MessageDigest::Sha256(content_digest());
    let attributes =
        SignedAttributes::new(digest, &certificate, SignatureAlgorithm::EcdsaP256Sha256).unwrap();
    // RFC 5652 §5.4: what is signed carries the tag SET OF.
    let mut expected = hex("318184");
    expected.extend(hex("301806092a864886f70d010903310b06092a864886f70d010701"));
    expected.extend(hex("302f06092a864886f70d01090431220420"));
    expected.extend(content_digest());
    // ESSCertIDv2 with the default hash: SEQUENCE { SEQUENCE { SEQUENCE { OCTET STRING } } }, no algorithm.
    expected.extend(hex("3037060b2a864886f70d010910022f31283026302430220420"));
    expected.extend(Sha256::digest(&certificate));
    assert_eq!(attributes.to_be_signed(), expected);
    assert_eq!(attributes.digest(), MessageDigest::of(DigestAlgorithm::Sha256, &expected));
}

#[test]
fn with_sha_384_both_the_document_and_the_attributes_are_hashed_by_it() {
    let certificate = der("kinds/p384");
    let digest = MessageDigest::of(DigestAlgorithm::Sha384, CONTENT);
    let attributes =
        SignedAttributes::new(digest, &certificate, SignatureAlgorithm::EcdsaP384Sha384).unwrap();
    let mut stated = hex("303f06092a864886f70d01090431320430");
    stated.extend(digest.as_bytes());
    let signed = attributes.to_be_signed();
    assert!(signed.windows(stated.len()).any(|window| window == stated));
    assert_eq!(attributes.digest(), MessageDigest::of(DigestAlgorithm::Sha384, signed));
}

/// Object identifiers and parameters as the RFCs of each algorithm want them.
#[test]
fn algorithms_are_named_as_their_standards_say() {
    let identifiers = |name: &str, algorithm: SignatureAlgorithm| {
        let cms = cms_by(name, algorithm, MessageDigest::of(algorithm.digest(), CONTENT));
        let parsed = DetachedSignature::parse(&cms).unwrap();
        (parsed.digest_algorithm().clone(), parsed.signature_algorithm().clone())
    };
    let mgf1_sha256 = "a11c301a06092a864886f70d010108300d06096086480165030402010500";
    let pss = format!("3034a00f300d06096086480165030402010500{mgf1_sha256}a203020120");
    for (name, algorithm, digest_oid, oid, parameters) in [
        ("kinds/p256", SignatureAlgorithm::EcdsaP256Sha256, ID_SHA_256, ECDSA_WITH_SHA_256, None),
        ("kinds/p384", SignatureAlgorithm::EcdsaP384Sha384, ID_SHA_384, ECDSA_WITH_SHA_384, None),
        ("kinds/rsa-2048", SignatureAlgorithm::RsaPkcs1Sha256, ID_SHA_256, RSA_ENCRYPTION, Some("0500")),
        ("kinds/rsa-2048", SignatureAlgorithm::RsaPssSha256, ID_SHA_256, ID_RSASSA_PSS, Some(pss.as_str())),
    ] {
        let (digest, signature) = identifiers(name, algorithm);
        assert_eq!((digest.oid, digest.parameters), (digest_oid, None), "{algorithm:?}");
        let found = signature.parameters.map(|parameters| parameters.to_der().unwrap());
        assert_eq!((signature.oid, found), (oid, parameters.map(hex)), "{algorithm:?}");
    }
}

#[test]
fn the_capacity_is_reached_by_the_longest_signature_and_by_no_other() {
    for (name, algorithm) in KINDS {
        let capacity = contents_capacity(&chain(name), algorithm).unwrap();
        // RSA values have one length; of ECDSA ones, one in four has both sign bytes.
        let rounds: u32 =
            if matches!(algorithm, SignatureAlgorithm::RsaPkcs1Sha256 | SignatureAlgorithm::RsaPssSha256) {
                1
            } else {
                100
            };
        let length = |round: u32| {
            cms_by(name, algorithm, MessageDigest::of(algorithm.digest(), &round.to_be_bytes())).len()
        };
        assert_eq!((0..rounds).map(length).max(), Some(capacity), "{name} {algorithm:?}");
    }
    let alone = SigningChain::from_der(&der("signer"), [] as [&[u8]; 0]).unwrap();
    let capacity = |chain| contents_capacity(chain, SignatureAlgorithm::EcdsaP256Sha256).unwrap();
    assert!(capacity(&alone) < capacity(&chain("signer")), "the chain counts");
}

#[test]
fn a_signature_that_does_not_verify_is_not_assembled() {
    for (name, algorithm) in KINDS {
        let chain = chain(name);
        let over = |content: &[u8]| {
            let digest = MessageDigest::of(algorithm.digest(), content);
            SignedAttributes::new(digest, chain.signer().der(), algorithm).unwrap()
        };
        let raw = token_signs(name, algorithm, &over(b"another document").digest());
        let foreign = SignatureValue::from_token(algorithm, &raw, chain.signer()).unwrap();
        let refusal = assemble(&over(CONTENT), &foreign, &chain).unwrap_err();
        assert_eq!(refusal.code(), "token-fault", "{name} {algorithm:?}");
    }
}

#[test]
fn an_algorithm_goes_only_with_what_is_meant_for_it() {
    let (ecdsa, pss) = (SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::RsaPssSha256);
    let digest = MessageDigest::Sha256(content_digest());
    let sha384 = MessageDigest::of(DigestAlgorithm::Sha384, CONTENT);
    let signer = chain("kinds/rsa-2048");
    let certificate = signer.signer().der();
    let codes = [
        SignedAttributes::new(sha384, certificate, ecdsa).unwrap_err().code(),
        SignedAttributes::new(digest, certificate, SignatureAlgorithm::EcdsaP384Sha384).unwrap_err().code(),
        SignatureValue::from_token(ecdsa, &[1; 64], signer.signer()).unwrap_err().code(),
        contents_capacity(&signer, ecdsa).unwrap_err().code(),
        contents_capacity(&chain("kinds/pss"), SignatureAlgorithm::RsaPkcs1Sha256).unwrap_err().code(),
    ];
    assert_eq!(codes, ["internal"; 5]);
    // The same key and hash function, another padding.
    let attributes = SignedAttributes::new(digest, certificate, pss).unwrap();
    let pkcs1 = SignatureAlgorithm::RsaPkcs1Sha256;
    let raw = token_signs("kinds/rsa-2048", pkcs1, &attributes.digest());
    let signature = SignatureValue::from_token(pkcs1, &raw, signer.signer()).unwrap();
    assert_eq!(assemble(&attributes, &signature, &signer).unwrap_err().code(), "internal");
    let claimed = SignatureValue::from_token(pss, &raw, signer.signer()).unwrap();
    assert_eq!(assemble(&attributes, &claimed, &signer).unwrap_err().code(), "token-fault");
}

#[test]
fn an_rsa_value_is_as_long_as_the_modulus() {
    for (name, length) in [("kinds/rsa-2048", 256), ("kinds/rsa-3072", 384), ("kinds/rsa-4096", 512)] {
        let chain = chain(name);
        for algorithm in [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256] {
            let read = |length| SignatureValue::from_token(algorithm, &vec![1; length], chain.signer());
            assert_eq!(read(length).unwrap().value().len(), length);
            for wrong in [0, length - 1, length + 1, 2 * length] {
                assert_eq!(read(wrong).unwrap_err().code(), "token-fault", "{name}: {wrong} bytes");
            }
        }
    }
}

#[test]
fn chains_are_read_strictly() {
    let mut trailing = der("signer");
    trailing.push(0);
    assert_eq!(SigningChain::from_der(&trailing, [der("root")]).unwrap_err().code(), "certificate-not-der");
    let twice = SigningChain::from_der(&der("signer"), [der("root"), der("signer"), der("root")]).unwrap();
    assert_eq!(twice.issuers().len(), 1, "a repeated certificate is embedded once");
}

#[test]
fn a_key_is_used_only_as_its_certificate_allows() {
    let (pkcs1, pss) = (SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPssSha256);
    for (name, algorithms) in [
        ("kinds/p256", &[SignatureAlgorithm::EcdsaP256Sha256][..]),
        ("kinds/p384", &[SignatureAlgorithm::EcdsaP384Sha384]),
        ("kinds/rsa-2048", &[pkcs1, pss]),
        ("kinds/rsa-3072", &[pkcs1, pss]),
        ("kinds/rsa-4096", &[pkcs1, pss]),
        ("kinds/pss", &[pss]),
        ("kinds/pss-sha256", &[pss]),
    ] {
        assert_eq!(chain(name).signer().algorithms(), algorithms, "{name}");
    }
}

#[test]
fn other_keys_are_refused_with_what_they_are() {
    for (name, what) in [
        ("kinds/p521", "curve 1.3.132.0.35"),
        ("kinds/rsa-2047", "RSA with 2047 bits"),
        ("kinds/rsa-4104", "RSA with 4104 bits"),
        ("kinds/ed25519", "algorithm 1.3.101.112"),
        (
            "kinds/pss-sha384",
            "RSASSA-PSS restricted to other parameters than SHA-256 with a salt of 32 bytes",
        ),
    ] {
        let refusal = SigningChain::from_der(&der(name), [] as [&[u8]; 0]).unwrap_err();
        assert_eq!(refusal.code(), "certificate-key-unsupported");
        assert!(refusal.to_string().ends_with(&format!(": {what}")), "{refusal}");
    }
}

/// What a token says of its key is compared with these.
#[test]
fn public_keys_are_told_in_their_values() {
    let key_bits = |name: &str| {
        let certificate = Certificate::from_der(&der(name)).unwrap();
        certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()
    };
    let key = |name: &str| PublicKey::of_certificate(&der(name)).unwrap();
    assert_eq!(key("kinds/p256"), PublicKey::P256(key_bits("kinds/p256")));
    assert_eq!(key("kinds/p384"), PublicKey::P384(key_bits("kinds/p384")));
    for (name, length) in
        [("rsa", 256), ("kinds/rsa-4096", 512), ("kinds/pss", 256), ("kinds/pss-sha384", 256)]
    {
        let PublicKey::Rsa { modulus, exponent } = key(name) else { panic!("{name}") };
        assert_eq!((modulus.len(), exponent.as_slice()), (length, &[1, 0, 1][..]));
        // RFC 8017 §A.1.1: SEQUENCE { INTEGER n, INTEGER e }, n with the sign byte that its top bit needs.
        assert!(key_bits(name).ends_with(&[&modulus[..], &[2, 3, 1, 0, 1]].concat()), "{name}");
    }
    assert_eq!(chain("kinds/p384").signer().public_key(), key("kinds/p384"));
    assert_eq!(
        PublicKey::of_certificate(&der("kinds/p521")).unwrap_err().code(),
        "certificate-key-unsupported"
    );
    assert_eq!(PublicKey::of_certificate(b"no certificate").unwrap_err().code(), "certificate-not-der");
}

#[test]
fn our_reader_finds_what_was_put_in() {
    let mut contents = cms_over("signer", content_digest());
    contents.extend([0; 40]);
    let parsed = DetachedSignature::parse(&contents).unwrap();
    let (certificate, _) = parsed.signer_certificate().unwrap();
    assert_eq!(certificate, der("signer"));
    assert_eq!(parsed.certificates().len(), 2);
    assert_eq!(HashFunction::named_by(parsed.digest_algorithm()), Some(HashFunction::Sha256));
    assert_eq!(parsed.message_digest().unwrap(), content_digest());
    assert_eq!(parsed.references(&der("signer")), Some(true));
    assert_eq!(parsed.references(&der("root")), Some(false));
    let digest = MessageDigest::Sha256(content_digest());
    let attributes =
        SignedAttributes::new(digest, &der("signer"), SignatureAlgorithm::EcdsaP256Sha256).unwrap();
    assert_eq!(parsed.signed_attributes().unwrap(), attributes.to_be_signed());
}

#[test]
fn bytes_after_the_structure_are_refused_unless_zero() {
    let mut contents = cms_over("signer", content_digest());
    contents.extend([0, 0, 1]);
    assert_eq!(DetachedSignature::parse(&contents).unwrap_err(), CmsParseError::TrailingBytes);
}

proptest! {
    /// Whatever stands in /Contents, reading it ends with a value or an error.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = DetachedSignature::parse(&bytes);
    }

    /// Nor does any certificate with one byte changed, whatever key it then seems to hold.
    #[test]
    fn no_changed_byte_of_a_certificate_makes_the_reader_panic(
        kind in 0..KINDS.len(), position in any::<prop::sample::Index>(), value in any::<u8>(),
    ) {
        let (name, algorithm) = KINDS[kind];
        let mut certificate = der(name);
        let position = position.index(certificate.len());
        certificate[position] = value;
        if let Ok(chain) = SigningChain::from_der(&certificate, [] as [&[u8]; 0]) {
            let _ = (chain.signer().public_key(), contents_capacity(&chain, algorithm));
            let _ = SignatureValue::from_token(algorithm, &[1; 256], chain.signer());
        }
    }

    /// A token's answer with one byte changed is refused.
    #[test]
    fn no_changed_byte_of_an_answer_is_taken(
        kind in 0..KINDS.len(), position in any::<prop::sample::Index>(), change in 1_u8..,
    ) {
        let (name, algorithm) = KINDS[kind];
        let chain = chain(name);
        let digest = MessageDigest::of(algorithm.digest(), CONTENT);
        let attributes = SignedAttributes::new(digest, chain.signer().der(), algorithm).unwrap();
        let mut raw = token_signs(name, algorithm, &attributes.digest());
        let position = position.index(raw.len());
        raw[position] ^= change;
        let read = SignatureValue::from_token(algorithm, &raw, chain.signer());
        let refusal = read.and_then(|value| assemble(&attributes, &value, &chain)).unwrap_err();
        prop_assert_eq!(refusal.code(), "token-fault");
    }

    /// The same for real signatures with one byte changed.
    #[test]
    fn no_changed_byte_makes_the_reader_panic(position in 0_usize..1000, value in any::<u8>()) {
        let mut contents = cms_over("signer", content_digest());
        let position = position % contents.len();
        contents[position] = value;
        if let Ok(parsed) = DetachedSignature::parse(&contents) {
            let _ = (parsed.signer_certificate(), parsed.references(&der("signer")));
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
