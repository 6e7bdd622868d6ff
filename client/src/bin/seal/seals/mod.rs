//! `seal seals`: the seals this agent keeps, and their lives.

mod accept;
mod acknowledge;
mod apply;
mod approve;
mod ca_asked;
mod ca_revoked;
mod destroy;
mod hand_over;
mod history;
mod issue;
mod list;
mod make;
mod offer;
mod receive;
mod refuse;
mod report_loss;
mod resume;
mod retire;
mod retire_approve;
mod review;
mod revoke;
mod suspend;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::act::Statement;
use sealkeeper_domain::act::statement::{NamedSeal, WithText};
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::office::SealEntry;
use crate::screen::{self, hex, label, millimetres};
use crate::signing::SigningOptions;

/// List the seals (印章) this agent keeps, show one, or take a step in its life
#[derive(Args)]
pub(crate) struct Seals {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    List(list::List),
    History(history::History),
    Apply(apply::Apply),
    Approve(approve::Approve),
    Refuse(refuse::Refuse),
    Review(review::Review),
    Make(make::Make),
    Issue(issue::Issue),
    Receive(receive::Receive),
    Offer(offer::Offer),
    Accept(accept::Accept),
    HandOver(hand_over::HandOverSeal),
    Suspend(suspend::Suspend),
    ReportLoss(report_loss::ReportLoss),
    Acknowledge(acknowledge::Acknowledge),
    Resume(resume::Resume),
    Retire(retire::Retire),
    RetireApprove(retire_approve::RetireApprove),
    Revoke(revoke::Revoke),
    CaAsked(ca_asked::CaAsked),
    CaRevoked(ca_revoked::CaRevoked),
    Destroy(destroy::Destroy),
}

/// Show one seal with its key, certificate and whatever keeps it from being used
#[derive(Args)]
struct Show {
    /// Name or id of the seal
    name: String,
}

impl Seals {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self.command {
            None => kept(session).await,
            Some(command) => command.run(session).await,
        }
    }
}

impl Command {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(session).await,
            Self::Apply(step) => step.run(session).await,
            Self::Approve(step) => step.run(session).await,
            Self::Refuse(step) => step.run(session).await,
            Self::Review(step) => step.run(session).await,
            Self::Make(step) => step.run(session).await,
            Self::Issue(step) => step.run(session).await,
            Self::Receive(step) => step.run(session).await,
            Self::Offer(step) => step.run(session).await,
            Self::Accept(step) => step.run(session).await,
            Self::HandOver(step) => step.run(session).await,
            Self::Suspend(step) => step.run(session).await,
            Self::ReportLoss(step) => step.run(session).await,
            Self::Acknowledge(step) => step.run(session).await,
            Self::Resume(step) => step.run(session).await,
            Self::Retire(step) => step.run(session).await,
            Self::RetireApprove(step) => step.run(session).await,
            Self::Revoke(step) => step.run(session).await,
            Self::CaAsked(step) => step.run(session).await,
            Self::CaRevoked(step) => step.run(session).await,
            Self::Destroy(step) => step.run(session).await,
            Self::List(step) => step.run(session).await,
            Self::History(step) => step.run(session).await,
        }
    }
}

/// The seals this agent keeps, ready for use or not.
async fn kept(session: &Session) -> Result<(), Failure> {
    let seals = session.connect().await?.seals().await?;
    if session.json {
        let seals: Vec<_> = seals.iter().map(|seal| as_json(session, seal)).collect();
        screen::print_json(&json!({ "outcome": "done", "seals": seals }));
    } else {
        seals.iter().for_each(|seal| screen::print(line(session, seal)));
    }
    Ok(())
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let seal = session.connect().await?.seal(&self.name).await?.seal.unwrap_or_default();
        if session.json {
            screen::print_json(&json!({ "outcome": "done", "seal": as_json(session, &seal) }));
        } else {
            show(session, &seal);
        }
        Ok(())
    }
}

/// A step that names a seal and the act it follows.
async fn follow(
    session: &Session,
    named: &str,
    signing: SigningOptions,
    statement: fn(NamedSeal) -> Statement,
) -> Result<(), Failure> {
    let entry = SealEntry::find(&session.connect().await?, named).await?;
    let about = entry.about()?;
    signing.say(session, statement(NamedSeal { seal: entry.id, about })).await
}

/// A step of which there is to say why.
async fn explain(
    session: &Session,
    (named, reason): (&str, String),
    signing: SigningOptions,
    statement: fn(WithText) -> Statement,
) -> Result<(), Failure> {
    let seal = SealEntry::find(&session.connect().await?, named).await?.id;
    signing.say(session, statement(WithText { seal, reason })).await
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
