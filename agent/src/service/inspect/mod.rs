//! Inspection of a token and the seals on it (C3): when a person asks, and by itself when it is due and the token is unlocked for other work.

pub(crate) mod findings;
mod test_signature;

use std::sync::Arc;

use sealkeeper_domain::{
    identity::{SealId, TokenSerial},
    inspection::Concern,
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::{
    InspectionFinding, ListDigest, MAX_INSPECTION_FINDINGS, Record, RecordBody, Severity, TestSignature,
    TokenInspected, Verdict,
};

use self::{
    findings::{Finding, gravest_first, of_firmware, of_pins, of_seal},
    test_signature::{Candidate, Trials, not_made},
};
use super::{Failure, Service, Subject};
use crate::pipeline::{
    At, Stop,
    identify::{Caller, Custodian},
    ports::{
        ledger::{Committed, LedgerError},
        registry::RegisteredSeal,
        token::{OnePin, TokenState},
        token_error::TokenError,
    },
    scribe::{code, id},
};

/// An inspection that was made and is on record.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// Whether no finding stands against using the seals.
    pub(crate) passed: bool,
    /// The gravest first.
    pub(crate) findings: Vec<Finding>,
    pub(crate) journal_seq: u64,
    /// The token as it is now, if it is there.
    pub(crate) token: Option<TokenState>,
}

/// What was seen, before it is recorded.
struct Seen {
    seals: Vec<SealId>,
    findings: Vec<Finding>,
    firmware: Option<String>,
    test_signature: TestSignature,
}

impl Service {
    /// Inspects a token for its custodian. The PIN is for keys that ask for it at each signature. Once begun it should come to its end,
    /// whoever stops waiting.
    pub(crate) async fn inspect(
        &self,
        caller: &Caller,
        serial: TokenSerial,
        pin: Result<Option<OnePin>, Reason>,
    ) -> Result<Inspection, Failure> {
        let subject = Subject::new("inspect-token", caller).token(&serial);
        match self.inspected(caller, &serial, pin).await {
            Ok(inspection) => Ok(inspection),
            Err(stop) => Err(self.refuse(subject, stop).await),
        }
    }

    async fn inspected(
        &self,
        caller: &Caller,
        serial: &TokenSerial,
        pin: Result<Option<OnePin>, Reason>,
    ) -> Result<Inspection, Stop> {
        let custodian = self.keeper(caller, serial).at("identify")?;
        self.check_ledger()?;
        let pin = pin.at("admit")?;
        // What can be seen without the PIN is seen all the same.
        if pin.is_some() {
            caller.origin().must_be_here().at("identify")?;
            self.check_own_pin(custodian, serial).at("identify")?;
        }
        // The agent's stop waits for it as for a use.
        let Ok(_in_progress) = self.uses.clone().acquire_owned().await else {
            return Err(Reason::AgentStopping).at("admit");
        };
        self.look_over(Some(custodian), serial, pin).await
    }

    /// The inspection that is due, of a token that was unlocked just now: its test signatures take none of the uses it was unlocked for. A
    /// key that asks for the PIN at each signature cannot be tried without the person, so that such a token is left to them.
    pub(super) async fn inspect_if_due(&self, serial: &TokenSerial) -> Option<Inspection> {
        self.concern(serial)?;
        if self.seals_on(serial).any(|registered| self.asking_pin.contains(&registered.seal.id)) {
            tracing::warn!(%serial, "the token is due for inspection, which takes the PIN at each signature");
            return None;
        }
        match self.look_over(None, serial, None).await {
            Ok(inspection) => {
                tracing::info!(%serial, passed = inspection.passed, "the token was inspected, as was due");
                Some(inspection)
            }
            Err(stop) => {
                tracing::error!(?stop, %serial, "the inspection that is due could not be made");
                None
            }
        }
    }

    /// What is to be said of the inspection of a token that holds seals; `None`: nothing.
    pub(crate) fn concern(&self, serial: &TokenSerial) -> Option<Concern> {
        self.seals_on(serial).next()?;
        let concern =
            self.inspections.of(serial).concern(&self.policy.now().inspection, self.clock.now_us())?;
        let violation = concern.violation.with("token-serial", serial);
        Some(Concern { violation, ..concern })
    }

