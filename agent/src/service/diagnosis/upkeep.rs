//! Upkeep (C6): whether the journal was backed up lately, and its keepers trained.

use std::time::Duration;

use sealkeeper_domain::{
    identity::PersonId,
    office::{Office, TrainingState},
    reason::Reason,
    refusal::Violation,
};
use sealkeeper_journal::{Record, Severity};

use super::{Check, days};
use crate::{pipeline::ports::ledger::Ledger, service::Service};

/// How long after a backup, or after its beginning, a journal is to be backed up: 30 days, µs.
const BACKUP_INTERVAL_US: u64 = 30 * 86_400_000_000;

/// When the journal was backed up last. What cannot be read is told where the journal is.
pub(super) async fn backup(ledger: &dyn Ledger, now_us: u64) -> Option<Check> {
    let time = |records: Vec<crate::pipeline::ports::ledger::StoredRecord>| {
        records.first().and_then(|stored| Record::parse(&stored.bytes).ok()).map(|record| record.time_us)
    };
    let last = time(ledger.newest_records(1, vec!["journal_backed_up".to_owned()]).await.ok()?);
    let since = match last {
        Some(last) => last,
        None => time(ledger.records(0, 1, Vec::new()).await.ok()?)?,
    };
    let passed_us = now_us.saturating_sub(since);
    let (zh, en) = days(Duration::from_micros(passed_us));
    Some(match last {
        _ if passed_us > BACKUP_INTERVAL_US => {
            let overdue = Violation::new(Reason::BackupOverdue).with("days", passed_us / 86_400_000_000);
            let check = Check::wrong("backup", Severity::Warn, overdue);
            match last {
                Some(last) => check.with("last-us", last),
                None => check,
            }
        }
        Some(last) => {
            let en = format!("made {en} ago");
            Check::well("backup", format!("{zh}前备份过"), en).with("last-us", last)
        }
        None => Check::well(
            "backup",
            format!("用印记录才有 {zh}，还没有备份"),
            format!("none yet; the journal is {en} old"),
        ),
    })
}

impl Service {
    /// How a custodian's training stands, where the policy asks for it.
    pub(crate) fn training_of(&self, office: &Office, person: &PersonId) -> Option<TrainingState> {
        let months = self.policy.now().training_interval_months;
        office.training_state(person, months, self.clock.now_us())
    }

    /// One for each custodian whose training is missing or counts no longer. C6 has that shown; it keeps nobody from stamping, and nothing of the
    /// installation is amiss for it, so it is told as a note.
    pub(super) fn trainings(&self) -> Vec<Check> {
        let Ok(desk) = self.office() else { return Vec::new() };
        let current = desk.now();
        let office = &current.office;
        let untrained = office.people.values().filter_map(|person| {
            let state = self.training_of(office, &person.id)?;
            let missing = Violation::new(Reason::TrainingMissing).with("person", &person.id);
            let missing = match state {
                TrainingState::Current(_) => return None,
                TrainingState::Past(until_us) => missing.with("state", "past").with("until-us", until_us),
                TrainingState::Missing => missing.with("state", "missing"),
            };
            Some(Check::wrong(format!("person {}", person.name), Severity::Note, missing))
        });
        untrained.collect()
    }
}
