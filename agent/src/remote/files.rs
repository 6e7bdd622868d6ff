//! The files of `[remote]` in agent.toml, read and checked together: what is made of them is complete, or nothing.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use sealkeeper_domain::identity::Digest;
use tokio_rustls::rustls::{
    self, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivatePkcs8KeyDer, pem, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use x509_cert::{
    Certificate,
    certificate::Rfc5280,
    crl::CertificateList,
    der::{self, Decode},
    time::Time,
};
use zeroize::Zeroizing;

use super::list_age::ListAges;
use crate::socket::HangUp;

/// Most bytes of one file, 16 MiB: revocation lists of public authorities have a few.
const LIMIT: u64 = 16 << 20;
/// What is spoken over TLS (RFC 9113 §3.2).
const H2: &[u8] = b"h2";

/// Where they lie, and whose they have to be.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// The agent's own certificate and its issuers, PEM, its own first.
    pub(crate) certificate: PathBuf,
    /// Its private key, PKCS #8 in PEM, not encrypted.
    pub(crate) key: PathBuf,
    /// Who may issue certificates of people, PEM.
    pub(crate) client_issuers: Vec<PathBuf>,
    /// Which of these are revoked (RFC 5280 §5), PEM.
    pub(crate) revocation_lists: Vec<PathBuf>,
    /// The agent's user; root's files are as good.
    pub(crate) own_uid: u32,
}

/// Why a set of files is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFilesError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else may write it.
    #[error("{0}: must be a regular file that only root or the agent's user can write")]
    Untrusted(PathBuf),
    /// Somebody else may read the key.
    #[error("{0}: the key must be readable by its owner only (chmod 600)")]
    KeyOpen(PathBuf),
    /// It is not what it should be.
    #[error("{path}: {what}")]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// An older revocation list than the one in force: whoever was revoked since would be let in again.
    #[error("{path}: the revocation list of {issuer} ({given}) is older than the one in force ({in_force})")]
    OlderList {
        /// Which file.
        path: PathBuf,
        /// Whose list, RFC 4514.
        issuer: String,
        /// Number and time of the one given.
        given: String,
        /// The same of the one in force.
        in_force: String,
    },
    /// Each file is good, and they do not go together.
    #[error("{0}")]
    Together(rustls::Error),
}

/// By what callers from afar are let in. Only [`TlsFiles::read`] makes one, and never without a verifier of their certificates.
#[derive(Debug)]
pub(crate) struct Tls {
    /// TLS 1.3 with the agent's certificate; asks for the caller's.
    pub(super) config: Arc<ServerConfig>,
    /// Ends the connections that these issuers and lists let in.
    pub(super) hang_up: HangUp,
    /// SHA-256 over issuers and lists: where it differs, so may whoever is let in.
    pub(super) trust: Digest,
    /// End of the agent's own certificate, s since the Unix epoch.
    pub(super) certificate_until_s: u64,
    /// When the first of the lists expires, s since the Unix epoch; from then on nobody new is let in.
    pub(super) lists_until_s: Option<u64>,
    /// How old the lists are.
    pub(super) ages: ListAges,
}

/// How a file looked: a change of it changes this.
pub(super) type Looks = Vec<Option<[i128; 6]>>;

