//! An agent on another machine, over mutual TLS 1.3 (RFC 8446): nothing is sent before the agent proved to be the one meant, and nobody
//! is served who does not show a certificate that the agent knows a person by.

mod failure;
mod file;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sealkeeper_domain::reason::Reason;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject as _,
};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, InconsistentKeys, RootCertStore};
use zeroize::Zeroizing;

use crate::error::ClientError;
pub use file::{ClientKey, PlainKey, RemoteFile};

/// How long a connection may take to be made, from the first packet to the agent's first word.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The protocol spoken within TLS (RFC 7301, RFC 9113 §3.2).
const HTTP_2: &[u8] = b"h2";

/// What it takes to connect to an agent on another machine: where it is, how it is known, and as whom.
#[derive(Clone)]
pub struct RemoteAgent {
    address: String,
    server_name: ServerName<'static>,
    certificate: Arc<[u8]>,
    configuration: Arc<ClientConfig>,
}

/// The PEM texts that say whom to trust and who one is.
pub(crate) struct Credentials<'a> {
    /// Certificates of the authorities that may issue the agent's.
    pub(crate) issuers: &'a [u8],
    /// One's own certificate, and those between it and its authority.
    pub(crate) certificate: &'a [u8],
    /// One's own key: PKCS#8, DER.
    pub(crate) key: Zeroizing<Vec<u8>>,
}

impl RemoteAgent {
    /// The agent at `address` (host and port), which shows a certificate for `server_name`.
    ///
    /// # Errors
    /// [`Reason::CertificateUnreadable`] where issuers or certificate are none, [`Reason::KeyFileUnsupported`] where the key is of
    /// no kind that TLS signs with, [`Reason::ClientKeyMismatch`].
    pub(crate) fn new(
        address: String,
        server_name: ServerName<'static>,
        credentials: &Credentials<'_>,
    ) -> Result<Self, ClientError> {
        let unreadable = |what: &dyn fmt::Display| ClientError::local(Reason::CertificateUnreadable, what);
        let mut trusted = RootCertStore::empty();
        for issuer in certificates(credentials.issuers)? {
            trusted.add(issuer).map_err(|error| unreadable(&error))?;
        }
        let chain = certificates(credentials.certificate)?;
        let certificate = chain.first().map(|certificate| Arc::from(certificate.as_ref()));
        let certificate = certificate.ok_or_else(|| unreadable(&"no certificate"))?;
        // Borrowed, so that the key's only plain copies are the one that is wiped and the one that signs.
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(credentials.key.as_slice()));
        let key = ring::sign::any_supported_type(&key)
            .map_err(|error| ClientError::local(Reason::KeyFileUnsupported, error))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(TlsError::InconsistentKeys(_)) => {
                return Err(ClientError::local(Reason::ClientKeyMismatch, ""));
            }
            Err(error) => return Err(unreadable(&error)),
        }
        let mut configuration = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| ClientError::local(Reason::Internal, error))?
            .with_root_certificates(trusted)
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        configuration.alpn_protocols = vec![HTTP_2.to_vec()];
        // Each connection is to be proved by the certificates themselves, as they are then.
        configuration.resumption = Resumption::disabled();
        Ok(Self { address, server_name, certificate, configuration: Arc::new(configuration) })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// DER of the certificate by which this side is known.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) async fn open(&self) -> Result<TlsStream<TcpStream>, ClientError> {
        let failed = |error| failure::of_opening(&self.address, &error);
        match timeout(PATIENCE, self.opened()).await {
            Ok(opened) => opened.map_err(failed),
            Err(elapsed) => Err(failed(elapsed.into())),
        }
    }

    async fn opened(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&self.address).await?;
        // A call is a few small frames back and forth, none of which should wait for another.
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(self.configuration.clone());
        let mut stream = connector.connect(self.server_name.clone(), stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(HTTP_2) {
            return Err(failure::not_http_2());
        }
        // In TLS 1.3 a client has done its part before the server judges the certificate (RFC 8446 §4.4.2.4, §6.2); an HTTP/2 server
        // speaks first (RFC 9113 §3.4), so its first byte or its alert says how that went.
        match stream.fill_buf().await?.is_empty() {
            true => Err(std::io::ErrorKind::UnexpectedEof.into()),
            false => Ok(stream),
        }
    }
}

impl fmt::Debug for RemoteAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAgent")
            .field("address", &self.address)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

/// DER of the certificate that the other end showed.
pub(crate) fn certificate_of(stream: &TlsStream<TcpStream>) -> Option<&[u8]> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates()?.first().map(AsRef::as_ref)
}

/// All certificates of a PEM text (RFC 7468 §5); at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let unreadable = |what: &dyn fmt::Display| ClientError::local(Reason::CertificateUnreadable, what);
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| unreadable(&error))?;
    if read.is_empty() {
        return Err(unreadable(&"no PEM of a certificate"));
    }
    Ok(read)
}
