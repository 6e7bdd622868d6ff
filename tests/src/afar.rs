//! Callers from afar: the authority that issues their certificates and the agent's with OpenSSL, and connections with them.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use p256::pkcs8::Document;
use sealkeeper_domain::{act::Statement, identity::Digest};
use tokio::{io::AsyncBufReadExt as _, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
        version::TLS13,
    },
};
use tonic::transport::Endpoint;
use tower::service_fn;

use crate::{No, OfficeHome, Rpc, office::own_uid, repository, token::succeed};

/// Who issues certificates for TLS, in a folder of their own, as docs/remote.md tells.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The agent's own.
    Agent,
    /// A person's.
    Person,
}

impl Authority {
    /// A new one in this new folder, with an empty revocation list.
    pub fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let authority = Self { folder };
        authority.openssl("req -x509 -extensions authority -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout ca.key -out ca.pem -days 30 -subj /CN=CA -config");
        fs::write(authority.path("revoked.txt"), "").unwrap();
        fs::write(authority.path("crlnumber"), "01\n").unwrap();
        authority.renew_list();
        authority
    }

    /// A file in its folder: `ca.pem`, `crl.pem`, `NAME.pem`, `NAME.key`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A new key `NAME.key` and its certificate `NAME.pem`, good for so many days; -1: it expired yesterday.
    pub fn issue(&self, name: &str, purpose: Purpose, days: i32) {
        let section = match purpose {
            Purpose::Agent => "agent",
            Purpose::Person => "person",
        };
        self.openssl(&format!("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout {name}.key -out {name}.csr -subj /CN={name} -config"));
        self.openssl(&format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days {days} -extensions {section} -out {name}.pem -extfile"));
    }

    /// Revokes the certificate `NAME.pem`: it stands in `crl.pem` from now on.
    pub fn revoke(&self, name: &str) {
        self.openssl(&format!("ca -cert ca.pem -keyfile ca.key -revoke {name}.pem -config"));
        self.renew_list();
    }

    /// The SHA-256 of the certificate `NAME.pem`, by which a person is known.
    pub fn fingerprint(&self, name: &str) -> Digest {
        let pem = fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap();
        Digest::of(Document::from_pem(&pem).unwrap().1.as_bytes())
    }

    fn renew_list(&self) {
        self.openssl("ca -cert ca.pem -keyfile ca.key -gencrl -out new.pem -config");
        // The agent must not find half of it.
        fs::rename(self.path("new.pem"), self.path("crl.pem")).unwrap();
    }

    fn openssl(&self, arguments: &str) {
        let config = repository().join("docs/tls.cnf");
        succeed(Command::new("openssl").current_dir(&self.folder).args(arguments.split(' ')).arg(config));
    }
}

/// The agent's port for callers from afar.
#[derive(Debug)]
pub struct Door {
    /// Who issued the agent's certificate and those of callers.
    pub authority: Authority,
    /// Of 127.0.0.1.
    pub port: u16,
}

impl Door {
    /// A connection with the certificate of this name, or with none.
    ///
    /// # Errors
    /// Why the agent does not take it.
    pub async fn enter(&self, name: Option<&str>) -> Result<Rpc, No> {
        self.enter_as(&self.authority, name).await
    }

    /// The same with a certificate of another authority.
    ///
    /// # Errors
    /// Why the agent does not take it.
    pub async fn enter_as(&self, authority: &Authority, name: Option<&str>) -> Result<Rpc, No> {
        let (port, config) = (self.port, self.config(authority, name));
        let mut first = Some(shake_hands(port, config.clone()).await.map_err(lost)?);
        let connector = service_fn(move |_| {
            let (first, config) = (first.take(), config.clone());
            async move {
                let stream = match first {
                    Some(stream) => stream,
                    None => shake_hands(port, config).await?,
                };
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        let endpoint =
            Endpoint::from_static("http://seal-agent.invalid").connect_timeout(Duration::from_secs(10));
        endpoint.connect_with_connector(connector).await.map(Rpc::over).map_err(lost)
    }

    /// The file of `seal --remote` for this person, whose certificate there is.
    pub fn file_of(&self, name: &str) -> PathBuf {
        let path = self.authority.path(&format!("{name}.toml"));
        let text = format!(
            "address = \"127.0.0.1:{}\"\nissuers = \"ca.pem\"\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n",
            self.port
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn config(&self, authority: &Authority, name: Option<&str>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority.path("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match name {
            None => config.with_no_client_auth(),
            Some(name) => {
                let chain = CertificateDer::from_pem_file(authority.path(&format!("{name}.pem"))).unwrap();
                let key = PrivateKeyDer::from_pem_file(authority.path(&format!("{name}.key"))).unwrap();
                config.with_client_auth_cert(vec![chain], key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }
}

fn lost(error: impl std::error::Error) -> No {
    No::Lost(error.to_string())
}

/// A connection on which the agent has spoken: only then it has taken the certificate.
async fn shake_hands(port: u16, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(config).connect(name, stream).await?;
    match stream.fill_buf().await?.is_empty() {
        true => Err(std::io::ErrorKind::UnexpectedEof.into()),
        false => Ok(stream),
    }
}

impl OfficeHome {
    /// Has the agent take callers from afar, from its next start on.
    pub fn open_door(&mut self) -> Door {
        let authority = Authority::new(self.home.scratch().join("tls"));
        authority.issue("agent", Purpose::Agent, 30);
        // It has to be the same at each start, so it is one that is free now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let path = |name: &str| format!("{:?}", authority.path(name));
        self.home.remote = format!(
            "listen = \"127.0.0.1:{port}\"\ncertificate = {}\nkey = {}\nclient_issuers = [{}]\nrevocation_lists = [{}]",
            path("agent.pem"),
            path("agent.key"),
            path("ca.pem"),
            path("crl.pem"),
        );
        Door { authority, port }
    }

    /// This person gets a certificate, and is registered with it as they were from the start.
    pub async fn certify(&self, rpc: &Rpc, door: &Door, id: &str) {
        door.authority.issue(id, Purpose::Person, 30);
        self.bind(rpc, id, vec![door.authority.fingerprint(id)]).await;
    }

    /// Registers this person anew with these certificates.
    pub async fn bind(&self, rpc: &Rpc, id: &str, certificates: Vec<Digest>) {
        let entry = self.entry(id, (id == "keeper").then(own_uid));
        let entry = sealkeeper_domain::act::statement::PersonEntry { certificates, ..entry };
        self.says(rpc, "office", Statement::PersonRegister(entry)).await;
    }
}

/// A path below the authority's folder that a test replaces as an administrator would: at once.
pub fn replace(from: &Path, to: &Path) {
    let aside = to.with_extension("new");
    fs::copy(from, &aside).unwrap();
    fs::rename(aside, to).unwrap();
}
