//! Keys that ask for the PIN at each use: it goes out once, and what is asked again goes without it.

use sealkeeper_client::Stamping;
use sealkeeper_client::error::ClientError;
use sealkeeper_domain::pin::Pin;

use crate::agent::{PIN, Trouble};
use crate::bench::{Bench, STAMP, codes};
use crate::commands::object;

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

/// A bench whose key asks for the PIN at each use, with a token that tells so, or does not.
fn asking(is_locked: bool, tells: bool) -> Bench {
    let bench = Bench::new();
    let mut state = bench.agent.state();
    (state.locked, state.key_asks_pin, state.tells_key_asks_pin) = (is_locked, true, tells);
    drop(state);
    bench
}

#[tokio::test]
async fn a_pin_typed_once_unlocks_and_stamps() {
    // Told beforehand or found out by a refusal: the person has one line to give, and gives it once.
    for (tells, stamps) in [(true, vec![PIN.to_vec()]), (false, vec![vec![], PIN.to_vec()])] {
        let bench = asking(true, tells);
        let (code, _, stderr) =
            bench.seal(&[&STAMP[..], &["--pin-fd", "0"]].concat(), &[PIN, b"\n"].concat()).await;
        assert_eq!(code, 0, "{stderr}");
        bench.assert_stamped();
        let state = bench.agent.state();
        assert_eq!((&state.pins, &state.stamp_pins), (&vec![PIN.to_vec()], &stamps));
        assert!(state.use_ids.iter().all(|use_id| *use_id == state.use_ids[0]));
    }
}

#[tokio::test]
async fn an_unlocked_token_is_asked_for_the_pin_of_a_key_that_wants_it() {
    for (tells, stamps) in [(true, vec![PIN.to_vec()]), (false, vec![vec![], PIN.to_vec()])] {
        let bench = asking(false, tells);
        let (code, _, stderr) =
            bench.seal(&[&STAMP[..], &["--pin-fd", "0"]].concat(), &[PIN, b"\n"].concat()).await;
        assert_eq!(code, 0, "{stderr}");
        bench.assert_stamped();
        let state = bench.agent.state();
        assert_eq!((state.pins.len(), &state.stamp_pins), (0, &stamps));
    }
}

#[tokio::test]
async fn without_anybody_to_ask_a_key_that_wants_the_pin_is_a_refusal() {
    let bench = asking(false, true);
    let (code, _, stderr) = bench.seal(&STAMP, b"").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("refused: the seal's key asks for the PIN at each signature"), "{stderr}");
    assert_eq!(bench.agent.state().stamp_pins, [b""]);
}

#[tokio::test]
async fn a_wrong_pin_for_the_stamp_gives_the_copy_back() {
    let bench = asking(false, true);
    let (code, stdout, _) =
        bench.seal(&[&STAMP[..], &["--json", "--pin-fd", "0"]].concat(), b"000000\n").await;
    let told = object(&stdout);
    assert_eq!(
        (code, &told["outcome"], &told["reasons"][0]["code"]),
        (3, &"failed".into(), &"token-pin-wrong".into())
    );
    assert_eq!(bench.agent.state().stamp_pins.len(), 1);
}

#[tokio::test]
async fn a_pin_whose_answer_was_lost_is_not_used_up_twice() {
    let bench = asking(true, true);
    bench.agent.state().trouble.push_back(Trouble::LoseStampUnmade);
    let stdin = [PIN, b"\n", PIN, b"\n"].concat();
    let (code, _, stderr) = bench.seal(&[&STAMP[..], &["--pin-fd", "0"]].concat(), &stdin).await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[token-pin-needed, clause C1]"), "{stderr}");
    assert_eq!(bench.agent.state().stamp_pins, [PIN.to_vec(), vec![]]);
}

#[tokio::test]
async fn a_token_with_a_pin_pad_is_typed_on_for_the_unlock_and_for_the_stamp() {
    for (asks, expected) in [(false, 1), (true, 2)] {
        let bench = asking(true, asks);
        bench.agent.state().key_asks_pin = asks;
        bench.agent.state().has_pin_pad = true;
        let (code, _, stderr) = bench.seal(&STAMP, b"").await;
        assert_eq!(code, 0, "{stderr}");
        bench.assert_stamped();
        let words = "type the PIN on the PIN pad of token 00aa11 Test\n";
        assert_eq!(stderr.matches(words).count(), expected, "{stderr}");
        // Nothing is asked for before what is to be stamped was shown.
        assert!(stderr.find("采购").unwrap() < stderr.find(words).unwrap(), "{stderr}");
        let state = bench.agent.state();
        assert_eq!((&state.pins, &state.stamp_pins), (&vec![vec![]], &vec![vec![]]));
    }
}
