//! Requests with what acts made of them: what a use may rest on, whose copies are counted, which documents are needed.

use sealkeeper_domain::{
    identity::{Digest, RequestId, UseId},
    office::{Changed, RequestFacts, RequestState, Ticket},
    placement::{PageChoice, Placement},
    reason::Reason,
    request::Asked,
};
use sealkeeper_journal::{Intent, ListDigest, MessageDigest, Record, TreeHead, empty_root};
use uuid::Uuid;

use super::office::{act, act_about, act_id, act_ref, close, facts, made_office, open};
use super::*;
use crate::pipeline::{
    identify::Origin,
    kept::KeptRequest,
    ports::ledger::{BeginError, End, Held, RequestChoice},
    record::tickets,
    scribe::{Scribe, code, id},
};

fn request_id(number: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(number))
}

fn use_id(number: u128) -> UseId {
    UseId::new(Uuid::from_u128(number))
}

fn request(number: u128, facts: Option<RequestFacts>) -> KeptRequest {
    let asked = Asked {
        file_name: "合同.pdf".into(),
        size: 10,
        sha256: Digest::of(&number.to_be_bytes()),
        reason: "年度采购合同".into(),
        document_class: "contract".into(),
        copies: 2,
        placements: vec![Placement::new(PageChoice::Last, 1, 1)],
        tickets: 0,
        edge_seal: false,
    };
    KeptRequest {
        id: request_id(number),
        seal: "contract".parse().unwrap(),
        applicant: "p-17".parse().unwrap(),
        carried_by: "p-17".parse().unwrap(),
        asked,
        created_us: 1,
        expires_us: 9_000_000,
        copies_used: 0,
        facts,
    }
}

fn intent(use_id: UseId, request: RequestId) -> Entry {
    let digest = sealkeeper_journal::Digest::of(b"");
    let write = |draft: &mut crate::pipeline::scribe::Draft<'_>| {
        let (list, _) = ListDigest::of::<u64>(&[]).unwrap();
        let custodian = draft.registered("custodian.person", &"p-04".parse().unwrap(), "李雷")?;
        Ok(RecordBody::Intent(Box::new(Intent {
            use_id: use_id.uuid(),
            request_id: request.uuid(),
            applicant: draft.registered("applicant", &"p-17".parse().unwrap(), "王芳")?,
            custodian: sealkeeper_journal::Actor {
                person: custodian,
                from: draft.endpoint("custodian.from", Origin::Local { uid: 7 })?,
            },
            host: draft.host("host")?,
            reason: draft.commit("reason", "年度采购合同")?,
            file_name: draft.commit("file_name", "合同.pdf")?,
            seal: id("contract")?,
            seal_object_sha256: digest,
            certificate_sha256: digest,
            token_serial: id("01")?,
            signature_algorithm: code("ecdsa-p256-sha256")?,
            document_sha256: digest,
            document_size: 10,
            byte_range_digest: MessageDigest::Sha256([0; 32]),
            prepared_sha256: digest,
            placements: list,
            tickets: list,
            class: id("contract")?,
            copy: 0,
            copies: 2,
            journal: TreeHead { size: 0, root: empty_root() },
        })))
    };
    Scribe::new("desk-7").entry(write).unwrap()
}

async fn begin(
    store: &Store,
    number: u128,
    request: RequestId,
    judged: Option<RequestFacts>,
) -> Result<u32, Reason> {
    let use_id = use_id(number);
    match store.begin_use(use_id, request, judged, intent(use_id, request)).await {
        Ok(begun) => Ok(begun.copy),
        Err(BeginError::Refused(reason)) => Err(reason),
        Err(BeginError::Store(error)) => panic!("{error}"),
    }
}

async fn set(store: &Store, number: u128, facts: RequestFacts) {
    let typ = if facts.tickets.len() > 1 { "request-approve" } else { "request-withdraw" };
    store.record_act(act(number, typ, vec![Changed::Request(Box::new(facts))])).await.unwrap();
}

