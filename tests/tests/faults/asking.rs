//! Calls of the agent, and what came of them in the words of the table.

use std::collections::BTreeMap;

use sealkeeper_proto::v1;
use sealkeeper_tests::{No, Rpc, SoftToken};
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::step::{Outcome, Pin, PinChoice, UnlockWith};

/// A PIN that is not the token's, such as nothing else that is written anywhere could look like.
pub const WRONG_PIN: &str = "e2e-PIN-wr0ng#77";

/// What is stamped: one request for many copies.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// What the custodian confirms.
    pub confirmed: Vec<u8>,
}

/// Unlock.
pub async fn unlock(rpc: &Rpc, token: &SoftToken, with: &UnlockWith) -> Outcome {
    let request = v1::UnlockRequest {
        token_serial: token.serial().to_owned(),
        pin: bytes(token, with.pin),
        uses: with.uses,
        final_try: with.pin.final_try,
        idle_ms: with.idle_ms,
        lifetime_ms: with.lifetime_ms,
    };
    match rpc.tokens().unlock(request).await {
        Ok(_) => Outcome::of(["ok"]),
        Err(status) => error(&status),
    }
}

fn bytes(token: &SoftToken, pin: Pin) -> Vec<u8> {
    match pin.choice {
        PinChoice::Right => token.pin().into(),
        PinChoice::Wrong => WRONG_PIN.into(),
        PinChoice::Empty => Vec::new(),
    }
}

/// Lock.
pub async fn lock(rpc: &Rpc, token: &SoftToken) -> Outcome {
    match rpc.tokens().lock(v1::LockRequest { token_serial: token.serial().to_owned() }).await {
        Ok(reply) if reply.get_ref().was_unlocked => Outcome::of(["ok"]),
        Ok(_) => Outcome::of(["nothing"]),
        Err(status) => error(&status),
    }
}

/// How ListTokens shows the token.
pub async fn token(rpc: &Rpc, token: &SoftToken) -> Outcome {
    let listed = match rpc.tokens().list_tokens(v1::ListTokensRequest {}).await {
        Ok(listed) => listed.into_inner().tokens,
        Err(status) => return error(&status),
    };
    let Some(shown) = listed.into_iter().find(|listed| listed.serial == token.serial()) else {
        return Outcome::of(["absent"]);
    };
    let words = [
        (true, if shown.unlocked { "unlocked" } else { "locked" }),
        (shown.pin_count_low, "few-tries"),
        (shown.pin_final_try, "final-try"),
        (shown.pin_locked, "pin-locked"),
        (!shown.pin_initialized, "no-pin"),
        (shown.protected_authentication_path, "pin-pad"),
        (!shown.seals_asking_pin.is_empty(), "asks-pin"),
    ];
    let words = words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned()).collect();
    Outcome { words, details: BTreeMap::from([("uses".to_owned(), shown.uses_left.to_string())]) }
}

/// Review: what can be confirmed, or why nothing can.
pub async fn review(rpc: &Rpc, request: &Request) -> Result<v1::Prepared, Outcome> {
    rpc.review(&request.id).await.map_err(|no| why_not(&no))
}

/// Stamp of one more copy. What is complete must be there to fetch, of anything else nothing.
pub async fn stamp(rpc: &Rpc, request: &Request, document: &[u8], pin: Option<(&SoftToken, Pin)>) -> Outcome {
    let use_id = Uuid::new_v4();
    let stamp = v1::StampRequest {
        request_id: request.id.clone(),
        use_id: use_id.to_string(),
        confirmed_sha256: request.confirmed.clone(),
        pin: pin.map(|(token, pin)| bytes(token, pin)).unwrap_or_default(),
        final_try: pin.is_some_and(|(_, pin)| pin.final_try),
    };
    let stamped = rpc.stamp_with(stamp).await;
    let fetched = rpc.fetch(use_id).await;
    match (stamped, fetched) {
        (Ok(receipt), Ok((told_again, appended))) => {
            let whole = sealkeeper_tests::sha256(&[document, &appended].concat());
            if told_again == receipt && whole == receipt.output_sha256 {
                Outcome::of(["complete"])
            } else {
                Outcome::of(["complete", "and-what-is-fetched-is-another"])
            }
        }
        (Ok(_), Err(no)) => {
            let mut outcome = Outcome::of(["complete", "and-nothing-to-fetch"]);
            outcome.details.insert("why".to_owned(), format!("{no:?}"));
            outcome
        }
        (Err(no), Err(_)) => why_not(&no),
        (Err(no), Ok(_)) => {
            let mut outcome = why_not(&no);
            outcome.words.push("and-yet-released".to_owned());
            outcome
        }
    }
}

fn why_not(no: &No) -> Outcome {
    let (class, details) = match no {
        No::Refused(refusal) => ("refused", refusal.violations.first().map(|first| first.details.clone())),
        No::Status(..) => ("error", None),
        No::NotDone { abandoned, report } => {
            let class = if *abandoned { "abandoned" } else { "failed" };
            (class, report.cause.as_ref().map(|cause| cause.details.clone()))
        }
        No::Lost(why) => return lost(why),
    };
    let words = [class].into_iter().chain(no.reasons()).map(str::to_owned).collect();
    Outcome { words, details: details.into_iter().flatten().collect() }
}

fn error(status: &Status) -> Outcome {
    match status.get_details_error_info() {
        Some(info) => {
            let words = vec!["error".to_owned(), info.reason];
            Outcome { words, details: info.metadata.into_iter().collect() }
        }
        None => lost(&status.to_string()),
    }
}

/// No answer of the agent.
fn lost(why: &str) -> Outcome {
    let mut outcome = Outcome::of(["lost"]);
    outcome.details.insert("why".to_owned(), why.to_owned());
    outcome
}
