//! A matrix of people, roles, states and actions, held against the daemon: every cell is done or refused for the right reasons.
//!
//! What must come of each cell is told by `acts.toml` and by the tables beside it, which are written after the regulation. A cell is
//! wrong if
//!
//! - it is done where it must be refused, or refused where it must be done,
//! - it is refused for other reasons than exactly those that stand against it, or a refused act has changed anything,
//! - it is done, and the state after it is another, or the act is not on record,
//! - the refusals an agent told are not on record when it ends, each as often as it was told, or its journal is not sound.
//!
//! `rules [WORD …]` plays the cells whose job holds all of the words, such as `acts in suspended`. How fast the agent is, and what it logs, is no
//! matter here. Time is not played with: what only comes of hours or days is for the tests of the rules themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: it fails by panicking, and its lines are its result"
)]

mod acts;
mod changes;
mod contents;
mod forgeries;
mod making;
mod remote;
mod stage;
mod table;
mod terms;
mod uses;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::table::Codes;

/// Agents at once.
const AT_ONCE: usize = 4;
/// Longest time of one job.
const GUARD: Duration = Duration::from_secs(120);

/// What was found so far.
#[derive(Default)]
pub struct Board {
    cells: Mutex<usize>,
    wrong: Mutex<Vec<String>>,
}

impl Board {
    /// A cell that is as it must be.
    pub fn right(&self) {
        *self.cells.lock().unwrap() += 1;
    }

    /// A cell that is not.
    pub fn wrong(&self, cell: &str, what: &str) {
        self.right();
        println!("WRONG  {cell}: {what}");
        self.wrong.lock().unwrap().push(cell.to_owned());
    }

    /// A cell that must be refused for exactly these reasons; done, if there are none.
    pub fn refused(&self, cell: &str, expected: &Codes, told: &Codes) {
        if expected == told {
            self.right();
        } else {
            self.wrong(cell, &format!("refused for {told:?}, not {expected:?}"));
        }
    }

    /// A cell that is right if this holds.
    pub fn holds(&self, cell: &str, holds: bool) {
        if holds { self.right() } else { self.wrong(cell, "it is not so") }
    }

    /// Whether all that an agent refused is on record.
    pub fn on_record(&self, job: &str, differences: Vec<(Codes, u64, u64)>) {
        if differences.is_empty() {
            return self.right();
        }
        for (codes, told, recorded) in differences {
            self.wrong(job, &format!("{codes:?} was told {told} times, and is on record {recorded} times"));
        }
    }
}

type Job<'j> = (String, Box<dyn Fn(&Board) + Send + Sync + 'j>);

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let (begun, board) = (Instant::now(), Board::default());
    let table = table::read();
    let (stages, requests) = on_its_own(async {
        let stages = stage::all().await;
        let active = stages.iter().find(|stage| stage.name == "active").unwrap();
        let requests = active.with_requests().await;
        (stages, requests)
    });
    println!("{:.0} s  {} states", begun.elapsed().as_secs_f32(), stages.len() + 1);

    let mut jobs: Vec<Job<'_>> = Vec::new();
    jobs.extend(uses::jobs(&stages, &requests));
    jobs.extend(remote::jobs(&stages));
    jobs.extend(changes::jobs(&stages, &requests));
    jobs.extend(contents::jobs(&stages));
    jobs.extend(terms::jobs(&requests));
    jobs.extend(forgeries::jobs(&requests));
    for stage in stages.iter().chain([&requests]) {
        let table = &table;
        jobs.push(job(format!("acts in {}", stage.name), async |board: &Board| {
            acts::refusals(board, stage, table).await;
        }));
        for cell in acts::allowed(stage, table) {
            let name = format!("{cell} done");
            jobs.push(job(name, async move |board: &Board| acts::done(board, stage, cell).await));
        }
    }
    jobs.retain(|(name, _)| words.iter().all(|word| name.contains(word)));

    let left = Mutex::new(jobs.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, job)) = { left.lock().unwrap().next() } {
                    if catch_unwind(AssertUnwindSafe(|| job(&board))).is_err() {
                        board.wrong(name, "it ended in a panic");
                    }
                }
            });
        }
    });
    let (cells, wrong) = (*board.cells.lock().unwrap(), board.wrong.lock().unwrap().len());
    println!("{:.0} s", begun.elapsed().as_secs_f32());
    println!("rules: {cells} cells, {wrong} wrong");
    if wrong == 0 && cells > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Something to play that needs nobody else.
fn job<'j>(name: String, play: impl AsyncFn(&Board) + Send + Sync + 'j) -> Job<'j> {
    (name, Box::new(move |board| on_its_own(play(board))))
}

fn on_its_own<T>(play: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = runtime.block_on(async { tokio::time::timeout(GUARD, play).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    played.expect("it hangs")
}
