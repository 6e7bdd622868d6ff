//! Requests of an office: on record from the start, seen by whom they concern, charged to whoever brings them, told page by page.

use std::collections::{BTreeMap, BTreeSet};

use sealkeeper_domain::act::statement::EndedRequest;
use sealkeeper_journal::DraftStanding;

use super::*;
use crate::service::requests::Standing;

impl Bureau {
    /// What these people bring for that applicant.
    async fn brings(&self, who: &str, applicant: &str, asked: Asked) -> Result<RequestId, Failure> {
        self.brings_as(self.who(who), applicant, asked).await
    }

    async fn brings_as(&self, caller: Caller, applicant: &str, asked: Asked) -> Result<RequestId, Failure> {
        let service = &self.house.service;
        let mut upload = service.begin_submit(caller, asked, seal().to_string(), applicant).await?;
        if upload.wanted() {
            upload = service.take_chunk(upload, document()).await?;
        }
        Ok(service.finish_submit(upload).await?.request)
    }

    pub(in crate::service::tests) async fn brought(&self, who: &str, applicant: &str) -> RequestId {
        self.brings(who, applicant, asked_for(&document())).await.unwrap()
    }

    async fn drafts(&self) -> Vec<(sealkeeper_journal::RequestDrafted, BTreeMap<String, String>)> {
        let types = vec!["request_drafted".into()];
        let stored = self.house.service.ledger.records(0, 10_000, types).await.unwrap();
        let drafted = stored.into_iter().map(|stored| {
            let record = Record::parse(&stored.bytes).unwrap();
            let disclosed = stored.disclosures.iter().map(|(field, _, value)| (field.clone(), value.clone()));
            let disclosed = disclosed.collect();
            let RecordBody::RequestDrafted(drafted) = record.body else { panic!() };
            let (field, list) = &stored.lists[0];
            assert!(field == "placements" && drafted.placements.matches(list));
            (*drafted, disclosed)
        });
        drafted.collect()
    }
}

#[tokio::test]
async fn every_request_is_on_record_with_who_brought_it_before_anybody_says_anything_of_it() {
    let bureau = Bureau::with_seal().await;
    let by_keeper = bureau.brought("keeper", "clerk").await;
    let own = bureau.brought("keeper", "").await;
    let [(first, disclosed), (second, _)] = &bureau.drafts().await[..] else { panic!("not two") };
    assert_eq!((first.request_id, second.request_id), (by_keeper.uuid(), own.uuid()));
    assert_eq!((first.applicant.id.as_str(), first.by.person.id.as_str()), ("clerk", "keeper"));
    assert_eq!(
        (first.standing, second.standing),
        (DraftStanding::Drafted, DraftStanding::Filed),
        "a custodian's own needs no act of theirs"
    );
    let pdf = document();
    assert_eq!((first.document_size, first.copies, first.class.as_str()), (pdf.len() as u64, 1, "ordinary"));
    assert_eq!(first.document_sha256, sealkeeper_journal::Digest::of(&pdf));
    assert_eq!(first.seal_object_sha256, sealkeeper_journal::Digest::of(&object()));
    let told =
        ["reason", "file_name", "applicant.name", "by.from.uid"].map(|field| disclosed[field].as_str());
    assert_eq!(told, ["采购", "合同.pdf", "clerk 某", &UID.to_string()]);
}

#[tokio::test]
async fn a_custodian_who_asks_from_afar_signs_for_it_like_anybody() {
    let bureau = Bureau::with_seal().await;
    let certificate = Digest::of(b"laptop");
    let Statement::PersonRegister(mut entry) = register("keeper", Role::Custodian, UID) else { panic!() };
    entry.certificates = vec![certificate];
    bureau.says("office", Statement::PersonRegister(entry)).await;
    let afar = Origin::Remote { address: "192.0.2.7".parse().unwrap(), certificate };
    let keeper = identify(afar, &*bureau.desk).unwrap();
    assert_eq!(keeper.person().id.as_str(), "keeper");
    bureau.brings_as(keeper, "", asked_for(&document())).await.unwrap();
    bureau.brought("keeper", "").await;
    let standings: Vec<_> = bureau.drafts().await.iter().map(|(drafted, _)| drafted.standing).collect();
    assert_eq!(standings, [DraftStanding::Drafted, DraftStanding::Filed], "without a signature only here");
}

