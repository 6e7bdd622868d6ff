//! Certificates from files, and what is asked of an authority, in text as it takes it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use x509_cert::Certificate;
use x509_cert::der::pem::{Decoder, LineEnding, PemLabel, encode_string};
use x509_cert::der::{Decode as _, EncodePem as _};
use x509_cert::request::CertReq;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::error::ClientError;
use sealkeeper_domain::reason::Reason;

/// Longest file that is read for one certificate, bytes: a certificate of 64 KiB as PEM with as much explanatory text.
const FILE_LIMIT: u64 = 160 << 10;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Reads the one X.509 certificate of a file, DER or PEM (RFC 7468 §5) with or without text around it, and gives its DER as it stands
/// there. Blocks.
///
/// # Errors
/// [`Reason::InputUnreadable`], and [`Reason::CertificateUnreadable`] where the file is no certificate or has several.
pub fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    let unreadable = |error: io::Error| ClientError::at_path(Reason::InputUnreadable, path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let is_too_long = bytes.len() as u64 > FILE_LIMIT;
    let der = if is_too_long { Err("too long for one certificate".to_owned()) } else { parse(bytes) };
    der.map_err(|what| ClientError::at_path(Reason::CertificateUnreadable, path, &what))
}

fn parse(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let der = match str::from_utf8(&bytes).ok().and_then(|text| text.split_once(BEGIN)) {
        Some((_, rest)) => {
            let (text, rest) = rest.split_once(END).ok_or("no end of the PEM block")?;
            if rest.contains(BEGIN) {
                return Err("several certificates".to_owned());
            }
            let mut der = Vec::new();
            // Lines of any one length: not every authority keeps to 64 characters (RFC 7468 §2).
            let block = format!("{BEGIN}{}\n{END}", text.trim_end());
            Decoder::new_detect_wrap(block.as_bytes())
                .and_then(|mut decoder| decoder.decode_to_end(&mut der).map(|_| ()))
                .map_err(|error| error.to_string())?;
            der
        }
        None => match pem_label(&bytes) {
            Some(label) => return Err(format!("PEM of {label}")),
            None => bytes,
        },
    };
    Certificate::from_der(&der).map_err(|error| error.to_string())?;
    Ok(der)
}

/// What a PEM block says that it holds (RFC 7468 §2).
fn pem_label(bytes: &[u8]) -> Option<&str> {
    let (_, rest) = str::from_utf8(bytes).ok()?.split_once("-----BEGIN ")?;
    rest.lines().next()?.strip_suffix("-----")
}

/// The last second in which a certificate is valid (RFC 5280 §4.1.2.5), since the Unix epoch.
///
/// # Errors
/// [`Reason::CertificateUnreadable`] where the bytes are none.
pub fn valid_until_s(der: &[u8]) -> Result<u64, ClientError> {
    let certificate = Certificate::from_der(der)
        .map_err(|error| ClientError::local(Reason::CertificateUnreadable, error))?;
    Ok(certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs())
}

/// A certificate request (RFC 2986) as PEM (RFC 7468 §7).
///
/// # Errors
/// [`Reason::AnswerBad`] where the bytes are none.
pub fn request_as_pem(der: &[u8]) -> Result<String, ClientError> {
    let bad = |error: x509_cert::der::Error| ClientError::local(Reason::AnswerBad, error);
    CertReq::from_der(der).map_err(bad)?;
    // The bytes as they came: whoever signed them signed these.
    encode_string(CertReq::PEM_LABEL, LineEnding::LF, der)
        .map_err(|error| ClientError::local(Reason::AnswerBad, error))
}

/// A public key (SubjectPublicKeyInfo, RFC 5280 §4.1.2.7) as PEM (RFC 7468 §13).
///
/// # Errors
/// [`Reason::AnswerBad`] where the bytes are none.
pub fn public_key_as_pem(der: &[u8]) -> Result<String, ClientError> {
    let bad = |error: x509_cert::der::Error| ClientError::local(Reason::AnswerBad, error);
    SubjectPublicKeyInfoOwned::from_der(der).map_err(bad)?.to_pem(LineEnding::LF).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// By OpenSSL 3, of a P-256 key that is no more: `openssl req -new [-x509] -key … -utf8 -subj /C=CN/O=示例科技有限公司/CN=合同专用章`.
    const CERTIFICATE: &str = include_str!("../tests/files/certificate.pem");
    const REQUEST: &str = include_str!("../tests/files/request.pem");

    fn der_of(pem: &str) -> Vec<u8> {
        x509_cert::der::Document::from_pem(pem).unwrap().1.into_vec()
    }

    fn what_is_read(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certificate");
        fs::write(&path, bytes).unwrap();
        read(&path).map_err(|error| match error {
            ClientError::Local { reason, .. } => reason,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_certificate_is_read_however_it_is_written() {
        let der = der_of(CERTIFICATE);
        let body: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
        for written in [
            der.clone(),
            CERTIFICATE.into(),
            CERTIFICATE.replace('\n', "\r\n").into(),
            format!("Certificate:\n    Data: 合同\n{CERTIFICATE}\n\n").into(),
            format!("{BEGIN}\n{body}\n{END}").into(),
        ] {
            assert_eq!(what_is_read(&written).unwrap(), der);
        }
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        let der = der_of(CERTIFICATE);
        for wrong in [
            vec![],
            b"hello".to_vec(),
            REQUEST.into(),
            CERTIFICATE.repeat(2).into(),
            CERTIFICATE.replace(END, "").into(),
            CERTIFICATE.replace("MII", "M!I").into(),
            der[..der.len() - 1].to_vec(),
            [&der[..], &[0]].concat(),
            vec![b'\n'; 200 << 10],
        ] {
            assert_eq!(what_is_read(&wrong), Err(Reason::CertificateUnreadable));
        }
        let absent = read(Path::new("/nowhere/certificate.pem")).unwrap_err();
        assert!(matches!(absent, ClientError::Local { reason: Reason::InputUnreadable, .. }), "{absent}");
    }

    #[test]
    fn a_request_is_written_as_an_authority_takes_it() {
        assert_eq!(request_as_pem(&der_of(REQUEST)).unwrap(), REQUEST);
        assert!(request_as_pem(&der_of(CERTIFICATE)).is_err());
    }
}
