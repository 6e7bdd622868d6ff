//! Refusals in the journal: equal ones counted, different ones told apart.

use super::*;

#[tokio::test]
async fn equal_refusals_are_counted_into_one_record() {
    let house = house(Manner::Signs);
    for round in 0..5 {
        let failure =
            house.service.review(&house.caller, RequestId::new(uuid::Uuid::new_v4())).await.err().unwrap();
        let Failure::Refused(refused) = failure else { panic!("{failure:?}") };
        assert_eq!(refused.journal_seq.is_some(), round == 0);
    }
    house.service.flush_refusals(true).await;
    let counts: Vec<_> = house
        .records()
        .await
        .into_iter()
        .filter_map(|body| if let RecordBody::Refused(refused) = body { Some(refused.count) } else { None })
        .collect();
    assert_eq!(counts, [1, 4]);
}

#[tokio::test]
async fn refusals_name_the_token_they_are_about() {
    let house = house(Manner::Signs);
    for serial in ["1", "1", "2", "3", "2"] {
        let pin = Err(Reason::TokenPinUnusable);
        let serial = serial.parse().unwrap();
        let (idle, lifetime) = (Duration::ZERO, Duration::ZERO);
        let asked = UnlockAsked { serial, pin, uses: 1, idle, lifetime, final_try: false };
        let unlock = house.service.unlock(&house.caller, asked).await;
        assert_eq!(reasons(unlock.err().unwrap()), "token-pin-unusable");
    }
    house.service.flush_refusals(true).await;
    let mut told: Vec<_> = house
        .refusals()
        .await
        .into_iter()
        .map(|refused| (refused.token_serial.map(|serial| serial.to_string()), refused.count))
        .collect();
    told.sort();
    let some = |serial: &str| Some(serial.to_owned());
    // A seal's key lies on token 1; the others are anything a caller may think of, and count together.
    assert_eq!(told, [(None, 2), (some("1"), 1), (some("1"), 1), (some("2"), 1)]);
}

#[tokio::test]
async fn a_counting_record_tells_only_what_is_true_of_all() {
    let house = house(Manner::Signs);
    let request = RequestId::new(uuid::Uuid::new_v4());
    let refuse = async |request, use_id| {
        let stamp =
            house.service.clone().stamp(house.caller.clone(), request, use_id, Digest([0; 32]), no_pin());
        assert_eq!(reasons(stamp.await.err().unwrap()), "request-unknown");
    };
    for _ in 0..3 {
        refuse(request, new_use()).await;
    }
    house.service.flush_refusals(true).await;
    let counted = house.refusals().await.pop().unwrap();
    assert_eq!((counted.count, counted.request_id, counted.use_id), (2, Some(request.uuid()), None));
}

#[tokio::test]
async fn seals_nobody_has_are_one_kind_of_refusal_and_long_ones_are_not_kept() {
    let house = house(Manner::Signs);
    for seal in ["x".to_owned(), "y".repeat(1 << 20), "z".into()] {
        let asked = asked_for(&document());
        let failure = house.service.begin_submit(house.caller.clone(), asked, seal, "").await.err().unwrap();
        assert_eq!(reasons(failure), "seal-unknown");
    }
    house.service.flush_refusals(true).await;
    let counts: Vec<_> = house.refusals().await.iter().map(|refused| refused.count).collect();
    assert_eq!(counts, [1, 2]);
}

#[tokio::test]
async fn what_could_not_be_recorded_opens_no_window() {
    let house = house(Manner::Signs);
    let stranger = || Subject::stranger("Not a code", Origin::Local { uid: UID });
    let refused = || Stop::Refused { stage: "admit", refusal: Reason::RequestUnknown.into() };
    for _ in 0..2 {
        let failure = house.service.refuse(stranger(), refused()).await;
        assert!(matches!(failure, Failure::Fault(Reason::JournalFailed)), "{failure:?}");
    }
}

#[tokio::test]
async fn who_mixes_faults_makes_neither_a_record_of_each_nor_one_of_each_of_others() {
    let house = house(Manner::Signs);
    let refuse = async |caller: &Caller, reason: Reason| {
        let stop = Stop::Refused { stage: "admit", refusal: reason.into() };
        house.service.refuse(Subject::new("submit", caller), stop).await
    };
    let mixed = Reason::ALL.iter().filter(|reason| **reason != Reason::RefusalsSeveral);
    for reason in mixed.take(200) {
        let Failure::Refused(refused) = refuse(&house.caller, *reason).await else { panic!("a fault") };
        assert_eq!(refused.refusal.first().reason, *reason, "the caller is told the truth");
    }
    assert_eq!(house.refusals().await.len(), 65);
    for _ in 0..3 {
        refuse(&visitor(), Reason::SealUnknown).await;
    }
    house.service.flush_refusals(true).await;
    let records = house.refusals().await;
    let [.., rest] = &records[..] else { panic!("none") };
    assert_eq!(records.len(), 65 + 1 + 2);
    let several: u64 = records
        .iter()
        .filter(|refused| refused.violations[0].code.as_str() == "refusals-several")
        .map(|refused| refused.count)
        .sum();
    assert_eq!(several, 200 - 64);
    assert!(rest.count >= 2);
}
