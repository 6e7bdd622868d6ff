//! The commands that unlock a token and change its PINs, with a PIN that is given and with one typed on the token.

use serde_json::json;

use crate::agent::{PIN, SO_PIN, Trouble};
use crate::bench::Bench;
use crate::commands::{object, token};

const NEW_PIN: &[u8] = b"864209";

fn lines(pins: &[&[u8]]) -> Vec<u8> {
    pins.iter().flat_map(|pin| [pin, &b"\n"[..]].concat()).collect()
}

#[tokio::test]
async fn an_unlock_ends_after_so_many_minutes() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let unlock = ["token", "unlock", "--minutes", "15", "--idle", "5", "--pin-fd", "0"];
    let (code, _, stderr) = bench.seal(&unlock, &lines(&[PIN])).await;
    assert_eq!(code, 0, "{stderr}");
    let state = bench.agent.state();
    assert_eq!((state.unlocks[0].lifetime_ms, state.unlocks[0].idle_ms), (900_000, 300_000));
}

#[tokio::test]
async fn a_pin_typed_on_the_token_is_waited_for_in_sight() {
    for (language, request, waiting) in [
        ("en", "type the PIN on the PIN pad of token 00aa11 Test\n", "still waiting (3 s)…\n"),
        ("zh", "请在载体 00aa11 Test 的键盘上输入 PIN\n", "仍在等待（3 秒）……\n"),
    ] {
        let bench = Bench::with(&[Trouble::SlowFingers(3500)]);
        bench.agent.state().locked = true;
        bench.agent.state().has_pin_pad = true;
        // There is no terminal, and none is needed.
        let (code, stdout, stderr) = bench.seal(&["token", "unlock", "--lang", language], b"").await;
        assert_eq!((code, stderr.as_str()), (0, [request, waiting].concat().as_str()));
        assert!(stdout.starts_with("00aa11  Test  softhsm"), "{stdout}");
        assert_eq!(bench.agent.state().pins, [b""]);
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_pin_that_is_typed_on_the_token() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    bench.agent.state().has_pin_pad = true;
    let (code, stdout, _) = bench.seal(&["token", "unlock", "--json", "--pin-fd", "0"], &lines(&[PIN])).await;
    assert_eq!(code, 0);
    assert_eq!(object(&stdout)["token"]["protected_authentication_path"], true);
    assert_eq!(bench.agent.state().pins, [b""]);
}

#[tokio::test]
async fn a_pin_that_nobody_typed_in_time_is_told() {
    let bench = Bench::with(&[Trouble::FaultToken("token-pin-pad-cancelled")]);
    bench.agent.state().locked = true;
    bench.agent.state().has_pin_pad = true;
    let (code, _, stderr) = bench.seal(&["token", "unlock"], b"").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[token-pin-pad-cancelled, clause C1]"), "{stderr}");
    assert_eq!(bench.agent.state().unlocks.len(), 1);
}

#[tokio::test]
async fn a_pin_is_changed_for_the_old_one() {
    let bench = Bench::new();
    let change = ["token", "change-pin", "--pin-fd", "0"];
    let (code, stdout, stderr) = bench.seal(&change, &lines(&[PIN, NEW_PIN])).await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("the PIN was changed\n00aa11  Test  softhsm"), "{stdout}");
    let state = bench.agent.state();
    let sent = &state.pin_changes[0];
    assert_eq!((&sent.old_pin[..], &sent.new_pin[..], sent.final_try), (PIN, NEW_PIN, false));
}

