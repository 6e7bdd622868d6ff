//! One case, played with a daemon of its own.

mod acting;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sealkeeper_journal::Record;
use sealkeeper_tests::{
    AgentHome, Daemon, Journal, Rpc, children, documents, is_alive,
    records::{Expected, are_as_expected, told},
};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{
    asking::{self, Request},
    healthy::{Figures, Healthy, Span},
    search,
    step::{Action, Outcome, Step},
    table::Case,
};

/// How long anything may take that the agent does by itself.
const GUARD: Duration = Duration::from_secs(15);
/// How often what comes in its own time is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Copies of the case's request.
const COPIES: u32 = 50;

/// How a case went.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What was not as expected, each in words of its own.
    pub wrong: Vec<String>,
    /// What the healthy module did meanwhile.
    pub healthy: Figures,
}

/// Plays a case from its agent's start to its end.
pub async fn play(case: &Case) -> Verdict {
    let mut home = AgentHome::new().with_faults("").with_healthy_module();
    home.limits.clone_from(&case.limits);
    home.module.clone_from(&case.module);
    home.change_policy("copies_per_request = 100", "copies_per_request = 10000");
    let mut scene = Scene::open(case, &home).await;
    let mut first = 0;
    if scene.verdict.wrong.is_empty() {
        if !case.from_start {
            first = scene.rpc.journal().await.entries.len();
        }
        scene.awaited = first;
        scene.change_faults("");
        for step in &case.steps {
            if !scene.step(step).await {
                break;
            }
        }
        scene.settle(first).await;
    }
    scene.close(first).await
}

struct Scene<'h> {
    case: &'h Case,
    home: &'h AgentHome,
    daemon: Option<Daemon<'h>>,
    rpc: Rpc,
    healthy: Option<Healthy>,
    document: Vec<u8>,
    request: Option<Request>,
    begun: VecDeque<JoinHandle<Outcome>>,
    /// Steps since the healthy client was started.
    steps: Vec<(String, Span)>,
    /// Records up to here have been awaited.
    awaited: usize,
    verdict: Verdict,
}

impl<'h> Scene<'h> {
    /// Starts the agent and whatever stands ready before the first step.
    async fn open(case: &'h Case, home: &'h AgentHome) -> Self {
        if case.from_start {
            home.change_faults(&control(case, home, ""));
        }
        let daemon = start(home);
        let rpc = Rpc::connect(&home.socket()).await;
        let mut scene = Self {
            case,
            home,
            daemon: Some(daemon),
            rpc,
            healthy: None,
            document: documents::page("faults"),
            request: None,
            begun: VecDeque::new(),
            steps: Vec::new(),
            awaited: 0,
            verdict: Verdict::default(),
        };
        scene.start_healthy().await;
        if !case.from_start {
            match scene.new_request().await {
                Ok(request) => scene.request = Some(request),
                Err(outcome) => scene.wrong(format!("before the first step there is no request: {outcome}")),
            }
        }
        scene
    }

