//! The daemon's manners: one at a time, private, ended in good order, never started on what it does not understand.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixDatagram,
    },
    path::Path,
    process::Command,
    time::Duration,
};

use sealkeeper_journal::{RecordBody, StopCause};
use sealkeeper_proto::v1;
use sealkeeper_tests::{
    AgentHome, Daemon, Journal, No, Rpc, binary, documents, eventually, header, run, sha256,
};
use uuid::Uuid;

#[test]
fn a_second_agent_on_the_same_home_is_refused() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        assert_eq!(daemon.ready_line(), format!("seal-agent ready on {}", home.socket().display()));
        let other = home.scratch().join("run/other.sock");
        let exited = Daemon::refuses_to_start(&home, &["--socket", other.to_str().unwrap()]);
        assert_eq!(exited.code, Some(3), "{exited:?}");
        assert!(exited.stderr.contains("another seal-agent runs on"), "{exited:?}");
        assert!(!other.exists());
        // The first one has not noticed anything.
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.seen(&home.token).await;
        assert_eq!(rpc.journal().await.types(), ["agent_started", "policy_loaded", "token_inserted"]);
    });
}

#[test]
fn a_killed_agents_socket_gives_way_and_a_living_ones_does_not() {
    run(async {
        let home = AgentHome::new();
        home.start().kill();
        assert!(home.socket().exists(), "nobody removed it");
        let daemon = home.start();
        Rpc::connect(&home.socket()).await.unlock(&home.token, 1).await;

        let other = AgentHome::new();
        let exited = Daemon::refuses_to_start(&other, &["--socket", home.socket().to_str().unwrap()]);
        assert_eq!(exited.code, Some(3), "{exited:?}");
        assert!(exited.stderr.contains("another agent serves there"), "{exited:?}");
        Rpc::connect(&home.socket()).await.token(&home.token).await;
        daemon.stop();
        assert!(!home.socket().exists(), "removed by who made it");

        // A file that is no socket is left alone, and so is a directory others may enter.
        fs::write(home.socket(), b"mine").unwrap();
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("is no socket"), "{exited:?}");
        assert_eq!(fs::read(home.socket()).unwrap(), b"mine");
        fs::remove_file(home.socket()).unwrap();
        fs::set_permissions(home.socket().parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("chmod 700"), "{exited:?}");
    });
}

#[test]
fn told_to_stop_under_load_it_ends_what_it_began() {
    run(async {
        let home = AgentHome::new();
        let mut daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1000).await;
        let document = documents::contract();
        let asked = v1::SubmitHeader { copies: 40, ..header(&document) };
        let (request_id, prepared) = rpc.prepare(&document, asked).await.unwrap();
        let mut uses = Vec::new();
        for _ in 0..40 {
            let (rpc, request_id) = (rpc.clone(), request_id.clone());
            let (use_id, confirmed) = (Uuid::new_v4(), prepared.prepared_sha256.clone());
            uses.push((
                use_id,
                tokio::spawn(async move { rpc.stamp(&request_id, use_id, &confirmed).await }),
            ));
        }
        let watch = Rpc::connect(&home.socket()).await;
        eventually("the first use", async || (watch.journal().await.count("complete") > 0).then_some(()))
            .await;
        daemon.terminate();
        let mut told = Vec::new();
        for (use_id, call) in uses {
            match call.await.unwrap() {
                Ok(receipt) => told.push((use_id, receipt)),
                Err(no) => {
                    let by_the_end = matches!(&no, No::Lost(_)) || no.reasons() == ["agent-stopping"];
                    assert!(by_the_end, "{no:?}");
                }
            }
        }
        assert!(daemon.wait().success(), "{}", daemon.log());
        assert!(!home.socket().exists());

        let journal = Journal::on_disk(&home.path());
        let report = journal.assert_sound();
        assert_eq!(report.open, [0; 0], "no use is left without its outcome");
        assert_eq!(
            journal.count("intent"),
            journal.count("complete"),
            "none was abandoned: {:?}",
            journal.types()
        );
        let last = &journal.records().last().unwrap().body;
        assert!(matches!(last, RecordBody::AgentStopped(stopped) if stopped.cause == StopCause::Request));
        assert!(!told.is_empty());

        // What was told is there, to the byte.
        let _daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        for (use_id, receipt) in told {
            let (again, appended) = rpc.fetch(use_id).await.unwrap();
            assert_eq!(again, receipt);
            assert_eq!(sha256(&[&document[..], &appended].concat()), receipt.output_sha256);
        }
    });
}