#[tokio::test]
async fn a_use_begins_on_the_request_that_was_judged_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    let id = request_id(1);
    let filed = facts(id);
    store.add_request(request(1, Some(filed.clone())), None).await.unwrap();
    assert_eq!(begin(&store, 1, id, None).await, Err(Reason::RequestChanged), "judged as of a solo journal");
    assert_eq!(begin(&store, 1, id, Some(filed.clone())).await, Ok(1));

    // A ticket more: what was reviewed is no longer what stands there.
    let mut approved = filed.clone();
    approved.tickets.push(Ticket { act: act_id(22), by: "p-32".parse().unwrap(), issued_s: 1, expires_s: 9 });
    set(&store, 22, approved.clone()).await;
    assert_eq!(begin(&store, 2, id, Some(filed)).await, Err(Reason::RequestChanged));

    // The withdrawal commits between the judgement and the intent.
    let withdrawn = RequestFacts { state: RequestState::Withdrawn(act_ref(23, "p-17")), ..approved.clone() };
    set(&store, 23, withdrawn.clone()).await;
    let size = store.head().size;
    assert_eq!(begin(&store, 2, id, Some(approved)).await, Err(Reason::RequestChanged));
    assert_eq!(
        begin(&store, 2, id, Some(withdrawn.clone())).await,
        Err(Reason::RequestChanged),
        "and it ended"
    );
    assert_eq!(store.head().size, size);
    assert!(store.find_use(use_id(2)).await.unwrap().is_none());
    close(store);
    let store = open(&path);
    let kept = store.request(id).await.unwrap().unwrap();
    assert_eq!((kept.facts, kept.copies_used), (Some(withdrawn), 1));
    close(store);
}

#[tokio::test]
async fn what_its_applicant_has_not_filed_or_an_approver_refused_is_not_stamped() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    for (number, state, expected) in [
        (1, RequestState::Drafted, Err(Reason::RequestChanged)),
        (2, RequestState::Rejected(act_ref(30, "p-31")), Err(Reason::RequestChanged)),
        (3, RequestState::Filed(None), Ok(1)),
    ] {
        let facts = RequestFacts { state, ..facts(request_id(number)) };
        store.add_request(request(number, Some(facts.clone())), None).await.unwrap();
        assert_eq!(begin(&store, number, request_id(number), Some(facts)).await, expected);
    }
    close(store);
}

#[tokio::test]
async fn a_solo_request_has_no_facts_and_needs_none() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made(directory.path()));
    store.add_request(request(1, None), None).await.unwrap();
    assert_eq!(store.request(request_id(1)).await.unwrap().unwrap().facts, None);
    assert_eq!(begin(&store, 1, request_id(1), None).await, Ok(1));
    let office = Some(facts(request_id(1)));
    assert_eq!(begin(&store, 2, request_id(1), office).await, Err(Reason::RequestChanged));
    close(store);
}

#[tokio::test]
async fn copies_are_counted_for_applicant_and_seal_even_once_the_request_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = made(directory.path());
    let store = open(&path);
    store.add_request(request(1, None), None).await.unwrap();
    store.add_request(request(2, None), None).await.unwrap();
    store
        .add_request(KeptRequest { applicant: "p-18".parse().unwrap(), ..request(3, None) }, None)
        .await
        .unwrap();
    store
        .add_request(KeptRequest { seal: "finance".parse().unwrap(), ..request(4, None) }, None)
        .await
        .unwrap();
    for (use_number, request_number) in [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4)] {
        begin(&store, use_number, request_id(request_number), None).await.unwrap();
    }
    let ended = |end| async { store.end_use(use_id(1), end, super::entry()).await.unwrap() };
    let since = async |from_us| {
        store.used_since("p-17".parse().unwrap(), "contract".parse().unwrap(), from_us).await.unwrap()
    };
    assert_eq!((since(0).await, since(1).await, since(2).await), (3, 3, 0));
    ended(End::Failed(Reason::SignRefused)).await;
    assert_eq!(since(0).await, 2, "a copy that was given back does not count");
    store.end_use(use_id(2), End::Abandoned(Reason::AbandonedTimeout), super::entry()).await.unwrap();
    assert_eq!(since(0).await, 2, "one that was perhaps stamped does");
    assert_eq!(begin(&store, 6, request_id(1), None).await, Ok(1), "the copy that was given back");
    assert_eq!(begin(&store, 7, request_id(1), None).await, Err(Reason::CopiesUsedUp));
    close(store);
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM requests", []).unwrap();
    // Counting reads no row of a use: those hold whole results.
    for counted in [
        "SELECT count(*) FROM uses WHERE request_id = 'x' AND state <> 'failed'",
        "SELECT copy FROM uses WHERE request_id = 'x' AND state <> 'failed'",
        "SELECT count(*) FROM uses WHERE request_id = 'x' AND state IN ('complete', 'abandoned')",
        "SELECT count(*) FROM uses WHERE applicant = 'x' AND seal = 'y' AND begun_us >= 1 AND state <> 'failed'",
    ] {
        let plan: String = connection
            .query_row(&format!("EXPLAIN QUERY PLAN {counted}"), [], |row| row.get("detail"))
            .unwrap();
        assert!(plan.contains("USING COVERING INDEX"), "{counted}: {plan}");
    }
    drop(connection);
    let store = open(&path);
    assert_eq!(store.used_since("p-17".parse().unwrap(), "contract".parse().unwrap(), 0).await.unwrap(), 3);
    close(store);
}

