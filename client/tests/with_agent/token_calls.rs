//! The library's calls to tokens: what goes out, what comes back, and that nothing with a PIN in it is ever sent twice.

use sealkeeper_client::error::ClientError;
use sealkeeper_client::{NewKey, PinChange, TokenEvent, UnlockTerms};
use sealkeeper_domain::pin::Pin;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1::{self, token_event::Event};
use tokio_stream::StreamExt as _;

use crate::agent::{PIN, SERIAL, SO_PIN, Trouble, Watched};
use crate::bench::{Bench, codes, local};

fn pin(bytes: &[u8]) -> Pin {
    Pin::new(bytes.to_vec()).unwrap()
}

fn change(tried: &[u8]) -> Option<PinChange> {
    Some(PinChange { tried: pin(tried), new: pin(b"864209") })
}

const ONE_USE: UnlockTerms = UnlockTerms { uses: 1, idle_ms: 0, lifetime_ms: 0, final_try: false };

fn token(serial: &str) -> v1::Token {
    v1::Token { serial: serial.into(), ..Default::default() }
}

#[tokio::test]
async fn an_unlock_says_how_long_it_shall_last() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let terms = UnlockTerms { idle_ms: 60_000, lifetime_ms: 900_000, ..ONE_USE };
    let token = bench.connect().await.unlock(SERIAL, Some(pin(PIN)), terms).await.unwrap();
    assert!(token.unlocked);
    let state = bench.agent.state();
    let [sent] = &state.unlocks[..] else { panic!("{} unlocks", state.unlocks.len()) };
    assert_eq!((sent.idle_ms, sent.lifetime_ms, sent.final_try), (60_000, 900_000, false));
    assert_eq!(sent.pin, PIN);
}

#[tokio::test]
async fn a_token_with_a_pin_pad_is_sent_no_pin() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    bench.agent.state().has_pin_pad = true;
    let agent = bench.connect().await;
    let error = agent.unlock(SERIAL, Some(pin(PIN)), ONE_USE).await.unwrap_err();
    assert_eq!(codes(&error), ["token-pin-pad"]);
    assert!(agent.unlock(SERIAL, None, ONE_USE).await.unwrap().unlocked);
    agent.change_pin(SERIAL, None, false).await.unwrap();
    agent.set_pin(SERIAL, None, true, true).await.unwrap();
    {
        let state = bench.agent.state();
        assert_eq!(state.pins, [PIN.to_vec(), vec![]]);
        assert!(state.pin_changes[0].old_pin.is_empty() && state.pin_changes[0].new_pin.is_empty());
        assert!(state.pins_set[0].so_pin.is_empty() && state.pins_set[0].final_try);
        assert!(state.pins_set[0].one_time);
    }
    bench.agent.state().has_pin_pad = false;
    assert_eq!(codes(&agent.unlock(SERIAL, None, ONE_USE).await.unwrap_err()), ["token-pin-pad-missing"]);
}

#[tokio::test]
async fn the_old_pin_and_the_new_one_are_not_taken_for_each_other() {
    let bench = Bench::new();
    let agent = bench.connect().await;
    assert!(agent.change_pin(SERIAL, change(PIN), true).await.unwrap().unlocked);
    assert!(!agent.set_pin(SERIAL, change(SO_PIN), false, false).await.unwrap().unlocked);
    let state = bench.agent.state();
    let (changed, set) = (&state.pin_changes[0], &state.pins_set[0]);
    assert_eq!((&changed.old_pin[..], &changed.new_pin[..], changed.final_try), (PIN, &b"864209"[..], true));
    assert_eq!(
        (&set.so_pin[..], &set.new_pin[..], set.final_try, set.one_time),
        (SO_PIN, &b"864209"[..], false, false)
    );
}

#[tokio::test]
async fn what_carries_a_pin_is_sent_once_whatever_happens() {
    for (trouble, expected) in [
        (None, "token-pin-wrong"),
        (Some(Trouble::LoseToken), "connection-lost"),
        (Some(Trouble::FaultToken("call-timeout")), "call-timeout"),
        (Some(Trouble::FaultToken("module-crashed")), "module-crashed"),
        (Some(Trouble::FaultToken("agent-stopping")), "agent-stopping"),
    ] {
        let bench = Bench::new();
        bench.agent.state().key_asks_pin = true;
        let agent = bench.connect().await;
        let again = || bench.agent.state().trouble.extend(trouble);
        let wrong = || Some(pin(b"000000"));
        again();
        assert_eq!(codes(&agent.unlock(SERIAL, wrong(), ONE_USE).await.unwrap_err()), [expected]);
        again();
        assert_eq!(codes(&agent.change_pin(SERIAL, change(b"000000"), false).await.unwrap_err()), [expected]);
        again();
        let error = agent.request_certificate("pkcs11:x", "CN=x", wrong(), false).await.unwrap_err();
        assert_eq!(codes(&error), [expected]);
        if trouble.is_some() {
            again();
            assert_eq!(codes(&agent.inspect_token(SERIAL, wrong(), false).await.unwrap_err()), [expected]);
            again();
            assert_eq!(
                codes(&agent.set_pin(SERIAL, change(SO_PIN), false, false).await.unwrap_err()),
                [expected]
            );
        }
        let state = bench.agent.state();
        assert_eq!((state.pins.len(), state.pin_changes.len(), state.requested.len()), (1, 1, 1));
        let others = usize::from(trouble.is_some());
        assert_eq!((state.inspected.len(), state.pins_set.len()), (others, others));
    }
}

