//! `seal log backup`: a copy is kept only if it came whole and is the journal it was said to be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::{Connection, params};
use sealkeeper_journal::{Digest, check};
use sealkeeper_proto::v1::{self, backup_event::Event};
use serde_json::json;

use crate::bench::Bench;
use crate::commands::object;

const AUDITED: &str = include_str!("../../../crates/journal/tests/data/acts-v1.jsonl");

/// A database with these records, as an agent's copy has them.
fn database<'r>(records: impl Iterator<Item = &'r str>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE records (seq INTEGER PRIMARY KEY, bytes BLOB)",
        )
        .unwrap();
    for (seq, record) in (0_i64..).zip(records) {
        connection.execute("INSERT INTO records VALUES (?1, ?2)", params![seq, record.as_bytes()]).unwrap();
    }
    connection.close().unwrap();
    fs::read(path).unwrap()
}

/// How an agent hands a copy out that is right.
fn handed_out(copy: &[u8]) -> Vec<Event> {
    let journal = check(AUDITED.lines());
    let head = v1::BackupHead {
        size: copy.len() as u64,
        sha256: Digest::of(copy).as_bytes().to_vec(),
        tree_size: journal.size,
        root_hash: journal.root.as_bytes().to_vec(),
    };
    let chunks = copy.chunks(1000).map(|chunk| Event::Chunk(chunk.to_vec()));
    let done = Event::Done(v1::BackupDone { journal_seq: journal.size });
    [Event::Head(head)].into_iter().chain(chunks).chain([done]).collect()
}

struct Answer {
    code: i32,
    told: serde_json::Value,
    /// Names of the files in the target's folder.
    left: Vec<String>,
}

async fn backup(events: Vec<Event>) -> (Answer, tempfile::TempDir) {
    let bench = Bench::new();
    bench.agent.state().journal.copy = events;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("journal.db");
    let (code, stdout, _) = bench.seal(&["log", "backup", target.to_str().unwrap(), "--json"], b"").await;
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left = left.map(|name| name.into_string().unwrap()).collect();
    (Answer { code, told: object(&stdout), left }, folder)
}

#[tokio::test]
async fn a_copy_that_is_what_it_was_said_to_be_is_kept_for_its_owner_alone() {
    let copy = database(AUDITED.lines());
    let (answer, folder) = backup(handed_out(&copy)).await;
    let journal = check(AUDITED.lines());
    assert_eq!((answer.code, &answer.told["outcome"]), (0, &json!("done")), "{}", answer.told);
    assert_eq!(answer.told["root_hash"], json!(journal.root.to_string()));
    assert_eq!(answer.told["sha256"], json!(Digest::of(&copy).to_string()));
    assert_eq!((&answer.told["tree_size"], &answer.told["journal_seq"]), (&json!(8), &json!(8)));
    assert_eq!(answer.left, ["journal.db"], "nothing beside it");
    let kept = folder.path().join("journal.db");
    assert_eq!(fs::read(&kept).unwrap(), copy);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn any_other_copy_leaves_no_file() {
    let copy = database(AUDITED.lines());
    let shorter = database(AUDITED.lines().take(5));
    let gapped = database(AUDITED.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| line));
    let head = |events: &mut Vec<Event>, change: fn(&mut v1::BackupHead)| match &mut events[0] {
        Event::Head(head) => change(head),
        other => panic!("{other:?}"),
    };
    let right = || handed_out(&copy);
    let without = |at: usize| {
        let mut events = right();
        events.remove(at);
        events
    };
    let last = right().len() - 1;
    let mut wrong_root = right();
    head(&mut wrong_root, |head| head.root_hash[0] ^= 1);
    let mut wrong_size = right();
    head(&mut wrong_size, |head| head.size -= 1);
    let cases = [
        ("never on record", without(last), "answer-bad"),
        ("a piece lost", without(3), "answer-bad"),
        ("no head", without(0), "answer-bad"),
        ("nothing at all", vec![], "answer-bad"),
        ("another root", wrong_root, "answer-bad"),
        ("more than was said", wrong_size, "answer-bad"),
        ("records missing at the end", handed_out(&shorter), "answer-bad"),
        ("a record missing", handed_out(&gapped), "journal-inconsistent"),
        ("no database", handed_out(b"not a database at all"), "answer-bad"),
    ];
    for (name, events, code) in cases {
        let (answer, _folder) = backup(events).await;
        assert_eq!(answer.told["reasons"][0]["code"], json!(code), "{name}: {}", answer.told);
        assert_eq!(answer.code, 4, "{name}");
        assert!(answer.left.is_empty(), "{name}: {:?}", answer.left);
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_not_written_over() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("journal.db");
    fs::write(&target, b"an earlier copy").unwrap();
    let (code, stdout, _) = bench.seal(&["log", "backup", target.to_str().unwrap(), "--json"], b"").await;
    assert_eq!((code, &object(&stdout)["reasons"][0]["code"]), (2, &json!("output-exists")), "{stdout}");
    assert_eq!(fs::read(&target).unwrap(), b"an earlier copy");
}
