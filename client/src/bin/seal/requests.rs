//! `seal requests`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::output::{refuse_existing, write_new};
use sealkeeper_client::{RequestFile, RequestFilter};
use sealkeeper_domain::identity::RequestId;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::facts::Row;
use crate::failure::Failure;
use crate::{Session, approve, screen};

/// List the requests (用印申请) one has to do with, or show one
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Requests {
    #[command(flatten)]
    which: Which,

    /// Also those that have ended
    #[arg(long)]
    all: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

/// Which requests.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Which {
    /// Those of which one is the applicant
    #[arg(long)]
    mine: bool,

    /// Those one may still approve
    #[arg(long)]
    to_approve: bool,

    /// Those that have their tickets, of seals one keeps
    #[arg(long)]
    to_stamp: bool,
}

impl Which {
    pub(crate) fn filter(&self) -> RequestFilter {
        match (self.mine, self.to_approve, self.to_stamp) {
            (true, _, _) => RequestFilter::Mine,
            (_, true, _) => RequestFilter::ToApprove,
            (_, _, true) => RequestFilter::ToStamp,
            _ => RequestFilter::Any,
        }
    }
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
}

/// Show one request: what it asks, where it stands, who approved it
#[derive(Args)]
struct Show {
    /// The request's id
    #[arg(value_name = "ID")]
    request: RequestId,

    /// Write it to this new file, for `seal approve` elsewhere
    #[arg(long, value_name = "REQUEST.json")]
    save: Option<PathBuf>,
}

impl Requests {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(Command::Show(show)) = self.command {
            return show.run(session).await;
        }
        let requests = session.connect().await?.requests(self.which.filter(), self.all).await?;
        if session.json {
            let requests: Vec<_> = requests.iter().map(as_json).collect();
            screen::print_json(&json!({ "outcome": "done", "requests": requests }));
        } else {
            requests.iter().for_each(|request| screen::print(line(session, request)));
        }
        Ok(())
    }
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        if let Some(path) = &self.save {
            refuse_existing(path)?;
        }
        let agent = session.connect().await?;
        let kept = agent.request(&self.request.to_string()).await?;
        let request = RequestFile::of(&agent.describe_office().await?.origin, &kept)?;
        if let Some(path) = &self.save {
            write_new(request.text()?.as_bytes(), path)?;
        }
        if session.json {
            screen::print_json(&json!({ "outcome": "done", "request": as_json(&kept) }));
            return Ok(());
        }
        for row in approve::rows(session, &request).iter().chain(&history(session, &kept)) {
            screen::print(row.line(session));
        }
        Ok(())
    }
}

/// Where a request stands, and who brought it there.
fn history(session: &Session, kept: &v1::KeptRequest) -> Vec<Row> {
    let mut rows = vec![Row::new("提交", "since", screen::time_us(kept.created_us)), standing(session, kept)];
    rows.extend(kept.tickets.iter().map(|ticket| {
        let (signed, until) = (screen::time_s(ticket.issued_s), screen::time_s(ticket.expires_s));
        let chinese = format!("{}，{signed} 签署，{until} 前有效", ticket.name);
        let english = format!("{}, signed {signed}, good until {until}", ticket.name);
        Row::new("审批单", "ticket", session.say(&chinese, &english))
    }));
    if !kept.ended_by.is_empty() {
        rows.push(Row::new("终止", "ended by", &*kept.ended_by));
    }
    rows
}

/// State, tickets and copies.
pub(crate) fn standing(session: &Session, kept: &v1::KeptRequest) -> Row {
    let tickets = format!("{}/{}", kept.tickets.len(), kept.tickets_needed);
    let words = state_in_words(session, &kept.state);
    let copies = kept.copies_used;
    let chinese = format!("{words}，审批单 {tickets}，已用印 {copies} 份");
    let english = format!("{words}, tickets {tickets}, copies stamped {copies}");
    Row::new("状态", "state", session.say(&chinese, &english))
}

fn state_in_words<'a>(session: &'a Session, state: &'a str) -> &'a str {
    match state {
        "drafted" => session.say("草稿", "drafted"),
        "filed" => session.say("待审批", "filed"),
        "approved" => session.say("待用印", "approved"),
        "rejected" => session.say("已驳回", "rejected"),
        "withdrawn" => session.say("已撤回", "withdrawn"),
        "expired" => session.say("已过期", "expired"),
        "stamped" => session.say("已用印", "stamped"),
        other => other,
    }
}

/// A request on one line.
pub(crate) fn line(session: &Session, kept: &v1::KeptRequest) -> String {
    let bound = bound(kept);
    let text = |name: &str| bound.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let copies = bound.get("copies").and_then(Value::as_u64).unwrap_or_default();
    let tickets = format!("{}/{}", kept.tickets.len(), kept.tickets_needed);
    let chinese = format!("审批单 {tickets}，份数 {}/{copies}", kept.copies_used);
    let english = format!("tickets {tickets}, copies {}/{copies}", kept.copies_used);
    let columns = [
        kept.request_id.clone(),
        state_in_words(session, &kept.state).to_owned(),
        text("file_name"),
        kept.seal_name.clone(),
        kept.applicant_name.clone(),
        session.say(&chinese, &english).to_owned(),
        screen::time_us(kept.expires_us),
    ];
    let columns: Vec<_> =
        columns.iter().filter(|column| !column.is_empty()).map(|column| for_terminal(column)).collect();
    columns.join("  ")
}

/// The binding as it came; for reading only.
fn bound(kept: &v1::KeptRequest) -> Value {
    serde_json::from_str(&kept.binding).unwrap_or_default()
}

/// A request for programs.
pub(crate) fn as_json(kept: &v1::KeptRequest) -> Value {
    let tickets: Vec<_> = kept
        .tickets
        .iter()
        .map(|ticket| {
            json!({
                "act_id": ticket.act_id,
                "person_id": ticket.person_id,
                "name": ticket.name,
                "issued_s": ticket.issued_s,
                "expires_s": ticket.expires_s,
            })
        })
        .collect();
    json!({
        "request_id": kept.request_id,
        "state": kept.state,
        "binding": bound(kept),
        "seal_name": kept.seal_name,
        "applicant_name": kept.applicant_name,
        "tickets": tickets,
        "tickets_needed": kept.tickets_needed,
        "copies_used": kept.copies_used,
        "created_us": kept.created_us,
        "expires_us": kept.expires_us,
        "importance": kept.importance,
        "secrecy": kept.secrecy,
        "document_size": kept.document_size,
        "ended_by": (!kept.ended_by.is_empty()).then_some(&kept.ended_by),
    })
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn a_request_stands_on_one_line() {
        let session = |language| Session::with_no_agent(language);
        let kept = v1::KeptRequest {
            request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".into(),
            state: "filed".into(),
            binding: r#"{"file_name": "a\u202eb.pdf", "copies": 3}"#.into(),
            seal_name: "合同专用章".into(),
            applicant_name: "李四".into(),
            tickets: vec![v1::RequestTicket::default()],
            tickets_needed: 2,
            copies_used: 0,
            ..Default::default()
        };
        assert_eq!(
            line(&session(Language::English), &kept),
            "6f9619ff-8b86-4d01-b42d-00cf4fc964ff  filed  a\\u{202e}b.pdf  合同专用章  李四  tickets 1/2, copies 0/3"
        );
        assert!(line(&session(Language::Chinese), &kept).ends_with("李四  审批单 1/2，份数 0/3"));
        assert_eq!(
            standing(&session(Language::English), &kept),
            Row::new("状态", "state", "filed, tickets 1/2, copies stamped 0")
        );
    }
}
