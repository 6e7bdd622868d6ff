//! What is said of signatures: sound ones, tampered ones, and ones this crate does not judge.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use sealkeeper_pades::validate::{Broken, Coverage, NotJudged, SignatureReport, Verdict, validate};
use std::process::Command;
use support::pdf::Pdf;
use support::stamp::{dictionary, prepared, stamped, stamped_by, witness};
use support::{KINDS, cms_over, der, pki};

fn one_page() -> Vec<u8> {
    Pdf::new().one_page("", "").table()
}

fn sole_report(file: &[u8]) -> SignatureReport {
    let [report] = validate(file).unwrap().try_into().unwrap();
    report
}

fn find(file: &[u8], text: &[u8]) -> usize {
    file.windows(text.len()).position(|window| window == text).unwrap()
}

/// Replaces `from`, which occurs once, by something as long.
fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = find(file, from.as_bytes());
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

/// `file` sealed with whatever `cms` makes of the bytes under /ByteRange.
fn sealed_with(file: &[u8], capacity: usize, cms: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut dictionary = dictionary("signer");
    dictionary.contents_capacity = capacity;
    let prepared = prepared(file, 0, &dictionary).unwrap();
    let whole = [file, prepared.appended()].concat();
    let [_, first, second, _] = prepared.byte_range().map(|n| usize::try_from(n).unwrap());
    let cms = cms(&[&whole[..first], &whole[second..]].concat());
    [file, &prepared.embed(&cms).unwrap().appended].concat()
}

/// A signature by OpenSSL, with SHA-256 unless `options` say otherwise.
fn openssl_signs(content: &[u8], who: &str, options: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let (input, output) = (directory.path().join("content"), directory.path().join("signature"));
    std::fs::write(&input, content).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["cms", "-sign", "-binary", "-outform", "DER"]);
    openssl.arg("-signer").arg(pki(&format!("{who}.der"))).arg("-inkey").arg(pki(&format!("{who}.key")));
    if !options.contains(&"-md") {
        openssl.args(["-md", "sha256"]);
    }
    openssl.args(options).arg("-in").arg(&input).arg("-out").arg(&output);
    let output_of = openssl.output().expect("openssl is installed");
    assert!(output_of.status.success(), "{}", String::from_utf8_lossy(&output_of.stderr));
    std::fs::read(&output).unwrap()
}

/// What is said of a signature by OpenSSL.
fn verdict_on(who: &str, options: &[&str]) -> Verdict {
    let options = [&["-cades"], options].concat();
    sole_report(&sealed_with(&one_page(), 6000, |content| openssl_signs(content, who, &options))).verdict
}