#[tokio::test]
async fn a_request_that_nobody_filed_in_time_has_its_end_on_record() {
    let bureau = Bureau::with_seal().await;
    let drafted = bureau.brought("clerk", "").await;
    let withdrawn = bureau.brought("clerk", "").await;
    bureau.says("clerk", Statement::RequestFile(Box::new(binding_of(&bureau, withdrawn).await))).await;
    let end = EndedRequest { request: withdrawn, reason: "不用了".into() };
    bureau.says("clerk", Statement::RequestWithdraw(end)).await;
    bureau.house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    bureau.house.service.tidy().await;
    bureau.house.service.tidy().await;
    let records =
        bureau.house.service.ledger.records(0, 10_000, vec!["request_expired".into()]).await.unwrap();
    let [expired] = &records[..] else { panic!("not one") };
    let told = String::from_utf8(expired.lists[0].1.clone()).unwrap();
    assert!(told.contains(&drafted.to_string()) && !told.contains(&withdrawn.to_string()), "{told}");
}

#[tokio::test]
async fn who_may_not_see_a_request_learns_nothing_of_its_state() {
    let bureau = Bureau::with_seal().await;
    let id = bureau.brought("clerk", "").await;
    let unknown = RequestId::new(uuid::Uuid::new_v4());
    let partner = bureau.who("partner");
    let review = async |id| reasons(bureau.house.service.review(&partner, id).await.err().unwrap());
    assert_eq!(review(id).await, "request-unknown");
    bureau.house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    assert_eq!(
        (review(id).await, review(unknown).await),
        ("request-unknown".into(), "request-unknown".into())
    );
    let clerk = bureau.who("clerk");
    let own = bureau.house.service.review(&clerk, id).await.err().unwrap();
    assert_eq!(reasons(own), "request-expired", "its applicant does");
}

#[tokio::test]
async fn a_digest_alone_gets_nobody_a_document() {
    let bureau = Bureau::with_seal().await;
    bureau.brought("clerk", "").await;
    let service = &bureau.house.service;
    let begun = async |who: &str| {
        let (asked, seal) = (asked_for(&document()), seal().to_string());
        service.begin_submit(bureau.who(who), asked, seal, "").await.unwrap()
    };
    // Who brought it, and who sees every request whatever its class; nobody else, were it the custodian.
    for (who, wanted) in
        [("clerk", false), ("office", false), ("first", true), ("partner", true), ("keeper", true)]
    {
        assert_eq!(begun(who).await.wanted(), wanted, "{who}");
    }
    let failed = service.finish_submit(begun("partner").await).await.unwrap_err();
    assert_eq!(reasons(failed), "document-size-mismatch", "nothing was sent");
    let page = service.requests(&bureau.who("partner"), Which::All, true, None, 10).await.unwrap();
    assert!(page.requests.is_empty());
    // Once they had it in hand, they need not send it again.
    bureau.brought("partner", "clerk").await;
    assert!(!begun("partner").await.wanted());
}

#[tokio::test]
async fn who_sent_nothing_is_not_told_how_large_a_document_is() {
    let bureau = Bureau::with_seal().await;
    bureau.brought("clerk", "").await;
    let asked = Asked { size: 7, ..asked_for(&document()) };
    let refused = bureau.brings("clerk", "", asked).await.unwrap_err();
    let Failure::Refused(refused) = refused else { panic!("{refused:?}") };
    let told = refused.refusal.first();
    assert_eq!(told.reason, Reason::DocumentSizeMismatch);
    assert_eq!(told.details.keys().map(|key| key.to_string()).collect::<Vec<_>>(), ["announced"]);
}

#[tokio::test]
async fn an_auditor_brings_nothing_in_anybodys_name() {
    let bureau = Bureau::with_seal().await;
    for applicant in ["clerk", ""] {
        let refused = bureau.brings("auditor", applicant, asked_for(&document())).await.unwrap_err();
        assert_eq!(reasons(refused), "auditor-only-reads", "{applicant:?}");
    }
    assert!(bureau.drafts().await.is_empty());
}

#[tokio::test]
async fn a_ticket_that_counts_no_more_is_told_to_nobody_and_its_approver_is_asked_again() {
    let bureau = Bureau::with_seal().await;
    let id = bureau.brought("keeper", "").await;
    let service = bureau.house.service.clone();
    let first = bureau.who("first");
    let told = async || {
        let asked = service.requests(&first, Which::ToApprove, false, None, 10).await.unwrap().requests.len();
        let seen = service.request(&first, id).await.unwrap();
        let kept = service.ledger.request(id).await.unwrap().unwrap();
        (asked, seen.tickets.len(), service.names_of_approvers(&kept).join(", "), seen.standing)
    };
    let none = || (1, 0, String::new(), Standing::Filed);
    assert_eq!(told().await, none());
    let ticket = Statement::RequestApprove(Box::new(binding_of(&bureau, id).await));
    bureau.says("first", ticket.clone()).await;
    assert_eq!(told().await, (0, 1, "first 某".into(), Standing::Approved));
    // It is good for an hour; the request is open still.
    bureau.house.clock.0.fetch_add(3_601_000_000, Ordering::SeqCst);
    assert_eq!(told().await, none());
    bureau.says("first", ticket).await;
    assert_eq!(told().await, (0, 1, "first 某".into(), Standing::Approved));
    // Of one that has ended it stays known who allowed it.
    bureau.house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    let ended = service.request(&first, id).await.unwrap();
    assert_eq!((ended.standing, ended.tickets.len()), (Standing::Expired, 1));
}

