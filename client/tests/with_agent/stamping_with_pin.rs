//! Keys that ask for the PIN at each use: it goes out once, and what is asked again goes without it.

use sealkeeper_client::Stamping;
use sealkeeper_client::error::ClientError;
use sealkeeper_domain::pin::Pin;

use crate::agent::{PIN, Trouble};
use crate::bench::{Bench, codes};

fn pin() -> Pin {
    Pin::new(PIN.to_vec()).unwrap()
}

async fn prepared(bench: &Bench) -> Stamping {
    bench.agent.state().key_asks_pin = true;
    bench.connect().await.prepare(&bench.document(), &bench.order()).await.unwrap()
}

#[tokio::test]
async fn the_pin_goes_with_the_stamp() {
    let bench = Bench::new();
    let stamping = prepared(&bench).await;
    let agent = bench.connect().await;
    let error = agent.confirm(&stamping).await.unwrap_err();
    assert!(error.is_pin_needed() && error.open_use().is_none(), "{error}");
    let receipt = agent.confirm_with_pin(&stamping, pin(), false).await.unwrap();
    assert_eq!(receipt.use_id, stamping.use_id().to_string());
    assert_eq!(bench.agent.state().stamp_pins, [vec![], PIN.to_vec()]);
}

#[tokio::test]
async fn a_use_whose_answer_was_lost_is_asked_for_again_without_the_pin() {
    for trouble in
        [Trouble::LoseStamp, Trouble::FaultStamp("call-timeout"), Trouble::FaultStamp("agent-stopping")]
    {
        let bench = Bench::new();
        let stamping = prepared(&bench).await;
        // The second answer gets lost too.
        bench.agent.state().trouble.extend([trouble, trouble]);
        let receipt = bench.connect().await.confirm_with_pin(&stamping, pin(), false).await.unwrap();
        assert_eq!(receipt.use_id, stamping.use_id().to_string());
        let state = bench.agent.state();
        assert_eq!(state.stamp_pins, [PIN.to_vec(), vec![], vec![]]);
        assert!(state.use_ids.iter().all(|use_id| *use_id == receipt.use_id));
        assert_eq!(state.receipts.len(), 1);
    }
}

#[tokio::test]
async fn a_use_that_was_never_begun_needs_the_pin_anew() {
    let bench = Bench::new();
    let stamping = prepared(&bench).await;
    bench.agent.state().trouble.push_back(Trouble::LoseStampUnmade);
    let agent = bench.connect().await;
    let error = agent.confirm_with_pin(&stamping, pin(), false).await.unwrap_err();
    assert!(error.is_pin_needed(), "{error}");
    assert_eq!(bench.agent.state().stamp_pins, [PIN.to_vec(), vec![]]);
    agent.confirm_with_pin(&stamping, pin(), false).await.unwrap();
    assert_eq!(bench.agent.state().receipts.len(), 1);
}

#[tokio::test]
async fn a_wrong_pin_ends_the_use_and_is_not_tried_again() {
    let bench = Bench::new();
    let stamping = prepared(&bench).await;
    let wrong = Pin::new(b"000000".to_vec()).unwrap();
    let error = bench.connect().await.confirm_with_pin(&stamping, wrong, false).await.unwrap_err();
    assert!(matches!(&error, ClientError::NotDone(not_done) if !not_done.may_have_signed), "{error}");
    assert_eq!((codes(&error), bench.agent.state().stamp_pins.len()), (vec!["token-pin-wrong".into()], 1));
}

#[tokio::test]
async fn a_fault_after_the_pin_was_sent_leaves_the_use_open() {
    let bench = Bench::new();
    let stamping = prepared(&bench).await;
    bench.agent.state().trouble.push_back(Trouble::FaultStamp("module-crashed"));
    let error = bench.connect().await.confirm_with_pin(&stamping, pin(), false).await.unwrap_err();
    assert_eq!((codes(&error), error.open_use()), (vec!["module-crashed".into()], Some(stamping.use_id())));
    assert_eq!(bench.agent.state().stamp_pins.len(), 1);
}