    /// Does one step; false if nothing can come after it.
    async fn step(&mut self, step: &Step) -> bool {
        let begun = Instant::now();
        let came = loop {
            let came = match tokio::time::timeout(2 * GUARD, self.act(&step.action)).await {
                Ok(came) => came,
                Err(_) => {
                    self.wrong(format!("step \"{step}\" hangs"));
                    return false;
                }
            };
            if !step.eventually || came.is(&step.expected) || begun.elapsed() > 2 * GUARD {
                break came;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        if !matches!(step.action, Action::Restart | Action::KillAgent) {
            self.steps.push((step.to_string(), (begun, Instant::now())));
        }
        if !came.is(&step.expected) {
            self.wrong(format!("step \"{step}\"\n      came: {came}"));
        }
        let found = search::in_processes(self.home, self.daemon().id());
        self.verdict.wrong.extend(found);
        // Nothing more is to be learned from an agent that has ended, or after what was awaited in vain.
        came.is(&step.expected) || !(came.is(&Outcome::of(["lost"])) || came.is(&Outcome::of(["in", "vain"])))
    }

    fn change_faults(&self, name: &str) {
        self.home.change_faults(&control(self.case, self.home, name));
    }

    async fn start_healthy(&mut self) {
        match Healthy::start(self.home, &self.rpc).await {
            Ok(healthy) => self.healthy = Some(healthy),
            Err(why) => self.wrong(format!("the healthy module: {why}")),
        }
        self.steps.clear();
    }

    async fn end_healthy(&mut self) {
        let Some(healthy) = self.healthy.take() else { return };
        match healthy.end(&self.steps).await {
            Ok(figures) => self.verdict.healthy = self.verdict.healthy.and(figures),
            Err(why) => self.wrong(format!("the healthy module: {why}")),
        }
    }

    async fn restart(&mut self, end: impl FnOnce(Daemon<'h>)) {
        self.end_healthy().await;
        self.end_agent(end).await;
        self.daemon = Some(start(self.home));
        self.rpc = Rpc::connect(&self.home.socket()).await;
        self.start_healthy().await;
    }

    /// Ends the agent. Its workers end with it, whatever their modules do.
    async fn end_agent(&mut self, end: impl FnOnce(Daemon<'h>)) {
        let Some(daemon) = self.daemon.take() else { return };
        if !is_alive(daemon.id()) {
            return self.wrong("the agent has ended by itself".to_owned());
        }
        let workers = children(daemon.id());
        end(daemon);
        let begun = Instant::now();
        while workers.iter().copied().any(is_alive) {
            if begun.elapsed() > GUARD {
                return self.wrong("a worker outlives the agent".to_owned());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the journal tells what it must; the records of the agent's end come later.
    async fn settle(&mut self, first: usize) {
        let is_later =
            |expected: &Expected| expected.patterns().iter().any(|one| one.asks("cause", "shutdown"));
        let later = self.case.records.iter().rposition(is_later).unwrap_or(self.case.records.len());
        let by_now = &self.case.records[..later];
        let begun = Instant::now();
        while begun.elapsed() < GUARD && is_alive(self.daemon().id()) {
            let records = self.records(first, &self.rpc.journal().await);
            let records: Vec<_> = records.iter().map(|(_, record)| record).collect();
            if are_as_expected(by_now, &records) || !self.verdict.wrong.is_empty() {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Ends the agent, and looks at all that it leaves behind.
    async fn close(mut self, first: usize) -> Verdict {
        self.end_healthy().await;
        self.verdict.wrong.extend(search::in_files(self.home));
        self.end_agent(Daemon::stop).await;
        self.verdict.wrong.extend(search::in_files(self.home));
        let journal = Journal::on_disk(&self.home.path());
        journal.assert_sound();
        let records = self.records(first, &journal);
        let records: Vec<_> = records.iter().map(|(_, record)| record).collect();
        if !are_as_expected(&self.case.records, &records) {
            let lines = |texts: Vec<String>| texts.join("\n        ");
            let expected = lines(self.case.records.iter().map(Expected::to_string).collect());
            let came = lines(records.into_iter().map(told).collect());
            self.wrong(format!("records\n      expected:\n        {expected}\n      came:\n        {came}"));
        }
        for (function, expected) in &self.case.calls {
            let came = self.home.calls(function);
            if came != *expected {
                self.wrong(format!(
                    "calls of {function}\n      expected: {expected:?}\n      came: {came:?}"
                ));
            }
        }
        self.verdict
    }

    /// The records from `from` on that are not of the healthy module, nor of the agent's start and end, nor of the look at
    /// whether anything was released. That a token was seen, which is told once after each start and comes in its own time, is
    /// left out (and so is a version) where the case is not about it.
    fn records(&self, from: usize, journal: &Journal) -> Vec<(usize, Value)> {
        let healthy = self.home.healthy().map(|token| token.serial().to_owned());
        let mut healthy_uses = Vec::new();
        let mut own = Vec::new();
        let patterns = || self.case.records.iter().flat_map(Expected::patterns);
        let about_presence = patterns().any(|pattern| pattern.is_of("token_inserted"));
        let is_left_out = |record: &Value| {
            record["operation"] == "fetch"
                || record["type"] == "version_seen"
                || (record["type"] == "token_inserted" && !about_presence)
        };
        for (seq, entry) in journal.entries.iter().enumerate() {
            let record: Value = serde_json::from_slice(&entry.bytes).unwrap();
            let is_healthy = healthy.as_deref().is_some_and(|serial| record["token_serial"] == *serial);
            if is_healthy || healthy_uses.contains(&record["use_id"]) {
                if record["type"] == "intent" {
                    healthy_uses.push(record["use_id"].clone());
                }
            } else if seq >= from && !is_of_the_agent(&entry.record) && !is_left_out(&record) {
                own.push((seq, record));
            }
        }
        own
    }

    fn daemon(&self) -> &Daemon<'h> {
        self.daemon.as_ref().expect("the agent runs between its start and its end")
    }

    fn wrong(&mut self, what: String) {
        self.verdict.wrong.push(what);
    }
}

fn start(home: &AgentHome) -> Daemon<'_> {
    std::fs::write(home.path().join("agent.toml"), home.configuration()).unwrap();
    Daemon::start(home, &[("SEAL_AGENT_LOG", "trace")])
}

fn control(case: &Case, home: &AgentHome, name: &str) -> String {
    case.controls[name].replace("{PIN}", home.token.pin()).replace("{WRONG-PIN}", asking::WRONG_PIN)
}

fn is_of_the_agent(record: &Record) -> bool {
    matches!(record.body.type_name(), "agent_started" | "policy_loaded" | "agent_stopped")
}