#[test]
fn a_seal_tells_who_when_why_and_where_the_journal_stood() {
    let report = sole_report(&stamped(&one_page(), "signer"));
    assert_eq!(report.verdict, Verdict::Intact);
    assert_eq!(report.coverage, Some(Coverage::WholeFile));
    assert_eq!(report.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert_eq!(report.name.as_deref(), Some("示例有限公司"));
    assert_eq!(report.reason.as_deref(), Some("contract (final)"));
    assert_eq!(report.modified.as_deref(), Some("D:20250101010000Z"));
    assert_eq!(report.witness, Some(witness()));
    let signer = report.signer.unwrap();
    assert_eq!(signer.common_name.as_deref(), Some("示例有限公司公章"));
    assert_eq!(signer.der, der("signer"));
    assert!(!signer.serial_number.is_empty());
}

#[test]
fn documents_without_signatures_have_no_reports() {
    assert_eq!(validate(&one_page()).unwrap(), []);
    let empty_field = Pdf::new().one_page("/AcroForm<</Fields[<</FT/Sig/T(Empty)>>]>>", "").table();
    assert_eq!(validate(&empty_field).unwrap(), []);
    assert_eq!(validate(b"no PDF").unwrap_err().code(), "pdf-not-a-pdf");
}

#[test]
fn a_changed_document_is_broken() {
    let file = stamped(&one_page(), "signer");
    let changed = replaced(&file, "0.8 0.9 1 rg", "0.8 0.0 1 rg");
    assert_eq!(sole_report(&changed).verdict, Verdict::Broken { why: Broken::Digest });
    let renamed = replaced(&file, "/TreeSize 42", "/TreeSize 43");
    assert_eq!(sole_report(&renamed).verdict, Verdict::Broken { why: Broken::Digest });
}

#[test]
fn a_byte_range_that_leaves_room_is_broken() {
    let file = stamped(&one_page(), "signer");
    let range = sole_report(&file).byte_range.unwrap();
    let [_, first, second, rest] = range;
    let text = |[a, b, c, d]: [u64; 4]| format!("[{a} {b} {c} {d}]");
    for other in [
        [1, first - 1, second, rest],
        [0, first - 1, second, rest],
        [0, first, second + 1, rest - 1],
        [0, first, second, rest - 2],
        [0, first, second, rest + 1],
        [0, first, u64::MAX / 2, rest],
    ] {
        let (from, to) = (text(range), text(other));
        let width = from.len().max(to.len());
        let changed = replaced(&file, &format!("{from:<width$}"), &format!("{to:<width$}"));
        let report = sole_report(&changed);
        assert!(
            matches!(report.verdict, Verdict::Broken { why: Broken::ByteRange(_) }),
            "{other:?}: {report:?}"
        );
        assert_eq!(report.coverage, None);
    }
}

#[test]
fn bytes_after_the_signature_are_seen() {
    let mut file = stamped(&one_page(), "signer");
    let end = file.len() as u64;
    file.extend_from_slice(b"% a comment nobody signed\n");
    assert_eq!(sole_report(&file).coverage, Some(Coverage::WholeRevision { end }));
}

#[test]
fn the_signature_of_another_key_or_certificate_is_broken() {
    let other_document = sealed_with(&one_page(), 4096, |_| cms_over("signer", [7; 32]));
    assert_eq!(sole_report(&other_document).verdict, Verdict::Broken { why: Broken::Digest });
    let swapped = sealed_with(&one_page(), 4096, |content| {
        let mut cms = cms_over(
            "signer",
            sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), content)).into(),
        );
        // The last byte of s.
        *cms.last_mut().unwrap() ^= 1;
        cms
    });
    assert_eq!(sole_report(&swapped).verdict, Verdict::Broken { why: Broken::Signature });
}

#[test]
fn pades_demands_the_certificate_reference_and_der() {
    let without = sealed_with(&one_page(), 4096, |content| openssl_signs(content, "signer", &[]));
    assert_eq!(sole_report(&without).verdict, Verdict::Broken { why: Broken::CertificateReference });
    let with = sealed_with(&one_page(), 4096, |content| openssl_signs(content, "signer", &["-cades"]));
    assert_eq!(sole_report(&with).verdict, Verdict::Intact);
    let inside = sealed_with(&one_page(), 40_000, |content| {
        openssl_signs(content, "signer", &["-cades", "-nodetach"])
    });
    assert!(matches!(sole_report(&inside).verdict, Verdict::Broken { why: Broken::Cms(_) }));
    let indefinite = sealed_with(&one_page(), 4096, |_| vec![0x30, 0x80, 0, 0]);
    assert!(matches!(sole_report(&indefinite).verdict, Verdict::Broken { why: Broken::Cms(_) }));
}

fn not_judged(algorithm: &str) -> Verdict {
    Verdict::NotJudged { why: NotJudged::Algorithm(algorithm.to_owned()) }
}

#[test]
fn seals_of_every_kind_of_key_are_intact_until_something_changes() {
    for (who, algorithm) in KINDS {
        let file = stamped_by(&one_page(), 0, who, algorithm);
        let report = sole_report(&file);
        assert_eq!(
            (&report.verdict, report.coverage),
            (&Verdict::Intact, Some(Coverage::WholeFile)),
            "{who} {algorithm:?}"
        );
        let changed = replaced(&file, "0.8 0.9 1 rg", "0.8 0.0 1 rg");
        assert_eq!(sole_report(&changed).verdict, Verdict::Broken { why: Broken::Digest });
        // Within the signature value, which the structure ends with.
        let mut garbled = file;
        let [_, first, second, _] = report.byte_range.unwrap().map(|n| usize::try_from(n).unwrap());
        let end = second - garbled[first..second].iter().rev().position(|b| !b"0>".contains(b)).unwrap();
        garbled[end - 20] = if garbled[end - 20] == b'7' { b'8' } else { b'7' };
        assert_eq!(
            sole_report(&garbled).verdict,
            Verdict::Broken { why: Broken::Signature },
            "{who} {algorithm:?}"
        );
    }
}

