//! Reasons as gRPC status with `google.rpc.ErrorInfo` {reason, domain, metadata}.

use std::collections::HashMap;

use sealkeeper_domain::{
    reason::{Class, Language, Reason},
    refusal::Violation,
};
use sealkeeper_proto::ERROR_DOMAIN;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{pipeline::ports::token_error::TokenError, service::Failure};

/// The code that fits a reason, for clients that look no further.
fn code(reason: Reason) -> Code {
    match reason {
        Reason::PersonUnknown | Reason::NotCustodian | Reason::RoleMissing => Code::PermissionDenied,
        Reason::SealUnknown | Reason::RequestUnknown | Reason::UseUnknown | Reason::RecordUnknown => {
            Code::NotFound
        }
        Reason::CallTimeout | Reason::TokenTimeout => Code::DeadlineExceeded,
        // Not a module that crashed: what may be tried again at once, some clients do try again, and a PIN may have been on its way.
        Reason::AgentStopping | Reason::ModuleStarting => Code::Unavailable,
        Reason::TooManyCalls | Reason::TooManyUploads | Reason::WatchBehind => Code::ResourceExhausted,
        Reason::KeyExists | Reason::CertificateExists => Code::AlreadyExists,
        _ => match reason.class() {
            Class::Rule | Class::Availability => Code::FailedPrecondition,
            Class::Usage => Code::InvalidArgument,
            Class::Fault => Code::Internal,
        },
    }
}

/// A violation as status; the message is short, the rest is in the details.
pub(super) fn of_violation(violation: &Violation) -> Status {
    let reason = violation.reason;
    let metadata: HashMap<String, String> =
        violation.details.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let details = ErrorDetails::with_error_info(reason.code(), ERROR_DOMAIN, metadata);
    Status::with_error_details(code(reason), reason.text(Language::English), details)
}

/// A bare reason as status.
pub(super) fn of_reason(reason: Reason) -> Status {
    of_violation(&Violation::new(reason))
}

/// What stopped a call whose answer has no place for a refusal.
pub(super) fn of_failure(failure: &Failure) -> Status {
    match failure {
        Failure::Refused(refused) => of_violation(refused.refusal.first()),
        Failure::Fault(reason) => of_reason(*reason),
    }
}

/// A token's no.
pub(super) fn of_token_error(error: &TokenError) -> Status {
    of_violation(&error.violation())
}

/// An argument that is not as the contract says.
pub(super) fn bad_argument(field: &'static str, rule: impl std::fmt::Display) -> Status {
    of_violation(&Violation::new(Reason::BadArgument).with("field", field).with("rule", rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_travels_in_error_info() {
        let status = of_violation(&Violation::new(Reason::TokenPinWrong).with("tries-left", "few"));
        assert_eq!(status.code(), Code::FailedPrecondition);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("token-pin-wrong", "sealkeeper"));
        assert_eq!(info.metadata["tries-left"], "few");
    }

    #[test]
    fn what_a_client_may_try_again_by_itself_has_sent_no_pin() {
        let tried_again: Vec<_> =
            Reason::ALL.iter().copied().filter(|reason| code(*reason) == Code::Unavailable).collect();
        assert_eq!(tried_again, [Reason::ModuleStarting, Reason::AgentStopping]);
    }
}
