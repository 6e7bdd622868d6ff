//! Requests at the command line: asked, approved here or elsewhere, reviewed, stamped one by one or together.

use std::fs;

use sealkeeper_domain::act::Statement;
use sealkeeper_proto::v1;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::agent::office::{ORIGIN, TICKET_LIFETIME_S};
use crate::agent::{APPENDED, PIN, Trouble};
use crate::bench::Bench;
use crate::commands::object;
use crate::office_commands::{KEY, filed, verified, zhang};

pub(crate) const ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
const OTHER: &str = "7f9619ff-8b86-4d01-b42d-00cf4fc964ff";
const DOCUMENT: &[u8] = b"a document of some length";

pub(crate) fn kept(id: &str, state: &str) -> v1::KeptRequest {
    let binding = json!({
        "request": id,
        "document_sha256": hex::encode(Sha256::digest(DOCUMENT)),
        "file_name": "协议.pdf",
        "seal": "contract",
        "seal_object_sha256": "ab".repeat(32),
        "boxes": [{"page": 5, "left_um": 46_000, "top_um": 68_000, "width_um": 40_000, "height_um": 40_000}],
        "class": "contract",
        "copies": 2,
        "reason": "年度采购",
        "applicant": "li",
    });
    v1::KeptRequest {
        request_id: id.into(),
        state: state.into(),
        binding: binding.to_string(),
        seal_name: "合同专用章".into(),
        applicant_name: "李四".into(),
        tickets_needed: 1,
        importance: "important".into(),
        secrecy: "internal".into(),
        document_size: DOCUMENT.len() as u64,
        ..Default::default()
    }
}

/// An agent that keeps these requests.
pub(crate) fn bench(requests: &[v1::KeptRequest]) -> Bench {
    let bench = Bench::new();
    {
        let desk = &mut bench.agent.state().desk;
        desk.document = DOCUMENT.to_vec();
        desk.kept = requests.to_vec();
    }
    bench
}

fn written(bench: &Bench, name: &str) -> Vec<u8> {
    fs::read(bench.folder.path().join(name)).unwrap()
}

