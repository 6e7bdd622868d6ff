//! The office in the store: an act is there with all it changed, or not at all, and taken once.

use sealkeeper_domain::{
    act::{
        key::ActKey,
        statement::{
            Binding, BoundBox, FindingText, GrantTerms, PictureKind, ReportKind, SealApplication, SealKind,
            TrainingGiven,
        },
    },
    identity::{ActId, Digest, RequestId},
    office::{
        ActRef, Change, Changed, Finding, Grant, Notice, Office, Person, RequestFacts, RequestState, Role,
        SealEntry, SealLife, Status, Step, Ticket, Training,
    },
    reason::Reason,
};
use sealkeeper_journal::ActFiled;
use uuid::Uuid;

use super::*;
use crate::pipeline::{
    identify::Origin,
    ports::ledger::{ActChoice, FileError, FiledAct, MAX_ATTACHMENT, OfficeRoot, SeenBy},
    scribe::{Scribe, id},
};

/// RFC 7517, appendix A.1.
const KEY: &str = r#"{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

pub(super) fn key() -> ActKey {
    ActKey::from_jwk(KEY).unwrap()
}

fn identity() -> Identity {
    let root =
        OfficeRoot {
            id: "p-01".parse().unwrap(), name: "钱多".into(), unit: "印章办".into(), key: key()
        };
    Identity { origin: "o/seal-journal/2".into(), root: Root::Office(Box::new(root)) }
}

pub(super) fn made_office(directory: &Path) -> std::path::PathBuf {
    let path = directory.join("journal.db");
    create(&path, &identity()).unwrap();
    path
}

pub(super) fn open(path: &Path) -> Arc<Store> {
    Arc::new(Store::open(path, Arc::new(Epoch)).unwrap())
}

pub(super) fn close(store: Arc<Store>) {
    Arc::into_inner(store).unwrap().close();
}

pub(super) fn act_id(number: u128) -> ActId {
    ActId::new(Uuid::from_u128(number))
}

pub(super) fn act_ref(number: u128, by: &str) -> ActRef {
    ActRef { act: act_id(number), by: by.parse().unwrap(), at_us: 1 }
}

/// An act of the seal office with this id, about nothing in particular.
pub(super) fn act(number: u128, typ: &str, change: Vec<Changed>) -> FiledAct {
    act_about(number, typ, change, |_| ())
}

/// The same, about what is set in its record.
pub(super) fn act_about(
    number: u128,
    typ: &str,
    change: Vec<Changed>,
    set: impl FnOnce(&mut ActFiled),
) -> FiledAct {
    let write = |draft: &mut crate::pipeline::scribe::Draft<'_>| {
        let mut filed = ActFiled {
            act: act_id(number).uuid(),
            typ: typ.parse().unwrap(),
            signer: draft.registered("signer", &"p-01".parse().unwrap(), "钱多")?,
            key: id(&key().thumbprint().to_string())?,
            issued_s: 1,
            expires_s: 2,
            text: draft.commit("text", &format!("text of {number}"))?,
            attachment_sha256: None,
            seal: None,
            person: None,
            request: None,
            from: draft.endpoint("from", Origin::Local { uid: 7 })?,
        };
        set(&mut filed);
        Ok(RecordBody::Act(filed))
    };
    let entry = Scribe::new("desk-7").entry(write).unwrap();
    FiledAct { entry, attachment: None, change: Change { entities: change }, left_behind: None }
}

/// The same with a seal object.
fn with_attachment(mut act: FiledAct, bytes: Vec<u8>) -> FiledAct {
    if let RecordBody::Act(filed) = &mut act.entry.body {
        filed.attachment_sha256 = Some(sealkeeper_journal::Digest::of(&bytes));
    }
    FiledAct { attachment: Some(bytes), ..act }
}

fn person() -> Person {
    Person {
        id: "p-31".parse().unwrap(),
        name: "赵敏".into(),
        unit: "法务部".into(),
        roles: [Role::Approver, Role::UnitHead].into(),
        keys: vec![key()],
        uid: Some(1001),
        certificates: Vec::new(),
        tickets_since_s: 0,
        status: Status::Employed,
    }
}

