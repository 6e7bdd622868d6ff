//! What is kept of names and texts once the time is over that the policy sets.

use std::collections::BTreeSet;

use sealkeeper_domain::act::statement::{FindingAnswer, FindingText, NamedAct, NamedPerson};
use sealkeeper_journal::Checker;

use super::*;

const DAY_US: u64 = 86_400_000_000;

impl Bureau {
    fn pass(&self, time_us: u64) {
        self.house.clock.0.fetch_add(time_us, Ordering::SeqCst);
    }

    /// The records of which something can be opened, by place.
    async fn open_ones(&self) -> BTreeSet<u64> {
        let disclosed = self.house.service.ledger.disclosed(0, 10_000).await.unwrap();
        disclosed.iter().map(|record| record.seq).collect()
    }

    /// Places of acts of this type.
    async fn acts_of(&self, typ: &str) -> Vec<(u64, bool)> {
        let choice =
            crate::pipeline::ports::ledger::ActChoice { typ: Some(typ.into()), ..Default::default() };
        let rows = self.house.service.ledger.acts(choice, 0, 100).await.unwrap();
        rows.into_iter().map(|row| (row.seq, row.text.is_some())).collect()
    }
}

/// A seal in use, a stamped request of long ago, and one of the staff who has left.
async fn of_long_ago() -> (Bureau, UseId) {
    let bureau = Bureau::with_seal().await;
    let id = bureau.house.submit(1).await;
    let binding = binding_of(&bureau, id).await;
    bureau.says("first", Statement::RequestApprove(Box::new(binding))).await;
    let use_id = new_use();
    let stamped = bureau.house.stamp(id, use_id).await.unwrap();
    assert!(matches!(stamped, StampOutcome::Complete(_)));
    let leave = NamedPerson { person: "partner".parse().unwrap(), reason: "离职".into() };
    bureau.says("office", Statement::PersonLeave(leave)).await;
    (bureau, use_id)
}

#[tokio::test]
async fn names_and_texts_are_erased_after_their_time_but_for_those_that_something_rests_on() {
    let (bureau, use_id) = of_long_ago().await;
    let service = bureau.house.service.clone();
    let before = bureau.open_ones().await;
    let kept_us = service.policy.now().personal_data_ms * 1000;
    bureau.pass(kept_us - DAY_US);
    service.erase_outdated().await;
    assert_eq!(bureau.open_ones().await, before, "a day too early");

    bureau.pass(2 * DAY_US);
    service.erase_outdated().await;
    let texts =
        async |typ| bureau.acts_of(typ).await.into_iter().map(|(_, is_there)| is_there).collect::<Vec<_>>();
    for typ in ["seal-apply", "seal-make", "seal-receive", "policy"] {
        assert_eq!(texts(typ).await, [true], "{typ}: the seal is in use, the policy in force");
    }
    assert_eq!(texts("grant").await, [true, true], "they stand");
    assert_eq!(texts("person-leave").await, [false]);
    assert_eq!(texts("request-approve").await, [true], "its request is kept still");
    let registered = texts("person-register").await;
    assert_eq!(registered.iter().filter(|is_there| !**is_there).count(), 1, "only who has left");

    service.tidy().await;
    service.erase_outdated().await;
    assert_eq!(texts("request-approve").await, [false]);
    let types = bureau.house.types().await;
    assert_eq!(types[types.len() - 2..], ["disclosures_erased", "disclosures_erased"]);
    let size = types.len();
    service.erase_outdated().await;
    assert_eq!(bureau.house.types().await.len(), size, "nothing is left to be erased");

    // The journal is whole, what was erased is counted, and the use still has its outcome.
    let records = service.ledger.records(0, 10_000, Vec::new()).await.unwrap();
    let mut checker = Checker::default();
    records.iter().for_each(|record| checker.push(&record.bytes));
    let report = checker.finish();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let head = service.ledger.head();
    assert_eq!((report.size, report.root), (head.size, head.root));
    let after = bureau.open_ones().await;
    let open = |record: &crate::pipeline::ports::ledger::StoredRecord| record.disclosures.len() as u64;
    let erased: u64 = records
        .iter()
        .filter_map(|record| match Record::parse(&record.bytes).unwrap().body {
            RecordBody::DisclosuresErased(erased) => Some(erased.count),
            _ => None,
        })
        .sum();
    let committed: u64 =
        records.iter().map(|record| Record::parse(&record.bytes).unwrap().commitments().len() as u64).sum();
    assert_eq!(erased, committed - records.iter().map(open).sum::<u64>());
    assert!(after.len() < before.len());
    assert!(service.ledger.find_use(use_id).await.unwrap().is_some());
    assert_eq!(bureau.state(), "active");
    service.ledger.attachment(Digest::of(&object())).await.unwrap().expect("the seal is in use");
}

