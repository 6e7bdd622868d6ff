//! `seal token`: the devices that hold the keys.

mod change_pin;
mod csr;
mod import_cert;
mod inspect;
mod keygen;
mod list;
mod lock;
mod set_pin;
mod unlock;
mod watch;

use clap::Subcommand;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sealkeeper_client::Agent;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{Session, screen};

/// List, watch, unlock, lock and inspect the tokens (载体), set their PINs, make keys on them
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::List),
    Watch(watch::Watch),
    Unlock(unlock::Unlock),
    Lock(lock::Lock),
    ChangePin(change_pin::ChangePin),
    SetPin(set_pin::SetPin),
    Inspect(inspect::Inspect),
    Keygen(keygen::Keygen),
    Csr(csr::Csr),
    ImportCert(import_cert::ImportCert),
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Watch(watch) => watch.run(session).await,
            Self::Unlock(unlock) => unlock.run(session).await,
            Self::Lock(lock) => lock.run(session).await,
            Self::ChangePin(change) => change.run(session).await,
            Self::SetPin(set) => set.run(session).await,
            Self::Inspect(inspect) => inspect.run(session).await,
            Self::Keygen(keygen) => keygen.run(session).await,
            Self::Csr(csr) => csr.run(session).await,
            Self::ImportCert(import) => import.run(session).await,
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

/// The same of whatever takes the PIN but its change: a token that changed hands needs a PIN of its custodian's own first (C2).
pub(crate) fn check_pin(token: &v1::Token, final_try: bool) -> Result<(), Reason> {
    if token.pin_not_own { Err(Reason::PinNotOwn) } else { check_tries(token, final_try) }
}

/// Tells that a token has a new PIN.
fn tell_new_pin(session: &Session, token: &v1::Token) {
    if session.json {
        screen::print_json(&json!({ "outcome": "done", "token": as_json(token) }));
    } else {
        screen::print(session.say("已更换 PIN", "the PIN was changed"));
        screen::print(line(session, token));
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
    let wrong = token.wrong_pins;
    let chinese = format!("已连续输错 PIN {wrong} 次");
    let english = format!("{wrong} wrong PIN{} in a row", if wrong == 1 { "" } else { "s" });
    let flags = [
        (token.pin_locked, session.say("PIN 已锁死", "PIN locked")),
        (token.pin_final_try, session.say("PIN 只剩一次机会", "one PIN try left")),
        (token.pin_count_low && !token.pin_final_try, session.say("PIN 剩余次数不多", "few PIN tries left")),
        (wrong > 0, session.say(&chinese, &english)),
        (!token.pin_initialized, session.say("未设置 PIN", "no PIN set")),
        (token.pin_to_be_changed, session.say("须先更换 PIN", "the PIN must be changed first")),
        (token.pin_not_own, session.say("PIN 不是保管人自己的", "the PIN is not its custodian's own")),
        (token.so_pin_locked, session.say("管理员 PIN 已锁死", "security officer's PIN locked")),
    ];
    words.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned()));
    words.extend(inspection(session, token, Timestamp::now()));
    words.join(session.say("，", ", "))
}

/// When the token is due for inspection, if it ever is.
fn inspection(session: &Session, token: &v1::Token, now: Timestamp) -> Option<String> {
    let due = i64::try_from(token.inspection_due_us).ok().filter(|due| *due != 0)?;
    let due = Timestamp::from_microsecond(due).ok()?;
    let day = due.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d").to_string();
    let (chinese, english) = if due < now {
        (format!("检查已到期（{day}）"), format!("inspection was due {day}"))
    } else {
        (format!("下次检查 {day}"), format!("inspection due {day}"))
    };
    Some(session.say(&chinese, &english).to_owned())
}

/// A token on one line.
fn line(session: &Session, token: &v1::Token) -> String {
    let seals = token.seals.join(session.say("、", ", "));
    let state = state(session, token);
    let columns = [&token.serial, &token.label, &token.module, &state, &seals];
    let columns = columns.into_iter().filter(|column| !column.is_empty()).map(|column| for_terminal(column));
    columns.collect::<Vec<_>>().join("  ")
}

/// A token for programs.
fn as_json(token: &v1::Token) -> Value {
    let time = |us: u64| (us != 0).then_some(us);
    json!({
        "serial": token.serial,
        "label": token.label,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "firmware": token.firmware,
        "module": token.module,
        "unlocked": token.unlocked,
        "uses_left": token.uses_left,
        "locks_at_us": time(token.locks_at_us),
        "expires_at_us": time(token.expires_at_us),
        "pin_count_low": token.pin_count_low,
        "pin_final_try": token.pin_final_try,
        "pin_locked": token.pin_locked,
        "pin_initialized": token.pin_initialized,
        "pin_to_be_changed": token.pin_to_be_changed,
        "pin_not_own": token.pin_not_own,
        "wrong_pins": token.wrong_pins,
        "so_pin_count_low": token.so_pin_count_low,
        "so_pin_final_try": token.so_pin_final_try,
        "so_pin_locked": token.so_pin_locked,
        "protected_authentication_path": token.protected_authentication_path,
        "seals": token.seals,
        "seals_asking_pin": token.seals_asking_pin,
        "inspection_due_us": time(token.inspection_due_us),
    })
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn what_is_known_of_a_token_stands_on_its_line() {
        let session = |language| Session::with_no_agent(language);
        let (english, chinese) = (session(Language::English), session(Language::Chinese));
        let token = v1::Token {
            serial: "00aa11".into(),
            label: "a\u{202e}b".into(),
            module: "softhsm".into(),
            pin_initialized: true,
            wrong_pins: 2,
            seals: vec!["公章".into(), "合同专用章".into()],
            ..Default::default()
        };
        assert_eq!(
            line(&english, &token),
            "00aa11  a\\u{202e}b  softhsm  locked, 2 wrong PINs in a row  公章, 合同专用章"
        );
        let flagged = v1::Token {
            label: String::new(),
            wrong_pins: 0,
            pin_to_be_changed: true,
            so_pin_locked: true,
            ..token
        };
        assert_eq!(
            line(&chinese, &flagged),
            "00aa11  softhsm  未解锁，须先更换 PIN，管理员 PIN 已锁死  公章、合同专用章"
        );
    }

    #[test]
    fn an_inspection_that_was_due_is_told_from_one_to_come() {
        let session = Session::with_no_agent(Language::English);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let told = |due_s: u64| {
            let token = v1::Token { inspection_due_us: due_s * 1_000_000, ..Default::default() };
            inspection(&session, &token, now)
        };
        assert_eq!(told(0), None);
        assert!(told(1_799_000_000).unwrap().starts_with("inspection was due 2027-01-0"));
        assert!(told(1_801_000_000).unwrap().starts_with("inspection due 2027-01-2"));
    }
}
