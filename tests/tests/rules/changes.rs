//! What happens to a seal or a person while requests are under way, and what becomes of these.

use std::time::Duration;

use sealkeeper_domain::act::{
    Statement,
    statement::{EndedRequest, NamedPerson, NamedSeal},
};
use sealkeeper_tests::{
    OfficeHome,
    office::{own_uid, retirement, seal, with_text},
};
use uuid::Uuid;

use crate::{
    Board, Job, job,
    stage::{Known, Refusing, Stage, resumption},
    table::Codes,
    uses::{becomes, codes},
};

/// The jobs.
pub fn jobs<'j>(stages: &'j [Stage], requests: &'j Stage) -> Vec<Job<'j>> {
    let accepted = stages.iter().find(|stage| stage.name == "accepted").unwrap();
    vec![
        job("a suspension voids tickets".to_owned(), async |board| suspension(board, requests).await),
        job("a hand-over changes who confirms".to_owned(), async |board| handed_over(board, accepted).await),
        job("who has left keeps nothing".to_owned(), async |board| keeper_left(board, requests).await),
        job("no copy too many".to_owned(), async |board| copies(board, requests).await),
        job("revoked with requests".to_owned(), async |board| revoked(board, requests).await),
    ]
}

/// C4: with a suspension open tickets are void, and stay so when the seal is resumed.
async fn suspension(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let rpc = agent.rpc.clone();
    let mut known = stage.known.clone();
    home.says(&rpc, "head", Statement::SealSuspend(with_text())).await;
    known.suspension = home.about(&rpc).await;
    every_use(board, &home, &mut agent, &known, "while it is suspended", ["seal-suspended"; 2]).await;
    home.says(&rpc, "office", resumption(&known)).await;
    home.inspect(&rpc).await;
    home.says(&rpc, "deputy", resumption(&known)).await;
    for state in ["half", "approved"] {
        let id = known.requests[state].request.to_string();
        let told = agent.rpc.review(&id).await;
        let told = agent.told(told);
        let name = format!("C4 review of one that was {state} before the suspension");
        board.refused(&name, &codes(&["tickets-missing"]), &told);
    }
    // Whoever has approved may do so again, for what they said counts no more.
    let binding = known.requests["approved"].clone();
    for (approver, left) in [("first", &["tickets-missing"][..]), ("second", &[])] {
        let ticket = Statement::RequestApprove(Box::new(binding.clone()));
        // Of this very second tickets are void.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        home.says(&rpc, approver, ticket).await;
        let told = agent.rpc.review(&binding.request.to_string()).await;
        let told = agent.told(told);
        board.refused(&format!("C4 review after the new ticket of {approver}"), &codes(left), &told);
    }
    board.on_record("a suspension voids tickets", agent.stop().await);
}

/// R1: nothing can be made of a request whose seal was revoked; who asked can still take it back.
async fn revoked(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let rpc = agent.rpc.clone();
    let about = home.says(&rpc, "clerk", retirement()).await.act_id.parse().unwrap();
    home.says(&rpc, "head", Statement::SealRetireApprove(NamedSeal { seal: seal(), about })).await;
    home.says(&rpc, "office", Statement::SealRevoke(NamedSeal { seal: seal(), about })).await;
    every_use(board, &home, &mut agent, &stage.known, "of a revoked seal", ["seal-revoked"; 2]).await;
    for (who, typ, state) in [("applicant", "withdraw", "filed"), ("first", "reject", "half")] {
        let request = stage.known.requests[state].request;
        let ended = EndedRequest { request, reason: "不用了".to_owned() };
        let statement = match typ {
            "reject" => Statement::RequestReject(ended),
            _ => Statement::RequestWithdraw(ended),
        };
        let told = agent.rpc.file(&home.act(&home.who(who), statement)).await;
        let told = agent.told(told);
        board.refused(&format!("R1 request-{typ} of a revoked seal"), &Codes::new(), &told);
    }
    board.on_record("revoked with requests", agent.stop().await);
}

/// Everything that would bring a request nearer to its stamp is refused: acts for the one, reviews and stamps by whoever sits there for the other.
async fn every_use(
    board: &Board,
    home: &OfficeHome,
    agent: &mut Refusing<'_>,
    known: &Known,
    when: &str,
    [of_acts, of_uses]: [&str; 2],
) {
    let (of_acts, of_uses) = (codes(&[of_acts]), codes(&[of_uses]));
    let bound = |state: &str| Box::new(known.requests[state].clone());
    for (who, statement) in [
        ("applicant", Statement::RequestFile(bound("drafted"))),
        ("first", Statement::RequestApprove(bound("filed"))),
        ("second", Statement::RequestApprove(bound("half"))),
        ("third", Statement::RequestApprove(bound("approved"))),
    ] {
        let typ = statement.typ();
        let told = agent.rpc.file(&home.act(&home.who(who), statement)).await;
        let told = agent.told(told);
        board.refused(&format!("U8 {typ} by {who} {when}"), &of_acts, &told);
    }
    for state in ["drafted", "filed", "half", "approved"] {
        let id = known.requests[state].request.to_string();
        let told = agent.rpc.review(&id).await;
        let told = agent.told(told);
        board.refused(&format!("U8 review of one {state} {when}"), &of_uses, &told);
        let told = agent.rpc.stamp(&id, Uuid::new_v4(), &[7; 32]).await;
        let told = agent.told(told);
        board.refused(&format!("U8 stamp of one {state} {when}"), &of_uses, &told);
    }
}