#[tokio::test]
async fn a_ticket_repeats_what_is_asked_and_lives_no_longer_than_allowed() {
    let bench = bench(&[kept(ID, "filed")]);
    let key = zhang(&bench).await;
    let (code, _, stderr) = bench.seal(&[&["approve", ID][..], &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    for line in ["seal         合同专用章 (contract)\n", "class        contract (important, internal)\n"]
    {
        assert!(stderr.contains(line), "{stderr}");
    }
    let (act, claims) = filed(&bench, &key);
    assert_eq!(act.typ(), "request-approve");
    assert_eq!((claims.issuer.as_str(), claims.audience.as_str()), ("zhang", ORIGIN));
    assert_eq!(claims.expires_s - claims.issued_s, TICKET_LIFETIME_S);
    let Statement::RequestApprove(binding) = claims.statement else { panic!("{claims:?}") };
    assert_eq!(serde_json::to_value(binding).unwrap().to_string(), {
        let value: serde_json::Value = serde_json::from_str(&kept(ID, "").binding).unwrap();
        value.to_string()
    });
}

#[tokio::test]
async fn what_stands_against_an_act_is_told() {
    let bench = bench(&[kept(ID, "filed")]);
    zhang(&bench).await;
    bench.agent.state().desk.stands_against = vec!["request-expired", "person-unknown"];
    let reject = ["reject", ID, "--reason", "金额不对", "--json"];
    let (code, stdout, _) = bench.seal(&[&reject[..], &KEY].concat(), b"").await;
    let told = object(&stdout);
    assert_eq!((code, &told["outcome"]), (1, &json!("refused")));
    let codes: Vec<_> = told["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert_eq!(codes, ["request-expired", "person-unknown"]);
}

#[tokio::test]
async fn a_request_is_approved_without_an_agent() {
    let bench = bench(&[kept(ID, "filed")]);
    let key = zhang(&bench).await;
    let (code, stdout, _) = bench.seal(&["requests", "show", ID, "--save", "request.json"], b"").await;
    assert_eq!(code, 0);
    assert!(stdout.contains("state        filed, tickets 0/1, copies stamped 0\n"), "{stdout}");
    fs::write(bench.folder.path().join("协议.pdf"), DOCUMENT).unwrap();
    let approve = |document: &'static str, out: &'static str| {
        let approve = [
            "approve",
            "request.json",
            "--socket",
            "absent.sock",
            "--person",
            "zhang",
            "--document",
            document,
            "--valid-for",
            "3d",
            "--out",
            out,
        ];
        [&approve[..], &KEY].concat()
    };
    let (code, _, stderr) = bench.seal(&approve("合同.pdf", "no.jws"), b"").await;
    assert_eq!(code, 2);
    assert!(stderr.contains("not the request's document"), "{stderr}");
    let (code, stdout, stderr) = bench.seal(&approve("协议.pdf", "ticket.jws"), b"").await;
    assert_eq!((code, stdout.as_str()), (0, "signed, not filed: ticket.jws\n"), "{stderr}");
    assert!(bench.agent.state().desk.filed.is_empty() && !bench.folder.path().join("no.jws").exists());
    let text = String::from_utf8(written(&bench, "ticket.jws")).unwrap();
    let (_, claims) = verified(text.trim(), &key);
    assert_eq!((claims.audience.as_str(), claims.expires_s - claims.issued_s), (ORIGIN, 3 * 86_400));

    let (code, stdout, _) = bench.seal(&["act", "show", "ticket.jws"], b"").await;
    assert_eq!(code, 0);
    assert!(stdout.ends_with("the signature is not verified\n"), "{stdout}");
    let (code, _, _) = bench.seal(&["act", "file", "ticket.jws"], b"").await;
    assert_eq!(code, 0);
    assert_eq!(bench.agent.state().desk.filed[0].act, text.trim());
}

fn draft(header: v1::SubmitHeader) -> v1::KeptRequest {
    let mut draft = kept(ID, "drafted");
    let mut binding: serde_json::Value = serde_json::from_str(&draft.binding).unwrap();
    binding["document_sha256"] = hex::encode(header.sha256).into();
    binding["file_name"] = header.file_name.into();
    binding["reason"] = header.reason.into();
    binding["copies"] = header.copies.into();
    binding["boxes"] = json!([]);
    draft.binding = binding.to_string();
    draft
}

fn draft_of_more_copies(header: v1::SubmitHeader) -> v1::KeptRequest {
    let copies = header.copies + 1;
    draft(v1::SubmitHeader { copies, ..header })
}

const REQUEST: [&str; 8] =
    ["request", "合同.pdf", "--seal", "contract", "--reason", "采购", "--at", "page=1,x=50mm,y=50mm"];

#[tokio::test]
async fn a_draft_is_filed_by_its_applicant() {
    let bench = Bench::new();
    let key = zhang(&bench).await;
    bench.agent.state().desk.drafts = Some(draft);
    let more = ["--copies", "3", "--applicant", "li", "--save", "request.json"];
    let (code, stdout, stderr) = bench.seal(&[&REQUEST[..], &more, &KEY].concat(), b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("state        filed, tickets 0/1, copies stamped 0\n"), "{stdout}");
    assert!(stderr.contains("waits for tickets"), "{stderr}");
    let header = bench.agent.state().headers[0].clone();
    assert_eq!((header.copies, header.applicant.as_str()), (3, "li"));
    let (_, claims) = filed(&bench, &key);
    let Statement::RequestFile(binding) = claims.statement else { panic!("{claims:?}") };
    assert_eq!((binding.copies, binding.reason.as_str()), (3, "采购"));
    let saved: serde_json::Value = serde_json::from_slice(&written(&bench, "request.json")).unwrap();
    assert_eq!((&saved["origin"], &saved["binding"]["request"]), (&json!(ORIGIN), &json!(ID)));
}

#[tokio::test]
async fn nobody_signs_what_they_did_not_ask_for() {
    let bench = Bench::new();
    zhang(&bench).await;
    bench.agent.state().desk.drafts = Some(draft_of_more_copies);
    let (code, _, stderr) = bench.seal(&[&REQUEST[..], &KEY].concat(), b"").await;
    assert_eq!(code, 4);
    assert!(stderr.contains("something else than was asked: copies"), "{stderr}");
    assert!(bench.agent.state().desk.filed.is_empty());
}

#[tokio::test]
async fn lists_ask_for_what_one_has_to_do_with() {
    let bench = bench(&[kept(ID, "filed"), kept(OTHER, "approved")]);
    let (code, stdout, _) = bench.seal(&["requests", "--to-approve", "--all"], b"").await;
    assert_eq!((code, stdout.lines().count()), (0, 2), "{stdout}");
    let asked = bench.agent.state().desk.listed[0].clone();
    assert_eq!((asked.which.as_str(), asked.ended), ("to-approve", true));
    let (code, _, _) = bench.seal(&["requests", "--mine", "--to-stamp"], b"").await;
    assert_eq!(code, 2);
    // A watch has no end of its own: it tells why it ends.
    let (code, stdout, _) = bench.seal(&["watch", "--json"], b"").await;
    let lines: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, &lines[1]["request"]["request_id"]), (3, &json!(OTHER)), "{stdout}");
    assert_eq!(lines[2]["reasons"][0]["code"], "agent-stopping");
}

#[tokio::test]
async fn a_review_shows_the_digest_and_gives_the_document() {
    let bench = bench(&[kept(ID, "approved")]);
    let (code, stdout, stderr) =
        bench.seal(&["review", ID, "--no-pictures", "--document", "seen.pdf"], b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(&format!("to confirm   {}\n", "08".repeat(32))), "{stdout}");
    assert!(stdout.contains("copies       2 of 2 left\n"), "{stdout}");
    assert_eq!(written(&bench, "seen.pdf"), DOCUMENT);
    bench.agent.state().desk.document = b"a document of another text".to_vec();
    let (code, _, stderr) = bench.seal(&["review", ID, "--document", "other.pdf"], b"").await;
    assert_eq!(code, 4, "{stderr}");
    assert!(!bench.folder.path().join("other.pdf").exists());
}

#[tokio::test]
async fn a_request_is_stamped_copy_by_copy() {
    let bench = bench(&[kept(ID, "approved")]);
    let (code, stdout, stderr) = bench.seal(&["stamp", ID], b"").await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("stamped: 协议.sealed-1.pdf\n"), "{stdout}");
    assert!(stderr.contains("applicant    李四\n"), "{stderr}");
    assert_eq!(written(&bench, "协议.sealed-1.pdf"), [DOCUMENT, APPENDED].concat());
    assert_eq!(bench.agent.state().confirmed, [vec![8; 32]]);
    bench.agent.state().desk.kept[0].copies_used = 1;
    fs::write(bench.folder.path().join("协议.pdf"), DOCUMENT).unwrap();
    let (code, _, stderr) = bench.seal(&["stamp", ID, "--document", "合同.pdf", "-o", "x.pdf"], b"").await;
    assert_eq!(code, 2, "{stderr}");
    let (code, stdout, _) = bench.seal(&["stamp", ID, "--document", "协议.pdf", "--json"], b"").await;
    assert_eq!((code, &object(&stdout)["output"]), (0, &json!("协议.sealed-2.pdf")));
    assert_eq!(
        bench.agent.state().confirmed.len(),
        2,
        "the wrong document was noticed before the token was asked"
    );
}

