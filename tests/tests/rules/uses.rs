//! Calls: who may see, submit, review, stamp, fetch and unlock, by the person that the caller's system user is.

use sealkeeper_domain::{act::Statement, identity::PersonId};
use sealkeeper_proto::v1;
use sealkeeper_tests::{No, OfficeHome, Rpc, documents, office::own_uid};
use uuid::Uuid;

use crate::{
    Board, Job, job,
    stage::{Known, REQUEST_STATES, Refusing, Stage, important},
    table::Codes,
};

/// Who calls, one after the other. `nobody` is a system user that nobody is.
const CALLERS: [&str; 10] = [
    "keeper",
    "keeper2",
    "applicant",
    "clerk",
    "first",
    "auditor",
    "office",
    "outsider",
    "partner",
    "nobody",
];

/// Whose business every request of `applicant` is: theirs, the approvers', the custodian's, and of those who supervise.
const SEES: [&str; 5] = ["keeper", "applicant", "first", "auditor", "office"];

/// What stands against stamping a request in this state, whoever asks.
fn stands(state: &str) -> Codes {
    codes(match state {
        "drafted" => &["request-not-filed", "tickets-missing"],
        "filed" | "half" => &["tickets-missing"],
        "rejected" => &["request-rejected"],
        "withdrawn" => &["request-withdrawn"],
        "stamped" => &["copies-used-up"],
        _ => &[],
    })
}

/// What has ended is told before it is looked at who asks and what for.
const ENDED: [&str; 3] = ["rejected", "withdrawn", "stamped"];

/// States of the seal in which it can be used, and what is told in the others.
fn use_in(state: &str) -> Codes {
    codes(match state {
        "active" | "offered" | "accepted" | "retiring" | "retire-approved" | "resumed" => &[],
        "none" => &["seal-unknown"],
        "applied" | "approved" | "reviewed" | "made" | "issued" => &["seal-not-yet-active"],
        "refused" => &["seal-refused"],
        "revoked" | "half-destroyed" => &["seal-revoked"],
        "destroyed" => &["seal-destroyed"],
        _ => &["seal-suspended"],
    })
}

/// The jobs.
pub fn jobs<'j>(stages: &'j [Stage], requests: &'j Stage) -> Vec<Job<'j>> {
    let named = |name: &str| stages.iter().find(|stage| stage.name == name).unwrap();
    let active = named("active");
    let mut jobs = vec![
        job("calls by everybody".to_owned(), async |board| calls(board, requests).await),
        job("a token answers its custodian".to_owned(), async |board| locked(board, active).await),
    ];
    for stage in stages {
        let name = format!("calls in {}", stage.name);
        jobs.push(job(name, async |board: &Board| in_state(board, stage).await));
    }
    jobs
}

/// One agent, whose caller is everybody in turn.
async fn calls(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let mut is_now = "keeper";
    for caller in CALLERS {
        becomes(&home, &agent.rpc, is_now, caller).await;
        is_now = caller;
        for state in REQUEST_STATES {
            let id = stage.known.requests[state].request.to_string();
            let (unknown, sees) = (caller == "nobody", SEES.contains(&caller));
            let seen = if unknown {
                codes(&["person-unknown"])
            } else if sees {
                Codes::new()
            } else {
                codes(&["request-unknown"])
            };
            let told = agent.rpc.show_request(&id).await;
            let told = agent.told(told);
            board.refused(&format!("U2 show-request by {caller} of one {state}"), &seen, &told);
            // The document of one that has ended is not kept.
            if !ENDED.contains(&state) {
                let told = agent.rpc.fetch_document(&id).await;
                let told = agent.told(told);
                board.refused(&format!("U2 fetch-document by {caller} of one {state}"), &seen, &told);
            }

            // Whoever could not confirm it is told no more than that: nothing is read or prepared for them.
            let ended = ENDED.contains(&state);
            let against = if caller == "keeper" || ended { stands(state) } else { codes(&["not-custodian"]) };
            // Of a request that is none of their business nobody hears more than of one there is not.
            let against = if unknown || !sees { seen } else { against };
            let told = agent.rpc.review(&id).await;
            let told = agent.told(told);
            board.refused(&format!("C1 review by {caller} of one {state}"), &against, &told);

            // Who keeps no seal at all hears no more than that; what would be stamped is in "no copy too many".
            let against = match caller {
                "keeper" if against.is_empty() => codes(&["confirmation-mismatch"]),
                "keeper" | "keeper2" | "nobody" => against,
                _ => codes(&["not-custodian"]),
            };
            let told = agent.rpc.stamp(&id, Uuid::new_v4(), &[7; 32]).await;
            let told = agent.told(told);
            board.refused(&format!("C1 stamp by {caller} of one {state}"), &against, &told);
        }
        others(board, &home, &mut agent, &stage.known, caller).await;
    }
    board.on_record("calls by everybody", agent.stop().await);
}