/// C2: until a hand-over is registered nothing changes; then the token and the seal answer to nobody but the new custodian.
async fn handed_over(board: &Board, accepted: &Stage) {
    let requests = accepted.with_requests().await;
    let home = requests.home.copied();
    let mut agent = Refusing::start(&home).await;
    let (rpc, token) = (agent.rpc.clone(), &home.home.token);
    let id = requests.known.requests["approved"].request.to_string();
    for (step, caller, no) in [
        ("before it is registered", "keeper", &[][..]),
        ("before it is registered", "keeper2", &["not-custodian"]),
        ("after it", "keeper", &["not-custodian"]),
        ("after it", "keeper2", &[]),
    ] {
        if (step, caller) == ("after it", "keeper") {
            home.says(&rpc, "office", Statement::SealHandOver(home.hand_over())).await;
        }
        let other = if caller == "keeper" { "keeper2" } else { "keeper" };
        becomes(&home, &rpc, other, caller).await;
        let told = agent.rpc.try_unlock(token, token.pin(), 1, 0).await;
        if told.is_ok() {
            agent.rpc.lock(token).await;
        }
        let told = agent.told(told);
        // Whoever keeps it now knows the PIN of who kept it before, and needs one of their own first.
        let unlocking = if (step, caller) == ("after it", "keeper2") { &["pin-not-own"] } else { no };
        board.refused(&format!("C2 unlock by {caller} {step}"), &codes(unlocking), &told);
        let told = agent.rpc.review(&id).await;
        let told = agent.told(told);
        // Who keeps no seal yet does not even see the request.
        let no = if no.is_empty() || caller == "keeper" { no } else { &["request-unknown"] };
        board.refused(&format!("C2 review by {caller} {step}"), &codes(no), &told);
    }
    // Once he keeps it no more he may approve its use.
    let ticket = Statement::RequestApprove(Box::new(requests.known.requests["filed"].clone()));
    let told = agent.rpc.file(&home.act(&home.who("keeper"), ticket)).await;
    let told = agent.told(told);
    board.refused("C2 request-approve by who kept it before", &Codes::new(), &told);
    board.on_record("a hand-over changes who confirms", agent.stop().await);
}

/// C2: a custodian who leaves blocks the seal at once.
async fn keeper_left(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let rpc = agent.rpc.clone();
    let (person, reason) = (home.who("keeper").id, "离职".to_owned());
    home.says(&rpc, "office", Statement::PersonLeave(NamedPerson { person, reason })).await;
    let told = agent.rpc.show_office().await;
    let told = agent.told(told);
    board.refused("C2 show-office by who has left", &codes(&["person-unknown"]), &told);
    let entry = home.entry("keeper2", Some(own_uid()));
    home.says(&rpc, "office", Statement::PersonRegister(entry)).await;
    let seals = rpc.show_office().await.unwrap().seals;
    board.holds("C2 person-leave of the custodian suspends", seals[0].state == "suspended");
    // Whoever sits there next keeps nothing of it, and does not even see its requests.
    let no = ["seal-suspended", "request-unknown"];
    every_use(board, &home, &mut agent, &stage.known, "whose custodian has left", no).await;
    let told = agent.rpc.try_unlock(&home.home.token, home.home.token.pin(), 1, 0).await;
    let told = agent.told(told);
    board.refused("C2 unlock by somebody else", &codes(&["not-custodian"]), &told);
    board.on_record("who has left keeps nothing", agent.stop().await);
}

/// U2: as many copies as were approved, each once, and not one more.
async fn copies(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let (rpc, token) = (agent.rpc.clone(), &home.home.token);
    let id = stage.known.requests["approved"].request.to_string();
    let confirmed = rpc.review(&id).await.unwrap().prepared_sha256;
    let told = agent.rpc.stamp(&id, Uuid::new_v4(), &[7; 32]).await;
    let told = agent.told(told);
    board.refused("U5 stamp of what was not confirmed", &codes(&["confirmation-mismatch"]), &told);
    rpc.unlock(token, 10).await;
    let uses = [Uuid::new_v4(), Uuid::new_v4()];
    for (at, use_id) in uses.iter().enumerate() {
        let told = agent.rpc.stamp(&id, *use_id, &confirmed).await;
        let told = agent.told(told);
        board.refused(&format!("U2 stamp of copy {}", at + 1), &Codes::new(), &told);
        let kept = rpc.show_request(&id).await.unwrap();
        board.holds("U2 a copy is counted", kept.copies_used as usize == at + 1);
        let again = rpc.stamp(&id, *use_id, &confirmed).await;
        board.holds("U2 the same use once more is the same copy", again.is_ok());
        let kept = rpc.show_request(&id).await.unwrap();
        board.holds("U2 and is not counted again", kept.copies_used as usize == at + 1);
    }
    board.holds("U2 then it is stamped", rpc.show_request(&id).await.unwrap().state == "stamped");
    let told = agent.rpc.stamp(&id, Uuid::new_v4(), &confirmed).await;
    let told = agent.told(told);
    board.refused("U2 stamp of a copy too many", &codes(&["copies-used-up"]), &told);
    let other = stage.known.requests["half"].request.to_string();
    let told = agent.rpc.stamp(&other, uses[0], &confirmed).await;
    let told = agent.told(told);
    board.refused("U2 stamp of another request under a use that was", &codes(&["use-id-taken"]), &told);
    let journal = rpc.journal().await;
    // Two of the request that the stage came with.
    board.holds("U9 an intent for each copy", journal.count("intent") == 4 && journal.count("complete") == 4);
    board.on_record("no copy too many", agent.stop().await);
}