    /// Seals of a token whose inspection failed or is overdue are not used, where the policy says so.
    pub(crate) fn check_inspection(&self, serial: &TokenSerial) -> Result<(), Violation> {
        match self.concern(serial) {
            Some(Concern { violation, stands_against_use: true }) => Err(violation),
            _ => Ok(()),
        }
    }

    /// The same where it is a warning only, for whoever is about to use a seal.
    pub(super) fn inspection_warning(&self, seal: &SealId) -> Option<Finding> {
        let concern = self.concern(&self.registry.by_id(seal).ok()?.seal.key.serial)?;
        Some(Finding::warn(concern.violation).of(seal))
    }

    /// Tells the log of each token whose inspection is due, once.
    pub(crate) fn warn_of_inspections(&self) {
        for registered in self.registry.all() {
            let serial = &registered.seal.key.serial;
            let concern = self.concern(serial);
            if self.inspections.is_news(serial, concern.as_ref().map(|concern| concern.violation.reason))
                && let Some(Concern { violation, stands_against_use }) = concern
            {
                let reason = violation.reason.code();
                tracing::warn!(%serial, reason, stands_against_use, "a token has to be inspected");
            }
        }
    }

    /// When a token last passed an inspection with the test signatures that C3 demands, µs since the Unix epoch; `None`: never, or it failed one
    /// since. What a resumption rests on (C4).
    pub(crate) fn last_passed_inspection_us(&self, serial: &TokenSerial) -> Option<u64> {
        let inspected = self.inspections.of(serial);
        inspected.passed_us.filter(|_| inspected.failed_us.is_none())
    }

    /// The seals whose keys lie on this token.
    pub(crate) fn seals_on(
        &self,
        serial: &TokenSerial,
    ) -> impl Iterator<Item = Arc<RegisteredSeal>> + Clone + use<> {
        let serial = serial.clone();
        self.registry.all().into_iter().filter(move |registered| registered.seal.key.serial == serial)
    }

    async fn look_over(
        &self,
        by: Option<Custodian<'_>>,
        serial: &TokenSerial,
        pin: Option<OnePin>,
    ) -> Result<Inspection, Stop> {
        let mut seen = match self.find(serial).await.map_err(|error| error.violation()).at("inspect")? {
            Some(state) => self.look_at(by, &state, pin).await?,
            None => self.miss(serial).await.at("inspect")?,
        };
        gravest_first(&mut seen.findings);
        let verdict = if seen.findings.iter().any(|finding| finding.severity == Severity::Refuse) {
            Verdict::Failed
        } else {
            Verdict::Passed
        };
        let journal_seq = self.record_inspection(by, serial, &seen, verdict).await?;
        // As the test signatures left it; what cannot be told is left out.
        let token = self.find(serial).await.ok().flatten();
        Ok(Inspection { passed: verdict == Verdict::Passed, findings: seen.findings, journal_seq, token })
    }

    async fn find(&self, serial: &TokenSerial) -> Result<Option<TokenState>, TokenError> {
        let listed = self.token.list(self.limits.token).await?;
        Ok(listed.into_iter().find(|state| state.serial == *serial))
    }

    /// A token that is not there. Nothing is found out of one that holds no seal, nor of one whose module does not tell.
    async fn miss(&self, serial: &TokenSerial) -> Result<Seen, Violation> {
        let absent = Violation::new(Reason::TokenAbsent).with("token-serial", serial);
        let Some(registered) = self.seals_on(serial).next() else { return Err(absent) };
        let wanted = registered.on_token(self.clock.now_us());
        if let Err(error) = self.token.describe(wanted, self.limits.token).await
            && error.reason != Reason::TokenAbsent
        {
            return Err(error.violation());
        }
        Ok(Seen {
            seals: self.seals_on(serial).map(|registered| registered.seal.id.clone()).collect(),
            findings: vec![Finding::refuse(absent)],
            firmware: None,
            test_signature: TestSignature::NotMade,
        })
    }

