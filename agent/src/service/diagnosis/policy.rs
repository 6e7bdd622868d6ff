//! The policy in force, and the file it should be.

use sealkeeper_domain::{identity::Digest, reason::Reason, refusal::Violation};
use sealkeeper_journal::Severity;

use super::Check;
use crate::policy::Rejection;

/// Whether the file on the disk is what is in force. Whatever it is, seals can be used by the last good one.
pub(super) fn policy(in_force: Digest, on_disk: Result<Digest, Rejection>) -> Check {
    let check = match on_disk {
        Ok(sha256) if sha256 == in_force => {
            Check::well("policy", "制度文件就是现行制度", "the policy file is what is in force")
        }
        Ok(sha256) => {
            let changed = Violation::new(Reason::PolicyNotLoaded).with("file-sha256", sha256);
            Check::wrong("policy", Severity::Warn, changed)
        }
        Err(rejection) => {
            let mut bad = Violation::new(rejection.reason()).with("what", rejection.in_one_line());
            if let Some(sha256) = rejection.sha256 {
                bad = bad.with("file-sha256", sha256);
            }
            Check::wrong("policy", Severity::Warn, bad)
        }
    };
    check.with("policy-sha256", in_force)
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::policy::PolicyError;

    use super::*;
    use crate::{policy::Cause, service::diagnosis::Found};

    #[test]
    fn what_is_in_force_is_told_with_what_lies_on_the_disk() {
        let [one, other] = [Digest::of(b"one"), Digest::of(b"other")];
        let Found::Well { details, .. } = policy(one, Ok(one)).found else { panic!("it is well") };
        assert_eq!(details["policy-sha256"], one.to_string());
        let wrong = |on_disk| match policy(one, on_disk).found {
            Found::Wrong { severity: Severity::Warn, violation } => violation,
            found => panic!("{found:?}"),
        };
        let changed = wrong(Ok(other));
        assert_eq!(changed.reason, Reason::PolicyNotLoaded);
        assert_eq!(changed.details["policy-sha256"], one.to_string());
        assert_eq!(changed.details["file-sha256"], other.to_string());
        let cause = PolicyError::Range { key: "a.b".into(), rule: "from 1 to 2" }.into();
        let bad = wrong(Err(Rejection { path: "p".into(), sha256: Some(other), cause }));
        assert_eq!(bad.reason, Reason::PolicyInvalid);
        assert_eq!(bad.details["what"], "a.b: must be from 1 to 2");
        let gone = Cause::Unreadable(std::io::ErrorKind::NotFound.into());
        let gone = wrong(Err(Rejection { path: "p".into(), sha256: None, cause: gone }));
        assert_eq!(gone.reason, Reason::PolicyUnreadable);
        assert!(!gone.details.contains_key("file-sha256"));
    }
}
