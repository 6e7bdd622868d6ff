//! Who is let in, and who is not: before a byte of theirs reaches HTTP/2.

use std::{sync::Arc, time::Duration};

use rcgen::KeyPair;
use sealkeeper_domain::identity::Digest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::ClientConfig};
use tokio_stream::StreamExt;

use super::authority::{Authority, Folder, Leaf};
use crate::{
    pipeline::identify::Origin,
    remote::{RemoteConfig, RemoteConnection, RemoteEndpoint, TlsDesk},
    socket::{HangUp, PeerIdentity},
};

const SOON: Duration = Duration::from_secs(5);
const HANDSHAKE: Duration = Duration::from_millis(300);

/// An endpoint with these files, and its connections.
pub(super) struct Door {
    pub(super) folder: Folder,
    pub(super) tls: Arc<TlsDesk>,
    address: std::net::SocketAddr,
    connections: std::pin::Pin<Box<dyn tokio_stream::Stream<Item = RemoteConnection> + Send>>,
    hang_up: HangUp,
}

impl Door {
    pub(super) async fn of(folder: Folder) -> Self {
        let config = RemoteConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            files: folder.files.clone(),
            connections: 8,
            connections_per_address: 3,
            handshake: HANDSHAKE,
        };
        let endpoint = RemoteEndpoint::bind(config).await.unwrap();
        let (address, tls, hang_up) = (endpoint.address(), endpoint.tls(), HangUp::default());
        let connections = Box::pin(endpoint.connections(&hang_up));
        Door { folder, tls, address, connections, hang_up }
    }

    /// A client's side of the handshake. With TLS 1.3 it may be over for the client before the server has looked at its certificate.
    async fn call(&self, client: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(client)).connect("localhost".try_into().unwrap(), stream).await
    }

    async fn next(&mut self) -> Option<RemoteConnection> {
        timeout(SOON, self.connections.next()).await.ok().flatten()
    }

    /// Both ends of a connection that is let in.
    pub(super) async fn admit(&mut self, shown: &Leaf) -> (TlsStream<TcpStream>, RemoteConnection) {
        let client = self.call(self.folder.client(Some(shown))).await.unwrap();
        (client, self.next().await.expect("it is let in"))
    }

    /// What the client is told instead of being let in.
    pub(super) async fn refused(&mut self, shown: Option<&Leaf>) -> String {
        let told = match self.call(self.folder.client(shown)).await {
            Err(error) => error.to_string(),
            Ok(mut client) => {
                // As a client of HTTP/2 does at once.
                let _ = client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
                let read = timeout(SOON, client.read(&mut [0; 1])).await.unwrap();
                read.expect_err("nothing is answered").to_string()
            }
        };
        let connection = timeout(Duration::from_millis(50), self.connections.next()).await;
        assert!(connection.is_err(), "nothing comes to the server");
        told
    }
}

