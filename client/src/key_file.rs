//! The file of a person's key: understood before anybody is asked for its passphrase, then decrypted.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use p256::ecdsa::SigningKey;
use pkcs8::der::asn1::OctetString;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{self, Decode as _, ErrorKind, Reader as _, SecretDocument, SliceReader};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{
    EncryptionScheme as Cipher, Kdf, PBES2_OID, Parameters, Pbkdf2Prf, Salt, ScryptParams,
};
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef, spki};
use rustix::fs::OFlags;
use sealkeeper_domain::act::key::ActKey;
use sealkeeper_domain::reason::Reason;
use zeroize::Zeroizing;

use crate::error::ClientError;
use crate::passphrase::Passphrase;
use crate::person_key::PersonKey;

/// Longest file that is read for one key, bytes. An encrypted one of P-256 takes some 400.
const FILE_LIMIT: usize = 16 << 10;
const LABEL: &str = "ENCRYPTED PRIVATE KEY";
const PLAIN_LABEL: &str = "PRIVATE KEY";

/// What scrypt costs in the files written here: N, r and p. As hard as N = 2¹⁷, p = 1 by the OWASP Password Storage Cheat Sheet; a
/// greater N would need more than the 32 MiB that OpenSSL allows when it reads the file.
const SCRYPT: (u64, u16, u16) = (1 << 14, 8, 5);
/// Most memory that a file may make scrypt take, bytes (RFC 7914 §2: 128·N·r).
const SCRYPT_MEMORY_LIMIT: u64 = 256 << 20;
/// Most that it may make scrypt compute: N·r·p, 64 times the cost of a file written here.
const SCRYPT_WORK_LIMIT: u64 = 64 * (1 << 14) * 8 * 5;
/// Most iterations of PBKDF2 that a file may ask for: some seconds.
const ITERATIONS_LIMIT: u32 = 10_000_000;

/// A key file that can be decrypted as soon as there is its passphrase.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    parameters: Parameters,
    encrypted: OctetString,
}

impl KeyFile {
    /// Reads a key file as far as that goes without its passphrase. Blocks.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`]; [`Reason::KeyFilePermissions`] where anybody but its owner may touch it;
    /// [`Reason::KeyFileUnencrypted`]; [`Reason::KeyFileUnsupported`] where it is encrypted otherwise, or so that it would take more than a
    /// moment; [`Reason::KeyFileDamaged`].
    pub fn open(path: &Path) -> Result<Self, ClientError> {
        let of_file = |(reason, what): (Reason, String)| ClientError::at_path(reason, path, &what);
        let (bytes, metadata) = read(path)?;
        let info = parse(&bytes).map_err(of_file)?;
        let mode = mode_of(&metadata);
        // Said only of what is a key file: of any other it would lead astray.
        if mode & 0o077 != 0 {
            return Err(of_file((Reason::KeyFilePermissions, format!("{mode:04o}"))));
        }
        let parameters = accepted(info.encryption_algorithm).map_err(of_file)?;
        Ok(Self { path: path.to_owned(), parameters, encrypted: info.encrypted_data })
    }

    /// Decrypts the key. Takes a moment: that is what slows down guessing. Blocks.
    ///
    /// # Errors
    /// [`Reason::PassphraseWrong`]; the file says nothing by which a wrong passphrase could be told from damage to the encrypted
    /// bytes. [`Reason::KeyFileUnsupported`] where it is no key of P-256, [`Reason::KeyFileDamaged`] where it is one but not valid.
    pub fn decrypt(&self, passphrase: &Passphrase) -> Result<PersonKey, ClientError> {
        let refused =
            |reason: Reason, error: &dyn std::fmt::Display| ClientError::at_path(reason, &self.path, error);
        let plain = self.decrypt_any(passphrase)?;
        let info = PrivateKeyInfoRef::from_der(&plain).map_err(|_| self.wrong_passphrase())?;
        SigningKey::try_from(info).map(PersonKey::from_signing_key).map_err(|error| match error {
            pkcs8::Error::PublicKey(
                spki::Error::OidUnknown { .. } | spki::Error::AlgorithmParametersMissing,
            )
            | pkcs8::Error::ParametersMalformed => refused(Reason::KeyFileUnsupported, &"not a key of P-256"),
            other => refused(Reason::KeyFileDamaged, &other),
        })
    }