#[test]
fn told_to_stop_it_ends_uploads_that_stand_still() {
    run(async {
        let mut home = AgentHome::new();
        home.limits = "upload_idle_seconds = 3600".into();
        let mut daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let document = documents::page("still");
        let mut upload = rpc.begin(header(&document)).await.unwrap();
        upload.wanted().await;
        upload.send(&document[..10]).await;
        rpc.seen(&home.token).await;
        daemon.terminate();
        // Told, not cut off: a client knows that it is to send it again later.
        assert_eq!(upload.event().await.unwrap_err().reasons(), ["agent-stopping"]);
        assert!(daemon.wait().success(), "{}", daemon.log());
        let types = Journal::on_disk(&home.path()).types();
        let expected = ["agent_started", "policy_loaded", "token_inserted", "agent_stopped"];
        assert_eq!(types, expected, "nobody was refused");
    });
}

#[test]
fn the_service_manager_hears_when_it_serves_and_when_it_stops() {
    run(async {
        let home = AgentHome::new();
        fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
        let path = home.scratch().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let heard = || {
            let mut message = [0; 64];
            let length = manager.recv(&mut message).unwrap();
            String::from_utf8(message[..length].to_vec()).unwrap()
        };
        let daemon = Daemon::start(&home, &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
        assert_eq!(heard(), "READY=1");
        // True the moment it is told: nobody has to try twice.
        Rpc::connect(&home.socket()).await.token(&home.token).await;
        daemon.stop();
        assert_eq!(heard(), "STOPPING=1");
        manager.set_nonblocking(true).unwrap();
        assert!(manager.recv(&mut [0; 64]).is_err(), "nothing else is told");

        // Whoever does not get to serve is never ready.
        let daemon = home.start();
        let second = Command::new(binary("seal-agent"))
            .args(["run", "--home"])
            .arg(home.path())
            .env("NOTIFY_SOCKET", &path)
            .output()
            .unwrap();
        assert_eq!(second.status.code(), Some(3));
        assert!(manager.recv(&mut [0; 64]).is_err());
        daemon.stop();
    });
}

#[test]
fn a_log_for_programs_is_one_object_a_line() {
    run(async {
        let objects = |text: &str| -> Vec<serde_json::Value> {
            text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
        };
        let home = AgentHome::new();
        fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
        let json = ["--log-format", "json"];
        let daemon = Daemon::start_with(&home, &[("SEAL_AGENT_LOG", "debug")], &json);
        Rpc::connect(&home.socket()).await.token(&home.token).await;
        daemon.stop();
        let told = objects(&fs::read_to_string(home.log()).unwrap());
        let ready = told.iter().find(|event| event["message"] == "ready").expect("it is told");
        assert_eq!(
            (&ready["level"], &ready["socket"]),
            (&"INFO".into(), &home.socket().to_str().unwrap().into())
        );
        assert!(told.iter().any(|event| event["level"] == "WARN"), "SOLO");

        // A start that fails says so in the same way, whatever the log leaves out otherwise.
        fs::write(home.path().join("agent.toml"), "version = 2\n").unwrap();
        let exited = Daemon::refuses_to_start(&home, &json);
        let [only] = &objects(&exited.stderr)[..] else { panic!("{exited:?}") };
        assert_eq!((exited.code, &only["level"]), (Some(3), &"ERROR".into()));
        assert!(only["message"].as_str().unwrap().contains("version"), "{only}");
    });
}

#[test]
fn what_it_does_not_understand_keeps_it_from_starting() {
    run(async {
        let home = AgentHome::new();
        fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
        let (policy, agent) = (home.path().join("policy.toml"), home.path().join("agent.toml"));
        let refused_with = |path: &Path, from: &str, to: &str| {
            let before = fs::read_to_string(path).unwrap();
            assert!(before.contains(from), "{before}");
            fs::write(path, before.replacen(from, to, 1)).unwrap();
            let exited = Daemon::refuses_to_start(&home, &[]);
            fs::write(path, before).unwrap();
            assert_eq!(exited.code, Some(3), "{exited:?}");
            exited.stderr
        };
        let said = refused_with(&policy, "tickets = 0", "tickets = 2");
        assert!(said.contains("classes.ordinary.tickets: must be 0 in a solo journal"), "{said}");
        let said = refused_with(&policy, "lifetime_hours", "lifetime_days");
        assert!(said.contains("policy.toml") && said.contains("lifetime_days"), "{said}");
        assert!(Journal::on_disk(&home.path()).types().is_empty(), "nothing was begun");
        home.start().stop();
        let records = Journal::on_disk(&home.path()).types().len();
        let said = refused_with(&agent, "[limits]", "[limits]\ndocument_gib = 1");
        assert!(said.contains("agent.toml") && said.contains("document_gib"), "{said}");
        let said = refused_with(&agent, "version = 1", "version = 2");
        assert!(said.contains("version"), "{said}");
        let said = refused_with(&agent, "id=%01;type=private", "id=%01;type=private?pin-value=1234");
        assert!(said.contains("seals[0].key"), "{said}");
        assert!(!said.contains("1234"), "a PIN that strayed into a URI is not repeated: {said}");
        let said = refused_with(&agent, "id=%02;type=private", "id=%01;type=private");
        assert!(said.contains("seals[1].key") && said.contains("A4"), "{said}");
        assert_eq!(Journal::on_disk(&home.path()).types().len(), records, "nothing was begun");
    });
}

#[test]
fn a_missing_or_foreign_journal_is_not_made_anew() {
    run(async {
        let home = AgentHome::new();
        let journal = home.path().join("journal.db");
        home.start().stop();
        let kept = home.scratch().join("kept.db");
        fs::rename(&journal, &kept).unwrap();
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert_eq!(exited.code, Some(3), "{exited:?}");
        assert!(exited.stderr.contains("there is no journal"), "{exited:?}");
        assert!(!journal.exists(), "a journal that vanished must be noticed");

        rusqlite_with(&journal, "CREATE TABLE records (seq)");
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("not a Sealkeeper journal"), "{exited:?}");
        fs::copy(&kept, &journal).unwrap();
        rusqlite_with(&journal, "PRAGMA user_version = 99");
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("schema 99"), "{exited:?}");
        // One record taken out of the middle: the tree has a gap.
        fs::copy(&kept, &journal).unwrap();
        let theft = "DROP TRIGGER records_are_never_deleted; PRAGMA foreign_keys = OFF; DELETE FROM records WHERE seq = 1";
        rusqlite_with(&journal, theft);
        let exited = Daemon::refuses_to_start(&home, &[]);
        assert!(exited.stderr.contains("gaps or wrong hashes"), "{exited:?}");
        // And with the very file it goes on where it ended.
        fs::copy(&kept, &journal).unwrap();
        let _daemon = home.start();
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        // Whether the token was seen before it stopped is a matter of moments.
        let types: Vec<_> = journal.types().into_iter().filter(|name| *name != "token_inserted").collect();
        assert_eq!(types[..4], ["agent_started", "policy_loaded", "agent_stopped", "agent_started"]);
        journal.assert_sound();
    });
}

