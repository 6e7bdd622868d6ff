//! `seal token inspect`

use clap::Args;
use sealkeeper_client::Agent;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Class;
use sealkeeper_proto::v1;
use serde_json::json;

use crate::failure::Failure;
use crate::pin::{OnPad, PinAsked, PinKind, PinOptions};
use crate::{Session, finding, screen, token};

/// Inspect a token and the seals on it: firmware, keys, certificates, PIN, a test signature of each key
///
/// What is found goes on record; a token that does not pass is not stamped with until it does. Each test signature takes
/// one use of the unlock, and a locked token is inspected as far as that goes. Where a key asks for the PIN at each use,
/// it is asked for as `seal token unlock` does. Exit code 1 if the token does not pass.
#[derive(Args)]
pub(crate) struct Inspect {
    /// The token's serial; may be left out while there is only one
    serial: Option<String>,

    #[command(flatten)]
    pin: PinOptions,
}

impl Inspect {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        let token = match self.serial {
            Some(serial) => {
                let present = agent.tokens().await?.into_iter().find(|token| token.serial == serial);
                // One that is not there is inspected too: that it is missing goes on record.
                present.unwrap_or(v1::Token { serial, ..Default::default() })
            }
            None => token::choose(&agent, None).await?,
        };
        let reply = inspected(session, &agent, &token, self.pin).await?;
        if session.json {
            let findings: Vec<_> = reply.findings.iter().map(finding::as_json).collect();
            screen::print_json(&json!({
                "outcome": if reply.passed { "passed" } else { "not-passed" },
                "token_serial": token.serial,
                "findings": findings,
                "journal_seq": reply.journal_seq,
                "token": reply.token.as_ref().map(token::as_json),
            }));
        } else {
            print(session, &token, &reply);
        }
        if reply.passed { Ok(()) } else { Err(Failure::Told(Class::Rule)) }
    }
}

/// With the PIN, if a key will ask for it: keys of a locked token sign nothing.
async fn inspected(
    session: &Session,
    agent: &Agent,
    token: &v1::Token,
    pin: PinOptions,
) -> Result<v1::InspectTokenReply, Failure> {
    let is_asking = token.unlocked && !token.seals_asking_pin.is_empty();
    if is_asking && token.protected_authentication_path {
        let call = agent.inspect_token(&token.serial, None, false);
        return Ok(OnPad::Pin.wait(session, token, call).await?);
    }
    let pin = match pin.source() {
        Some(mut source) if is_asking => {
            token::check_pin(token, false)?;
            let seals = token.seals_asking_pin.join(session.say("、", ", "));
            let asked = PinAsked { which: PinKind::User, token, seal: Some(&seals), document: None };
            Some(source.ask(session, &asked).await?)
        }
        _ => None,
    };
    Ok(agent.inspect_token(&token.serial, pin, false).await?)
}

fn print(session: &Session, token: &v1::Token, reply: &v1::InspectTokenReply) {
    let verdict =
        if reply.passed { session.say("通过", "passed") } else { session.say("未通过", "not passed") };
    let name = format!("{} {}", for_terminal(&token.serial), for_terminal(&token.label));
    let colon = session.say("：", ": ");
    screen::print(format_args!("{} {}{colon}{verdict}", session.say("载体", "token"), name.trim_end()));
    reply.findings.iter().for_each(|found| finding::print(session, found));
    screen::print(format_args!("{}{colon}{}", session.say("用印记录", "journal"), reply.journal_seq));
}
