//! `seal verify`

use std::path::PathBuf;

use clap::Args;
use sealkeeper_client::error::Explanation;
use sealkeeper_client::escape::for_terminal;
use sealkeeper_domain::identity::Digest;
use sealkeeper_domain::reason::{Class, Language, Reason};
use sealkeeper_pades::validate::{Coverage, SignatureReport, Verdict, validate};
use sealkeeper_pades::{Damage, Limit, ReadError};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{Session, screen};

/// Verify the signatures of a PDF, offline: integrity, coverage, signer, journal entry
///
/// Whether a signer's certificate is to be trusted, and what was changed after a signature, is not judged yet. The
/// exit code is 0 only if there is a signature and every one is intact.
#[derive(Args)]
pub(crate) struct Verify {
    /// The PDF
    file: PathBuf,
}

impl Verify {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        // Read, not mapped: a file that changes under a mapping could be told to be what it never was, and one that
        // shrinks would end the process.
        let bytes = std::fs::read(&self.file).map_err(|error| {
            let detail = format!("{}: {error}", self.file.display());
            Failure::local(Reason::InputUnreadable, detail)
        })?;
        let signatures =
            validate(&bytes).map_err(|error| Failure::Unreadable(unreadable(session, &error)))?;
        let overall = Overall::of(&signatures);
        if session.json {
            screen::print_json(&json!({
                "outcome": overall.name(),
                "file": self.file.to_string_lossy(),
                "size": bytes.len(),
                "sha256": Digest::of(&bytes).to_string(),
                "signatures": signatures.iter().map(|one| as_json(session, one)).collect::<Vec<_>>(),
                "not_judged": ["trust", "changes-after-signing"],
            }));
        } else {
            for (index, signature) in signatures.iter().enumerate() {
                screen::print(format_args!("{}. {}", index + 1, for_terminal(&signature.field)));
                print_signature(session, signature);
            }
            screen::print(overall.in_words(session));
            if !signatures.is_empty() {
                screen::print(session.say(
                    "尚未判断：证书是否可信，以及签名之后的改动",
                    "not judged yet: whether the certificates are to be trusted, and changes after a signature",
                ));
            }
        }
        if overall == Overall::Intact { Ok(()) } else { Err(Failure::Told(Class::Rule)) }
    }
}

/// What is said of all signatures together: the worst that is said of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overall {
    Intact,
    NotJudged,
    Broken,
    Unsigned,
}

impl Overall {
    fn of(signatures: &[SignatureReport]) -> Self {
        if signatures.is_empty() {
            Self::Unsigned
        } else if signatures.iter().any(|one| matches!(one.verdict, Verdict::Broken { .. })) {
            Self::Broken
        } else if signatures.iter().any(|one| matches!(one.verdict, Verdict::NotJudged { .. })) {
            Self::NotJudged
        } else {
            Self::Intact
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::NotJudged => "not-judged",
            Self::Broken => "broken",
            Self::Unsigned => "unsigned",
        }
    }

    fn in_words(self, session: &Session) -> &str {
        match self {
            Self::Intact => session.say("所有签名完整", "every signature is intact"),
            Self::NotJudged => session.say("有签名无法判断", "a signature could not be judged"),
            Self::Broken => session.say("有签名无效", "a signature is invalid"),
            Self::Unsigned => session.say("文件没有签名", "the file has no signature"),
        }
    }
}

fn print_signature(session: &Session, signature: &SignatureReport) {
    let row = |chinese, english, value: String| {
        let label = screen::label(session.say(chinese, english));
        screen::print(format_args!("   {label}{}", for_terminal(&value)));
    };
    let verdict = verdict(session, &signature.verdict);
    row("完整性", "integrity", verdict.text);
    if let Some(detail) = verdict.detail {
        row("", "", detail);
    }
    if let Some(coverage) = signature.coverage {
        row("覆盖", "covers", covered(session, coverage));
    }
    let signer = signature.signer.as_ref().and_then(|signer| signer.common_name.clone());
    row("签名人", "signer", signer.unwrap_or_else(|| session.say("不明", "not named").to_owned()));
    let time = signature.modified.as_deref().map(readable_date);
    let claims = [
        ("名称", "name", signature.name.clone()),
        ("事由", "reason", signature.reason.clone()),
        ("时间", "time", time),
    ];
    for (chinese, english, claim) in claims {
        if let Some(claim) = claim {
            row(chinese, english, claim);
        }
    }
    if let Some(witness) = &signature.witness {
        row("用印记录", "journal", witness.origin.clone());
        row("用印编号", "use", witness.use_id.as_str().to_owned());
        row("记录树", "tree", format!("{} {}", witness.tree_size, screen::hex(&witness.root)));
    }
}