    /// Decrypts a key of whatever kind: PKCS#8 (RFC 5958), DER. Blocks.
    ///
    /// # Errors
    /// [`Reason::PassphraseWrong`].
    pub(crate) fn decrypt_any(&self, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let plain = self.parameters.decrypt(passphrase.expose(), self.encrypted.as_bytes());
        let plain = Zeroizing::new(plain.map_err(|_| self.wrong_passphrase())?);
        // One wrong passphrase in some 256 gives padding that looks right (RFC 8018 §6.2.2), and noise in front of it.
        PrivateKeyInfoRef::from_der(&plain).map_err(|_| self.wrong_passphrase())?;
        Ok(plain)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn wrong_passphrase(&self) -> ClientError {
        ClientError::local(Reason::PassphraseWrong, self.path.display())
    }
}

/// The PEM file of a PKCS#8 key, encrypted anew: salt and initialization vector are never used twice.
pub(crate) fn encrypt(der: &[u8], passphrase: &Passphrase) -> Result<String, ClientError> {
    let fault = |error: &dyn std::fmt::Display| ClientError::local(Reason::Internal, error);
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    for bytes in [&mut salt, &mut iv] {
        getrandom::fill(bytes).map_err(|error| fault(&error))?;
    }
    let (cost_parameter, block_size, parallelization) = SCRYPT;
    let salt = Salt::new(salt).map_err(|error| fault(&error))?;
    let parameters = Parameters {
        kdf: ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None }.into(),
        encryption: Cipher::Aes256Cbc { iv },
    };
    let encrypted = parameters.encrypt(passphrase.expose(), der).map_err(|error| fault(&error))?;
    let info = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: parameters.into(),
        encrypted_data: OctetString::new(encrypted).map_err(|error| fault(&error))?,
    };
    let document = SecretDocument::try_from(info).map_err(|error| fault(&error))?;
    let pem = document.to_pem(LABEL, LineEnding::LF).map_err(|error| fault(&error))?;
    Ok(pem.as_str().to_owned())
}

/// The public key of a file (`PUBLIC KEY` PEM, RFC 7468 §13); None where the file holds something else. Blocks.
///
/// # Errors
/// [`Reason::InputUnreadable`], and [`Reason::ActKeyUnfit`] where the key is malformed or not one of P-256.
pub fn read_public_key(path: &Path) -> Result<Option<ActKey>, ClientError> {
    let (bytes, _) = read(path)?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    if !text.contains("-----BEGIN PUBLIC KEY-----") || text.contains("PRIVATE KEY-----") {
        return Ok(None);
    }
    let unfit = |error| ClientError::at_path(Reason::ActKeyUnfit, path, &error);
    ActKey::from_pem(text).map(Some).map_err(unfit)
}

/// The one key of a file that is not encrypted (`PRIVATE KEY` PEM, RFC 7468 §10): PKCS#8, DER. None where the file holds something else.
/// Blocks.
///
/// # Errors
/// [`Reason::InputUnreadable`]; [`Reason::KeyFilePermissions`] where it is not this user's own or anybody else may touch it;
/// [`Reason::KeyFileDamaged`].
pub(crate) fn read_plain(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, ClientError> {
    let (bytes, metadata) = read(path)?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let (begin, end) = (format!("-----BEGIN {PLAIN_LABEL}-----"), format!("-----END {PLAIN_LABEL}-----"));
    let Some((_, rest)) = text.split_once(&begin) else { return Ok(None) };
    let of_file = |reason, what: &dyn std::fmt::Display| ClientError::at_path(reason, path, what);
    let (owner, mode) = (metadata.uid(), mode_of(&metadata));
    if owner != rustix::process::geteuid().as_raw() {
        return Err(of_file(Reason::KeyFilePermissions, &format_args!("uid {owner}")));
    }
    if mode & 0o077 != 0 {
        return Err(of_file(Reason::KeyFilePermissions, &format_args!("{mode:04o}")));
    }
    let damaged = |what: &dyn std::fmt::Display| of_file(Reason::KeyFileDamaged, what);
    let (body, rest) = rest.split_once(&end).ok_or_else(|| damaged(&"no end of the PEM block"))?;
    if rest.contains("-----BEGIN ") {
        return Err(damaged(&"several PEM blocks"));
    }
    let block = Zeroizing::new(format!("{begin}{}\n{end}\n", body.trim_end()));
    let (_, document) = SecretDocument::from_pem(&block).map_err(|error| damaged(&error))?;
    PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|error| damaged(&error))?;
    Ok(Some(Zeroizing::new(document.as_bytes().to_vec())))
}