#[tokio::test]
async fn the_document_of_a_request_that_ended_is_needed_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    for number in 1..=4 {
        store.add_request(request(number, Some(facts(request_id(number)))), None).await.unwrap();
    }
    store
        .add_request(KeptRequest { expires_us: 1, ..request(5, Some(facts(request_id(5)))) }, None)
        .await
        .unwrap();
    let rejected = RequestState::Rejected(act_ref(31, "p-31"));
    set(&store, 31, RequestFacts { state: rejected, ..facts(request_id(1)) }).await;
    let withdrawn = RequestState::Withdrawn(act_ref(32, "p-17"));
    set(&store, 32, RequestFacts { state: withdrawn, ..facts(request_id(2)) }).await;
    for use_number in [1, 2] {
        begin(&store, use_number, request_id(3), Some(facts(request_id(3)))).await.unwrap();
        let end = End::Abandoned(Reason::AbandonedTimeout);
        store.end_use(use_id(use_number), end, super::entry()).await.unwrap();
    }
    let document = |number: u128| Digest::of(&number.to_be_bytes());
    let applicant = request(4, None).applicant;
    let held = Held { requests: 2, bytes: 2 * request(4, None).asked.size };
    assert_eq!(store.held_by(applicant.clone()).await.unwrap(), held, "4, and 5 until it is tidied away");
    assert_eq!(store.expire_requests().await.unwrap(), [document(4)]);
    let held = Held { requests: 1, bytes: request(4, None).asked.size };
    assert_eq!(store.held_by(applicant).await.unwrap(), held);
    store.add_request(KeptRequest { id: request_id(6), ..request(4, None) }, None).await.unwrap();
    let applicant = request(4, None).applicant;
    assert_eq!(
        store.held_by(applicant).await.unwrap(),
        Held { requests: 2, ..held },
        "one document, asked for twice"
    );
    assert_eq!(store.held_by("nobody".parse().unwrap()).await.unwrap(), Held { requests: 0, bytes: 0 });
    for number in 1..=5 {
        assert_eq!(store.knows_document(document(number), None).await.unwrap(), number == 4, "{number}");
    }
    let of_another = KeptRequest { carried_by: "p-18".parse().unwrap(), ..request(7, None) };
    store.add_request(of_another, None).await.unwrap();
    for (person, knows) in [("p-17", true), ("p-18", true), ("p-19", false)] {
        let by = Some(person.parse().unwrap());
        assert_eq!(store.knows_document(document(7), by).await.unwrap(), knows, "{person}");
    }
    // What became of them can be asked for until they expire.
    let kept = store.requests(RequestChoice::default(), 100).await.unwrap();
    assert!(kept.iter().map(|request| request.id).eq([1, 2, 3, 4, 6, 7].map(request_id)));
    close(store);
}

/// The rows that the records of expired requests tell of.
async fn expired_rows(store: &Store) -> Vec<serde_json::Value> {
    let records = store.records(0, 1000, vec!["request_expired".into()]).await.unwrap();
    let mut rows = Vec::new();
    for stored in records {
        let RecordBody::RequestExpired(expired) = Record::parse(&stored.bytes).unwrap().body else {
            panic!()
        };
        let (field, list) = &stored.lists[0];
        assert!(field == "requests" && expired.requests.matches(list));
        rows.extend(serde_json::from_slice::<Vec<_>>(list).unwrap());
    }
    rows
}

#[tokio::test]
async fn what_became_of_a_request_that_expired_open_is_on_record_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    let over = |number: u128| KeptRequest {
        created_us: number as u64,
        expires_us: 1,
        ..request(number, Some(facts(request_id(number))))
    };
    for number in 1..=3 {
        store.add_request(over(number), None).await.unwrap();
    }
    store.add_request(request(4, Some(facts(request_id(4)))), None).await.unwrap();
    let rejected = RequestState::Rejected(act_ref(31, "p-31"));
    set(&store, 31, RequestFacts { state: rejected, ..facts(request_id(2)) }).await;
    store.expire_requests().await.unwrap();
    store.expire_requests().await.unwrap();
    let row = |number: u128| {
        let id = request_id(number).to_string();
        serde_json::json!({"request": id, "seal": "contract", "copies": 2, "copies_used": 0})
    };
    assert_eq!(
        expired_rows(&store).await,
        [row(1), row(3)],
        "2 was rejected, which is on record, and 4 is open"
    );
    close(store);
}

