//! Joins a placed document with the office's rules: at submission what can be decided then, before a stamp all of it.

use sealkeeper_domain::{
    channel::Channel,
    identity::{PersonId, RequestId, SealId},
    office::{RequestFacts, RequestState, SealEntry},
    policy::Policy,
    reason::Reason,
    refusal::Violation,
};

use super::Service;
use crate::{
    office::InForce,
    pipeline::{
        At, Stop,
        allow::Allowed,
        approve::{Approved, OfficeView},
        identify::Caller,
        kept::{KeptRequest, KeptUse},
        place::Placed,
        prepare::Reviewed,
    },
    policy::Thresholds,
};

const DAY_US: u64 = 86_400_000_000;

impl Service {
    /// Who asks: the caller, or in an office the person for whom they carry the document.
    pub(super) fn applicant(&self, caller: &Caller, named: &str) -> Result<PersonId, Violation> {
        if named.is_empty() || named == caller.person().id.as_str() {
            return Ok(caller.person().id.clone());
        }
        let unknown = || Violation::new(Reason::PersonNotRegistered).with("person", named);
        let current = self.office().map_err(Violation::from)?.now();
        let id: PersonId = named.parse().map_err(|_| unknown())?;
        if current.office.people.contains_key(&id) { Ok(id) } else { Err(unknown()) }
    }

    /// A request that was placed, as the office sees it first: filed by nobody, unless its applicant is the seal's custodian, who
    /// brings it on this machine: what comes from afar is signed like anybody's (G3).
    pub(super) fn drafted(
        &self,
        placed: &Placed<'_>,
        id: RequestId,
        caller: &Caller,
        applicant: &PersonId,
        expires_us: u64,
        policy: &Thresholds,
    ) -> Result<Option<RequestFacts>, Stop> {
        let Ok(desk) = self.office() else { return Ok(None) };
        let current = desk.now();
        check_policy(&current, policy)?;
        let binding = placed.binding(id, applicant.clone()).at("approve")?;
        let entry = entry(&current, &placed.terms().seal)?;
        let keeps = current.custodian_of(entry.id()) == Some(&caller.person().id);
        let is_here = caller.origin().channel() == Channel::Local;
        let state = if keeps && is_here && *applicant == caller.person().id {
            RequestState::Filed(None)
        } else {
            RequestState::Drafted
        };
        let facts = RequestFacts { binding, state, tickets: Vec::new(), expires_us };
        let view = OfficeView {
            office: &current.office,
            seal: entry,
            custodian: None,
            channel: Channel::Local,
            policy,
            now_us: self.clock.now_us(),
            copies_used: 0,
            used_today: 0,
        };
        placed.admissible(&facts, &view).at("approve")?;
        Ok(Some(facts))
    }

