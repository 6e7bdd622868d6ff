//! Why something asked of the agent did not happen: code, message and hint, in either language.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use sealkeeper_domain::reason::{Class, Language, Reason};
use sealkeeper_proto::{ERROR_DOMAIN, v1};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Why a call gave no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// Something on this side stood in the way.
    Local {
        /// What.
        reason: Reason,
        /// Particulars: a path, the system's message. From outside; escape before showing.
        detail: String,
    },
    /// The token that a person's own key lies on, or its module, said no. Boxed for its size, as are the next ones.
    Token(Box<TokenNo>),
    /// The agent refused: every rule that stands against it.
    Refused(Box<v1::Refusal>),
    /// A use was begun and did not complete.
    NotDone(Box<NotDone>),
    /// The agent answered with a fault (gRPC status with `google.rpc.ErrorInfo`).
    Fault(Box<AgentFault>),
    /// Something went wrong after a use was confirmed: it may be complete, now or soon.
    /// [`Agent::collect`](crate::Agent::collect) gets its result; a new use would be a second stamp.
    Unsettled(Box<Unsettled>),
}

/// What a token or its module did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenNo {
    /// What it means.
    pub reason: Reason,
    /// Particulars: `function` and `return-value` of PKCS#11, `tries-left` of the PIN (`not-told`, `few`, `one`, `none`), `what`. From
    /// outside; escape before showing.
    pub details: BTreeMap<String, String>,
}

/// A use of which this side does not know how it ended, or whose result it does not have yet.
#[derive(Debug)]
pub struct Unsettled {
    /// The use.
    pub use_id: Uuid,
    /// What went wrong.
    pub error: ClientError,
}

/// A use that was begun and gave nothing.
#[derive(Debug)]
pub struct NotDone {
    /// False: the token certainly did not sign and the copy is given back. True: it may have signed, nothing was
    /// released and the copy is used up.
    pub may_have_signed: bool,
    /// The use, the cause and its journal records.
    pub report: v1::NotDone,
}

/// A gRPC status with its reason.
#[derive(Debug)]
pub struct AgentFault {
    /// The reason code.
    pub code: String,
    /// Particulars.
    pub details: BTreeMap<String, String>,
}

/// One reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Stable code.
    pub code: String,
    /// Clause of the regulation; empty where the reason is technical.
    pub clause: String,
    /// What happened.
    pub text: String,
    /// What to do; may be empty for a reason that this version does not know.
    pub hint: String,
    /// Particulars.
    pub details: BTreeMap<String, String>,
}

impl ClientError {
    pub(crate) fn local(reason: Reason, detail: impl fmt::Display) -> Self {
        Self::Local { reason, detail: detail.to_string() }
    }

    pub(crate) fn at_path(reason: Reason, path: &Path, error: &dyn fmt::Display) -> Self {
        Self::local(reason, format_args!("{}: {error}", path.display()))
    }

    /// The same, where it arose here and does not say yet, of this file.
    pub(crate) fn about(self, path: &Path) -> Self {
        match self {
            Self::Local { reason, detail } if detail.is_empty() => Self::local(reason, path.display()),
            Self::Local { reason, detail } => Self::at_path(reason, path, &detail),
            other => other,
        }
    }

    /// An answer that lacks what the contract promises.
    pub(crate) fn answer(what: &str) -> Self {
        Self::local(Reason::AnswerBad, what)
    }

    /// Sorts a status: the agent's own faults carry an ErrorInfo; what has none comes from the transport.
    pub(crate) fn from_status(status: &Status) -> Self {
        let info = status.get_details_error_info().filter(|info| info.domain == ERROR_DOMAIN);
        match info {
            Some(info) => Self::Fault(Box::new(AgentFault {
                code: info.reason,
                details: info.metadata.into_iter().collect(),
            })),
            None if is_certificate_refused(status) => {
                Self::local(Reason::ClientCertificateRefused, message(status))
            }
            None if may_pass(status.code()) => Self::local(Reason::ConnectionLost, message(status)),
            None => Self::local(Reason::AnswerBad, message(status)),
        }
    }

