//! A seal object and its maker's certificate as OpenSSL reads them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use sealkeeper_ses::{MakerCertificate, SealObject, SesError};
use support::*;

/// The bytes of a seal are a contract: whoever holds one must be able to verify it later.
#[test]
fn a_seal_has_the_bytes_it_always_had() {
    let expected = fs::read_to_string(golden("seal.hex")).unwrap();
    let expected: String = expected.split_whitespace().collect();
    assert_eq!(hex::encode(sealed(properties())), expected);
    assert_eq!(verdict(&hex::decode(expected).unwrap()), "good");
}

/// OpenSSL's encoder, told what the standard's structure holds, writes what is signed here.
#[test]
fn openssl_writes_the_same_structure() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = golden("info.cnf");
    let arguments = ["asn1parse", "-genconf", configuration.to_str().unwrap(), "-noout", "-out", "info"];
    openssl_says(arguments, folder.path());
    let written = fs::read(folder.path().join("info")).unwrap();
    assert_eq!(hex::encode(SealObject::new(properties()).unwrap().to_be_signed()), hex::encode(written));
}

#[test]
fn openssl_reads_the_structure_of_the_standard() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("seal"), sealed(properties())).unwrap();
    let read = openssl_says(["asn1parse", "-inform", "DER", "-in", "seal", "-i"], folder.path());
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&read), lines(&fs::read_to_string(golden("seal.asn1parse")).unwrap()));
}

/// The signature is over the first element of the seal and nothing else, and it is the certificate's key that made it.
#[test]
fn openssl_verifies_a_seal_from_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let der = sealed(properties());
    fs::write(folder.path().join("seal"), &der).unwrap();
    let listing = openssl_says(["asn1parse", "-inform", "DER", "-in", "seal"], folder.path());
    // The offsets of the four parts: eSealInfo, certificate, algorithm, signature.
    let parts: Vec<(usize, usize, usize)> =
        listing.lines().filter(|line| line.contains(":d=1 ")).map(offset_header_length).collect();
    let [info, certificate, _, signature] = parts[..] else { panic!("{listing}") };
    let value =
        |(offset, header, length): (usize, usize, usize)| &der[offset + header..offset + header + length];
    fs::write(folder.path().join("info"), &der[info.0..info.0 + info.1 + info.2]).unwrap();
    fs::write(folder.path().join("certificate"), value(certificate)).unwrap();
    // A BIT STRING begins with the number of its unused bits.
    fs::write(folder.path().join("signature"), &value(signature)[1..]).unwrap();
    let key =
        openssl_says(["x509", "-inform", "DER", "-in", "certificate", "-noout", "-pubkey"], folder.path());
    fs::write(folder.path().join("key"), key).unwrap();
    let verify = |file| {
        openssl(["dgst", "-sha256", "-verify", "key", "-signature", "signature", file], folder.path())
            .status
            .success()
    };
    assert!(verify("info"));
    assert!(!verify("certificate"));
}

/// `  4:d=1  hl=4 l= 459 cons:  SEQUENCE` → 4, 4, 459.
fn offset_header_length(line: &str) -> (usize, usize, usize) {
    let number = |text: &str| text.trim().parse().unwrap();
    let (offset, rest) = line.split_once(":d=").unwrap();
    let (_, rest) = rest.split_once("hl=").unwrap();
    let (header, rest) = rest.split_once("l=").unwrap();
    let length = rest.split_once("cons").or(rest.split_once("prim")).unwrap().0;
    (number(offset), number(header), number(length))
}

#[test]
fn openssl_takes_the_makers_certificate() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("maker.der"), maker().der()).unwrap();
    openssl_says(["x509", "-inform", "DER", "-in", "maker.der", "-out", "maker.pem"], folder.path());
    let verdict = openssl_says(
        [
            "verify",
            "-x509_strict",
            "-check_ss_sig",
            "-attime",
            "1800000000",
            "-CAfile",
            "maker.pem",
            "maker.pem",
        ],
        folder.path(),
    );
    assert_eq!(verdict, "maker.pem: OK\n");
    let text =
        openssl_says(["x509", "-in", "maker.pem", "-noout", "-text", "-nameopt", "utf8"], folder.path());
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "Subject: CN=示例科技 印章管理部门",
        "Issuer: CN=示例科技 印章管理部门",
        "Not Before: Jan  1 00:00:00 2026 GMT",
        "Not After : Jan  1 00:00:00 2031 GMT",
        "ASN1 OID: prime256v1",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Key Usage: critical",
        "Digital Signature",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
}

/// RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
#[test]
fn openssl_reads_a_makers_validity_in_either_form_of_time() {
    let folder = tempfile::tempdir().unwrap();
    // 2049-12-31T23:59:59Z and the second after.
    for (until_s, expected) in [
        (2_524_607_999, "notAfter=Dec 31 23:59:59 2049 GMT\n"),
        (2_524_608_000, "notAfter=Jan  1 00:00:00 2050 GMT\n"),
        (253_402_300_799, "notAfter=Dec 31 23:59:59 9999 GMT\n"),
    ] {
        let maker = MakerCertificate::self_signed("office", &office(), FROM_S, until_s).unwrap();
        fs::write(folder.path().join("maker"), maker.der()).unwrap();
        let arguments = ["x509", "-inform", "DER", "-in", "maker", "-noout", "-enddate"];
        assert_eq!(openssl_says(arguments, folder.path()), expected);
    }
}

#[test]
fn a_makers_certificate_is_signed_wherever_the_key_is() {
    let name = "示例科技 印章管理部门";
    let statement = MakerCertificate::to_be_signed(name, &office_key(), FROM_S, UNTIL_S).unwrap();
    let signature: DerSignature = office().sign(&statement);
    assert_eq!(MakerCertificate::assemble(&statement, signature.as_bytes()), Ok(maker()));
    let foreign: DerSignature = other_office().sign(&statement);
    let refused = MakerCertificate::assemble(&statement, foreign.as_bytes()).unwrap_err();
    assert_eq!(refused, SesError::MakerCertificateBad("not signed by its own key".into()));
    let longer = MakerCertificate::self_signed(name, &office(), FROM_S, UNTIL_S + 1).unwrap();
    assert_eq!(longer.key(), maker().key());
    assert_ne!(longer.der()[15..31], maker().der()[15..31], "another certificate, another serial number");

    let code = |name: &str, from_s, until_s| {
        MakerCertificate::to_be_signed(name, &office_key(), from_s, until_s).unwrap_err().code()
    };
    assert_eq!(code("", FROM_S, UNTIL_S), "ses-text-bad");
    assert_eq!(code(&"章".repeat(65), FROM_S, UNTIL_S), "ses-text-bad");
    assert_eq!(code("office", FROM_S, FROM_S), "ses-validity-disordered");
    assert_eq!(code("office", -1, FROM_S), "ses-time-out-of-range");
}

/// Certificates by OpenSSL: of P-256 by its own key they are taken, of any other kind not.
#[test]
fn a_makers_certificate_is_of_p256_and_of_its_own_key() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, curve: &str, how: &[&str]| {
        let (key, pem, der) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.der"));
        let curve = format!("ec_paramgen_curve:{curve}");
        openssl_says(["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", &key], folder.path());
        let subject = format!("/CN={name}");
        let request = ["req", "-new", "-x509", "-key", &key, "-subj", &subject, "-days", "30", "-out", &pem];
        openssl_says([&request, how].concat(), folder.path());
        openssl_says(["x509", "-in", &pem, "-outform", "DER", "-out", &der], folder.path());
        MakerCertificate::read(&fs::read(folder.path().join(der)).unwrap()).map(|_| ())
    };
    let refused = |why: &str| Err(SesError::MakerCertificateBad(why.into()));
    assert_eq!(made("good", "P-256", &["-sha256"]), Ok(()));
    assert_eq!(made("digest", "P-256", &["-sha384"]), refused("not signed by ecdsa-with-SHA256"));
    assert_eq!(made("curve", "P-384", &["-sha256"]), refused("its key is not on P-256"));
    let by_another = ["-sha256", "-CA", "good.pem", "-CAkey", "good.key"];
    assert_eq!(made("issued", "P-256", &by_another), refused("issued by somebody else"));
    // The name of the issuer is claimed, its signature is another's.
    let by_a_namesake = [&by_another[..], &["-subj", "/CN=good"]].concat();
    assert_eq!(made("namesake", "P-256", &by_a_namesake), refused("not signed by its own key"));
}

#[test]
fn a_makers_key_is_told_by_its_certificate() {
    for seed in 1..5 {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap();
        let maker = MakerCertificate::self_signed("office", &key, FROM_S, UNTIL_S).unwrap();
        assert_eq!(maker.key(), &VerifyingKey::from(&key));
        assert_eq!(MakerCertificate::read(maker.der()).unwrap(), maker);
        let seal = SealObject::new(properties()).unwrap().sign_with(&key, &maker).unwrap();
        assert!(SealObject::verify(&seal, maker.key()).is_ok());
        assert_eq!(verdict(&seal), "ses-maker-other");
    }
}
