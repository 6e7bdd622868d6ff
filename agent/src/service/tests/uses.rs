//! Requests and uses: each recorded before and after, once, and given back or gone as it must be.

use sealkeeper_domain::pin::Pin;

use super::*;

/// Of the certificate in the fixtures, seconds since the Unix epoch.
const CERTIFICATE_ENDS_S: u64 = 4_128_266_370;

#[tokio::test]
async fn a_use_is_recorded_before_and_after_and_its_bytes_make_the_whole() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let use_id = new_use();
    let outcome = house.stamp(request, use_id).await.unwrap();
    let StampOutcome::Complete(receipt) = outcome else { panic!("{outcome:?}") };
    assert_eq!(house.types().await, ["intent", "complete"]);
    let (again, appended) = house.service.fetch(&house.caller, use_id).await.unwrap();
    assert_eq!(again, *receipt);
    let whole = [document(), appended].concat();
    assert_eq!(Digest::of(&whole).to_string(), receipt.output_sha256.to_string());
    assert_eq!((receipt.intent_seq, receipt.outcome_seq, receipt.tree_size), (0, 1, 0));
    let reports = sealkeeper_pades::validate::validate(&whole).unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].verdict, sealkeeper_pades::validate::Verdict::Intact);

    house.service.acknowledge(&house.caller, use_id).await.unwrap();
    house.service.acknowledge(&house.caller, use_id).await.unwrap();
    assert_eq!(reasons(house.service.fetch(&house.caller, use_id).await.unwrap_err()), "use-acknowledged");
}

#[tokio::test]
async fn the_same_use_is_never_signed_twice() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let use_id = new_use();
    let prepared = house.service.review(&house.caller, request).await.unwrap().prepared;
    let all = (0..8).map(|_| {
        tokio::spawn(house.service.clone().stamp(house.caller.clone(), request, use_id, prepared, no_pin()))
    });
    let mut receipts = Vec::new();
    for one in all.collect::<Vec<_>>() {
        match one.await.unwrap().unwrap() {
            StampOutcome::Complete(receipt) => receipts.push(*receipt),
            other => panic!("{other:?}"),
        }
    }
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(house.asked(), 1);
    assert_eq!(house.types().await, ["intent", "complete"]);
    let other = house.submit(1).await;
    assert_eq!(reasons(house.stamp(other, use_id).await.unwrap_err()), "use-id-taken");
}

#[tokio::test]
async fn what_certainly_was_not_signed_gives_the_copy_back() {
    let house = house(Manner::Refuses);
    let request = house.submit(1).await;
    for _ in 0..2 {
        let outcome = house.stamp(request, new_use()).await.unwrap();
        assert!(
            matches!(outcome, StampOutcome::NotDone { abandoned: false, reason: Reason::SignRefused, .. }),
            "{outcome:?}"
        );
    }
    assert_eq!(house.types().await, ["intent", "failed", "intent", "failed"]);
    let copies: Vec<_> = house
        .records()
        .await
        .into_iter()
        .filter_map(|body| if let RecordBody::Intent(intent) = body { Some(intent.copy) } else { None })
        .collect();
    assert_eq!(copies, [1, 1], "the copy given back is had again");
}

#[tokio::test]
async fn whatever_may_have_been_signed_is_abandoned_and_the_copy_is_gone() {
    for (manner, reason) in [
        (Manner::FailsVaguely, Reason::AbandonedTokenFault),
        (Manner::IsGone, Reason::AbandonedTokenFault),
        (Manner::Hangs, Reason::AbandonedTimeout),
        (Manner::Babbles, Reason::AbandonedSignature),
        (Manner::Panics, Reason::AbandonedFault),
    ] {
        let house = house(manner);
        let request = house.submit(1).await;
        let use_id = new_use();
        for _ in 0..2 {
            let outcome = house.stamp_again(request, use_id).await;
            assert!(
                matches!(outcome, StampOutcome::NotDone { abandoned: true, reason: r, .. } if r == reason),
                "{outcome:?}"
            );
        }
        assert_eq!(house.asked(), 1, "the same use gives the same outcome");
        assert_eq!(house.types().await, ["intent", "abandoned"]);
        assert_eq!(
            reasons(house.service.fetch(&house.caller, use_id).await.unwrap_err()),
            "use-not-complete"
        );
        assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "copies-used-up");
    }
}

#[tokio::test]
async fn an_open_use_whose_id_is_sent_again_is_closed_then() {
    let house = house(Manner::Signs);
    let request = house.submit(2).await;
    house.stamp(request, new_use()).await.unwrap();
    let intent =
        house.records().await.into_iter().find(|body| matches!(body, RecordBody::Intent(_))).unwrap();
    let use_id = new_use();
    let entry =
        crate::pipeline::ports::ledger::Entry { body: intent, disclosures: Vec::new(), lists: Vec::new() };
    house.service.ledger.begin_use(use_id, request, None, entry).await.unwrap();
    let stamp = house.service.clone().stamp(house.caller.clone(), request, use_id, Digest([0; 32]), no_pin());
    let outcome = stamp.await.unwrap();
    assert!(
        matches!(outcome, StampOutcome::NotDone { abandoned: true, reason: Reason::AbandonedFault, .. }),
        "{outcome:?}"
    );
    assert_eq!(house.asked(), 1);
}