/// The beginning of a file, longer than a key is, and what the file is. Wiped on drop: it may turn out to be a key that is not encrypted.
fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata), ClientError> {
    let unreadable = |error: io::Error| ClientError::at_path(Reason::InputUnreadable, path, &error);
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    // A pipe would else be waited for before it is seen to be one.
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ClientError::at_path(Reason::InputUnreadable, path, &"not a file"));
    }
    // Room for all of it, for growing leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_LIMIT + 64));
    file.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((bytes, metadata))
}

fn mode_of(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

/// The one encrypted key of a file, with or without text around it.
fn parse(bytes: &[u8]) -> Result<EncryptedPrivateKeyInfoOwned, (Reason, String)> {
    let damaged = |what: String| (Reason::KeyFileDamaged, what);
    if bytes.len() > FILE_LIMIT {
        return Err(damaged("too long for one key".to_owned()));
    }
    let text = str::from_utf8(bytes).map_err(|_| damaged("not PEM".to_owned()))?;
    let (begin, end) = (format!("-----BEGIN {LABEL}-----"), format!("-----END {LABEL}-----"));
    let Some((_, rest)) = text.split_once(&begin) else { return Err(other_form(text)) };
    let (body, rest) = rest.split_once(&end).ok_or_else(|| damaged("no end of the PEM block".to_owned()))?;
    if rest.contains("-----BEGIN ") {
        return Err(damaged("several PEM blocks".to_owned()));
    }
    let block = format!("{begin}{}\n{end}\n", body.trim_end());
    let (_, document) = SecretDocument::from_pem(&block).map_err(|error| damaged(error.to_string()))?;
    EncryptedPrivateKeyInfoOwned::from_der(document.as_bytes()).map_err(|error: der::Error| {
        let reason = match error.kind() {
            ErrorKind::OidUnknown { .. } => Reason::KeyFileUnsupported,
            _ if is_other_scheme(document.as_bytes()) => Reason::KeyFileUnsupported,
            _ => Reason::KeyFileDamaged,
        };
        (reason, error.to_string())
    })
}

/// Whether this is an encrypted key in another way than PBES2, which the reader of that says no more of than that it is malformed.
fn is_other_scheme(der: &[u8]) -> bool {
    let algorithm = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|reader| {
            let algorithm = spki::AlgorithmIdentifierRef::decode(reader)?;
            OctetString::decode(reader)?;
            Ok::<_, der::Error>(algorithm.oid)
        })
    });
    algorithm.is_ok_and(|oid| oid != PBES2_OID)
}

/// What a file is that is not as it should be.
fn other_form(text: &str) -> (Reason, String) {
    let (_, label) = text.split_once("-----BEGIN ").unwrap_or_default();
    // `openssl ecparam -genkey` puts the curve in front.
    let label = match label.split_once("PARAMETERS-----") {
        Some((_, rest)) => rest.split_once("-----BEGIN ").unwrap_or_default().1,
        None => label,
    };
    match label.split_once("-----").unwrap_or_default().0 {
        // RFC 1421 §4.6: OpenSSL's encryption of old, keyed by one round of MD5.
        "EC PRIVATE KEY" if text.contains("Proc-Type: 4,ENCRYPTED") => {
            (Reason::KeyFileUnsupported, "PEM encrypted the old way, not PKCS#8".to_owned())
        }
        label @ ("PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY") => {
            (Reason::KeyFileUnencrypted, label.to_owned())
        }
        label @ "OPENSSH PRIVATE KEY" => (Reason::KeyFileUnsupported, label.to_owned()),
        "" => (Reason::KeyFileDamaged, format!("no PEM of {LABEL}")),
        label => (Reason::KeyFileDamaged, format!("PEM of {label}, not of {LABEL}")),
    }
}

