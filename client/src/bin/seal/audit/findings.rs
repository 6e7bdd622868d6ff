//! `seal audit findings`

use clap::Args;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::office::columns;
use crate::signing::now_s;
use crate::{Session, facts, screen};

/// List findings (整改) that wait for an answer, oldest first; those whose date is past are marked
#[derive(Args)]
pub(crate) struct Findings {
    /// Also those that were answered
    #[arg(long)]
    all: bool,
}

impl Findings {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let mut office = session.connect().await?.show_office().await?;
        let now_s = u64::try_from(now_s()?).unwrap_or_default();
        office.findings.sort_by(|one, other| (one.time_us, &one.act_id).cmp(&(other.time_us, &other.act_id)));
        let told = office.findings.iter().filter(|finding| self.all || finding.answered_us == 0);
        if session.json {
            let findings: Vec<Value> = told.map(|finding| as_json(finding, now_s)).collect();
            screen::print_json(&json!({ "outcome": "done", "findings": findings }));
            return Ok(());
        }
        let name_of = |id: &str| {
            let person = office.people.iter().find(|person| person.person_id == id);
            facts::with_note(person.map_or("", |person| &person.name), id)
        };
        for finding in told {
            screen::print(line(session, finding, &name_of(&finding.person_id), now_s));
            if !finding.answer.is_empty() {
                let (time, label) = (screen::time_us(finding.answered_us), session.say("答复", "answer"));
                screen::print(format_args!("  {}", columns(&[label, &time, &finding.answer])));
            }
        }
        Ok(())
    }
}

/// Where a finding stands: `open`, `overdue`, `answered`.
fn state(finding: &v1::OfficeFinding, now_s: u64) -> &'static str {
    match finding.answered_us {
        0 if finding.due_s < now_s => "overdue",
        0 => "open",
        _ => "answered",
    }
}

fn line(session: &Session, finding: &v1::OfficeFinding, person: &str, now_s: u64) -> String {
    let state = match state(finding, now_s) {
        "overdue" => session.say("逾期", "overdue"),
        "open" => session.say("未答复", "open"),
        _ => session.say("已答复", "answered"),
    };
    let due = screen::time_s(finding.due_s);
    let (chinese, english) = (format!("期限 {due}"), format!("due {due}"));
    columns(&[
        &finding.act_id,
        state,
        &screen::time_us(finding.time_us),
        session.say(&chinese, &english),
        person,
        &finding.text,
    ])
}

fn as_json(finding: &v1::OfficeFinding, now_s: u64) -> Value {
    let is_answered = finding.answered_us != 0;
    json!({
        "act_id": finding.act_id,
        "state": state(finding, now_s),
        "person_id": finding.person_id,
        "text": finding.text,
        "due_s": finding.due_s,
        "time_us": finding.time_us,
        "answer": is_answered.then_some(&finding.answer),
        "answered_us": is_answered.then_some(finding.answered_us),
    })
}

#[cfg(test)]
mod tests {

    use sealkeeper_domain::reason::Language;

    use super::*;

    #[test]
    fn a_finding_is_open_until_it_is_answered_and_overdue_after_its_date() {
        let finding = |answered_us| v1::OfficeFinding { due_s: 100, answered_us, ..Default::default() };
        assert_eq!(state(&finding(0), 100), "open");
        assert_eq!(state(&finding(0), 101), "overdue");
        assert_eq!(state(&finding(1), 101), "answered");
        assert_eq!(as_json(&finding(0), 5)["answer"], Value::Null);
    }

    #[test]
    fn what_a_finding_says_cannot_deceive_a_terminal() {
        let session = Session::with_no_agent(Language::English);
        let finding =
            v1::OfficeFinding { text: "\u{1b}[2J".into(), act_id: "a".into(), ..Default::default() };
        assert_eq!(line(&session, &finding, "李四 (li)", 1), "a  overdue  due   李四 (li)  \\u{1b}[2J");
    }
}
