//! What comes into force, at the start and later, and what is on record of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Mutex, atomic::AtomicU64},
};

use sealkeeper_journal::{Disclosure, Mode, Record};
use tempfile::TempDir;

use super::*;
use crate::{
    pipeline::ports::{
        clock::Clock,
        ledger::{Identity, OfficeRoot, Root, SoloPerson},
    },
    store::{Store, create},
};

struct Epoch(AtomicU64);
impl Clock for Epoch {
    fn now_us(&self) -> u64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}

/// An office whose newest `policy` act is what a test says.
#[derive(Default)]
struct Office(Mutex<Option<SignedPolicy>>);

impl SignedPolicies for Office {
    fn newest(&self) -> Option<SignedPolicy> {
        self.0.lock().unwrap().clone()
    }
}

impl Office {
    fn sign(&self, text: &str, act: &str) {
        let (sha256, act) = (Digest::of(text.as_bytes()), Some(act.to_owned()));
        *self.0.lock().unwrap() = Some(SignedPolicy { sha256, act });
    }
}

struct Home {
    directory: TempDir,
    store: Arc<Store>,
    office: Option<Arc<Office>>,
}

impl Home {
    fn new(mode: Mode) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let root = match mode {
            Mode::Solo => Root::Solo(SoloPerson { id: "p-1".into(), name: "甲".into(), uid: 7 }),
            Mode::Office => {
                let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
                let key = sealkeeper_domain::act::key::ActKey::from(key.verifying_key());
                let (id, name, unit) = ("p-1".parse().unwrap(), "甲".into(), "办".into());
                Root::Office(Box::new(OfficeRoot { id, name, unit, key }))
            }
        };
        create(&path, &Identity { origin: "o/seal-journal/1".into(), root }).unwrap();
        let store = Arc::new(Store::open(&path, Arc::new(Epoch(AtomicU64::new(1)))).unwrap());
        let office = (mode == Mode::Office).then(Arc::default);
        Home { directory, store, office }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("policy.toml")
    }

    fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
        fs::set_permissions(self.file(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn source(&self) -> PolicySource {
        let authority = match self.office.clone() {
            Some(office) => PolicyAuthority::Office(office),
            None => PolicyAuthority::Solo,
        };
        PolicySource { path: self.file(), own_uid: rustix::process::geteuid().as_raw(), authority }
    }

    async fn start(&self) -> Result<PolicyInForce, Rejection> {
        let chosen = PolicyAtStart::choose(self.source(), self.store.policy().await.unwrap())?;
        Ok(chosen.begin(self.store.clone(), Scribe::new("host")).await.unwrap())
    }

    /// Each record of a policy: `loaded` or its reason, and the digest it names.
    async fn told(&self) -> Vec<(String, Option<Digest>)> {
        let records = self.store.records(0, 1000, Vec::new()).await.unwrap();
        let tell = |bytes: &[u8]| match Record::parse(bytes).unwrap().body {
            RecordBody::PolicyLoaded(loaded) => ("loaded".to_owned(), Some(of_journal(loaded.sha256))),
            RecordBody::PolicyRejected(rejected) => {
                (rejected.code.to_string(), rejected.sha256.map(of_journal))
            }
            other => panic!("{other:?}"),
        };
        records.iter().map(|record| tell(&record.bytes)).collect()
    }
}

fn of_journal(digest: sealkeeper_journal::Digest) -> Digest {
    Digest(*digest.as_bytes())
}

fn of(text: &str) -> Option<Digest> {
    Some(Digest::of(text.as_bytes()))
}

fn loaded(text: &str) -> (String, Option<Digest>) {
    ("loaded".to_owned(), of(text))
}

fn rejected(code: &str, text: Option<&str>) -> (String, Option<Digest>) {
    (code.to_owned(), text.and_then(of))
}

fn solo_with(from: &str, to: &str) -> String {
    assert!(Policy::SOLO_TOML.contains(from));
    Policy::SOLO_TOML.replace(from, to)
}

#[tokio::test]
async fn a_good_file_is_in_force_at_once_and_a_bad_one_never() {
    let home = Home::new(Mode::Solo);
    home.write(Policy::SOLO_TOML);
    let policy = home.start().await.unwrap();
    let before = policy.now();
    let two = solo_with("copies_per_request = 100", "copies_per_request = 2");
    home.write(&two);
    assert_eq!(policy.on_disk().ok(), of(&two));
    assert_eq!(policy.now().copies_per_request, 100, "a look changes nothing");
    assert_eq!(policy.reload().await.unwrap(), of(&two).unwrap());
    assert_eq!((policy.now().copies_per_request, policy.sha256()), (2, of(&two).unwrap()));
    assert_eq!(before.copies_per_request, 100, "who took one before goes on with it");
    // And knows which file it is from: that of what they judge by, not of what is in force by now.
    assert_eq!((Some(before.sha256()), before.text()), (of(Policy::SOLO_TOML), Policy::SOLO_TOML));

    let bad = solo_with("tickets = 0", "tickets = 1");
    home.write(&bad);
    let error = policy.reload().await.unwrap_err();
    assert!(matches!(&error, ReloadError::Rejected(no) if no.reason().code() == "policy-invalid"), "{error}");
    home.write(Policy::SOLO_TOML);
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o622)).unwrap();
    policy.reload().await.unwrap_err();
    fs::remove_file(home.file()).unwrap();
    policy.reload().await.unwrap_err();
    assert_eq!((policy.now().copies_per_request, policy.sha256()), (2, of(&two).unwrap()));
    let expected = [
        loaded(Policy::SOLO_TOML),
        loaded(&two),
        rejected("policy-invalid", Some(&bad)),
        rejected("home-permissions", None),
        rejected("policy-unreadable", None),
    ];
    assert_eq!(home.told().await, expected);
}