#[tokio::test]
async fn a_pin_is_set_by_the_security_officer() {
    let bench = Bench::new();
    bench.agent.state().final_try = true;
    let set = ["token", "set-pin", "--json", "--pin-fd", "0"];
    let (code, stdout, stderr) = bench.seal(&set, &lines(&[SO_PIN, NEW_PIN])).await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let mut expected = token(false);
    expected["pin_final_try"] = true.into();
    expected["pin_count_low"] = true.into();
    assert_eq!(object(&stdout), json!({ "outcome": "done", "token": expected }));
    let state = bench.agent.state();
    assert_eq!((&state.pins_set[0].so_pin[..], &state.pins_set[0].new_pin[..]), (SO_PIN, NEW_PIN));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_pin_is_told_and_nothing_tried_twice() {
    for (command, pins, trouble, exit, code) in [
        ("change-pin", &[&b"000000"[..], NEW_PIN][..], None, 3, "token-pin-wrong"),
        ("set-pin", &[b"000000", NEW_PIN], None, 3, "token-so-pin-wrong"),
        ("change-pin", &[PIN, NEW_PIN], Some("token-pin-refused"), 3, "token-pin-refused"),
        ("change-pin", &[PIN, NEW_PIN], Some("call-timeout"), 3, "call-timeout"),
        ("change-pin", &[PIN], None, 2, "token-pin-unusable"),
        ("set-pin", &[SO_PIN, &[0xff]], None, 2, "token-pin-unusable"),
    ] {
        let bench = Bench::new();
        bench.agent.state().trouble.extend(trouble.map(Trouble::FaultToken));
        let (told, _, stderr) = bench.seal(&["token", command, "--pin-fd", "0"], &lines(pins)).await;
        assert_eq!(told, exit, "{stderr}");
        assert!(stderr.contains(&format!("[{code}, ")) || stderr.contains(&format!("[{code}]")), "{stderr}");
        for pin in pins.iter().filter_map(|pin| str::from_utf8(pin).ok()) {
            assert!(!stderr.contains(pin), "{stderr}");
        }
        let state = bench.agent.state();
        assert_eq!(state.pin_changes.len() + state.pins_set.len(), usize::from(code != "token-pin-unusable"));
    }
}

#[tokio::test]
async fn the_last_try_of_the_security_officers_pin_is_made_only_when_told() {
    let bench = Bench::new();
    bench.agent.state().token.so_pin_final_try = true;
    let set = ["token", "set-pin", "--pin-fd", "0"];
    let (code, _, stderr) = bench.seal(&set, &lines(&[SO_PIN, NEW_PIN])).await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[token-pin-final-try, clause C1]"), "{stderr}");
    assert!(bench.agent.state().pins_set.is_empty());
    let (code, _, stderr) =
        bench.seal(&[&set[..], &["--final-try"]].concat(), &lines(&[SO_PIN, NEW_PIN])).await;
    assert_eq!(code, 0);
    assert!(stderr.contains("one try of the security officer's PIN is left"), "{stderr}");
    assert!(bench.agent.state().pins_set[0].final_try);

    bench.agent.state().token.so_pin_locked = true;
    let (code, _, stderr) = bench.seal(&set, b"").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("[token-so-pin-locked, clause C1]"), "{stderr}");
}

#[tokio::test]
async fn both_pins_of_a_change_are_typed_on_the_token() {
    for (command, words) in [
        ("change-pin", "type the old PIN, then the new one, on the PIN pad of token 00aa11 Test\n"),
        (
            "set-pin",
            "type the security officer's PIN, then the new one, on the PIN pad of token 00aa11 Test\n",
        ),
    ] {
        let bench = Bench::new();
        bench.agent.state().has_pin_pad = true;
        let (code, _, stderr) = bench.seal(&["token", command], b"").await;
        assert_eq!((code, stderr.as_str()), (0, words));
    }
}

#[tokio::test]
async fn without_anybody_to_ask_no_pin_is_changed() {
    for command in ["change-pin", "set-pin"] {
        let bench = Bench::new();
        let (code, _, stderr) = bench.seal(&["token", command], b"").await;
        assert_eq!(code, 2);
        assert!(stderr.contains("[pin-unreadable]"), "{stderr}");
        let state = bench.agent.state();
        assert!(state.pin_changes.is_empty() && state.pins_set.is_empty());
    }
}
