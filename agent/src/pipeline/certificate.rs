//! A seal's certificate as found on its token: whether it can be used now (A3, U8), and for how long.

use std::time::Duration;

use sealkeeper_domain::{reason::Reason, refusal::Violation};
use sealkeeper_pades::cms::SigningChain;

use super::ports::{key::SigningKey, registry::RegisteredSeal};

/// The certificate with its issuers, if it is one this agent can sign for and valid at `now_us`, µs since the Unix epoch.
pub(crate) fn valid_chain(
    registered: &RegisteredSeal,
    key: &SigningKey,
    now_us: u64,
) -> Result<SigningChain, Violation> {
    let chain = SigningChain::from_der(&key.certificate, &registered.issuers).map_err(|error| {
        Violation::new(Reason::from_code(error.code()).unwrap_or(Reason::CertificateBad)).with("what", error)
    })?;
    check_validity(&chain, now_us)?;
    Ok(chain)
}

/// Whether the signer's certificate is valid at `now_us`, µs since the Unix epoch (U8).
pub(crate) fn check_validity(chain: &SigningChain, now_us: u64) -> Result<(), Violation> {
    let validity = chain.signer().certificate().tbs_certificate().validity();
    let now = Duration::from_micros(now_us);
    if now < validity.not_before.to_unix_duration() {
        return Err(Violation::new(Reason::CertificateNotYetValid).with("not-before", validity.not_before));
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(Violation::new(Reason::CertificateExpired).with("not-after", validity.not_after));
    }
    Ok(())
}

/// How long the signer's certificate is valid still.
pub(crate) fn time_left(chain: &SigningChain, now_us: u64) -> Duration {
    let until = chain.signer().certificate().tbs_certificate().validity().not_after;
    until.to_unix_duration().saturating_sub(Duration::from_micros(now_us))
}