/// A date of ISO 32000-2 §7.9.4 as people read it: `D:20250131120000+08'00'` → `2025-01-31 12:00:00 +08:00`. What has
/// another form stays as it is; it is only a claim.
fn readable_date(date: &str) -> String {
    let digits = date.strip_prefix("D:").filter(|rest| rest.is_ascii() && rest.len() >= 14);
    let Some((day, rest)) = digits.map(|rest| rest.split_at(8)) else { return date.to_owned() };
    let (time, zone) = rest.split_at(6);
    let (Ok(day), Ok(time)) = (day.parse::<u64>(), time.parse::<u64>()) else {
        return date.to_owned();
    };
    let zone = zone.trim_end_matches('\'').replace('\'', ":");
    let (year, month, day) = (day / 10_000, day / 100 % 100, day % 100);
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {zone}").trim_end().to_owned()
}

/// What is said of one verdict.
struct InWords {
    name: &'static str,
    code: Option<&'static str>,
    text: String,
    /// What the table's text leaves out, in English.
    detail: Option<String>,
}

fn verdict(session: &Session, verdict: &Verdict) -> InWords {
    let (name, heading, code, why) = match verdict {
        Verdict::Intact => {
            let text = session.say("完整", "intact").to_owned();
            return InWords { name: "intact", code: None, text, detail: None };
        }
        Verdict::Broken { why } => ("broken", session.say("无效", "invalid"), why.code(), why.to_string()),
        Verdict::NotJudged { why } => {
            ("not-judged", session.say("未判断", "not judged"), why.code(), why.to_string())
        }
    };
    let known = Reason::from_code(code);
    let text = known.map_or(why.as_str(), |reason| reason.text(session.language));
    let text = format!("{heading}{}{text} [{code}]", session.say("：", ": "));
    let is_said = known.is_none_or(|reason| reason.text(Language::English) == why);
    InWords { name, code: Some(code), text, detail: (!is_said).then_some(why) }
}

fn covered(session: &Session, coverage: Coverage) -> String {
    match coverage {
        Coverage::WholeFile => session.say("整个文件", "the whole file").to_owned(),
        Coverage::WholeRevision { end } => {
            let chinese = format!("前 {end} 字节的版本；之后的改动未判断");
            let english = format!("the revision of the first {end} bytes; what came later is not judged");
            session.say(&chinese, &english).to_owned()
        }
    }
}

fn as_json(session: &Session, signature: &SignatureReport) -> Value {
    let verdict = verdict(session, &signature.verdict);
    json!({
        "field": signature.field,
        "sub_filter": signature.sub_filter,
        "verdict": verdict.name,
        "verdict_code": verdict.code,
        "verdict_text": verdict.text,
        "verdict_detail": verdict.detail,
        "coverage": signature.coverage.map(|coverage| match coverage {
            Coverage::WholeFile => json!({ "kind": "whole-file" }),
            Coverage::WholeRevision { end } => json!({ "kind": "whole-revision", "end": end }),
        }),
        "byte_range": signature.byte_range,
        "signer": signature.signer.as_ref().map(|signer| json!({
            "common_name": signer.common_name,
            "serial_number": screen::hex(&signer.serial_number),
            "certificate_sha256": Digest::of(&signer.der).to_string(),
        })),
        "name": signature.name,
        "reason": signature.reason,
        "modified": signature.modified,
        "journal": signature.witness.as_ref().map(|witness| json!({
            "origin": witness.origin,
            "use_id": witness.use_id.as_str(),
            "tree_size": witness.tree_size,
            "root_hash": screen::hex(&witness.root),
        })),
    })
}

/// Why the file says nothing of its signatures.
fn unreadable(session: &Session, error: &ReadError) -> Explanation {
    let known = Reason::from_code(error.code());
    let mut details = std::collections::BTreeMap::new();
    let place = match error {
        ReadError::Damaged { what, offset } => Some((Damage::name(*what), offset)),
        ReadError::TooComplex { what, offset } => Some((Limit::name(*what), offset)),
        _ => None,
    };
    if let Some((what, offset)) = place {
        details.insert("what".to_owned(), what.to_owned());
        details.insert("offset".to_owned(), offset.to_string());
    }
    Explanation {
        code: error.code().to_owned(),
        clause: known.map_or_else(String::new, |reason| reason.clause().to_owned()),
        text: known.map_or_else(|| error.to_string(), |reason| reason.text(session.language).to_owned()),
        hint: known.map_or_else(String::new, |reason| reason.hint(session.language).to_owned()),
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::readable_date;

    #[test]
    fn dates_are_shown_as_people_write_them() {
        for (date, shown) in [
            ("D:20261123203458Z", "2026-11-23 20:34:58 Z"),
            ("D:20250131120000+08'00'", "2025-01-31 12:00:00 +08:00"),
            ("D:20250131120000", "2025-01-31 12:00:00"),
            ("D:2025", "D:2025"),
            ("yesterday", "yesterday"),
            ("D:2025013112000x", "D:2025013112000x"),
            ("D:二〇二五年一月三十一日", "D:二〇二五年一月三十一日"),
        ] {
            assert_eq!(readable_date(date), shown);
        }
    }
}
