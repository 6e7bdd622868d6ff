//! Certificate, key, issuers and revocation lists for callers from afar.

use std::time::Duration;

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_journal::Severity;

use super::{Check, days};
use crate::remote::TlsState;

/// From so long before its end on the agent's own certificate is warned of.
const CERTIFICATE_SOON_S: u64 = 14 * 86_400;
/// The same of a revocation list, which many authorities renew each day.
const LIST_SOON_S: u64 = 6 * 3_600;

/// What is wrong with them, or that all is well.
pub(super) fn remote(state: &TlsState, now_s: u64) -> Vec<Check> {
    let mut checks = Vec::new();
    let wrong = |severity, violation: Violation| Check::wrong("remote", severity, violation);
    if let Some(trouble) = &state.trouble {
        let bad = Violation::new(Reason::RemoteFilesBad).with("what", trouble);
        checks.push(wrong(Severity::Warn, bad));
    }
    let until_s = state.certificate_until_s;
    if until_s <= now_s.saturating_add(CERTIFICATE_SOON_S) {
        // Whoever calls refuses it once it has ended.
        let severity = if until_s <= now_s { Severity::Refuse } else { Severity::Warn };
        let ends = Violation::new(Reason::RemoteCertificateEnds).with("not-after-s", until_s);
        checks.push(wrong(severity, ends));
    }
    if let Some(until_s) = state.lists_until_s
        && until_s <= now_s.saturating_add(LIST_SOON_S)
    {
        let severity = if until_s <= now_s { Severity::Refuse } else { Severity::Warn };
        let ends = Violation::new(Reason::RemoteListEnds).with("next-update-s", until_s);
        checks.push(wrong(severity, ends));
    }
    if checks.is_empty() {
        let (zh, en) = days(Duration::from_secs(until_s.saturating_sub(now_s)));
        let check = Check::well(
            "remote",
            format!("远程接入正常，代理证书还有 {zh} 到期"),
            format!("callers from afar are taken; the agent's certificate is good for {en}"),
        );
        checks.push(match state.lists_until_s {
            Some(until_s) => check.with("lists-until-s", until_s),
            None => check,
        });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::diagnosis::Found;

    fn told(state: &TlsState) -> Vec<(Severity, &'static str)> {
        let one = |check: &Check| match &check.found {
            Found::Well { .. } => None,
            Found::Wrong { severity, violation } => Some((*severity, violation.reason.code())),
        };
        remote(state, 1_000_000).iter().filter_map(one).collect()
    }

    #[test]
    fn what_ends_is_warned_of_before_it_does() {
        let well =
            TlsState { certificate_until_s: 10_000_000, lists_until_s: Some(2_000_000), trouble: None };
        assert_eq!(told(&well), []);
        assert_eq!(told(&TlsState { lists_until_s: None, ..well.clone() }), []);
        let soon =
            TlsState { certificate_until_s: 1_000_001, lists_until_s: Some(1_000_001), ..well.clone() };
        let (certificate, list) = ("remote-certificate-ends", "remote-list-ends");
        assert_eq!(told(&soon), [(Severity::Warn, certificate), (Severity::Warn, list)]);
        let over = TlsState { certificate_until_s: 1_000_000, lists_until_s: Some(999_999), ..well.clone() };
        assert_eq!(told(&over), [(Severity::Refuse, certificate), (Severity::Refuse, list)]);
        let bad = TlsState { trouble: Some("ca.pem: no certificate (PEM) in it".into()), ..well };
        assert_eq!(told(&bad), [(Severity::Warn, "remote-files-bad")]);
    }
}
