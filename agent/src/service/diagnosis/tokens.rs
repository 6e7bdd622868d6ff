//! Modules, tokens and seals.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use sealkeeper_domain::{identity::TokenSerial, inspection::Concern, reason::Reason, refusal::Violation};
use sealkeeper_journal::{Record, RecordBody, Severity};
use tokio::time::{Instant, timeout};

use super::{Check, days, plain};
use crate::{
    pipeline::{
        certificate::time_left,
        ports::{
            key::SigningKey, module::ModuleSeen, registry::RegisteredSeal, token::TokenState,
            token_error::TokenError,
        },
    },
    service::{
        Service,
        inspect::findings::{of_firmware, of_pins, of_seal, whole_days},
    },
};

/// How long a module's failure is told of, µs.
const LATELY_US: u64 = 86_400_000_000;
/// Most failures that are counted.
const FAILURES: u32 = 1000;

impl Service {
    /// In the order modules, tokens, seals.
    pub(super) async fn modules_and_tokens(self: &Arc<Self>, patience: Duration) -> Vec<Check> {
        let modules = self.surroundings.modules.look(self.limits.token, patience).await;
        let failures = self.failures_lately().await;
        let mut checks = Vec::new();
        if modules.is_empty() {
            checks.push(Check::wrong("module", Severity::Refuse, Reason::ModuleMissing));
        }
        for module in &modules {
            checks.extend(module_checks(module, failures.get(&module.name)));
        }
        let states: Vec<_> = modules.into_iter().filter_map(|module| module.tokens.ok()).flatten().collect();
        for state in &states {
            checks.extend(self.token_checks(state));
        }
        let present: BTreeSet<_> = states.into_iter().map(|state| state.serial).collect();
        let mut missing = BTreeSet::new();
        for registered in self.registry.all() {
            let serial = &registered.seal.key.serial;
            if !present.contains(serial) && missing.insert(serial.clone()) {
                let absent = Violation::new(Reason::TokenAbsent).with("token-serial", serial);
                checks.push(Check::wrong(format!("token {serial}"), Severity::Refuse, absent));
            }
        }
        if self.registry.all().is_empty() {
            checks.push(Check::wrong("seal", Severity::Refuse, Reason::SealMissing));
        }
        checks.extend(self.seals_checked(&present, patience).await);
        checks
    }

    /// How often each module failed lately, and when last, as the journal tells. One that cannot be read is told as such elsewhere.
    async fn failures_lately(&self) -> BTreeMap<String, (u32, u64)> {
        let types = vec!["module_failed".to_owned()];
        let stored = self.ledger.newest_records(FAILURES, types).await.unwrap_or_default();
        let since = self.clock.now_us().saturating_sub(LATELY_US);
        let mut failures = BTreeMap::new();
        for record in stored.iter().filter_map(|stored| Record::parse(&stored.bytes).ok()) {
            if let RecordBody::ModuleFailed(failed) = record.body
                && record.time_us >= since
            {
                let (times, last) = failures.entry(failed.module.as_str().to_owned()).or_insert((0, 0));
                *times += 1;
                *last = record.time_us;
            }
        }
        failures
    }

    fn token_checks(&self, state: &TokenState) -> Vec<Check> {
        let serial = &state.serial;
        let subject = format!("token {serial}");
        let mut found = of_pins(state.pin, self.wrong_pins.of(serial), &self.policy.now().unlock);
        found.extend(of_firmware(&state.firmware, self.inspections.firmware(serial).as_deref()));
        let mut checks: Vec<_> = found.into_iter().map(|finding| Check::of(&subject, finding)).collect();
        if let Some(Concern { violation, stands_against_use }) = self.concern(serial) {
            let severity = if stands_against_use { Severity::Refuse } else { Severity::Warn };
            checks.push(Check::wrong(&subject, severity, violation));
        }
        if let Some(violation) = self.pin_not_own(serial) {
            checks.push(Check::wrong(&subject, Severity::Warn, violation));
        }
        if !checks.iter().any(Check::is_trouble) {
            checks.push(self.sound_token(&subject, state));
        }
        checks
    }

    fn sound_token(&self, subject: &str, state: &TokenState) -> Check {
        let (lock_zh, lock_en) =
            if state.unlocked.is_some() { ("已解锁", "unlocked") } else { ("已锁定", "locked") };
        let now_us = self.clock.now_us();
        // One that showed itself just now may not be on record yet.
        let rules = self.policy.now().inspection;
        let due_us = self.inspections.of(&state.serial).due_us(&rules);
        let due_us = due_us.unwrap_or_else(|| now_us.saturating_add(rules.interval_ms.saturating_mul(1000)));
        let (next_zh, next_en) = if self.seals_on(&state.serial).next().is_some() {
            let (zh, en) = days(Duration::from_micros(due_us.saturating_sub(now_us)));
            (format!("{zh}后检查"), format!("inspection in {en}"))
        } else {
            ("没有印章，不必检查".to_owned(), "no seal on it, so no inspection".to_owned())
        };
        Check::well(subject, format!("{lock_zh}，{next_zh}"), format!("{lock_en}, {next_en}"))
            .with("module", &state.module)
            .with("firmware", &state.firmware)
    }

