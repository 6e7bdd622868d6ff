//! `seal audit verify`

use clap::Args;
use sealkeeper_client::audit::Verified;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::reason::Class;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{Session, screen};

/// Verify the whole journal: every record, their order, the tree over them, and the agent's head
///
/// All records are read from the agent and checked here. It shows that nothing was left out, moved or changed since the head; that the
/// head is the one of yesterday shows only where yesterday's was kept. Exit code 1 if anything is wrong.
#[derive(Args)]
pub(crate) struct Verify {}

impl Verify {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let verified = session.connect().await?.verify_journal().await?;
        if session.json {
            screen::print_json(&as_json(&verified));
        } else {
            lines(session, &verified).iter().for_each(screen::print);
        }
        if verified.is_right() { Ok(()) } else { Err(Failure::Told(Class::Rule)) }
    }
}

fn lines(session: &Session, verified: &Verified) -> Vec<String> {
    let report = &verified.report;
    let mut lines: Vec<String> = report
        .faults
        .iter()
        .map(|fault| for_terminal(&format!("{fault} [{}]", fault.kind.code())).to_string())
        .collect();
    if !verified.has_head() {
        let wrong = "这些记录与代理所报的记录头不符";
        lines.push(session.say(wrong, "the records are not those of the head the agent told").to_owned());
    }
    let (size, root, open) = (report.size, report.root, report.open.len());
    if verified.is_right() {
        let chinese = format!("{size} 条记录一致，根哈希 {root}");
        let english = format!("{size} records are consistent, root hash {root}");
        lines.push(session.say(&chinese, &english).to_owned());
    }
    if open > 0 {
        let chinese = format!("{open} 次用印尚无结果");
        let english = format!("uses without an outcome: {open}");
        lines.push(session.say(&chinese, &english).to_owned());
    }
    lines
}

fn as_json(verified: &Verified) -> Value {
    let report = &verified.report;
    let faults: Vec<Value> = report
        .faults
        .iter()
        .map(|fault| {
            json!({ "seq": fault.position, "code": fault.kind.code(), "text": fault.kind.to_string() })
        })
        .collect();
    json!({
        "outcome": if verified.is_right() { "consistent" } else { "broken" },
        "origin": verified.head.origin,
        "tree_size": report.size,
        "root_hash": report.root.to_string(),
        "head": { "tree_size": verified.head.tree_size, "root_hash": screen::hex(&verified.head.root_hash) },
        "open": report.open,
        "faults": faults,
    })
}