fn seal() -> SealEntry {
    let application = SealApplication {
        seal: "contract".parse().unwrap(),
        name: "合同专用章".into(),
        kind: SealKind::Contract,
        unit: "法务部".into(),
        purpose: "合同".into(),
        scope: ["contract".to_owned()].into(),
        custodian: "p-04".parse().unwrap(),
        picture_kind: PictureKind::Png,
        picture_sha256: Digest::of(b"picture"),
        width_um: 40_000,
        height_um: 40_000,
    };
    let approved = act_ref(12, "p-31");
    let step =
        |typ: &str, by: &ActRef, state: &str| Step { typ: typ.into(), by: by.clone(), state: state.into() };
    SealEntry {
        history: vec![
            step("seal-apply", &act_ref(11, "p-17"), "applied"),
            step("seal-approve", &approved, "approved"),
        ],
        application,
        applied: act_ref(11, "p-17"),
        life: SealLife::Approved(approved),
        given_up: Vec::new(),
    }
}

fn grant() -> Grant {
    let terms = GrantTerms {
        person: "p-17".parse().unwrap(),
        seal: "contract".parse().unwrap(),
        classes: ["contract".to_owned()].into(),
        copies_per_request: 2,
        uses_per_day: 5,
        hours: None,
        until_s: 2_000_000_000,
    };
    Grant { terms, by: act_ref(13, "p-01") }
}

fn notice() -> Notice {
    Notice {
        by: act_ref(14, "p-04"),
        seal: "contract".parse().unwrap(),
        what: ReportKind::Loss,
        text: "找不到了".into(),
        head: Some("p-31".parse().unwrap()),
        office: None,
    }
}

fn training() -> Training {
    let (person, topic) = ("p-04".parse().unwrap(), "印章保管规范".into());
    Training { by: act_ref(17, "p-01"), given: TrainingGiven { person, topic, until_s: 9 } }
}

fn finding() -> Finding {
    let finding = FindingText { person: "p-04".parse().unwrap(), text: "未登记".into(), due_s: 9 };
    let answered = Some((act_ref(16, "p-04"), "已补登".into()));
    Finding { by: act_ref(15, "p-90"), finding, answered }
}

/// A request as filed, with one ticket.
pub(super) fn facts(request: RequestId) -> RequestFacts {
    let binding = Binding {
        request,
        document_sha256: Digest::of(b"document"),
        file_name: "合同.pdf".into(),
        seal: "contract".parse().unwrap(),
        seal_object_sha256: Digest::of(b"seal object"),
        boxes: vec![BoundBox { page: 1, left_um: 1, top_um: 1, width_um: 40_000, height_um: 40_000 }],
        class: "contract".into(),
        copies: 2,
        reason: "年度采购合同".into(),
        applicant: "p-17".parse().unwrap(),
    };
    let ticket = Ticket { act: act_id(21), by: "p-31".parse().unwrap(), issued_s: 1, expires_s: 9 };
    RequestFacts {
        binding,
        state: RequestState::Filed(Some(act_ref(20, "p-17"))),
        tickets: vec![ticket],
        expires_us: 9_000_000,
    }
}

/// What is in the store: size of the journal, acts, the office.
async fn contents(store: &Store) -> (u64, usize, Office) {
    let acts = store.acts(ActChoice::default(), 0, 100).await.unwrap();
    (store.head().size, acts.len(), store.office().await.unwrap())
}

#[tokio::test]
async fn an_office_begins_with_its_root_and_is_read_back_as_acts_made_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    assert_eq!(store.identity(), &identity());
    let mut expected = store.office().await.unwrap();
    assert_eq!(expected.origin, "o/seal-journal/2");
    let root: Vec<&Person> = expected.people.values().collect();
    assert!(root.len() == 1 && root[0].is(Role::SealOffice) && root[0].name == "钱多");
    assert_eq!((&root[0].keys, &root[0].roles), (&vec![key()], &[Role::SealOffice].into()));

    let change = vec![
        Changed::Person(Person { name: "赵".into(), ..person() }),
        Changed::Person(person()),
        Changed::Seal(Box::new(seal())),
        Changed::Grant(grant()),
        Changed::Notice(Notice { head: None, ..notice() }),
        Changed::Notice(notice()),
        Changed::Finding(finding()),
        Changed::Training(training()),
        Changed::Policy(Digest::of(b"an earlier policy")),
        Changed::Policy(Digest::of(b"policy")),
    ];
    store.record_act(act(1, "grant", change)).await.unwrap();
    expected.people.insert(person().id, person());
    expected.seals.insert(seal().id().clone(), seal());
    expected.grants.insert((grant().terms.person, grant().terms.seal), grant());
    expected.notices.insert(act_id(14), notice());
    expected.findings.insert(act_id(15), finding());
    expected.trainings.insert(act_id(17), training());
    expected.policy = Some(Digest::of(b"policy"));
    assert_eq!(store.office().await.unwrap(), expected);
    close(store);

    let store = open(&path);
    assert_eq!((store.identity(), store.office().await.unwrap()), (&identity(), expected.clone()));
    let ended = Changed::GrantEnded(grant().terms.person, grant().terms.seal);
    store.record_act(act(2, "grant-end", vec![ended])).await.unwrap();
    expected.grants.clear();
    assert_eq!(store.office().await.unwrap(), expected);
    close(store);
}

