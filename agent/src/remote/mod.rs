//! The remote endpoint (U6, U10): TCP with mutual TLS 1.3, off unless agent.toml has `[remote]`. The local twin is [`crate::socket`].
//!
//! Who has no certificate of a named issuer, or one that expired or was revoked, gets no further than the handshake: not a byte of theirs reaches
//! HTTP/2. Who they are, the pipeline asks of the people that are registered, at each call. Plain TCP is not offered.
//!
//! The authority of requests is not touched here as on the socket: over TLS there is a host to name, and what h2 does not take is refused. The
//! server's limits, on a header list (16 KiB) and on streams among others, are the same for both.

mod connection;
mod files;
mod list_age;
mod places;
mod reload;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::{Stream, wrappers::ReceiverStream};

use self::places::{Place, Places};
pub(crate) use self::{
    connection::RemoteConnection,
    files::{TlsFiles, TlsFilesError},
    reload::{TlsDesk, TlsState},
};
use crate::socket::{BREATH, HangUp};

/// `[remote]` of agent.toml, resolved.
#[derive(Clone, Debug)]
pub(crate) struct RemoteConfig {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Certificate, key, issuers and lists.
    pub(crate) files: TlsFiles,
    /// Connections at once, those whose handshake is not over among them.
    pub(crate) connections: u32,
    /// The same of one address; of IPv6, of one network of 64 bits.
    pub(crate) connections_per_address: u32,
    /// Longest time of a handshake.
    pub(crate) handshake: Duration,
}

/// Why the endpoint was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The files of `[remote]`.
    #[error("agent.toml: [remote]: {0}")]
    Files(#[from] TlsFilesError),
    /// The address.
    #[error("agent.toml: remote.listen: {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens for callers from afar.
pub(crate) struct RemoteEndpoint {
    listener: TcpListener,
    address: SocketAddr,
    tls: Arc<TlsDesk>,
    places: Places,
    handshake: Duration,
}

/// Connections that wait for the server to take them.
const AHEAD: usize = 16;

impl RemoteEndpoint {
    /// Reads the files and opens the address.
    pub(crate) async fn bind(config: RemoteConfig) -> Result<Self, RemoteError> {
        let RemoteConfig { listen, files, connections, connections_per_address, handshake } = config;
        let tls = Arc::new(TlsDesk::open(files)?);
        let refused = |source| RemoteError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let places = Places::new(connections, connections_per_address);
        Ok(RemoteEndpoint { listener, address, tls, places, handshake })
    }

    /// Where it listens, with the port the system chose where none was named.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is in force for those who come.
    pub(crate) fn tls(&self) -> Arc<TlsDesk> {
        self.tls.clone()
    }

    /// The connections whose handshake is over, as they come. Each of them ends when `hang_up` is used. Nobody is let in any more once the
    /// stream is dropped.
    pub(crate) fn connections(
        self,
        hang_up: &HangUp,
    ) -> impl Stream<Item = RemoteConnection> + Send + 'static {
        let (to, connections) = mpsc::channel(AHEAD);
        tokio::spawn(self.accept(hang_up.clone(), to));
        ReceiverStream::new(connections)
    }

    async fn accept(self, hang_up: HangUp, to: mpsc::Sender<RemoteConnection>) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = to.closed() => return,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                // While file descriptors are short, accept(2) fails at once, over and over.
                Err(error) => {
                    tracing::warn!(%error, "a connection from afar cannot be taken");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            let Some(place) = self.places.take(address.ip()) else {
                tracing::info!(%address, "a connection from afar was closed: there are too many");
                continue;
            };
            let (tls, hang_up, to) = (self.tls.clone(), hang_up.clone(), to.clone());
            let longest = self.handshake;
            // Not one after the other: who is slow, or says nothing at all, keeps nobody else waiting.
            tokio::spawn(async move {
                let shaking = timeout(longest, shake_hands(stream, address, place, &tls, &hang_up));
                let connection = tokio::select! {
                    shaken = shaking => match shaken {
                        Ok(Ok(connection)) => connection,
                        Ok(Err(error)) => return tracing::info!(%address, %error, "nobody was let in from afar"),
                        Err(_) => return tracing::info!(%address, "a handshake took too long"),
                    },
                    () = to.closed() => return,
                };
                // Nobody takes it any more only while the agent stops.
                let _ = to.send(connection).await;
            });
        }
    }
}

/// The handshake with what is in force as it begins. Should that be replaced meanwhile, its connections are hung up on, this one among them.
async fn shake_hands(
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    tls: &TlsDesk,
    hang_up: &HangUp,
) -> io::Result<RemoteConnection> {
    stream.set_nodelay(true)?;
    let tls = tls.now();
    let hung_up = tls.hang_up.listen();
    let stream = TlsAcceptor::from(tls.config.clone()).accept(stream).await?;
    RemoteConnection::new(stream, address.ip(), place, (hung_up, hang_up))
        .ok_or_else(|| io::Error::other("its certificate cannot be read"))
}
