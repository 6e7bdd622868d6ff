//! The local endpoint: a Unix socket with mode 0600 in a directory with mode 0700, and the peer's uid as the kernel tells it.
//!
//! What is Unix-only stands behind [`LocalEndpoint`] and [`PeerIdentity`], so that named pipes can follow.

mod authority;
mod hang_up;
mod header_block;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use sealkeeper_proto::socket::LONGEST_PATH;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream},
};
use tokio_stream::{Stream, StreamExt, wrappers::UnixListenerStream};
use tonic::transport::server::Connected;

use self::authority::AuthorityFilter;
pub(crate) use self::hang_up::{HangUp, HungUp};
use crate::{pipeline::identify::Origin, spool::private_directory};

/// Who is at the other end, as the operating system or the handshake tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// From where they call and as whom; `None` if nobody told, and then nobody.
    pub(crate) origin: Option<Origin>,
}

/// A connection that knows who is at the other end.
pub(crate) trait PeerIdentity {
    /// Asked once, when the connection is taken.
    fn peer(&self) -> Peer;
}

/// A place where local callers connect.
pub(crate) trait LocalEndpoint: Sized {
    /// A connection with its peer.
    type Connection: PeerIdentity
        + Connected<ConnectInfo = Peer>
        + AsyncRead
        + AsyncWrite
        + Send
        + Unpin
        + 'static;
    /// Opens it; only this user can reach it.
    fn bind(path: &Path) -> Result<Self, EndpointError>;
    /// The connections as they come. Each of them ends when `hang_up` is used.
    fn connections(
        self,
        hang_up: &HangUp,
    ) -> impl Stream<Item = io::Result<Self::Connection>> + Send + 'static;
}

/// Why the endpoint was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EndpointError {
    /// Longer than the system's socket addresses.
    #[error(
        "{0}: this path has {len} bytes, and a socket's path has at most {LONGEST_PATH}; choose a shorter one with --socket, or as \
         `socket` in agent.toml",
        len = .0.as_os_str().len()
    )]
    TooLong(PathBuf),
    /// Another agent answers there.
    #[error("{0}: another agent serves there; stop it first, or choose another socket with --socket")]
    InUse(PathBuf),
    /// Something that is no socket lies there.
    #[error("{0}: is there and is no socket; remove it or choose another path")]
    NotASocket(PathBuf),
    /// Others may enter the directory.
    #[error("{0}: must belong to this user and have mode 0700 (chmod 700)")]
    OpenDirectory(PathBuf),
    /// The system said no.
    #[error("{path}: {source}")]
    System {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// A Unix socket.
pub(crate) struct UnixEndpoint {
    listener: UnixListener,
    file: SocketFile,
}

/// The file of a socket that we made.
#[derive(Clone, Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let facts = fs::symlink_metadata(path)?;
        Ok(SocketFile { path: path.to_owned(), identity: (facts.dev(), facts.ino()) })
    }

    /// Removes it, unless somebody has put another one in its place.
    pub(crate) fn remove(self) {
        if Self::at(&self.path).is_ok_and(|found| found.identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A connection on a Unix socket.
pub(crate) struct UnixConnection {
    stream: UnixStream,
    peer: Peer,
    authority: AuthorityFilter,
    hung_up: HungUp,
}

impl UnixEndpoint {
    /// Its file, to be removed at the end.
    pub(crate) fn file(&self) -> SocketFile {
        self.file.clone()
    }
}

impl LocalEndpoint for UnixEndpoint {
    type Connection = UnixConnection;

    fn bind(path: &Path) -> Result<Self, EndpointError> {
        let system = |source| EndpointError::System { path: path.to_owned(), source };
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(EndpointError::TooLong(path.to_owned()));
        }
        let directory = path.parent().unwrap_or(Path::new("/"));
        private_directory(directory).map_err(system)?;
        let facts = fs::metadata(directory).map_err(system)?;
        if facts.uid() != rustix::process::geteuid().as_raw() || facts.mode() & 0o077 != 0 {
            return Err(EndpointError::OpenDirectory(directory.to_owned()));
        }
        remove_stale(path)?;
        // Between bind and chmod the directory's mode and the umask keep others out.
        let listener = UnixListener::bind(path).map_err(system)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(system)?;
        let file = SocketFile::at(path).map_err(system)?;
        Ok(UnixEndpoint { listener, file })
    }

    fn connections(
        self,
        hang_up: &HangUp,
    ) -> impl Stream<Item = io::Result<UnixConnection>> + Send + 'static {
        let hung_up = hang_up.clone();
        let accepted = unhurried(UnixListenerStream::new(self.listener));
        accepted.map(move |accepted| {
            accepted.map(|stream| {
                let origin = stream.peer_cred().ok().map(|peer| Origin::Local { uid: peer.uid() });
                let (authority, hung_up) = (AuthorityFilter::new(), hung_up.listen());
                UnixConnection { stream, peer: Peer { origin }, authority, hung_up }
            })
        })
    }
}

