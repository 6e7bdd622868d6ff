//! No PIN is found where it must not be, whatever the module did.

use std::fs;

use sealkeeper_tests::{
    AgentHome, children,
    secrets::{files_below, holds, shown_of},
};

use crate::asking::WRONG_PIN;

/// Which of the agent's processes shows a PIN, and where.
pub fn in_processes(home: &AgentHome, agent: u32) -> Vec<String> {
    let processes = children(agent).into_iter().chain([agent]);
    let shown = processes.flat_map(|process| {
        let shown = shown_of(process).into_iter();
        shown.map(move |(what, bytes)| (format!("/proc/{process}/{what}"), bytes))
    });
    shown.filter(|(_, bytes)| has_pin(home, bytes)).map(|(place, _)| format!("a PIN is in {place}")).collect()
}

/// Which of the agent's files holds a PIN: its home with journal and spool, its log, and the log of the module's calls.
pub fn in_files(home: &AgentHome) -> Vec<String> {
    let mut files = files_below(&home.path());
    files.extend([home.log(), home.scratch().join("calls.log")]);
    // What vanishes meanwhile is nowhere.
    let holds = |path: &&_| fs::read(path).is_ok_and(|bytes| has_pin(home, &bytes));
    files.iter().filter(holds).map(|path| format!("a PIN is in {}", path.display())).collect()
}

fn has_pin(home: &AgentHome, bytes: &[u8]) -> bool {
    holds(bytes, home.token.pin()) || holds(bytes, WRONG_PIN)
}