    /// The same once `use_id` was confirmed. A refusal and a [`NotDone`] settle the use; whatever else went wrong
    /// leaves it open.
    #[must_use]
    pub fn of_use(self, use_id: Uuid) -> Self {
        match self {
            Self::Refused(_) | Self::NotDone(_) | Self::Unsettled(_) => self,
            error => Self::Unsettled(Box::new(Unsettled { use_id, error })),
        }
    }

    /// The use whose result may still be had.
    pub fn open_use(&self) -> Option<Uuid> {
        match self {
            Self::Unsettled(unsettled) => Some(unsettled.use_id),
            _ => None,
        }
    }

    /// Whether only the answer got lost or could not be waited for, so that asking again may help: the connection
    /// broke, the call took too long, or the agent is being restarted.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Local { reason, .. } => *reason == Reason::ConnectionLost,
            Self::Fault(fault) => {
                [Reason::CallTimeout, Reason::AgentStopping].iter().any(|reason| reason.code() == fault.code)
            }
            Self::Unsettled(unsettled) => unsettled.error.is_lost(),
            Self::Refused(_) | Self::NotDone(_) | Self::Token(_) => false,
        }
    }

    /// Whether the one thing in the way is that the token is locked.
    pub fn is_token_locked(&self) -> bool {
        let locked = Reason::TokenLocked.code();
        match self {
            Self::Refused(refusal) => {
                matches!(refusal.violations.as_slice(), [only] if only.reason == locked)
            }
            Self::NotDone(not_done) => {
                !not_done.may_have_signed
                    && not_done.report.cause.as_ref().is_some_and(|cause| cause.reason == locked)
            }
            Self::Fault(fault) => fault.code == locked,
            Self::Unsettled(unsettled) => unsettled.error.is_token_locked(),
            Self::Local { .. } | Self::Token(_) => false,
        }
    }

    /// Whether the one thing in the way is that a key asks for the PIN at each signature and none came along. Nothing was
    /// begun, so the same call may be made with it.
    pub fn is_pin_needed(&self) -> bool {
        let needed = Reason::TokenPinNeeded.code();
        match self {
            Self::Refused(refusal) => {
                matches!(refusal.violations.as_slice(), [only] if only.reason == needed)
            }
            Self::Fault(fault) => fault.code == needed,
            Self::Unsettled(unsettled) => unsettled.error.is_pin_needed(),
            Self::NotDone(_) | Self::Local { .. } | Self::Token(_) => false,
        }
    }

    /// Who has to act. Of several reasons: a rule goes before usage, usage before availability, a fault before all.
    pub fn class(&self) -> Class {
        match self {
            Self::Local { reason, .. } => reason.class(),
            Self::Token(no) => no.reason.class(),
            Self::Refused(refusal) => {
                let classes: Vec<Class> = refusal
                    .violations
                    .iter()
                    .map(|violation| class_of(&violation.reason, Class::Rule))
                    .collect();
                [Class::Fault, Class::Rule, Class::Usage, Class::Availability]
                    .into_iter()
                    .find(|class| classes.contains(class))
                    .unwrap_or(Class::Rule)
            }
            Self::NotDone(not_done) => {
                let cause = not_done.report.cause.as_ref();
                cause.map_or(Class::Fault, |cause| class_of(&cause.reason, Class::Fault))
            }
            Self::Fault(fault) => class_of(&fault.code, Class::Fault),
            Self::Unsettled(unsettled) => unsettled.error.class(),
        }
    }

    /// Every reason, in words. At least one.
    pub fn explanations(&self, language: Language) -> Vec<Explanation> {
        match self {
            Self::Local { reason, detail } => vec![Explanation {
                code: reason.code().to_owned(),
                clause: String::new(),
                text: reason.text(language).to_owned(),
                hint: reason.hint(language).to_owned(),
                details: if detail.is_empty() {
                    BTreeMap::new()
                } else {
                    BTreeMap::from([("detail".to_owned(), detail.clone())])
                },
            }],
            Self::Token(no) => vec![Explanation {
                code: no.reason.code().to_owned(),
                clause: String::new(),
                text: no.reason.text(language).to_owned(),
                hint: no.reason.hint(language).to_owned(),
                details: no.details.clone(),
            }],
            Self::Refused(refusal) => {
                refusal.violations.iter().map(|violation| Explanation::of(violation, language)).collect()
            }
            Self::NotDone(not_done) => {
                not_done.report.cause.iter().map(|cause| Explanation::of(cause, language)).collect()
            }
            Self::Fault(fault) => {
                let bare = v1::Violation { reason: fault.code.clone(), ..Default::default() };
                vec![Explanation { details: fault.details.clone(), ..Explanation::of(&bare, language) }]
            }
            Self::Unsettled(unsettled) => unsettled.error.explanations(language),
        }
    }
}

