//! Documents are stamped once and only once, whatever gets lost on the way.

use std::fs;
use std::process::Stdio;

use sealkeeper_client::Document;
use sealkeeper_client::error::ClientError;
use sealkeeper_domain::reason::Reason;

use crate::agent::{APPENDED, PIN, Trouble};
use crate::bench::{Bench, DOCUMENT_SIZE, STAMP, codes, local};

#[tokio::test]
async fn a_document_goes_up_in_chunks_and_comes_back_stamped() {
    let bench = Bench::new();
    let stamped = bench.stamp().await.unwrap();
    bench.assert_stamped();
    assert!(stamped.acknowledged);
    let state = bench.agent.state();
    assert_eq!(state.chunks.iter().sum::<usize>(), DOCUMENT_SIZE);
    assert!(state.chunks.iter().all(|length| *length <= sealkeeper_proto::MAX_CHUNK));
    assert_eq!((state.headers.len(), state.headers[0].file_name.as_str()), (1, "合同.pdf"));
    assert_eq!(state.confirmed, [vec![7; 32]]);
    assert_eq!(state.acknowledged, [stamped.receipt.use_id]);
}

#[tokio::test]
async fn a_known_document_is_not_sent_again() {
    let bench = Bench::new();
    bench.agent.state().documents.insert(bench.document().sha256().to_vec(), bench.bytes.clone());
    bench.stamp().await.unwrap();
    bench.assert_stamped();
    assert!(bench.agent.state().chunks.is_empty());
}

