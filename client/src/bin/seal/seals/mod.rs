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
use crate::facts::{self, Row, with_note};
use crate::failure::{Failure, detail_label};
use crate::office::{SealEntry, reason_in_words, state_in_words};
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

/// Show one seal with its key, certificate and whatever keeps it from being used, also one that was suspended, revoked or destroyed
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

/// A step that names a seal and the act it follows, with what is to be known of the seal before it is taken.
async fn follow_warned(
    session: &Session,
    named: &str,
    signing: SigningOptions,
    statement: impl FnOnce(NamedSeal) -> Statement,
) -> Result<(), Failure> {
    let entry = SealEntry::find(&session.connect().await?, named).await?;
    let about = entry.about()?;
    let warnings = warnings(session, &entry.told.findings);
    let statement = statement(NamedSeal { seal: entry.id, about });
    let rows = facts::of_statement(session, &statement)?.into_iter().chain(warnings).collect::<Vec<_>>();
    signing.say_shown(session, &rows, statement, None).await
}

/// What is worth knowing of a seal, as rows beside what is to be signed.
fn warnings(session: &Session, findings: &[v1::Finding]) -> Vec<Row> {
    let mut rows = Vec::new();
    for finding in findings {
        let text = session.say(&finding.text_zh, &finding.text_en);
        rows.push(Row::new("注意", "careful", with_note(text, &finding.reason)));
        let mut details: Vec<_> = finding.details.iter().collect();
        details.sort_unstable();
        let label = |key| detail_label(key, session.language);
        rows.extend(details.into_iter().map(|(key, value)| Row::new(label(key), label(key), &**value)));
    }
    rows
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
        ("状态", "state", state_since(session, seal)),
        ("原因", "reason", with_note(&seal.state_text, reason_in_words(session, &seal.state_reason))),
        ("尺寸", "size", size(seal)),
        ("密钥", "key", seal.key_uri.clone()),
        ("证书", "certificate", seal.certificate_uri.clone()),
        ("证书主体", "subject", seal.certificate_subject.clone()),
        ("生效", "valid from", date(seal.not_before_s)),
        ("失效", "valid until", date(seal.not_after_s)),
        ("载体", "token", seal.token_serial.clone()),
        ("印章对象", "seal object", hex(&seal.object_sha256)),
        ("认证机构", "authority", seal.certificate_authority.clone()),
        ("证书吊销", "revocation", CertificateEnd::of(seal).in_words(session)),
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

/// Where its life stands and since when; empty in a solo journal.
fn state_since(session: &Session, seal: &v1::Seal) -> String {
    match (seal.state.as_str(), seal.state_since_us) {
        ("", _) => String::new(),
        (state, 0) => state_in_words(session, state).to_owned(),
        (state, since_us) => with_note(state_in_words(session, state), &screen::time_us(since_us)),
    }
}

/// What became of the certificate of a seal that has ended (R1).
#[derive(Debug, Clone, Copy)]
struct CertificateEnd {
    /// The seal was made and has ended.
    is_due: bool,
    asked_us: u64,
    revoked_us: u64,
}

impl CertificateEnd {
    fn of(seal: &v1::Seal) -> Self {
        let is_due = !seal.object_sha256.is_empty() && has_ended(&seal.state);
        Self { is_due, asked_us: seal.certificate_asked_us, revoked_us: seal.certificate_revoked_us }
    }

    fn in_words(self, session: &Session) -> String {
        if !self.is_due {
            return String::new();
        }
        let (asked, revoked) = (screen::time_us(self.asked_us), screen::time_us(self.revoked_us));
        let (chinese, english) = match (self.asked_us, self.revoked_us) {
            (0, _) => ("尚未申请".to_owned(), "not asked for".to_owned()),
            (_, 0) => (format!("{asked} 申请，尚未吊销"), format!("asked for {asked}, not done yet")),
            _ => (format!("{revoked} 已吊销"), format!("done {revoked}")),
        };
        session.say(&chinese, &english).to_owned()
    }
}

fn has_ended(state: &str) -> bool {
    matches!(state, "revoked" | "destroyed")
}

/// A seal for programs.
fn as_json(session: &Session, seal: &v1::Seal) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let time = |us: u64| (us != 0).then_some(us);
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
        "state": known(&seal.state),
        "state_since_us": time(seal.state_since_us),
        "state_reason": known(&seal.state_reason),
        "state_text": known(&seal.state_text),
        "certificate_authority": known(&seal.certificate_authority),
        "certificate_asked_us": time(seal.certificate_asked_us),
        "certificate_revoked_us": time(seal.certificate_revoked_us),
    })
}

fn size(seal: &v1::Seal) -> String {
    format!("{}×{} mm", millimetres(seal.width_um.into()), millimetres(seal.height_um.into()))
}

fn in_words(session: &Session, code: &str) -> String {
    let text = Reason::from_code(code).map_or("", |reason| reason.text(session.language));
    format!("{text} [{}]", for_terminal(code)).trim_start().to_owned()
}