impl Explanation {
    /// A violation in words: this version's own where it knows the code, else those that came along, else the code.
    pub fn of(violation: &v1::Violation, language: Language) -> Self {
        let known = Reason::from_code(&violation.reason);
        let (sent_text, sent_hint) = match language {
            Language::Chinese => (&violation.text_zh, &violation.hint_zh),
            Language::English => (&violation.text_en, &violation.hint_en),
        };
        let text = known.map_or_else(|| sent_text.clone(), |reason| reason.text(language).to_owned());
        Self {
            text: if text.is_empty() { violation.reason.clone() } else { text },
            hint: known.map_or_else(|| sent_hint.clone(), |reason| reason.hint(language).to_owned()),
            clause: known.map_or_else(|| violation.clause.clone(), |reason| reason.clause().to_owned()),
            details: violation.details.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            code: violation.reason.clone(),
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explanations = self.explanations(Language::English);
        for (index, explanation) in explanations.iter().enumerate() {
            if index > 0 {
                out.write_str("; ")?;
            }
            write!(out, "{} ({})", explanation.text, explanation.code)?;
            for (key, value) in &explanation.details {
                write!(out, " {key}: {}", crate::escape::for_terminal(value))?;
            }
        }
        if let Some(use_id) = self.open_use() {
            write!(out, "; use {use_id} may be complete")?;
        }
        Ok(())
    }
}

impl std::error::Error for ClientError {}

fn class_of(code: &str, unknown: Class) -> Class {
    Reason::from_code(code).map_or(unknown, Reason::class)
}

/// Statuses that a broken connection gives, whatever layer noticed it.
fn may_pass(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::Internal
            | Code::DeadlineExceeded
            | Code::Aborted
    )
}

/// Whether the connection could not be made anew because this side's certificate is no longer taken: asking again would change nothing.
fn is_certificate_refused(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(ClientError::Local { reason, .. }) = inner.and_then(|inner| inner.downcast_ref()) {
            return *reason == Reason::ClientCertificateRefused;
        }
        source = error.source();
    }
    false
}