#[tokio::test]
async fn a_refusal_ends_the_upload() {
    let bench = Bench::with(&[Trouble::RefuseUpload]);
    let error = bench.stamp().await.unwrap_err();
    assert_eq!(codes(&error), ["pdf-encrypted", "seal-unknown"]);
    assert_eq!((bench.agent.state().chunks.len(), bench.files()), (1, 1));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_signed_twice() {
    let bench = Bench::with(&[Trouble::LoseStamp]);
    bench.stamp().await.unwrap();
    bench.assert_stamped();
    let state = bench.agent.state();
    assert_eq!((state.receipts.len(), state.use_ids.len()), (1, 2));
    assert_eq!(state.use_ids[0], state.use_ids[1]);
}

#[tokio::test]
async fn a_call_that_took_too_long_or_met_a_stopping_agent_is_made_again() {
    let bench = Bench::with(&[Trouble::FaultStamp("call-timeout"), Trouble::FaultStamp("agent-stopping")]);
    bench.stamp().await.unwrap();
    bench.assert_stamped();
    let state = bench.agent.state();
    assert_eq!((state.receipts.len(), state.use_ids.len()), (1, 3));
    assert!(state.use_ids.iter().all(|use_id| *use_id == state.use_ids[0]));
}

#[tokio::test]
async fn a_fault_after_the_confirmation_names_the_use() {
    for code in ["journal-failed", "internal", "from-a-later-version"] {
        let bench = Bench::with(&[Trouble::FaultStamp(code)]);
        let error = bench.stamp().await.unwrap_err();
        assert_eq!(codes(&error), [code]);
        let use_id = error.open_use().unwrap();
        assert_eq!(bench.agent.state().use_ids, [use_id.to_string()]);
        bench.connect().await.collect(&bench.document(), use_id, &bench.target()).await.unwrap();
        bench.assert_stamped();
    }
}

#[tokio::test]
async fn a_broken_fetch_and_a_broken_submission_are_made_again() {
    let bench = Bench::with(&[Trouble::LoseSubmit, Trouble::LoseFetch]);
    bench.stamp().await.unwrap();
    bench.assert_stamped();
    let state = bench.agent.state();
    assert_eq!((state.headers.len(), state.receipts.len()), (2, 1));
    // The second time the agent has the document already.
    assert_eq!(state.chunks.iter().sum::<usize>(), DOCUMENT_SIZE);
}

#[tokio::test]
async fn a_result_is_collected_later() {
    let bench = Bench::new();
    let agent = bench.connect().await;
    let stamping = agent.prepare(&bench.document(), &bench.order()).await.unwrap();
    agent.confirm(&stamping).await.unwrap();
    let later = bench.connect().await;
    later.collect(&bench.document(), stamping.use_id(), &bench.target()).await.unwrap();
    bench.assert_stamped();

    fs::write(bench.folder.path().join("other.pdf"), b"another document").unwrap();
    let other = Document::open(&bench.folder.path().join("other.pdf")).unwrap();
    let target = bench.folder.path().join("other.sealed.pdf");
    let error = later.collect(&other, stamping.use_id(), &target).await.unwrap_err();
    assert_eq!((local(&error), target.exists()), (Reason::InputChanged, false));
}

#[tokio::test]
async fn an_output_that_is_there_is_noticed_before_anything_is_asked() {
    let bench = Bench::new();
    fs::write(bench.target(), b"mine").unwrap();
    assert_eq!(local(&bench.stamp().await.unwrap_err()), Reason::OutputExists);
    assert!(bench.agent.state().headers.is_empty());
}

#[tokio::test]
async fn what_does_not_have_its_digest_is_not_written_nor_acknowledged() {
    let bench = Bench::with(&[Trouble::WrongDigest]);
    assert_eq!(local(&bench.stamp().await.unwrap_err()), Reason::ResultMismatch);
    assert_eq!((bench.files(), bench.agent.state().acknowledged.len()), (1, 0));
}

#[tokio::test]
async fn an_impossible_promise_is_not_waited_for() {
    let bench = Bench::with(&[Trouble::PromiseTooMuch]);
    assert_eq!(local(&bench.stamp().await.unwrap_err()), Reason::AnswerBad);
    assert_eq!(bench.files(), 1);
}

#[tokio::test]
async fn an_abandoned_use_says_that_the_token_may_have_signed() {
    let bench = Bench::with(&[Trouble::Abandon]);
    let error = bench.stamp().await.unwrap_err();
    assert!(matches!(&error, ClientError::NotDone(not_done) if not_done.may_have_signed), "{error}");
    assert_eq!(codes(&error), ["abandoned-timeout"]);
    assert_eq!(bench.agent.state().use_ids.len(), 1);
}

#[tokio::test]
async fn a_locked_token_leaves_the_use_open() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let agent = bench.connect().await;
    let stamping = agent.prepare(&bench.document(), &bench.order()).await.unwrap();
    assert!(agent.confirm(&stamping).await.unwrap_err().is_token_locked());
    bench.agent.state().locked = false;
    let receipt = agent.confirm(&stamping).await.unwrap();
    assert_eq!(receipt.use_id, stamping.use_id().to_string());
    assert_ne!(stamping.another().use_id(), stamping.use_id());
}

#[tokio::test]
async fn the_command_line_unlocks_with_a_pin_from_a_descriptor() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let arguments = [&STAMP[..], &["--pin-fd", "0"]].concat();
    let (code, stdout, stderr) = bench.seal(&arguments, &[PIN, b"\n"].concat()).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("stamped: 合同.sealed.pdf\n"), "{stdout}");
    assert!(stdout.contains("solo journal"), "{stdout}");
    let place = "page 3, 100 mm from the left, 210.5 mm from the top, 40×40 mm";
    assert!(stderr.contains("采购") && stderr.contains(place), "{stderr}");
    bench.assert_stamped();
    let state = bench.agent.state();
    assert_eq!(state.pins, [PIN.to_vec()]);
    // Unlocked first, so that an ordinary use leaves no refusal behind.
    assert_eq!(state.use_ids.len(), 1);
}

