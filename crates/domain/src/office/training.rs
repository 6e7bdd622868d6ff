//! Who was trained in the keeping of seals, and of which custodian that is missing (C6). It refuses nothing; it is shown.

use serde::{Deserialize, Serialize};

use super::{ActRef, Office, Role};
use crate::{act::statement::TrainingGiven, identity::PersonId};

/// A twelfth of a Gregorian year, µs.
const MONTH_US: u64 = 2_629_746_000_000;
const SECOND_US: u64 = 1_000_000;

/// A person was trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The seal office's act.
    pub by: ActRef,
    /// Who, in what, until when.
    pub given: TrainingGiven,
}

/// How a custodian stands to the training that the policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingState {
    /// One counts until then, µs since the Unix epoch.
    Current(u64),
    /// The last one counted until then, µs since the Unix epoch.
    Past(u64),
    /// There never was one.
    Missing,
}

impl Training {
    /// Until when it counts where one is asked for every so many months, µs since the Unix epoch: as the act says, or earlier.
    fn counts_until_us(&self, interval_months: u32) -> u64 {
        let said_us = self.given.until_s.saturating_mul(SECOND_US);
        said_us.min(self.by.at_us.saturating_add(u64::from(interval_months).saturating_mul(MONTH_US)))
    }
}

impl TrainingState {
    /// Its name as the contract writes it.
    pub fn code(self) -> &'static str {
        match self {
            TrainingState::Current(_) => "current",
            TrainingState::Past(_) => "past",
            TrainingState::Missing => "missing",
        }
    }

    /// Until when the last training counts, µs since the Unix epoch; `None`: there never was one.
    pub fn until_us(self) -> Option<u64> {
        match self {
            TrainingState::Current(until_us) | TrainingState::Past(until_us) => Some(until_us),
            TrainingState::Missing => None,
        }
    }
}

impl Office {
    /// What a person was trained in, in the order of the acts' time.
    pub fn trainings_of<'a>(&'a self, person: &'a PersonId) -> impl Iterator<Item = &'a Training> {
        let mut own: Vec<_> =
            self.trainings.values().filter(|training| training.given.person == *person).collect();
        own.sort_by_key(|training| (training.by.at_us, training.by.act));
        own.into_iter()
    }

    /// How a custodian's training stands; `None` of whoever is none, and where the policy asks for none (0 months).
    pub fn training_state(
        &self,
        person: &PersonId,
        interval_months: u32,
        now_us: u64,
    ) -> Option<TrainingState> {
        let is_asked = interval_months > 0
            && self.people.get(person).is_some_and(|registered| registered.is(Role::Custodian));
        if !is_asked {
            return None;
        }
        let until_us =
            self.trainings_of(person).map(|training| training.counts_until_us(interval_months)).max();
        Some(match until_us {
            None => TrainingState::Missing,
            Some(until_us) if now_us < until_us => TrainingState::Current(until_us),
            Some(until_us) => TrainingState::Past(until_us),
        })
    }
}
