//! Thousands of stamps while the token's worker is killed every second.
//!
//! `soak [STAMPS [MILLISECONDS]]`: so many stamps (10,000), with a SIGKILL for the worker every so often (1,000 ms). What counts as wrong
//! stands in `sealkeeper_tests::soak`; the run ends with the first thing that is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test program: it fails by panicking, and its lines are its result"
)]

use std::time::Duration;

use sealkeeper_tests::soak::{Plan, soak};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse().unwrap());
    let plan = Plan {
        stamps: usize::try_from(numbers.next().unwrap_or(10_000)).unwrap(),
        clients: 8,
        kill_every: Duration::from_millis(numbers.next().unwrap_or(1_000)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("soak: {}", runtime.block_on(soak(plan)));
}
