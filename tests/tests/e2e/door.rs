//! Who is let in from afar, and who stays in: handshakes, and the files of `[remote]` as they change under a running agent.

use std::{fs, time::Duration};

use sealkeeper_tests::{
    Authority, Daemon, Door, No, OfficeHome, Purpose, Rpc, Seal, afar::replace, eventually, run,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// An office whose `clerk` and `first` come from afar, and its agent.
async fn open(home: &mut OfficeHome) -> Door {
    let door = home.open_door();
    let (daemon, rpc) = home.start().await;
    home.found(&rpc).await;
    for person in ["clerk", "first"] {
        home.certify(&rpc, &door, person).await;
    }
    daemon.stop();
    door
}

async fn is_in(rpc: &Rpc) -> bool {
    rpc.show_office().await.is_ok()
}

/// What comes back for these bytes on the bare port, until it is closed.
async fn answer(door: &Door, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", door.port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await.unwrap();
    answer
}

fn is_lost(entered: Result<Rpc, No>) -> bool {
    matches!(entered, Err(No::Lost(_)))
}

#[test]
fn only_a_good_certificate_of_a_named_authority_is_let_in() {
    run(async {
        let mut home = OfficeHome::new();
        let door = open(&mut home).await;
        let (_daemon, here) = home.start().await;
        assert!(is_in(&door.enter(Some("clerk")).await.unwrap()).await);
        assert!(is_lost(door.enter(None).await), "no certificate");
        let other = Authority::new(home.home.scratch().join("other"));
        other.issue("clerk", Purpose::Person, 30);
        assert!(is_lost(door.enter_as(&other, Some("clerk")).await), "of another authority");
        door.authority.issue("late", Purpose::Person, -1);
        assert!(is_lost(door.enter(Some("late")).await), "expired");
        assert!(is_lost(door.enter(Some("agent")).await), "one that is for servers");

        // What is no TLS gets an alert (RFC 8446 §6) at most, and never a frame of HTTP/2.
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        for bytes in [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], preface, &[0; 64]] {
            let answer = answer(&door, bytes).await;
            assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
        }
        assert!(is_in(&door.enter(Some("clerk")).await.unwrap()).await);
        assert!(is_in(&here).await);
        here.journal().await.assert_sound();
    });
}

/// SIGHUP, and waits until this holds.
async fn reload(daemon: &Daemon<'_>, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    daemon.reload();
    eventually(what, async || holds().await.then_some(())).await;
}

#[test]
fn a_revoked_certificate_ends_at_once_and_does_not_come_back() {
    run(async {
        let mut home = OfficeHome::new();
        let door = open(&mut home).await;
        let (daemon, here) = home.start().await;
        let clerk = door.enter(Some("clerk")).await.unwrap();
        let first = door.enter(Some("first")).await.unwrap();
        assert!(is_in(&clerk).await && is_in(&first).await);
        door.authority.revoke("clerk");
        reload(&daemon, "the end of the connection", async || !is_in(&clerk).await).await;
        assert!(is_lost(door.enter(Some("clerk")).await), "revoked");
        assert!(!is_in(&clerk).await);
        eventually("the others, who come back", async || is_in(&first).await.then_some(())).await;
        assert!(is_in(&here).await, "nobody here was hung up on");
    });
}

#[test]
fn a_list_that_cannot_be_read_leaves_the_last_good_one_in_force() {
    run(async {
        let mut home = OfficeHome::new();
        let door = open(&mut home).await;
        door.authority.issue("second", Purpose::Person, 30);
        door.authority.revoke("first");
        let (daemon, _here) = home.start().await;
        let list = door.authority.path("crl.pem");
        let good = door.authority.path("good.pem");
        fs::copy(&list, &good).unwrap();
        let clerk = door.enter(Some("clerk")).await.unwrap();
        assert!(is_in(&clerk).await);
        fs::write(&list, "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").unwrap();
        let told = async || Seal::new(&home.home).run(&["doctor"]).out.contains("[remote-files-bad]");
        reload(&daemon, "the diagnosis", told).await;
        assert!(is_in(&clerk).await, "whoever is in stays in");
        assert!(is_in(&door.enter(Some("clerk")).await.unwrap()).await);
        assert!(is_lost(door.enter(Some("first")).await), "revoked as before");
        replace(&good, &list);
        reload(&daemon, "the end of the complaint", async || !told().await).await;
        assert!(is_lost(door.enter(Some("first")).await));
        daemon.stop();

        // With nothing good to fall back on, it does not start.
        fs::write(&list, "nothing").unwrap();
        let exited = Daemon::refuses_to_start(&home.home, &[]);
        assert!(exited.stderr.contains("[remote]"), "{exited:?}");
    });
}

#[test]
fn the_agents_certificate_is_renewed_while_it_runs() {
    run(async {
        let mut home = OfficeHome::new();
        let door = open(&mut home).await;
        let (daemon, _here) = home.start().await;
        let clerk = door.enter(Some("clerk")).await.unwrap();
        assert!(is_in(&clerk).await);
        let (certificate, key) = (door.authority.path("agent.pem"), door.authority.path("agent.key"));
        door.authority.issue("next", Purpose::Agent, 20);
        // A key that is another certificate's is no pair; what was is shown on.
        replace(&door.authority.path("next.key"), &key);
        let told = async || Seal::new(&home.home).run(&["doctor"]).out.contains("[remote-files-bad]");
        reload(&daemon, "the diagnosis", told).await;
        assert!(is_in(&door.enter(Some("clerk")).await.unwrap()).await);
        replace(&door.authority.path("next.pem"), &certificate);
        let seal = Seal::new(&home.home).from_afar(&door.file_of("clerk"));
        reload(&daemon, "the new certificate", async || {
            let said = seal.run(&["doctor"]).out;
            ["in 20 days", "in 19 days"].iter().any(|days| said.contains(days))
        })
        .await;
        assert!(is_in(&clerk).await, "a new certificate of the agent hangs up on nobody");
    });
}

#[test]
fn a_solo_journal_takes_nobody_from_afar() {
    run(async {
        let mut home = sealkeeper_tests::AgentHome::new();
        home.remote = "listen = \"127.0.0.1:0\"\ncertificate = \"a.pem\"\nkey = \"a.key\"\nclient_issuers = [\"ca.pem\"]".to_owned();
        fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("[remote] is not for a solo journal"), "{exited:?}");
    });
}