#[tokio::test]
async fn an_unlocked_token_needs_no_pin() {
    let bench = Bench::new();
    let (code, _, stderr) = bench.seal(&[&STAMP[..], &["--pin-fd", "0"]].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(bench.agent.state().pins.is_empty());
}

#[tokio::test]
async fn a_wrong_pin_is_sent_once() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let arguments = [&STAMP[..], &["--pin-fd", "0"]].concat();
    let (code, _, stderr) = bench.seal(&arguments, b"246810\n").await;
    assert_eq!(code, 3);
    assert!(stderr.contains("the PIN is wrong [token-pin-wrong, clause C1]"), "{stderr}");
    assert!(!stderr.contains("246810"));
    assert_eq!((bench.agent.state().pins.len(), bench.files()), (1, 1));
}

#[tokio::test]
async fn without_a_terminal_a_locked_token_is_a_refusal_with_a_hint() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let (code, _, stderr) = bench.seal(&[&STAMP[..], &["--lang", "zh"]].concat(), b"").await;
    assert_eq!(code, 3);
    let expected = "拒绝：载体未解锁 [token-locked，条款 U5]\n  提示：请保管人用 `seal token unlock` 解锁\n";
    assert!(stderr.ends_with(expected), "{stderr}");
    assert!(bench.agent.state().pins.is_empty());
}

#[tokio::test]
async fn results_and_refusals_as_json() {
    let bench = Bench::new();
    let arguments = [&STAMP[..], &["--json"]].concat();
    let (code, stdout, stderr) = bench.seal(&arguments, b"").await;
    assert_eq!((code, stderr.as_str()), (0, ""));
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&result["outcome"], &result["output"]), (&"complete".into(), &"合同.sealed.pdf".into()));
    assert_eq!(result["receipt"]["output_size"], DOCUMENT_SIZE + APPENDED.len());
    assert_eq!(result["receipt"]["intent_seq"], 5);

    fs::remove_file(bench.target()).unwrap();
    bench.agent.state().documents.clear();
    bench.agent.state().trouble.push_back(Trouble::RefuseUpload);
    let (code, stdout, _) = bench.seal(&arguments, b"").await;
    assert_eq!(code, 1);
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&result["outcome"], &result["class"]), (&"refused".into(), &"rule".into()));
    assert_eq!(result["journal_seq"], 9);
    assert_eq!(result["reasons"][0]["code"], "pdf-encrypted");
    assert_eq!(result["reasons"][1]["clause"], "U1");
}

#[tokio::test]
async fn a_result_that_could_not_be_written_is_fetched() {
    let bench = Bench::with(&[Trouble::WrongDigest]);
    let (code, _, stderr) = bench.seal(&STAMP, b"").await;
    assert_eq!(code, 4);
    let use_id = bench.agent.state().use_ids[0].clone();
    assert!(stderr.contains(&format!("--use-id {use_id}")), "{stderr}");
    // As if the agent's bytes had been damaged on their way.
    bench.agent.state().receipts.clear();
    let (code, _, stderr) = bench.seal(&["fetch", "合同.pdf", "--use-id", &use_id], b"").await;
    assert_eq!(code, 0, "{stderr}");
    bench.assert_stamped();
}

#[tokio::test]
async fn a_use_whose_answer_never_comes_is_named_with_the_way_to_its_result() {
    // As often as it is asked for.
    let bench = Bench::with(&[Trouble::FaultStamp("call-timeout"); 4]);
    let (code, _, stderr) = bench.seal(&STAMP, b"").await;
    assert_eq!(code, 3, "{stderr}");
    let use_id = bench.agent.state().use_ids[0].clone();
    assert!(stderr.contains(&format!("`seal fetch FILE --use-id {use_id}`")), "{stderr}");
    // The contract's own hint would send a person to a second stamp.
    assert!(!stderr.contains("try again"), "{stderr}");
    assert_eq!(bench.agent.state().use_ids.len(), 4);

    bench.agent.state().trouble.push_back(Trouble::FaultStamp("internal"));
    let (code, stdout, _) = bench.seal(&[&STAMP[..], &["--json"]].concat(), b"").await;
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let use_id = bench.agent.state().use_ids[4].clone();
    assert_eq!((code, &told["outcome"], &told["use_id"]), (4, &"error".into(), &use_id.as_str().into()));
    let (code, _, stderr) = bench.seal(&["fetch", "合同.pdf", "--use-id", &use_id], b"").await;
    assert_eq!(code, 0, "{stderr}");
    bench.assert_stamped();
}

