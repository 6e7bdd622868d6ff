//! An agent on another machine: whom the client speaks to, as whom, and what it says where either is not as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use sealkeeper_client::{Agent, ClientError, ClientKey, RemoteFile};
use sealkeeper_domain::reason::Reason;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::agent::{SERIAL, Watched};
use crate::bench::{Bench, codes, local};
use crate::commands::object;
use crate::office_commands::{KEY, zhang};
use crate::tls::{Authority, Port, Purpose};

/// An agent behind TLS, and Wang with a certificate of the authority that issued the agent's too.
struct Afar {
    bench: Bench,
    authority: Authority,
    port: Port,
}

impl Afar {
    async fn new() -> Self {
        let bench = Bench::new();
        let authority = Authority::new(&bench, "tls");
        authority.issue("agent", Purpose::Agent, 20);
        authority.issue("wang", Purpose::Person, 300);
        let port = Port::open(&bench, &authority, "agent", &authority).await;
        Self { bench, authority, port }
    }

    /// The file for Wang, with these lines in the place of others.
    fn file(&self, lines: &[(&str, &str)]) -> PathBuf {
        let address = format!("localhost:{}", self.port.number);
        let usual = [
            ("address", address.as_str()),
            ("issuers", "ca.pem"),
            ("certificate", "wang.pem"),
            ("key", "wang.key"),
        ];
        let others = usual.iter().filter(|(name, _)| !lines.iter().any(|(other, _)| other == name));
        let text: String =
            others.chain(lines).map(|(name, value)| format!("{name} = \"{value}\"\n")).collect();
        let path = self.authority.path("wang.toml");
        fs::write(&path, text).unwrap();
        path
    }

    async fn connect(&self, lines: &[(&str, &str)]) -> Result<Agent, ClientError> {
        let file = RemoteFile::read(&self.file(lines))?;
        let ClientKey::Plain(key) = file.key()? else { panic!("the key is not encrypted") };
        Agent::connect_remote(&file.agent(key)?).await
    }

    async fn refusal(&self, lines: &[(&str, &str)]) -> Reason {
        local(&self.connect(lines).await.unwrap_err())
    }

    /// `seal` from afar, where nothing says that there is a socket.
    async fn seal(&self, arguments: &[&str], stdin: &[u8]) -> (i32, String, String) {
        let mut command = self.bench.command(&["--remote", "tls/wang.toml"]);
        command.env_remove("SEALKEEPER_SOCKET").args(arguments);
        self.bench.run(command, stdin).await
    }
}

#[tokio::test]
async fn a_document_is_stamped_from_afar() {
    let afar = Afar::new().await;
    let agent = afar.connect(&[]).await.unwrap();
    let bench = &afar.bench;
    let shown = agent.server_certificate().unwrap().to_vec();
    assert_eq!(sealkeeper_client::certificate::read(&afar.authority.path("agent.pem")).unwrap(), shown);
    agent.stamp(&bench.document(), &bench.order(), &bench.target()).await.unwrap();
    let whole = [bench.bytes.as_slice(), crate::agent::APPENDED].concat();
    assert!(fs::read(bench.target()).unwrap() == whole);
}

#[tokio::test]
async fn a_connection_that_broke_is_made_anew_with_the_same_proof() {
    let afar = Afar::new().await;
    let agent = afar.connect(&[]).await.unwrap();
    agent.tokens().await.unwrap();
    afar.port.hang_up();
    // The first call may still go into the broken connection.
    let _ = agent.tokens().await;
    assert_eq!(agent.tokens().await.unwrap()[0].serial, SERIAL);
    assert_eq!(afar.port.handshakes(2).await, [true, true]);
}

#[tokio::test]
async fn a_certificate_that_is_no_longer_taken_is_told_in_the_middle_too() {
    let afar = Afar::new().await;
    let other = Authority::new(&afar.bench, "other");
    let agent = afar.connect(&[]).await.unwrap();
    agent.tokens().await.unwrap();
    afar.port.turn_to(&afar.authority, "agent", &other);
    let mut error = agent.tokens().await.unwrap_err();
    if error.is_lost() {
        error = agent.tokens().await.unwrap_err();
    }
    assert_eq!(codes(&error), ["client-certificate-refused"]);
    assert!(!error.is_lost(), "asking again changes nothing");
}

