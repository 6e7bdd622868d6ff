//! Where the agent is: at its socket on this machine, or afar.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use sealkeeper_client::{Agent, ClientKey, RemoteAgent, RemoteFile, socket_path};
use sealkeeper_domain::reason::{Language, Reason};

use crate::Session;
use crate::failure::Failure;
use crate::language::choose;
use crate::pin::{PassphraseAsked, PassphraseOptions};
use crate::usage;

/// The variable that names the file of `--remote`.
const VARIABLE: &str = "SEALKEEPER_REMOTE";

#[derive(Args)]
pub(crate) struct PlaceOptions {
    /// The agent's socket; else SEALKEEPER_SOCKET, else where the agent puts it by default
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Speak to an agent on another machine, as this file says; else SEALKEEPER_REMOTE
    ///
    /// The file is TOML: address = "host:port", issuers, certificate and key, and server_name where it is not the host.
    /// docs/remote.md tells how to make what it names.
    #[arg(long, global = true, value_name = "FILE")]
    remote: Option<PathBuf>,

    /// Read the passphrase of the key that the file of --remote names from this descriptor: its first line
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    remote_passphrase_fd: Option<u32>,

    /// Read the passphrase of the key that the file of --remote names from this file: its first line
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    remote_passphrase_file: Option<PathBuf>,
}

/// Where the agent is.
#[derive(Debug)]
pub(crate) enum Place {
    /// At this socket.
    Socket(PathBuf),
    /// Where this file says.
    Remote(PathBuf, PassphraseOptions),
}

impl PlaceOptions {
    /// The place meant. Options go before the environment; two places at once are none.
    pub(crate) fn place(self, language: Language) -> Result<Place, Failure> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        self.place_with(set(VARIABLE), set("SEALKEEPER_SOCKET").is_some(), language)
    }

    fn place_with(
        self,
        remote: Option<PathBuf>,
        has_socket: bool,
        language: Language,
    ) -> Result<Place, Failure> {
        let chosen = match (self.socket, self.remote) {
            (Some(_), Some(_)) => return Err(two_places("--socket", "--remote", language)),
            (None, None) if remote.is_some() && has_socket => {
                return Err(two_places("SEALKEEPER_SOCKET", VARIABLE, language));
            }
            (Some(socket), None) => return Ok(Place::Socket(socket)),
            (None, remote_given) => remote_given.or(remote),
        };
        match (chosen, self.remote_passphrase_fd, self.remote_passphrase_file) {
            (_, Some(_), Some(_)) => {
                Err(two_places("--remote-passphrase-fd", "--remote-passphrase-file", language))
            }
            (Some(file), descriptor, passphrase) => {
                Ok(Place::Remote(file, PassphraseOptions::read_from(descriptor, passphrase)))
            }
            (None, ..) => Ok(Place::Socket(socket_path(None))),
        }
    }
}

impl Place {
    pub(crate) async fn connect(&self, session: &Session) -> Result<Agent, Failure> {
        match self {
            Self::Socket(socket) => Ok(Agent::connect(socket).await?),
            Self::Remote(file, passphrase) => {
                let remote = remote_agent(session, file, passphrase).await?;
                Ok(Agent::connect_remote(&remote).await?)
            }
        }
    }
}

/// What the file says, with the key that it names. The passphrase is asked for once all else is known to be in order.
async fn remote_agent(
    session: &Session,
    file: &Path,
    passphrase: &PassphraseOptions,
) -> Result<RemoteAgent, Failure> {
    let file = RemoteFile::read(file)?;
    let key = match file.key()? {
        ClientKey::Plain(key) => key,
        ClientKey::Encrypted(key) => {
            file.certificate()?;
            let asked = PassphraseAsked { is_new: false, file: key.path() };
            let options = "--remote-passphrase-fd, --remote-passphrase-file";
            let source = passphrase.clone().source();
            let mut source = source.map_err(|reason: Reason| Failure::local(reason, options))?;
            let passphrase = source.passphrase(session, &asked).await?;
            key.decrypt_for_tls(&passphrase)?
        }
    };
    Ok(file.agent(key)?)
}

fn two_places(one: &str, other: &str, language: Language) -> Failure {
    let chinese = format!("{one} 不能与 {other} 同用");
    let english = format!("{one} cannot be used with {other}");
    Failure::Arguments {
        text: choose(language, &chinese, &english).to_owned(),
        hint: usage::hint(language).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(given: (Option<&str>, Option<&str>), around: (Option<&str>, bool)) -> String {
        let path = |text: Option<&str>| text.map(PathBuf::from);
        let options = PlaceOptions {
            socket: path(given.0),
            remote: path(given.1),
            remote_passphrase_fd: None,
            remote_passphrase_file: None,
        };
        match options.place_with(path(around.0), around.1, Language::English) {
            Ok(Place::Socket(socket)) if given.0.is_some() => format!("socket {}", socket.display()),
            Ok(Place::Socket(_)) => "socket".to_owned(),
            Ok(Place::Remote(file, _)) => format!("remote {}", file.display()),
            Err(Failure::Arguments { text, .. }) => text,
            Err(failure) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn options_go_before_the_environment_and_two_places_are_none() {
        assert_eq!(chosen((None, None), (None, false)), "socket");
        assert_eq!(chosen((None, None), (Some("env.toml"), false)), "remote env.toml");
        assert_eq!(chosen((None, Some("me.toml")), (Some("env.toml"), true)), "remote me.toml");
        assert_eq!(chosen((Some("a.sock"), None), (Some("env.toml"), true)), "socket a.sock");
        assert_eq!(
            chosen((None, None), (Some("env.toml"), true)),
            "SEALKEEPER_SOCKET cannot be used with SEALKEEPER_REMOTE"
        );
        let both = chosen((Some("a.sock"), Some("me.toml")), (None, false));
        assert_eq!(both, "--socket cannot be used with --remote");
    }
}
