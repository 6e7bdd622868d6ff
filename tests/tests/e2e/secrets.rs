//! The PIN is nowhere: not in the loudest log, not in a file, not in what the system shows of the process.

use std::{fs, path::Path};

use sealkeeper_tests::{
    AgentHome, Daemon, Rpc, Seal, documents, header, run,
    secrets::{files_below, holds, shown_of},
};

fn assert_clean(folder: &Path, pin: &str) -> usize {
    let files = files_below(folder);
    for path in &files {
        assert!(!holds(&fs::read(path).unwrap(), pin), "the PIN is in {}", path.display());
    }
    files.len()
}

#[test]
fn the_pin_is_nowhere_to_be_found() {
    run(async {
        let home = AgentHome::new();
        fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
        let daemon = Daemon::start(&home, &[("SEAL_AGENT_LOG", "trace")]);
        let (pin, wrong) = (home.token.pin(), "e2e-PIN-wr0ng#77");
        let rpc = Rpc::connect(&home.socket()).await;

        // Right and wrong, over gRPC and by the command line, in a seal's whole day.
        rpc.try_unlock(&home.token, wrong, 1, 0).await.unwrap_err();
        rpc.unlock(&home.token, 2).await;
        let document = documents::page("secret");
        rpc.stamped(&document, header(&document)).await;
        rpc.lock(&home.token).await;
        let seal = Seal::new(&home);
        let unlocked = seal.run_with(&format!("{pin}\n"), &["token", "unlock", "--pin-fd", "0"]);
        assert_eq!(unlocked.code, 0, "{unlocked:?}");
        let refused = seal.run_with(wrong, &["token", "unlock", "--pin-fd", "0"]);
        assert_eq!(refused.code, 3, "{refused:?}");
        for said in [unlocked, refused] {
            assert!(!holds(said.out.as_bytes(), pin) && !holds(said.err.as_bytes(), pin));
            assert!(!holds(said.out.as_bytes(), wrong) && !holds(said.err.as_bytes(), wrong));
        }

        for (what, shown) in shown_of(daemon.id()) {
            assert!(!holds(&shown, pin) && !holds(&shown, wrong), "/proc/…/{what}");
        }
        let log = daemon.log();
        assert!(log.contains("TRACE") && log.contains("ready"), "it is the loudest log");
        // While it runs, with the write-ahead log beside the journal, and after its end.
        assert!(home.path().join("journal.db-wal").exists());
        for secret in [pin, wrong] {
            assert!(!holds(log.as_bytes(), secret), "the PIN is in the log");
            assert!(assert_clean(&home.path(), secret) >= 6);
        }
        daemon.stop();
        for secret in [pin, wrong] {
            assert!(!holds(&fs::read(home.log()).unwrap(), secret));
            assert_clean(&home.path(), secret);
        }
    });
}