    /// Each seal in the order of the configuration; each token is asked of its seals one after the other, beside the other tokens.
    async fn seals_checked(
        self: &Arc<Self>,
        present: &BTreeSet<TokenSerial>,
        patience: Duration,
    ) -> Vec<Check> {
        let serials: BTreeSet<_> =
            self.registry.all().iter().map(|registered| registered.seal.key.serial.clone()).collect();
        let tasks: Vec<_> = serials
            .into_iter()
            .map(|serial| {
                let (service, is_present) = (self.clone(), present.contains(&serial));
                tokio::spawn(async move { service.seals_of_token(&serial, is_present, patience).await })
            })
            .collect();
        let mut by_place = BTreeMap::new();
        for task in tasks {
            // Only a panic takes them away, and that is in the log.
            by_place.extend(task.await.unwrap_or_default());
        }
        by_place.into_values().flatten().collect()
    }

    /// The seals of one token, by their place in the configuration. Once a token did not answer it is not asked again.
    async fn seals_of_token(
        &self,
        serial: &TokenSerial,
        is_present: bool,
        patience: Duration,
    ) -> Vec<(usize, Vec<Check>)> {
        let begun = Instant::now();
        let mut silent = (!is_present).then(|| TokenError::new(Reason::TokenAbsent));
        let mut checks = Vec::new();
        for (place, registered) in self.registry.all().iter().enumerate() {
            if registered.seal.key.serial != *serial {
                continue;
            }
            if silent.is_none() && begun.elapsed() >= patience {
                silent = Some(TokenError::new(Reason::TokenTimeout));
            }
            let described = match &silent {
                Some(error) => Err(error.clone()),
                None => {
                    let wanted = registered.on_token(self.clock.now_us());
                    let described = timeout(patience, self.token.describe(wanted, self.limits.token)).await;
                    described.unwrap_or_else(|_| Err(TokenError::new(Reason::TokenTimeout)))
                }
            };
            if let Err(error) = &described
                && matches!(error.reason, Reason::TokenTimeout | Reason::ModuleCrashed)
            {
                silent = Some(error.clone());
            }
            checks.push((place, self.seal_checks(registered, described)));
        }
        checks
    }

    fn seal_checks(
        &self,
        registered: &RegisteredSeal,
        described: Result<SigningKey, TokenError>,
    ) -> Vec<Check> {
        let subject = format!("seal {}", registered.seal.name);
        let key = match described {
            Ok(key) => key,
            Err(error) => {
                let violation = error.violation().with("seal-id", &registered.seal.id);
                return vec![Check::wrong(subject, Severity::Refuse, violation)];
            }
        };
        let now_us = self.clock.now_us();
        let (chain, found) = of_seal(registered, &key, now_us, &self.policy.now().inspection);
        let mut checks: Vec<_> = found.into_iter().map(|finding| Check::of(&subject, finding)).collect();
        if let Some(chain) = chain.filter(|_| !checks.iter().any(Check::is_trouble)) {
            let left = time_left(&chain, now_us);
            let (zh, en) = days(left);
            let (key_zh, key_en, fitness) = if key.ready {
                ("密钥合格", "its key is fit", "fit")
            } else {
                ("密钥要在载体解锁后才能查看", "its key shows once the token is unlocked", "not-seen")
            };
            let well = Check::well(
                subject,
                format!("证书还有 {zh}到期；{key_zh}"),
                format!("its certificate is valid for {en}; {key_en}"),
            );
            checks.push(well.with("days-left", whole_days(left)).with("key", fitness));
        }
        checks.into_iter().map(|check| check.with("seal-id", &registered.seal.id)).collect()
    }
}

fn module_checks(module: &ModuleSeen, failures: Option<&(u32, u64)>) -> Vec<Check> {
    let subject = format!("module {}", module.name);
    let mut checks = Vec::new();
    match (&module.tokens, &module.library) {
        (Err(error), _) => checks.push(Check::wrong(&subject, Severity::Refuse, error.violation())),
        (Ok(tokens), library) => {
            let (description, version) = library
                .as_ref()
                .map(|library| (plain(&library.description), plain(&library.version)))
                .unwrap_or_default();
            let count = tokens.len();
            let zh = format!("已加载 {description} {version}，有 {count} 个载体");
            let tokens = if count == 1 { "token" } else { "tokens" };
            let en = format!("loaded: {description} {version}; {count} {tokens}");
            let well = Check::well(&subject, zh, en);
            checks.push(
                well.with("library", description).with("library-version", version).with("tokens", count),
            );
        }
    }
    if let Some((times, last_us)) = failures {
        let lately = Violation::new(Reason::ModuleCrashedLately).with("times", times);
        checks.push(Check::wrong(&subject, Severity::Warn, lately.with("last-us", last_us)));
    }
    checks
}
