//! `seal token`: the devices that hold the keys.

mod list;
mod lock;
mod unlock;

use clap::Subcommand;
use sealkeeper_client::Agent;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;

/// List, unlock and lock the tokens (载体) that hold the seals' keys
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::List),
    Unlock(unlock::Unlock),
    Lock(lock::Lock),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Unlock(unlock) => unlock.run(session).await,
            Self::Lock(lock) => lock.run(session).await,
        }
    }
}

/// The token with this serial; without one, the only token there is.
pub(crate) async fn choose(agent: &Agent, serial: Option<&str>) -> Result<v1::Token, Failure> {
    let mut tokens = agent.tokens().await?;
    if let Some(serial) = serial {
        tokens.retain(|token| token.serial == serial);
    }
    match (tokens.len(), tokens.pop()) {
        (1, Some(token)) => Ok(token),
        (0, _) => Err(Reason::TokenAbsent.into()),
        (count, _) => Err(Failure::local(Reason::TokenChoiceNeeded, count)),
    }
}

/// Before a PIN is asked for: why the agent would not try it anyway. With `final_try` the person has said that the last
/// one be tried all the same.
pub(crate) fn check_tries(token: &v1::Token, final_try: bool) -> Result<(), Reason> {
    if token.pin_locked {
        Err(Reason::TokenPinLocked)
    } else if !token.pin_initialized {
        Err(Reason::TokenPinNotInitialized)
    } else if token.pin_final_try && !final_try {
        Err(Reason::TokenPinFinalTry)
    } else {
        Ok(())
    }
}

/// A token's state in words.
fn state(session: &Session, token: &v1::Token) -> String {
    let mut words: Vec<String> = Vec::new();
    if token.unlocked {
        let uses = token.uses_left;
        let chinese = format!("已解锁，还可用 {uses} 次");
        let english = format!("unlocked, {uses} use{} left", if uses == 1 { "" } else { "s" });
        words.push(session.say(&chinese, &english).to_owned());
    } else {
        words.push(session.say("未解锁", "locked").to_owned());
    }
    let flags = [
        (token.pin_locked, session.say("PIN 已锁死", "PIN locked")),
        (token.pin_final_try, session.say("PIN 只剩一次机会", "one PIN try left")),
        (token.pin_count_low && !token.pin_final_try, session.say("PIN 剩余次数不多", "few PIN tries left")),
        (!token.pin_initialized, session.say("未设置 PIN", "no PIN set")),
    ];
    words.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned()));
    words.join(session.say("，", ", "))
}

/// A token on one line.
fn line(session: &Session, token: &v1::Token) -> String {
    let seals = token.seals.join(session.say("、", ", "));
    format!(
        "{}  {}  {}  {}",
        for_terminal(&token.serial),
        for_terminal(&token.label),
        state(session, token),
        for_terminal(&seals)
    )
    .trim_end()
    .to_owned()
}

/// A token for programs.
fn as_json(token: &v1::Token) -> Value {
    json!({
        "serial": token.serial,
        "label": token.label,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "firmware": token.firmware,
        "unlocked": token.unlocked,
        "uses_left": token.uses_left,
        "locks_at_us": (token.locks_at_us != 0).then_some(token.locks_at_us),
        "pin_count_low": token.pin_count_low,
        "pin_final_try": token.pin_final_try,
        "pin_locked": token.pin_locked,
        "pin_initialized": token.pin_initialized,
        "protected_authentication_path": token.protected_authentication_path,
        "seals": token.seals,
    })
}