/// Whether the server's end has come to its end.
pub(super) async fn has_ended(connection: &mut RemoteConnection) -> bool {
    match timeout(Duration::from_millis(200), connection.read(&mut [0; 8])).await {
        Ok(read) => read.unwrap() == 0,
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_good_certificate_is_let_in_and_told_by_its_digest() {
    let mut door = Door::of(Folder::new()).await;
    let person = door.folder.ours.person(7);
    let (mut client, mut connection) = door.admit(&person).await;
    let Some(Origin::Remote { address, certificate }) = connection.peer().origin else { panic!("from afar") };
    assert_eq!(certificate, Digest::of(person.certificate.der()));
    assert!(address.is_loopback());
    assert_eq!(client.get_ref().1.alpn_protocol(), None, "none was asked for");
    client.write_all(b"ping").await.unwrap();
    let mut read = [0; 4];
    connection.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ping");
    let session = client.get_ref().1;
    assert_eq!(session.tls13_tickets_received(), 0, "no session is taken up again without its certificate");
}

#[tokio::test]
async fn who_has_no_good_certificate_gets_no_further_than_the_handshake() {
    let mut door = Door::of(Folder::with_list(&[13], 2090)).await;
    let (ours, other) = (&door.folder.ours, Authority::new("another"));
    let (good, revoked, expired) = (ours.person(12), ours.person(13), ours.expired(14));
    let (server, foreign) = (ours.server(15), other.person(12));
    // The same certificate, and not its key.
    let stolen = Leaf { certificate: good.certificate.clone(), key: KeyPair::generate().unwrap() };
    for (shown, told) in [
        (None, "CertificateRequired"),
        (Some(&foreign), "UnknownCA"),
        (Some(&expired), "CertificateExpired"),
        (Some(&revoked), "CertificateRevoked"),
        (Some(&server), "UnsupportedCertificate"),
        (Some(&stolen), "DecryptError"),
    ] {
        let alert = door.refused(shown).await;
        let plain: String = told.chars().filter(char::is_ascii_alphabetic).collect();
        assert!(alert.contains(&plain), "{told}: {alert}");
    }
    door.admit(&good).await;
}

#[tokio::test]
async fn where_lists_are_named_an_uncovered_certificate_and_an_expired_list_let_nobody_in() {
    let mut folder = Folder::new();
    let second = Authority::new("second");
    folder.put("second.pem", &second.certificate.pem());
    folder.files.client_issuers.push(folder.path().join("second.pem"));
    folder.put("crl.pem", &folder.ours.list(&[], 2090));
    folder.files.revocation_lists = vec![folder.path().join("crl.pem")];
    let mut door = Door::of(folder).await;
    door.refused(Some(&second.person(2))).await;
    let person = door.folder.ours.person(2);
    let (_client, mut standing) = door.admit(&person).await;
    // The list has expired meanwhile: nobody new, and nobody who is there is sent away for it.
    let mut late = Door::of(Folder::with_list(&[], 2021)).await;
    let newcomer = late.folder.ours.person(2);
    late.refused(Some(&newcomer)).await;
    assert!(!has_ended(&mut standing).await);
}

#[tokio::test]
async fn without_tls_nothing_is_answered() {
    let mut door = Door::of(Folder::new()).await;
    let mut plain = TcpStream::connect(door.address).await.unwrap();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(SOON, plain.read_to_end(&mut answer)).await.unwrap();
    // At most an alert of TLS (RFC 8446 §5.1).
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    let next = timeout(Duration::from_millis(50), door.connections.next()).await;
    assert!(next.is_err(), "nothing comes to the server");
}

#[tokio::test]
async fn who_says_nothing_holds_a_place_only_until_the_handshake_is_due() {
    let mut door = Door::of(Folder::new()).await;
    let person = door.folder.ours.person(3);
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(door.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(
        door.call(door.folder.client(Some(&person))).await.is_err(),
        "all places of this address are taken"
    );
    let began = std::time::Instant::now();
    let hung_up = timeout(SOON, silent[0].read(&mut [0; 1])).await.unwrap();
    assert_eq!(hung_up.unwrap_or(0), 0);
    assert!(began.elapsed() < 10 * HANDSHAKE);
    tokio::time::sleep(HANDSHAKE).await;
    door.admit(&person).await;
}

#[tokio::test]
async fn a_connection_ends_when_the_agent_hangs_up_even_in_the_middle_of_an_answer() {
    let mut door = Door::of(Folder::new()).await;
    let person = door.folder.ours.person(4);
    let (mut client, mut connection) = door.admit(&person).await;
    assert!(!has_ended(&mut connection).await);
    door.hang_up.now();
    assert!(has_ended(&mut connection).await);
    assert!(connection.write(b"more").await.is_err());
    drop(connection);
    let read = timeout(SOON, client.read(&mut [0; 1])).await.unwrap();
    assert!(read.is_err() || read.is_ok_and(|count| count == 0));
}

#[tokio::test]
async fn nobody_is_let_in_any_more_once_the_server_takes_no_connections() {
    let door = Door::of(Folder::new()).await;
    let Door { folder, address, connections, .. } = door;
    drop(connections);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
    drop(folder);
}