#[tokio::test]
async fn nothing_is_recorded_as_a_use_unless_it_was_confirmed_and_the_token_is_ready() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let stamp =
        house.service.clone().stamp(house.caller.clone(), request, new_use(), Digest([0; 32]), no_pin());
    assert_eq!(reasons(stamp.await.unwrap_err()), "confirmation-mismatch");
    assert_eq!(house.types().await, ["refused"]);

    let locked = house_with(Manner::Signs, false);
    let request = locked.submit(1).await;
    assert_eq!(reasons(locked.stamp(request, new_use()).await.unwrap_err()), "token-locked");
    assert_eq!(locked.types().await, ["refused"]);
    assert_eq!(house.asked() + locked.asked(), 0);
}

#[tokio::test]
async fn what_cannot_be_a_pdf_is_refused_before_it_is_whole() {
    let house = house(Manner::Signs);
    let asked = sealkeeper_domain::request::Asked {
        file_name: "x.pdf".into(),
        size: 1 << 20,
        sha256: Digest([1; 32]),
        reason: "r".into(),
        document_class: String::new(),
        copies: 1,
        placements: vec![Placement::new(PageChoice::Last, 100_000, 200_000)],
        tickets: 0,
        edge_seal: false,
    };
    let upload =
        house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "").await.unwrap();
    let upload = house.service.take_chunk(upload, vec![b' '; 1023]).await.unwrap();
    let refused = house.service.take_chunk(upload, vec![b' ']).await.err().unwrap();
    assert_eq!(reasons(refused), "pdf-not-a-pdf");
    assert_eq!(house.service.spool.used().unwrap(), 0);
}

#[tokio::test]
async fn requests_end_with_their_time_and_documents_with_their_requests() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let sha256 = Digest::of(&document());
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256));
    house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "request-expired");
    house.service.tidy().await;
    assert!(!house.service.spool.holds(sha256));
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "request-unknown");
}

#[tokio::test]
async fn certificates_are_valid_at_the_time_of_use_only() {
    let house = house(Manner::Signs);
    house.clock.0.store(4_200_000_000_000_000, Ordering::SeqCst);
    let request = house.submit(1).await;
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "certificate-expired");
    house.clock.0.store(1_000_000_000_000_000, Ordering::SeqCst);
    let request = house.submit(1).await;
    assert_eq!(reasons(house.stamp(request, new_use()).await.unwrap_err()), "certificate-not-yet-valid");
}

#[tokio::test]
async fn what_a_crash_leaves_open_is_closed_as_abandoned_at_the_next_start() {
    let house = house(Manner::Signs);
    let request = house.submit(2).await;
    house.stamp(request, new_use()).await.unwrap();
    // A crash between intent and outcome: the intent is durable, nothing else happened.
    let use_id = new_use();
    let intent =
        house.records().await.into_iter().find(|body| matches!(body, RecordBody::Intent(_))).unwrap();
    let entry =
        crate::pipeline::ports::ledger::Entry { body: intent, disclosures: Vec::new(), lists: Vec::new() };
    house.service.ledger.begin_use(use_id, request, None, entry).await.unwrap();

    let House { service, directory, clock, store, .. } = house;
    drop(service);
    Arc::into_inner(store).unwrap().close();
    let store = Store::open(&directory.path().join("journal.db"), clock).unwrap();
    assert_eq!(recover(&store).await.unwrap(), 1);
    assert_eq!(recover(&store).await.unwrap(), 0);
    let last = store.newest_records(1, Vec::new()).await.unwrap();
    let Record { body: RecordBody::Abandoned(abandoned), .. } = Record::parse(&last[0].bytes).unwrap() else {
        panic!()
    };
    assert_eq!(abandoned.cause, sealkeeper_journal::AbandonCause::Crash);
    assert_eq!(abandoned.use_id, use_id.uuid());
}

#[tokio::test]
async fn a_damaged_document_is_removed_and_can_be_sent_again() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let name = house.directory.path().join("spool").join(Digest::of(&document()).to_string());
    // As a power cut leaves it; replaced, not cut short, for the agent may have the old one mapped.
    let empty = house.directory.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    std::fs::rename(&empty, &name).unwrap();
    let failure = house.service.review(&house.caller, request).await.err().unwrap();
    assert_eq!(reasons(failure), "document-gone");
    assert!(!name.exists());
    house.submit(1).await;
    assert!(house.service.review(&house.caller, request).await.is_ok(), "the first request goes on");
}

