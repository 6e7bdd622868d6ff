//! Why a command did not do what it was asked, as people and programs read it, and its exit code.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use sealkeeper_client::error::{ClientError, Explanation};
use sealkeeper_client::escape::for_terminal;
use sealkeeper_client::placement::PlacementError;
use sealkeeper_domain::reason::{Class, Language, Reason};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::language::choose;
use crate::screen;

/// Exit code: refused by a rule, or an invalid signature.
pub(crate) const REFUSED: u8 = 1;
/// Exit code: usage.
pub(crate) const USAGE: u8 = 2;
/// Exit code: agent or token not available.
pub(crate) const UNAVAILABLE: u8 = 3;
/// Exit code: internal fault.
pub(crate) const FAULT: u8 = 4;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// As the library tells it.
    Client(ClientError),
    /// A reason of the contract that arose here.
    Reason(Reason),
    /// Arguments that say no command; in words.
    Arguments { text: String, hint: String },
    /// A malformed placement.
    Placement { argument: String, error: PlacementError },
    /// A file that cannot be read strictly enough to say anything of it.
    Unreadable(Explanation),
    /// An answer that is no good news, such as signatures that are not all intact; said already, so that only the exit code
    /// is left.
    Told(Class),
    /// A person was asked whether to go on, and did not say yes.
    Declined,
}

impl Failure {
    pub(crate) fn of_runtime(error: &io::Error) -> Self {
        Self::local(Reason::AgentUnreachable, error)
    }

    pub(crate) fn local(reason: Reason, detail: impl fmt::Display) -> Self {
        Self::Client(ClientError::Local { reason, detail: detail.to_string() })
    }