    /// Whether it may be stamped now, by this caller.
    pub(super) fn approved<'f>(
        &self,
        placed: Placed<'f>,
        kept: &KeptRequest,
        caller: &Caller,
        policy: &Thresholds,
        used_today: u32,
    ) -> Result<Approved<'f>, Stop> {
        let Ok(desk) = self.office() else {
            only_ones_own(kept, caller)?;
            return placed.approve_solo(policy).at("approve");
        };
        let current = desk.now();
        check_policy(&current, policy)?;
        let facts = kept.facts.as_ref().ok_or(Reason::RequestNotFiled).at("approve")?;
        let view = self.view(&current, kept, caller, policy, used_today)?;
        placed.approve(facts, &view).at("approve")
    }

    /// Asks every rule again about a confirmed use, in its turn, and tells the request as it was then. What changed while it was prepared, by an
    /// act, by another use or by a new policy, is refused as if it had been so before.
    pub(super) async fn allowed(
        &self,
        reviewed: Reviewed,
        caller: &Caller,
        id: RequestId,
    ) -> Result<(Allowed<'_>, KeptRequest), Stop> {
        let turn = match self.office() {
            Ok(desk) => Some((desk, desk.turn().await)),
            Err(_) => None,
        };
        let (kept, policy) = (self.open_request(id).await?, self.policy.now());
        let admitted = self.admitted(&kept.asked, kept.seal.as_str(), kept.applicant.clone(), &policy)?;
        let Some((desk, turn)) = turn else {
            only_ones_own(&kept, caller)?;
            let allowed = reviewed.allow_solo(&admitted, &policy, self.clock.now_us());
            return Ok((allowed.at("approve")?, kept));
        };
        let current = desk.now();
        check_policy(&current, &policy)?;
        let facts = kept.facts.as_ref().ok_or(Reason::RequestNotFiled).at("approve")?;
        let used_today = self.used_today(&kept).await?;
        let view = self.view(&current, &kept, caller, &policy, used_today)?;
        let allowed = reviewed.allow(turn, &admitted, facts, &view).at("approve")?;
        Ok((allowed, kept))
    }

    fn view<'o>(
        &self,
        current: &'o InForce,
        kept: &KeptRequest,
        caller: &Caller,
        policy: &'o Policy,
        used_today: u32,
    ) -> Result<OfficeView<'o>, Stop> {
        Ok(OfficeView {
            office: &current.office,
            seal: entry(current, &kept.seal)?,
            custodian: current.office.people.get(&caller.person().id),
            channel: caller.origin().channel(),
            policy,
            now_us: self.clock.now_us(),
            copies_used: kept.copies_used,
            used_today,
        })
    }

    /// Copies stamped since midnight of the office for a request's applicant with its seal.
    pub(super) async fn used_today(&self, kept: &KeptRequest) -> Result<u32, Stop> {
        if self.office().is_err() {
            return Ok(0);
        }
        let from_us = midnight_us(self.clock.now_us(), &self.policy.now());
        Ok(self.ledger.used_since(kept.applicant.clone(), kept.seal.clone(), from_us).await?)
    }

    /// Name of a request's applicant, for people to read.
    pub(super) fn name_of_applicant(&self, kept: &KeptRequest, caller: &Caller) -> String {
        match self.office() {
            Ok(desk) => desk.now().name_of(&kept.applicant),
            Err(_) => caller.person().name.clone(),
        }
    }

    /// Names of those whose tickets for a request count now.
    pub(super) fn names_of_approvers(&self, kept: &KeptRequest) -> Vec<String> {
        let (Ok(desk), Some(facts)) = (self.office(), &kept.facts) else { return Vec::new() };
        let current = desk.now();
        let good = current.good_tickets(facts, &self.policy.now(), self.clock.now_us());
        good.iter().map(|ticket| current.name_of(&ticket.by)).collect()
    }

    /// Only its custodian is asked to confirm what would be stamped with a seal. One that nobody keeps now is told by its state.
    pub(super) fn check_confirms(&self, caller: &Caller, seal: &SealId) -> Result<(), Violation> {
        let Ok(desk) = self.office() else {
            return caller.as_custodian().map(|_| ()).map_err(Violation::from);
        };
        match desk.now().custodian_of(seal) {
            Some(custodian) if *custodian != caller.person().id => {
                Err(Violation::new(Reason::NotCustodian).with("seal", seal))
            }
            _ => Ok(()),
        }
    }

    /// Whether the caller keeps the seal of this use; in a solo journal there is nobody else.
    pub(super) fn may_stamp(&self, caller: &Caller, kept: &KeptUse) -> bool {
        self.office().map_or(true, |desk| desk.now().custodian_of(&kept.seal) == Some(&caller.person().id))
    }

    /// What came of a use is its applicant's and its custodian's; of a solo journal, anybody's who is registered.
    pub(super) fn may_fetch(&self, caller: &Caller, kept: &KeptUse) -> bool {
        let Ok(desk) = self.office() else { return true };
        let id = &caller.person().id;
        kept.applicant == *id || desk.now().custodian_of(&kept.seal) == Some(id)
    }
}

/// Nothing is asked or stamped by thresholds other than those the seal office signed: these are what is judged by, not what is in force by now.
fn check_policy(current: &InForce, judged_by: &Thresholds) -> Result<(), Stop> {
    let sha256 = judged_by.sha256();
    match current.office.policy {
        Some(signed) if signed == sha256 => Ok(()),
        signed => {
            let mut unsigned = Violation::new(Reason::PolicyUnsigned).with("in-force", sha256);
            if let Some(signed) = signed {
                unsigned = unsigned.with("signed", signed);
            }
            Err(unsigned).at("approve")
        }
    }
}

fn entry<'o>(current: &'o InForce, seal: &SealId) -> Result<&'o SealEntry, Stop> {
    current.office.seals.get(seal).ok_or(Reason::SealUnknown).at("approve")
}

/// In a solo journal the applicant is the caller: there is nobody else.
fn only_ones_own(kept: &KeptRequest, caller: &Caller) -> Result<(), Stop> {
    if kept.applicant == caller.person().id { Ok(()) } else { Err(Reason::RequestUnknown).at("admit") }
}

/// The last midnight by the office's time, µs since the Unix epoch.
fn midnight_us(now_us: u64, policy: &Policy) -> u64 {
    let east_us = i64::from(policy.office.utc_offset_minutes) * 60_000_000;
    let local_us = now_us.saturating_add_signed(east_us);
    (local_us - local_us % DAY_US).saturating_add_signed(-east_us)
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::policy::Authority;

    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_office() {
        let mut policy = Policy::from_toml(Policy::OFFICE_TOML, Authority::Office).unwrap();
        policy.office.utc_offset_minutes = 480;
        let hour = 3_600_000_000;
        // 1970-01-02 15:30 UTC is 23:30 in the east; half an hour later another day begins there.
        assert_eq!(midnight_us(39 * hour + hour / 2, &policy), 16 * hour);
        assert_eq!(midnight_us(40 * hour, &policy), 40 * hour);
        policy.office.utc_offset_minutes = -60;
        assert_eq!(midnight_us(24 * hour, &policy), hour);
    }
}