#[tokio::test]
async fn the_offices_rows_forget_who_left_and_what_is_closed_and_nothing_else() {
    let (bureau, _) = of_long_ago().await;
    let service = bureau.house.service.clone();
    let report = bureau.says("keeper", loss()).await.act;
    let finding = FindingText {
        person: "clerk".parse().unwrap(),
        text: "缺少登记".into(),
        due_s: NOW_US / 1_000_000 + 86_400,
    };
    let [open, closed] = [bureau.says("auditor", Statement::Finding(finding.clone())).await.act, {
        let about = bureau.says("auditor", Statement::Finding(finding)).await.act;
        let answer = FindingAnswer { about, text: "已补登记".into() };
        bureau.says("clerk", Statement::FindingAnswer(answer)).await;
        about
    }];
    let before = bureau.desk.now().office.clone();
    let kept_us = service.policy.now().personal_data_ms * 1000;
    bureau.pass(kept_us - DAY_US);
    service.erase_outdated().await;
    assert_eq!(bureau.desk.now().office, before, "a day too early");

    bureau.pass(2 * DAY_US);
    service.erase_outdated().await;
    let now = bureau.desk.now().office.clone();
    let left = &now.people[&"partner".parse().unwrap()];
    assert_eq!((left.name.as_str(), left.uid), ("partner", None));
    assert_eq!(left.keys, before.people[&left.id].keys, "whose key it was is known still");
    assert_eq!(now.findings[&open], before.findings[&open], "it is not answered");
    let (_, answer) = now.findings[&closed].answered.clone().unwrap();
    assert_eq!((now.findings[&closed].finding.text.as_str(), answer.as_str()), ("", ""));
    assert_eq!(now.notices[&report], before.notices[&report], "nobody took note of it");
    let mut others = now.people.clone();
    others.insert(left.id.clone(), before.people[&left.id].clone());
    assert_eq!((others, &now.seals, &now.grants), (before.people.clone(), &before.seals, &before.grants));

    for who in ["head", "office"] {
        bureau.says(who, Statement::NoticeAcknowledge(NamedAct { about: report })).await;
    }
    service.erase_outdated().await;
    assert_eq!(bureau.desk.now().office.notices[&report].text, "");
    // What is on disk is what is in force, and no name is in it any more.
    assert_eq!(service.ledger.office().await.unwrap(), bureau.desk.now().office);
    let head = service.ledger.head();
    service.erase_outdated().await;
    assert_eq!(service.ledger.head(), head, "nothing is left to be erased");
}

#[tokio::test]
async fn a_solo_journal_forgets_too_but_not_of_requests_in_hand() {
    let house = house(Manner::Signs);
    let stamped = house.submit(1).await;
    assert!(matches!(house.stamp(stamped, new_use()).await.unwrap(), StampOutcome::Complete(_)));
    let kept_us = house.service.policy.now().personal_data_ms * 1000;
    house.clock.0.fetch_add(kept_us + DAY_US, Ordering::SeqCst);
    house.service.erase_outdated().await;
    assert_eq!(house.types().await, ["intent", "complete"], "the request is kept still");
    house.service.tidy().await;
    house.service.erase_outdated().await;
    assert_eq!(house.types().await, ["intent", "complete", "disclosures_erased"]);
    let record = house.service.ledger.records(0, 1, Vec::new()).await.unwrap().remove(0);
    assert!(record.disclosures.is_empty() && !record.lists.is_empty(), "where it was stamped stays");
}
