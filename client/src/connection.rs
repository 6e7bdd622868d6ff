//! The connection to the agent's socket.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};
use tower::service_fn;

use crate::error::ClientError;
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
#[derive(Debug, Clone)]
pub struct Agent {
    channel: Channel,
}

impl Agent {
    /// Connects to the agent at `socket`. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Reason::AgentUnreachable`] where nobody answers, [`Reason::AgentForeign`] where somebody else does,
    /// [`Reason::SocketPathTooLong`] where the system has no address for the path.
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        // The first connection is made here, where its error still has its type.
        let first = Arc::new(Mutex::new(Some(open(socket).await?)));
        let socket = socket.to_owned();
        let connector = service_fn(move |_| {
            let prepared = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let socket = socket.clone();
            async move {
                let stream = match prepared {
                    Some(stream) => stream,
                    None => open(&socket).await.map_err(io::Error::other)?,
                };
                Ok::<_, io::Error>(TokioIo::new(stream))
            }
        });
        // The address is never resolved: the connector decides.
        let endpoint =
            Endpoint::from_static("http://seal-agent.invalid").connect_timeout(Duration::from_secs(10));
        let channel = endpoint
            .connect_with_connector(connector)
            .await
            .map_err(|error| ClientError::local(Reason::AgentUnreachable, error))?;
        Ok(Self { channel })
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
