//! `seal seals`

use clap::{Args, Subcommand};
use jiff::Timestamp;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;

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
                for seal in agent.seals().await? {
                    screen::print(line(session, &seal));
                }
                Ok(())
            }
            Some(Command::Show(Show { name })) => {
                let reply = agent.seal(&name).await?;
                show(session, &reply.seal.unwrap_or_default());
                Ok(())
            }
        }
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
    let date = |seconds: i64| match Timestamp::from_second(seconds) {
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

fn size(seal: &v1::Seal) -> String {
    format!("{}×{} mm", millimetres(seal.width_um.into()), millimetres(seal.height_um.into()))
}

fn in_words(session: &Session, code: &str) -> String {
    let text = Reason::from_code(code).map_or("", |reason| reason.text(session.language));
    format!("{text} [{}]", for_terminal(code)).trim_start().to_owned()
}