fn rusqlite_with(path: &Path, statements: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(statements).unwrap();
    connection.close().unwrap();
}

#[test]
fn nobody_else_sees_its_files_or_its_memory() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        rpc.unlock(&home.token, 1).await;
        let document = documents::page("private");
        rpc.stamped(&document, header(&document)).await;

        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&home.socket()), 0o600);
        assert_eq!(mode(home.socket().parent().unwrap()), 0o700);
        let mut folders = vec![home.path()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            assert_eq!(mode(&folder), 0o700, "{}", folder.display());
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
                    files += 1;
                }
            }
        }
        assert!(files >= 5, "configuration, policy, journal and its WAL, document");

        let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
        // A process that is not dumpable belongs to root in /proc, whoever runs it (proc(5)): no debugger of its user attaches.
        assert_eq!(fs::metadata(format!("/proc/{}/environ", daemon.id())).unwrap().uid(), 0);
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
        assert!(status.contains("CoreDumping:\t0"));
    });
}

/// Needs root, to become somebody else; whoever is not root cannot, and neither could the stranger.
#[test]
fn a_stranger_is_kept_out_by_the_directory_and_by_the_agent() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    run(async {
        let home = AgentHome::new();
        let _daemon = home.start();
        let seal = home.scratch().join("seal");
        fs::copy(binary("seal"), &seal).unwrap();
        fs::set_permissions(&seal, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(home.scratch(), fs::Permissions::from_mode(0o755)).unwrap();
        let as_stranger = || {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&seal).arg("--socket");
            let output = command.arg(home.socket()).args(["--lang", "en", "log"]).output().unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let (code, said) = as_stranger();
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("Permission denied"), "{said}");

        // Should somebody open the directory by mistake, the kernel still tells who calls.
        fs::set_permissions(home.socket().parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(home.socket(), fs::Permissions::from_mode(0o666)).unwrap();
        let (code, said) = as_stranger();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("[person-unknown"), "{said}");
        let journal = Rpc::connect(&home.socket()).await.journal().await;
        let [refused] = journal.refusals()[..] else { panic!("{:?}", journal.types()) };
        assert_eq!((refused.stage.as_str(), refused.person.is_none()), ("identify", true));
        let from = journal.entries.iter().find(|entry| entry.record.body.type_name() == "refused").unwrap();
        assert!(from.disclosed().contains(&("from.uid".to_owned(), "65534".to_owned())));
    });
}
