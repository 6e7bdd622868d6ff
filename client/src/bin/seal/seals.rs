//! `seal seals`

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::screen::{self, hex, label, millimetres};

/// List the seals (印章) this agent keeps, or show one
#[derive(Args)]
pub(crate) struct Seals {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
}

/// Show one seal with its key, certificate and whatever keeps it from being used
#[derive(Args)]
struct Show {
    /// Name or id of the seal
    name: String,
}

impl Seals {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = session.connect().await?;
        match self.command {
            None => {
                let seals = agent.seals().await?;
                if session.json {
                    let seals: Vec<_> = seals.iter().map(|seal| as_json(session, seal)).collect();
                    screen::print_json(&json!({ "outcome": "done", "seals": seals }));
                } else {
                    seals.iter().for_each(|seal| screen::print(line(session, seal)));
                }
            }
            Some(Command::Show(Show { name })) => {
                let seal = agent.seal(&name).await?.seal.unwrap_or_default();
                if session.json {
                    screen::print_json(&json!({ "outcome": "done", "seal": as_json(session, &seal) }));
                } else {
                    show(session, &seal);
                }
            }
        }
        Ok(())
    }
}

fn line(session: &Session, seal: &v1::Seal) -> String {
    let state = if seal.problems.is_empty() {
        session.say("可用", "ready").to_owned()
    } else {
        seal.problems.iter().map(|code| in_words(session, code)).collect::<Vec<_>>().join("; ")
    };
    format!(
        "{}  {}  {}  {}  {state}",
        for_terminal(&seal.id),
        for_terminal(&seal.name),
        for_terminal(&seal.unit),
        size(seal)
    )
}

fn show(session: &Session, seal: &v1::Seal) {
    // Civil time, for a Timestamp does not reach the end of 9999, which stands for none (RFC 5280 §4.1.2.5).
    let date = |seconds: i64| match DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(SignedDuration::from_secs(seconds))
    {
        Ok(time) if seconds != 0 => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        _ => String::new(),
    };
    let rows = [
        ("编号", "id", seal.id.clone()),
        ("名称", "name", seal.name.clone()),
        ("单位", "unit", seal.unit.clone()),
        ("尺寸", "size", size(seal)),
        ("密钥", "key", seal.key_uri.clone()),
        ("证书", "certificate", seal.certificate_uri.clone()),
        ("证书主体", "subject", seal.certificate_subject.clone()),
        ("生效", "valid from", date(seal.not_before_s)),
        ("失效", "valid until", date(seal.not_after_s)),
        ("载体", "token", seal.token_serial.clone()),
        ("印章对象", "seal object", hex(&seal.object_sha256)),
    ];
    for (chinese, english, value) in rows {
        if !value.is_empty() {
            screen::print(format_args!("{}{}", label(session.say(chinese, english)), for_terminal(&value)));
        }
    }
    for code in &seal.problems {
        screen::print(format_args!("{}{}", label(session.say("障碍", "problem")), in_words(session, code)));
    }
}

/// A seal for programs.
fn as_json(session: &Session, seal: &v1::Seal) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let problems = seal.problems.iter().map(|code| {
        let reason = Reason::from_code(code);
        json!({ "code": code, "text": reason.map_or(code.as_str(), |reason| reason.text(session.language)) })
    });
    json!({
        "id": seal.id,
        "name": seal.name,
        "unit": seal.unit,
        "width_um": seal.width_um,
        "height_um": seal.height_um,
        "key_uri": seal.key_uri,
        "certificate_uri": seal.certificate_uri,
        "certificate_subject": known(&seal.certificate_subject),
        "not_before_s": (seal.not_before_s != 0).then_some(seal.not_before_s),
        "not_after_s": (seal.not_after_s != 0).then_some(seal.not_after_s),
        "token_serial": seal.token_serial,
        "object_sha256": known(&hex(&seal.object_sha256)),
        "problems": problems.collect::<Vec<_>>(),
    })
}

fn size(seal: &v1::Seal) -> String {
    format!("{}×{} mm", millimetres(seal.width_um.into()), millimetres(seal.height_um.into()))
}

fn in_words(session: &Session, code: &str) -> String {
    let text = Reason::from_code(code).map_or("", |reason| reason.text(session.language));
    format!("{text} [{}]", for_terminal(code)).trim_start().to_owned()
}