#[tokio::test]
async fn a_solo_journal_has_an_office_of_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made(directory.path()));
    assert_eq!(
        store.office().await.unwrap(),
        Office { origin: "o/seal-journal/1".into(), ..Office::default() }
    );
    close(store);
}

#[tokio::test]
async fn a_repeated_act_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    store.record_act(act(1, "person-register", vec![Changed::Person(person())])).await.unwrap();
    let before = contents(&store).await;
    let other = Person { name: "别人".into(), ..person() };
    let again =
        || with_attachment(act(1, "person-register", vec![Changed::Person(other.clone())]), b"x".to_vec());
    let refused = store.record_act(again()).await;
    assert!(matches!(refused, Err(FileError::Refused(Reason::ActRepeated))), "{refused:?}");
    assert_eq!(contents(&store).await, before);
    assert_eq!(store.attachment(Digest::of(b"x")).await.unwrap(), None);
    assert!(store.is_open(), "a rule is no failure of the store");
    close(store);
    // Nor by one who comes later, in the batch of others.
    let store = open(&path);
    let (first, second, third) =
        tokio::join!(store.record_act(again()), store.append(entry()), store.record_act(again()));
    assert!(matches!(first, Err(FileError::Refused(Reason::ActRepeated))));
    assert!(matches!(third, Err(FileError::Refused(Reason::ActRepeated))));
    assert_eq!(second.unwrap().seq, before.0);
    assert_eq!(contents(&store).await, (before.0 + 1, before.1, before.2));
    close(store);
}

#[tokio::test]
async fn an_act_that_cannot_be_carried_out_whole_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    let before = contents(&store).await;
    // The request ended since the act was judged; what stands before it in the change is undone.
    let gone = Changed::Request(Box::new(facts(RequestId::new(Uuid::from_u128(9)))));
    let change = vec![Changed::Person(person()), gone];
    let refused = store.record_act(with_attachment(act(1, "request-approve", change), b"x".to_vec())).await;
    assert!(matches!(refused, Err(FileError::Refused(Reason::RequestUnknown))), "{refused:?}");
    let other = FiledAct {
        attachment: Some(b"y".to_vec()),
        ..with_attachment(act(1, "seal-make", vec![]), b"x".to_vec())
    };
    let none = FiledAct { attachment: None, ..with_attachment(act(1, "seal-make", vec![]), b"x".to_vec()) };
    let unnamed = FiledAct { attachment: Some(b"x".to_vec()), ..act(1, "seal-apply", vec![]) };
    let large = with_attachment(act(1, "seal-make", vec![]), vec![0; MAX_ATTACHMENT + 1]);
    let no_act = FiledAct { entry: entry(), ..act(1, "seal-make", vec![]) };
    for wrong in [other, none, unnamed, large, no_act] {
        let refused = store.record_act(wrong).await;
        assert!(matches!(refused, Err(FileError::Store(LedgerError::Record(_)))), "{refused:?}");
    }
    assert_eq!(contents(&store).await, before);
    assert_eq!(store.attachment(Digest::of(b"x")).await.unwrap(), None);
    // None of this closed the store or took the id.
    let whole = with_attachment(act(1, "seal-make", vec![]), vec![7; MAX_ATTACHMENT]);
    assert_eq!(store.record_act(whole).await.unwrap().seq, 0);
    assert_eq!(
        store.attachment(Digest::of(&vec![7; MAX_ATTACHMENT])).await.unwrap(),
        Some(vec![7; MAX_ATTACHMENT])
    );
    close(store);
}

