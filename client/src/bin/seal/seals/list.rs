//! `seal seals list`

use clap::Args;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use super::history;
use crate::failure::Failure;
use crate::office::{columns, report_in_words, state_in_words};
use crate::{Session, facts, screen};

/// List the seals of the office wherever they stand in their lives, and the reports nobody has taken note of
#[derive(Args)]
pub(super) struct List {
    /// Also seals that were refused, revoked or destroyed
    #[arg(long)]
    all: bool,
}

impl List {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let office = session.connect().await?.show_office().await?;
        let ended =
            |seal: &v1::OfficeSeal| matches!(seal.state.as_str(), "refused" | "revoked" | "destroyed");
        let seals = office.seals.iter().filter(|seal| self.all || !ended(seal));
        let open = |notice: &&v1::OfficeNotice| !(notice.head_acknowledged && notice.office_acknowledged);
        let notices = office.notices.iter().filter(open);
        if session.json {
            let seals: Vec<Value> = seals.map(history::as_json).collect();
            let notices: Vec<Value> = notices.map(notice_as_json).collect();
            screen::print_json(&json!({ "outcome": "done", "seals": seals, "open_reports": notices }));
        } else {
            seals.for_each(|seal| screen::print(line(session, seal)));
            notices.for_each(|notice| screen::print(notice_line(session, notice)));
        }
        Ok(())
    }
}

fn line(session: &Session, seal: &v1::OfficeSeal) -> String {
    let offered = match seal.offered_to.as_str() {
        "" => String::new(),
        to if seal.offer_accepted => format!("{} {to}", session.say("待登记移交给", "accepted by")),
        to => format!("{} {to}", session.say("待接收：", "offered to")),
    };
    columns(&[
        &seal.seal_id,
        &seal.name,
        &seal.unit,
        state_in_words(session, &seal.state),
        &seal.custodian,
        &offered,
    ])
}

fn notice_line(session: &Session, notice: &v1::OfficeNotice) -> String {
    let wanting = match (notice.head_acknowledged, notice.office_acknowledged) {
        (false, false) => {
            session.say("单位负责人和印章管理部门未确认", "unit head and seal office to take note")
        }
        (false, true) => session.say("单位负责人未确认", "unit head to take note"),
        _ => session.say("印章管理部门未确认", "seal office to take note"),
    };
    columns(&[
        &facts::with_note(session.say("报告", "report"), report_in_words(session, &notice.what)),
        &notice.act_id,
        &notice.seal_id,
        &screen::time_us(notice.time_us),
        &notice.text,
        wanting,
    ])
}

fn notice_as_json(notice: &v1::OfficeNotice) -> Value {
    json!({
        "act_id": notice.act_id,
        "seal_id": notice.seal_id,
        "what": notice.what,
        "text": notice.text,
        "time_us": notice.time_us,
        "head_acknowledged": notice.head_acknowledged,
        "office_acknowledged": notice.office_acknowledged,
    })
}