impl TlsFiles {
    /// Reads all of them.
    pub(crate) fn read(&self) -> Result<Tls, TlsFilesError> {
        let provider = Arc::new(ring::default_provider());
        let mut trust = Vec::new();
        let mut roots = RootCertStore::empty();
        for path in &self.client_issuers {
            for issuer in all::<CertificateDer<'static>>(path, &self.own(path)?, "certificate")? {
                trust.extend(Digest::of(&issuer).0);
                roots.add(issuer).map_err(|error| content(path, error))?;
            }
        }
        // Between issuers and lists, so that no other split of the same digests has the same one.
        trust.push(0);
        let (mut lists, mut lists_until_s, mut ages) = (Vec::new(), None, ListAges::default());
        for path in &self.revocation_lists {
            for list in all::<CertificateRevocationListDer<'static>>(path, &self.own(path)?, "X509 CRL")? {
                trust.extend(Digest::of(&list).0);
                let parsed =
                    CertificateList::<Rfc5280>::from_der(&list).map_err(|error| content(path, error))?;
                let Some(next) = parsed.tbs_cert_list.next_update else {
                    return Err(content(path, "a list must tell when the next one is due (nextUpdate)"));
                };
                ages.take(path, &parsed).map_err(|error| content(path, error))?;
                lists_until_s = Some(lists_until_s.unwrap_or(u64::MAX).min(seconds(next)));
                lists.push(list);
            }
        }
        let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        if !lists.is_empty() {
            // A certificate that no list covers is refused, and so is every one once its list has expired.
            verifier = verifier.with_crls(lists).enforce_revocation_expiration();
        }
        let verifier = verifier.build().map_err(|error| match self.revocation_lists.first() {
            Some(path) => content(path, error),
            None => TlsFilesError::Together(rustls::Error::General(error.to_string())),
        })?;

        let path = &self.certificate;
        let chain = all::<CertificateDer<'static>>(path, &self.own(path)?, "certificate")?;
        let certificate_until_s = match chain.first() {
            Some(own) => end_of(own).map_err(|error| content(path, error))?,
            None => 0,
        };
        let key = PrivatePkcs8KeyDer::from_pem_slice(&self.own_key()?)
            .map_err(|_| content(&self.key, "no private key in PKCS #8 (PEM, not encrypted)"))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsFilesError::Together)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key.into())
            .map_err(TlsFilesError::Together)?;
        config.alpn_protocols = vec![H2.to_vec()];
        // A resumed session would not be held against lists and dates again.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Tls {
            config: Arc::new(config),
            hang_up: HangUp::default(),
            trust: Digest::of(&trust),
            certificate_until_s,
            lists_until_s,
            ages,
        })
    }

    /// How they look now, without reading them.
    pub(super) fn looks(&self) -> Looks {
        let own = [&self.certificate, &self.key].into_iter();
        let all = own.chain(&self.client_issuers).chain(&self.revocation_lists);
        let one = |path: &PathBuf| {
            let facts = fs::metadata(path).ok()?;
            let numbers = [facts.dev().into(), facts.ino().into(), facts.size().into()];
            let [device, inode, size] = numbers;
            // The change time too: what restores the time of writing does not restore that.
            let written = i128::from(facts.mtime()) * 1_000_000_000 + i128::from(facts.mtime_nsec());
            let changed = i128::from(facts.ctime()) * 1_000_000_000 + i128::from(facts.ctime_nsec());
            Some([device, inode, size, written, changed, facts.mode().into()])
        };
        all.map(one).collect()
    }

    /// A file that nobody else can write. Looked at once it is open: what is read is what was looked at.
    fn own(&self, path: &Path) -> Result<Vec<u8>, TlsFilesError> {
        let (mut file, facts) = self.open(path)?;
        if facts.size() > LIMIT {
            return Err(content(path, format!("must have at most {LIMIT} bytes")));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
        Ok(bytes)
    }

    /// The key's file, which nobody else can read either.
    fn own_key(&self) -> Result<Zeroizing<Vec<u8>>, TlsFilesError> {
        let (mut file, facts) = self.open(&self.key)?;
        if facts.mode() & 0o077 != 0 {
            return Err(TlsFilesError::KeyOpen(self.key.clone()));
        }
        if facts.size() > LIMIT {
            return Err(content(&self.key, format!("must have at most {LIMIT} bytes")));
        }
        // As large as it will be, so that no half-grown copy is left behind unwiped.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(facts.size()).unwrap_or(0) + 1));
        file.read_to_end(&mut bytes).map_err(|source| unreadable(&self.key, source))?;
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> Result<(File, fs::Metadata), TlsFilesError> {
        // Before it is opened: opening a pipe would wait for its writer.
        let is_file = fs::metadata(path).map_err(|source| unreadable(path, source))?.is_file();
        if !is_file {
            return Err(TlsFilesError::Untrusted(path.to_owned()));
        }
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        let facts = file.metadata().map_err(|source| unreadable(path, source))?;
        let is_own = facts.uid() == 0 || facts.uid() == self.own_uid;
        if !facts.is_file() || !is_own || facts.mode() & 0o022 != 0 {
            return Err(TlsFilesError::Untrusted(path.to_owned()));
        }
        Ok((file, facts))
    }
}

/// All objects of this kind in a PEM file, at least one.
fn all<T: PemObject>(path: &Path, file: &[u8], what: &str) -> Result<Vec<T>, TlsFilesError> {
    let objects: Result<Vec<T>, pem::Error> = T::pem_slice_iter(file).collect();
    let objects = objects.map_err(|error| content(path, error))?;
    if objects.is_empty() {
        return Err(content(path, format!("no {what} (PEM) in it")));
    }
    Ok(objects)
}

/// When a certificate ends, s since the Unix epoch.
pub(super) fn end_of(certificate: &CertificateDer<'_>) -> Result<u64, der::Error> {
    let certificate = Certificate::from_der(certificate)?;
    Ok(seconds(certificate.tbs_certificate().validity().not_after))
}

pub(super) fn seconds(time: Time) -> u64 {
    time.to_unix_duration().as_secs()
}

fn content(path: &Path, what: impl ToString) -> TlsFilesError {
    TlsFilesError::Content { path: path.to_owned(), what: what.to_string() }
}

fn unreadable(path: &Path, source: io::Error) -> TlsFilesError {
    TlsFilesError::Unreadable { path: path.to_owned(), source }
}