#[tokio::test]
async fn a_document_whose_copies_are_used_up_is_sent_again() {
    let house = house(Manner::Signs);
    let request = house.submit(1).await;
    let sha256 = Digest::of(&document());
    assert!(house.service.ledger.knows_document(sha256, None).await.unwrap());
    house.stamp(request, new_use()).await.unwrap();
    assert!(!house.service.ledger.knows_document(sha256, None).await.unwrap());
}

#[tokio::test]
async fn a_document_is_not_tidied_away_before_its_request_is_kept() {
    let house = house(Manner::Signs);
    house.submit(1).await;
    let pdf = document();
    let asked = asked_for(&pdf);
    let sha256 = asked.sha256;
    let upload =
        house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "").await.unwrap();
    assert!(!upload.wanted());
    house.clock.0.fetch_add(73 * 3_600_000_000, Ordering::SeqCst);
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256), "its first request expired, its second comes");
    house.service.finish_submit(upload).await.unwrap();
    house.service.tidy().await;
    assert!(house.service.spool.holds(sha256));
}

#[tokio::test]
async fn one_person_takes_no_more_than_a_share_of_the_spool() {
    let house = house(Manner::Signs);
    let size = document().len() as u64;
    let share = house.service.limits.spool_per_person;
    house.submit(1).await;
    let asked = Asked { size: share - size + 1, sha256: Digest([1; 32]), ..asked_for(&document()) };
    let begun = |asked| house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "");
    let Err(refused) = begun(asked.clone()).await else { panic!("not refused") };
    assert_eq!(reasons(refused), "spool-share-full");
    assert!(begun(Asked { size: share - size, ..asked.clone() }).await.is_ok());
    for _ in 1..house.service.limits.requests_per_person {
        house.submit(1).await;
    }
    let Err(refused) = begun(asked).await else { panic!("not refused") };
    assert_eq!(reasons(refused), "requests-too-many, spool-share-full");
}

#[tokio::test]
async fn a_certificate_that_ended_since_the_revision_was_prepared_signs_nothing() {
    let mut house = house(Manner::Signs);
    let asking = Arc::new(FakeToken::new(Manner::Signs, true, true));
    Arc::get_mut(&mut house.service).unwrap().token = asking.clone();
    // An hour before its last second.
    house.clock.0.store((CERTIFICATE_ENDS_S - 3600) * 1_000_000, Ordering::SeqCst);
    let request = house.submit(1).await;
    let prepared = house.service.review(&house.caller, request).await.unwrap().prepared;
    let serial: TokenSerial = "1".parse().unwrap();
    let held = house.service.wrong_pins.one_at_a_time(&serial).await;
    let pin = OnePin { pin: PinOrPad::Pin(Pin::new(b"123456".to_vec()).unwrap()), final_try: false };
    let (service, caller) = (house.service.clone(), house.caller.clone());
    let stamping = tokio::spawn(service.stamp(caller, request, new_use(), prepared, pin));
    // Long enough for it to be prepared and to wait for its turn with the PIN.
    tokio::time::sleep(Duration::from_millis(500)).await;
    house.clock.0.fetch_add(3_601_000_000, Ordering::SeqCst);
    drop(held);
    assert_eq!(reasons(stamping.await.unwrap().unwrap_err()), "certificate-expired");
    assert_eq!(house.types().await, ["refused"], "before there is an intent");
    assert_eq!(asking.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_one_person_is_uploading_counts_against_their_share() {
    let house = house(Manner::Signs);
    let share = house.service.limits.spool_per_person;
    let begun = |digest, size| {
        let asked = Asked { size, sha256: Digest([digest; 32]), ..asked_for(&document()) };
        house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "")
    };
    let first = begun(1, share - 100).await.unwrap();
    let Err(refused) = begun(2, 101).await else { panic!("not refused") };
    assert_eq!(reasons(refused), "spool-share-full");
    let second = begun(3, 100).await.unwrap();
    drop(first);
    assert!(
        begun(4, share - 100).await.is_ok(),
        "what was given up takes no room, nor does what was refused"
    );
    drop(second);
}

#[tokio::test]
async fn an_upload_that_is_kept_alive_byte_by_byte_ends_in_time() {
    let mut house = house(Manner::Signs);
    let mut service = Arc::into_inner(house.service).unwrap();
    service.limits.upload_idle = Duration::from_millis(40);
    house.service = Arc::new(service);
    let asked = asked_for(&document());
    let begun = house.service.begin_submit(house.caller.clone(), asked, "contract".into(), "").await.unwrap();
    let upload = house.service.take_chunk(begun, b"%".to_vec()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let Err(refused) = house.service.take_chunk(upload, b"P".to_vec()).await else { panic!("goes on") };
    assert_eq!(reasons(refused), "upload-slow");
}