/// What does not depend on the state of a request.
async fn others(board: &Board, home: &OfficeHome, agent: &mut Refusing<'_>, known: &Known, caller: &str) {
    let unknown = caller == "nobody";
    let by = |others: &[&str]| if unknown { codes(&["person-unknown"]) } else { codes(others) };
    let token = &home.home.token;

    let told = agent.rpc.show_office().await;
    let told = agent.told(told);
    board.refused(&format!("S1 show-office by {caller}"), &by(&[]), &told);

    let listed =
        agent.rpc.offices().list_acts(v1::ListActsRequest { limit: 1000, ..Default::default() }).await;
    let listed = listed.map(|reply| reply.into_inner().acts).map_err(No::from);
    let supervises = ["office", "auditor", "keeper", "keeper2"].contains(&caller);
    let id = home.who(caller).id;
    let others = listed.iter().flatten().any(|act| !concerns(act, &id));
    let told = agent.told(listed);
    board.refused(&format!("S1 list-acts by {caller}"), &by(&[]), &told);
    if !unknown {
        board.holds(&format!("S1 list-acts by {caller}: of others"), others == supervises);
    }

    let listed = agent.rpc.list_requests("", true, 0).await;
    let of_applicant = listed.iter().flatten().filter(|kept| kept.applicant_name == "applicant").count();
    let told = agent.told(listed);
    board.refused(&format!("S1 list-requests by {caller}"), &by(&[]), &told);
    if !unknown {
        let all = SEES.contains(&caller);
        board.holds(&format!("S1 list-requests by {caller}: whose"), (of_applicant > 0) == all);
    }

    let told = agent.rpc.fetch(known.used).await;
    let told = agent.told(told);
    let no = if ["keeper", "applicant"].contains(&caller) { by(&[]) } else { by(&["use-unknown"]) };
    board.refused(&format!("U9 fetch by {caller}"), &no, &told);

    let told = agent.rpc.try_unlock(token, token.pin(), 1, 0).await;
    if told.is_ok() {
        agent.rpc.lock(token).await;
    }
    let told = agent.told(told);
    let no = if caller == "keeper" { by(&[]) } else { by(&["not-custodian"]) };
    board.refused(&format!("C1 unlock by {caller}"), &no, &told);

    let document = documents::page(&format!("of {caller}"));
    let granted = ["applicant", "partner"].contains(&caller);
    let told = agent.rpc.submit(&document, important(&document, "")).await;
    let told = agent.told(told);
    // Who supervises brings nothing, for whomever (G2).
    let brings = caller != "auditor";
    let nothing = codes(&["auditor-only-reads"]);
    let no = match (brings, granted) {
        (false, _) => nothing.clone(),
        (true, true) => by(&[]),
        (true, false) => by(&["grant-missing"]),
    };
    board.refused(&format!("U1 submit by {caller} for themselves"), &no, &told);
    for (applicant, no) in [
        ("applicant", by(&[])),
        ("clerk", by(&["grant-missing"])),
        ("left", by(&["grant-missing", "person-left"])),
        ("stranger", by(&["person-not-registered"])),
    ] {
        let no = if brings { no } else { nothing.clone() };
        let document = documents::page(&format!("{applicant} by {caller}"));
        let submitted = agent.rpc.submit(&document, important(&document, applicant)).await;
        // Somebody else's stays a draft until they file it.
        let state = submitted.as_ref().map_or("drafted", |submitted| submitted.state.as_str());
        let drafted = state == "drafted";
        let told = agent.told(submitted);
        board.refused(&format!("U1 submit by {caller} for {applicant}"), &no, &told);
        board.holds(&format!("U1 submit by {caller} for {applicant}: a draft"), drafted);
    }
}

/// Whether an act was signed by this person, or may be about them.
fn concerns(act: &v1::ListedAct, person: &PersonId) -> bool {
    let signed = act.filed.as_ref().is_some_and(|filed| filed.signer == person.as_str());
    // About whom it is stands in its text.
    signed || payload(&act.act).contains(&format!("\"{person}\""))
}

fn payload(act: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding as _};
    let payload = act.split('.').nth(1).unwrap_or_default();
    String::from_utf8(Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}

/// The keeper's calls while the seal is in one state.
async fn in_state(board: &Board, stage: &Stage) {
    let home = stage.home.copied();
    let mut agent = Refusing::start(&home).await;
    let expected = use_in(stage.name);
    for applicant in ["applicant", "partner"] {
        let document = documents::page(applicant);
        let told = agent.rpc.submit(&document, important(&document, applicant)).await;
        let told = agent.told(told);
        board.refused(&format!("U8 submit for {applicant} in {}", stage.name), &expected, &told);
    }
    let told = agent.rpc.show_office().await;
    let told = agent.told(told);
    board.refused(&format!("S1 show-office in {}", stage.name), &Codes::new(), &told);
    board.on_record(&format!("calls in {}", stage.name), agent.stop().await);
}

/// C1: what a token does, it does for its custodian with the PIN.
async fn locked(board: &Board, active: &Stage) {
    let home = active.home.copied();
    let mut agent = Refusing::start(&home).await;
    let token = &home.home.token;
    let told = agent.rpc.try_unlock(token, "wrong-PIN", 1, 0).await;
    let told = agent.told(told);
    board.refused("C1 unlock with a wrong PIN", &codes(&["token-pin-wrong"]), &told);
    let told = agent.rpc.try_unlock(token, token.pin(), 1_000_000, 0).await;
    let told = agent.told(told);
    board.refused("C1 unlock for more uses than the policy allows", &codes(&["unlock-beyond-policy"]), &told);
    let id = Uuid::new_v4().to_string();
    let told = agent.rpc.review(&id).await;
    let told = agent.told(told);
    board.refused("U2 review of a request there is not", &codes(&["request-unknown"]), &told);
    agent.stop().await;
}

/// The caller's system user is somebody else from now on.
pub async fn becomes(home: &OfficeHome, rpc: &Rpc, from: &str, to: &str) {
    if from == to {
        return;
    }
    if from != "nobody" {
        home.says(rpc, "office", Statement::PersonRegister(home.entry(from, None))).await;
    }
    if to != "nobody" {
        home.says(rpc, "office", Statement::PersonRegister(home.entry(to, Some(own_uid())))).await;
    }
}

/// As a set.
pub fn codes(codes: &[&str]) -> Codes {
    codes.iter().map(|code| (*code).to_owned()).collect()
}
