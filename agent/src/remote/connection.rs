//! A connection from afar, whose certificate was verified. It ends when that does, or when the agent hangs up.

use std::{
    io::{self, ErrorKind},
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sealkeeper_domain::identity::Digest;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::{files::end_of, places::Place};
use crate::{
    pipeline::identify::Origin,
    socket::{HangUp, HungUp, Peer, PeerIdentity},
};

/// A connection from afar.
pub(crate) struct RemoteConnection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    hung_up: HungUp,
    _place: Place,
}

/// How often a certificate's end is looked for, at least: this clock goes on while the machine sleeps, that of a timer does not.
const LOOK: Duration = Duration::from_secs(30);

impl RemoteConnection {
    /// A handshake that is over; `None` where it came to no certificate, or to one whose end cannot be read.
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        address: IpAddr,
        place: Place,
        (by_these_files, by_the_agent): (HungUp, &HangUp),
    ) -> Option<Self> {
        let certificate = stream.get_ref().1.peer_certificates()?.first()?;
        let until_s = end_of(certificate).ok()?;
        let certificate = Digest::of(certificate);
        let by_the_agent = by_the_agent.listen();
        let hung_up = HungUp::when(async move {
            tokio::select! {
                () = by_these_files => {}
                () = by_the_agent => {}
                () = end(until_s) => tracing::info!(%certificate, "the certificate of a caller from afar has expired"),
            }
        });
        let origin = Origin::Remote { address: address.to_canonical(), certificate };
        Some(RemoteConnection { stream, peer: Peer { origin: Some(origin) }, hung_up, _place: place })
    }
}

/// Returns once it is that late, s since the Unix epoch.
async fn end(until_s: u64) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        match Duration::from_secs(until_s).checked_sub(now) {
            None | Some(Duration::ZERO) => return,
            Some(left) => tokio::time::sleep(left.min(LOOK)).await,
        }
    }
}

impl PeerIdentity for RemoteConnection {
    fn peer(&self) -> Peer {
        self.peer
    }
}

impl AsyncRead for RemoteConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hung_up.poll(cx) {
            // The end of the stream.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for RemoteConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // An answer on its way to a certificate that was revoked does not get there.
        if self.hung_up.poll(cx) {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