#[tokio::test]
async fn an_act_that_was_not_persisted_is_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    let before = contents(&store).await;
    let filed =
        || with_attachment(act(1, "seal-apply", vec![Changed::Seal(Box::new(seal()))]), b"x".to_vec());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failed = store.record_act(filed()).await;
    assert!(matches!(failed, Err(FileError::Store(LedgerError::Closed(_)))), "{failed:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(contents(&store).await, before);
    close(store);
    let store = open(&path);
    assert_eq!(contents(&store).await, before);
    assert_eq!(store.attachment(Digest::of(b"x")).await.unwrap(), None);
    store.record_act(filed()).await.expect("its id was not taken");
    close(store);
}

/// The disk fills up after the record and its id were written, in the middle of what the act changes.
#[tokio::test]
async fn an_act_on_a_full_disk_is_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    let before = contents(&store).await;
    store.limit_pages_to_those_in_use().await;
    let long = Person { name: "长".repeat(2 << 20), ..person() };
    let failed = store.record_act(act(1, "person-register", vec![Changed::Person(long)])).await;
    assert!(matches!(failed, Err(FileError::Store(LedgerError::Closed(_)))), "{failed:?}");
    close(store);
    let store = open(&path);
    assert_eq!(contents(&store).await, before);
    close(store);
}

/// The commit returned, and nobody was there to be told.
#[tokio::test]
async fn an_act_that_was_persisted_but_not_answered_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    let register = || act(1, "person-register", vec![Changed::Person(person())]);
    {
        let mut unanswered = store.record_act(register());
        let waker = std::task::Waker::noop();
        assert!(unanswered.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    // The writer takes its work in order, so that this answer comes after.
    let again = store.record_act(register()).await;
    assert!(matches!(again, Err(FileError::Refused(Reason::ActRepeated))), "{again:?}");
    assert!(store.knows_act(act_id(1)).await.unwrap());
    assert!(!store.knows_act(act_id(2)).await.unwrap());
    close(store);
    let store = open(&path);
    let (records, acts, office) = contents(&store).await;
    assert_eq!((records, acts), (1, 1));
    assert_eq!(office.people.get(&person().id), Some(&person()));
    close(store);
}

#[tokio::test]
async fn acts_are_found_by_what_they_are_about_in_the_order_of_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    let request = RequestId::new(Uuid::from_u128(9));
    store.append(entry()).await.unwrap();
    store
        .record_act(act_about(5, "person-register", vec![], |act| act.person = Some(id("p-31").unwrap())))
        .await
        .unwrap();
    store
        .record_act(act_about(4, "seal-suspend", vec![], |act| act.seal = Some(id("contract").unwrap())))
        .await
        .unwrap();
    let ticket = act_about(3, "request-approve", vec![], |act| {
        act.seal = Some(id("contract").unwrap());
        act.person = Some(id("p-17").unwrap());
        act.request = Some(request.uuid());
    });
    store.record_act(ticket).await.unwrap();
    let found = async |choice: ActChoice, from_seq, limit| -> Vec<u64> {
        store.acts(choice, from_seq, limit).await.unwrap().into_iter().map(|row| row.seq).collect()
    };
    let all = ActChoice::default;
    assert_eq!(found(all(), 0, 100).await, [1, 2, 3]);
    assert_eq!(found(all(), 2, 1).await, [2]);
    let contract = || Some("contract".parse().unwrap());
    assert_eq!(found(ActChoice { seal: contract(), ..all() }, 0, 100).await, [2, 3]);
    assert_eq!(found(ActChoice { person: Some("p-31".parse().unwrap()), ..all() }, 0, 100).await, [1]);
    assert_eq!(found(ActChoice { person: Some("p-01".parse().unwrap()), ..all() }, 0, 100).await, [1, 2, 3]);
    assert_eq!(found(ActChoice { request: Some(request), ..all() }, 0, 100).await, [3]);
    let typ = || Some("seal-suspend".to_owned());
    assert_eq!(found(ActChoice { typ: typ(), seal: contract(), ..all() }, 0, 100).await, [2]);
    assert_eq!(found(ActChoice { typ: typ(), request: Some(request), ..all() }, 0, 100).await, [0_u64; 0]);

    // The ticket's request is of that seal, so whoever keeps it sees what else was said of the request.
    let rejected = act_about(6, "request-reject", vec![], |act| act.request = Some(request.uuid()));
    store.record_act(rejected).await.unwrap();
    let concerning = |person: &str, seals: &[&str]| {
        let seals = seals.iter().map(|seal| seal.parse().unwrap()).collect();
        Some(SeenBy { person: person.parse().unwrap(), seals })
    };
    let keeper = || concerning("p-09", &["finance", "contract"]);
    assert_eq!(found(ActChoice { seen_by: keeper(), ..all() }, 0, 100).await, [2, 3, 4]);
    assert_eq!(found(ActChoice { seen_by: keeper(), typ: typ(), ..all() }, 0, 100).await, [2]);
    let person = Some("p-31".parse().unwrap());
    assert_eq!(found(ActChoice { seen_by: keeper(), person, ..all() }, 0, 100).await, [0_u64; 0]);
    assert_eq!(found(ActChoice { seen_by: concerning("p-31", &[]), ..all() }, 0, 100).await, [1]);
    assert_eq!(found(ActChoice { seen_by: concerning("p-01", &[]), ..all() }, 0, 100).await, [1, 2, 3, 4]);

    let row = store.acts(all(), 3, 1).await.unwrap().remove(0);
    assert_eq!((row.act, row.typ.as_str(), row.signer.as_str()), (act_id(3), "request-approve", "p-01"));
    assert_eq!((row.seal, row.person.unwrap().as_str(), row.request), (contract(), "p-17", Some(request)));
    assert_eq!((row.time_us, row.text.as_deref()), (1, Some("text of 3")));
    close(store);
    // The text may be erased after the retention; that there was an act, and its id, stays.
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM disclosures WHERE seq = 3", []).unwrap();
    assert!(connection.execute("DELETE FROM acts", []).is_err());
    assert!(connection.execute("UPDATE acts SET act = 'x'", []).is_err());
    drop(connection);
    let store = open(&path);
    assert_eq!(store.acts(all(), 3, 1).await.unwrap()[0].text, None);
    let again = store.record_act(act(3, "request-approve", vec![])).await;
    assert!(matches!(again, Err(FileError::Refused(Reason::ActRepeated))), "{again:?}");
    close(store);
}

