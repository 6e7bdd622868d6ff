//! Tells the service manager how far the agent is (sd_notify(3)): ready to serve, or stopping.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

/// Where the service manager names its socket.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Longest wait for a service manager that takes no messages: a start or a stop does not hang on it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The service manager, if one wants to hear.
#[derive(Debug)]
pub(crate) struct Readiness {
    socket: Option<OsString>,
}

impl Readiness {
    /// Takes the service manager's socket out of the environment, so that nothing loaded or started later speaks in the agent's name.
    ///
    /// Nobody else may read or write the environment meanwhile: to be called before any thread is started.
    pub(crate) fn take() -> Self {
        let socket = env::var_os(VARIABLE);
        // SAFETY: no other thread has been started yet, so nobody reads the environment meanwhile.
        #[allow(unsafe_code)]
        unsafe {
            env::remove_var(VARIABLE);
        }
        Self::told_at(socket)
    }

    fn told_at(socket: Option<OsString>) -> Self {
        Readiness { socket: socket.filter(|socket| !socket.is_empty()) }
    }

    /// The socket is served.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The agent is on its way to its end.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Whoever cannot be told misses something; the agent serves all the same.
    fn tell(&self, state: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = send(socket, state) {
            tracing::warn!(%error, socket = %socket.display(), state, "the service manager cannot be told");
        }
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let datagram = UnixDatagram::unbound()?;
    datagram.set_write_timeout(Some(PATIENCE))?;
    datagram.send_to_addr(state.as_bytes(), &address(socket)?)?;
    Ok(())
}

/// sd_notify(3): an absolute path, or `@` and a name in the abstract namespace (unix(7)).
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(socket),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "NOTIFY_SOCKET is neither an absolute path nor an abstract name",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(manager: &UnixDatagram) -> String {
        manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut message = [0; 64];
        let length = manager.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_socket_with_a_path_hears_of_start_and_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let readiness = Readiness::told_at(Some(path.into()));
        readiness.ready();
        readiness.stopping();
        assert_eq!([heard(&manager), heard(&manager)], ["READY=1", "STOPPING=1"]);
    }

    #[test]
    fn so_does_one_in_the_abstract_namespace() {
        let name = format!("sealkeeper-readiness-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Readiness::told_at(Some(format!("@{name}").into())).ready();
        assert_eq!(heard(&manager), "READY=1");
    }

    #[test]
    fn what_cannot_be_told_does_not_stop_the_agent() {
        for socket in [None, Some(""), Some("/nowhere/notify"), Some("vsock:2:1234"), Some("relative")] {
            Readiness::told_at(socket.map(OsString::from)).ready();
        }
        let refused = |socket| send(OsStr::new(socket), "READY=1").unwrap_err().kind();
        assert_eq!(refused("/nowhere/notify"), io::ErrorKind::NotFound);
        assert_eq!(refused("relative"), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_service_manager_that_does_not_listen_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _manager = UnixDatagram::bind(&path).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.set_nonblocking(true).unwrap();
        while sender.send_to(b"full", &path).is_ok() {}
        let begun = std::time::Instant::now();
        let error = send(path.as_os_str(), "READY=1").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(begun.elapsed() < 5 * PATIENCE);
    }
}