#[tokio::test]
async fn whoever_is_not_the_agent_meant_gets_nothing() {
    let afar = Afar::new().await;
    let other = Authority::new(&afar.bench, "other");
    fs::copy(other.path("ca.pem"), afar.authority.path("other.pem")).unwrap();
    assert_eq!(afar.refusal(&[("issuers", "other.pem")]).await, Reason::AgentForeign);
    assert_eq!(afar.refusal(&[("server_name", "seals.example")]).await, Reason::AgentForeign);
    // Its certificate is the agent's in all but the purpose, or the time.
    afar.port.turn_to(&afar.authority, "wang", &afar.authority);
    assert_eq!(afar.refusal(&[]).await, Reason::AgentForeign);
    afar.authority.issue("expired", Purpose::Agent, -1);
    afar.port.turn_to(&afar.authority, "expired", &afar.authority);
    assert_eq!(afar.refusal(&[]).await, Reason::AgentForeign);
    assert_eq!(afar.port.handshakes(4).await, [false; 4]);
}

#[tokio::test]
async fn what_speaks_no_tls_is_not_the_agent() {
    let afar = Afar::new().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 1];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Gone without a word the second time.
        drop(listener.accept().await.unwrap());
        hello[0]
    });
    assert_eq!(afar.refusal(&[("address", &address)]).await, Reason::AgentForeign);
    assert_eq!(afar.refusal(&[("address", &address)]).await, Reason::AgentUnreachable);
    assert_eq!(server.await.unwrap(), 22, "a handshake record (RFC 8446 §5.1)");
    assert_eq!(afar.refusal(&[("address", &address)]).await, Reason::AgentUnreachable, "nobody listens");
    assert_eq!(afar.refusal(&[("address", "absent.invalid:7443")]).await, Reason::AgentUnreachable);
}

#[tokio::test]
async fn a_certificate_that_the_agent_does_not_take_is_told() {
    let afar = Afar::new().await;
    let other = Authority::new(&afar.bench, "other");
    other.issue("mallory", Purpose::Person, 30);
    for name in ["mallory.pem", "mallory.key"] {
        fs::copy(other.path(name), afar.authority.path(name)).unwrap();
    }
    afar.authority.issue("expired", Purpose::Person, -1);
    afar.authority.issue("server", Purpose::Agent, 30);
    for name in ["mallory", "expired", "server"] {
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        let refused = afar.refusal(&[("certificate", &certificate), ("key", &key)]).await;
        assert_eq!(refused, Reason::ClientCertificateRefused, "{name}");
    }
    let (code, stdout, _) = afar.seal(&["--json", "token", "list"], b"").await;
    assert_eq!((code, &object(&stdout)["reasons"][0]["code"]), (3, &json!("client-certificate-refused")));
}

#[tokio::test]
async fn commands_work_from_afar_as_they_do_here() {
    let afar = Afar::new().await;
    afar.file(&[]);
    let here = afar.bench.seal(&["token", "list"], b"").await;
    assert_eq!(here.0, 0, "{here:?}");
    assert_eq!(afar.seal(&["token", "list"], b"").await, here);
    // The environment names it as well; an option goes before it, and two places are none.
    let mut command = afar.bench.command(&["token", "list"]);
    command.env("SEALKEEPER_REMOTE", "tls/wang.toml").env_remove("SEALKEEPER_SOCKET");
    assert_eq!(afar.bench.run(command, b"").await, here);
    let mut command = afar.bench.command(&["token", "list", "--json"]);
    command.env("SEALKEEPER_REMOTE", "tls/wang.toml");
    let (code, stdout, _) = afar.bench.run(command, b"").await;
    assert_eq!((code, &object(&stdout)["reasons"][0]["code"]), (2, &json!("bad-argument")));
    let (code, _, stderr) = afar.seal(&["token", "list", "--socket", "agent.sock"], b"").await;
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: --socket cannot be used with --remote [bad-argument]"), "{stderr}");
    assert_eq!(afar.port.handshakes(2).await.len(), 2);
}

