//! A policy file as written, and how it is resolved: each value held against its range, units as the rules count in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    ClockBehind, DocumentClass, Importance, InspectionRules, MAX_APPROVERS, MAX_TICKETS, OfficeTerms, Policy,
    PolicyError, Secrecy, UnlockLimits, document::RawDocument, pictures::RawPictures, remote::RawRemote,
};
use crate::identity::PersonId;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    version: u32,
    requests: RawRequests,
    office: RawOffice,
    unlock: RawUnlock,
    inspection: RawInspection,
    remote: RawRemote,
    pictures: RawPictures,
    retention: RawRetention,
    custody: RawCustody,
    document: RawDocument,
    #[serde(default)]
    clock: RawClock,
    classes: BTreeMap<String, RawClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequests {
    default_class: String,
    copies_per_request: u32,
    lifetime_hours: u32,
    ticket_lifetime_hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOffice {
    utc_offset_minutes: i32,
    act_lifetime_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnlock {
    max_uses: u32,
    max_idle_minutes: u32,
    default_idle_minutes: u32,
    max_minutes: u32,
    default_minutes: u32,
    wrong_pins_before_caution: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInspection {
    interval_days: u32,
    grace_days: u32,
    block_overdue: bool,
    certificate_warning_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRetention {
    personal_data_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCustody {
    training_interval_months: u32,
}

/// Files of earlier agents have no such part: it is as strict as it can be where nothing is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClock {
    behind: ClockBehind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    tickets: u32,
    importance: Importance,
    secrecy: Secrecy,
    /// The one key that may be left out: most offices let every approver approve everything.
    #[serde(default)]
    approvers: Vec<String>,
}

/// s of a minute, an hour, a day.
const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;

impl RawPolicy {
    pub(super) fn read(text: &str) -> Result<Self, PolicyError> {
        toml::from_str(text).map_err(|e| PolicyError::Syntax(e.to_string().trim_end().to_owned()))
    }

    pub(super) fn resolved(self) -> Result<Policy, PolicyError> {
        within("version", self.version, 1..=1, "1: the only version this agent reads")?;
        let requests = self.requests;
        within("requests.copies_per_request", requests.copies_per_request, 1..=10_000, "from 1 to 10000")?;
        let request_lifetime_s = hours("requests.lifetime_hours", requests.lifetime_hours)?;
        let ticket_lifetime_s = hours("requests.ticket_lifetime_hours", requests.ticket_lifetime_hours)?;
        let office = self.office.resolved()?;
        let unlock = self.unlock.resolved()?;
        let inspection = self.inspection.resolved()?;
        let remote = self.remote.resolved(ticket_lifetime_s)?;
        let pictures = self.pictures.resolved()?;
        let days = self.retention.personal_data_days;
        within("retention.personal_data_days", days, 30..=36_500, "from 30 to 36500 days")?;
        let months = self.custody.training_interval_months;
        within("custody.training_interval_months", months, 0..=120, "from 0 to 120 months")?;
        let document = self.document.resolved()?;
        let classes = self.classes.into_iter().map(|(name, class)| class.resolved(name));
        let classes: BTreeMap<_, _> = classes.collect::<Result<_, _>>()?;
        if !classes.contains_key(&requests.default_class) {
            return Err(range("requests.default_class", "the name of one of the classes"));
        }
        Ok(Policy {
            default_class: requests.default_class,
            classes,
            copies_per_request: requests.copies_per_request,
            request_lifetime_ms: request_lifetime_s * 1000,
            ticket_lifetime_s,
            office,
            unlock,
            inspection,
            remote,
            pictures,
            personal_data_ms: u64::from(days) * DAY_S * 1000,
            training_interval_months: months,
            document,
            clock_behind: self.clock.behind,
        })
    }
}

impl RawOffice {
    fn resolved(self) -> Result<OfficeTerms, PolicyError> {
        // The offsets there are: from UTC-12 to UTC+14.
        let offset = self.utc_offset_minutes;
        within("office.utc_offset_minutes", offset, -720..=840, "from -720 to 840 minutes")?;
        within("office.act_lifetime_days", self.act_lifetime_days, 1..=366, "from 1 to 366 days")?;
        Ok(OfficeTerms {
            utc_offset_minutes: offset,
            act_lifetime_s: u64::from(self.act_lifetime_days) * DAY_S,
        })
    }
}

impl RawClass {
    fn resolved(self, name: String) -> Result<(String, DocumentClass), PolicyError> {
        let key = || format!("classes.{name:?}");
        if !(1..=64).contains(&name.chars().count()) {
            return Err(range(&key(), "a name of 1 to 64 characters"));
        }
        if name.chars().any(char::is_control) {
            return Err(range(&key(), "a name without control characters"));
        }
        let RawClass { tickets, importance, secrecy, approvers } = self;
        within(&format!("classes.{name}.tickets"), tickets, 0..=MAX_TICKETS, "from 0 to 16")?;
        let approvers = approvers_of(&format!("classes.{name}.approvers"), &approvers, tickets)?;
        Ok((name, DocumentClass { tickets, importance, secrecy, approvers }))
    }
}

fn approvers_of(key: &str, written: &[String], tickets: u32) -> Result<BTreeSet<PersonId>, PolicyError> {
    let read: Result<BTreeSet<_>, _> = written.iter().map(|id| id.parse()).collect();
    let approvers = read.map_err(|_| range(key, "ids of persons, as they are registered"))?;
    if approvers.len() != written.len() || approvers.len() > MAX_APPROVERS {
        return Err(range(key, "at most 64 persons, none of them twice"));
    }
    // Else nothing of this class could ever be stamped.
    if !approvers.is_empty() && approvers.len() < tickets as usize {
        return Err(range(key, "at least as many persons as tickets are needed, or left out"));
    }
    Ok(approvers)
}

impl RawUnlock {
    fn resolved(self) -> Result<UnlockLimits, PolicyError> {
        let minutes = |key, value: u32, most, rule| {
            within(key, value, 1..=most, rule)?;
            Ok(u64::from(value) * MINUTE_S * 1000)
        };
        const DAY: &str = "from 1 to 1440 minutes";
        within("unlock.max_uses", self.max_uses, 1..=1_000_000, "from 1 to 1000000")?;
        let caution = self.wrong_pins_before_caution;
        within("unlock.wrong_pins_before_caution", caution, 1..=10, "from 1 to 10")?;
        Ok(UnlockLimits {
            max_uses: self.max_uses,
            max_idle_ms: minutes("unlock.max_idle_minutes", self.max_idle_minutes, 1440, DAY)?,
            default_idle_ms: minutes(
                "unlock.default_idle_minutes",
                self.default_idle_minutes,
                self.max_idle_minutes,
                "from 1 minute to unlock.max_idle_minutes",
            )?,
            max_lifetime_ms: minutes("unlock.max_minutes", self.max_minutes, 1440, DAY)?,
            default_lifetime_ms: minutes(
                "unlock.default_minutes",
                self.default_minutes,
                self.max_minutes,
                "from 1 minute to unlock.max_minutes",
            )?,
            wrong_pins_before_caution: caution,
        })
    }
}

impl RawInspection {
    fn resolved(self) -> Result<InspectionRules, PolicyError> {
        let days = |key, value: u32, least, rule| {
            within(key, value, least..=366, rule)?;
            Ok(u64::from(value) * DAY_S * 1000)
        };
        const YEAR: &str = "from 0 to 366 days";
        Ok(InspectionRules {
            interval_ms: days("inspection.interval_days", self.interval_days, 1, "from 1 to 366 days")?,
            grace_ms: days("inspection.grace_days", self.grace_days, 0, YEAR)?,
            block_overdue: self.block_overdue,
            certificate_warning_ms: days(
                "inspection.certificate_warning_days",
                self.certificate_warning_days,
                0,
                YEAR,
            )?,
        })
    }
}

/// So many hours, s: at most those of a leap year.
pub(super) fn hours(key: &str, value: u32) -> Result<u64, PolicyError> {
    within(key, value, 1..=8784, "from 1 to 8784 hours")?;
    Ok(u64::from(value) * HOUR_S)
}

pub(super) fn within<T: PartialOrd>(
    key: &str,
    value: T,
    allowed: std::ops::RangeInclusive<T>,
    rule: &'static str,
) -> Result<(), PolicyError> {
    if allowed.contains(&value) { Ok(()) } else { Err(range(key, rule)) }
}

pub(super) fn range(key: &str, rule: &'static str) -> PolicyError {
    PolicyError::Range { key: key.to_owned(), rule }
}
