//! Requests of an office: on record from the start, seen by whom they concern, charged to whoever brings them, told page by page.

use std::collections::{BTreeMap, BTreeSet};

use sealkeeper_domain::act::statement::EndedRequest;
use sealkeeper_journal::DraftStanding;

use super::*;

impl Bureau {
    /// What these people bring for that applicant.
    async fn brings(&self, who: &str, applicant: &str, asked: Asked) -> Result<RequestId, Failure> {
        let service = &self.house.service;
        let mut upload = service.begin_submit(self.who(who), asked, seal().to_string(), applicant).await?;
        if upload.wanted() {
            upload = service.take_chunk(upload, document()).await?;
        }
        Ok(service.finish_submit(upload).await?.request)
    }

    async fn brought(&self, who: &str, applicant: &str) -> RequestId {
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