#[tokio::test]
async fn a_batch_takes_one_pin_and_ends_as_its_worst() {
    let third = ID.replacen("6f", "8f", 1);
    let bench = bench(&[kept(ID, "approved"), kept(OTHER, "filed"), kept(&third, "approved")]);
    bench.agent.state().locked = true;
    let pin = [PIN, b"\n"].concat();
    let (code, stdout, stderr) = bench.seal(&["stamp", "--batch", "--pin-fd", "0"], &pin).await;
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.contains("stamped: 协议.sealed-1.pdf\n"), "{stdout}");
    assert!(stdout.contains(&format!("stamped: {third}.协议.sealed-1.pdf\n")), "{stdout}");
    assert!(stderr.contains(&format!("not stamped: {OTHER}\nrefused: ")), "{stderr}");
    let state = bench.agent.state();
    assert_eq!(state.desk.listed[0].which, "to-stamp");
    let [unlock] = &state.unlocks[..] else { panic!("{} unlocks", state.unlocks.len()) };
    assert_eq!((unlock.uses, state.confirmed.len()), (2, 2));
}

#[tokio::test]
async fn a_batch_goes_on_after_a_use_that_failed() {
    let bench = bench(&[kept(ID, "approved"), kept(OTHER, "approved")]);
    bench.agent.state().trouble.push_back(Trouble::Abandon);
    let (code, stdout, _) = bench.seal(&["stamp", "--batch", ID, OTHER, "--json"], b"").await;
    let told: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told[0]["outcome"], &told[0]["request_id"]), (&json!("abandoned"), &json!(ID)));
    assert_eq!((code, &told[1]["outcome"]), (4, &json!("complete")), "{stdout}");
}

#[tokio::test]
async fn a_batch_tries_no_second_pin() {
    let bench = bench(&[kept(ID, "approved"), kept(OTHER, "approved")]);
    bench.agent.state().locked = true;
    let (code, _, stderr) = bench.seal(&["stamp", "--batch", "--pin-fd", "0"], b"wrong\nnor this\n").await;
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.ends_with("the rest was left alone\n"), "{stderr}");
    let state = bench.agent.state();
    assert_eq!((state.unlocks.len(), state.confirmed.len()), (1, 0));
}
