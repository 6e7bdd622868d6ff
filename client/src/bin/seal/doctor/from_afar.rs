//! What can be seen of an agent on another machine: whether it answers, and how long the certificates of both ends are still good.

use std::path::Path;

use sealkeeper_client::{Agent, RemoteFile, certificate};
use sealkeeper_domain::reason::Reason;
use sealkeeper_proto::v1;

use super::from_here::{answering as answers, not_answering, well, wrong};
use crate::failure::Failure;
use crate::signing::now_s;

/// So many days before its end a certificate should be renewed: an authority may take weeks.
const RENEWAL_DAYS: i64 = 30;

/// Whose certificate.
#[derive(Clone, Copy)]
enum End {
    Agent,
    Own,
}

/// The agent answers.
pub(super) fn answering(file: &Path, agent: &Agent, version: &str) -> Result<Vec<v1::Check>, Failure> {
    let file = RemoteFile::read(file)?;
    let now_s = now_s()?;
    let mut checks = vec![answers(&file.address(), version)];
    if let Some(der) = agent.server_certificate() {
        checks.push(validity(End::Agent, certificate::valid_until_s(der)?, now_s));
    }
    checks.push(validity(End::Own, certificate::valid_until_s(&file.certificate()?)?, now_s));
    Ok(checks)
}

/// No agent answers, or none that took the certificate: why, and whether that is at its end.
pub(super) fn checks(file: &Path, unreachable: &Failure) -> Vec<v1::Check> {
    let own = || {
        let der = RemoteFile::read(file)?.certificate()?;
        Ok::<_, Failure>(validity(End::Own, certificate::valid_until_s(&der)?, now_s()?))
    };
    // What is wrong with the files is why there is no connection, which is said first.
    [not_answering(unreachable)].into_iter().chain(own()).collect()
}

fn validity(end: End, until_s: u64, now_s: i64) -> v1::Check {
    let (chinese, english) = match end {
        End::Agent => ("代理的 TLS 证书", "the agent's TLS certificate"),
        End::Own => ("自己的客户端证书", "one's own client certificate"),
    };
    let left_s = i64::try_from(until_s).unwrap_or(i64::MAX).saturating_sub(now_s);
    let days = left_s.div_euclid(86_400);
    if left_s < 0 {
        let said = (format!("{chinese}已过期"), format!("{english} has expired"));
        return wrong("remote", "refuse", Reason::CertificateExpired, said);
    }
    let said = (format!("{chinese}还有 {days} 天到期"), format!("{english} ends in {days} days"));
    match days < RENEWAL_DAYS {
        true => wrong("remote", "warn", Reason::CertificateExpiresSoon, said),
        false => well("remote", said.0, said.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_left_decide() {
        let day = 86_400;
        for (left_s, severity, words) in [
            (365 * day, "ok", "ends in 365 days"),
            (30 * day, "ok", "ends in 30 days"),
            (30 * day - 1, "warn", "ends in 29 days"),
            (0, "warn", "ends in 0 days"),
            (-1, "refuse", "has expired"),
        ] {
            let now_s = 1_800_000_000;
            let check = validity(End::Own, u64::try_from(now_s + left_s).unwrap(), now_s);
            assert_eq!(check.severity, severity, "{left_s}");
            assert!(check.text_en.ends_with(words), "{}", check.text_en);
        }
    }
}