/// The parameters, if they are those of a file this program reads and cost no more than a moment.
fn accepted(scheme: EncryptionScheme) -> Result<Parameters, (Reason, String)> {
    let unsupported = |what: &str| Err((Reason::KeyFileUnsupported, what.to_owned()));
    let EncryptionScheme::Pbes2(parameters) = scheme else { return unsupported("not PBES2") };
    if !matches!(parameters.encryption, Cipher::Aes256Cbc { .. }) {
        return unsupported("not AES-256-CBC");
    }
    if parameters.kdf.key_length().is_some_and(|length| length != 32) {
        return unsupported("key length");
    }
    match &parameters.kdf {
        Kdf::Scrypt(ScryptParams { cost_parameter: n, block_size, parallelization, .. }) => {
            let (r, p) = (u64::from(*block_size), u64::from(*parallelization));
            let (memory, work) = (n.saturating_mul(128 * r), n.saturating_mul(r * p));
            if *n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                return Err((Reason::KeyFileDamaged, format!("scrypt N={n}, r={r}, p={p}")));
            }
            if memory > SCRYPT_MEMORY_LIMIT || work > SCRYPT_WORK_LIMIT {
                return unsupported(&format!("scrypt N={n}, r={r}, p={p}"));
            }
        }
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.prf != Pbkdf2Prf::HmacWithSha256 => {
            return unsupported("PBKDF2 without HMAC-SHA-256");
        }
        Kdf::Pbkdf2(pbkdf2) if !(1..=ITERATIONS_LIMIT).contains(&pbkdf2.iteration_count) => {
            return unsupported(&format!("PBKDF2 with {} iterations", pbkdf2.iteration_count));
        }
        Kdf::Pbkdf2(_) => {}
        _ => return unsupported("neither scrypt nor PBKDF2"),
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Whether a file whose key is derived so is accepted, or why not.
    fn with(kdf: impl Into<Kdf>) -> Result<(), Reason> {
        let parameters = Parameters { kdf: kdf.into(), encryption: Cipher::Aes256Cbc { iv: [0; 16] } };
        accepted(parameters.into()).map(drop).map_err(|(reason, _)| reason)
    }

    #[test]
    fn a_file_cannot_take_all_memory_or_time() {
        let scrypt = |cost_parameter, block_size, parallelization, key_length| ScryptParams {
            salt: Salt::new([1; 16]).unwrap(),
            cost_parameter,
            block_size,
            parallelization,
            key_length,
        };
        let (n, r, p) = SCRYPT;
        assert_eq!(with(scrypt(n, r, p, None)), Ok(()));
        assert_eq!(with(scrypt(1 << 18, 8, 1, Some(32))), Ok(()));
        for costly in [(1 << 19, 8, 1), (1 << 63, 8, 1), (1 << 14, 8, u16::MAX), (2, u16::MAX, u16::MAX)] {
            assert_eq!(with(scrypt(costly.0, costly.1, costly.2, None)), Err(Reason::KeyFileUnsupported));
        }
        for senseless in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (1 << 14, 0, 1), (1 << 14, 8, 0)] {
            assert_eq!(
                with(scrypt(senseless.0, senseless.1, senseless.2, None)),
                Err(Reason::KeyFileDamaged)
            );
        }
        assert_eq!(with(scrypt(n, r, p, Some(16))), Err(Reason::KeyFileUnsupported));
    }

    #[test]
    fn guessing_is_slow_and_no_two_files_are_encrypted_alike() {
        let passphrase = Passphrase::new("correct horse".into()).unwrap();
        let begun = Instant::now();
        let files = [(); 2].map(|()| encrypt(b"key", &passphrase).unwrap());
        assert!(begun.elapsed().as_millis() > 20, "{:?}", begun.elapsed());
        let [one, other] = files.map(|file| parse(file.as_bytes()).unwrap().encryption_algorithm);
        let (one, other) = (accepted(one).unwrap(), accepted(other).unwrap());
        assert!(one.kdf != other.kdf && one.encryption != other.encryption);
    }
}