/// Pause after a connection that could not be taken.
pub(crate) const BREATH: Duration = Duration::from_millis(100);

/// Pauses after each error: while file descriptors are short (EMFILE), accept(2) fails at once, over and over.
fn unhurried<T: Send + 'static>(
    accepted: impl Stream<Item = io::Result<T>> + Send + 'static,
) -> impl Stream<Item = io::Result<T>> + Send + 'static {
    accepted.then(|accepted| async {
        if let Err(error) = &accepted {
            tracing::warn!(%error, "a connection cannot be taken");
            tokio::time::sleep(BREATH).await;
        }
        accepted
    })
}

/// Removes a socket nobody answers on: what a killed agent leaves behind.
fn remove_stale(path: &Path) -> Result<(), EndpointError> {
    use std::os::unix::fs::FileTypeExt;
    let system = |source| EndpointError::System { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(system(error)),
        Ok(facts) if !facts.file_type().is_socket() => {
            return Err(EndpointError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(EndpointError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(system),
        Err(error) => Err(system(error)),
    }
}

impl PeerIdentity for UnixConnection {
    fn peer(&self) -> Peer {
        self.peer
    }
}

impl Connected for UnixConnection {
    type ConnectInfo = Peer;
    fn connect_info(&self) -> Peer {
        self.peer()
    }
}

impl AsyncRead for UnixConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hung_up.poll(cx) {
            // The end of the stream.
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Some(new) = buf.filled_mut().get_mut(before..) {
            self.authority.pass(new);
        }
        read
    }
}

impl AsyncWrite for UnixConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stale_sockets_give_way_and_living_ones_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/agent.sock");
        let first = UnixEndpoint::bind(&path).unwrap();
        assert!(matches!(UnixEndpoint::bind(&path), Err(EndpointError::InUse(_))));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        drop(first);
        assert!(path.exists(), "a socket outlives its listener");
        let second = UnixEndpoint::bind(&path).unwrap();
        drop(second);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"x").unwrap();
        assert!(matches!(UnixEndpoint::bind(&path), Err(EndpointError::NotASocket(_))));
    }

    #[tokio::test]
    async fn a_socket_that_another_agent_made_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/agent.sock");
        let first = UnixEndpoint::bind(&path).unwrap();
        let ours = first.file();
        // Both exist at once, so that the inode is not used again.
        fs::rename(&path, dir.path().join("a/aside")).unwrap();
        let second = UnixEndpoint::bind(&path).unwrap();
        ours.remove();
        assert!(path.exists());
        second.file().remove();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn errors_of_accept_do_not_spin() {
        let errors = (0..3).map(|_| Err::<(), _>(io::Error::from_raw_os_error(24)));
        let begun = std::time::Instant::now();
        let all = unhurried(tokio_stream::iter(errors.collect::<Vec<_>>())).collect::<Vec<_>>().await;
        assert_eq!(all.len(), 3);
        assert!(begun.elapsed() >= 3 * BREATH);
    }

    #[tokio::test]
    async fn a_connection_ends_when_the_agent_hangs_up() {
        use tokio::io::AsyncReadExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/agent.sock");
        let hang_up = HangUp::default();
        let mut connections = Box::pin(UnixEndpoint::bind(&path).unwrap().connections(&hang_up));
        let _client = UnixStream::connect(&path).await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        let reading = tokio::spawn(async move { connection.read(&mut [0; 8]).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!reading.is_finished());
        hang_up.now();
        let read = tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap().unwrap();
        assert_eq!(read.unwrap(), 0, "a read that waits hears of it");
    }

    #[tokio::test]
    async fn a_directory_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let bound = UnixEndpoint::bind(&dir.path().join("agent.sock"));
        assert!(matches!(bound, Err(EndpointError::OpenDirectory(_))));
    }

    #[tokio::test]
    async fn a_path_too_long_is_told_with_its_length_and_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a");
        let of_length = |length: usize| {
            let name = length - folder.as_os_str().len() - 1;
            folder.join("x".repeat(name))
        };
        let error = UnixEndpoint::bind(&of_length(108)).err().unwrap();
        assert!(matches!(error, EndpointError::TooLong(_)), "{error}");
        let said = error.to_string();
        for part in ["has 108 bytes", "at most 107", "--socket", "agent.toml"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!folder.exists(), "nothing is made for it");
        // The limit itself is the system's.
        let longest = of_length(107);
        let _endpoint = UnixEndpoint::bind(&longest).unwrap();
        UnixStream::connect(&longest).await.unwrap();
    }
}
