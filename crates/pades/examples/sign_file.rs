//! Stamps a PDF with a key in a file: the whole way through this crate, without a token, for development.
//!
//! ```text
//! sign_file IN.pdf OUT.pdf SEAL.png KEY.pem CERTIFICATE.der ISSUER.der [ALGORITHM] [PAGE [X_MM Y_MM [SIZE_MM]]]
//! ```
//! ALGORITHM is ecdsa-p256-sha256, ecdsa-p384-sha384, rsa-pkcs1-sha256 or rsa-pss-sha256 (by default the usual one for the key).
//! PAGE counts from 1 (the last one by default); the seal's centre is X_MM, Y_MM from the top left of the visible page (the
//! middle by default), SIZE_MM wide and high (40 by default, less where the page is smaller).

#![allow(clippy::print_stdout, reason = "a command line program")]

use std::error::Error;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use sealkeeper_pades::cms::{
    SignatureAlgorithm, SignatureValue, SignedAttributes, SigningChain, assemble, contents_capacity,
};
use sealkeeper_pades::picture::SealPicture;
use sealkeeper_pades::revision::{
    InputDigest, JournalWitness, RevisionError, SignatureDictionary, UseId, VisibleSeal, prepare,
};
use sealkeeper_pades::validate::{Coverage, Verdict, validate};
use sealkeeper_pades::{Document, PageGeometry};

#[path = "../tests/support/token.rs"]
mod token;

/// Who signs and how.
struct Signer {
    /// PKCS #8 in PEM.
    key: String,
    chain: SigningChain,
    algorithm: SignatureAlgorithm,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [input, output, picture, key, certificate, issuer, place @ ..] = arguments else {
        return Err(
            "usage: sign_file IN OUT SEAL.png KEY.pem CERT.der ISSUER.der [ALGORITHM] [PAGE [X_MM Y_MM [SIZE_MM]]]"
                .into(),
        );
    };
    let chain = SigningChain::from_der(&std::fs::read(certificate)?, [std::fs::read(issuer)?])?;
    let asked = place.first().and_then(|code| SignatureAlgorithm::from_code(code));
    let place = place.get(usize::from(asked.is_some())..).unwrap_or_default();
    let usual = chain.signer().algorithms().first().copied();
    let algorithm = asked.or(usual).ok_or("the key is for no algorithm")?;
    let signer = Signer { key: std::fs::read_to_string(key)?, chain, algorithm };
    let place = place.iter().map(|text| text.parse::<f64>()).collect::<Result<Vec<_>, _>>()?;
    let picture = SealPicture::from_png(&std::fs::read(picture)?)?;
    let mut bytes = std::fs::read(input)?;
    let appended = stamp(&bytes, &picture, &signer, &place)?;
    bytes.extend_from_slice(&appended);
    // Judged as anyone would judge it, before it is written.
    let reports = validate(&bytes).map_err(|error| format!("INVALID {}: {error}", error.code()))?;
    let own = reports.iter().find(|report| report.coverage == Some(Coverage::WholeFile));
    match own.map(|report| &report.verdict) {
        Some(Verdict::Intact) => std::fs::write(output, bytes)?,
        other => return Err(format!("INVALID own signature: {other:?}").into()),
    }
    for report in &reports {
        println!("stamped; {}: {:?}, {:?}", report.field, report.verdict, report.coverage);
    }
    Ok(())
}

fn stamp(
    bytes: &[u8],
    picture: &SealPicture,
    signer: &Signer,
    place: &[f64],
) -> Result<Vec<u8>, Box<dyn Error>> {
    let Signer { key, chain, algorithm } = signer;
    let document = Document::open(bytes).map_err(|error| format!("refused {}: {error}", error.code()))?;
    let count = document.page_count().map_err(|error| format!("refused {}: {error}", error.code()))?;
    let page = place.first().map_or(count, |page| *page as usize).saturating_sub(1);
    let geometry = document
        .page(page)
        .map_err(|error| format!("refused {}: {error}", error.code()))?
        .geometry()
        .map_err(|error| format!("refused {}: {error}", error.code()))?;
    let placed = {
        let (x, y, size) = position(&geometry, place);
        geometry.place(x, y, size, size).map_err(|error| format!("refused {}: {error}", error.code()))?
    };
    let signature = SignatureDictionary {
        name: "Sealkeeper development".to_owned(),
        reason: Some("试用".to_owned()),
        modified: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        witness: JournalWitness {
            origin: "localhost/seal-journal/none".to_owned(),
            use_id: UseId::parse("00000000-0000-0000-0000-000000000000").ok_or("nil UUID")?,
            tree_size: 0,
            root: [0; 32],
        },
        contents_capacity: contents_capacity(chain, *algorithm)?,
    };
    let refused = |error: RevisionError| format!("refused {}: {error}", error.code());
    let seal = VisibleSeal { page, placed, picture };
    let prepared = prepare(&document, &InputDigest::of(bytes), &seal, &signature).map_err(refused)?;
    let digest = prepared.byte_range_digest(algorithm.digest(), bytes).map_err(refused)?;
    let attributes = SignedAttributes::new(digest, chain.signer().der(), *algorithm)?;
    let raw = token::answer(key, *algorithm, &attributes.digest())?;
    let value = SignatureValue::from_token(*algorithm, &raw, chain.signer())?;
    let cms = assemble(&attributes, &value, chain)?;
    Ok(prepared.embed(&cms).map_err(refused)?.appended)
}

/// Centre and size in µm.
fn position(geometry: &PageGeometry, place: &[f64]) -> (i64, i64, u32) {
    let (width, height) = geometry.visible_size_um();
    let um = |mm: &f64| (mm * 1000.0) as i64;
    let size = place.get(3).map_or(40_000.min(width * 4 / 5).min(height * 4 / 5), |mm| um(mm) as u32);
    let x = place.get(1).map_or(i64::from(width / 2), um);
    let y = place.get(2).map_or(i64::from(height / 2), um);
    (x, y, size.max(1))
}
