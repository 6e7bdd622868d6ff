//! What was found of a document, a token or the whole installation, for people and for programs.

use std::collections::HashMap;

use sealkeeper_client::escape::for_terminal;
use sealkeeper_proto::v1;
use serde_json::{Value, json};

use crate::Session;
use crate::failure::detail_label;
use crate::screen::{self, label, padded};

/// Width of the longest severity, `warning` or `problem`.
const SEVERITY_CELLS: usize = 9;

/// How grave it is, in words; as it came where this version does not know it.
pub(crate) fn severity<'a>(session: &'a Session, severity: &'a str) -> &'a str {
    match severity {
        "ok" => session.say("正常", "ok"),
        "note" => session.say("提示", "note"),
        "warn" => session.say("注意", "warning"),
        "refuse" => session.say("障碍", "problem"),
        other => other,
    }
}

/// Prints a finding of a token.
pub(crate) fn print(session: &Session, finding: &v1::Finding) {
    let text = session.say(&finding.text_zh, &finding.text_en);
    let seal = match finding.seal_id.as_str() {
        "" => String::new(),
        id => format!("{} {}{}", session.say("印章", "seal"), for_terminal(id), session.say("：", ": ")),
    };
    let words = format!("{seal}{} [{}]", for_terminal(text), for_terminal(&finding.reason));
    screen::print(format_args!("{}{words}", margin(session, &finding.severity)));
    print_particulars(session, &finding.details, session.say(&finding.hint_zh, &finding.hint_en));
}

/// Prints one thing that was looked at, well or not.
pub(crate) fn print_check(session: &Session, check: &v1::Check) {
    let text = for_terminal(session.say(&check.text_zh, &check.text_en));
    let code = match check.reason.as_str() {
        "" => String::new(),
        code => format!(" [{}]", for_terminal(code)),
    };
    let subject = label(&subject(session, &check.subject));
    screen::print(format_args!("{}{subject}{text}{code}", margin(session, &check.severity)));
    if check.severity != "ok" {
        print_particulars(session, &check.details, session.say(&check.hint_zh, &check.hint_en));
    }
}

fn margin(session: &Session, is: &str) -> String {
    padded(&for_terminal(severity(session, is)), SEVERITY_CELLS)
}

fn print_particulars(session: &Session, details: &HashMap<String, String>, hint: &str) {
    let indent = " ".repeat(SEVERITY_CELLS);
    let colon = session.say("：", ": ");
    let mut details: Vec<_> = details.iter().filter(|(key, _)| key.as_str() != "action").collect();
    details.sort();
    for (key, value) in details {
        let key = detail_label(key, session.language);
        screen::print(format_args!("{indent}{}{colon}{}", for_terminal(key), for_terminal(value)));
    }
    if !hint.is_empty() {
        let name = session.say("提示", "hint");
        screen::print(format_args!("{indent}{name}{colon}{}", for_terminal(hint)));
    }
}

/// What was looked at: the contract's word for it in the language of the session, then its name.
fn subject(session: &Session, subject: &str) -> String {
    let (kind, name) = subject.split_once(' ').map_or((subject, None), |(kind, name)| (kind, Some(name)));
    let kind = match kind {
        "agent" => session.say("代理", "agent"),
        "clock" => session.say("时钟", "clock"),
        "home" => session.say("目录", "home"),
        "policy" => session.say("制度", "policy"),
        "remote" => session.say("远程", "remote"),
        "socket" => session.say("套接字", "socket"),
        "journal" => session.say("用印记录", "journal"),
        "spool" => session.say("暂存", "spool"),
        "documents" => session.say("查看文件", "documents"),
        "module" => session.say("模块", "module"),
        "token" => session.say("载体", "token"),
        "seal" => session.say("印章", "seal"),
        other => other,
    };
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    // So that the text after it never begins at its end.
    format!("{} ", for_terminal(&format!("{kind}{name}")))
}

/// A finding for programs.
pub(crate) fn as_json(finding: &v1::Finding) -> Value {
    json!({
        "severity": finding.severity,
        "reason": finding.reason,
        "page": finding.page,
        "text_zh": finding.text_zh,
        "text_en": finding.text_en,
        "hint_zh": finding.hint_zh,
        "hint_en": finding.hint_en,
        "seal_id": some(&finding.seal_id),
        "details": finding.details,
    })
}

/// A thing that was looked at, for programs.
pub(crate) fn check_as_json(check: &v1::Check) -> Value {
    json!({
        "subject": check.subject,
        "severity": check.severity,
        "reason": some(&check.reason),
        "text_zh": check.text_zh,
        "text_en": check.text_en,
        "hint_zh": check.hint_zh,
        "hint_en": check.hint_en,
        "details": check.details,
    })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