#[tokio::test]
async fn a_new_key_is_generated_requested_for_and_certified() {
    let bench = Bench::new();
    let agent = bench.connect().await;
    let key = NewKey { algorithm: "ec-p384".into(), label: "合同".into(), id: vec![2] };
    let generated = agent.generate_key(SERIAL, key).await.unwrap();
    assert_eq!(
        (generated.key_uri.as_str(), generated.journal_seq),
        ("pkcs11:serial=00aa11;id=%02;type=private", 11)
    );
    let requested = agent.request_certificate(&generated.key_uri, "CN=合同", None, false).await.unwrap();
    assert_eq!(requested.journal_seq, 12);
    let imported = agent.import_certificate(SERIAL, vec![0x30, 0], true).await.unwrap();
    assert_eq!((imported.key_uri, imported.journal_seq), (generated.key_uri.clone(), 13));
    let state = bench.agent.state();
    let sent = &state.keys[0];
    assert_eq!(
        (sent.algorithm.as_str(), sent.label.as_str(), &sent.key_id[..]),
        ("ec-p384", "合同", &[2][..])
    );
    assert_eq!(
        (&state.requested[0].key_uri, state.requested[0].subject.as_str()),
        (&generated.key_uri, "CN=合同")
    );
    assert_eq!((&state.imported[0].certificate_der[..], state.imported[0].replace), (&[0x30, 0][..], true));
}

#[tokio::test]
async fn what_changes_a_token_is_not_repeated_by_program() {
    let bench = Bench::with(&[Trouble::LoseToken, Trouble::LoseToken]);
    let agent = bench.connect().await;
    let error = agent.generate_key(SERIAL, NewKey::default()).await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    let error = agent.import_certificate(SERIAL, vec![], false).await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    let state = bench.agent.state();
    assert_eq!((state.keys.len(), state.imported.len()), (1, 1));
}

#[tokio::test]
async fn a_request_that_needs_the_pin_says_so() {
    let bench = Bench::new();
    bench.agent.state().key_asks_pin = true;
    let agent = bench.connect().await;
    let error = agent.request_certificate("pkcs11:x", "CN=x", None, false).await.unwrap_err();
    assert!(error.is_pin_needed(), "{error}");
    agent.request_certificate("pkcs11:x", "CN=x", Some(pin(PIN)), false).await.unwrap();
}

#[tokio::test]
async fn a_token_that_does_not_pass_is_no_error() {
    let bench = Bench::new();
    let finding =
        v1::Finding { severity: "refuse".into(), reason: "certificate-expired".into(), ..Default::default() };
    bench.agent.state().findings.push(finding.clone());
    let reply = bench.connect().await.inspect_token(SERIAL, None, false).await.unwrap();
    assert_eq!((reply.passed, reply.findings, reply.journal_seq), (false, vec![finding], 14));
    assert!(bench.agent.state().inspected[0].pin.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_no_error_of_the_diagnosis() {
    let bench = Bench::new();
    let check = v1::Check { subject: "clock".into(), severity: "refuse".into(), ..Default::default() };
    bench.agent.state().checks.push(check.clone());
    let reply = bench.connect().await.diagnose().await.unwrap();
    assert_eq!((reply.agent_version.as_str(), reply.checks), ("0.1.0", vec![check]));
    bench.agent.state().trouble.push_back(Trouble::FaultToken("internal"));
    assert_eq!(codes(&bench.connect().await.diagnose().await.unwrap_err()), ["internal"]);
}

#[tokio::test]
async fn a_watch_tells_each_change_with_the_token_as_it_is() {
    let bench = Bench::new();
    bench.agent.state().watched = vec![
        Watched::Event(Box::new(Event::Present(token("1")))),
        Watched::Event(Box::new(Event::Inserted(token("2")))),
        Watched::Unknown,
        Watched::Event(Box::new(Event::Changed(token("2")))),
        Watched::Event(Box::new(Event::Removed(token("1")))),
        Watched::Fault("watch-behind"),
    ];
    let mut watch = bench.connect().await.watch_tokens().await.unwrap();
    for expected in [
        TokenEvent::Present(token("1")),
        TokenEvent::Inserted(token("2")),
        TokenEvent::Changed(token("2")),
        TokenEvent::Removed(token("1")),
    ] {
        assert_eq!(watch.next().await.unwrap().unwrap(), expected);
        assert_eq!(expected.token().serial.len(), 1);
    }
    assert_eq!(codes(&watch.next().await.unwrap().unwrap_err()), ["watch-behind"]);
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_watch_never_ends_without_a_reason() {
    for last in [Watched::End, Watched::Cut] {
        let bench = Bench::new();
        bench.agent.state().watched = vec![Watched::Event(Box::new(Event::Present(token("1")))), last];
        let mut watch = bench.connect().await.watch_tokens().await.unwrap();
        watch.next().await.unwrap().unwrap();
        let error: ClientError = watch.next().await.unwrap().unwrap_err();
        assert_eq!(local(&error), Reason::ConnectionLost);
        assert!(watch.next().await.is_none());
    }
}
