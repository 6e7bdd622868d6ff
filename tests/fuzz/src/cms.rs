//! The CMS parser, alone and behind /Contents of a document that is otherwise in order.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::{Decode, Encode, Reader, SliceReader};
use sealkeeper_pades::cms::{DetachedSignature, HashFunction};
use sealkeeper_pades::validate::{Broken, Coverage, Verdict, validate};

use x509_cert::Certificate;

use crate::Reach;

/// A document with a signature field whose /Contents is empty; see `examples/make_seeds.rs`.
const PREPARED: &[u8] = include_bytes!("../template/prepared.pdf");

pub(crate) fn run(input: &[u8]) -> Reach {
    let parsed = DetachedSignature::parse(input);
    if let Ok(signature) = &parsed {
        parts(signature, input);
        second_opinion(signature, input);
    }
    let judged = in_place(input);
    if judged == Some(true) { Reach::Accepted } else { Reach::Refused }
}

/// All that is told of a signature stands in the input.
fn parts(signature: &DetachedSignature, input: &[u8]) {
    let stands = |part: &[u8]| part.is_empty() || input.windows(part.len()).any(|window| window == part);
    assert!(stands(signature.signature()), "the signature value stands in the input");
    assert!(signature.certificates().iter().all(|der| stands(der)), "so does every certificate");
    assert!(signature.message_digest().is_none_or(stands), "so does the message digest");
    if let Some(set_of) = signature.signed_attributes() {
        // As a SET OF they have another tag.
        assert_eq!(set_of.first(), Some(&0x31));
        assert!(set_of.get(1..).is_some_and(stands), "so do the signed attributes");
    }
    if let Some((der, certificate)) = signature.signer_certificate() {
        assert!(signature.certificates().iter().any(|carried| carried == der));
        // A default that is written out is taken (RFC 5280's version 1); what counts of a certificate are its bytes as they stand.
        let again = certificate.to_der().and_then(|der| Certificate::from_der(&der));
        assert_eq!(again.as_ref(), Ok(&certificate), "a certificate is read as it is written");
        _ = signature.references(der);
    }
    let padded = DetachedSignature::parse(&[input, &[0; 7]].concat()).expect("zeros may follow");
    assert_eq!(padded.signature(), signature.signature());
    assert_eq!(padded.signed_attributes(), signature.signed_attributes());
}

/// Where another parser takes the structure too, both say the same of it.
fn second_opinion(signature: &DetachedSignature, input: &[u8]) {
    let mut reader = SliceReader::new(input).expect("short enough");
    let other = ContentInfo::decode(&mut reader).ok().and_then(|info| {
        let length = usize::try_from(reader.position()).ok()?;
        assert_eq!(info.to_der().as_deref(), Ok(input.get(..length)?), "what both accept has one encoding");
        info.content.decode_as::<SignedData>().ok()
    });
    let Some(other) = other else { return };
    let [signer] = other.signer_infos.0.as_slice() else { panic!("one signer was found, not one is there") };
    assert_eq!(signer.signature.as_bytes(), signature.signature());
    assert_eq!(&signer.digest_alg, signature.digest_algorithm());
    assert_eq!(&signer.signature_algorithm, signature.signature_algorithm());
    assert_eq!(signer.signed_attrs.is_some(), signature.signed_attributes().is_some());
    let certificates = other.certificates.map_or(0, |certificates| certificates.0.len());
    assert_eq!(certificates, signature.certificates().len());
}

/// Whether the signature holds for the prepared document; `None` if it has no room for it.
fn in_place(input: &[u8]) -> Option<bool> {
    let Filled { file, covered, zeros } = filled(input)?;
    // There zeros follow, and what is cut off may go on with them.
    let parsed = DetachedSignature::parse(&[input, &vec![0; zeros]].concat());
    let reports = validate(&file).expect("the document is in order");
    let [report] = reports.as_slice() else { panic!("the document has one signature: {reports:?}") };
    assert_eq!(report.coverage, Some(Coverage::WholeFile));
    let malformed = matches!(report.verdict, Verdict::Broken { why: Broken::Cms(_) });
    assert_eq!(malformed, parsed.is_err(), "one parser reads both: {:?}", report.verdict);
    if report.verdict != Verdict::Intact {
        return Some(false);
    }
    let signature = parsed.expect("what is intact parses");
    let hash =
        HashFunction::named_by(signature.digest_algorithm()).expect("and is hashed by a known function");
    let digest = hash.digest(covered);
    assert!(signature.message_digest().is_none_or(|stated| stated == digest), "it is over this document");
    let (der, _) = signature.signer_certificate().expect("the signer is known");
    assert_eq!(signature.references(der), Some(true), "and named by what is signed");
    assert_eq!(report.signer.as_ref().map(|signer| signer.der.as_slice()), Some(der));
    Some(true)
}

/// The prepared document with something in /Contents.
struct Filled {
    file: Vec<u8>,
    /// The two runs of bytes that are signed.
    covered: [&'static [u8]; 2],
    /// How many follow in /Contents.
    zeros: usize,
}

/// `None` if there is no room.
fn filled(contents: &[u8]) -> Option<Filled> {
    const KEY: &[u8] = b"/Contents <";
    let start = KEY.len() + PREPARED.windows(KEY.len()).rposition(|window| window == KEY)?;
    let (before, rest) = PREPARED.split_at_checked(start)?;
    let room = rest.iter().position(|byte| *byte == b'>')?;
    let digits: String = contents.iter().map(|byte| format!("{byte:02X}")).collect();
    if digits.len() > room {
        return None;
    }
    let mut file = PREPARED.to_vec();
    file.get_mut(start..start + digits.len())?.copy_from_slice(digits.as_bytes());
    let covered = [before.strip_suffix(b"<")?, rest.get(room + 1..)?];
    Some(Filled { file, covered, zeros: room / 2 - contents.len() })
}
