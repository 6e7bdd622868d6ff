//! `[remote]`, resolved. Its files are read when the endpoint is opened, and again whenever they change.

use std::{fmt::Display, net::SocketAddr, path::Path, time::Duration};

use super::{ConfigError, raw::RawRemote, value};
use crate::remote::{RemoteConfig, TlsFiles};

/// Paths count from the home.
pub(super) fn resolved(home: &Path, own_uid: u32, raw: RawRemote) -> Result<RemoteConfig, ConfigError> {
    let wrong = |key: &str, message: &dyn Display| Err(value(format!("remote.{key}"), message));
    let Ok(listen) = raw.listen.parse::<SocketAddr>() else {
        return wrong("listen", &"an IP address and a port, as in \"0.0.0.0:7443\" or \"[::]:7443\"");
    };
    if raw.client_issuers.is_empty() {
        return wrong("client_issuers", &"at least one; else nobody could be let in");
    }
    for (key, given, most) in [
        ("connections", u64::from(raw.connections), 1024),
        ("connections_per_address", u64::from(raw.connections_per_address), 1024),
        ("handshake_seconds", raw.handshake_seconds, 60),
    ] {
        if !(1..=most).contains(&given) {
            return wrong(key, &format_args!("from 1 to {most}"));
        }
    }
    let all = |paths: Vec<std::path::PathBuf>| paths.into_iter().map(|path| home.join(path)).collect();
    Ok(RemoteConfig {
        listen,
        files: TlsFiles {
            certificate: home.join(raw.certificate),
            key: home.join(raw.key),
            client_issuers: all(raw.client_issuers),
            revocation_lists: all(raw.revocation_lists),
            own_uid,
        },
        connections: raw.connections,
        connections_per_address: raw.connections_per_address,
        handshake: Duration::from_secs(raw.handshake_seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOTE: &str = r#"
listen = "127.0.0.1:7443"
certificate = "server.pem"
key = "/etc/server.key"
client_issuers = ["ca.pem"]
"#;

    fn read(text: &str) -> Result<RemoteConfig, String> {
        let raw = toml::from_str::<RawRemote>(text).map_err(|error| error.to_string())?;
        resolved(Path::new("/home/agent"), 7, raw).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_count_from_the_home_and_limits_have_defaults() {
        let config = read(REMOTE).unwrap();
        assert_eq!(config.files.certificate, Path::new("/home/agent/server.pem"));
        assert_eq!(config.files.key, Path::new("/etc/server.key"));
        assert!(config.files.revocation_lists.is_empty());
        assert_eq!((config.connections, config.connections_per_address), (128, 16));
        assert_eq!(config.handshake, Duration::from_secs(10));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        for (given, wanted, told) in [
            ("127.0.0.1:7443", "example.com:7443", "remote.listen"),
            (r#"["ca.pem"]"#, "[]", "remote.client_issuers"),
            ("listen", "lisen", "lisen"),
        ] {
            let error = read(&REMOTE.replace(given, wanted)).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        for line in ["connections = 0", "connections_per_address = 1025", "handshake_seconds = 61"] {
            let error = read(&format!("{REMOTE}{line}")).unwrap_err();
            assert!(error.starts_with(&format!("remote.{}", line.split(' ').next().unwrap())), "{error}");
        }
    }
}