#[tokio::test]
async fn an_encrypted_key_is_asked_for_once_for_one_command() {
    let afar = Afar::new().await;
    zhang(&afar.bench).await;
    // `seal key new` makes a key that TLS takes too.
    let (code, _, stderr) =
        afar.bench.seal(&["key", "new", "tls/li.key", "--passphrase-fd", "0"], b"correct horse\n").await;
    assert_eq!(code, 0, "{stderr}");
    fs::write(afar.authority.path("words"), "correct horse").unwrap();
    afar.authority.openssl("req -new -key li.key -passin file:words -subj /CN=li -out li.csr");
    afar.authority.certify("li", Purpose::Person, 30);
    afar.file(&[("certificate", "li.pem"), ("key", "li.key")]);
    let leave = ["people", "leave", "li", "--reason", "离职", "--remote-passphrase-fd", "0"];
    let leave = [&leave[..], &KEY].concat();
    let (code, stdout, stderr) = afar.seal(&leave, b"correct horse\n").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("filed: "), "{stdout}");
    assert_eq!(afar.port.handshakes(1).await, [true]);

    let (code, _, stderr) = afar.seal(&leave, b"wrong horse 1\n").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[passphrase-wrong]"), "{stderr}");
    let (code, _, stderr) = afar.seal(&["token", "list"], b"").await;
    assert_eq!(code, 2);
    assert!(
        stderr.contains("[passphrase-unreadable]") && stderr.contains("--remote-passphrase-fd"),
        "{stderr}"
    );
    let from_file = ["token", "list", "--remote-passphrase-file", "tls/words"];
    assert_eq!(afar.seal(&from_file, b"").await.0, 0);
    assert_eq!(afar.port.handshakes(2).await, [true, true]);
}

#[tokio::test]
async fn a_watch_goes_on_from_afar() {
    let afar = Afar::new().await;
    afar.bench.agent.state().watched = vec![Watched::End];
    afar.file(&[]);
    let (_, _, stderr) = afar.seal(&["token", "watch"], b"").await;
    assert!(!stderr.contains("agent-unreachable"), "{stderr}");
    assert_eq!(afar.port.handshakes(1).await, [true]);
}

#[tokio::test]
async fn what_the_file_says_is_checked_before_anything_is_sent() {
    let afar = Afar::new().await;
    let permissions = |name: &str, mode| {
        fs::set_permissions(afar.authority.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for lines in [
        [("adress", "localhost:7443")],
        [("address", "localhost")],
        [("address", "localhost:0")],
        [("address", "localhost:70000")],
        [("address", "::1:7443")],
        [("server_name", "not a name")],
        [("key", "a\" key")],
    ] {
        assert_eq!(afar.refusal(&lines).await, Reason::RemoteFileBad, "{lines:?}");
    }
    assert_eq!(afar.refusal(&[("issuers", "absent.pem")]).await, Reason::InputUnreadable);
    assert_eq!(afar.refusal(&[("issuers", "ca.key")]).await, Reason::CertificateUnreadable);
    assert_eq!(afar.refusal(&[("certificate", "wang.csr")]).await, Reason::CertificateUnreadable);
    assert_eq!(afar.refusal(&[("key", "ca.pem")]).await, Reason::KeyFileDamaged);
    assert_eq!(afar.refusal(&[("key", "agent.key")]).await, Reason::ClientKeyMismatch);
    for (name, mode, reason) in [
        ("wang.key", 0o640, Reason::KeyFilePermissions),
        ("wang.toml", 0o664, Reason::RemoteFilePermissions),
        ("ca.pem", 0o646, Reason::RemoteFilePermissions),
    ] {
        afar.file(&[]);
        permissions(name, mode);
        assert_eq!(afar.refusal(&[]).await, reason, "{name}");
        permissions(name, 0o600);
    }
    assert!(afar.port.handshakes(0).await.is_empty());
    afar.connect(&[]).await.unwrap();
}

#[tokio::test]
async fn a_diagnosis_from_afar_tells_how_long_both_certificates_are_good() {
    let afar = Afar::new().await;
    afar.file(&[]);
    let (code, stdout, stderr) = afar.seal(&["doctor"], b"").await;
    assert_eq!((code, stderr.as_str()), (1, ""), "the agent's certificate ends within 30 days: {stdout}");
    let address = format!("localhost:{}", afar.port.number);
    // A day may have begun to run meanwhile.
    let stdout = stdout.replace("in 19 days", "in 20 days").replace("in 299 days", "in 300 days");
    let expected = format!(
        "ok       agent        seal-agent 0.1.0 answers on {address}\n\
         warning  remote       the agent's TLS certificate ends in 20 days [certificate-expires-soon]\n\
         \x20        hint: ask the seal office for a new one\n\
         ok       remote       one's own client certificate ends in 300 days\n\
         1 of 3 checks need attention\n"
    );
    assert_eq!(stdout, expected);
    afar.authority.certify("wang", Purpose::Person, -1);
    let (code, stdout, _) = afar.seal(&["doctor", "--lang", "zh"], b"").await;
    assert_eq!(code, 3);
    assert!(stdout.contains("[client-certificate-refused]\n"), "{stdout}");
    assert!(
        stdout.contains("障碍     远程         自己的客户端证书已过期 [certificate-expired]\n"),
        "{stdout}"
    );
}
