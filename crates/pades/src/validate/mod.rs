//! What can be said of a file's signatures from the file alone (ISO 32000-2 §12.8, ETSI EN 319 142-1).
//!
//! Judged: that each signature covers what it must, that these bytes are the ones signed, and that the key in the
//! signer's certificate signed them: by RSA (PKCS #1 v1.5 or PSS, 2048 to 4096 bits) or ECDSA (P-256, P-384), with
//! SHA-256, SHA-384 or SHA-512. **Not judged**: other algorithms, whether that certificate is to be trusted, was valid
//! at the time or is revoked. What later revisions changed of what the signed one showed, [`changed_since`] tells.

mod coverage;
pub(crate) mod fields;
mod judge;
mod later;
mod report;

pub use later::changed_since;
pub use report::{Broken, Coverage, NotJudged, SignatureReport, SignerCertificate, Verdict};

use crate::document::Document;
use crate::error::ReadError;
use crate::object::Object;

/// Reads the file as strictly as for stamping and judges each signature field that has a value, in the order of the form.
///
/// # Errors
/// [`ReadError`], if the file's structure is not beyond doubt: then nothing can be said of its signatures.
pub fn validate(bytes: &[u8]) -> Result<Vec<SignatureReport>, ReadError> {
    let document = Document::open(bytes)?;
    let mut reports = Vec::new();
    for field in fields::all(&document)?.iter().filter(|field| field.is_type("Sig")) {
        if let Object::Dictionary(signature) = document.resolve(field.value.clone())? {
            reports.push(judge::report(&document, field.name.clone(), &signature)?);
        }
    }
    Ok(reports)
}