    /// Who has to act.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Client(error) => error.class(),
            Self::Reason(reason) => reason.class(),
            Self::Arguments { .. } => Reason::BadArgument.class(),
            Self::Placement { error, .. } => error.reason().class(),
            Self::Unreadable(_) => Class::Rule,
            Self::Told(class) => *class,
            Self::Declined => Class::Rule,
        }
    }

    /// The reason that arose here, if that is the kind of failure it is.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Client(ClientError::Local { reason, .. }) | Self::Reason(reason) => Some(*reason),
            Self::Client(ClientError::Token(no)) => Some(no.reason),
            _ => None,
        }
    }

    /// Its particulars.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Client(ClientError::Local { detail, .. }) => {
                Some(detail).filter(|detail| !detail.is_empty()).map(String::as_str)
            }
            _ => None,
        }
    }

    /// Whether a PIN was not given, not taken or not tried: to go on would be to ask for it again.
    pub(crate) fn is_about_pin(&self) -> bool {
        let is_about_pin = |code: &str| {
            code.starts_with("token-pin-")
                || code.starts_with("pin-")
                || code == Reason::UnlockBeyondPolicy.code()
        };
        self.explanations(Language::English).iter().any(|explanation| is_about_pin(&explanation.code))
    }

    fn client(&self) -> Option<&ClientError> {
        match self {
            Self::Client(error) => Some(error),
            _ => None,
        }
    }

    fn explanations(&self, language: Language) -> Vec<Explanation> {
        let of_reason = |reason: Reason, details| Explanation {
            code: reason.code().to_owned(),
            clause: reason.clause().to_owned(),
            text: reason.text(language).to_owned(),
            hint: reason.hint(language).to_owned(),
            details,
        };
        match self {
            Self::Client(error) => error.explanations(language),
            Self::Reason(reason) => vec![of_reason(*reason, BTreeMap::new())],
            Self::Unreadable(explanation) => vec![explanation.clone()],
            Self::Arguments { text, hint } => vec![Explanation {
                text: text.clone(),
                hint: hint.clone(),
                ..of_reason(Reason::BadArgument, BTreeMap::new())
            }],
            Self::Told(_) => Vec::new(),
            Self::Declined => vec![Explanation {
                code: "declined".to_owned(),
                clause: String::new(),
                text: choose(language, "没有确认，什么也没有做", "not confirmed; nothing was done")
                    .to_owned(),
                hint: String::new(),
                details: BTreeMap::new(),
            }],
            Self::Placement { argument, error } => {
                let details = BTreeMap::from([
                    ("at".to_owned(), argument.clone()),
                    ("detail".to_owned(), error.text(language)),
                ]);
                vec![of_reason(error.reason(), details)]
            }
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

/// Prints it, to people on standard error or as JSON on standard output, and gives its exit code.
pub(crate) fn report(failure: &Failure, language: Language, json: bool) -> ExitCode {
    if matches!(failure, Failure::Told(_)) {
        // The report itself was the answer.
    } else if json {
        screen::print_json(&as_json(failure, language));
    } else {
        let _ = io::stderr().write_all(in_words(failure, language).as_bytes());
    }
    ExitCode::from(match failure.class() {
        Class::Rule => REFUSED,
        Class::Usage => USAGE,
        Class::Availability => UNAVAILABLE,
        Class::Fault => FAULT,
    })
}

/// It in words, a line each, as people read it.
pub(crate) fn in_words(failure: &Failure, language: Language) -> String {
    let say = |chinese, english| choose(language, chinese, english);
    let heading = match failure.client() {
        Some(ClientError::Refused(_)) => say("拒绝", "refused"),
        Some(ClientError::NotDone(not_done)) if not_done.may_have_signed => {
            say("用印作废，载体可能已签名", "abandoned, the token may have signed")
        }
        Some(ClientError::NotDone(_)) => say("未用印，份数已退回", "not stamped, the copy is given back"),
        _ => say("错误", "error"),
    };
    let open_use = failure.client().and_then(ClientError::open_use);
    let mut text = String::new();
    for explanation in failure.explanations(language) {
        let clause = match explanation.clause.as_str() {
            "" => String::new(),
            clause => format!("{}{}", say("，条款 ", ", clause "), for_terminal(clause)),
        };
        let colon = say("：", ": ");
        text += &format!(
            "{heading}{colon}{} [{}{clause}]\n",
            for_terminal(&explanation.text),
            for_terminal(&explanation.code)
        );
        // The action is for programs: to a person the reason's hint says the same with more care.
        for (key, value) in explanation.details.iter().filter(|(key, _)| key.as_str() != "action") {
            let key = detail_label(key, language);
            text += &format!("  {}{colon}{}\n", for_terminal(key), for_terminal(value));
        }
        // To be told to try again would lead to a second stamp.
        let is_settled = open_use.is_none() || !failure.client().is_some_and(ClientError::is_lost);
        if is_settled && !explanation.hint.is_empty() {
            text += &format!("  {}{colon}{}\n", say("提示", "hint"), for_terminal(&explanation.hint));
        }
    }
    if let Some(use_id) = open_use {
        text += &format!("  {}\n", how_to_fetch(use_id, language));
    }
    text
}

/// What a detail is called; its name in the contract where this version has no word for it.
pub(crate) fn detail_label(key: &str, language: Language) -> &str {
    let (chinese, english) = match key {
        "days-left" => ("剩余天数", "days left"),
        "detail" => ("详情", "detail"),
        "file-sha256" => ("文件 SHA-256", "SHA-256 of the file"),
        "function" => ("PKCS#11 函数", "PKCS#11 function"),
        "offset" => ("字节位置", "byte offset"),
        "oval-mm" => ("常用椭圆章，毫米", "usual oval ones, mm"),
        "policy-sha256" => ("现行制度 SHA-256", "SHA-256 of the policy in force"),
        "return-value" => ("PKCS#11 返回值", "PKCS#11 return value"),
        "round-mm" => ("常用圆章，毫米", "usual round ones, mm"),
        "size-mm" => ("尺寸，毫米", "size, mm"),
        "square-mm" => ("常用方章，毫米", "usual square ones, mm"),
        "token-serial" => ("载体序列号", "token serial"),
        "tries-left" => ("剩余次数", "tries left"),
        "what" => ("问题", "what"),
        _ => return key,
    };
    choose(language, chinese, english)
}

/// It for programs.
pub(crate) fn as_json(failure: &Failure, language: Language) -> Value {
    let outcome = match failure.client() {
        Some(ClientError::Refused(_)) => "refused",
        Some(ClientError::NotDone(not_done)) if not_done.may_have_signed => "abandoned",
        Some(ClientError::NotDone(_)) => "failed",
        _ => "error",
    };
    let class = match failure.class() {
        Class::Rule => "rule",
        Class::Usage => "usage",
        Class::Availability => "availability",
        Class::Fault => "fault",
    };
    let reasons: Vec<Value> = failure
        .explanations(language)
        .into_iter()
        .map(|explanation| {
            json!({
                "code": explanation.code,
                "clause": explanation.clause,
                "text": explanation.text,
                "hint": explanation.hint,
                "details": explanation.details,
            })
        })
        .collect();
    let mut object = json!({ "outcome": outcome, "class": class, "reasons": reasons });
    let mut add = |key: &str, value: Value| {
        if let Some(fields) = object.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
    };
    match failure.client() {
        Some(ClientError::Refused(refusal)) if refusal.journaled => {
            add("journal_seq", refusal.journal_seq.into())
        }
        Some(ClientError::NotDone(not_done)) => {
            add("use_id", not_done.report.use_id.clone().into());
            add("intent_seq", not_done.report.intent_seq.into());
            add("outcome_seq", not_done.report.outcome_seq.into());
        }
        _ => {}
    }
    if let Some(use_id) = failure.client().and_then(ClientError::open_use) {
        add("use_id", use_id.to_string().into());
    }
    object
}

/// What to do about a use that may be complete.
pub(crate) fn how_to_fetch(use_id: Uuid, language: Language) -> String {
    let chinese =
        format!("用印可能已完成，请勿重新用印：用 `seal fetch 文件 --use-id {use_id}` 取回结果或查明结果");
    let english = format!(
        "the use may be complete, do not stamp again: `seal fetch FILE --use-id {use_id}` gets its result, or tells that there is none"
    );
    choose(language, &chinese, &english).to_owned()
}