#[tokio::test]
async fn a_start_with_a_bad_file_goes_by_the_last_good_one() {
    let home = Home::new(Mode::Solo);
    home.write("version = 1");
    let no = home.start().await.err().expect("there never was a good one");
    assert_eq!(no.reason().code(), "policy-invalid");
    assert!(home.told().await.is_empty(), "nothing was begun");

    let two = solo_with("copies_per_request = 100", "copies_per_request = 2");
    home.write(Policy::SOLO_TOML);
    let policy = home.start().await.unwrap();
    home.write(&two);
    policy.reload().await.unwrap();
    home.write("version = 1");
    let policy = home.start().await.unwrap();
    assert_eq!((policy.now().copies_per_request, policy.sha256()), (2, of(&two).unwrap()));
    let since = [rejected("policy-invalid", Some("version = 1")), loaded(&two)];
    assert_eq!(home.told().await[2..], since);
    // Mended while it runs.
    home.write(Policy::SOLO_TOML);
    policy.reload().await.unwrap();
    assert_eq!(policy.now().copies_per_request, 100);
}

#[tokio::test]
async fn a_policy_that_cannot_be_put_on_record_does_not_come_into_force() {
    let home = Home::new(Mode::Solo);
    home.write(Policy::SOLO_TOML);
    let policy = home.start().await.unwrap();
    home.write(&solo_with("copies_per_request = 100", "copies_per_request = 2"));
    // Another process holds the write lock: the transaction fails as on a disk that does not answer.
    let other = rusqlite::Connection::open(home.directory.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(policy.reload().await, Err(ReloadError::Store(LedgerError::Closed(_)))));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(policy.now().copies_per_request, 100);
    assert_eq!(home.store.policy().await.unwrap().as_deref(), Some(Policy::SOLO_TOML));
}

#[tokio::test]
async fn an_office_goes_by_nothing_it_did_not_sign_for() {
    let home = Home::new(Mode::Office);
    let office = home.office.clone().unwrap();
    let ten = Policy::OFFICE_TOML.replace("copies_per_request = 100", "copies_per_request = 10");
    home.write(&ten);
    // Before its first act: the agent's own, for that act needs an agent that runs.
    let policy = home.start().await.unwrap();
    assert_eq!(policy.sha256(), of(Policy::OFFICE_TOML).unwrap());
    let no = policy.on_disk().unwrap_err();
    assert_eq!(no.cause.to_string(), "the seal office has not signed for it");

    office.sign(&ten, "eyJ.eyJ.AA");
    policy.reload().await.unwrap();
    assert_eq!(policy.now().copies_per_request, 10);
    // One that was signed for and lies nowhere, and one that lies there unsigned.
    office.sign("another", "eyJ.eyJ.AB");
    policy.reload().await.unwrap_err();
    home.write(Policy::SOLO_TOML);
    policy.reload().await.unwrap_err();
    let again = home.start().await.unwrap();
    assert_eq!((again.now().copies_per_request, again.sha256()), (10, of(&ten).unwrap()));
    let expected = [
        rejected("policy-unsigned", Some(&ten)),
        loaded(Policy::OFFICE_TOML),
        loaded(&ten),
        rejected("policy-unsigned", Some(&ten)),
        rejected("policy-unsigned", Some(Policy::SOLO_TOML)),
        rejected("policy-unsigned", Some(Policy::SOLO_TOML)),
        loaded(&ten),
    ];
    assert_eq!(home.told().await, expected);
    // The act that put it in force stands beside its record, and can be erased without it.
    let records = home.store.records(0, 1000, vec!["policy_loaded".into()]).await.unwrap();
    let acts: Vec<_> = records.iter().map(|record| opened(record, "act")).collect();
    assert_eq!(acts, [None, Some("eyJ.eyJ.AA".to_owned()), None]);
}

/// What a record's commitment stands for.
fn opened(stored: &crate::pipeline::ports::ledger::StoredRecord, name: &str) -> Option<String> {
    let (field, salt, value) = stored.disclosures.iter().find(|(field, ..)| field == name)?.clone();
    let salt: [u8; 32] = salt.try_into().unwrap();
    let record = Record::parse(&stored.bytes).unwrap();
    record.check_disclosure(&Disclosure { field, salt: salt.into(), value: value.clone() }).unwrap();
    Some(value)
}

#[tokio::test]
async fn an_office_with_a_file_that_is_no_policy_and_none_before_does_not_start() {
    let home = Home::new(Mode::Office);
    home.write("version = 1");
    home.office.as_ref().unwrap().sign("version = 1", "eyJ.eyJ.AA");
    let no = home.start().await.err().expect("a signature makes no policy of it");
    assert_eq!((no.reason().code(), no.path.as_path()), ("policy-invalid", Path::new(&home.file())));
    assert!(home.told().await.is_empty());
}
