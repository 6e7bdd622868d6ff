//! What of the records a custodian sees who is not the only one: what is about their own seals, and what they did (S1).

use super::*;
use crate::{
    pipeline::ports::ledger::{ActChoice, StoredRecord},
    service::Sight,
};

/// Who else works there, and keeps nothing yet.
const OTHER: u32 = 17;

impl Bureau {
    pub(super) async fn with_two_custodians() -> Self {
        let bureau = Bureau::with_seal().await;
        bureau.says("office", register("other", Role::Custodian, OTHER)).await;
        let service = &bureau.house.service;
        let asked = asked_for(&document());
        let upload = service.begin_submit(bureau.who("clerk"), asked, seal().to_string(), "").await.unwrap();
        let upload = service.take_chunk(upload, document()).await.unwrap();
        let id = service.finish_submit(upload).await.unwrap().request;
        bureau.says("clerk", Statement::RequestFile(Box::new(binding_of(&bureau, id).await))).await;
        let ended =
            sealkeeper_domain::act::statement::EndedRequest { request: id, reason: "不用了".into() };
        bureau.says("clerk", Statement::RequestWithdraw(ended)).await;
        bureau
    }

    fn by_uid(&self, uid: u32) -> Caller {
        identify(Origin::Local { uid }, &*self.desk).unwrap()
    }

    /// Every record as this caller sees it.
    async fn read_by(&self, caller: &Caller) -> Vec<StoredRecord> {
        let service = &self.house.service;
        let sight = service.may_read_journal(caller, "list-records").await.unwrap();
        let mut seen = Vec::new();
        for record in service.ledger.records(0, 1000, Vec::new()).await.unwrap() {
            seen.push(service.as_seen(record, &sight).await.unwrap());
        }
        seen
    }

    async fn acts_for(&self, caller: &Caller) -> Vec<String> {
        let rows = self.house.service.acts(caller, ActChoice::default(), 0, 1000).await.unwrap();
        rows.into_iter().map(|row| row.typ).collect()
    }
}

fn opened(records: &[StoredRecord]) -> Vec<&'static str> {
    let opened = records.iter().filter(|record| !record.disclosures.is_empty());
    opened.map(|record| Record::parse(&record.bytes).unwrap().body.type_name()).collect()
}

#[tokio::test]
async fn a_custodian_opens_only_what_is_about_their_own_seals_and_what_they_did() {
    let bureau = Bureau::with_two_custodians().await;
    let (auditor, keeper, other) = (bureau.who("auditor"), bureau.who("keeper"), bureau.by_uid(OTHER));
    let all = bureau.read_by(&auditor).await;
    let (own, foreign) = (bureau.read_by(&keeper).await, bureau.read_by(&other).await);
    let bytes =
        |records: &[StoredRecord]| records.iter().map(|record| record.bytes.clone()).collect::<Vec<_>>();
    assert_eq!(bytes(&own), bytes(&all), "codes and digests are everybody's who reads");
    assert_eq!(bytes(&foreign), bytes(&all));
    assert!(opened(&own).contains(&"request_drafted"));
    assert!(!opened(&foreign).contains(&"request_drafted"), "{:?}", opened(&foreign));
    let texts =
        |records: &[StoredRecord]| records.iter().flat_map(|record| record.disclosures.clone()).count();
    assert!(texts(&foreign) < texts(&own) && texts(&own) < texts(&all));
    for secret in ["采购", "合同.pdf", "clerk 某"] {
        let told = |records: &[StoredRecord]| {
            let disclosed = records.iter().flat_map(|record| &record.disclosures);
            disclosed.filter(|(_, _, value)| value == secret).count()
        };
        assert!(told(&own) > 0 && told(&foreign) == 0, "{secret}");
    }
}

#[tokio::test]
async fn acts_are_told_to_the_custodian_of_their_seal_and_to_no_other() {
    let bureau = Bureau::with_two_custodians().await;
    let keeper = bureau.acts_for(&bureau.who("keeper")).await;
    for typ in ["seal-apply", "seal-make", "grant", "request-file", "request-withdraw"] {
        assert!(keeper.iter().any(|told| told == typ), "{typ} of {keeper:?}");
    }
    assert!(!keeper.iter().any(|told| told == "policy"));
    assert_eq!(bureau.acts_for(&bureau.by_uid(OTHER)).await, ["person-register"], "their own");
    let all = bureau.acts_for(&bureau.who("auditor")).await;
    assert!(all.len() > keeper.len() && all.contains(&"policy".to_owned()));
}

#[tokio::test]
async fn a_copy_of_the_whole_journal_is_for_who_oversees_it_and_for_whose_files_it_is() {
    let bureau = Bureau::with_two_custodians().await;
    let service = &bureau.house.service;
    for who in ["keeper", "clerk", "first"] {
        let refused = service.back_up(&bureau.who(who)).await.unwrap_err();
        assert_eq!(reasons(refused), "role-missing", "{who}");
    }
    for who in ["auditor", "office"] {
        assert!(service.back_up(&bureau.who(who)).await.is_ok(), "{who}");
    }
    let own_uid = rustix::process::geteuid().as_raw();
    bureau.says("office", register("here", Role::Custodian, own_uid)).await;
    let here = bureau.by_uid(own_uid);
    assert!(service.back_up(&here).await.is_ok());
    assert!(matches!(service.may_read_journal(&here, "list-records").await, Ok(Sight::Everything)));
}

#[tokio::test]
async fn how_a_seal_looks_and_what_is_said_of_it_is_for_whom_it_concerns() {
    let bureau = Bureau::with_two_custodians().await;
    bureau.says("office", register("stranger", Role::UnitHead, 18)).await;
    bureau.says("partner", loss()).await;
    let service = &bureau.house.service;
    let found = sealkeeper_domain::act::statement::FindingText {
        person: "clerk".parse().unwrap(),
        text: "整改".into(),
        due_s: NOW_US / 1_000_000 + 86_400,
    };
    bureau.says("auditor", Statement::Finding(found)).await;
    let (current, known) = (bureau.desk.now(), service.known_seal("contract").unwrap());
    let seen = |uid: u32| {
        let caller = bureau.by_uid(uid);
        let (reader, of_seal) = (service.reader(&current, &caller), service.sees_of(&caller, &known));
        let office = &current.office;
        let grants = office.grants.values().filter(|grant| reader.sees_grant(grant)).count();
        let notices = office.notices.values().filter(|notice| reader.sees_notice(notice)).count();
        let findings = office.findings.values().filter(|found| reader.sees_finding(found)).count();
        (of_seal.picture, of_seal.affairs, grants, notices, findings)
    };
    // The seal office, the auditor, the heads of its unit.
    for uid in [10, 14, 11, 16] {
        assert_eq!(seen(uid), (true, true, 2, 1, 1), "{uid}");
    }
    assert_eq!(seen(UID), (true, true, 2, 1, 0), "its custodian");
    assert_eq!(seen(12), (true, false, 1, 0, 1), "who may ask for it, and is named by the finding");
    assert_eq!(seen(13), (true, false, 0, 0, 0), "who allows uses");
    assert_eq!(seen(15), (false, false, 0, 1, 0), "who reported something and may not use it");
    assert_eq!(seen(OTHER), (false, false, 0, 0, 0), "who keeps other seals");
}
