//! What is wrong with agent, machine, modules, tokens and seals, and what is right. Looks at everything once, and changes nothing.

mod documents;
mod journal;
mod machine;
mod policy;
mod remote;
mod tokens;
mod upkeep;

use std::{collections::BTreeMap, fmt::Display, path::PathBuf, sync::Arc, time::Duration};

use sealkeeper_domain::refusal::Violation;
use sealkeeper_journal::Severity;

use super::{Finding, Service};
use crate::{pipeline::ports::module::ModuleLook, remote::TlsDesk};

/// Where this agent runs.
pub(crate) struct Surroundings {
    /// Its home.
    pub(crate) home: PathBuf,
    /// The socket it serves on.
    pub(crate) socket: PathBuf,
    /// Its modules.
    pub(crate) modules: Arc<dyn ModuleLook>,
    /// The file of each module, by its name.
    pub(crate) module_files: BTreeMap<String, PathBuf>,
    /// By what callers from afar are let in, where any are.
    pub(crate) remote: Option<Arc<TlsDesk>>,
}

/// One thing looked at, and what was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// As the contract names it.
    pub(crate) subject: String,
    pub(crate) found: Found,
}

/// What was found of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// All is well; in words, and particulars for programs.
    Well { zh: String, en: String, details: BTreeMap<&'static str, String> },
    /// Something is not.
    Wrong { severity: Severity, violation: Violation },
}

/// Most characters of a subject.
const SUBJECT: usize = 160;
/// Most characters of a text that somebody else wrote.
const FOREIGN: usize = 64;

impl Check {
    fn well(subject: impl Display, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let found = Found::Well { zh: zh.into(), en: en.into(), details: BTreeMap::new() };
        Check { subject: cut(subject), found }
    }

    fn wrong(subject: impl Display, severity: Severity, violation: impl Into<Violation>) -> Self {
        Check { subject: cut(subject), found: Found::Wrong { severity, violation: violation.into() } }
    }

    fn of(subject: impl Display, finding: Finding) -> Self {
        Check::wrong(subject, finding.severity, finding.violation)
    }

    /// Adds a particular.
    fn with(mut self, key: &'static str, value: impl Display) -> Self {
        match &mut self.found {
            Found::Well { details, .. } => {
                details.insert(key, plain(&value.to_string()));
            }
            Found::Wrong { violation, .. } => *violation = violation.clone().with(key, value),
        }
        self
    }

    /// Whether something has to be done.
    fn is_trouble(&self) -> bool {
        matches!(self.found, Found::Wrong { severity: Severity::Warn | Severity::Refuse, .. })
    }
}

fn cut(subject: impl Display) -> String {
    subject.to_string().chars().take(SUBJECT).collect()
}

/// What somebody else wrote, as part of a plain text.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(FOREIGN).collect()
}

impl Service {
    /// Looks at everything. Modules and tokens are waited for no longer than a token may take, and no longer than the call may.
    pub(crate) async fn diagnose(self: &Arc<Self>) -> Vec<Check> {
        // Modules, and then tokens twice at most: together less than the call.
        let patience = self.limits.token.min(self.limits.call / 4);
        let (machine, tokens) = tokio::join!(self.machine(), self.modules_and_tokens(patience));
        machine.into_iter().chain(tokens).collect()
    }

    async fn machine(self: &Arc<Self>) -> Vec<Check> {
        let newest = self.ledger.newest_records(1, Vec::new()).await;
        let (newest, now_us) = (newest.as_deref().unwrap_or_default(), self.clock.system_us());
        let mut checks = vec![machine::clock(newest, now_us, self.check_clock().err())];
        let service = self.clone();
        let files = tokio::task::spawn_blocking(move || {
            let Surroundings { home, socket, remote, .. } = &service.surroundings;
            let uid = rustix::process::geteuid().as_raw();
            let mut checks = machine::home(home, uid);
            checks.push(policy::policy(service.policy.sha256(), service.policy.on_disk()));
            checks.push(machine::socket(socket, uid));
            let now_s = service.clock.now_us() / 1_000_000;
            checks.extend(remote.iter().flat_map(|tls| remote::remote(&tls.state(), now_s)));
            checks.push(machine::spool(home, service.spool.used(), service.limits.spool));
            checks
        });
        // Only a panic takes them away, and that is in the log.
        let mut files = files.await.unwrap_or_default();
        let spool = files.pop();
        checks.extend(files);
        checks.push(journal::journal(&*self.ledger).await);
        checks.extend(upkeep::backup(&*self.ledger, self.clock.now_us()).await);
        checks.extend(spool);
        checks.push(documents::documents(&*self.documents.viewer).await);
        checks.extend(self.trainings());
        checks
    }
}

/// `days` in both languages.
fn days(time: Duration) -> (String, String) {
    let days = super::inspect::findings::whole_days(time);
    (format!("{days} 天"), if days == 1 { "1 day".to_owned() } else { format!("{days} days") })
}

#[cfg(test)]
mod tests {
    use sealkeeper_domain::reason::Reason;

    use super::*;

    #[test]
    fn what_others_wrote_stays_short_and_plain() {
        let check = Check::well("x".repeat(200), "好", "well").with("library", "\u{1b}[2J".repeat(40));
        assert_eq!(check.subject.len(), 160);
        let Found::Well { details, .. } = check.found else { panic!("it is well") };
        assert_eq!(details["library"].chars().count(), 64);
        assert!(details["library"].starts_with("?[2J"));
        assert!(Check::wrong("x", Severity::Warn, Reason::KeyUnfit).is_trouble());
        assert!(!Check::wrong("x", Severity::Note, Reason::KeyUnfit).is_trouble());
    }

    #[test]
    fn days_are_counted_whole() {
        assert_eq!(days(Duration::from_secs(86_400 * 2 - 1)), ("1 天".to_owned(), "1 day".to_owned()));
        assert_eq!(days(Duration::ZERO).1, "0 days");
    }
}