#[tokio::test]
async fn requests_that_expire_together_share_records_and_those_of_a_solo_journal_have_none() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    for number in 1..=1100 {
        let one = KeptRequest { expires_us: 1, ..request(number, Some(facts(request_id(number)))) };
        store.add_request(one, None).await.unwrap();
    }
    store.expire_requests().await.unwrap();
    assert_eq!(store.head().size, 2);
    assert_eq!(expired_rows(&store).await.len(), 1100);
    close(store);
    let solo = tempfile::tempdir().unwrap();
    let store = open(&made(solo.path()));
    store.add_request(KeptRequest { expires_us: 1, ..request(1, None) }, None).await.unwrap();
    store.expire_requests().await.unwrap();
    assert_eq!((store.head().size, store.request(request_id(1)).await.unwrap().is_none()), (0, true));
    close(store);
}

#[tokio::test]
async fn a_list_of_requests_goes_on_after_the_last_one_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    // Several of one moment: then their ids tell which comes first.
    for number in 1..=20 {
        let one = KeptRequest { created_us: number as u64 / 7, ..request(number, None) };
        store.add_request(one, None).await.unwrap();
    }
    let mut listed = Vec::new();
    let mut choice = RequestChoice::default();
    loop {
        let page = store.requests(choice.clone(), 6).await.unwrap();
        let Some(last) = page.last() else { break };
        choice.after = Some((last.created_us, last.id));
        listed.extend(page.iter().map(|request| request.id));
    }
    assert!(listed.into_iter().eq((1..=20).map(request_id)));
    close(store);
}

#[tokio::test]
async fn requests_are_listed_in_the_order_they_were_made() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    let finance = "finance".parse().unwrap();
    store
        .add_request(KeptRequest { created_us: 3, ..request(1, Some(facts(request_id(1)))) }, None)
        .await
        .unwrap();
    store.add_request(KeptRequest { created_us: 2, seal: finance, ..request(2, None) }, None).await.unwrap();
    let applicant = "p-18".parse().unwrap();
    store.add_request(KeptRequest { created_us: 1, applicant, ..request(3, None) }, None).await.unwrap();
    let listed = async |choice| -> Vec<RequestId> {
        store.requests(choice, 100).await.unwrap().into_iter().map(|request| request.id).collect()
    };
    assert_eq!(listed(RequestChoice::default()).await, [3, 2, 1].map(request_id));
    let by = RequestChoice { applicant: Some("p-17".parse().unwrap()), ..RequestChoice::default() };
    assert_eq!(listed(by.clone()).await, [2, 1].map(request_id));
    let contract = Some("contract".parse().unwrap());
    assert_eq!(
        listed(RequestChoice { seal: contract.clone(), ..RequestChoice::default() }).await,
        [3, 1].map(request_id)
    );
    let both = store.requests(RequestChoice { seal: contract, ..by }, 100).await.unwrap();
    assert_eq!(both.len(), 1);
    assert_eq!(both[0].facts, Some(facts(request_id(1))));
    close(store);
}

#[tokio::test]
async fn an_intent_names_each_ticket_with_the_record_it_stands_in() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&made_office(directory.path()));
    let kept = request(1, Some(facts(request_id(1))));
    let given = &kept.facts.as_ref().unwrap().tickets;
    assert!(tickets(kept.id, given, &*store).await.is_err(), "a ticket that no record tells of is none");
    store.append(super::entry()).await.unwrap();
    let about = |act: &mut sealkeeper_journal::ActFiled| act.request = Some(request_id(1).uuid());
    store.record_act(act_about(20, "request-file", vec![], about)).await.unwrap();
    store.record_act(act_about(21, "request-approve", vec![], about)).await.unwrap();
    let (digest, bytes) = ListDigest::of(&tickets(kept.id, given, &*store).await.unwrap()).unwrap();
    let row = format!(r#"[{{"act":"{}","by":"p-31","seq":2}}]"#, act_id(21));
    assert_eq!((digest.count, String::from_utf8(bytes).unwrap()), (1, row));
    assert!(tickets(request_id(2), &[], &*store).await.unwrap().is_empty());
    close(store);
}
