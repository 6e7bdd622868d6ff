//! The connection to the agent: to its socket, or from another machine.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use sealkeeper_proto::v1::{
    diagnosis_service_client::DiagnosisServiceClient, journal_service_client::JournalServiceClient,
    office_service_client::OfficeServiceClient, request_service_client::RequestServiceClient,
    seal_service_client::SealServiceClient, token_service_client::TokenServiceClient,
    use_service_client::UseServiceClient,
};
use sealkeeper_proto::{
    MAX_MESSAGE,
    socket::{LONGEST_PATH, default_socket},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};
use tower::service_fn;

use crate::error::ClientError;
use crate::remote::{self, RemoteAgent};
use sealkeeper_domain::reason::Reason;

/// Where the agent's socket is: as given, else `SEALKEEPER_SOCKET`, else where the agent puts it by default
/// ([`default_socket`]).
pub fn socket_path(given: Option<&Path>) -> PathBuf {
    if let Some(path) = given {
        return path.to_owned();
    }
    if let Some(path) = env::var_os("SEALKEEPER_SOCKET").filter(|path| !path.is_empty()) {
        return path.into();
    }
    let uid = rustix::process::geteuid().as_raw();
    let run_user_exists = Path::new(&format!("/run/user/{uid}")).is_dir();
    default_socket(env::var_os("XDG_RUNTIME_DIR").as_deref().map(OsStr::new), run_user_exists, uid)
}

/// A running agent.
///
/// Its socket must be served by this process's own effective user or by root; anybody else could put a socket where
/// the agent's is expected and wait for a PIN. This is checked on every connection before a byte is sent.
/// Where the connection breaks, the next call makes a new one.
///
/// From afar the same holds of whoever shows a certificate of the issuers that the person named; see [`RemoteAgent`].
#[derive(Debug, Clone)]
pub struct Agent {
    channel: Channel,
    /// DER of the certificate that a remote agent showed at first.
    server_certificate: Option<Arc<[u8]>>,
}