#[test]
fn signatures_by_another_program_are_judged_with_every_hash_function() {
    for md in ["sha256", "sha384", "sha512"] {
        for who in ["kinds/p256", "kinds/p384", "kinds/rsa-2048", "kinds/rsa-3072", "kinds/rsa-4096"] {
            assert_eq!(verdict_on(who, &["-md", md]), Verdict::Intact, "{who} {md}");
        }
        for salt in
            ["rsa_pss_saltlen:digest", "rsa_pss_saltlen:0", "rsa_pss_saltlen:20", "rsa_pss_saltlen:max"]
        {
            for who in ["kinds/rsa-2048", "kinds/rsa-4096", "kinds/pss"] {
                let options = ["-md", md, "-keyopt", "rsa_padding_mode:pss", "-keyopt", salt];
                assert_eq!(verdict_on(who, &options), Verdict::Intact, "{who} {md} {salt}");
            }
        }
    }
    let pss = ["-keyopt", "rsa_padding_mode:pss"];
    assert_eq!(verdict_on("kinds/pss-sha384", &[&["-md", "sha384"], &pss[..]].concat()), Verdict::Intact);
    assert_eq!(verdict_on("kinds/pss-sha256", &pss), Verdict::Intact);
}

#[test]
fn algorithms_that_are_not_computed_are_not_judged() {
    for who in ["kinds/p256", "kinds/p384", "kinds/rsa-2048"] {
        assert_eq!(verdict_on(who, &["-md", "sha1"]), not_judged("digest 1.3.14.3.2.26"), "{who}");
        assert_eq!(verdict_on(who, &["-md", "sha224"]), not_judged("digest 2.16.840.1.101.3.4.2.4"), "{who}");
    }
    let options = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha512"];
    let verdict = not_judged("RSASSA-PSS with different hashes for message and mask");
    assert_eq!(verdict_on("kinds/rsa-2048", &options), verdict);
    let options = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"];
    assert_eq!(
        verdict_on("kinds/rsa-2048", &options),
        not_judged("RSASSA-PSS with SHA-1 as its mask's hash")
    );
}

#[test]
fn what_is_not_known_is_not_judged() {
    let p521 = sealed_with(&one_page(), 4096, |content| openssl_signs(content, "kinds/p521", &["-cades"]));
    let report = sole_report(&p521);
    assert_eq!(report.verdict, not_judged("curve 1.3.132.0.35"));
    assert_eq!(report.signer.unwrap().common_name.as_deref(), Some("p521"));
    let changed = replaced(&p521, "0.8 0.9 1 rg", "0.8 0.0 1 rg");
    assert_eq!(sole_report(&changed).verdict, Verdict::Broken { why: Broken::Digest }, "damage comes first");
    let bare =
        sealed_with(&one_page(), 4096, |content| openssl_signs(content, "signer", &["-cades", "-nocerts"]));
    assert_eq!(sole_report(&bare).verdict, Verdict::NotJudged { why: NotJudged::CertificateMissing });
    let stamp = replaced(&stamped(&one_page(), "signer"), "ETSI.CAdES.detached", "ETSI.RFC3161_______");
    assert!(matches!(sole_report(&stamp).verdict, Verdict::NotJudged { why: NotJudged::SubFilter(_) }));
}

proptest! {
    /// No byte of the covered part can change without the signature noticing.
    #[test]
    fn every_covered_byte_counts(position in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut file = stamped(&one_page(), "signer");
        let [_, first, second, _] = sole_report(&file).byte_range.unwrap().map(|n| usize::try_from(n).unwrap());
        let position = position.index(file.len());
        prop_assume!(file[position] != value && !(first..second).contains(&position));
        file[position] = value;
        for report in validate(&file).unwrap_or_default() {
            prop_assert!(
                report.verdict != Verdict::Intact,
                "byte {} may be {:?} instead", position, char::from(value)
            );
        }
    }

    /// Nor can any byte of the signature itself make the reader panic.
    #[test]
    fn no_byte_of_the_signature_panics(offset in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut file = stamped(&one_page(), "signer");
        let [_, first, second, _] = sole_report(&file).byte_range.unwrap().map(|n| usize::try_from(n).unwrap());
        file[first + offset.index(second - first)] = value;
        let _ = validate(&file);
    }
}
