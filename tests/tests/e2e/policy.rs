//! The policy in force: another one while the agent runs, and the last good one should the file turn bad.

use std::fs;

use sealkeeper_journal::{Digest, RecordBody};
use sealkeeper_proto::v1;
use sealkeeper_tests::{AgentHome, Daemon, Rpc, Seal, documents, eventually, header, run};

/// What the journal tells of policies: `loaded` or a reason, and the file's digest.
async fn told(rpc: &Rpc) -> Vec<(String, Option<Digest>)> {
    let journal = rpc.journal().await;
    let tell = |body: &RecordBody| match body {
        RecordBody::PolicyLoaded(loaded) => Some(("loaded".to_owned(), Some(loaded.sha256))),
        RecordBody::PolicyRejected(rejected) => Some((rejected.code.to_string(), rejected.sha256)),
        _ => None,
    };
    journal.records().filter_map(|record| tell(&record.body)).collect()
}

/// SIGHUP, and waits until the journal tells of one policy more.
async fn reload(daemon: &Daemon<'_>, rpc: &Rpc) {
    let before = told(rpc).await.len();
    daemon.reload();
    eventually("a record of the policy", async || (told(rpc).await.len() > before).then_some(())).await;
}

fn on_disk(home: &AgentHome) -> Option<Digest> {
    Some(Digest::of(&fs::read(home.path().join("policy.toml")).unwrap()))
}

/// The reasons a request for so many copies is refused for, if it is.
async fn refused(rpc: &Rpc, copies: u32) -> Vec<String> {
    let document = documents::page(&format!("{copies} copies"));
    match rpc.submit(&document, v1::SubmitHeader { copies, ..header(&document) }).await {
        Ok(_) => Vec::new(),
        Err(no) => no.reasons().into_iter().map(str::to_owned).collect(),
    }
}

#[test]
fn a_changed_policy_holds_from_the_next_request_on() {
    run(async {
        let home = AgentHome::new();
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let first = on_disk(&home);
        assert!(refused(&rpc, 3).await.is_empty());
        home.change_policy("copies_per_request = 100", "copies_per_request = 2");
        assert!(refused(&rpc, 3).await.is_empty(), "a file that was written is not yet in force");
        let doctor = Seal::new(&home).run(&["doctor"]);
        assert!(doctor.out.contains("[policy-not-loaded]"), "{}", doctor.out);

        reload(&daemon, &rpc).await;
        assert_eq!(refused(&rpc, 3).await, ["copies-out-of-range"]);
        assert!(refused(&rpc, 2).await.is_empty());
        let loaded = "loaded".to_owned();
        assert_eq!(told(&rpc).await, [(loaded.clone(), first), (loaded, on_disk(&home))]);
        let doctor = Seal::new(&home).run(&["doctor"]);
        assert!(doctor.out.contains("the policy file is what is in force"), "{}", doctor.out);
        rpc.journal().await.assert_sound();
    });
}

#[test]
fn a_broken_file_leaves_the_last_good_one_in_force_over_restarts_until_it_is_mended() {
    run(async {
        let home = AgentHome::new();
        home.change_policy("copies_per_request = 100", "copies_per_request = 2");
        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        let good = on_disk(&home);
        home.change_policy("copies_per_request = 2", "copies_per_requests = 3");
        let broken = on_disk(&home);
        reload(&daemon, &rpc).await;
        assert_eq!(refused(&rpc, 3).await, ["copies-out-of-range"]);
        let doctor = Seal::new(&home).run(&["doctor"]);
        assert_eq!(doctor.code, 1, "{}", doctor.out);
        for part in ["[policy-invalid]", "`copies_per_requests`", &good.unwrap().to_string(), "hint: "] {
            assert!(doctor.out.contains(part), "{part}: {}", doctor.out);
        }
        daemon.stop();

        let daemon = home.start();
        let rpc = Rpc::connect(&home.socket()).await;
        assert_eq!(refused(&rpc, 3).await, ["copies-out-of-range"], "the last good one is in force still");
        assert!(refused(&rpc, 2).await.is_empty());
        assert!(daemon.log().contains("the policy file is not taken"), "{}", daemon.log());
        let (loaded, invalid) = (("loaded".to_owned(), good), ("policy-invalid".to_owned(), broken));
        assert_eq!(told(&rpc).await, [loaded.clone(), invalid.clone(), invalid, loaded]);
        let shown = Seal::new(&home).in_chinese().run(&["log"]);
        assert!(shown.out.contains("不载入制度"), "{}", shown.out);

        home.change_policy("copies_per_requests = 3", "copies_per_request = 3");
        reload(&daemon, &rpc).await;
        assert!(refused(&rpc, 3).await.is_empty());
        rpc.journal().await.assert_sound();
    });
}