impl Agent {
    /// Connects to the agent at `socket`. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Reason::AgentUnreachable`] where nobody answers, [`Reason::AgentForeign`] where somebody else does,
    /// [`Reason::SocketPathTooLong`] where the system has no address for the path.
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        let first = open(socket).await?;
        let socket = socket.to_owned();
        let again = move || {
            let socket = socket.clone();
            async move { open(&socket).await }
        };
        Ok(Self { channel: channel(endpoint(), first, again).await?, server_certificate: None })
    }

    /// Connects to an agent on another machine. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Reason::AgentUnreachable`] where nobody answers, [`Reason::AgentForeign`] where whoever answers has no certificate of the
    /// issuers and the name meant, [`Reason::ClientCertificateRefused`] where the agent does not take this side's.
    pub async fn connect_remote(remote: &RemoteAgent) -> Result<Self, ClientError> {
        let first = remote.open().await?;
        let server_certificate = remote::certificate_of(&first).map(Arc::from);
        let remote = remote.clone();
        let again = move || {
            let remote = remote.clone();
            async move { remote.open().await }
        };
        // A watch sends nothing by itself for hours: without asking, a dead line would look like a quiet one.
        let endpoint = endpoint()
            .connect_timeout(remote::PATIENCE)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20))
            .keep_alive_while_idle(true);
        Ok(Self { channel: channel(endpoint, first, again).await?, server_certificate })
    }

    /// DER of the certificate that the agent on another machine showed when first connected to; None of one on this machine.
    pub fn server_certificate(&self) -> Option<&[u8]> {
        self.server_certificate.as_deref()
    }

    pub(crate) fn uses(&self) -> UseServiceClient<Channel> {
        UseServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn token_service(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn seal_service(&self) -> SealServiceClient<Channel> {
        SealServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn journal_service(&self) -> JournalServiceClient<Channel> {
        JournalServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn office_service(&self) -> OfficeServiceClient<Channel> {
        OfficeServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn request_service(&self) -> RequestServiceClient<Channel> {
        RequestServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn diagnosis_service(&self) -> DiagnosisServiceClient<Channel> {
        DiagnosisServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_MESSAGE)
    }
}

/// What a call was answered with.
pub(crate) fn answered<T>(answer: Result<Response<T>, Status>) -> Result<T, ClientError> {
    answer.map(Response::into_inner).map_err(|status| ClientError::from_status(&status))
}

/// The address is never resolved: the connector decides.
fn endpoint() -> Endpoint {
    Endpoint::from_static("http://seal-agent.invalid").connect_timeout(Duration::from_secs(10))
}

/// A channel over this stream, and over a new one wherever it breaks. The first is opened by the caller, where its error still has its
/// type.
async fn channel<S, Opening>(
    endpoint: Endpoint,
    first: S,
    again: impl Fn() -> Opening + Send + 'static,
) -> Result<Channel, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Opening: Future<Output = Result<S, ClientError>> + Send + 'static,
{
    let mut first = Some(first);
    let connector = service_fn(move |_| {
        let stream = first.take().ok_or_else(&again);
        async move {
            let stream = match stream {
                Ok(stream) => stream,
                Err(opening) => opening.await.map_err(io::Error::other)?,
            };
            Ok::<_, io::Error>(TokioIo::new(stream))
        }
    });
    let connected = endpoint.connect_with_connector(connector).await;
    connected.map_err(|error| ClientError::local(Reason::AgentUnreachable, error))
}

async fn open(socket: &Path) -> Result<UnixStream, ClientError> {
    let length = socket.as_os_str().len();
    if length > LONGEST_PATH {
        let detail = format_args!("{length} bytes, at most {LONGEST_PATH}");
        return Err(ClientError::at_path(Reason::SocketPathTooLong, socket, &detail));
    }
    let unreachable = |error: io::Error| ClientError::at_path(Reason::AgentUnreachable, socket, &error);
    let stream = UnixStream::connect(socket).await.map_err(unreachable)?;
    let server = stream.peer_cred().map_err(unreachable)?.uid();
    let own = rustix::process::geteuid().as_raw();
    if is_trusted(server, own) {
        Ok(stream)
    } else {
        let detail = format!("{}: uid {server}, not {own}", socket.display());
        Err(ClientError::local(Reason::AgentForeign, detail))
    }
}

/// Root can read this process's memory anyway.
fn is_trusted(server: u32, own: u32) -> bool {
    server == own || server == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ourselves_and_root_are_trusted() {
        assert!(is_trusted(1000, 1000));
        assert!(is_trusted(0, 1000));
        assert!(!is_trusted(1001, 1000));
        assert!(!is_trusted(1000, 0));
    }

    #[test]
    fn a_given_path_is_taken_as_it_is() {
        assert_eq!(socket_path(Some(Path::new("here.sock"))), Path::new("here.sock"));
    }

    #[tokio::test]
    async fn a_path_too_long_is_told_as_such() {
        // Only from the length on at which the system has no address for it.
        for (length, expected) in [(107, Reason::AgentUnreachable), (108, Reason::SocketPathTooLong)] {
            let path = format!("/nowhere/{}", "x".repeat(length - "/nowhere/".len()));
            let error = Agent::connect(Path::new(&path)).await.unwrap_err();
            let ClientError::Local { reason, detail } = error else { panic!("{error}") };
            assert_eq!(reason, expected, "{detail}");
            assert_eq!(detail.contains("108 bytes, at most 107"), length == 108, "{detail}");
        }
    }

    #[tokio::test]
    async fn nobody_there() {
        let folder = tempfile::tempdir().unwrap();
        let error = Agent::connect(&folder.path().join("agent.sock")).await.unwrap_err();
        assert!(matches!(error, ClientError::Local { reason: Reason::AgentUnreachable, .. }), "{error}");
    }
}