#[tokio::test]
async fn a_persons_acts_are_found_without_reading_those_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    for number in 1..=40 {
        let whose = if number % 4 == 0 { "p-31" } else { "p-17" };
        let about = |act: &mut ActFiled| act.person = Some(id(whose).unwrap());
        let typ = if number % 8 == 0 { "grant" } else { "person-register" };
        store.record_act(act_about(number, typ, vec![], about)).await.unwrap();
    }
    let by = ActChoice { person: Some("p-31".parse().unwrap()), ..ActChoice::default() };
    let places = async |choice: &ActChoice, from, limit| -> Vec<u64> {
        store.acts(choice.clone(), from, limit).await.unwrap().iter().map(|row| row.seq).collect()
    };
    assert_eq!(places(&by, 0, 3).await, [3, 7, 11]);
    assert_eq!(places(&by, 12, 100).await, [15, 19, 23, 27, 31, 35, 39]);
    let granted = ActChoice { typ: Some("grant".into()), ..by.clone() };
    assert_eq!(places(&granted, 0, 2).await, [7, 15]);
    let of_office = ActChoice { person: Some("p-01".parse().unwrap()), ..ActChoice::default() };
    assert_eq!(places(&of_office, 38, 5).await, [38, 39], "whoever signed");
    close(store);
    let connection = Connection::open(&path).unwrap();
    let plan = format!("EXPLAIN QUERY PLAN {}", crate::store::acts::chosen(&by));
    let mut statement = connection.prepare(&plan).unwrap();
    let bound = rusqlite::named_params! {":from": 0, ":limit": 9, ":person": "p-31"};
    let steps: Vec<String> =
        statement.query_map(bound, |row| row.get("detail")).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(steps.iter().any(|step| step.contains("acts_by_signer")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("acts_by_person")), "{steps:?}");
    assert!(!steps.iter().any(|step| step.starts_with("SCAN acts")), "{steps:?}");
}
