//! `seal log`

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::{CheckedRecord, Selection};
use sealkeeper_domain::reason::Reason;
use sealkeeper_journal::RecordBody;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::Failure;
use crate::screen::{self, padded};

/// Width of the longest kind of record, `token unlocked`.
const KIND_CELLS: usize = 14;

/// Show the journal (用印记录): the newest records, or those from a position on
///
/// Each record is checked against its leaf hash, and each name or reason against the commitment it stands for.
#[derive(Args)]
pub(crate) struct Log {
    /// How many records at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    /// Begin at this position instead of showing the newest
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
}

impl Log {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let selection = match self.from {
            Some(seq) => Selection::From(seq, self.limit),
            None => Selection::Newest(self.limit),
        };
        for record in session.connect().await?.records(selection).await? {
            if session.json {
                screen::print_json(&as_json(&record));
            } else {
                screen::print(line(session, &record));
            }
        }
        Ok(())
    }
}

fn as_json(record: &CheckedRecord) -> Value {
    json!({
        "seq": record.seq,
        "leaf_hash": record.leaf_hash,
        "record": record.value,
        "disclosed": record.disclosed,
        "unproven": record.unproven,
    })
}

fn line(session: &Session, record: &CheckedRecord) -> String {
    let time = record.value.get("time_us").and_then(Value::as_i64).unwrap_or_default();
    let time = Timestamp::from_microsecond(time).unwrap_or_default().to_zoned_datetime(TimeZone::system());
    let mut line = format!(
        "{:>6}  {}  {}",
        record.seq,
        time.strftime("%Y-%m-%d %H:%M:%S"),
        padded(&for_terminal(&kind(session, record)), KIND_CELLS)
    );
    for word in particulars(session, record) {
        line += "  ";
        line += &for_terminal(&word);
    }
    for field in &record.unproven {
        let warning = session.say("披露内容与承诺不符", "disclosure does not open its commitment");
        line += &format!("  [{warning}: {}]", for_terminal(field));
    }
    line.trim_end().to_owned()
}

/// What happened, in one word where this version knows the type.
fn kind(session: &Session, record: &CheckedRecord) -> String {
    let known = record.record.as_ref().map(|record| &record.body);
    let (chinese, english) = match known {
        Some(RecordBody::AgentStarted(_)) => ("代理启动", "agent started"),
        Some(RecordBody::AgentStopped(_)) => ("代理停止", "agent stopped"),
        Some(RecordBody::PolicyLoaded(_)) => ("载入制度", "policy loaded"),
        Some(RecordBody::TokenUnlocked(_)) => ("载体解锁", "token unlocked"),
        Some(RecordBody::TokenLocked(_)) => ("载体锁定", "token locked"),
        Some(RecordBody::WrongPin(_)) => ("PIN 错误", "wrong PIN"),
        Some(RecordBody::Refused(_)) => ("拒绝", "refused"),
        Some(RecordBody::Intent(_)) => ("用印意向", "intent"),
        Some(RecordBody::Complete(_)) => ("用印完成", "complete"),
        Some(RecordBody::Failed(_)) => ("未签出", "failed"),
        Some(RecordBody::Abandoned(_)) => ("用印作废", "abandoned"),
        _ => return record.field("type").unwrap_or_default().to_owned(),
    };
    session.say(chinese, english).to_owned()
}

fn particulars(session: &Session, record: &CheckedRecord) -> Vec<String> {
    let named = |path: &str| record.disclosed.get(path).cloned();
    let numbered = |seq: u64| format!("#{seq}");
    let Some(body) = record.record.as_ref().map(|record| &record.body) else { return Vec::new() };
    match body {
        RecordBody::AgentStarted(started) => vec![started.version.to_string(), started.origin.to_string()],
        RecordBody::PolicyLoaded(loaded) => vec![loaded.sha256.to_string()],
        RecordBody::TokenUnlocked(unlocked) => {
            [Some(unlocked.token_serial.to_string()), named("by.person.name")].into_iter().flatten().collect()
        }
        RecordBody::TokenLocked(locked) => {
            let cause = record.field("cause").unwrap_or_default().to_owned();
            vec![locked.token_serial.to_string(), cause]
        }
        RecordBody::WrongPin(wrong) => {
            [Some(wrong.token_serial.to_string()), named("by.person.name")].into_iter().flatten().collect()
        }
        RecordBody::Refused(refused) => {
            let mut words: Vec<String> = refused.seal.iter().map(ToString::to_string).collect();
            words.extend(
                refused.violations.iter().map(|violation| in_words(session, violation.code.as_str())),
            );
            if refused.count > 1 {
                words.push(format!("×{}", refused.count));
            }
            words
        }
        RecordBody::Intent(intent) => [
            Some(intent.seal.to_string()),
            named("file_name"),
            named("reason"),
            named("applicant.person.name"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        RecordBody::Complete(complete) => vec![numbered(complete.intent), complete.output_sha256.to_string()],
        RecordBody::Failed(failed) => {
            vec![numbered(failed.intent), in_words(session, failed.code.as_str())]
        }
        RecordBody::Abandoned(abandoned) => {
            vec![numbered(abandoned.intent), record.field("cause").unwrap_or_default().to_owned()]
        }
        _ => record.field("cause").map(str::to_owned).into_iter().collect(),
    }
}

fn in_words(session: &Session, code: &str) -> String {
    match Reason::from_code(code) {
        Some(reason) => format!("{} [{code}]", reason.text(session.language)),
        None => code.to_owned(),
    }
}