#[tokio::test]
async fn an_interrupted_use_is_named_with_the_way_to_its_result() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let bench = Bench::with(&[Trouble::HoldStamp]);
        let child = bench.command(&STAMP).stderr(Stdio::piped()).spawn().unwrap();
        while bench.agent.state().receipts.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let use_id = bench.agent.state().use_ids[0].clone();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains(name) && stderr.contains(&format!("--use-id {use_id}")), "{stderr}");
        let (code, _, stderr) = bench.seal(&["fetch", "合同.pdf", "--use-id", &use_id], b"").await;
        assert_eq!(code, 0, "{stderr}");
        bench.assert_stamped();
    }
}

#[tokio::test]
async fn who_waits_long_knows_the_use() {
    use std::io::{BufRead as _, BufReader};
    let bench = Bench::with(&[Trouble::HoldStamp]);
    let mut child = bench.command(&STAMP).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let told = tokio::task::spawn_blocking(|| {
        BufReader::new(stderr).lines().map(Result::unwrap).find(|line| line.contains("--use-id"))
    });
    let told = told.await.unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.contains(&bench.agent.state().use_ids[0]), "{told}");
}

#[tokio::test]
async fn the_last_try_of_a_pin_is_not_asked_for() {
    for arguments in [&[&STAMP[..], &["--pin-fd", "0"]].concat()[..], &["token", "unlock", "--pin-fd", "0"]] {
        let bench = Bench::new();
        bench.agent.state().locked = true;
        bench.agent.state().final_try = true;
        let (code, _, stderr) = bench.seal(arguments, &[PIN, b"\n"].concat()).await;
        assert_eq!(code, 3);
        assert!(stderr.contains("token-pin-final-try"), "{stderr}");
        assert!(!stderr.contains("careful"), "{stderr}");
        assert!(bench.agent.state().pins.is_empty());
    }
}

#[tokio::test]
async fn the_last_try_of_a_pin_is_made_when_told_and_warned_of() {
    let unlock = ["token", "unlock", "--final-try", "--pin-fd", "0"];
    for (is_final, language, warning) in
        [(true, "en", "a wrong PIN locks the token"), (true, "zh", "再错一次载体将锁死"), (false, "en", "")]
    {
        let bench = Bench::new();
        bench.agent.state().locked = true;
        bench.agent.state().final_try = is_final;
        let (code, _, stderr) =
            bench.seal(&[&["--lang", language], &unlock[..]].concat(), &[PIN, b"\n"].concat()).await;
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(stderr.is_empty(), warning.is_empty(), "{stderr}");
        assert!(stderr.contains(warning), "{stderr}");
        assert_eq!(bench.agent.state().final_tries, [true]);
    }
    // Nothing else asks for it.
    let bench = Bench::new();
    bench.agent.state().locked = true;
    let (code, _, stderr) = bench.seal(&["token", "unlock", "--pin-fd", "0"], &[PIN, b"\n"].concat()).await;
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(bench.agent.state().final_tries, [false]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_command_line_leaves_no_core_dump() {
    let bench = Bench::new();
    bench.agent.state().locked = true;
    // It waits for the PIN.
    let mut child =
        bench.command(&["token", "unlock", "--pin-fd", "0"]).stdin(Stdio::piped()).spawn().unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let forbidden = |limits: String| {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        core.split_whitespace().skip(4).take(2).eq(["0", "0"])
    };
    let mut tries = 0;
    while !forbidden(fs::read_to_string(&limits).unwrap()) {
        tries += 1;
        assert!(tries < 1000, "dumps are not forbidden");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
