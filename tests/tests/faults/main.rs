//! Tokens that crash, hang, lock, vanish and come back: a table of cases, each played with a real daemon whose module
//! misbehaves to order, while a healthy second module keeps stamping.
//!
//! `faults [WORD …]` plays the cases whose names hold all of the words. Each has an agent's home of its own. Equal refusals
//! within a minute are one record, so a case provokes each but once. A case is wrong if
//!
//! - a step had another outcome, reason or detail than the table says,
//! - the journal has other records of this token or module, in another order, or is not sound,
//! - anything can be fetched of a use that is not complete, or what is fetched is not what the receipt tells of,
//! - the agent ended, does not end when told, or leaves a worker behind,
//! - the healthy module failed once, paused, or waited for a call that hung elsewhere,
//! - a PIN is in a log, in the agent's home, or in what the system shows of its processes.
//!
//! What the agent logs, and how fast it is, is no matter of this run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: it fails by panicking, and its lines are its result"
)]

mod asking;
mod healthy;
mod scene;
mod search;
mod step;
mod table;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use sealkeeper_tests::repository;

use crate::{healthy::Figures, scene::Verdict, table::Case};

/// Cases at once. Most of a case is waiting: for a module that hangs, for a disk.
const AT_ONCE: usize = 4;
/// Longest time of a case.
const GUARD: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let mut cases = table::read(&repository().join("tests/tests/faults/cases"));
    cases.retain(|case| words.iter().all(|word| case.name.contains(word)));
    // What went wrong is told at the end, with its case.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let (left, done) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = { left.lock().unwrap().next() } {
                    let begun = Instant::now();
                    let verdict = played(case);
                    let word = if verdict.wrong.is_empty() { "ok   " } else { "WRONG" };
                    println!("{word} {:5.1} s  {}", begun.elapsed().as_secs_f32(), case.name);
                    done.lock().unwrap().push((case, verdict));
                }
            });
        }
    });
    tell(&done.into_inner().unwrap(), begun.elapsed())
}

/// Plays a case to its end, whatever that is.
fn played(case: &Case) -> Verdict {
    let play = || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let played = runtime.block_on(async { tokio::time::timeout(GUARD, scene::play(case)).await });
        runtime.shutdown_timeout(Duration::from_secs(1));
        played.expect("the case hangs")
    };
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let wrong = vec![format!("it ended in a panic: {}", shortened(message(&*panic)))];
        Verdict { wrong, ..Verdict::default() }
    })
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

/// Begin and end: some messages end with the agent's whole log.
fn shortened(message: &str) -> String {
    let lines: Vec<_> = message.lines().collect();
    match lines.as_slice() {
        [first @ .., _, _, _] if first.len() > 8 => {
            [&first[..4], &["…"], &lines[lines.len() - 4..]].concat().join("\n      ")
        }
        few => few.join("\n      "),
    }
}

/// Tells of each wrong case what was expected and what came, then the figures.
fn tell(done: &[(&Case, Verdict)], took: Duration) -> ExitCode {
    let wrong: Vec<_> = done.iter().filter(|(_, verdict)| !verdict.wrong.is_empty()).collect();
    for (case, verdict) in &wrong {
        println!("\n{}", case.name);
        for what in &verdict.wrong {
            println!("    {what}");
        }
    }
    let healthy = done.iter().map(|(_, verdict)| verdict.healthy).fold(Figures::default(), Figures::and);
    println!(
        "\n{:.0} s; meanwhile the healthy module stamped {} times, at most {:.1} s apart",
        took.as_secs_f32(),
        healthy.stamps,
        healthy.longest.as_secs_f32()
    );
    println!("faults: {} cases, {} wrong", done.len(), wrong.len());
    if wrong.is_empty() && !done.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
