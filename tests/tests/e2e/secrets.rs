//! The PIN is nowhere: not in the loudest log, not in a file, not in what the system shows of the process.

use std::{fs, path::Path};

use sealkeeper_tests::{AgentHome, Daemon, Rpc, Seal, documents, header, run};

/// Whether these bytes hold the PIN in any plain spelling: as it is, in hexadecimal, as a list of bytes, or as UTF-16.
fn holds(bytes: &[u8], pin: &str) -> bool {
    let hex: String = pin.bytes().map(|byte| format!("{byte:02x}")).collect();
    let decimal: Vec<_> = pin.bytes().map(|byte| byte.to_string()).collect();
    let utf16: Vec<u8> = pin.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let spellings = [pin.as_bytes().to_vec(), hex.into_bytes(), decimal.join(", ").into_bytes(), utf16];
    spellings.iter().any(|spelling| bytes.windows(spelling.len()).any(|window| window == spelling))
}

fn assert_clean(folder: &Path, pin: &str) -> usize {
    let mut files = 0;
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files += assert_clean(&path, pin);
        } else if path.is_file() {
            assert!(!holds(&fs::read(&path).unwrap(), pin), "the PIN is in {}", path.display());
            files += 1;
        }
    }
    files
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

        for what in ["cmdline", "environ", "status", "maps"] {
            let shown = fs::read(format!("/proc/{}/{what}", daemon.id())).unwrap_or_default();
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

#[test]
fn the_search_finds_what_it_looks_for() {
    let pin = "ab-9";
    for spelled in [&b"x ab-9 y"[..], b"61622d39", b"[97, 98, 45, 57]", b"a\0b\0-\x009\0"] {
        assert!(holds(spelled, pin), "{spelled:?}");
    }
    assert!(!holds(b"ab-8 and more", pin));
}
