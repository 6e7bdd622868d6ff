//! Calls that take their time, or for ever, or eat memory, or talk.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::{
    client::{Client, sign},
    place::{alone, dies, until},
};

#[test]
fn delays_before_and_after() {
    alone(|place| {
        let client = Client::new(place);
        let session = client.session();
        for when in ["before", "after"] {
            place.set(&format!(
                "[[fault]]\non = \"C_GenerateRandom\"\ncall = 2\nwhen = \"{when}\"\ndo = \"delay\"\nms = 150"
            ));
            session.generate_random_vec(4).unwrap();
            let start = Instant::now();
            session.generate_random_vec(4).unwrap();
            assert!(start.elapsed() >= Duration::from_millis(150), "{when}");
        }
    });
}

#[test]
fn hangs_until_told_otherwise_and_blocks_nobody_else() {
    alone(|place| {
        let client = Client::new(place);
        let (session, key) = client.ready();
        let (other_session, other_key) = (client.session(), key);
        place.set("[[fault]]\non = \"C_Sign\"\ncall = 1\ndo = \"hang\"");
        thread::scope(|scope| {
            let hanging = scope.spawn(move || sign(&session, key).unwrap());
            until("the call hangs", || place.outcomes("C_Sign").contains(&"HANGS".into()));
            // Another session signs meanwhile; the second call is not told to hang.
            assert_eq!(sign(&other_session, other_key).unwrap().len(), 64);
            client.pkcs11.get_library_info().unwrap();
            assert!(!hanging.is_finished());
            place.set("");
            assert_eq!(hanging.join().unwrap().len(), 64);
        });
    });
}

#[test]
fn hangs_for_ever() {
    let ended = dies(|place| {
        place.set("[[fault]]\non = \"C_Initialize\"\ndo = \"hang\"\nforever = true");
        let client = Client::not_initialized(place);
        thread::scope(|scope| {
            let hanging = scope.spawn(|| client.initialize());
            until("the call hangs", || place.outcomes("C_Initialize") == ["HANGS"]);
            place.set("");
            thread::sleep(Duration::from_millis(100));
            assert!(!hanging.is_finished());
            std::process::exit(17);
        });
    });
    assert_eq!(ended.status.code(), Some(17), "{}", ended.output);
}

#[test]
fn hangs_at_the_end() {
    let ended = dies(|place| {
        let client = Client::new(place);
        place.set("[[fault]]\non = \"C_Finalize\"\ndo = \"hang\"");
        let pkcs11 = client.pkcs11.clone();
        thread::spawn(move || pkcs11.finalize());
        until("the call hangs", || place.outcomes("C_Finalize") == ["HANGS"]);
        std::process::exit(18);
    });
    assert_eq!(ended.status.code(), Some(18), "{}", ended.output);
}

#[test]
fn leaks_memory() {
    alone(|place| {
        let client = Client::new(place);
        let session = client.session();
        let before = resident_kib();
        place.set("[[fault]]\non = \"C_GenerateRandom\"\ndo = \"leak\"\nmib = 16");
        session.generate_random_vec(4).unwrap();
        session.generate_random_vec(4).unwrap();
        let grown = resident_kib() - before;
        assert!(grown >= 32 * 1024, "only {grown} KiB");
    });
}

fn resident_kib() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn talks_on_standard_output() {
    let ended = dies(|place| {
        place.set("[[fault]]\non = \"C_Initialize\"\ndo = \"print\"\ntext = \"vendor module 1.0 greets\"");
        Client::new(place);
        std::process::exit(19);
    });
    assert_eq!(ended.status.code(), Some(19), "{}", ended.output);
    assert!(ended.output.contains("vendor module 1.0 greets"));
}
