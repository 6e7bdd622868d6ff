//! The agent behind mutual TLS, and certificates for both ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, UnixStream};
use tokio::sync::broadcast;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::bench::Bench;

/// Who issues certificates, in a folder of their own.
pub(crate) struct Authority {
    folder: PathBuf,
}

/// What a certificate is for, by the sections of docs/tls.cnf.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Agent,
    Person,
}

impl Authority {
    pub(crate) fn new(bench: &Bench, name: &str) -> Self {
        let folder = bench.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        let authority = Self { folder };
        authority.openssl("req -x509 -extensions authority -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout ca.key -out ca.pem -days 30 -subj /CN=CA");
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `NAME.key` and `NAME.pem`, good for so many days; -1: it expired yesterday.
    pub(crate) fn issue(&self, name: &str, purpose: Purpose, days: i32) {
        self.openssl(&format!("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        self.certify(name, purpose, days);
    }

    /// `NAME.pem` for the request in `NAME.csr`.
    pub(crate) fn certify(&self, name: &str, purpose: Purpose, days: i32) {
        let section = match purpose {
            Purpose::Agent => "agent",
            Purpose::Person => "person",
        };
        let config = config();
        self.run(&format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days {days} -extensions {section} -out {name}.pem -extfile"), &config);
    }

    /// `openssl` in the folder, with the configuration of docs/tls.cnf.
    pub(crate) fn openssl(&self, arguments: &str) {
        self.run(&format!("{arguments} -config"), &config());
    }

    fn run(&self, arguments: &str, last: &Path) {
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder).args(arguments.split(' ')).arg(last);
        let output = command.env("AGENT_NAMES", "DNS:localhost, IP:127.0.0.1").output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tls.cnf")
}

/// A port of the agent's machine that takes mutual TLS 1.3 to the agent's socket.
pub(crate) struct Port {
    pub(crate) number: u16,
    configuration: Arc<Mutex<Arc<ServerConfig>>>,
    cut: broadcast::Sender<()>,
    handshakes: Arc<Mutex<Vec<bool>>>,
}

impl Port {
    /// With the certificate `server` of `own`, for clients of `clients`.
    pub(crate) async fn open(bench: &Bench, own: &Authority, server: &str, clients: &Authority) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = Self {
            number: listener.local_addr().unwrap().port(),
            configuration: Arc::new(Mutex::new(configuration(own, server, clients))),
            cut: broadcast::channel(1).0,
            handshakes: Arc::default(),
        };
        let (socket, cut) = (bench.agent.socket.clone(), port.cut.clone());
        let (configuration, handshakes) = (port.configuration.clone(), port.handshakes.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = TlsAcceptor::from(configuration.lock().unwrap().clone());
                let (socket, handshakes, mut cut) = (socket.clone(), handshakes.clone(), cut.subscribe());
                tokio::spawn(async move {
                    let accepted = acceptor.accept(stream).await;
                    handshakes.lock().unwrap().push(accepted.is_ok());
                    let Ok(mut outside) = accepted else { return };
                    let mut inside = UnixStream::connect(socket).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut outside, &mut inside) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        port
    }

    /// Takes only clients of another authority from now on, and hangs up.
    pub(crate) fn turn_to(&self, own: &Authority, server: &str, clients: &Authority) {
        *self.configuration.lock().unwrap() = configuration(own, server, clients);
        self.cut.send(()).unwrap();
    }

    /// Whether a handshake came to its end, for each connection, once there were so many.
    pub(crate) async fn handshakes(&self, count: usize) -> Vec<bool> {
        for _ in 0..500 {
            if self.handshakes.lock().unwrap().len() >= count {
                break;
            }
            // The client knows of the end before the server does.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.handshakes.lock().unwrap().clone()
    }

    /// Breaks every connection.
    pub(crate) fn hang_up(&self) {
        self.cut.send(()).unwrap();
    }
}

fn configuration(own: &Authority, server: &str, clients: &Authority) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(clients.path("ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let chain = vec![CertificateDer::from_pem_file(own.path(&format!("{server}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(own.path(&format!("{server}.key"))).unwrap();
    let mut configuration = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    configuration.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(configuration)
}