/// The status with its causes, for transport errors say nothing by themselves.
fn message(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn refused(codes: &[&str]) -> ClientError {
        let violations = codes
            .iter()
            .map(|code| v1::Violation { reason: (*code).to_owned(), ..Default::default() })
            .collect();
        ClientError::Refused(Box::new(v1::Refusal { violations, ..Default::default() }))
    }

    #[test]
    fn a_status_with_reason_is_a_fault_of_the_agent() {
        let details = ErrorDetails::with_error_info(
            "token-pin-wrong",
            ERROR_DOMAIN,
            [("tries-left".to_owned(), "few".to_owned())],
        );
        let error =
            ClientError::from_status(&Status::with_error_details(Code::FailedPrecondition, "x", details));
        assert_eq!(error.class(), Class::Availability);
        let [explanation] = &error.explanations(Language::Chinese)[..] else { panic!("{error}") };
        assert_eq!((explanation.code.as_str(), explanation.text.as_str()), ("token-pin-wrong", "PIN 不正确"));
        assert_eq!(explanation.details["tries-left"], "few");
        assert!(!error.is_lost());
    }

    #[test]
    fn what_may_be_answered_later_is_asked_again() {
        for (code, lost) in [
            ("call-timeout", true),
            ("agent-stopping", true),
            ("journal-failed", false),
            ("internal", false),
            ("token-pin-wrong", false),
        ] {
            let details = ErrorDetails::with_error_info(code, ERROR_DOMAIN, []);
            let error =
                ClientError::from_status(&Status::with_error_details(Code::Unavailable, "x", details));
            assert_eq!(error.is_lost(), lost, "{code}");
        }
    }

    #[test]
    fn only_a_refusal_and_an_outcome_settle_a_use() {
        let use_id = Uuid::from_u128(7);
        let not_done = NotDone { may_have_signed: true, report: v1::NotDone::default() };
        for settled in [refused(&["token-locked"]), ClientError::NotDone(Box::new(not_done))] {
            assert_eq!(settled.of_use(use_id).open_use(), None);
        }
        let fault = AgentFault { code: "journal-failed".into(), details: BTreeMap::new() };
        let open = ClientError::Fault(Box::new(fault)).of_use(use_id);
        assert_eq!((open.open_use(), open.class()), (Some(use_id), Class::Fault));
        assert!(open.to_string().contains(&use_id.to_string()), "{open}");
        let again = open.of_use(Uuid::from_u128(8));
        assert_eq!((again.open_use(), again.is_lost()), (Some(use_id), false));
        assert!(ClientError::local(Reason::ConnectionLost, "").of_use(use_id).is_lost());
    }

    #[test]
    fn a_status_of_another_domain_is_not_the_agents() {
        let details = ErrorDetails::with_error_info("x", "example.org", []);
        let error = ClientError::from_status(&Status::with_error_details(Code::Unavailable, "gone", details));
        assert!(error.is_lost());
        let error = ClientError::from_status(&Status::unimplemented("no such method"));
        assert_eq!((error.class(), error.is_lost()), (Class::Fault, false));
    }

    #[test]
    fn one_class_for_several_reasons() {
        assert_eq!(refused(&["token-locked"]).class(), Class::Availability);
        assert_eq!(refused(&["token-locked", "pdf-damaged"]).class(), Class::Rule);
        assert_eq!(refused(&["placement-bad"]).class(), Class::Usage);
        assert_eq!(refused(&["token-locked", "token-fault", "pdf-damaged"]).class(), Class::Fault);
        assert_eq!(refused(&["from-a-later-version"]).class(), Class::Rule);
        assert!(refused(&["token-locked"]).is_token_locked());
        assert!(!refused(&["token-locked", "pdf-damaged"]).is_token_locked());
        assert!(refused(&["token-pin-needed"]).is_pin_needed());
        assert!(!refused(&["token-pin-needed", "pdf-damaged"]).is_pin_needed());
        assert!(!refused(&["token-locked"]).is_pin_needed());
    }

    #[test]
    fn an_unknown_code_is_shown_with_the_words_sent_along() {
        let violation = v1::Violation {
            reason: "from-a-later-version".into(),
            clause: "U4".into(),
            text_en: "something new".into(),
            ..Default::default()
        };
        let explanation = Explanation::of(&violation, Language::English);
        assert_eq!((explanation.text.as_str(), explanation.clause.as_str()), ("something new", "U4"));
        assert_eq!(Explanation::of(&violation, Language::Chinese).text, "from-a-later-version");
    }
}
