//! U10: uses confirmed from afar, against those confirmed at the agent's machine: by what the policy allows, by tickets, by where the PIN was given.

use sealkeeper_domain::act::{Statement, statement::Binding};
use sealkeeper_proto::v1;
use sealkeeper_tests::{OfficeHome, Rpc, documents};
use uuid::Uuid;

use crate::{
    Board, Job, job,
    stage::{Refusing, Stage, important},
    table::Codes,
    uses::codes,
};

/// Classes, and how many tickets a use at the agent's machine needs of each.
const CLASSES: [(&str, usize); 2] = [("ordinary", 1), ("important", 2)];
/// Who approves, in turn.
const APPROVERS: [&str; 3] = ["first", "second", "third"];

/// From where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Here,
    Afar,
}

/// The jobs.
pub fn jobs(stages: &[Stage]) -> Vec<Job<'_>> {
    let active = stages.iter().find(|stage| stage.name == "active").unwrap();
    vec![job("uses from afar".to_owned(), async |board| uses(board, active).await)]
}

async fn uses(board: &Board, active: &Stage) {
    let mut home = active.home.copied();
    let door = home.open_door();
    let mut agent = Refusing::start(&home).await;
    home.certify(&agent.rpc, &door, "keeper").await;
    let afar = door.enter(Some("keeper")).await.unwrap();
    let mut requests = Vec::new();
    for (class, needed) in CLASSES {
        for tickets in 0..=APPROVERS.len() {
            let id = approved(&home, &agent.rpc, class, &APPROVERS[..tickets]).await;
            requests.push((class, needed, tickets, id));
        }
    }
    for allowed in [false, true] {
        if allowed {
            home.home.change_policy("allowed = false", "allowed = true");
            home.says(&agent.rpc, "office", home.policy()).await;
        }
        for (class, needed, tickets, id) in &requests {
            for from in [From::Here, From::Afar] {
                let rpc = if from == From::Afar { afar.clone() } else { agent.rpc.clone() };
                // What is confirmed is another revision, so that nothing is stamped where all else is well.
                let told = rpc.stamp(id, Uuid::new_v4(), &[7; 32]).await;
                let told = agent.told(told);
                let cell =
                    format!("U10 stamp from {from:?} with {tickets} tickets, {class}, allowed {allowed}");
                board.refused(&cell, &against(from, *needed, *tickets, allowed), &told);
            }
        }
        let told = afar.try_unlock(&home.home.token, home.home.token.pin(), 1, 0).await;
        let told = agent.told(told);
        let expected = if allowed { Codes::new() } else { codes(&["remote-not-allowed"]) };
        board.refused(&format!("U10 unlock from afar, allowed {allowed}"), &expected, &told);
        agent.rpc.lock(&home.home.token).await;
    }
    let (.., id) = requests.last().unwrap();
    pins(board, &home, &mut agent, &afar, id).await;
    drop(afar);
    board.on_record("uses from afar", agent.stop().await);
}

/// What stands against a use of which all else is well but the revision that is confirmed.
fn against(from: From, needed: usize, tickets: usize, allowed: bool) -> Codes {
    let is_afar = from == From::Afar;
    let against: Codes = [
        ("remote-not-allowed", is_afar && !allowed),
        ("tickets-missing", tickets < needed + usize::from(is_afar)),
    ]
    .into_iter()
    .filter(|(_, stands)| *stands)
    .map(|(code, _)| code.to_owned())
    .collect();
    if against.is_empty() { codes(&["confirmation-mismatch"]) } else { against }
}

/// A request of two copies with the tickets of these people.
async fn approved(home: &OfficeHome, rpc: &Rpc, class: &str, approvers: &[&str]) -> String {
    let document = documents::page(&format!("{class} {}", approvers.len()));
    let header = v1::SubmitHeader { document_class: class.to_owned(), ..important(&document, "applicant") };
    let submitted = rpc.submit(&document, header).await.unwrap();
    let binding: Binding = home.files(rpc, &submitted, "applicant").await;
    for approver in approvers {
        home.says(rpc, approver, Statement::RequestApprove(Box::new(binding.clone()))).await;
    }
    submitted.request_id
}

/// A PIN counts where it was given, by whom.
async fn pins(board: &Board, home: &OfficeHome, agent: &mut Refusing<'_>, afar: &Rpc, id: &str) {
    let token = &home.home.token;
    let confirmed = agent.rpc.review(id).await.unwrap().prepared_sha256;
    for unlocked in [None, Some(From::Here), Some(From::Afar)] {
        for from in [From::Here, From::Afar] {
            let of = |from| if from == From::Afar { afar.clone() } else { agent.rpc.clone() };
            if let Some(unlocked) = unlocked {
                of(unlocked).unlock(token, 1).await;
            }
            let told = of(from).stamp(id, Uuid::new_v4(), &confirmed).await;
            let told = agent.told(told);
            let expected = match unlocked {
                None => codes(&["token-locked"]),
                // At the agent's machine an unlock from afar is none.
                Some(From::Afar) if from == From::Here => codes(&["token-locked"]),
                Some(unlocked) if unlocked != from => codes(&["pin-not-fresh"]),
                Some(_) => Codes::new(),
            };
            board.refused(&format!("U10 stamp from {from:?}, unlocked {unlocked:?}"), &expected, &told);
            agent.rpc.lock(token).await;
        }
    }
}
