//! The file that says where a remote agent is, how it is known, and as whom one comes.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sealkeeper_domain::reason::Reason;
use serde::Deserialize;
use tokio_rustls::rustls::pki_types::ServerName;
use zeroize::Zeroizing;

use super::{Credentials, RemoteAgent};
use crate::error::ClientError;
use crate::key_file::{self, KeyFile};
use crate::passphrase::Passphrase;

/// Longest file that is read, bytes: some dozens of certificates.
const FILE_LIMIT: u64 = 1 << 20;

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    address: String,
    server_name: Option<String>,
    issuers: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

/// A file that says where a remote agent is, how it is known, and as whom one comes; read and checked.
///
/// ```toml
/// address = "seals.example:7443"   # host and port
/// server_name = "seals.example"    # the name in the agent's certificate; by default the host
/// issuers = "ca.pem"               # certificates of the authorities that may issue it, PEM
/// certificate = "zhang.pem"        # one's own certificate, then those between it and its authority, PEM
/// key = "zhang.key"                # its key, PKCS#8 PEM, encrypted or readable by its owner only
/// ```
///
/// Paths are relative to the file's folder.
#[derive(Debug)]
pub struct RemoteFile {
    address: String,
    server_name: ServerName<'static>,
    issuers: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

/// The key of the client's certificate.
#[derive(Debug)]
pub enum ClientKey {
    /// Its passphrase is needed.
    Encrypted(KeyFile),
    /// It is not encrypted.
    Plain(PlainKey),
}

/// A key as TLS takes it: PKCS#8, DER. Wiped on drop, never printed.
pub struct PlainKey(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlainKey(..)")
    }
}

impl KeyFile {
    /// Decrypts the key of a client's certificate: of P-256, P-384, RSA or Ed25519. Takes a moment. Blocks.
    ///
    /// # Errors
    /// [`Reason::PassphraseWrong`].
    pub fn decrypt_for_tls(&self, passphrase: &Passphrase) -> Result<PlainKey, ClientError> {
        self.decrypt_any(passphrase).map(PlainKey)
    }
}

impl RemoteFile {
    /// Reads it; the files that it names are not looked at yet. Blocks.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`]; [`Reason::RemoteFilePermissions`] where others can change it, and so whom the PIN goes to;
    /// [`Reason::RemoteFileBad`].
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let bad = |what: &dyn std::fmt::Display| ClientError::at_path(Reason::RemoteFileBad, path, what);
        let text = String::from_utf8(read_trusted(path)?).map_err(|error| bad(&error))?;
        let written: Written = toml::from_str(&text).map_err(|error| bad(&told(&text, &error)))?;
        let host = match written.address.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port != 0) => host,
            _ => return Err(bad(&"address: host:port")),
        };
        // RFC 3986 §3.2.2: brackets around an IPv6 address.
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bracketed.is_none() && host.contains(':') {
            return Err(bad(&"address: [IPv6]:port"));
        }
        let name = written.server_name.unwrap_or_else(|| bracketed.unwrap_or(host).to_owned());
        let server_name = ServerName::try_from(name).map_err(|_| bad(&"server_name"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self {
            server_name,
            issuers: folder.join(written.issuers),
            certificate: folder.join(written.certificate),
            key: folder.join(written.key),
            address: written.address,
        })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reads the key's file as far as that goes without its passphrase. Blocks.
    ///
    /// # Errors
    /// Those of [`KeyFile::open`] but [`Reason::KeyFileUnencrypted`], where it is PKCS#8 and its owner's alone.
    pub fn key(&self) -> Result<ClientKey, ClientError> {
        match key_file::read_plain(&self.key)? {
            Some(plain) => Ok(ClientKey::Plain(PlainKey(plain))),
            None => KeyFile::open(&self.key).map(ClientKey::Encrypted),
        }
    }

    /// DER of one's own certificate, whose key this file names. Blocks.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`], [`Reason::CertificateUnreadable`].
    pub fn certificate(&self) -> Result<Vec<u8>, ClientError> {
        let chain = super::certificates(&read(&self.certificate)?.0);
        let first = chain.map_err(|error| error.about(&self.certificate))?.into_iter().next();
        first.map(|certificate| certificate.as_ref().to_vec()).ok_or_else(|| {
            ClientError::at_path(Reason::CertificateUnreadable, &self.certificate, &"no certificate")
        })
    }

    /// Everything it takes to connect. Blocks.
    ///
    /// # Errors
    /// [`Reason::InputUnreadable`], [`Reason::RemoteFilePermissions`] where others can change the issuers,
    /// [`Reason::CertificateUnreadable`], [`Reason::KeyFileUnsupported`], [`Reason::ClientKeyMismatch`].
    pub fn agent(&self, key: PlainKey) -> Result<RemoteAgent, ClientError> {
        let issuers = read_trusted(&self.issuers)?;
        // Told by itself, for what comes next does not know which of the files it is about.
        super::certificates(&issuers).map_err(|error| error.about(&self.issuers))?;
        let certificate = read(&self.certificate)?.0;
        let credentials = Credentials { issuers: &issuers, certificate: &certificate, key: key.0 };
        RemoteAgent::new(self.address.clone(), self.server_name.clone(), &credentials).map_err(|error| {
            let is_about_key = matches!(
                error,
                ClientError::Local { reason: Reason::KeyFileUnsupported | Reason::ClientKeyMismatch, .. }
            );
            error.about(if is_about_key { &self.key } else { &self.certificate })
        })
    }
}

/// A file that nobody else may change: root and its owner can do as they like anyway.
fn read_trusted(path: &Path) -> Result<Vec<u8>, ClientError> {
    let (bytes, mode, owner) = read(path)?;
    let refused =
        |what: &dyn std::fmt::Display| Err(ClientError::at_path(Reason::RemoteFilePermissions, path, what));
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return refused(&format_args!("uid {owner}"));
    }
    if mode & 0o022 != 0 {
        return refused(&format_args!("{mode:04o}"));
    }
    Ok(bytes)
}

/// Content, mode and owner.
fn read(path: &Path) -> Result<(Vec<u8>, u32, u32), ClientError> {
    let unreadable =
        |error: &dyn std::fmt::Display| ClientError::at_path(Reason::InputUnreadable, path, error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(unreadable(&"not a file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error: io::Error| unreadable(&error))?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(unreadable(&"longer than 1 MiB"));
    }
    Ok((bytes, metadata.mode() & 0o7777, metadata.uid()))
}

/// What is wrong with the text, and in which line.
fn told(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
    format!("{}{}", line.unwrap_or_default(), error.message())
}