#[tokio::test]
async fn documents_of_a_class_are_seen_by_none_of_the_approvers_but_those_it_names() {
    let bureau = Bureau::with_seal().await;
    bureau.says("office", register("second", Role::Approver, 22)).await;
    let second = identify(Origin::Local { uid: 22 }, &*bureau.desk).unwrap();
    let text =
        Policy::OFFICE_TOML.replace("[classes.ordinary]\n", "[classes.ordinary]\napprovers = [\"second\"]\n");
    std::fs::write(bureau.house.directory.path().join(POLICY), &text).unwrap();
    bureau.says("office", Statement::Policy(PolicyDigest { sha256: Digest::of(text.as_bytes()) })).await;
    let id = bureau.brought("keeper", "").await;
    let service = bureau.house.service.clone();
    let told = async |caller: &Caller| {
        let page = service.requests(caller, Which::ToApprove, false, None, 10).await.unwrap();
        let fetched = service.request_document(caller, id).await.map(|_| ()).map_err(reasons);
        (page.requests.len(), fetched)
    };
    assert_eq!(told(&bureau.who("first")).await, (0, Err("request-unknown".into())));
    assert_eq!(told(&second).await, (1, Ok(())));
    assert_eq!(told(&bureau.who("auditor")).await, (0, Ok(())), "who supervises sees all of it");
    let ticket = Statement::RequestApprove(Box::new(binding_of(&bureau, id).await));
    let refused = bureau.says_with("first", ticket.clone(), Vec::new()).await.unwrap_err();
    assert_eq!(reasons(refused), "approver-not-entitled");
    bureau.says("second", ticket).await;
}

#[tokio::test]
async fn a_share_is_charged_to_whoever_brings_a_document_and_nobody_uses_up_anothers() {
    let bureau = Bureau::with_seal().await;
    for _ in 0..bureau.house.service.limits.requests_per_person {
        bureau.brought("partner", "clerk").await;
    }
    let refused = bureau.brings("partner", "clerk", asked_for(&document())).await.unwrap_err();
    assert_eq!(reasons(refused), "requests-too-many");
    bureau.brought("clerk", "").await;
    bureau.brought("keeper", "clerk").await;
}

#[tokio::test]
async fn thousands_of_requests_are_told_page_by_page_each_once_and_only_to_whom_they_concern() {
    let bureau = Bureau::with_seal().await;
    let own = bureau.brought("clerk", "").await;
    let of_keeper = bureau.brought("keeper", "").await;
    let (store, template) =
        (bureau.house.store.clone(), bureau.house.service.ledger.request(own).await.unwrap());
    let template = template.unwrap();
    let mut all = BTreeSet::from([own]);
    for number in 1..=3000_u128 {
        let id = RequestId::new(uuid::Uuid::from_u128(number));
        let mut facts = template.facts.clone().unwrap();
        facts.binding.request = id;
        let created_us = template.created_us + u64::try_from(number / 9).unwrap();
        let one = KeptRequest { id, facts: Some(facts), created_us, ..template.clone() };
        store.add_request(one, None).await.unwrap();
        all.insert(id);
    }
    let told = async |who: &str, which, limit| {
        let (caller, mut ids, mut after, mut pages) = (bureau.who(who), Vec::new(), None, 0);
        loop {
            let page = bureau.house.service.requests(&caller, which, false, after, limit).await.unwrap();
            assert!(page.requests.len() <= limit);
            ids.extend(page.requests.iter().map(|seen| seen.kept.id));
            pages += 1;
            after = page.next;
            if after.is_none() {
                return (ids, pages);
            }
        }
    };
    let (ids, pages) = told("clerk", Which::Mine, 100).await;
    assert_eq!((ids.len(), pages), (3001, 31));
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(told("clerk", Which::All, 500).await.0.len(), 3001);
    assert_eq!(told("auditor", Which::All, 500).await.0.len(), 3002);
    assert_eq!(told("partner", Which::All, 500).await, (vec![], 1));
    assert_eq!(told("keeper", Which::Mine, 1).await.0, [of_keeper]);
}