    async fn look_at(
        &self,
        by: Option<Custodian<'_>>,
        state: &TokenState,
        pin: Option<OnePin>,
    ) -> Result<Seen, Stop> {
        let serial = &state.serial;
        if pin.is_some() && state.pin.protected_path {
            return Err(Reason::TokenPinPad).at("admit");
        }
        let mut findings = of_pins(state.pin, self.wrong_pins.of(serial), &self.policy.now().unlock);
        findings.extend(of_firmware(&state.firmware, self.inspections.firmware(serial).as_deref()));
        let (mut seals, mut candidates) = (Vec::new(), Vec::new());
        let mut is_locked = false;
        for registered in self.seals_on(serial) {
            seals.push(registered.seal.id.clone());
            let now_us = self.clock.now_us();
            let key = match self.token.describe(registered.on_token(now_us), self.limits.token).await {
                Ok(key) => key,
                Err(error) => {
                    findings.push(Finding::refuse(error.violation()).of(&registered.seal.id));
                    continue;
                }
            };
            self.asking_pin.learn(&registered.seal.id, &key);
            let (chain, found) = of_seal(&registered, &key, now_us, &self.policy.now().inspection);
            findings.extend(found);
            is_locked |= !key.ready;
            // A certificate that cannot be used has nothing to hold a signature against.
            if let Some(chain) = chain.filter(|_| key.ready) {
                candidates.push(Candidate { registered, key, chain });
            }
        }
        if is_locked {
            findings.push(Finding::warn(not_made(Reason::TokenLocked)));
        }
        let all_are_tried = !seals.is_empty() && candidates.len() == seals.len();
        let own = by.map_or(state.unlocked, |by| state.unlocked_for(by.caller().holder()));
        let uses_left = own.map_or(0, |left| left.uses);
        let made =
            Trials { service: self, by, pin, findings: &mut findings }.all(candidates, uses_left).await?;
        let test_signature = if all_are_tried { made } else { made.max(TestSignature::NotMade) };
        Ok(Seen { seals, findings, firmware: Some(state.firmware.clone()), test_signature })
    }

    /// Writes what was seen. A crash before the commit returned leaves an inspection that was not made, and is made again.
    async fn record_inspection(
        &self,
        by: Option<Custodian<'_>>,
        serial: &TokenSerial,
        seen: &Seen,
        verdict: Verdict,
    ) -> Result<u64, LedgerError> {
        let entry = self.scribe.entry(|draft| {
            let ids: Vec<_> = seen.seals.iter().map(SealId::as_str).collect();
            let bad = |error: sealkeeper_journal::RecordError| LedgerError::Record(error.to_string());
            let (seals, bytes) = ListDigest::of(&ids).map_err(bad)?;
            draft.lists.push(("seals", bytes));
            let told = seen.findings.iter().take(MAX_INSPECTION_FINDINGS).map(|finding| {
                let seal = finding.seal.as_ref().map(|seal| id(seal.as_str())).transpose()?;
                let code = code(finding.violation.reason.code())?;
                Ok(InspectionFinding { severity: finding.severity, code, seal })
            });
            let findings = told.collect::<Result<Vec<_>, LedgerError>>()?;
            let left_out = (seen.findings.len() - findings.len()) as u64;
            Ok(RecordBody::TokenInspected(TokenInspected {
                token_serial: id(serial.as_str())?,
                by: by.map(|by| draft.actor("by", by.caller())).transpose()?,
                seals,
                verdict,
                findings,
                left_out: Some(left_out).filter(|count| *count > 0),
                // What a token tells is anything; what is no identifier stands in no record.
                firmware: seen.firmware.as_deref().and_then(|firmware| firmware.parse().ok()),
                test_signature: seen.test_signature,
            }))
        })?;
        let body = entry.body.clone();
        let Committed { seq, time_us, .. } = self.ledger.append(entry).await?;
        self.inspections.count(&Record { seq, time_us, mode: self.ledger.identity().mode(), body });
        Ok(seq)
    }
}
