//! What is erased, and what stays.

use sealkeeper_journal::Record;

use super::office::{act, close, made_office, open};
use super::*;
use crate::pipeline::ports::ledger::{ActChoice, Erasure};

#[tokio::test]
async fn what_is_erased_opens_no_commitment_and_is_on_record_and_all_records_stay() {
    let directory = tempfile::tempdir().unwrap();
    let path = made_office(directory.path());
    let store = open(&path);
    for number in 1..=3 {
        store.record_act(act(number, "seal-apply", vec![])).await.unwrap();
    }
    let before = store.records(0, 10, Vec::new()).await.unwrap();
    let opened = before[1].disclosures.len() as u64;
    let erasure = Erasure { records: vec![1], attachments: Vec::new(), before_us: 7 };
    assert_eq!(store.erase(erasure.clone()).await.unwrap(), opened);
    assert_eq!(store.erase(erasure).await.unwrap(), 0, "and nothing is recorded of nothing");
    let after = store.records(0, 10, Vec::new()).await.unwrap();
    assert_eq!(after.len(), 4);
    for (was, is) in before.iter().zip(&after) {
        assert_eq!((&was.bytes, &was.leaf_hash), (&is.bytes, &is.leaf_hash));
    }
    assert_eq!(after[0].disclosures, before[0].disclosures);
    assert!(after[1].disclosures.is_empty());
    let RecordBody::DisclosuresErased(erased) = Record::parse(&after[3].bytes).unwrap().body else {
        panic!()
    };
    assert_eq!((erased.up_to, erased.count, erased.before_us), (1, opened, 7));
    let acts = store.acts(ActChoice::default(), 0, 10).await.unwrap();
    let texts: Vec<_> = acts.iter().map(|act| act.text.is_some()).collect();
    assert_eq!(texts, [true, false, true]);
    let seqs: Vec<_> = store.disclosed(0, 10).await.unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [0, 2]);
    assert_eq!(store.disclosed(1, 10).await.unwrap().len(), 1);
    close(store);
    // Not only forgotten: nothing of it lies in the file any more.
    let bytes = std::fs::read(&path).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("text of 1") && !holds("text of 2") && holds("text of 3"));
}
